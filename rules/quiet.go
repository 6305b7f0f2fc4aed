package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/flow"
	"signoff/internal/pattern"
	"signoff/internal/source"
)

// quiet is a stretch of every day in which nobody is reminded; it may go over midnight. From equal to until: none.
type quiet struct{ from, until time.Duration }

var quietRE = pattern.New(`^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$`)

// ParseQuiet reads quiet hours: "19:00-08:30". Empty words are none.
func ParseQuiet(words string) (q quiet, err error) {
	if words == "" {
		return q, nil
	}
	from, until, _ := strings.Cut(words, "-")
	if !quietRE.MatchString(words) || from == until {
		return q, fmt.Errorf("%q is not a stretch of hours", words)
	}
	if q.from, err = calendar.Clock(from); err != nil {
		return quiet{}, err
	}
	q.until, err = calendar.Clock(until)
	return q, err
}

func (l *loader) quiet(n *source.Node) (q quiet) {
	words, ok := l.Text(n)
	if !ok {
		return q
	}
	q, err := ParseQuiet(words)
	if err != nil || words == "" {
		l.Errorf(n.Pos(), "SO127", "%q is not a stretch of hours", words)
		l.Hint(`write "19:00-08:30"`)
	}
	return q
}

// bounds are when the quiet time begins and ends that an instant lies in; false where it lies in none.
func (q quiet) bounds(at time.Time, zone *time.Location) (begin, end time.Time, in bool) {
	if q.from == q.until {
		return at, at, false
	}
	local := at.In(zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	for _, first := range []time.Time{day.AddDate(0, 0, -1), day} {
		last := first
		if q.until <= q.from {
			last = first.AddDate(0, 0, 1)
		}
		begin, end = calendar.Wall(first.Add(q.from), zone), calendar.Wall(last.Add(q.until), zone)
		if !at.Before(begin) && at.Before(end) {
			return begin, end, true
		}
	}
	return at, at, false
}

// over is when something is said that would be said at an instant.
func (q quiet) over(at time.Time, zone *time.Location) time.Time {
	_, end, in := q.bounds(at, zone)
	if !in {
		return at
	}
	return end
}

// began is the instant itself, or just before the quiet time that it lies in: what came during that is still to be said.
func (q quiet) began(at time.Time, zone *time.Location) time.Time {
	begin, _, in := q.bounds(at, zone)
	if !in {
		return at
	}
	return begin.Add(-time.Nanosecond)
}

// quietOf are a person's quiet hours, or the workspace's, and the zone in which they count.
func (p policy) quietOf(a flow.Actor) (quiet, *time.Location) {
	zone := p.zoneOf(a)
	if person := p.dir.byName[a.Name]; person != nil && person.quiet != (quiet{}) {
		return person.quiet, zone
	}
	return p.set.quiet, zone
}

// quietly plans something that is said to people for when nobody of them has quiet time: who has is told when it ends,
// by a moment of their own where others are told earlier. A channel has the workspace's quiet hours.
func (m *planner) quietly(moment flow.Moment) {
	if len(moment.To) == 0 {
		moment.At = m.p.set.quiet.over(moment.At, m.p.set.zone)
		m.add(moment)
		return
	}
	type told struct {
		who flow.Actor
		at  time.Time
	}
	var all []told
	for _, who := range moment.To {
		q, zone := m.p.quietOf(who)
		all = append(all, told{who, q.over(moment.At, zone)})
	}
	slices.SortStableFunc(all, func(a, b told) int { return a.at.Compare(b.at) })
	first := moment
	first.At, first.To = all[0].at, nil
	for _, t := range all {
		if t.at.Equal(first.At) {
			first.To = append(first.To, t.who)
			continue
		}
		late := moment
		late.Name, late.At, late.To = moment.Name+"/"+t.who.ID(), t.at, []flow.Actor{t.who}
		late.Where = []string{cmp.Or(direct(moment.Where), "dm")}
		m.add(late)
	}
	m.add(first)
}

// direct is how a person is reached alone among places: by mail where that is the only way named.
func direct(places []string) string {
	if slices.Contains(places, "email") && !slices.Contains(places, "dm") {
		return "email"
	}
	return "dm"
}
