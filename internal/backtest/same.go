package backtest

import (
	"strings"

	"signoff/internal/flow"
	"signoff/rules"
)

type pairKey string // digest of the old rules and of their directory

// sameness knows what two rulesets have in common, so that a request which only meets what is common is folded once.
type sameness struct {
	changes []rules.Change
	routes  bool // what decides how a request is routed is the same
	reads   bool // what is read from the words of a request, and who there is, is the same: only which rule applies may differ
	all     bool // who there is, when they work and where: the same
	changed map[string]bool
}

// same compares an earlier ruleset with the new one, once.
func (r *Run) same(old *rules.Set) *sameness {
	k := pairKey(old.Digest() + old.DirectoryDigest())
	if s := r.pairs[k]; s != nil {
		return s
	}
	s := &sameness{routes: true, reads: true, all: r.o.Old.DirectoryDigest() == r.o.New.DirectoryDigest(), changed: map[string]bool{}, changes: rules.Compare(old, r.o.New)}
	for _, c := range s.changes {
		s.note(c)
	}
	r.pairs[k] = s
	return s
}

// note says what a change concerns.
func (s *sameness) note(c rules.Change) {
	section, name := c.What, c.Name
	switch c.What {
	case "rule":
		s.routes = false
	case "template", "person", "group", "calendar", "workspace":
		s.routes, s.reads = false, false // templates hold the fields that are read, people and calendars whom work goes to and when a day ends
	case "stage":
		section, name = "workflow", c.In
	}
	if c.Was != "" || c.Kind == rules.Added || c.Kind == rules.Removed {
		s.routes = s.routes && (c.What == "stage" || c.What == "text")
		s.reads = s.reads && (c.What == "stage" || c.What == "text" || c.What == "rule") // a name that rules may name
	}
	switch c.What {
	case "person", "group", "calendar", "workspace":
		s.all = false
	}
	for _, n := range append([]string{name}, c.Also...) {
		s.changed[section+"/"+n] = true
	}
}

// applies names the rules that apply now, where they are the ones that applied then and are what they were.
func (s *sameness) applies(now *rules.Set, ev flow.Event, recorded flow.Routing) (names []string, same bool) {
	if !s.reads {
		return nil, false
	}
	names, i := now.Applies(ev), 0
	for _, w := range recorded.Why {
		if w.Code != "rule" || !w.Held {
			continue
		}
		if i >= len(names) || s.changed["rule/"+names[i]] || !strings.HasPrefix(w.Text, names[i]+": ") {
			return nil, false
		}
		i++
	}
	return names, i == len(names)
}

// covers reports whether everything that a request meets on its way is the same in both.
func (s *sameness) covers(r flow.Request, to flow.Routing) bool {
	if !s.all || s.changed["workflow/"+r.Workflow] || s.changed["template/"+r.Template] || s.changed["escalation chain/"+to.Escalation] {
		return false
	}
	for _, plan := range to.Reminders {
		if s.changed["reminder plan/"+plan] {
			return false
		}
	}
	return true
}

// concerning lists the changes that a request met under its workflow.
func (s *sameness) concerning(was, is flow.Request) (out []rules.Change) {
	for _, c := range s.changes {
		switch name := c.Name; c.What {
		case "stage":
			if c.In == was.Workflow || c.In == is.Workflow {
				out = append(out, c)
			}
		case "workflow":
			if name == was.Workflow || name == is.Workflow {
				out = append(out, c)
			}
		case "escalation chain":
			if name == was.Escalation || name == is.Escalation {
				out = append(out, c)
			}
		case "reminder plan":
			if contains(was.Reminders, name) || contains(is.Reminders, name) {
				out = append(out, c)
			}
		case "person", "group", "calendar", "workspace":
			out = append(out, c)
		}
	}
	return out
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
