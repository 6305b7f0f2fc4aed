package main

import (
	"errors"
	"fmt"
	"time"
)

const crowd = 64 // connections of P1

// acknowledgement measures P1 with two kinds of event. A message that does not mention signoff is what a channel with
// the app in it mostly sends: it is verified, stored with its key, acknowledged, and nothing follows. An app_mention
// becomes a request with a card and a ticket behind the acknowledgement, and that work takes its share of the machine.
func (b *bench) acknowledgement() ([]row, error) {
	o, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer o.close()
	runs := []struct {
		name, kind string
		start      func() (*child, error)
	}{
		{"plain", "message", func() (*child, error) { return b.reference("plain", "") }},
		{"hmac", "message", func() (*child, error) { return b.reference("hmac", "") }},
		{"durable", "message", func() (*child, error) { return b.reference("durable", "") }},
		{"message", "message", func() (*child, error) { return b.start(o) }},
		{"app_mention", "app_mention", func() (*child, error) { return b.start(o) }},
	}
	f := figures{}
	for range pick(b, 3, 7) {
		for _, r := range runs {
			rate, err := b.ackRate(r.kind, r.start)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
			f.add(r.name, rate)
		}
	}
	row1 := func(kind, reference string, least bound) row {
		r := row{Goal: "P1", What: kind + " acknowledged, 64 connections", Unit: "/s", Reference: reference, Bound: least}
		return compare(r, f[reference], f[kind])
	}
	return []row{
		row1("message", "durable", atLeast(0.85)), row1("message", "hmac", atLeast(0.5)), row1("message", "plain", atLeast(0.2)),
		row1("app_mention", "durable", bound{}),
	}, nil
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
	v, err := closedLoop(b.ctx, c.Addr, crowd, b.events(kind, pick(b, 8_000, 30_000)), pick(b, 400*time.Millisecond, 2*time.Second))
	return v.Rate, err
}

// events signs n new events of a kind.
func (b *bench) events(kind string, n int) *shots {
	text := map[string]string{"message": "a Nova banner 300x250 by Friday EOD", "app_mention": "<@" + botUser + "> a Nova banner 300x250 by Friday EOD"}
	s := &shots{bytes: make([]byte, 0, n*(eventSize+512))}
	now := time.Now()
	for range n {
		b.number++
		m := message{Number: b.number, Kind: kind, Text: text[kind], Channel: "C0BENCH001", At: now}
		s.add(wire(typeJSON, m.body(), now))
	}
	return s
}
