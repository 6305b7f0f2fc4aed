package rules

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"signoff/internal/calendar"
)

// Entry is something that a rule file defines: its name, and where it stands (file:line).
type Entry struct {
	Name  string
	Place string
}

// WorkflowEntry is a workflow with its stages in order.
type WorkflowEntry struct {
	Entry
	Stages []Entry
}

// ChainEntry is an escalation chain with the places of its steps.
type ChainEntry struct {
	Name  string
	Steps []string
}

// Inventory lists what a ruleset defines, in the order of the files.
type Inventory struct {
	Rules       []Entry
	Templates   []Entry
	Workflows   []WorkflowEntry
	Reminders   []string
	Escalations []ChainEntry
	Groups      []string
	Fields      map[string]string // type of every field that some template asks for
	Calendars   map[string]string // the time zone of each
}

// Inventory lists what the set defines: for reports of what was exercised, and for names that a test may use.
func (s *Set) Inventory() Inventory {
	inv := Inventory{Fields: maps.Clone(s.rules.vocabulary.fields), Groups: slices.Sorted(maps.Keys(s.dir.groups)), Calendars: map[string]string{}}
	for name, c := range s.dir.calendars {
		inv.Calendars[name] = c.Location().String()
	}
	for _, r := range s.rules.rules {
		inv.Rules = append(inv.Rules, Entry{r.name, at(r.pos)})
	}
	for _, t := range s.rules.templates {
		inv.Templates = append(inv.Templates, Entry{t.name, at(t.pos)})
	}
	flows := slices.SortedFunc(maps.Values(s.rules.workflows), func(a, b *workflow) int {
		return cmp.Or(cmp.Compare(a.pos.File, b.pos.File), cmp.Compare(a.pos.Line, b.pos.Line), cmp.Compare(a.name, b.name))
	})
	for _, w := range flows {
		e := WorkflowEntry{Entry: Entry{w.name, at(w.pos)}}
		for _, st := range w.stages {
			e.Stages = append(e.Stages, Entry{st.name, at(st.pos)})
		}
		inv.Workflows = append(inv.Workflows, e)
	}
	inv.Reminders = slices.Sorted(maps.Keys(s.rules.reminders))
	for _, name := range slices.Sorted(maps.Keys(s.rules.escalations)) {
		e := ChainEntry{Name: name}
		for _, step := range s.rules.escalations[name] {
			e.Steps = append(e.Steps, at(step.pos))
		}
		inv.Escalations = append(inv.Escalations, e)
	}
	return inv
}

// After returns the instant a length of time after another, counted in a person's calendar ("" = the studio's) where
// working time is meant.
func (s *Set) After(person string, from time.Time, span calendar.Span) time.Time {
	return s.dir.calendar(person).Add(from, span)
}
