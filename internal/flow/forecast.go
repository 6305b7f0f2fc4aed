package flow

import (
	"cmp"
	"slices"
	"time"
)

// Upcoming is something that time alone will bring to a request, if nobody does anything until then.
type Upcoming struct {
	Moment
	Stage string
}

// mostForecast bounds how many slots of one stage are looked ahead.
const mostForecast = 1000

// Forecast lists what time alone will bring to a request until an instant: reminders, each slot of those by the clock,
// escalation steps and time-outs, in order. What has come already, or was let pass, is left out.
func Forecast(p Policy, r Request, now, until time.Time) []Upcoming {
	s := scene{p: p, r: &r, at: now}
	var all []Upcoming
	if r.Status != InReview {
		return nil
	}
	for _, run := range r.Open() {
		all = append(all, s.ahead(run, until)...)
	}
	slices.SortStableFunc(all, func(a, b Upcoming) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return all
}

// ahead looks from slot to slot: a policy plans the next one only.
func (s scene) ahead(run StageRun, until time.Time) (all []Upcoming) {
	seen := map[string]bool{}
	waiting := s.waiting(run)
	from := run.Entered
	for range mostForecast {
		var next time.Time
		for _, m := range s.p.Plan(*s.r, run, waiting, from) {
			slot := m.Kind == Remind && m.Share == 0
			if slot && m.At.After(from) && (next.IsZero() || m.At.Before(next)) {
				next = m.At
			}
			past := !m.At.After(s.at) || slices.Contains(s.r.Fired, m.Name)
			if past || m.At.After(until) || seen[m.Name] || slot && seen[together(m)] {
				continue
			}
			seen[m.Name], seen[together(m)] = true, slot
			all = append(all, Upcoming{Moment: m, Stage: run.Name})
		}
		if next.IsZero() || next.After(until) {
			return all
		}
		if from = next; from.Before(s.at) {
			from = s.at
		}
	}
	return all
}

// together is the same for reminders that reach the same people at the same instant: they are said as one.
func together(m Moment) string {
	key := m.At.UTC().Format(time.RFC3339)
	for _, who := range m.To {
		key += " " + who.ID()
	}
	return key
}
