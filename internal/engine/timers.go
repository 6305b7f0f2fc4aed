package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// timer lets a Wake come back as an event of its request.
func (e *Engine) timer(ctx context.Context, j store.Job) error {
	ev := flow.Event{
		ID: fmt.Sprintf("%s/%d", j.ID, j.At.UnixMilli()), Kind: flow.TimerFired, Request: j.Request,
		Fields: map[string][]string{"name": {string(j.Payload)}},
	}
	var dec decision
	err := e.o.Store.Update(ctx, func(tx store.Tx) error {
		// Finished first, so that a Wake of the same name in the outcome is a new job.
		if err := tx.Cancel(j.ID); err != nil {
			return err
		}
		var err error
		dec, err = e.decider.event(tx, ev, e.o.Now())
		return err
	})
	if errors.Is(err, errPoison) && j.Attempts >= tryAgain {
		e.met.alarm("dead_timer")
		return store.Park(err.Error())
	}
	if err != nil {
		return err
	}
	e.decider.report(dec)
	return nil
}

// chores is the recurring work that belongs to no request. It is done by jobs too, so that it follows the same clock.
type chores struct {
	e         *Engine
	registers registers
}

const (
	expireEvery  = time.Hour
	expireBatch  = 500
	expireRounds = 20
	peopleEvery  = 24 * time.Hour
	ticketsSoon  = time.Minute      // after a start
	ticketsEvery = 15 * time.Minute // unless the settings say otherwise
	recheckEvery = time.Minute
	hooksEvery   = time.Hour
)

// start plans the recurring work.
func (c *chores) start(ctx context.Context) error {
	now := c.e.o.Now().UTC()
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		plan := []store.Job{
			{ID: expireJob, Kind: expireJob, At: now.Add(time.Minute)},
			recurring(store.Job{ID: peopleJob, Kind: peopleJob, At: now}),
			recurring(store.Job{ID: awayJob, Kind: awayJob, At: now}),
			{ID: aliveJob, Kind: aliveJob, At: now},
		}
		if c.e.o.Mode == "shadow" {
			plan = append(plan, store.Job{ID: shadowJob, Kind: shadowJob, At: c.e.nextMorning(now)})
		}
		for instance, conn := range c.e.o.Connectors {
			if _, ok := conn.(connectors.Registrar); ok {
				plan = append(plan, store.Job{ID: registerJob + "/" + instance, Kind: registerJob, At: now, Payload: []byte(instance)})
			}
			if c.e.decider.keep.sources[instance] != nil || c.e.decider.keep.briefs[instance] != nil {
				plan = append(plan, store.Job{ID: looksJob + "/" + instance, Kind: looksJob, At: now.Add(ticketsSoon), Payload: []byte(instance)})
			}
			if _, ok := conn.(connectors.Tracker); ok {
				// Soon: what was told while nobody listened may be lost.
				plan = append(plan, store.Job{ID: ticketsJob + "/" + instance, Kind: ticketsJob, At: now.Add(ticketsSoon), Payload: []byte(instance)})
			}
		}
		if instance, shelf := c.e.o.shelf(); shelf != nil {
			plan = append(plan, recurring(store.Job{ID: shelfJob + "/" + instance, Kind: shelfJob, At: now, Payload: []byte(instance)}))
		}
		for _, j := range plan {
			if err := tx.Enqueue(j); err != nil {
				return err
			}
		}
		return nil
	})
}

// nowSuffix ends the id of recurring work that was asked for besides. It is a job of its own, because one that is asked for
// while it runs begins anew only after it has finished, and what recurs never does.
const nowSuffix = "/now"

// atOnce is recurring work as a job that is done once. The two never run at the same time.
func atOnce(j store.Job) store.Job {
	j.ID, j.Lane = j.ID+nowSuffix, j.ID
	return j
}

// recurring is work that comes again and again.
func recurring(j store.Job) store.Job {
	j.Lane = j.ID
	return j
}

func (c *chores) run(ctx context.Context, j store.Job) error {
	var err error
	every := peopleEvery
	switch j.Kind {
	case expireJob:
		every, err = expireEvery, c.expire(ctx)
	case peopleJob:
		err = c.resolvePeople(ctx)
	case ticketsJob:
		every, err = c.readEvery(string(j.Payload)), c.readTickets(ctx, string(j.Payload))
	case shadowJob:
		every, err = c.e.nextMorning(c.e.o.Now()).Sub(c.e.o.Now()), c.shadowDigest(ctx)
	case aliveJob:
		every, err = aliveEvery, c.alive(ctx)
	case looksJob:
		every, err = c.lookEvery(string(j.Payload)), c.planLooks(ctx, string(j.Payload))
	case awayJob:
		every, err = c.coverMoves(ctx)
		if err == nil && strings.HasSuffix(j.ID, nowSuffix) {
			return c.e.o.Store.Update(ctx, func(tx store.Tx) error { // the usual one comes for what is next now
				return tx.Enqueue(recurring(store.Job{ID: awayJob, Kind: awayJob, At: c.e.o.Now().UTC().Add(every)}))
			})
		}
	case shelfJob:
		every, err = shelfEvery, c.readShelf(ctx, string(j.Payload))
	case registerJob:
		every = hooksEvery
		c.register(ctx, string(j.Payload))
	case recheckJob:
		return c.recheck(ctx, string(j.Payload))
	}
	if err != nil {
		return &store.LaterError{At: c.e.o.Now().Add(c.e.limits.backoff(j.Attempts)), Why: err.Error()}
	}
	if strings.HasSuffix(j.ID, nowSuffix) {
		return nil
	}
	return &store.LaterError{At: c.e.o.Now().Add(every), Free: true, Why: "again later"}
}

// readEvery is how often the tickets of an instance are read.
func (c *chores) readEvery(instance string) time.Duration {
	if w, ok := c.e.o.Connectors[instance].(connectors.Wayward); ok && w.Ways().Look > 0 {
		return w.Ways().Look
	}
	return ticketsEvery
}

// expire forgets what is too old, by index and in small batches.
func (c *chores) expire(ctx context.Context) error {
	now := c.e.o.Now().UTC()
	for range expireRounds {
		var gone int
		err := c.e.o.Store.Update(ctx, func(tx store.Tx) error {
			keys, err := tx.Expire(now, expireBatch)
			if err != nil {
				return err
			}
			rows, err := tx.DropDeliveries(now.Add(-c.e.o.RawEvents), expireBatch)
			gone = keys + rows
			if err != nil {
				return err
			}
			if err := forgetOld(tx, now, c.e.o.RawEvents); err != nil {
				return err
			}
			return dropPictures(tx, now.Add(-pictureKept), picturesMost)
		})
		if err != nil || gone < expireBatch {
			return err
		}
	}
	return nil
}

// recheck asks a stopped instance whether it works again; if so its work goes on.
func (c *chores) recheck(ctx context.Context, instance string) error {
	if _, stopped := c.e.gate.why(instance); !stopped {
		return nil
	}
	if c.well(ctx, instance) {
		return c.e.Resume(ctx, instance)
	}
	return &store.LaterError{At: c.e.o.Now().Add(recheckEvery), Free: true, Why: "still refused"}
}

// well reports whether an instance takes our credentials again. What else may be amiss there was so before it stopped.
func (c *chores) well(ctx context.Context, instance string) bool {
	conn := c.e.o.Connectors[instance]
	list, err := guard(ctx, callTime, func(ctx context.Context) ([]connectors.Finding, error) {
		if p, ok := conn.(connectors.Prober); ok {
			return nil, p.Probe(ctx)
		}
		return conn.Check(ctx), nil
	})
	return err == nil && !slices.ContainsFunc(list, func(f connectors.Finding) bool { return f.Level == "problem" })
}

// Resume lets a stopped instance work again, at once.
func (e *Engine) Resume(ctx context.Context, instance string) error {
	if !e.gate.resume(instance) {
		return nil
	}
	e.o.Log.Info("instance goes on", "instance", instance)
	return e.requeue(ctx, store.JobReady, func(_ store.Tx, eff flow.Effect) (bool, error) { return eff.Target == instance, nil })
}

// picker chooses jobs of the outbox by their effect.
type picker func(tx store.Tx, e flow.Effect) (bool, error)

// requeue makes jobs of the outbox due now that pick chooses.
func (e *Engine) requeue(ctx context.Context, state store.JobState, pick picker) error {
	q := store.JobQuery{State: state, Kind: doJob, Limit: 500}
	for {
		var list []store.Job
		err := e.o.Store.View(ctx, func(tx store.Tx) error {
			var err error
			list, q.After, err = chosen(tx, q, pick)
			return err
		})
		if err != nil {
			return err
		}
		err = e.o.Store.Update(ctx, func(tx store.Tx) error { return requeueAll(tx, list, e.o.Now()) })
		if err != nil || q.After == "" {
			return err
		}
	}
}

func chosen(tx store.Tx, q store.JobQuery, pick picker) ([]store.Job, string, error) {
	jobs, next, err := tx.Jobs(q)
	if err != nil {
		return nil, "", err
	}
	var list []store.Job
	for _, j := range jobs {
		eff, err := effectOf(j)
		if err != nil {
			continue // it stays parked with its reason
		}
		is, err := pick(tx, eff)
		if err != nil {
			return nil, "", err
		}
		if is {
			list = append(list, j)
		}
	}
	return list, next, nil
}

func requeueAll(tx store.Tx, list []store.Job, now time.Time) error {
	for _, j := range list {
		if err := tx.Requeue(j.ID, now); err != nil {
			return err
		}
	}
	return nil
}
