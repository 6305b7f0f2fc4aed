package rules

import (
	"slices"
	"strings"

	"signoff/internal/source"
)

// Outside is something that rules name and that exists elsewhere, or does not: a channel, or a project of the tracker.
type Outside struct {
	Kind string // channel, project
	Name string // "#launch", DES
	At   source.Pos
}

// Outside lists what the rules name, each thing where it is named first.
func (s *Set) Outside() []Outside {
	var all []Outside
	add := func(kind, name string, at source.Pos) {
		if name != "" && !slices.ContainsFunc(all, func(o Outside) bool { return o.Kind == kind && o.Name == name }) {
			all = append(all, Outside{kind, name, at})
		}
	}
	channel := func(name string, at source.Pos) { add("channel", "#"+strings.TrimPrefix(name, "#"), at) }
	for _, r := range s.rules.rules {
		for _, name := range channelsOf(r.match) {
			channel(name, r.pos)
		}
		add("project", r.do.project, r.pos)
	}
	for _, name := range s.Inventory().Reminders {
		for _, r := range s.rules.reminders[name] {
			for _, where := range r.where {
				if strings.HasPrefix(where, "#") {
					channel(where, r.pos)
				}
			}
		}
	}
	for _, chain := range s.Inventory().Escalations {
		for _, step := range s.rules.escalations[chain.Name] {
			for _, where := range slices.Concat(step.channels, step.where) {
				if strings.HasPrefix(where, "#") {
					channel(where, step.pos)
				}
			}
		}
	}
	return all
}

// channelsOf lists the channels that a match: names.
func channelsOf(t test) []string {
	var all []string
	switch t := t.(type) {
	case allOf:
		for _, one := range t {
			all = append(all, channelsOf(one)...)
		}
	case anyOf:
		for _, one := range t {
			all = append(all, channelsOf(one)...)
		}
	case not:
		return channelsOf(t.test)
	case equals:
		if t.key.kind == "channel" {
			return t.words
		}
	}
	return all
}
