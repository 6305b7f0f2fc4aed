package rules

import (
	"fmt"
	"slices"
	"strings"

	"signoff/internal/source"
)

// ChangeKind says what became of an entry between two rulesets.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
	Moved   ChangeKind = "moved" // tried at another place than before, or run in another order
	Renamed ChangeKind = "renamed"
)

// Change is one difference between two rulesets that means something: comments, spacing and the order of what has no
// order are none.
type Change struct {
	Kind ChangeKind `json:"kind"`
	// What is rule, template, workflow, stage, reminder plan, escalation chain, text, person, group, calendar or workspace.
	What string `json:"what"`
	In   string `json:"in,omitempty"` // the workflow of a stage
	Name string `json:"name"`
	Was  string `json:"was,omitempty"` // the former name of what was renamed
	// Where tells the place of a rule or stage that was added or moved: before "Banners", at the end.
	Where  string  `json:"where,omitempty"`
	Values []Value `json:"values,omitempty"`
	// Also names the workflows or templates that change with it because they are based on it.
	Also []string `json:"also,omitempty"`
	// Old and New are where it stands, file:line; empty where there is none.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// Value is one key that has another value. An empty Old or New means that the key is not written there and has no
// default.
type Value struct {
	Key string `json:"key"` // in words: time limit
	Old string `json:"old"`
	New string `json:"new"`
	// OldPlace and NewPlace are file:line.
	OldPlace string `json:"old_place,omitempty"`
	NewPlace string `json:"new_place,omitempty"`
}

// String names the change in one line: ~ workflow standard / Brand review.
func (c Change) String() string {
	var b strings.Builder
	b.WriteString(c.sign() + " " + c.Title())
	if c.Was != "" {
		fmt.Fprintf(&b, " (was %s)", quotedName(c.What, c.Was))
	}
	switch {
	case c.Kind == Moved:
		b.WriteString(" moves " + c.Where)
	case c.Where != "":
		fmt.Fprintf(&b, " (%s)", c.Where)
	}
	if len(c.Also) > 0 {
		fmt.Fprintf(&b, ", and so %s, based on it", strings.Join(c.Also, ", "))
	}
	return b.String()
}

func (c Change) sign() string {
	switch c.Kind {
	case Added:
		return "+"
	case Removed:
		return "-"
	}
	return "~"
}

// Title names the entry: rule "Banners", workflow standard / Brand review.
func (c Change) Title() string {
	switch c.What {
	case "stage":
		return fmt.Sprintf("workflow %s / %s", c.In, c.Name)
	case "workspace":
		return "workspace"
	}
	return c.What + " " + quotedName(c.What, c.Name)
}

func quotedName(what, name string) string {
	if what == "rule" {
		return fmt.Sprintf("%q", name)
	}
	return name
}

// Compare lists what differs between two rulesets with their people and calendars, in the order of the sections: rules,
// then how requests look and are approved, then who there is. What was renamed is found by what it holds.
func Compare(old, now *Set) []Change {
	c := &comparison{old: old.parts(), now: now.parts(), renamed: map[string]string{}}
	for _, s := range comparedSections() {
		c.pair(s)
	}
	c.sameRules = c.pairRules()
	var out []Change
	out = append(out, c.rules()...)
	for _, s := range comparedSections() {
		out = append(out, c.section(s)...)
	}
	return append(out, workspaceChange(old.options.Workspace, now.options.Workspace)...)
}

// comparison holds the entries of both sides.
type comparison struct {
	old, now parts
	// renamed maps section/old name to the new name; what refers to it is not called a change.
	renamed   map[string]string
	sameRules map[string]string // new name of a rule by its old one
}

// section describes one named section for comparing.
type comparedSection struct {
	key, what string
	refs      []string // how other places refer to an entry: prefixes before its name
}

func comparedSections() []comparedSection {
	return []comparedSection{
		{"templates", "template", []string{""}}, {"workflows", "workflow", []string{""}}, {"reminders", "reminder plan", []string{""}},
		{"escalations", "escalation chain", []string{""}}, {"texts", "text", []string{""}}, {"people", "person", []string{""}},
		{"groups", "group", []string{"group:"}}, {"calendars", "calendar", []string{""}},
	}
}

// entry is a named value with the place of its name.
type entry struct {
	name  string
	pos   source.Pos
	value *source.Node
}

// parts are the entries of a ruleset by section, in the order of the files.
type parts map[string][]entry

func (p parts) find(section, name string) *entry {
	i := slices.IndexFunc(p[section], func(e entry) bool { return e.name == name })
	if i < 0 {
		return nil
	}
	return &p[section][i]
}

// parts reads the sources again as they are written: every key counts, also those that are added later.
func (s *Set) parts() parts {
	out := parts{}
	for _, f := range s.sources {
		file, _ := source.Parse(f.Name, f.Data) // the set was compiled from it
		for key, value := range file.Root().Pairs() {
			section := key.Value()
			if section == "rules" {
				for item := range value.Items() {
					out[section] = append(out[section], entry{item.Key("name").Value(), item.Pos(), item})
				}
				continue
			}
			for name, v := range value.Pairs() {
				out[section] = append(out[section], entry{name.Value(), name.Pos(), v})
			}
		}
	}
	return out
}

func workspaceChange(old, now Workspace) []Change {
	c := Change{Kind: Changed, What: "workspace", Name: "workspace"}
	for _, v := range []Value{
		{Key: "time zone", Old: firstOf(old.Zone, "UTC"), New: firstOf(now.Zone, "UTC")}, {Key: "calendar", Old: old.Calendar, New: now.Calendar},
		{Key: "language", Old: firstOf(old.Language, "en"), New: firstOf(now.Language, "en")},
		{Key: "week starts", Old: firstOf(old.WeekStarts, "monday"), New: firstOf(now.WeekStarts, "monday")},
		{Key: "date order", Old: firstOf(old.DateOrder, "day-first"), New: firstOf(now.DateOrder, "day-first")},
	} {
		if v.Old != v.New {
			c.Values = append(c.Values, v)
		}
	}
	if len(c.Values) == 0 {
		return nil
	}
	return []Change{c}
}
