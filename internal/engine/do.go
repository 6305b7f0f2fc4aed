package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// outbox makes effects true outside: what was committed is done at least once, one call at a time per mark, by the
// class of each answer.
type outbox struct {
	o       Options
	met     *metrics
	log     *slog.Logger
	people  *people
	limits  *limits
	gate    *gate
	decider *decider
	book    *book
	copies  chan struct{} // files under way
	letters chan struct{} // of them from mails
	budget  *budget
	outages outages
}

func newOutbox(e *Engine) *outbox {
	return &outbox{
		o: e.o, met: e.met, log: e.o.Log, people: e.people, limits: e.limits, gate: e.gate, book: e.book, budget: newBudget(e.o.Store, e.o.Limits),
		copies: make(chan struct{}, copyRoom), letters: make(chan struct{}, 1),
	}
}

const (
	callTime  = 30 * time.Second
	closed    = time.Minute // how long work for a stopped instance waits between two looks
	maxCalls  = 2           // calls that make a ticket, whose answers were lost
	maxFaults = 5           // panics and hangs
	maxDeaths = 8           // of the process, one after the other
	restFrom  = 2           // deaths after which the next try waits
)

// attempt is one try at one effect.
type attempt struct {
	job     store.Job
	effect  flow.Effect
	request flow.Request
	trail   trail
	fate    fate // of an earlier end, when there was one
	pause   Pause
	doer    connectors.Doer
	began   time.Time
	made    []flow.Link // by a call that was refused all the same
	gone    string      // why its ticket cannot be written at all

	fileFate flow.FileFate // what became of a file that was not attached
	fileWhy  string
	fileSum  string // hex SHA-256 of one that was

	refused   *connectors.RefusedMail
	unreached string // who has no account there, so that the effect never reaches them
	ended     bool   // nothing is left to do
}

// creates reports whether the effect makes something that can be found by its mark.
func (a *attempt) creates() bool { return a.effect.Show == nil || a.effect.Show.Link == nil }

// ticket reports whether the effect makes the record in the tracker.
func (a *attempt) ticket() bool {
	return a.effect.Show != nil && a.effect.Show.View.Kind == flow.TicketView
}

// do works on one effect.
func (o *outbox) do(ctx context.Context, j store.Job) error {
	a, err := o.load(ctx, j)
	if err != nil {
		return err
	}
	if state, over := o.over(a); over {
		return o.finish(ctx, a, state)
	}
	if a.trail.Lost.IsZero() && flow.Moot(a.request, a.effect) {
		return o.record(ctx, a, nil) // what it would have shown was taken back; flow knows what that means
	}
	if _, there := o.o.Connectors[a.effect.Target]; a.doer == nil && there && a.effect.Tell != nil {
		return o.drop(ctx, a, fmt.Sprintf("nothing can be said in %s", a.effect.Target))
	}
	if a.doer == nil && a.effect.Copy == nil {
		return o.park(ctx, a, fmt.Sprintf("no connector called %q is configured", a.effect.Target), false)
	}
	if err := o.afford(ctx, a); err != nil || a.ended {
		return err
	}
	if err := o.suspect(ctx, a); err != nil {
		return err
	}
	if why, stopped := o.gate.why(a.effect.Target); stopped {
		return o.wait(a, o.o.Now().Add(closed), a.effect.Target+" is stopped: "+why)
	}
	if a.effect.Copy != nil {
		return o.carry(ctx, a)
	}
	if err := o.known(ctx, a); err != nil {
		return o.unknown(ctx, a, err)
	}
	if err := o.mayCall(a); err != nil {
		return err
	}
	links, err := o.call(ctx, a)
	o.limits.leave(a.effect.Target) // the next may call while this one is recorded
	if err != nil {
		return o.failed(ctx, a, err)
	}
	return o.done(ctx, a, links)
}

// suspect deals with an effect during which the process ended time and again: it may be the cause, or was only under
// way. So it waits longer each time, in which the others get on, and is set aside when that does not help.
func (o *outbox) suspect(ctx context.Context, a *attempt) error {
	deaths := a.job.Attempts - 1 - a.trail.Tries
	switch {
	case deaths >= maxDeaths:
		return o.park(ctx, a, fmt.Sprintf("signoff ended %d times while doing it", deaths), false)
	case deaths < restFrom || a.trail.Rested >= deaths:
		return nil
	}
	a.trail.Rested = deaths
	err := o.o.Store.Update(ctx, func(tx store.Tx) error { return putRow(tx, trailsTable, a.effect.ID, a.trail) })
	if err != nil {
		return err
	}
	return o.wait(a, o.o.Now().Add(o.limits.backoff(deaths)), fmt.Sprintf("signoff ended %d times while doing it", deaths))
}

// load reads what an attempt needs to know.
func (o *outbox) load(ctx context.Context, j store.Job) (*attempt, error) {
	a := &attempt{job: j, began: o.o.Now().UTC()}
	var err error
	if a.effect, err = effectOf(j); err != nil {
		return nil, store.Park(err.Error())
	}
	a.doer, _ = o.o.Connectors[a.effect.Target].(connectors.Doer)
	err = o.o.Store.View(ctx, func(tx store.Tx) error {
		var err error
		if a.request, _, err = tx.Request(a.effect.Request); err != nil {
			return err
		}
		if _, err = row(tx, trailsTable, a.effect.ID, &a.trail); err != nil {
			return err
		}
		if a.effect.Rule != "" {
			if _, err = row(tx, pausesTable, a.effect.Rule, &a.pause); err != nil {
				return err
			}
		}
		_, err = row(tx, effectsTable, a.effect.ID, &a.fate)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load effect %s: %w", j.ID, err)
	}
	if s := a.effect.Show; s != nil {
		if link, ok := a.request.Link(s.Purpose); ok {
			s.Link = &link
		}
	}
	if j.Unsure && a.trail.Lost.IsZero() {
		a.trail.Lost = j.Lost
	}
	return a, nil
}

func effectOf(j store.Job) (e flow.Effect, err error) {
	if err := json.Unmarshal(j.Payload, &e); err != nil {
		return e, fmt.Errorf("effect %s cannot be read: %w", j.ID, err)
	}
	return e, nil
}

// over says that an effect needs no call any more, and why.
func (o *outbox) over(a *attempt) (state string, over bool) {
	switch e := a.effect; {
	case a.fate.State == "done":
		return "done", true
	case e.Show != nil && o.outdated(a):
		return "superseded", true
	case e.Copy != nil && a.request.Shows[e.Copy.Purpose].Version > e.Copy.Version:
		return "superseded", true
	case e.Tell != nil && !e.Tell.Expires.IsZero() && a.began.After(e.Tell.Expires):
		return "expired", true
	case o.o.Mode == "shadow":
		return "shadow", true
	}
	return "", false
}

// outdated reports whether a newer view of the same purpose was asked for or is shown already.
func (o *outbox) outdated(a *attempt) bool {
	s := a.effect.Show
	if a.request.Shows[s.Purpose].Version > s.Version {
		return true
	}
	return s.Link != nil && s.Link.Version > s.Version
}

// known fills in the accounts of everybody the effect names. Recipients must have one; others are shown by name.
func (o *outbox) known(ctx context.Context, a *attempt) error {
	named, needed := namedIn(a.effect)
	a.effect.Known = map[string]flow.Ref{}
	var missing []flow.Actor
	err := o.o.Store.View(ctx, func(tx store.Tx) error {
		for _, who := range named {
			if err := o.accountOf(tx, a, who); err != nil {
				return err
			}
			if _, ok := a.effect.Known[who.ID()]; !ok && slices.ContainsFunc(needed, func(n flow.Actor) bool { return n.ID() == who.ID() }) {
				missing = append(missing, who)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, who := range missing {
		if err := o.identify(ctx, a, who); err != nil {
			return err
		}
	}
	return nil
}

func (o *outbox) accountOf(tx store.Tx, a *attempt, who flow.Actor) error {
	if who.Name != "" {
		ref, ok, err := o.people.account(tx, a.effect.Target, who.Name)
		if ok {
			a.effect.Known[who.ID()] = ref
		}
		if ok || err != nil {
			return err
		}
	}
	if who.Ref.System == a.effect.Target {
		a.effect.Known[who.ID()] = who.Ref
	}
	return nil
}

// unknown deals with accounts that could not be found; nothing was called yet.
func (o *outbox) unknown(ctx context.Context, a *attempt, err error) error {
	var none *unresolved
	var look *lookError
	switch {
	case errors.As(err, &none):
		if recipient(a.effect, flow.Actor{Name: none.person.Name}) {
			a.unreached = none.person.Name
		}
		switch {
		case a.effect.Request == "" && a.unreached != "" && o.writes(a.effect.Target, none.person):
			return o.post(ctx, a, none.Error())
		case o.mailInstead(a, none.person):
			return o.unreachable(ctx, a, none.Error())
		}
		return o.park(ctx, a, none.Error(), true)
	case errors.As(err, &look):
		return o.failed(ctx, a, err)
	}
	return err
}

// identify asks the target for the account of somebody the effect cannot do without.
func (o *outbox) identify(ctx context.Context, a *attempt, who flow.Actor) error {
	person := flow.Person{Name: who.ID(), Shown: who.Shown, Email: who.Email}
	set := o.book.current.Load()
	if p, ok := set.Policy(set).Person(who.Name); ok {
		person = p
	}
	if why, err := o.barred(ctx, a.effect.Target, who.Name); err != nil || why != "" {
		none := &unresolved{instance: a.effect.Target, kind: o.people.kind(a.effect.Target), person: person, why: why}
		if err != nil || !recipient(a.effect, who) {
			return err
		}
		return none
	}
	if at := o.limits.admit(identifying(a.effect.Target), o.o.Now()); at.After(o.o.Now()) {
		return o.wait(a, at, "waiting for a rate limit of "+a.effect.Target)
	}
	ref, err := guard(ctx, callTime, func(ctx context.Context) (flow.Ref, error) {
		return o.people.find(ctx, a.effect.Target, person)
	})
	none := (*unresolved)(nil)
	switch {
	case errors.As(err, &none) && !recipient(a.effect, who):
		return nil // the ticket stays without an assignee; the request names the person
	case none != nil:
		return err
	case err != nil:
		ce := classed(err)
		if ce.Class == connectors.Limited {
			o.limits.limited(identifying(a.effect.Target), ce, o.o.Now())
		}
		return &lookError{err: ce}
	}
	return o.claim(ctx, a, who, identity{Ref: ref, Name: who.Name, Email: person.Email, At: a.began})
}

// claim makes an account that was found the person's, unless it is somebody else's.
func (o *outbox) claim(ctx context.Context, a *attempt, who flow.Actor, id identity) error {
	if who.Name == "" {
		a.effect.Known[who.ID()] = id.Ref
		return nil
	}
	var theirs bool
	err := o.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		theirs, err = o.people.claim(tx, id)
		return err
	})
	switch {
	case err != nil:
		return err
	case theirs:
		a.effect.Known[who.ID()] = id.Ref
		return nil
	case !recipient(a.effect, who):
		return nil
	}
	kind := o.people.kind(a.effect.Target)
	return &unresolved{why: fmt.Sprintf("The %s account with the e-mail address of %s is not surely theirs; pin people.%s.%s", title(kind), who.Name, who.Name, kind)}
}

// barred says why no account may be looked for: the one that is known is suspended.
func (o *outbox) barred(ctx context.Context, instance, name string) (why string, err error) {
	if name == "" {
		return "", nil
	}
	err = o.o.Store.View(ctx, func(tx store.Tx) error {
		id, _, err := o.people.held(tx, instance, name)
		why = id.Suspended
		return err
	})
	return why, err
}

// mayCall says whether the call may be made now: nothing told us to wait, the destination is not crowded and its
// breaker is closed. Waiting for these does not count as an attempt. Whoever may call has entered the destination and
// must leave it.
func (o *outbox) mayCall(a *attempt) error {
	target, now := a.effect.Target, o.o.Now()
	if at := o.limits.admit(o.asCall(a), now); at.After(now) {
		return o.wait(a, at, "waiting for a rate limit of "+target)
	}
	if at := o.limits.calm(a.effect, now); at.After(now) {
		o.met.alarm("loop")
		o.log.Error("written too often: something seems to answer our every write", "request", a.effect.Request, "effect", a.effect.ID)
		return o.wait(a, later(at, now.Add(closed)), "written too often")
	}
	if !o.limits.enter(target) {
		return o.wait(a, now.Add(o.limits.backoff(1)), "many calls to "+target+" are under way")
	}
	if b := o.limits.breaker(target); !b.TryAcquirePermit() {
		o.limits.leave(target)
		pause := time.Duration(o.limits.rand() * float64(o.outages.pause(target, now)))
		return o.wait(a, now.Add(b.RemainingDelay()+o.limits.backoff(1)/2+pause), target+" does not answer just now")
	}
	return nil
}

func (o *outbox) wait(a *attempt, at time.Time, why string) error {
	return &store.LaterError{At: at, Why: why, Free: true, Unsure: a.job.Unsure}
}

func (o *outbox) asCall(a *attempt) call {
	c := call{job: a.job.ID, instance: a.effect.Target, shape: shapeOf(a.effect), effect: a.effect}
	if p, ok := a.doer.(connectors.Pacer); ok {
		c.paces = p.Pace(a.effect)
	}
	return c
}

// call looks for what a lost call left behind, then makes the call unless that settled it.
func (o *outbox) call(ctx context.Context, a *attempt) ([]flow.Link, error) {
	if !a.trail.Lost.IsZero() && a.creates() {
		links, found, err := o.find(ctx, a)
		if err != nil || found {
			return links, err
		}
		a.trail.Lost = time.Time{}
	}
	a.began = o.o.Now().UTC()
	return guard(ctx, callTime, func(ctx context.Context) ([]flow.Link, error) { return a.doer.Do(ctx, a.effect) })
}

// find asks for the mark of a lost call. Found: it had its effect. Not found and no error: surely not, it may be made
// again. A ticket only once more: search may lag behind longer than anybody waits, and nobody wants a third.
func (o *outbox) find(ctx context.Context, a *attempt) (links []flow.Link, found bool, err error) {
	type answer struct {
		links []flow.Link
		ok    bool
	}
	got, err := guard(ctx, callTime, func(ctx context.Context) (answer, error) {
		links, ok, err := a.doer.Find(ctx, a.effect, a.trail.Lost)
		return answer{links, ok}, err
	})
	switch {
	case err != nil:
		return nil, false, o.stillLost(a, err)
	case !got.ok && a.ticket() && a.trail.Calls >= maxCalls:
		return nil, false, &connectors.Error{Op: "look for " + a.effect.Mark(), Class: connectors.Rejected,
			Err: fmt.Errorf("%d calls got no answer and left nothing behind", a.trail.Calls)}
	}
	return got.links, got.ok, nil
}

// lookAgain are the pauses after a lost call before it is looked for, where the connector names none.
var lookAgain = [...]time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, 60 * time.Second, 120 * time.Second, 180 * time.Second}

// stillLost keeps the doubt alive through a look that failed.
func (o *outbox) stillLost(a *attempt, err error) error {
	var ce *connectors.Error
	if !errors.As(err, &ce) {
		ce = &connectors.Error{Op: "look for " + a.effect.Mark(), Class: connectors.Transient, Err: err}
	}
	if ce.Class != connectors.Unsure || ce.Wait > 0 {
		return &lookError{err: ce}
	}
	wait := *ce
	since := o.o.Now().Sub(a.trail.Lost)
	wait.Wait = longestPause
	for _, d := range lookAgain {
		if d > since {
			wait.Wait = d - since
			break
		}
	}
	return &lookError{err: &wait}
}

// lookError is an error of Find: the call itself was not made.
type lookError struct{ err *connectors.Error }

func (e *lookError) Error() string { return e.err.Error() }

func (e *lookError) Unwrap() error { return e.err }
