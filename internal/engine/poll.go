package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"signoff/connectors"
)

// pollers ask services for what their webhooks may have missed, or for everything where there are none. Each is supervised
// by itself: one that fails is tried again after a growing pause, one that is refused waits until its instance works again.
type pollers struct {
	e    *Engine
	ends sync.WaitGroup

	mu     sync.Mutex
	rounds map[string]round // by instance
}

// round is how a poller fares.
type round struct {
	done  time.Time // the last one that went well
	since time.Time // since when it does not go well
	why   string
}

const (
	pollTime  = 10 * time.Minute // for one round
	pollLeast = time.Second      // between two rounds, whatever a connector says
	pollUsual = time.Minute      // where it says nothing
)

// start runs all pollers until ctx ends.
func (p *pollers) start(ctx context.Context) {
	for instance, c := range p.e.o.Connectors {
		if c, ok := c.(connectors.Poller); ok {
			p.ends.Go(func() { p.keep(ctx, instance, c) })
		}
	}
}

// keep asks one service again and again.
func (p *pollers) keep(ctx context.Context, instance string, c connectors.Poller) {
	for tries := 1; ctx.Err() == nil; tries++ {
		select {
		case <-p.e.gate.open(instance):
		case <-ctx.Done():
			return
		}
		next, err := p.ask(ctx, instance, c)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			tries = 0
			if next <= 0 {
				next = pollUsual
			}
			p.pause(ctx, max(next, pollLeast)+time.Duration(p.e.o.Rand()*float64(next)/10)) // never before, and not all at one instant
			continue
		}
		p.failed(ctx, instance, tries, classed(err))
	}
}

// pause waits in the engine's time.
func (p *pollers) pause(ctx context.Context, d time.Duration) {
	select {
	case <-p.e.o.After(d):
	case <-ctx.Done():
	}
}

// ask polls once.
func (p *pollers) ask(ctx context.Context, instance string, c connectors.Poller) (time.Duration, error) {
	next, err := guard(ctx, pollTime, func(ctx context.Context) (time.Duration, error) {
		return c.Poll(ctx, func(ctx context.Context, in connectors.Inbound) connectors.Reply { return p.e.bring(ctx, instance, in) })
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rounds == nil {
		p.rounds = map[string]round{}
	}
	r, now := p.rounds[instance], p.e.o.Now().UTC()
	switch {
	case err == nil:
		r = round{done: now}
		p.e.met.polls.WithLabelValues(instance, "done").Inc()
	case ctx.Err() == nil:
		if r.since.IsZero() {
			r.since = now
		}
		r.why = reason(classed(err))
		p.e.met.polls.WithLabelValues(instance, string(classed(err).Class)).Inc()
	}
	p.rounds[instance] = r
	return next, err
}

// failed waits as long as an error asks for.
func (p *pollers) failed(ctx context.Context, instance string, tries int, ce *connectors.Error) {
	p.e.o.Log.Warn("service could not be asked for what is new", "instance", instance, "try", tries, "class", string(ce.Class), "error", ce)
	switch ce.Class {
	case connectors.Denied:
		if err := p.e.outbox.halt(ctx, instance, ce); err != nil {
			p.e.o.Log.Error("stopped instance not planned to be looked at again", "instance", instance, "error", err)
		}
	case connectors.Limited:
		now := p.e.o.Now()
		p.pause(ctx, p.e.limits.limited(call{job: "poll/" + instance, instance: instance, shape: "poll"}, ce, now).Sub(now))
		return
	}
	p.pause(ctx, max(ce.Wait, p.e.limits.backoff(tries)))
}

// findings say how an instance that is polled fares.
func (p *pollers) findings(instance string) []connectors.Finding {
	if _, polls := p.e.o.Connectors[instance].(connectors.Poller); !polls {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	what := instance + " polling"
	switch r := p.rounds[instance]; {
	case r.why != "":
		text := fmt.Sprintf("it could not be asked for what is new since %s: %s", r.since.Format("15:04 MST"), r.why)
		return []connectors.Finding{{Level: levelWarning, What: what, Text: text, Remedy: "It is tried again by itself, and what is missing is fetched then."}}
	case r.done.IsZero():
		return []connectors.Finding{{Level: levelOK, What: what, Text: "it is being asked for the first time"}}
	default:
		return []connectors.Finding{{Level: levelOK, What: what, Text: "last asked for what is new at " + r.done.Format("15:04 MST")}}
	}
}
