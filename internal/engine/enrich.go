package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// errPoison marks what went wrong in reading or deciding, as opposed to the store.
var errPoison = errors.New("could not be decided")

const (
	learnFor  = time.Minute // intake goes on without what could not be learned for so long
	tryAgain  = 5           // attempts after which a delivery that cannot be decided is dead
	tryLearn  = 15          // the same for one that has to be learned about first
	learnTime = 15 * time.Second
)

// enrich asks outside what a delivery only hints at, then decides it. Intake never stops for it: after a minute it
// goes on with what is known.
func (b *inbox) enrich(ctx context.Context, j store.Job) error {
	d, ok, err := b.delivery(ctx, string(j.Payload))
	if err != nil || !ok || d.State != flow.Waiting {
		return err
	}
	learned, err := b.learn(ctx, d)
	if err != nil {
		now := b.o.Now()
		var ce *connectors.Error
		if _, stopped := b.gate.why(d.Instance); !stopped && errors.As(err, &ce) && ce.Class == connectors.Denied {
			if err := b.e.outbox.halt(ctx, d.Instance, ce); err != nil {
				return err
			}
		}
		if wait, again := b.learnAgain(d, j, err, now); again {
			return &store.LaterError{At: wait, Why: err.Error(), Free: connectors.ClassOf(err) == connectors.Limited}
		}
		b.log.Warn("going on without what could not be learned", "instance", d.Instance, "delivery", d.ID, "class", connectors.ClassOf(err), "error", err)
	}
	d.Learned = learned
	return b.conclude(ctx, j, d)
}

func (b *inbox) learn(ctx context.Context, d flow.Delivery) ([]byte, error) {
	c, ok := b.o.Connectors[d.Instance].(connectors.Enricher)
	if !ok {
		return nil, nil
	}
	if why, stopped := b.gate.why(d.Instance); stopped {
		return nil, &connectors.Error{Op: "enrich", Class: connectors.Denied, Err: errors.New(why)}
	}
	at := b.limits.admit(call{job: "enrich/" + d.ID, instance: d.Instance, shape: "enrich"}, b.o.Now())
	if wait := at.Sub(b.o.Now()); wait > 0 {
		return nil, &connectors.Error{Op: "enrich", Class: connectors.Transient, Wait: wait, Err: errors.New("waiting for a rate limit")}
	}
	return guard(ctx, learnTime, func(ctx context.Context) ([]byte, error) { return c.Enrich(ctx, d) })
}

// learnAgain says when an enrichment is tried again; false when intake goes on without it.
func (b *inbox) learnAgain(d flow.Delivery, j store.Job, err error, now time.Time) (time.Time, bool) {
	at := now.Add(b.limits.backoff(j.Attempts))
	var ce *connectors.Error
	if errors.As(err, &ce) {
		switch ce.Class {
		case connectors.Rejected, connectors.Denied:
			return at, false
		case connectors.Limited:
			at = b.limits.limited(call{instance: d.Instance, shape: "enrich"}, ce, now)
		default:
			at = later(at, now.Add(ce.Wait))
		}
	}
	return at, at.Before(d.At.Add(learnFor))
}

// decide decides a delivery that is stored already.
func (b *inbox) decide(ctx context.Context, j store.Job) error {
	d, ok, err := b.delivery(ctx, string(j.Payload))
	if err != nil || !ok || d.State != flow.Waiting {
		return err
	}
	return b.conclude(ctx, j, d)
}

// conclude decides a delivery and finishes its job in one transaction. What cannot be decided is dead after five
// attempts; it is kept, listed and can be replayed.
func (b *inbox) conclude(ctx context.Context, j store.Job, d flow.Delivery) error {
	d.Attempts = j.Attempts
	if j.Attempts > tryAgain && j.Kind != enrichJob || j.Attempts > tryLearn {
		return b.bury(ctx, j, d, fmt.Sprintf("given up after %d attempts: %s", j.Attempts-1, j.Why))
	}
	var got settled
	read := b.read(d)
	err := b.o.Store.Update(ctx, func(tx store.Tx) error {
		now, ok, err := tx.Delivery(d.ID)
		if err != nil || !ok || now.State != flow.Waiting {
			return err
		}
		if got, err = b.settle(tx, d, read); err != nil {
			return err
		}
		return tx.Cancel(j.ID)
	})
	switch {
	case errors.Is(err, errPoison) && j.Kind == enrichJob:
		return b.decideLater(ctx, j, d, err)
	case errors.Is(err, errPoison) && j.Attempts >= tryAgain:
		return b.bury(ctx, j, d, err.Error())
	case err != nil:
		return err
	}
	b.report(got)
	return nil
}

// decideLater keeps what was learned and leaves the deciding to a job of its own.
func (b *inbox) decideLater(ctx context.Context, j store.Job, d flow.Delivery, why error) error {
	b.log.Error("delivery could not be decided", "instance", d.Instance, "delivery", d.ID, "error", why)
	return b.o.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
		if err := tx.Enqueue(inboxJob(d, false)); err != nil {
			return err
		}
		return tx.Cancel(j.ID)
	})
}

func (b *inbox) bury(ctx context.Context, j store.Job, d flow.Delivery, why string) error {
	b.met.alarm("dead_delivery")
	b.log.Error("delivery is dead", "instance", d.Instance, "delivery", d.ID, "attempt", j.Attempts, "why", why)
	d.State, d.Why = flow.Dead, why
	return b.o.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
		return tx.Cancel(j.ID)
	})
}

func (b *inbox) delivery(ctx context.Context, id string) (d flow.Delivery, ok bool, err error) {
	err = b.o.Store.View(ctx, func(tx store.Tx) error {
		d, ok, err = tx.Delivery(id)
		return err
	})
	return d, ok, err
}

// settled is a delivery and what was decided from it.
type settled struct {
	delivery  flow.Delivery
	decisions []decision
}

// reading is what a delivery states, read before the transaction that decides it, for others wait for that.
type reading struct {
	events []flow.Event
	err    error
}

func (b *inbox) read(d flow.Delivery) (r reading) {
	r.events, r.err = b.parse(d)
	return r
}

// settle decides each event of a delivery; the delivery is put with what became of it.
func (b *inbox) settle(tx store.Tx, d flow.Delivery, r reading) (got settled, err error) {
	events, err := r.events, r.err
	if errors.Is(err, errPoison) {
		return got, err
	}
	if err != nil {
		d.State, d.Why = flow.Malformed, err.Error()
		if errors.As(err, new(connectors.Nothing)) {
			d.State = flow.Ignored
		}
		return settled{delivery: d}, tx.PutDelivery(d)
	}
	now := b.o.Now().UTC()
	seen, err := b.decider.screen(tx, d, events)
	if err != nil {
		return got, err
	}
	if seen.state != "" {
		d.State, d.Why = seen.state, seen.why
		return settled{delivery: d}, tx.PutDelivery(d)
	}
	events = seen.events
	d.State, d.Why = flow.Ignored, "it states nothing that signoff acts on"
	for i, ev := range events {
		list, err := b.each(tx, stamp(ev, d, i, now))
		if err != nil {
			return got, err
		}
		for _, one := range list {
			dec, err := b.decider.delivered(tx, one)
			if err != nil {
				return got, err
			}
			got.decisions = append(got.decisions, dec)
			dec.note(&d)
		}
	}
	got.delivery = d
	return got, tx.PutDelivery(d)
}

// stamp completes an event by the delivery it was read from.
func stamp(ev flow.Event, d flow.Delivery, nth int, now time.Time) flow.Event {
	if ev.ID == "" {
		ev.ID = d.ID
		if nth > 0 {
			ev.ID += "#" + strconv.Itoa(nth)
		}
	}
	ev.At, ev.Delivery = now, d.ID
	return ev
}

// report tells the log and the counters what a committed transaction decided.
func (b *inbox) report(got settled) {
	if got.delivery.State == flow.Held {
		b.log.Info("delivery is held back", "instance", got.delivery.Instance, "delivery", got.delivery.ID, "why", got.delivery.Why)
	}
	if got.delivery.State == flow.Malformed {
		b.met.alarm("malformed")
		b.log.Error("delivery is malformed", "instance", got.delivery.Instance, "delivery", got.delivery.ID, "why", got.delivery.Why)
	}
	for _, d := range got.decisions {
		b.decider.report(d)
		b.e.taken(d)
	}
}

// parse reads the events of a delivery; an error that is not errPoison means it is malformed for good.
func (b *inbox) parse(d flow.Delivery) (list []flow.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic while reading: %v", errPoison, p)
		}
	}()
	if own(d.Instance) {
		return parseOwn(d)
	}
	r, ok := b.o.Connectors[d.Instance].(connectors.Receiver)
	if !ok {
		return nil, fmt.Errorf("%w: no connector called %q is configured", errPoison, d.Instance)
	}
	return r.Parse(d)
}
