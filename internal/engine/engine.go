package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signoff/connectors"
	"signoff/internal/background"
	"signoff/internal/store"
	"signoff/rules"
)

// Options say what an engine works with. Store, Rules and Now are required.
type Options struct {
	Store store.Store
	Rules *rules.Set
	// Connectors by instance, the tracker's among them; Kinds names the kind of those whose instance is called
	// otherwise.
	Connectors map[string]connectors.Connector
	Kinds      map[string]string
	// Chat and Tracker are the instances in which new requests live.
	Chat, Tracker string
	// Mail is the instance through which people are written to; empty: the first that is a Mailer. Triage is who is asked
	// about what nobody is known for: a "#channel" of the chat, or the name of a group; empty: the group ops.
	Mail, Triage string
	Now          func() time.Time
	After        func(time.Duration) <-chan time.Time // sends when so much of Now's time has passed; nil = time.After
	Log          *slog.Logger
	Mode         string        // live (default) or shadow: decide, write nothing outside
	RawEvents    time.Duration // how long deliveries are kept; 0: 30 days
	Metrics      prometheus.Registerer
	Suggest      Suggester      // nil: words are read by the rules alone
	Librarian    Librarian      // nil: the rules come from no repository
	Rand         func() float64 // jitter, in [0,1); nil: the machine's
	Limits       Limits         // when a rule says too much
	// Skew says by how much our clock is off from which service, ok false while nothing is known; Size how large the
	// store is and may become. Without them the check of the installation leaves them out.
	Skew func() (host string, off time.Duration, ok bool)
	Size func() (used, limit int64)
}

func (o Options) complete() (Options, error) {
	switch {
	case o.Store == nil, o.Rules == nil, o.Now == nil:
		return o, errors.New("engine needs a store, rules and a clock")
	case o.Mode != "" && o.Mode != "live" && o.Mode != "shadow":
		return o, fmt.Errorf("mode %q is neither live nor shadow", o.Mode)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.RawEvents == 0 {
		o.RawEvents = 30 * 24 * time.Hour
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return o, nil
}

// Engine is the shell. Its methods may be called from many goroutines.
type Engine struct {
	o       Options
	met     *metrics
	book    *book
	people  *people
	limits  *limits
	gate    *gate
	decider *decider
	inbox   *inbox
	outbox  *outbox
	chores  *chores
	listen  *listeners
	poll    *pollers
	homes   *homes
	large   chan struct{} // large bodies being stored

	suggestions suggestions
	pictures    pictures

	stopping atomic.Bool
	unstored atomic.Bool      // the last delivery could not be stored
	beside   background.Group // work started for people who wait, beside a commit
}

// New returns an engine that is ready to take deliveries; nothing is worked on before Run.
func New(o Options) (*Engine, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	for instance := range o.Connectors {
		if own(instance) {
			return nil, fmt.Errorf("a connector cannot be called %q: the name stands for signoff's own doors", instance)
		}
	}
	if o.Mail == "" {
		o.Mail = mailer(o.Connectors)
	}
	e := &Engine{o: o}
	e.met = newMetrics(o)
	e.book = newBook(o.Rules, o.Log)
	e.people = newPeople(o)
	e.people.met = e.met
	e.limits = newLimits(o.Rand)
	e.gate = newGate()
	e.outbox = newOutbox(e)
	e.homes = newHomes(o)
	e.people.home = e.homes
	e.decider = &decider{o: o, book: e.book, people: e.people, outbox: e.outbox, home: e.homes, met: e.met, keep: newKeepers(o.Connectors)}
	e.outbox.decider = e.decider
	e.inbox = newInbox(e)
	e.chores = &chores{e: e}
	e.listen = &listeners{e: e}
	e.poll = &pollers{e: e}
	e.large = make(chan struct{}, largeRoom)
	e.people.learn(o.Rules)
	for _, c := range o.Connectors {
		if c, ok := c.(connectors.Asker); ok {
			c.Ask(e.Query())
		}
	}
	return e, nil
}

// mailer is the first instance through which people are written to.
func mailer(all map[string]connectors.Connector) string {
	for _, instance := range slices.Sorted(maps.Keys(all)) {
		if mails(all[instance]) {
			return instance
		}
	}
	return ""
}

// mails reports whether a connector writes to people by mail.
func mails(c connectors.Connector) bool {
	m, ok := c.(connectors.Mailer)
	return ok && m.Mails()
}

const drain = 15 * time.Second

// Run works until ctx ends. It then takes nothing new and gives what is in flight 15 seconds to finish.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.chores.start(ctx); err != nil {
		return fmt.Errorf("plan recurring work: %w", err)
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	open, shut := context.WithCancel(context.WithoutCancel(ctx))
	defer shut()
	release := context.AfterFunc(ctx, func() {
		e.stopping.Store(true) // before the listeners hear of it: what they still bring is sent again
		shut()
		time.AfterFunc(drain, cancel)
	})
	defer release()
	e.listen.start(open)
	e.poll.start(open)
	err := e.o.Store.Work(ctx, func(_ context.Context, j store.Job) error { return e.run(work, j) })
	e.stopping.Store(true)
	shut()
	e.listen.wait()
	e.poll.wait()
	e.beside.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Nudge tells the engine that the clock has been moved.
func (e *Engine) Nudge() {
	if n, ok := e.o.Store.(interface{ Nudge() }); ok {
		n.Nudge()
	}
}

// The kinds of job.
const (
	enrichJob  = "enrich"
	decideJob  = "decide"
	doJob      = "do"
	timerJob   = "timer"
	bundleJob  = "bundle"
	expireJob  = "expire"
	peopleJob  = "people"
	recheckJob = "recheck"
	ticketsJob = "tickets"
	homeJob    = "home"
	personJob  = "person"
	heldJob    = "held"
	hearJob    = "hear"
	aliveJob   = "alive"

	registerJob = "register"
	lookJob     = "look"
	briefJob    = "brief"
	wakeJob     = "wake"
	shadowJob   = "shadow"
	looksJob    = "looks"
)

func (e *Engine) run(ctx context.Context, j store.Job) error {
	switch j.Kind {
	case enrichJob:
		return e.inbox.enrich(ctx, j)
	case decideJob:
		return e.inbox.decide(ctx, j)
	case doJob:
		return e.outbox.do(ctx, j)
	case timerJob:
		return e.timer(ctx, j)
	case bundleJob:
		return e.outbox.digest(ctx, j)
	case homeJob:
		return e.showHome(ctx, j)
	case personJob:
		return e.tellPerson(ctx, j)
	case heldJob:
		return e.showHeld(ctx, j)
	case hearJob:
		return e.hearThread(ctx, j)
	case lookJob:
		return e.lookAtAsset(ctx, j)
	case briefJob:
		return e.readBrief(ctx, j)
	case wakeJob:
		return e.wakeRule(ctx, j)
	case expireJob, peopleJob, recheckJob, ticketsJob, aliveJob, registerJob, looksJob, shadowJob, shelfJob, awayJob:
		return e.chores.run(ctx, j)
	}
	// Another version of signoff may know it; it is never thrown away.
	return store.Park("this version does not know jobs of kind " + j.Kind)
}
