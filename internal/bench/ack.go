package main

import (
	"errors"
	"time"
)

const crowd = 64 // connections of P1

// acknowledgement measures P1.
func (b *bench) acknowledgement() ([]row, error) {
	rates := map[string][]float64{}
	for range b.rounds() {
		for _, name := range []string{"plain", "hmac", "durable"} {
			rate, err := b.ackRate("message", func() (*child, error) { return b.reference(name, "") })
			if err != nil {
				return nil, err
			}
			rates[name] = append(rates[name], rate)
		}
	}
	var rows []row
	for _, name := range []string{"plain", "hmac", "durable"} {
		rows = append(rows, alone(row{Goal: "P1", What: name, Unit: "/s"}, rates[name]))
	}
	return rows, nil
}

// ackRate starts a process and fires distinct signed events at it over 64 connections.
func (b *bench) ackRate(kind string, start func() (*child, error)) (rate float64, err error) {
	c, err := start()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if _, err := closedLoop(b.ctx, c.Addr, crowd, b.events(kind, 500), time.Minute); err != nil {
		return 0, err
	}
	v, err := closedLoop(b.ctx, c.Addr, crowd, b.events(kind, pick(b, 8_000, 40_000)), pick(b, time.Second, 4*time.Second))
	return v.Rate, err
}

// events signs n new events of a kind.
func (b *bench) events(kind string, n int) *shots {
	s := &shots{bytes: make([]byte, 0, n*(eventSize+512))}
	now := time.Now()
	for range n {
		b.number++
		m := message{Number: b.number, Kind: kind, Text: "a Nova banner 300x250 by Friday EOD", Channel: "C0BENCH001", At: now}
		s.add(wire(typeJSON, m.body(), now))
	}
	return s
}
