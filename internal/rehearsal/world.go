package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"signoff/connectors"
	"signoff/internal/calendar"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// world is one installation in which one test is played: the engine, its store, and what is outside.
type world struct {
	ctx    context.Context
	set    *rules.Set
	policy flow.Policy
	zone   *time.Location
	desk   *desk
	out    *outside
	engine *engine.Engine
	stop   func() error

	id      flow.RequestID // the request that the test is about
	acts    int
	ignored string        // why nothing was made of what came in
	rule    string        // the rule that applied
	why     []flow.Reason // of the routing
	tape    tape
	used    coverage
}

// tape is what happened during one step.
type tape struct {
	said      []message
	reminded  []string
	escalated []string
	steps     []int
	did       string
	refusal   string
}

// stuck says that a test cannot go on, and why.
type stuck struct{ why string }

func (s *stuck) Error() string { return s.why }

// open starts an engine of its own for a test.
func open(ctx context.Context, set *rules.Set, t *test) (*world, error) {
	w := &world{set: set, policy: set.Policy(set), zone: t.zone, desk: newDesk(t.now), used: newCoverage()}
	people, pins := map[string]string{}, map[string]string{}
	for _, p := range set.People() {
		people[strings.ToLower(p.Email)] = p.Name
		if pin := p.Pins[chatDoor]; pin != "" {
			pins[pin] = p.Name
		}
	}
	w.out = newOutside(people, pins)
	var err error
	w.engine, err = engine.New(engine.Options{
		Store: w.desk, Rules: set, Connectors: w.doors(), Chat: chatDoor, Tracker: trackerDoor, Mail: mailDoor,
		Now: w.desk.clock.Now, After: never, Rand: func() float64 { return 0.5 },
	})
	if err != nil {
		return nil, fmt.Errorf("set up the engine: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	w.ctx, w.desk.around = ctx, w.watch
	done := make(chan error, 1)
	go func() { done <- w.engine.Run(ctx) }()
	w.stop = func() error {
		cancel()
		return <-done
	}
	if err := w.desk.ready(ctx); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	if err := errors.Join(w.idle(), w.settle()); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	return w, nil
}

// idle puts off the chores of an installation: nothing here grows old, and tickets move by steps alone. A wait of a year
// then takes no longer than one of a minute.
func (w *world) idle() error {
	return w.desk.Update(w.ctx, func(tx store.Tx) error {
		for _, id := range []string{"expire", "alive", "tickets/" + trackerDoor} {
			if err := tx.Cancel(id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *world) doors() map[string]connectors.Connector {
	all := map[string]connectors.Connector{
		chatDoor: identifying{door{chatDoor, w.out}}, mailDoor: mailbox{identifying{door{mailDoor, w.out}}},
		trackerDoor: tracker{identifying{door{trackerDoor, w.out}}},
	}
	for _, name := range sourceDoors() {
		all[name] = door{name, w.out}
	}
	return all
}

func (w *world) now() time.Time { return w.desk.clock.Now() }

func (w *world) stamp(t time.Time) string { return t.In(w.zone).Format("2006-01-02 15:04") }

func (w *world) settle() error { return w.desk.settle(w.ctx) }

func (w *world) pass(until time.Time) error {
	if err := w.desk.pass(w.ctx, until); err != nil {
		return err
	}
	return w.settle()
}

// later is so long after now, in the calendar of whom the request waits for.
func (w *world) later(span calendar.Span) time.Time {
	who := ""
	if r, ok := w.request(); ok {
		if waiting := flow.WaitingFor(w.policy, r); len(waiting) > 0 {
			who = waiting[0].Name
		}
	}
	return w.set.After(who, w.now(), span)
}

// request reads the request that the test is about.
func (w *world) request() (r flow.Request, ok bool) {
	if w.id == "" {
		return r, false
	}
	_ = w.desk.View(w.ctx, func(tx store.Tx) (err error) {
		r, ok, err = tx.Request(w.id)
		return err
	})
	return r, ok
}

func (w *world) records() (list []flow.Record) {
	_ = w.desk.View(w.ctx, func(tx store.Tx) (err error) {
		list, err = tx.Records(w.id)
		return err
	})
	return list
}

// watch looks at what time brings: which reminders and escalation steps come with a timer.
func (w *world) watch(j store.Job, do func() error) error {
	if j.Kind != "timer" || j.Request != w.id || w.id == "" {
		return do()
	}
	before, _ := w.request()
	err := do()
	after, _ := w.request()
	for _, m := range fired(w.policy, before, after) {
		w.happened(after, m)
	}
	return err
}

// fired lists the moments that came between two states of a request.
func fired(p flow.Policy, before, after flow.Request) (out []flow.Moment) {
	for _, run := range before.Open() {
		waiting := flow.WaitingFor(p, only(before, run.Name))
		plan := slices.Concat(p.Plan(before, run, waiting, run.Entered), p.Plan(before, run, waiting, before.Looked))
		for _, m := range plan {
			is := slices.Contains(after.Fired, m.Name) && !slices.Contains(before.Fired, m.Name)
			if is && !slices.ContainsFunc(out, func(o flow.Moment) bool { return o.Name == m.Name }) {
				out = append(out, m)
			}
		}
	}
	return out
}

func (w *world) happened(r flow.Request, m flow.Moment) {
	var to []string
	for _, who := range m.To {
		to = append(to, called(who))
	}
	switch m.Kind {
	case flow.Remind:
		w.tape.reminded = added(w.tape.reminded, to...)
	case flow.Escalate:
		for _, place := range m.Where {
			if strings.HasPrefix(place, "#") {
				to = append(to, place)
			}
		}
		w.tape.escalated = added(w.tape.escalated, to...)
		w.tape.steps = append(w.tape.steps, m.Step)
		w.used.steps[r.Escalation+"/"+fmt.Sprint(m.Step)] = true
	}
}

func added(list []string, more ...string) []string {
	for _, v := range more {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// actor is somebody as they act in chat.
func (w *world) actor(name string) flow.Actor {
	if r, ok := w.request(); ok && called(r.Requester) == name && r.Requester.Name == "" {
		return r.Requester
	}
	for _, p := range w.set.People() {
		if p.Name == name {
			return flow.Actor{Ref: account(chatDoor, name, ""), Email: p.Email, Shown: p.Shown, Zone: p.Zone.String()}
		}
	}
	if strings.Contains(name, "@") {
		return flow.Actor{Ref: account(mailDoor, "", name), Email: name, Shown: name}
	}
	return flow.Actor{Ref: account(chatDoor, name, ""), Shown: titled(name), Zone: w.zone.String()}
}

// titled gives a name a capital.
func titled(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// directed is somebody by their name in the directory, for our own pages.
func (w *world) directed(name string) flow.Actor {
	a := w.actor(name)
	if p, ok := w.policy.Person(name); ok {
		return flow.Actor{Name: name, Shown: p.Shown}
	}
	return a
}

// deliver brings an event to a door and returns what became of it.
func (w *world) deliver(instance string, ev flow.Event) ([]flow.Reason, error) {
	w.acts++
	id := fmt.Sprintf("act-%d", w.acts)
	body, err := json.Marshal(ev)
	if err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	reply := w.engine.Hook(w.ctx, instance, connectors.Inbound{Method: http.MethodPost, Rest: id, Body: body, At: w.now()})
	if reply.Status >= 300 {
		return nil, fmt.Errorf("the engine takes nothing in: status %d", reply.Status)
	}
	if err := w.settle(); err != nil {
		return nil, err
	}
	return w.became(instance + "/" + id)
}

// became reads what a delivery came to: the reasons of its decision, or why there was none.
func (w *world) became(delivery string) (why []flow.Reason, err error) {
	var d flow.Delivery
	err = w.desk.View(w.ctx, func(tx store.Tx) error {
		var err error
		if d, _, err = tx.Delivery(delivery); err != nil || d.Request == "" {
			return err
		}
		list, err := tx.Records(d.Request)
		for _, rec := range list {
			if rec.Event.Delivery == delivery && why == nil {
				why = rec.Why
			}
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case d.State == flow.Malformed || d.State == flow.Dead:
		return nil, errors.New("signoff could not work on it: " + d.Why)
	case d.Request != "" && w.id == "":
		w.id = d.Request
	}
	if why == nil {
		why = []flow.Reason{{Code: "ignored", Text: d.Why}}
	}
	return why, nil
}

// judge notes whether an act counted.
func (w *world) judge(why []flow.Reason, did string) {
	if len(why) == 0 {
		return
	}
	switch why[0].Code {
	case flow.CodeRecorded, flow.CodeNoted, flow.CodeEcho:
		w.tape.did = did
	default:
		w.tape.refusal = why[0].Text
		if w.tape.refusal == "" {
			w.tape.refusal = "it does not count (" + why[0].Code + ")"
		}
	}
}

// sight is what can be seen now, and what happened since it was last asked for.
func (w *world) sight() sight {
	s := sight{
		policy: w.policy, zone: w.zone, rule: w.rule, ignored: w.ignored, why: w.why, said: w.out.taken(), reminded: w.tape.reminded,
		escalated: w.tape.escalated, steps: w.tape.steps, did: w.tape.did, refusal: w.tape.refusal,
	}
	s.request, s.exists = w.request()
	w.tape = tape{}
	w.used.stagesOf(s.request)
	return s
}
