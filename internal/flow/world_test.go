package flow

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"signoff/internal/text"
)

// world plays events against one request, and stands in for what is outside.
type world struct {
	p       *static
	r       Request
	now     time.Time
	n       int
	chat    bool
	pending []Effect
	things  map[string]thing // by mark: what exists outside
	last    Outcome
	triage  string // why a request that is submitted waits for triage
	facts   Facts
}

// thing is something that was made outside.
type thing struct {
	link    Link
	version int64
	view    View
	made    int // how often it was created
}

func newWorld(p *static) *world {
	return &world{p: p, now: time.Date(2026, 11, 18, 14, 0, 0, 0, time.UTC), chat: true, things: map[string]thing{}}
}

// twoStages is Brand (ana, dana), then Sign-off (eli).
func twoStages() *static {
	return studio().
		stage(StageDef{Name: "Brand", Together: 1, FourEyes: true}, "ana", "dana").
		stage(StageDef{Name: "Sign-off", Together: 2, FourEyes: true}, "eli")
}

func person(name string) Actor {
	return Actor{Name: name, Ref: Ref{"slack", "user", "U-" + name}}
}

func (w *world) step(ev Event) Outcome {
	w.last = Step(w.p, w.r, ev, w.facts)
	w.r = w.last.Request
	w.pending = append(w.pending, w.last.Effects...)
	return w.last
}

func (w *world) event(kind Kind, by string, fields ...string) Event {
	w.n++
	ev := Event{ID: "slack/" + strconv.Itoa(w.n), Kind: kind, At: w.now, Actor: person(by), Request: w.r.ID, Fields: map[string][]string{}}
	for i := 0; i+1 < len(fields); i += 2 {
		ev.Fields[fields[i]] = []string{fields[i+1]}
	}
	return ev
}

func (w *world) submit(by, assignee string) Outcome {
	ev := w.event(RequestSubmitted, by, "source", "slack")
	ev.Links = []Link{{Ref: Ref{"slack", "thread", "C1/1"}, Purpose: "thread", URL: "https://lumen.slack.example/p1"}}
	f := Facts{New: "CR-142", Routing: &Routing{Rule: "Banners", Title: "Spring banner", Project: "DES", Workflow: "standard", Assignee: assignee}}
	if f.Routing.Triage = w.triage; w.triage != "" {
		f.Triage = []string{"#creative-ops"}
	}
	if w.chat {
		f.Places = Places{Chat: "slack", Tracker: "jira"}
	}
	w.last = Step(w.p, w.r, ev, f)
	w.r = w.last.Request
	w.pending = append(w.pending, w.last.Effects...)
	return w.last
}

func (w *world) vote(by, stage string, verdict Verdict) Event {
	ev := w.event(VoteCast, by, "stage", stage, "verdict", string(verdict))
	if verdict == Approve {
		ev.Fields["confirmed"] = []string{"yes"} // whatever is open
	}
	if verdict == RequestChanges {
		ev.Body = text.Plain("Logo too small")
	}
	return ev
}

// settle does everything that is wished for, in order, until nothing is left.
func (w *world) settle() {
	for len(w.pending) > 0 {
		e := w.pending[0]
		w.pending = w.pending[1:]
		if e.Show != nil {
			w.step(w.do(e))
		}
	}
}

// do makes a Show true outside as the engine and a connector would: an older version never wins, and what an earlier
// try made is found by its mark. It returns the receipt.
func (w *world) do(e Effect) Event {
	mark := e.Target + " " + e.Mark()
	t, exists := w.things[mark]
	if !exists {
		t.link = Link{Ref: Ref{e.Target, "thing", mark}, Purpose: e.Show.Purpose}
		if e.Show.Purpose == "ticket" {
			t.link.Label, t.link.URL = "DES-7", "https://jira.example/browse/DES-7"
		}
	}
	if e.Show.Link == nil && !exists {
		t.made++
	}
	if e.Show.Version >= t.version {
		t.version, t.view = e.Show.Version, e.Show.View
	}
	w.things[mark] = t
	ev := receipt(e, w.now)
	ev.Links = []Link{t.link}
	return ev
}

func asJSON(t reporter, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(b)
}

// again reads a request back from its stored form.
func again(t reporter, r Request) Request {
	t.Helper()
	var back Request
	if err := json.Unmarshal([]byte(asJSON(t, r)), &back); err != nil {
		t.Fatalf("%v", err)
	}
	return back
}

// reporter is a test, or one try of a property.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// check holds what is true of every outcome, whatever led to it.
func check(t reporter, before Request, ev Event, o Outcome) {
	t.Helper()
	r := o.Request
	if len(o.Why) == 0 {
		t.Errorf("%s: no reason", ev.Kind)
	}
	if r.Version != before.Version && r.Version != before.Version+1 {
		t.Errorf("%s: version %d after %d", ev.Kind, r.Version, before.Version)
	}
	if r.Version == before.Version && len(o.Effects) > 0 {
		t.Errorf("%s: effects without a record", ev.Kind)
	}
	if r.Status.Closed() && (len(r.Open()) > 0 || !r.WakeAt.IsZero() || r.Closed.IsZero()) {
		t.Errorf("%s: closed as %s with %d open stages, wake at %v, closed %v", ev.Kind, r.Status, len(r.Open()), r.WakeAt, r.Closed)
	}
	if (r.Status == Draft) != (r.Offer != nil && !r.Status.Closed()) {
		t.Errorf("%s: %s with the offer %+v", ev.Kind, r.Status, r.Offer)
	}
	for _, e := range o.Effects {
		if r.Offer != nil && (e.Show != nil || e.Copy != nil || e.Tell != nil && e.Tell.View.Kind != DraftView && !e.Tell.Private) {
			t.Errorf("%s: something of a draft is seen: %+v", ev.Kind, e)
		}
	}
	if r.Workflow != "" && (r.Status == InReview) != (len(r.Open()) > 0) {
		t.Errorf("%s: %s with %d open stages", ev.Kind, r.Status, len(r.Open()))
	}
	checkEffects(t, o)
	checkSpans(t, r)
}

func checkEffects(t reporter, o Outcome) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range o.Effects {
		key := e.Purpose()
		if e.Tell != nil {
			key = e.ID
		}
		if seen[key] || seen[e.ID] {
			t.Errorf("effect %s of purpose %s twice in one outcome", e.ID, key)
		}
		seen[key], seen[e.ID] = true, true
		if e.Show != nil && e.Show.View.Headline == "" || e.Tell != nil && e.Tell.View.Headline == "" {
			t.Errorf("effect %s has no headline", e.ID)
		}
		if e.Show != nil {
			checkFacts(t, e.Show.View)
		}
		if e.Wake == nil && e.Target == "" {
			t.Errorf("effect %s has no target: %s", e.ID, printEffect(e))
		}
	}
}

// checkFacts holds that every fact has a value, an instant its words, and every button a label.
func checkFacts(t reporter, v View) {
	t.Helper()
	for _, f := range v.Facts {
		value := f.Text != "" || len(f.People) > 0 || !f.At.IsZero()
		if f.Name == "" || !value || v.Kind != TicketView && f.At.IsZero() != (f.Said == "") {
			t.Errorf("%s: fact %+v", v.Headline, f)
		}
	}
	for _, b := range v.Buttons {
		if b.Action == "" || b.Label == "" {
			t.Errorf("%s: button %+v", v.Headline, b)
		}
	}
}

func checkSpans(t reporter, r Request) {
	t.Helper()
	for _, run := range r.Stages {
		for i, w := range run.Waiting {
			lasts := w.To.IsZero()
			if lasts && (i < len(run.Waiting)-1 || run.State != StageOpen) {
				t.Errorf("%s (%s): span %d of %d is not over: %+v", run.Name, run.State, i, len(run.Waiting), run.Waiting)
			}
			if strings.Join(w.On, "") == "" {
				t.Errorf("%s: waits on nobody: %+v", run.Name, run.Waiting)
			}
		}
	}
}
