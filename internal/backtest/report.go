package backtest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
)

// Report is what a replay found.
type Report struct {
	SchemaVersion int       `json:"schema_version"`
	Old           string    `json:"old"` // digest of the rules in use
	New           string    `json:"new"`
	Since         time.Time `json:"since"`
	Until         time.Time `json:"until"`
	Begins        time.Time `json:"begins,omitzero"` // the first record that was read
	Events        uint64    `json:"events"`
	Requests      int       `json:"requests"`
	Was           Figures   `json:"was"`
	Is            Figures   `json:"would_be"`
	People        []Person  `json:"people"`
	Counts        Counts    `json:"changed"`
	Changed       []Changed `json:"requests_changed"`
	LeftOut       int       `json:"requests_left_out,omitempty"` // changed ones that the list has no room for
	Assumption    string    `json:"assumption"`
}

// Assumption is said wherever an estimate is shown.
const Assumption = "replays who would be asked and when; assumes people answer as fast as they did then, and that who never was asked approves after the time that is usual for them."

// Figures are the measures of one side.
type Figures struct {
	Matched    int     `json:"matched"` // by a rule that asks for something
	Ignored    int     `json:"ignored"` // no request is made
	Triage     int     `json:"needs_triage"`
	Approved   int     `json:"approved"`
	Declined   int     `json:"declined"`
	Open       int     `json:"open"`             // not decided by Until
	Hours      float64 `json:"median_hours"`     // working hours from the first question to the last approval
	DueKnown   int     `json:"due_known"`        // approved ones that have a due date
	OnTime     int     `json:"on_time"`          // of those
	Approvals  int     `json:"approvals"`        // that counted
	Asked      int     `json:"questions"`        // put to somebody
	Reminders  int     `json:"reminders"`        // times that reminders went out
	Escalated  int     `json:"escalations"`      //
	Estimated  bool    `json:"estimate"`         // some of it is estimated
	EstimatedN int     `json:"estimated"`        // requests of which some is
	Busiest    string  `json:"busiest"`          // the person with the most hours a week
	PerWeek    float64 `json:"busiest_per_week"` // those hours
}

// Person is what somebody would be asked and assigned.
type Person struct {
	Name      string  `json:"name"`
	WasHours  float64 `json:"was_hours_per_week"`
	IsHours   float64 `json:"would_be_hours_per_week"`
	WasAsked  int     `json:"was_questions"`
	IsAsked   int     `json:"would_be_questions"`
	Capacity  float64 `json:"capacity"` // hours a week
	ShownName string  `json:"shown"`
}

// Counts say how many requests differ in what.
type Counts struct {
	Requests  int `json:"requests"`
	Rule      int `json:"rule"`
	Template  int `json:"template"`
	Workflow  int `json:"workflow"`
	Assignee  int `json:"assignee"`
	Ignored   int `json:"ignored"`
	Stages    int `json:"stages"`
	Added     int `json:"approvals_added"`
	Dropped   int `json:"approvals_dropped"`
	Outcome   int `json:"outcome"`
	Reminders int `json:"reminders"`
	Time      int `json:"time"`
}

// Changed is one request that would have gone another way.
type Changed struct {
	Request flow.RequestID `json:"request"`
	Title   string         `json:"title"`
	Opened  time.Time      `json:"opened"`
	// Parted is when the two first differed in whom they wait for; what follows is an estimate. Zero: they never did.
	Parted      time.Time    `json:"parted,omitzero"`
	Differences []Difference `json:"differences"`
}

// Difference is one thing that differs, with both reasons.
type Difference struct {
	What     string `json:"what"` // rule, template, workflow, assignee, request, stages, approvals, reminders, outcome, approval time
	Was      string `json:"was"`
	Is       string `json:"would_be"`
	WhyWas   string `json:"why_was,omitempty"`
	WhyIs    string `json:"why_would_be,omitempty"`
	Estimate bool   `json:"estimate,omitempty"`
}

// tally gathers what the report says while requests end.
type tally struct {
	requests int
	was, is  gathered
	counts   Counts
	changed  []Changed
	leftOut  int
}

// gathered are the measures of one side.
type gathered struct {
	f       Figures
	took    spread
	hours   map[string]float64
	asked   map[string]int
	shown   map[string]string // by what name people read them
	ignored int
}

// Report ends the replay: what is still open stays so.
func (r *Run) Report() Report {
	if r.o.Until.After(r.at) {
		r.at = r.o.Until
	}
	r.advance(r.at)
	ids := make([]flow.RequestID, 0, len(r.open))
	for id := range r.open {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, byNumber)
	for _, id := range ids {
		r.finish(r.open[id])
	}
	clear(r.open)
	out := Report{
		SchemaVersion: 1, Old: r.o.Old.Digest(), New: r.o.New.Digest(), Since: r.o.Since.UTC(), Until: r.at, Begins: r.first, Events: r.events,
		Requests: r.out.requests, Counts: r.out.counts, Changed: r.out.changed, LeftOut: r.out.leftOut, Assumption: Assumption,
	}
	slices.SortStableFunc(out.Changed, func(a, b Changed) int { return byNumber(a.Request, b.Request) })
	weeks := max(r.at.Sub(r.o.Since).Hours()/(7*24), 1.0/7)
	out.Was, out.Is = r.out.was.figures(weeks), r.out.is.figures(weeks)
	out.People = r.people(weeks)
	return out
}

// byNumber orders CR-9 before CR-10.
func byNumber(a, b flow.RequestID) int {
	number := func(id flow.RequestID) int {
		n, _ := strconv.Atoi(string(id[strings.LastIndexByte(string(id), '-')+1:]))
		return n
	}
	return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
}

func (g *gathered) figures(weeks float64) Figures {
	f := g.f
	f.Hours = round(g.took.median().Hours())
	f.Ignored = g.ignored
	for who, hours := range g.hours {
		if per := round(hours / weeks); per > f.PerWeek || per == f.PerWeek && (f.Busiest == "" || who < f.Busiest) {
			f.Busiest, f.PerWeek = who, per
		}
	}
	f.Estimated = f.EstimatedN > 0
	return f
}

func round(hours float64) float64 { return float64(int(hours*10+0.5)) / 10 }

func (r *Run) people(weeks float64) []Person {
	names := map[string]bool{}
	for _, g := range []*gathered{&r.out.was, &r.out.is} {
		for who := range g.hours {
			names[who] = true
		}
		for who := range g.asked {
			names[who] = true
		}
	}
	var out []Person
	p := r.o.New.Policy(r.o.New)
	old := r.o.Old.Policy(r.o.Old)
	for who := range names {
		one := Person{
			Name: who, ShownName: cmp.Or(r.out.was.shown[who], r.out.is.shown[who], who), WasHours: round(r.out.was.hours[who] / weeks), IsHours: round(r.out.is.hours[who] / weeks),
			WasAsked: r.out.was.asked[who], IsAsked: r.out.is.asked[who], Capacity: round(r.o.New.Capacity(who)),
		}
		if person, ok := p.Person(who); ok {
			one.ShownName = person.Shown
		} else if person, ok := old.Person(who); ok {
			one.ShownName = person.Shown
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Person) int {
		return cmp.Or(-cmp.Compare(max(a.WasHours, a.IsHours), max(b.WasHours, b.IsHours)), -cmp.Compare(max(a.WasAsked, a.IsAsked), max(b.WasAsked, b.IsAsked)), cmp.Compare(a.Name, b.Name))
	})
	return out
}
