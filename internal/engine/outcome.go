package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

const (
	tellAfter   = time.Hour          // trouble that lasts longer is told to the operator
	giveUpAfter = 7 * 24 * time.Hour // and then set aside for a person
)

// done records what an effect made true, and lets the request decide what follows, in the commit that ends the job.
func (o *outbox) done(ctx context.Context, a *attempt, links []flow.Link) error {
	o.answers(a.effect.Target)
	o.gate.works(a.effect.Target)
	return o.record(ctx, a, links)
}

// record lets the request know what became of an effect.
func (o *outbox) record(ctx context.Context, a *attempt, links []flow.Link) error {
	o.met.effects.WithLabelValues(a.effect.Target, "done").Inc()
	var dec decision
	if a.effect.Show != nil { // results come several at a time, and what is shown is found again should they be lost
		ctx = store.Unhurried(ctx)
	}
	err := o.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		if dec, err = o.decider.event(tx, doneEvent(a, links), o.o.Now()); err != nil {
			return err
		}
		return o.end(tx, a, "done", "")
	})
	if errors.Is(err, errPoison) && a.job.Attempts >= maxFaults {
		return store.Park("result not recorded: " + err.Error())
	}
	if err != nil {
		return &store.LaterError{At: o.o.Now().Add(o.limits.backoff(a.job.Attempts)), Unsure: true, Why: "result not recorded: " + err.Error()}
	}
	o.met.action.Observe(o.o.Now().Sub(a.job.Created).Seconds())
	o.decider.report(dec)
	return nil
}

func doneEvent(a *attempt, links []flow.Link) flow.Event {
	ev := about(a.effect, "done/", flow.EffectDone)
	ev.Links = links
	if a.fileFate != "" {
		ev.Fields["fate"], ev.Fields["why"] = []string{string(a.fileFate)}, []string{a.fileWhy}
	}
	if a.fileSum != "" {
		ev.Fields["sha256"] = []string{a.fileSum}
	}
	return ev
}

// about is an event of our own about an effect.
func about(e flow.Effect, prefix string, kind flow.Kind) flow.Event {
	ev := flow.Event{
		ID: prefix + e.ID, Kind: kind, Request: e.Request,
		Fields: map[string][]string{"effect": {e.ID}, "purpose": {e.Purpose()}},
	}
	if e.Show != nil {
		ev.Fields["digest"] = []string{e.Show.Digest}
		ev.Fields["version"] = []string{strconv.FormatInt(e.Show.Version, 10)}
	}
	if e.Copy != nil {
		ev.Fields["version"] = []string{strconv.FormatInt(e.Copy.Version, 10)}
	}
	return ev
}

// end keeps the fate of an effect and ends its job.
func (o *outbox) end(tx store.Tx, a *attempt, state, why string) error {
	f := fate{
		Purpose: a.effect.Purpose(), Target: a.effect.Target, State: state, Attempts: a.job.Attempts,
		At: o.o.Now().UTC(), Why: why,
	}
	if err := putRow(tx, effectsTable, a.effect.ID, f); err != nil {
		return err
	}
	if err := tx.DeleteRow(trailsTable, a.effect.ID); err != nil {
		return err
	}
	return tx.Cancel(a.job.ID)
}

// finish ends an effect that needs no call.
func (o *outbox) finish(ctx context.Context, a *attempt, state string) error {
	o.limits.forget(a.job.ID)
	if state == "done" {
		return nil
	}
	o.met.effects.WithLabelValues(a.effect.Target, state).Inc()
	o.log.Info("effect needs no call", "request", a.effect.Request, "effect", a.effect.ID, "state", state)
	return o.o.Store.Update(ctx, func(tx store.Tx) error {
		if state == "shadow" {
			if err := shadowed(tx, a, o.o.Now().UTC()); err != nil {
				return err
			}
		}
		return o.end(tx, a, state, "")
	})
}

// failed says by the class of an error what becomes of the effect.
func (o *outbox) failed(ctx context.Context, a *attempt, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return &store.LaterError{At: o.o.Now(), Unsure: true, Why: "stopped"}
	}
	var look *lookError
	looked := errors.As(err, &look)
	ce := classed(err)
	o.count(a, ce, looked)
	level := slog.LevelWarn
	if ce.Class == connectors.Limited {
		level = slog.LevelInfo // a service that sets the pace is no trouble
	}
	o.log.Log(ctx, level, "effect not done", "request", a.effect.Request, "effect", a.effect.ID, "attempt", a.job.Attempts,
		"class", string(ce.Class), "op", ce.Op, "error", err)
	switch ce.Class {
	case connectors.Rejected:
		a.made, a.refused = ce.Made, ce.Mail
		if o.mayBeBack(a, ce) {
			return o.again(ctx, a, again{at: o.o.Now().Add(goneAfter), why: reason(ce)})
		}
		return o.park(ctx, a, reason(ce), false)
	case connectors.Denied:
		return o.denied(ctx, a, ce)
	case connectors.Limited:
		at := o.limits.limited(o.asCall(a), o.longer(a, ce), o.o.Now())
		return o.again(ctx, a, again{at: at, why: reason(ce), free: true})
	case connectors.Unsure:
		return o.unsure(ctx, a, ce, looked)
	}
	at := o.o.Now().Add(max(ce.Wait, o.limits.backoff(a.job.Attempts)))
	return o.again(ctx, a, again{at: at, why: reason(ce)})
}

const longestLimit = 16 * time.Second // of our own; what a service asks for is kept whatever it is

// longer waits longer than a service asks for when it has refused the same effect before: what it asked for was too
// little.
func (o *outbox) longer(a *attempt, ce *connectors.Error) *connectors.Error {
	a.trail.Limits++
	if a.trail.Limits < 2 {
		return ce
	}
	more := *ce
	more.Wait = max(ce.Wait, min(o.limits.backoff(a.trail.Limits), longestLimit))
	return &more
}

// classed makes every error one of the closed classes. A panic or a call that never came back may have had its
// effect.
func classed(err error) *connectors.Error {
	var ce *connectors.Error
	if errors.As(err, &ce) {
		return ce
	}
	var f *faultError
	if errors.As(err, &f) {
		return &connectors.Error{Op: "call", Class: connectors.Unsure, Err: f}
	}
	return &connectors.Error{Op: "call", Class: connectors.Transient, Err: err}
}

// reason is why an effect was not done, for people: the connector's sentence where there is one.
func reason(e *connectors.Error) string {
	if e.Person != "" {
		return e.Person
	}
	return e.Error()
}

// count tells counters and breaker how an attempt ended. A destination that refuses, or has nothing to show yet,
// answers all the same.
func (o *outbox) count(a *attempt, ce *connectors.Error, looked bool) {
	o.met.effects.WithLabelValues(a.effect.Target, string(ce.Class)).Inc()
	if ce.Class == connectors.Transient || ce.Class == connectors.Unsure && !looked {
		o.limits.breaker(a.effect.Target).RecordFailure()
		o.limits.trouble(a.effect.Target, o.o.Now())
		o.outage(a.effect.Target, ce)
		return
	}
	o.answers(a.effect.Target)
}

// outage tells the operator once of a destination that has not answered for a while.
func (o *outbox) outage(instance string, ce *connectors.Error) {
	since, tell := o.outages.failed(instance, o.o.Now())
	if tell {
		o.met.alarm("outage")
		o.log.Error("a service does not answer: what is meant for it waits", "instance", instance, "since", since, "op", ce.Op, "error", ce)
	}
}

// answers notes that a destination answers, whatever it says.
func (o *outbox) answers(instance string) {
	o.limits.breaker(instance).RecordSuccess()
	if since, told := o.outages.answered(instance); told {
		o.log.Info("a service answers again", "instance", instance, "since", since)
	}
}

// again is when and how an effect is tried once more.
type again struct {
	at     time.Time
	why    string
	free   bool
	unsure bool
}

// unsure keeps a call whose answer was lost until it is found or surely not there.
func (o *outbox) unsure(ctx context.Context, a *attempt, ce *connectors.Error, looked bool) error {
	var f *faultError
	if errors.As(ce.Err, &f) {
		a.trail.Faults++
	}
	if a.trail.Faults >= maxFaults {
		return o.park(ctx, a, reason(ce), false)
	}
	wait := max(ce.Wait, lookAgain[0])
	if !a.creates() {
		wait = max(ce.Wait, o.limits.backoff(a.job.Attempts)) // changing it again is harmless
	}
	if !looked && a.creates() {
		a.trail.Lost = a.began
		a.trail.Calls++
		wait = max(wait, o.limits.backoff(a.trail.Calls))
	}
	return o.again(ctx, a, again{at: o.o.Now().Add(wait), why: reason(ce), unsure: true})
}

// again writes down how the attempt ended and asks for the next. Trouble that lasts is told once, and after a week
// set aside for a person.
func (o *outbox) again(ctx context.Context, a *attempt, n again) error {
	now := o.o.Now().UTC()
	t := a.trail
	if t.Since.IsZero() {
		t.Since = now
	}
	if now.Sub(t.Since) >= giveUpAfter {
		return o.park(ctx, a, "given up after a week: "+n.why, false)
	}
	if now.Sub(t.Since) >= tellAfter && !t.Told && !o.outages.told(a.effect.Target) { // an outage is one alarm, not one each
		t.Told = true
		o.met.alarm("effect_late")
		o.log.Error("effect is late", "request", a.effect.Request, "effect", a.effect.ID, "since", t.Since, "why", n.why)
	}
	t.Tries, t.Rested = a.job.Attempts, 0
	if n.free {
		t.Tries--
	} else {
		t.Limits = 0
	}
	err := o.o.Store.Update(ctx, func(tx store.Tx) error { return putRow(tx, trailsTable, a.effect.ID, t) })
	if err != nil {
		return &store.LaterError{At: n.at, Unsure: true, Why: err.Error()}
	}
	return &store.LaterError{At: n.at, Why: n.why, Free: n.free, Unsure: n.unsure || a.job.Unsure && !t.Lost.IsZero()}
}

// park sets an effect aside until a person acts, and lets the request say so.
func (o *outbox) park(ctx context.Context, a *attempt, why string, unresolved bool) error {
	o.limits.forget(a.job.ID)
	o.met.effects.WithLabelValues(a.effect.Target, "parked").Inc()
	o.met.alarm("parked")
	o.log.Error("effect parked", "request", a.effect.Request, "effect", a.effect.ID, "attempt", a.job.Attempts, "why", why)
	var dec decision
	err := o.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		if dec, err = o.decider.event(tx, parkedEvent(a, why), o.o.Now()); err != nil {
			return err
		}
		if a.refused != nil && a.effect.Request != "" {
			if _, err = o.decider.event(tx, refusedEvent(a), o.o.Now()); err != nil {
				return err
			}
		}
		t := a.trail
		t.Since, t.Hidden, t.Told, t.Faults, t.Calls, t.Tries, t.Rested, t.Limits = time.Time{}, time.Time{}, false, 0, 0, 0, 0, 0 // a replay starts afresh, what was lost stays lost
		if err := putRow(tx, trailsTable, a.effect.ID, t); err != nil {
			return err
		}
		return putRow(tx, effectsTable, a.effect.ID, fate{
			Purpose: a.effect.Purpose(), Target: a.effect.Target, State: "parked", Attempts: a.job.Attempts,
			At: o.o.Now().UTC(), Why: why, Unresolved: unresolved,
		})
	})
	if err != nil {
		return err
	}
	o.decider.report(dec)
	return store.Park(why)
}

// mailInstead reports whether somebody whom chat does not reach can be written to.
func (o *outbox) mailInstead(a *attempt, who flow.Person) bool {
	mail := a.request.Places.Mail
	return a.unreached != "" && mail != "" && a.effect.Target == a.request.Places.Chat && who.Email != "" && o.o.Connectors[mail] != nil
}

// unreachable ends an effect whose person has no account there, and lets the request write to them instead. That is the
// ordinary way for people outside the chat, and no alarm.
func (o *outbox) unreachable(ctx context.Context, a *attempt, why string) error {
	o.limits.forget(a.job.ID)
	o.met.effects.WithLabelValues(a.effect.Target, "unreached").Inc()
	o.log.Info("person is not in chat and is written to", "request", a.effect.Request, "effect", a.effect.ID, "person", a.unreached)
	var dec decision
	err := o.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		if dec, err = o.decider.event(tx, parkedEvent(a, why), o.o.Now()); err != nil {
			return err
		}
		return o.end(tx, a, "superseded", why)
	})
	if err != nil {
		return err
	}
	o.decider.report(dec)
	return nil
}

// post sends by mail what belongs to no one request, a digest, and ends the effect in chat.
func (o *outbox) post(ctx context.Context, a *attempt, why string) error {
	o.limits.forget(a.job.ID)
	o.met.effects.WithLabelValues(a.effect.Target, "unreached").Inc()
	o.log.Info("person is not in chat and is written to", "effect", a.effect.ID, "person", a.unreached)
	return o.o.Store.Update(ctx, func(tx store.Tx) error {
		if err := o.enqueue(tx, letterOf(a.effect, o.o.Mail), o.o.Now().UTC()); err != nil {
			return err
		}
		return o.end(tx, a, "superseded", why)
	})
}

// drop ends something that was to be said where nothing can be said.
func (o *outbox) drop(ctx context.Context, a *attempt, why string) error {
	o.limits.forget(a.job.ID)
	o.met.effects.WithLabelValues(a.effect.Target, "dropped").Inc()
	a.ended = true
	o.log.Info("effect dropped", "request", a.effect.Request, "effect", a.effect.ID, "why", why)
	return o.o.Store.Update(ctx, func(tx store.Tx) error { return o.end(tx, a, "dropped", why) })
}

func parkedEvent(a *attempt, why string) flow.Event {
	ev := about(a.effect, "parked/", flow.EffectParked)
	ev.Fields["why"], ev.Links = []string{why}, a.made
	if a.unreached != "" {
		ev.Fields["unreached"], ev.Tell = []string{a.unreached}, a.effect.Tell
	}
	if a.gone != "" {
		ev.Fields["gone"], ev.Subject = []string{a.gone}, ticketOf(a.effect)
	}
	return ev
}

// refusedEvent says of a mail that was refused at once what is said of one that comes back.
func refusedEvent(a *attempt) flow.Event {
	ev := about(a.effect, "refused/", flow.MailFailed)
	ev.Fields["address"], ev.Fields["why"] = []string{a.refused.Address}, []string{a.refused.Why}
	if a.refused.Hard {
		ev.Fields["hard"] = []string{"yes"}
	}
	return ev
}

// mayBeBack keeps what a ticket is gone for, and reports whether that was so only once: a ticket that cannot be seen is
// looked for again before anybody is told.
func (o *outbox) mayBeBack(a *attempt, ce *connectors.Error) bool {
	if ce.Gone == "" || !keepsTicket(a.request, ticketOf(a.effect)) {
		return false
	}
	a.gone = ce.Gone
	if ce.Gone != "hidden" {
		return false
	}
	now := o.o.Now().UTC()
	if a.trail.Hidden.IsZero() {
		a.trail.Hidden = now
	}
	return now.Sub(a.trail.Hidden) < goneAfter
}

// keepsTicket reports whether something is the ticket of a request, or of one of its subtasks.
func keepsTicket(r flow.Request, ref flow.Ref) bool {
	return slices.ContainsFunc(r.Links, func(l flow.Link) bool {
		return l.Ref == ref && (l.Purpose == ticketPurpose || strings.HasPrefix(l.Purpose, partPrefix))
	})
}

// ticketOf is the ticket that an effect writes to, zero when it is none.
func ticketOf(e flow.Effect) flow.Ref {
	var at flow.Ref
	switch {
	case e.Copy != nil:
		at = e.Copy.To
	case e.Tell != nil:
		at = e.Tell.Where
	case (e.Purpose() == ticketPurpose || strings.HasPrefix(e.Purpose(), partPrefix)) && e.Show.Link != nil:
		at = e.Show.Link.Ref
	case e.Show != nil:
		at = e.Show.At
	}
	return at
}

// denied stops the instance: its work is kept, the operator is told once, and it goes on when a check is well again.
func (o *outbox) denied(ctx context.Context, a *attempt, ce *connectors.Error) error {
	if err := o.halt(ctx, a.effect.Target, ce); err != nil {
		return err
	}
	return o.wait(a, o.o.Now().Add(closed), a.effect.Target+" is stopped: "+reason(ce))
}

// halt stops an instance and plans the next look at it.
func (o *outbox) halt(ctx context.Context, instance string, ce *connectors.Error) error {
	if o.gate.stop(instance, reason(ce)) {
		o.met.alarm("denied")
		o.log.Error("instance stopped: credentials or rights are gone", "instance", instance, "op", ce.Op, "error", ce)
	}
	return o.o.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Enqueue(store.Job{
			ID: recheckJob + "/" + instance, Kind: recheckJob, At: o.o.Now().Add(recheckEvery), Payload: []byte(instance),
		})
	})
}
