package rules

import (
	"slices"

	"signoff/internal/flow"
)

// What whoever replays a history asks of a ruleset beside Route and Policy.

// CatchAll reports whether a rule takes everything that no rule above took: it matches without asking anything.
func (s *Set) CatchAll(name string) bool {
	return slices.ContainsFunc(s.rules.rules, func(r *rule) bool { return r.name == name && r.match == nil && r.cond == nil && !r.hasIf })
}

// HasRule reports whether a rule of that name is in the set.
func (s *Set) HasRule(name string) bool {
	return slices.ContainsFunc(s.rules.rules, func(r *rule) bool { return r.name == name })
}

// Ask routes an event like Route; answers is called at most once, with what the rules need to know, where they do.
//
// known, where not nil, is what an equal template read from the same words: it is not read again.
func (s *Set) Ask(ev flow.Event, known *flow.Routing, answers func([]Need) flow.Answers) (flow.Routing, []Need) {
	d := s.decideKnowing(ev, s.rules.index, known)
	var needs []Need
	if d.do.assign != nil && !d.ignore {
		needs = s.needsOf(d.do.assign)
	}
	if len(needs) == 0 {
		return s.routed(d, flow.Answers{}), nil
	}
	return s.routed(d, answers(needs)), needs
}

// Capacity is how many hours a person works in a week.
func (s *Set) Capacity(person string) float64 { return s.capacity(person) }

// Conditional reports whether a workflow has stages that apply only to some requests.
func (s *Set) Conditional(workflow string) bool {
	w := s.rules.workflows[workflow]
	return w != nil && slices.ContainsFunc(w.stages, func(st *stage) bool { return st.onlyIf != nil })
}

// Reassign assigns a request anew that is routed as before: applied are the rules that apply, as Applies says. Its
// other values stay. answers is called with what the rules need to know, where they do.
func (s *Set) Reassign(r flow.Routing, applied []string, ev flow.Event, answers func([]Need) flow.Answers) (flow.Routing, []Need) {
	var to *assignment
	for _, one := range s.rules.rules {
		if to == nil && slices.Contains(applied, one.name) {
			to = one.do.assign
		}
	}
	if r.Ignore || to == nil {
		return r, nil
	}
	needs := s.needsOf(to)
	if len(needs) == 0 {
		return r, nil
	}
	r.Triage = ""
	r.Why = slices.DeleteFunc(slices.Clone(r.Why), func(w flow.Reason) bool { return w.Code == "assign" })
	s.give(&r, to, s.author(ev.Actor), answers(needs))
	return r, needs
}
