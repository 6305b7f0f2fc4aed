package engine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// states tells of each person by which accounts they are known.
func (p *people) states(tx store.Tx, all []rules.Person) []PersonState {
	var list []PersonState
	for _, who := range all {
		s := PersonState{
			Name: who.Name, Shown: who.Shown, Email: who.Email, Backup: who.Backup, Accounts: map[string]flow.Ref{}, Missing: map[string]string{},
			State: map[string]string{}, Why: map[string]string{},
		}
		for _, instance := range p.reaches() {
			state, why, ref, err := p.state(tx, instance, who.Person)
			if err != nil {
				state, why = AccountUnresolved, err.Error()
			}
			if err == nil && state == AccountUnresolved && p.optional(instance) {
				continue
			}
			s.State[instance] = state
			if why != "" {
				s.Why[instance] = why
			}
			if ref.Zero() {
				s.Missing[instance] = why
			} else {
				s.Accounts[instance] = ref
			}
		}
		list = append(list, s)
	}
	return list
}

// peopleChanged looks for accounts anew and gives another try to what was parked for want of one.
func (c *chores) peopleChanged() {
	ctx, cancel := context.WithTimeout(context.Background(), commitTime)
	defer cancel()
	err := c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		now := c.e.o.Now().UTC()
		if err := tx.Enqueue(atOnce(store.Job{ID: awayJob, Kind: awayJob, At: now})); err != nil {
			return err
		}
		return tx.Enqueue(atOnce(store.Job{ID: peopleJob, Kind: peopleJob, At: now}))
	})
	if err != nil {
		c.e.o.Log.Error("people not looked for anew", "error", err)
	}
}

// resolvePeople looks once for the account of everybody in the directory on every instance, so that a reviewer's
// first click is known as theirs, and lists whom it cannot find.
func (c *chores) resolvePeople(ctx context.Context) error {
	var failed error
	c.e.people.learn(c.e.book.current.Load())
	list := c.e.people.reaches()
	// Chat comes first: who is not surely somebody elsewhere is asked there.
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(c.asks(b), c.asks(a)) })
	for _, instance := range list {
		_, finds := c.e.o.Connectors[instance].(connectors.Identifier)
		if _, stopped := c.e.gate.why(instance); stopped || !finds && c.e.people.optional(instance) {
			continue
		}
		if err := c.resolveOn(ctx, instance); err != nil {
			failed = err
		}
	}
	if err := c.retryUnresolved(ctx); err != nil {
		return err
	}
	if err := c.followDirectory(ctx); err != nil {
		return err
	}
	return failed
}

// asks is 1 for the chat, in which people are asked, else 0.
func (c *chores) asks(instance string) int {
	if instance == c.e.o.Chat {
		return 1
	}
	return 0
}

const stateTable = "state" // what the engine remembers of itself

// followDirectory lets every request in review look at a directory that has changed: who joined a stage's reviewers
// is asked, who left is asked no longer.
func (c *chores) followDirectory(ctx context.Context) error {
	digest := c.e.Rules().DirectoryDigest()
	var last string
	var open []flow.RequestID
	err := c.e.o.Store.View(ctx, func(tx store.Tx) error {
		known, err := row(tx, stateTable, "directory", &last)
		if err != nil || !known || last == digest {
			return err
		}
		return eachRequest(tx, []string{"status:" + string(flow.InReview)}, func(r flow.Request) error {
			open = append(open, r.ID)
			return nil
		})
	})
	if err != nil || last == digest {
		return err
	}
	for _, id := range open {
		if err := c.look(ctx, id, digest); err != nil {
			return err
		}
	}
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error { return putRow(tx, stateTable, "directory", digest) })
}

func (c *chores) look(ctx context.Context, id flow.RequestID, digest string) error {
	var dec decision
	err := c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		dec, err = c.e.decider.event(tx, flow.Event{
			ID: "directory/" + digest + "/" + string(id), Kind: flow.TimerFired, Request: id,
			Fields: map[string][]string{"name": {"directory"}},
		}, c.e.o.Now())
		return err
	})
	if err == nil {
		c.e.decider.report(dec)
	}
	return err
}

func (c *chores) resolveOn(ctx context.Context, instance string) error {
	_, finds := c.e.o.Connectors[instance].(connectors.Identifier)
	var unsure []flow.Person // they are asked once everybody is known who can be: an account that is another's is no guess
	for _, who := range c.e.Rules().People() {
		var have bool
		err := c.e.o.Store.View(ctx, func(tx store.Tx) error {
			var err error
			_, have, err = c.e.people.held(tx, instance, who.Name) // one that is suspended is not looked for anew
			return err
		})
		if err != nil {
			return err
		}
		if have {
			continue
		}
		known, err := c.resolve(ctx, instance, who.Person, finds)
		if err != nil {
			return err
		}
		if !known {
			unsure = append(unsure, who.Person)
		}
		if _, stopped := c.e.gate.why(instance); stopped {
			return nil
		}
	}
	for _, who := range unsure {
		if err := c.guess(ctx, instance, who); err != nil {
			return err
		}
	}
	return nil
}

// resolve looks for the account of one person; known is false where there is none that is surely theirs.
func (c *chores) resolve(ctx context.Context, instance string, who flow.Person, finds bool) (known bool, err error) {
	if finds {
		if wait := c.e.limits.admit(identifying(instance), c.e.o.Now()); wait.After(c.e.o.Now()) {
			return true, &connectors.Error{Op: "identify", Class: connectors.Limited, Err: errors.New("waiting for a rate limit")}
		}
	}
	ref, err := guard(ctx, callTime, func(ctx context.Context) (flow.Ref, error) { return c.e.people.find(ctx, instance, who) })
	var none *unresolved
	var ce *connectors.Error
	switch {
	case errors.As(err, &none):
		level := slog.LevelWarn
		if c.e.people.optional(instance) {
			level = slog.LevelDebug
		}
		c.e.o.Log.Log(ctx, level, "person has no account", "instance", instance, "person", who.Name, "why", none.Error())
		return false, nil
	case errors.As(err, &ce) && ce.Class == connectors.Limited:
		c.e.limits.limited(identifying(instance), ce, c.e.o.Now())
		return true, err
	case errors.As(err, &ce) && ce.Class == connectors.Denied:
		return true, c.e.outbox.halt(ctx, instance, ce)
	case err != nil:
		return true, err
	}
	return true, c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		_, err := c.e.people.who(tx, flow.Actor{Ref: ref, Email: who.Email}, c.e.current())
		return err
	})
}

// retryUnresolved gives another try to effects that were parked for people who had no account and have one now.
func (c *chores) retryUnresolved(ctx context.Context) error {
	return c.e.requeue(ctx, store.JobParked, func(tx store.Tx, eff flow.Effect) (bool, error) {
		var f fate
		if _, err := row(tx, effectsTable, eff.ID, &f); err != nil || !f.Unresolved {
			return false, err
		}
		_, needed := namedIn(eff)
		for _, who := range needed {
			_, ok, err := c.e.people.account(tx, eff.Target, who.Name)
			if err != nil || !ok && recipient(eff, who) {
				return false, err
			}
		}
		return true, nil
	})
}
