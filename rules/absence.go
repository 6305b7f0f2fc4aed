package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"signoff/internal/calendar"
	"signoff/internal/flow"
)

// Absence is a run of days during which somebody is away.
type Absence struct {
	Person      string // key in the directory
	First, Last string // days where the person is, both included: 2026-03-10
	// Cover stands in: a key, Nobody, or empty for the person's backup.
	Cover string
	Filed bool // it stands in the people file
	// From is when the first day begins, Until when the day after the last does.
	From, Until time.Time
}

// Nobody as a cover says that what waits for the person goes on waiting for them.
const Nobody = "nobody"

// coverDepth is how many people a chain of covers has at most.
const coverDepth = 5

// running reports whether somebody is away at an instant.
func (a Absence) running(at time.Time) bool { return !at.Before(a.From) && at.Before(a.Until) }

// Absence reads days as the instants at which they begin and end where the person is.
func (s *Set) Absence(person, first, last, cover string) (Absence, error) {
	a := Absence{Person: person, First: first, Last: cmp.Or(last, first), Cover: cover}
	p := s.dir.byName[person]
	if p == nil {
		return a, fmt.Errorf("%s is not in the directory", person)
	}
	from, err1 := time.Parse(time.DateOnly, a.First)
	until, err2 := time.Parse(time.DateOnly, a.Last)
	switch {
	case err1 != nil || err2 != nil:
		return a, fmt.Errorf("%q to %q are no days: write 2026-03-10", a.First, a.Last)
	case until.Before(from):
		return a, fmt.Errorf("%s is before %s: the first day comes first", a.Last, a.First)
	case from.Year() < 2000 || until.Year() > 2099 || until.Sub(from) > 366*24*time.Hour:
		return a, fmt.Errorf("%s to %s is longer than a year: check the years", a.First, a.Last)
	}
	zone := p.Zone
	if zone == nil {
		zone = s.zone
	}
	a.From, a.Until = calendar.Wall(from, zone), calendar.Wall(until.AddDate(0, 0, 1), zone)
	return a, nil
}

// Filed lists the absences of the people file.
func (s *Set) Filed() []Absence { return slices.Clone(s.filed) }

// readFiled reads the absences of the people file once.
func (s *Set) readFiled() (all []Absence) {
	for _, p := range s.dir.people {
		for _, days := range p.Away {
			first, last, _ := strings.Cut(days, "..")
			if a, err := s.Absence(p.Name, first, last, ""); err == nil { // the loader has checked it
				a.Filed = true
				all = append(all, a)
			}
		}
	}
	return all
}

// Away says who of a list is away at an instant, until when, and who stands in: the end of the chain of covers.
func (s *Set) Away(list []Absence, at time.Time) (away []flow.Absence) {
	now := s.running(list, at)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		away = append(away, flow.Absence{Person: name, Cover: s.cover(now, name), Until: s.until(list, now[name])})
	}
	return away
}

// running picks the absence that counts of everybody who is away at an instant: what somebody said goes before what the
// file says, and the longer before the shorter.
func (s *Set) running(list []Absence, at time.Time) map[string]Absence {
	now := map[string]Absence{}
	for _, a := range list {
		if !a.running(at) || s.dir.byName[a.Person] == nil {
			continue
		}
		old, known := now[a.Person]
		if !known || old.Filed && !a.Filed || old.Filed == a.Filed && a.Until.After(old.Until) {
			now[a.Person] = a
		}
	}
	return now
}

// until is when somebody is back, where one absence goes over into the next.
func (s *Set) until(list []Absence, a Absence) time.Time {
	until := a.Until
	for range list {
		for _, next := range list {
			if next.Person == a.Person && !next.From.After(until) && next.Until.After(until) {
				until = next.Until
			}
		}
	}
	return until.UTC()
}

// next is who stands in for somebody who is away: whom they named, else their backup.
func (s *Set) next(a Absence) string {
	name := a.Cover
	if name == "" {
		name = s.dir.byName[a.Person].Backup
	}
	if s.dir.byName[name] == nil {
		return ""
	}
	return name
}

// cover follows the chain of covers to somebody who is there; empty where it is used up.
func (s *Set) cover(now map[string]Absence, person string) string {
	seen := map[string]bool{person: true}
	for at := person; len(seen) <= coverDepth; {
		next := s.next(now[at])
		if next == "" || seen[next] {
			return ""
		}
		if _, away := now[next]; !away {
			return next
		}
		seen[next], at = true, next
	}
	return ""
}

// Circle looks whether the chain of covers of an absence comes back to somebody in it at any time while it lasts, because
// everybody of it is away then. It returns the chain, with whom it came back to at its end; nil where it does not. A chain
// of more than five people is one that leads nowhere too, and is returned as far as that.
func (s *Set) Circle(list []Absence, a Absence) []string {
	instants := []time.Time{a.From}
	for _, other := range list {
		if a.running(other.From) {
			instants = append(instants, other.From)
		}
	}
	slices.SortFunc(instants, time.Time.Compare)
	for _, at := range instants {
		now := s.running(list, at)
		now[a.Person] = a
		if chain := s.circle(now, a.Person); chain != nil {
			return chain
		}
	}
	return nil
}

func (s *Set) circle(now map[string]Absence, person string) []string {
	chain := []string{person}
	for at := person; ; {
		next := s.next(now[at])
		if next == "" {
			return nil
		}
		back := slices.Contains(chain, next)
		chain = append(chain, next)
		if back {
			return chain
		}
		if _, away := now[next]; !away {
			return nil
		}
		if len(chain) > coverDepth {
			return chain
		}
		at = next
	}
}

// AwayNext is the next instant after one at which somebody's absence begins or ends; false: none is known.
func (s *Set) AwayNext(list []Absence, after time.Time) (next time.Time, ok bool) {
	for _, a := range list {
		for _, at := range []time.Time{a.From, a.Until} {
			if at.After(after) && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
	}
	return next, ok
}

// Present is the share of a person's working time in the seven days after an instant in which they are not away.
func (s *Set) Present(list []Absence, person string, at time.Time) float64 {
	const week = 7 * 24 * time.Hour
	cal, end := s.dir.calendar(person), at.Add(week)
	all := cal.Working(at, end)
	if all <= 0 {
		return 1
	}
	var gone time.Duration
	upTo := at
	mine := slices.DeleteFunc(slices.Clone(list), func(a Absence) bool { return a.Person != person })
	slices.SortFunc(mine, func(a, b Absence) int { return a.From.Compare(b.From) })
	for _, a := range mine {
		from, until := later(a.From, upTo), a.Until
		if until.After(end) {
			until = end
		}
		if from.Before(until) {
			gone += cal.Working(from, until)
			upTo = until
		}
	}
	return float64(all-gone) / float64(all)
}
