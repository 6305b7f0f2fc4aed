package jira

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signoff/internal/flow"
)

// wanted is a ticket as the request would have it, in Jira's words.
type wanted struct {
	fields   map[string]any  // by Jira field id; nil clears
	ours     map[string]bool // fields that are written when the ticket is made and then left to people
	labels   []string
	assignee string // account id
	unknown  string // the wanted assignee, when no account of theirs is known
	dropped  []string
	// gone are values that Jira did not take: they are not tried again until they change.
	gone map[string]any
}

// always are the fields that every ticket has, by their ids; the rest is found by the settings.
const (
	summaryField     = "summary"
	descriptionField = "description"
	labelsField      = "labels"
	assigneeField    = "assignee"
)

func (c *Connector) wanted(e flow.Effect, project string, s *screen) wanted {
	v := e.Show.View
	w := wanted{
		fields: map[string]any{summaryField: oneLine(v.Title), descriptionField: c.description(v)},
		ours:   map[string]bool{},
	}
	if w.fields[summaryField] == "" {
		w.fields[summaryField] = oneLine(string(v.Request))
	}
	t := v.Ticket
	if t == nil {
		t = &flow.TicketFields{}
	}
	w.labels = cleanLabels(t.Labels)
	w.assign(t.Assignee, e.Known)
	rules := c.set.Projects[project].Fields
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		w.field(s, rules[name], fieldValues(v, t, name), e.Known)
	}
	return w
}

func (w *wanted) assign(who flow.Actor, known map[string]flow.Ref) {
	if who.ID() == "" {
		return
	}
	if ref, ok := known[who.ID()]; ok && ref.Key != "" {
		w.assignee = ref.Key
		return
	}
	w.unknown = shownName(who)
}

// field puts one mapped field in, or notes why it is left out.
func (w *wanted) field(s *screen, rule FieldRule, values []string, known map[string]flow.Ref) {
	f, err := s.fieldOf(rule)
	if err == nil && f.ID == "timeoriginalestimate" { // shown under that name, set through another
		if t, ok := s.byID("timetracking"); ok {
			f = t
		}
	}
	if err != nil {
		if len(values) > 0 {
			w.dropped = append(w.dropped, err.Error())
		}
		return
	}
	value, err := f.shape(rule.translate(values), known)
	switch {
	case err != nil:
		w.dropped = append(w.dropped, fmt.Sprintf("%s: %s", f.Name, err))
		return
	case f.ID == labelsField:
		if list, ok := value.([]string); ok {
			w.labels = cleanLabels(append(w.labels, list...))
		}
		return
	}
	// A sub-task stays below its parent: Jira moves it in a dialog only.
	w.fields[f.ID], w.ours[f.ID] = value, rule.Owner == "jira" || f.ID == parentField && s.subtask
}

// fieldOf finds the field that a rule means.
func (s *screen) fieldOf(rule FieldRule) (field, error) {
	if rule.isParent() {
		if f, ok := s.parent(); ok {
			return f, nil
		}
	}
	return s.named(rule.Field)
}

func (r FieldRule) translate(values []string) []string {
	out := slices.Clone(values)
	for i, v := range out {
		for ours, theirs := range r.Values {
			if strings.EqualFold(ours, v) {
				out[i] = theirs
			}
		}
	}
	return out
}

// fieldValues are the values of one of our fields: priority, due and title belong to every request, the rest to its
// template.
func fieldValues(v flow.View, t *flow.TicketFields, name string) []string {
	switch name {
	case "priority":
		return filled(t.Priority)
	case "due":
		if !t.Due.IsZero() {
			return []string{t.Due.Format("2006-01-02T15:04:05Z07:00")}
		}
		return nil
	case "title":
		return filled(v.Title)
	case "request":
		return filled(string(v.Request))
	}
	if values, ok := t.Fields[name]; ok {
		return values
	}
	return v.Fields[name]
}

func filled(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// elsewhere are facts that Jira shows in fields of its own, or that change too often for a description.
func elsewhere(name string) bool {
	return slices.Contains([]string{"status", "owner", "assignee", "priority", "due", "ticket", "waiting_for", "stage", "round", "revision", "requester", "problem"}, name)
}

// description prints the body of a ticket: what was asked, then the facts that Jira has no field for, then where it
// lives.
func (c *Connector) description(v flow.View) string {
	parts := []string{wiki(v.Body)}
	facts := slices.DeleteFunc(slices.Clone(v.Facts), func(f flow.Fact) bool { return elsewhere(f.Name) })
	parts = append(parts, strings.TrimSpace(factLines(facts)), strings.TrimSpace(pointLines(v.Points, "open")))
	if v.Page != "" && c.deps.PublicURL != "" {
		parts = append(parts, fmt.Sprintf("[%s in signoff|%s]", escape(string(v.Request), false), linkAddress(c.deps.PublicURL+v.Page)))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return fitting(strings.Join(parts, "\n\n"), longestText, cutNote)
}

// hash tells one written value from another. Line ends and space around a text do not count: Jira changes them.
func hash(value any) string {
	if s, ok := value.(string); ok {
		value = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	}
	raw, err := json.Marshal(value) // maps are written in the order of their keys
	if err != nil {
		return "" // nothing here that cannot be written
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
