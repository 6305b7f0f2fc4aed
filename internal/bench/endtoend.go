package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	pace      = 50 // events per second of P4
	arriveFor = 30 * time.Second
)

// trip is what became of one event.
type trip struct {
	sent   time.Time
	card   time.Time
	ticket time.Time
}

// trips follows events from the sender to the stand-ins.
type trips struct {
	mu      sync.Mutex
	first   int            // number of the first event
	at      map[string]int // by message id
	list    []trip
	learns  int // calls that only ask
	tickets bool
	open    int // arrivals still to come
	all     chan struct{}
}

// mentions signs n new mentions and makes ready to follow them. tickets says that each is to become a ticket too.
func (b *bench) mentions(n int, tickets bool) (*shots, *trips) {
	now := time.Now()
	s := &shots{}
	t := &trips{first: b.number + 1, at: map[string]int{}, list: make([]trip, n), tickets: tickets, open: n, all: make(chan struct{})}
	if tickets {
		t.open *= 2
	}
	for i := range n {
		b.number++
		m := message{Number: b.number, Kind: "app_mention", Channel: fmt.Sprintf("C0BENCH%03d", i%20), At: now,
			Text: "<@" + botUser + "> Need a Nova banner 300x250 by Friday EOD"}
		t.at[m.stamp()] = i
		s.add(wire(typeJSON, m.body(), now))
	}
	return s, t
}

func (t *trips) left(i int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list[i].sent = time.Now()
}

// heard takes a call of a stand-in.
func (t *trips) heard(a ask) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch a.Path {
	case "users.info", "conversations.info", "conversations.replies", "chat.getPermalink":
		t.learns++
	case "chat.postMessage":
		if strings.Contains(a.Body, "thread_ts") { // else it is a direct message to the assignee
			t.arrived(a, func(p *trip) *time.Time { return &p.card })
		}
	case "/rest/api/2/issue":
		t.arrived(a, func(p *trip) *time.Time { return &p.ticket })
	}
}

func (t *trips) arrived(a ask, which func(*trip) *time.Time) {
	i := tokenIn(a.Body) - t.first
	if i < 0 || i >= len(t.list) {
		return
	}
	if at := which(&t.list[i]); at.IsZero() {
		*at = a.At
		if t.open--; t.open == 0 {
			close(t.all)
		}
	}
}

// wait waits until everything has arrived.
func (t *trips) wait(ctx context.Context) error {
	select {
	case <-t.all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(arriveFor):
		t.mu.Lock()
		defer t.mu.Unlock()
		return fmt.Errorf("%w: %d of %d events, %d arrivals missing", errMissing, len(t.list), len(t.list), t.open)
	}
}

// took is how long the trips took from one point to another.
func (t *trips) took(from, to func(trip) time.Time) []time.Duration {
	var all []time.Duration
	for _, p := range t.list {
		all = append(all, to(p).Sub(from(p)))
	}
	return all
}

func atSent(p trip) time.Time   { return p.sent }
func atCard(p trip) time.Time   { return p.card }
func atTicket(p trip) time.Time { return p.ticket }

// journey is one run of P4 against one process.
type journey struct {
	trips *trips
	cpu   time.Duration // of the process, per event
}

// travel sends events at the pace and waits until all have arrived.
func (b *bench) travel(o *outside, tickets bool, start func() (*child, error)) (j journey, err error) {
	c, err := start()
	if err != nil {
		return j, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if _, err = b.leg(c, o, 10, tickets); err != nil {
		return j, fmt.Errorf("warm up: %w", err)
	}
	n := pick(b, 50, 500)
	before, err := c.cpu()
	if err != nil {
		return j, err
	}
	if j.trips, err = b.leg(c, o, n, tickets); err != nil {
		return j, err
	}
	if err := sleepUntil(b.ctx, time.Now().Add(pick(b, time.Second/2, time.Second))); err != nil { // what follows the arrivals is its work too
		return j, err
	}
	after, err := c.cpu()
	j.cpu = (after - before) / time.Duration(n)
	return j, err
}

func (b *bench) leg(c *child, o *outside, n int, tickets bool) (*trips, error) {
	s, t := b.mentions(n, tickets)
	o.listenTo(t.heard)
	if _, err := openLoop(b.ctx, c.Addr, pace, s, t.left); err != nil {
		return nil, err
	}
	return t, t.wait(b.ctx)
}

// endToEnd measures P4, and the CPU per event of P10 with it.
func (b *bench) endToEnd() ([]row, error) {
	o, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer o.close()
	f := figures{}
	for range b.rounds() {
		for _, name := range []string{"bot", "chain"} {
			j, err := b.travel(o, false, func() (*child, error) { return b.reference(name, o.slack.base()+"/api/") })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			f.spread(name, j.trips.took(atSent, atCard))
			f.add(name+" cpu", milliseconds(j.cpu))
		}
		j, err := b.travel(o, true, func() (*child, error) { return b.start(o) })
		if err != nil {
			return nil, fmt.Errorf("signoff: %w", err)
		}
		f.spread("card", j.trips.took(atSent, atCard))
		f.spread("ticket", j.trips.took(atSent, atTicket))
		f.add("learns", float64(j.trips.learns)/float64(len(j.trips.list)))
		f.add("cpu", milliseconds(j.cpu))
	}
	return endToEndRows(f), nil
}

// figures are the rounds' figures by name.
type figures map[string][]float64

func (f figures) add(name string, x float64) { f[name] = append(f[name], x) }

// spread adds the percentiles of durations under "name p50" and "name p99".
func (f figures) spread(name string, d []time.Duration) {
	f.add(name+" p50", milliseconds(percentile(d, 50)))
	f.add(name+" p99", milliseconds(percentile(d, 99)))
}

func endToEndRows(f figures) []row {
	row4 := func(what, reference string, b bound) row {
		return row{Goal: "P4", What: what, Unit: "ms", Reference: reference, Bound: b}
	}
	var rows []row
	for _, p := range []string{" p50", " p99"} {
		rows = append(rows,
			compare(row4("app_mention at 50/s to card"+p, "chain", atMost(1.5)), f["chain"+p], f["card"+p]),
			compare(row4("app_mention at 50/s to ticket"+p, "chain", atMost(1.5)), f["chain"+p], f["ticket"+p]))
	}
	for _, p := range []string{" p50", " p99"} {
		rows = append(rows, compare(row4("… to card"+p, "bot", bound{}), f["bot"+p], f["card"+p]))
	}
	return append(rows,
		alone(row{Goal: "P4", What: "… calls that enrich, per event", Unit: "calls"}, f["learns"]),
		compare(row{Goal: "P10", What: "CPU per event end to end", Unit: "ms", Reference: "chain", Bound: atMost(2)}, f["chain cpu"], f["cpu"]))
}
