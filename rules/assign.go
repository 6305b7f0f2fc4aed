package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"signoff/internal/flow"
)

// Need names what the rules must know about other requests before they can route one.
type Need struct {
	Kind   string   // "load": hours of open work of People; "turn": how often Key was assigned by turns so far
	Key    string   // whom the turn goes round, such as "group:designers"
	People []string // names in the directory
}

// Needs lists what Route wants in its answers for this event. The rule that applies does not depend on the answers.
func (s *Set) Needs(ev flow.Event) []Need {
	if !s.balances() {
		return nil // deciding reads the whole text
	}
	r := s.decide(ev)
	a := r.do.assign
	if r.ignore || a == nil {
		return nil
	}
	people := s.candidates(a)
	if len(people) == 0 {
		return nil
	}
	switch a.way() {
	case "least loaded":
		return []Need{{Kind: "load", Key: whoWords(a.to), People: people}}
	case "round robin":
		return []Need{{Kind: "turn", Key: whoWords(a.to), People: people}}
	}
	return nil
}

// balances reports whether any rule chooses among several people by what they have or had.
func (s *Set) balances() bool {
	return slices.ContainsFunc(s.rules.rules, func(r *rule) bool {
		return r.do.assign != nil && (r.do.assign.way() == "least loaded" || r.do.assign.way() == "round robin")
	})
}

// way is how the assignment chooses among several.
func (a *assignment) way() string {
	if a.by == "skill" || a.by == "" {
		return a.then
	}
	return a.by
}

// candidates lists the people who may get the work, in the order in which rules name them.
func (s *Set) candidates(a *assignment) []string {
	people := s.dir.expand(a.to)
	if len(a.need) == 0 {
		return people
	}
	return slices.DeleteFunc(people, func(name string) bool {
		return slices.ContainsFunc(a.need, func(skill string) bool { return !slices.Contains(s.dir.byName[name].Skills, skill) })
	})
}

// assign chooses who gets the work and says why. An empty name means that nobody could be chosen.
func (s *Set) assign(a *assignment, effort float64, author author, answers flow.Answers) (name, why string) {
	if a == nil {
		return "", ""
	}
	if len(a.to) == 1 && a.to[0].kind == "requester" {
		if author.name == "" {
			return "", "the requester is not in the directory, so nobody is assigned"
		}
		return author.name, "the requester"
	}
	people := s.candidates(a)
	if len(people) == 0 {
		return "", fmt.Sprintf("nobody of %s has %s", whoWords(a.to), strings.Join(a.need, ", "))
	}
	switch a.way() {
	case "least loaded":
		return s.leastLoaded(a, people, effort, answers.Load)
	case "round robin":
		turn := answers.Turn[whoWords(a.to)]
		return people[((turn%len(people))+len(people))%len(people)], "their turn in " + whoWords(a.to)
	}
	if len(people) == 1 {
		return people[0], "named by the rule"
	}
	return people[0], "the first of " + whoWords(a.to)
}

// leastLoaded picks the person with the smallest share of their weekly hours booked; who would be over the limit with
// this request is passed over.
func (s *Set) leastLoaded(a *assignment, people []string, effort float64, load map[string]float64) (name, why string) {
	best, least := "", math.Inf(1)
	var over []string
	for _, p := range people {
		share := (load[p] + effort) / s.capacity(p) * 100
		if a.limit > 0 && share > a.limit {
			over = append(over, fmt.Sprintf("%s would be at %.0f %%", s.dir.byName[p].Shown, share))
			continue
		}
		if share < least {
			best, least = p, share
		}
	}
	passed := ""
	if len(over) > 0 {
		passed = fmt.Sprintf(" (%s: over %.0f %%)", strings.Join(over, ", "), a.limit)
	}
	if best == "" {
		return "", "everybody would be over the limit" + passed
	}
	return best, fmt.Sprintf("%.4g h of %.4g h booked%s", load[best], s.capacity(best), passed)
}

// capacity is how many hours a person works in a week.
func (s *Set) capacity(name string) float64 {
	if p := s.dir.byName[name]; p != nil && p.HoursPerWeek > 0 {
		return p.HoursPerWeek
	}
	if h := s.dir.calendar(name).PerWeek().Hours(); h > 0 {
		return h
	}
	return 40
}
