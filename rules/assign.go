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
	if !s.rules.balances {
		return nil // deciding reads the whole text
	}
	r := s.decide(ev)
	a := r.do.assign
	if r.ignore || a == nil {
		return nil
	}
	return s.needsOf(a)
}

// needsOf lists what an assignment must know.
func (s *Set) needsOf(a *assignment) []Need {
	people := s.candidates(a)
	if len(people) == 0 {
		return nil
	}
	var needs []Need
	if a.way() == "least loaded" || a.limit > 0 {
		needs = append(needs, Need{Kind: "load", Key: whoWords(a.to), People: people})
	}
	if a.way() == "round robin" {
		needs = append(needs, Need{Kind: "turn", Key: whoWords(a.to), People: people})
	}
	return needs
}

// balances reports whether the rule chooses among several people by what they have or had.
func (r *rule) balances() bool {
	a := r.do.assign
	return a != nil && (a.way() == "least loaded" || a.way() == "round robin" || a.limit > 0)
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

// assign chooses who gets the work and says why. People who are away are passed over; where only one was named, whoever
// stands in for them gets it. An empty name means that nobody could be chosen.
func (s *Set) assign(a *assignment, effort float64, author author, answers flow.Answers) (name, why string) {
	if a == nil {
		return "", ""
	}
	if toRequester(a) {
		if author.name == "" {
			return "", "the requester is not in the directory, so nobody is assigned"
		}
		return author.name, "the requester"
	}
	people := s.candidates(a)
	if len(people) == 0 {
		return "", fmt.Sprintf("nobody of %s has %s", whoWords(a.to), strings.Join(a.need, ", "))
	}
	there := slices.DeleteFunc(slices.Clone(people), func(p string) bool { return slices.Contains(answers.Away, p) })
	if len(there) == 0 {
		return s.standIn(a, people, answers)
	}
	passed := s.passedOver(people, there)
	fit, over := s.within(a, there, effort, answers)
	if len(fit) == 0 {
		return "", "everybody would be over the limit" + over + passed
	}
	switch a.way() {
	case "least loaded":
		name, why = s.leastLoaded(fit, effort, answers)
	case "round robin":
		name, why = turnOf(people, fit, answers.Turn[whoWords(a.to)]), "their turn in "+whoWords(a.to)
	default:
		name, why = fit[0], "the first of "+whoWords(a.to)
		if len(people) == 1 {
			why = "named by the rule"
		}
	}
	return name, why + over + passed
}

// toRequester reports whether whoever asks does the work too.
func toRequester(a *assignment) bool { return len(a.to) == 1 && a.to[0].kind == "requester" }

// passedOver says who is away of those who might have got the work.
func (s *Set) passedOver(people, there []string) string {
	var away []string
	for _, p := range people {
		if !slices.Contains(there, p) {
			away = append(away, s.dir.byName[p].Shown)
		}
	}
	switch len(away) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (%s is away)", away[0])
	}
	return fmt.Sprintf(" (%s are away)", strings.Join(away, ", "))
}

// standIn is who gets work of people who are all away: the cover of the only one, else nobody.
func (s *Set) standIn(a *assignment, people []string, answers flow.Answers) (name, why string) {
	if len(people) > 1 {
		return "", "everybody of " + whoWords(a.to) + " is away"
	}
	shown := s.dir.byName[people[0]].Shown
	if cover := s.dir.byName[answers.Cover[people[0]]]; cover != nil {
		return cover.Name, shown + " is away, and they stand in"
	}
	return "", shown + " is away and nobody stands in"
}

// turnOf is the next of those who are there, beginning with whose turn it is.
func turnOf(people, there []string, turn int) string {
	n := len(people)
	for i := range n {
		if p := people[((turn+i)%n+n)%n]; slices.Contains(there, p) {
			return p
		}
	}
	return ""
}

// within leaves out who would be over the limit with this request, and says who.
func (s *Set) within(a *assignment, people []string, effort float64, answers flow.Answers) (fit []string, over string) {
	if a.limit == 0 {
		return people, ""
	}
	var beyond []string
	for _, p := range people {
		if share := s.booked(p, effort, answers); share > a.limit {
			beyond = append(beyond, fmt.Sprintf("%s would be at %.0f %%", s.dir.byName[p].Shown, share))
		} else {
			fit = append(fit, p)
		}
	}
	if len(beyond) > 0 {
		over = fmt.Sprintf(" (%s: over %.0f %%)", strings.Join(beyond, ", "), a.limit)
	}
	return fit, over
}

// leastLoaded picks the person with the smallest share of their hours of this week booked, with this request.
func (s *Set) leastLoaded(people []string, effort float64, answers flow.Answers) (name, why string) {
	best, least := "", math.Inf(1)
	for _, p := range people {
		if share := s.booked(p, effort, answers); share < least {
			best, least = p, share
		}
	}
	return best, fmt.Sprintf("%.4g h of %.4g h booked", answers.Load[best], s.hours(best, answers))
}

// booked is the share of a person's hours that is booked once they have this request too, in percent.
func (s *Set) booked(name string, effort float64, answers flow.Answers) float64 {
	return (answers.Load[name] + effort) / s.hours(name, answers) * 100
}

// hours is somebody's capacity less the days of the coming week on which they are away.
func (s *Set) hours(name string, answers flow.Answers) float64 {
	if share, part := answers.Present[name]; part {
		return max(s.capacity(name)*share, 0.01) // nothing is left: whatever comes is too much
	}
	return s.capacity(name)
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
