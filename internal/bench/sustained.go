package main

import (
	"errors"
	"fmt"
	"time"
)

const (
	steady  = 500 // events per second of P3
	senders = 16  // connections of P6
)

// steadyAck measures P3: how long a sender waits for its answer when 500 events a second come, whether or not earlier
// ones were answered.
func (b *bench) steadyAck() ([]row, error) {
	o, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer o.close()
	f := figures{}
	for range pick(b, 3, 5) {
		for _, r := range []struct {
			name  string
			start func() (*child, error)
		}{
			{"durable", func() (*child, error) { return b.reference("durable", "") }},
			{"message", func() (*child, error) { return b.start(o) }},
		} {
			took, err := b.ackTimes(r.start)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
			f.spread(r.name, took)
		}
	}
	row3 := func(p string, most bound) row {
		r := row{Goal: "P3", What: "message at 500/s acknowledged, " + p, Unit: "ms", Reference: "durable", Bound: most}
		return compare(r, f["durable "+p], f["message "+p])
	}
	return []row{row3("p50", atMost(1.3)), row3("p99", atMost(1.5))}, nil
}

func (b *bench) ackTimes(start func() (*child, error)) (took []time.Duration, err error) {
	c, err := start()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	nothing := func(int) {}
	if _, err := openLoop(b.ctx, c.Addr, steady, b.events("message", 250), nothing); err != nil {
		return nil, err
	}
	v, err := openLoop(b.ctx, c.Addr, steady, b.events("message", pick(b, 500, 3_000)), nothing)
	return v.Took, err
}

// sustained measures P6: how many events a second go all the way, none lost, when 16 senders each send their next event
// as soon as the last is answered. The clock stops when the last call has arrived.
func (b *bench) sustained() ([]row, error) {
	o, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer o.close()
	f := figures{}
	for range b.rounds() {
		rate, err := b.through(o, false, func() (*child, error) { return b.reference("chain", o.slack.base()+"/api/") })
		if err != nil {
			return nil, fmt.Errorf("chain: %w", err)
		}
		f.add("chain", rate)
		for _, tickets := range []bool{false, true} {
			if rate, err = b.through(o, tickets, func() (*child, error) { return b.start(o) }); err != nil {
				return nil, fmt.Errorf("signoff: %w", err)
			}
			f.add(arrivals(tickets), rate)
		}
	}
	row6 := func(what string, least bound) row {
		r := row{Goal: "P6", What: "app_mention to " + what + ", 16 connections", Unit: "/s", Reference: "chain", Bound: least}
		return compare(r, f["chain"], f[what])
	}
	return []row{row6("card", atLeast(0.7)), row6("card and ticket", bound{})}, nil
}

func arrivals(tickets bool) string {
	if tickets {
		return "card and ticket"
	}
	return "card"
}

// through sends events as fast as they are answered and returns how many a second arrived.
func (b *bench) through(o *outside, tickets bool, start func() (*child, error)) (rate float64, err error) {
	c, err := start()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if _, err := b.leg(c, o, 10, tickets); err != nil {
		return 0, fmt.Errorf("warm up: %w", err)
	}
	n := pick(b, 300, 1_500)
	s, t := b.mentions(n, tickets)
	o.listenTo(t.heard)
	began := time.Now()
	v, err := closedLoop(b.ctx, c.Addr, senders, s, time.Minute)
	if err != nil {
		return 0, err
	}
	if len(v.Took) != n {
		return 0, fmt.Errorf("%w: only %d of %d events were sent within a minute", errMissing, len(v.Took), n)
	}
	if err := t.wait(b.ctx); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(began).Seconds(), nil
}
