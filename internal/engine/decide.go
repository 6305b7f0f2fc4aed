package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
	"signoff/rules"
)

// decider applies events to requests inside a transaction. It decides nothing itself: it gathers what rules and flow
// ask for, and writes down what they say.
type decider struct {
	o      Options
	book   *book
	people *people
	outbox *outbox
	home   *homes
	met    *metrics
	keep   keepers
}

// decision is what became of one event.
type decision struct {
	Event   flow.Event
	Request flow.Request // zero when the event belongs to none
	Opened  bool
	Ignored string // why nothing was decided
	Why     []flow.Reason
	Effects int
	beside  *decision // what else was decided in the same transaction, about another request
}

// note writes into the delivery what became of one of its events; what was decided outweighs what was ignored.
func (d decision) note(to *flow.Delivery) {
	switch {
	case d.Ignored != "":
		if to.State != flow.Done && to.State != flow.Superseded {
			to.Why = d.Ignored
		}
	case code(d.Why) == "superseded":
		if to.State != flow.Done {
			to.State, to.Why, to.Request = flow.Superseded, d.Why[0].Text, d.Request.ID
		}
	default:
		to.State, to.Why, to.Request = flow.Done, "", d.Request.ID
	}
}

func code(why []flow.Reason) string {
	if len(why) == 0 {
		return ""
	}
	return why[0].Code
}

// delivered decides an event that came from outside, once it is settled whose accounts it names.
func (d *decider) delivered(tx store.Tx, ev flow.Event) (decision, error) {
	instance, _, _ := strings.Cut(ev.Delivery, "/")
	return d.received(tx, instance, ev)
}

// received decides an event that an instance told of, by a delivery or when it was asked.
func (d *decider) received(tx store.Tx, instance string, ev flow.Event) (decision, error) {
	if _, mail := d.o.Connectors[instance].(connectors.Mailer); mail && !mailed(ev.Kind) {
		return decision{Event: ev, Ignored: "what is written in a mail decides nothing"}, nil
	}
	ev = d.keep.recognized(cleaned(ev))
	set := d.book.current.Load()
	dir := set.Policy(set)
	var err error
	if !own(instance) {
		who, sure := d.vouched(instance, ev)
		if ev.Actor = who; sure {
			if ev.Actor, err = d.people.who(tx, who, dir); err != nil {
				return decision{}, err
			}
		}
		// Where somebody acted, and how surely it was they, is said by our own pages and API only.
		delete(ev.Fields, "via")
		delete(ev.Fields, "assurance")
	}
	if ev.To.Name == "" {
		if ev.To, err = d.people.who(tx, ev.To, dir); err != nil {
			return decision{}, err
		}
	}
	if err := d.nameSavers(tx, &ev, dir); err != nil {
		return decision{}, err
	}
	return d.decide(tx, ev)
}

// mailed reports whether a mail may state something of that kind: anybody can write in anybody's name.
func mailed(k flow.Kind) bool {
	return slices.Contains([]flow.Kind{flow.RequestSubmitted, flow.CommentAdded, flow.FilesAdded, flow.MailFailed}, k)
}

// nameSavers names whoever saved the versions of an event, by the directory: they have a part in the work.
func (d *decider) nameSavers(tx store.Tx, ev *flow.Event, dir flow.Policy) (err error) {
	known := map[flow.Ref]flow.Actor{ev.Actor.Ref: ev.Actor}
	name := func(versions []flow.Version) []flow.Version {
		versions = slices.Clone(versions)
		for i := range versions {
			by := &versions[i].By
			who, ok := known[by.Ref]
			if !ok && err == nil {
				who, err = d.people.who(tx, *by, dir)
				known[by.Ref] = who
			}
			by.Name = who.Name
		}
		return versions
	}
	ev.Versions = name(ev.Versions)
	ev.Assets = slices.Clone(ev.Assets)
	for i := range ev.Assets {
		ev.Assets[i].Versions = name(ev.Assets[i].Versions)
	}
	return err
}

// cleaned takes what nobody can see and what could steer a display out of the words of an event, at the one place that
// everything from outside passes.
func cleaned(ev flow.Event) flow.Event {
	fields := make(map[string][]string, len(ev.Fields))
	for name, values := range ev.Fields {
		values = slices.Clone(values)
		for i, v := range values {
			values[i] = text.Clean(v)
		}
		fields[name] = values
	}
	ev.Fields, ev.Body = fields, ev.Body.Clean()
	ev.Actor.Shown, ev.To.Shown = text.Clean(ev.Actor.Shown), text.Clean(ev.To.Shown)
	ev.Files, ev.Versions, ev.Assets = slices.Clone(ev.Files), cleanVersions(ev.Versions), slices.Clone(ev.Assets)
	for i := range ev.Files {
		ev.Files[i].Name = text.Clean(ev.Files[i].Name)
	}
	for i := range ev.Assets {
		a := &ev.Assets[i]
		a.Label, a.Versions = text.Clean(a.Label), cleanVersions(a.Versions)
	}
	return ev
}

func cleanVersions(all []flow.Version) []flow.Version {
	all = slices.Clone(all)
	for i := range all {
		v := &all[i]
		v.Name, v.Note, v.By.Shown = text.Clean(v.Name), text.Clean(v.Note), text.Clean(v.By.Shown)
	}
	return all
}

// decide applies one event to its request, or opens a request.
func (d *decider) decide(tx store.Tx, ev flow.Event) (dec decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic while deciding %s: %v", errPoison, ev.Kind, p)
		}
	}()
	if personal(ev.Kind) {
		return d.person(tx, ev)
	}
	if ev.Kind == flow.RulesPushed {
		return d.rulesPushed(tx, ev)
	}
	r, ok, err := d.touched(tx, ev)
	if err != nil {
		return dec, err
	}
	if ev.Kind == flow.RequestSubmitted && ev.Request == "" {
		if !ok || r.Status.Closed() {
			return d.open(tx, ev)
		}
		var why string
		if ev, why = knownAlready(r, ev); why != "" {
			return decision{Event: ev, Ignored: why}, nil
		}
	}
	if !ok {
		return decision{Event: ev, Ignored: "no request belongs to it"}, nil
	}
	return d.known(tx, r, ev)
}

// known applies an event to a request that exists.
func (d *decider) known(tx store.Tx, r flow.Request, ev flow.Event) (dec decision, err error) {
	ev.Request = r.ID
	p, err := d.book.policy(tx, r)
	if err != nil {
		return dec, err
	}
	if anew(r, ev) {
		set := d.book.current.Load()
		p = set.Policy(set)
	}
	f, err := d.facts(tx, r, ev)
	if err != nil {
		return dec, err
	}
	s := stepped{p: p, before: r, ev: ev, f: f, out: flow.Step(p, r, ev, f)}
	if ev.Kind == flow.RequestMerged && code(s.out.Why) == flow.CodeRecorded {
		return d.merge(tx, s)
	}
	return d.write(tx, s)
}

// touched finds the request an event is about.
func (d *decider) touched(tx store.Tx, ev flow.Event) (flow.Request, bool, error) {
	r, ok, err := named(tx, ev)
	if err == nil && ok && conversation(ev.Kind) && !ev.Echo {
		r, err = survivor(tx, r)
	}
	return r, ok, err
}

func named(tx store.Tx, ev flow.Event) (flow.Request, bool, error) {
	switch {
	case ev.Request != "":
		return tx.Request(ev.Request)
	case ev.Subject.Zero():
		return flow.Request{}, false, nil
	}
	return touching(tx, ev.Subject)
}

// touching finds the request that something outside belongs to: an open one before a closed one, a newer one before
// an older one.
func touching(tx store.Tx, ref flow.Ref) (flow.Request, bool, error) {
	for _, terms := range [][]string{{"ref:" + ref.String(), "open:yes"}, {"ref:" + ref.String()}} {
		list, _, err := tx.Requests(store.Query{Terms: terms, Limit: 1})
		if err != nil || len(list) > 0 {
			return first(list), len(list) > 0, err
		}
	}
	return flow.Request{}, false, nil
}

func first(list []flow.Request) (r flow.Request) {
	if len(list) > 0 {
		r = list[0]
	}
	return r
}

// apply steps the request and writes down the outcome.
func (d *decider) apply(tx store.Tx, p flow.Policy, r flow.Request, ev flow.Event, f flow.Facts) (decision, error) {
	var err error
	if f.Away, err = d.awayAt(tx, ev.At); err != nil {
		return decision{}, err
	}
	return d.write(tx, stepped{p: p, before: r, ev: ev, f: f, out: flow.Step(p, r, ev, f)})
}

// stepped is an event with what came of it.
type stepped struct {
	p      flow.Policy
	before flow.Request
	ev     flow.Event
	f      flow.Facts
	out    flow.Outcome
}

// write writes down the outcome of a step: record, request, effects.
func (d *decider) write(tx store.Tx, s stepped) (decision, error) {
	p, r, ev, f, out := s.p, s.before, s.ev, s.f, s.out
	dec := decision{Event: ev, Request: out.Request, Why: out.Why, Effects: len(out.Effects)}
	if out.Request.Version == r.Version {
		return dec, nil // it was counted before, or cannot be opened: the journal holds nothing new
	}
	dec.Opened = r.Version == 0
	rec := flow.Record{
		Request: out.Request.ID, Version: out.Request.Version, Event: ev, Facts: f,
		Ruleset: p.Ruleset(), Directory: p.Directory(), Why: out.Why,
	}
	for _, e := range out.Effects {
		rec.Effects = append(rec.Effects, e.ID)
	}
	if err := tx.PutRequest(out.Request, out.Terms); err != nil {
		return dec, err
	}
	if _, err := tx.Record(rec); err != nil {
		return dec, err
	}
	for _, e := range out.Effects {
		if d.outbox.ruleSays(ev, e) {
			e.Rule = out.Request.Rule
		}
		if err := d.outbox.put(tx, e, ev.At); err != nil {
			return dec, err
		}
	}
	if err := d.catchUp(tx, r, out.Request, ev); err != nil {
		return dec, err
	}
	if err := d.follow(tx, r, out.Request, ev); err != nil {
		return dec, err
	}
	return dec, d.home.touched(tx, ev.At, changed(r, out.Request)...)
}

// open asks the rules what becomes of a new request and opens it, unless they ignore it.
func (d *decider) open(tx store.Tx, ev flow.Event) (decision, error) {
	quiet, err := muted(tx, ev.Actor)
	if err != nil {
		return decision{}, err
	}
	if quiet && ev.Field("draft") == "watch" {
		return decision{Event: ev, Ignored: "whoever wrote it wants no drafts"}, nil
	}
	set := d.book.current.Load()
	answers, needs, err := d.answers(tx, set, ev)
	if err != nil {
		return decision{}, err
	}
	routing := set.Route(ev, answers)
	if routing.Ignore {
		return decision{Event: ev, Ignored: ignoredBy(routing), Why: routing.Why}, nil
	}
	if err := takeTurn(tx, needs, answers, routing.Assignee); err != nil {
		return decision{}, err
	}
	if err := d.shareOut(tx, set, routing.Template, routing.Rule, &answers); err != nil {
		return decision{}, err
	}
	if err := d.book.keep(tx, set); err != nil {
		return decision{}, err
	}
	n, err := tx.Seq("request")
	if err != nil {
		return decision{}, err
	}
	id := flow.RequestID(fmt.Sprintf("%s-%d", set.Options().Workspace.KeyPrefix, n))
	f := flow.Facts{New: id, Routing: &routing, Places: d.places(ev), Answers: answers, Muted: quiet, Attach: len(ev.Files) > 0 && d.attaches(), Triage: d.askedInTriage(&routing)}
	return d.apply(tx, set.Policy(set), flow.Request{}, ev, f)
}

func ignoredBy(r flow.Routing) string {
	if r.Rule == "" {
		return "no rule makes a request of it"
	}
	return fmt.Sprintf("rule %q ignores it", r.Rule)
}

// places are where the request will live: people are asked where it came from, when that is a chat.
func (d *decider) places(ev flow.Event) flow.Places {
	p := flow.Places{Chat: d.o.Chat, Tracker: d.o.Tracker, Mail: d.o.Mail}
	instance, _, _ := strings.Cut(ev.Delivery, "/")
	c := d.o.Connectors[instance]
	if !chats(c) {
		return p
	}
	_, asks := c.(connectors.Doer)
	_, finds := c.(connectors.Identifier)
	if asks && finds {
		p.Chat = instance
	}
	return p
}

// chats reports whether a connector may be a chat: it is not where tickets, mails, the work or its briefs are kept.
func chats(c connectors.Connector) bool {
	_, tracker := c.(connectors.Tracker)
	_, mail := c.(connectors.Mailer)
	_, source := c.(connectors.Source)
	_, briefs := c.(connectors.Briefer)
	return !tracker && !mail && !source && !briefs
}

const turnsTable = "turns"

// answers replies to what the rules need to know about other requests.
func (d *decider) answers(tx store.Tx, set *rules.Set, ev flow.Event) (flow.Answers, []rules.Need, error) {
	var a flow.Answers
	needs := set.Needs(ev)
	for _, n := range needs {
		var err error
		switch n.Kind {
		case "load":
			err = addLoads(tx, &a, n.People)
		case "turn":
			err = addTurn(tx, &a, n.Key)
		}
		if err != nil {
			return a, nil, fmt.Errorf("answer %s of %s: %w", n.Kind, n.Key, err)
		}
	}
	return a, needs, d.addAway(tx, &a, needs, ev.At)
}

func addLoads(tx store.Tx, a *flow.Answers, who []string) error {
	if a.Load == nil {
		a.Load = map[string]float64{}
	}
	for _, name := range who {
		if _, known := a.Load[name]; known {
			continue
		}
		hours, err := load(tx, name)
		if err != nil {
			return err
		}
		a.Load[name] = hours
	}
	return nil
}

// load sums the hours that the open requests mean for a person: those they make, and those of which a subtask is theirs.
func load(tx store.Tx, name string) (hours float64, err error) {
	for _, term := range []string{"assignee:" + name, "part:" + name} {
		err = eachRequest(tx, []string{"open:yes", term}, func(r flow.Request) error {
			hours += flow.Hours(r, name)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return hours, nil
}

func addTurn(tx store.Tx, a *flow.Answers, key string) error {
	if a.Turn == nil {
		a.Turn = map[string]int{}
	}
	var n int
	if _, err := row(tx, turnsTable, key, &n); err != nil {
		return err
	}
	a.Turn[key] = n
	return nil
}

// takeTurn moves every round-robin on that has just given somebody work: to the one after them.
func takeTurn(tx store.Tx, needs []rules.Need, a flow.Answers, assignee string) error {
	for _, n := range needs {
		at := slices.Index(n.People, assignee)
		if n.Kind != "turn" || at < 0 {
			continue
		}
		turn, size := a.Turn[n.Key], len(n.People)
		passed := ((at-turn)%size + size) % size // who is away keeps no place in the turns
		if err := putRow(tx, turnsTable, n.Key, turn+passed+1); err != nil {
			return err
		}
	}
	return nil
}

// eachRequest walks all requests under terms.
func eachRequest(tx store.Tx, terms []string, each func(flow.Request) error) error {
	q := store.Query{Terms: terms, Limit: 500}
	for {
		list, next, err := tx.Requests(q)
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := each(r); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		q.After = next
	}
}

// report writes one line per decision.
func (d *decider) report(dec decision) {
	if dec.beside != nil {
		d.report(*dec.beside)
	}
	d.met.decisions.WithLabelValues(string(dec.Event.Kind)).Inc()
	if dec.Event.Echo && dec.Event.Field("receipt") == "no" {
		instance, _, _ := strings.Cut(dec.Event.Delivery, "/")
		d.met.strangers.WithLabelValues(instance).Inc()
		d.o.Log.Warn("our own account did something that no receipt of ours explains", "instance", instance, "event", dec.Event.ID)
	}
	args := []any{"event", dec.Event.ID, "kind", string(dec.Event.Kind)}
	if dec.Ignored != "" {
		d.o.Log.Info("event ignored", append(args, "why", dec.Ignored)...)
		return
	}
	d.o.Log.Info("event decided", append(args, "request", string(dec.Request.ID), "version", dec.Request.Version,
		"status", string(dec.Request.Status), "why", code(dec.Why), "effects", dec.Effects)...)
}

// event decides an event of our own making (a timer, a result) in one transaction with more.
func (d *decider) event(tx store.Tx, ev flow.Event, now time.Time) (decision, error) {
	ev.At = now.UTC()
	return d.decide(tx, ev)
}
