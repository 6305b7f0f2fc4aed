package backtest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/rules"
)

// request is one request of the history that is not over yet.
type request struct {
	id      flow.RequestID
	counted bool // it was opened in the time that is reported
	was     *story
	is      *story // the same as was while nothing that differs concerns it
	// diverged is when the two first differed in whom they wait for; zero: they agree so far.
	diverged time.Time
	listed   time.Time // what the timetable holds
}

func (q *request) shared() bool { return q.was == q.is }

// next is the instant at which time alone brings something to one of the two.
func (q *request) next() time.Time {
	a := q.was.next()
	if q.shared() {
		return a
	}
	return earlier(a, q.is.next())
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// story is a request under one ruleset.
type story struct {
	set       *rules.Set
	p         flow.Policy
	r         flow.Request
	routing   flow.Routing
	ignored   bool       // the rules make no request of it
	busy      [2]booking // by side
	reminded  int
	escalated int
	answers   []answer // estimated, by time
	said      []said   // recorded, of people who are not asked the same yet
}

// booking is what a story keeps somebody busy with.
type booking struct {
	who   string
	hours float64
}

func (s *story) over() bool { return s.ignored || s.r.Status.Closed() }

func (s *story) next() time.Time {
	if s.over() {
		return time.Time{}
	}
	at := s.r.WakeAt
	if len(s.answers) > 0 {
		at = earlier(at, s.answers[0].at)
	}
	return at
}

// fold lets an event happen.
func (s *story) fold(ev flow.Event, f flow.Facts) {
	var why []flow.Reason
	ev.Request = s.r.ID
	s.r, why = flow.Fold(s.p, s.r, ev, f)
	for _, w := range why {
		switch w.Code {
		case "reminded":
			s.reminded++
		case "escalated":
			s.escalated++
		}
	}
}

// opened begins a request in both stories.
func (r *Run) opened(rec flow.Record) {
	if rec.Facts.Routing == nil {
		return
	}
	old := r.set(rec.Ruleset)
	q := &request{id: rec.Request, counted: !rec.Event.At.Before(r.o.Since)}
	q.was = &story{set: old, p: r.policy(old, r.o.Old), routing: *rec.Facts.Routing}
	q.was.fold(rec.Event, rec.Facts)
	q.was.r.ID = rec.Request
	r.open[q.id] = q
	same := r.same(old)
	routing := r.route(same, rec.Event, q.was.routing, rec.Facts.Answers)
	if alike(q.was.routing, routing) && same.covers(q.was.r, routing) {
		q.is = q.was
	} else {
		f := rec.Facts
		f.Routing, f.Answers = &routing, flow.Answers{}
		q.is = &story{set: r.o.New, p: r.policy(r.o.New, r.o.New), routing: routing, ignored: routing.Ignore}
		if !routing.Ignore {
			q.is.fold(rec.Event, f)
		}
	}
	r.settle(q, rec.Event.At)
}

// route says what the new rules make of a submission, with what their own running tally knows.
func (r *Run) route(same *sameness, ev flow.Event, recorded flow.Routing, then flow.Answers) flow.Routing {
	even := maps.Equal(r.was.load, r.is.load) && maps.Equal(r.was.turns, r.is.turns)
	r.was.turned(then, nil, recorded.Assignee)
	var applied []string
	unchanged := same.routes
	if !same.routes {
		applied, unchanged = same.applies(r.o.New, ev, recorded)
	}
	var routing flow.Routing
	var needs []rules.Need
	switch {
	case same.routes, unchanged && even:
		r.is.turned(then, nil, recorded.Assignee)
		return recorded
	case unchanged:
		routing, needs = r.o.New.Reassign(recorded, applied, ev, r.answers(then))
	default:
		var known *flow.Routing
		if same.reads {
			known = &recorded
		}
		routing, needs = r.o.New.Ask(ev, known, r.answers(then))
	}
	r.is.turned(then, append([]rules.Need{}, needs...), routing.Assignee)
	return routing
}

// alike reports whether two routings lead to the same work and the same approval.
func alike(a, b flow.Routing) bool {
	return a.Ignore == b.Ignore && a.Rule == b.Rule && a.Template == b.Template && a.Workflow == b.Workflow && a.Project == b.Project && a.Priority == b.Priority &&
		a.Assignee == b.Assignee && a.Escalation == b.Escalation && a.Effort == b.Effort && a.StartNow == b.StartNow && a.Triage == b.Triage && a.Due.Equal(b.Due) &&
		slices.Equal(a.Reminders, b.Reminders) && slices.Equal(a.Labels, b.Labels) && maps.EqualFunc(a.Fields, b.Fields, slices.Equal)
}

// happened plays a recorded event in both stories.
func (r *Run) happened(q *request, rec flow.Record) {
	at, shared := rec.Event.At, q.shared()
	heard := r.learn(q, rec.Event)
	if rec.Event.Kind == flow.RulesMoved {
		r.moved(q, rec)
	} else if !q.was.over() || !q.was.ignored {
		q.was.fold(rec.Event, rec.Facts)
		if rec.Facts.Routing != nil {
			q.was.routing = *rec.Facts.Routing
		}
	}
	switch {
	case shared && rec.Facts.Routing != nil && rec.Event.Kind != flow.RulesMoved:
		r.confirmed(q, rec)
	case !shared && !q.is.over():
		r.follow(q, rec, heard)
	}
	r.settle(q, at)
}

// moved puts the story as it was under the rules that it was moved to then. What the new rules would make of it is no
// matter of that day.
func (r *Run) moved(q *request, rec flow.Record) {
	shared := q.shared()
	old := r.set(rec.Ruleset)
	next := *q.was
	next.set, next.p, next.answers = old, r.policy(old, r.o.Old), nil
	next.fold(rec.Event, rec.Facts)
	if shared {
		same := r.same(old)
		routing := r.route(same, rec.Event, next.routing, rec.Facts.Answers)
		if !same.covers(next.r, routing) || !alike(next.routing, routing) {
			mine := *q.was
			mine.set, mine.p = r.o.New, r.policy(r.o.New, r.o.New)
			q.is, q.was = &mine, &next
			return
		}
		q.is = &next
	}
	q.was = &next
}

// confirmed lets the new rules route a draft that became a request, where both stories were one until then.
func (r *Run) confirmed(q *request, rec flow.Record) {
	same := r.same(q.was.set)
	routing := r.route(same, submission(rec), q.was.routing, rec.Facts.Answers)
	if alike(q.was.routing, routing) && same.covers(q.was.r, routing) {
		return
	}
	mine := &story{set: r.o.New, p: r.policy(r.o.New, r.o.New), routing: routing, ignored: routing.Ignore}
	mine.r = flow.Request{ID: q.id}
	if !routing.Ignore {
		f := rec.Facts
		f.Routing, f.New, f.Answers = &routing, q.id, flow.Answers{}
		mine.fold(submission(rec), f)
		mine.r.Version = q.was.r.Version
	}
	q.is = mine
}

// submission is what was submitted when a draft was confirmed.
func submission(rec flow.Record) flow.Event {
	ev := rec.Event
	ev.Kind = flow.RequestSubmitted
	ev.Fields = maps.Clone(ev.Fields)
	delete(ev.Fields, "draft")
	if rec.Facts.Routing != nil && ev.Body.Empty() {
		if ev.Fields == nil {
			ev.Fields = map[string][]string{}
		}
		ev.Fields["title"] = []string{rec.Facts.Routing.Title}
	}
	return ev
}

// settle books what both keep people busy with, notes where they part, and ends what is over in both.
func (r *Run) settle(q *request, at time.Time) {
	r.was.book(q.was)
	if !q.shared() {
		r.is.book(q.is)
		if q.diverged.IsZero() && !agree(q.was, q.is) {
			q.diverged = at
		}
		if !q.diverged.IsZero() {
			r.expect(q, at)
		}
	} else {
		r.is.book(q.was)
	}
	if q.was.over() && q.is.over() {
		r.finish(q)
		delete(r.open, q.id)
		return
	}
	r.due.put(q)
}

// agree reports whether two stories wait for the same people and have come equally far.
func agree(a, b *story) bool {
	if a.ignored != b.ignored || a.r.Status != b.r.Status || a.r.Round != b.r.Round || a.r.Assignee.ID() != b.r.Assignee.ID() {
		return false
	}
	return slices.Equal(stands(a.r), stands(b.r))
}

// stands lists the open stages with whom each waits for.
func stands(r flow.Request) []string {
	var out []string
	for _, run := range r.Stages {
		if run.State == flow.StageOpen && run.Round == r.Round {
			out = append(out, run.Name+": "+strings.Join(waitsFor(run), ","))
		}
	}
	slices.Sort(out)
	return out
}

// waitsFor lists whom an open run waits for.
func waitsFor(run flow.StageRun) []string {
	if n := len(run.Waiting); n > 0 && run.Waiting[n-1].To.IsZero() {
		return run.Waiting[n-1].On
	}
	return nil
}

// tick lets happen what is due at an instant.
func (r *Run) tick(q *request, at time.Time) {
	r.fire(q.was, at)
	if !q.shared() {
		r.fire(q.is, at)
	}
	r.settle(q, at)
}

func (r *Run) fire(s *story, at time.Time) {
	if s.over() {
		return
	}
	if !s.r.WakeAt.IsZero() && !s.r.WakeAt.After(at) {
		s.fold(flow.Event{ID: "timer", Kind: flow.TimerFired, At: at, Fields: map[string][]string{"name": {"next"}}}, flow.Facts{Away: s.r.Away})
	}
	for len(s.answers) > 0 && !s.answers[0].at.After(at) && !s.over() {
		one := s.answers[0]
		s.answers = s.answers[1:]
		one.ev.At = at
		s.fold(one.ev, flow.Facts{Away: s.r.Away})
	}
}

// byTime puts an answer into its place.
func (s *story) plan(a answer) {
	i, _ := slices.BinarySearchFunc(s.answers, a, func(x, y answer) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.ev.ID, y.ev.ID)) })
	s.answers = slices.Insert(s.answers, i, a)
}
