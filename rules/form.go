package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"signoff/internal/pattern"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// maxField is how many characters one value of a field has at most; long texts may have maxLongField.
const (
	maxField     = 1000
	maxLongField = 10_000
)

// urlWholeRE is an address: scheme, host, no spaces.
var urlWholeRE = pattern.New(`^https?://[^\s/?#<>"]+\S*$`)

// Prefill reads a draft: the type (the one chosen, else that of the rule which would apply, else the one whose name
// the words mention), the title, and the fields of that type.
func (s *Set) Prefill(d flow.Form, now time.Time) flow.Prefill {
	ev := eventOf(d, now)
	dec := s.decide(ev)
	out := flow.Prefill{Fields: map[string][]string{}, From: map[string]string{}}
	t := dec.tmpl
	if dec.chosen == nil {
		if named, words := s.named(dec.facts.whole()); named != nil && t == nil {
			t = named
			out.From["type"] = words
			ev.Fields["type"] = []string{named.name}
			dec = s.decide(ev)
		}
	}
	if t != nil {
		out.Type = t.name
	}
	out.Title = s.title(dec)
	if dec.facts.whole() == "" {
		out.Title = ""
	}
	for name, v := range dec.values {
		out.Fields[name] = v.values
		if v.from != "" {
			out.From[name] = v.from
		}
	}
	return out
}

// named finds the request type whose label or name stands first in the words.
func (s *Set) named(words string) (*template, string) {
	var best *template
	first, found := len(words), ""
	for _, t := range s.rules.templates {
		for _, name := range []string{t.label, t.name} {
			if at := wordIndex(words, name, 0); at >= 0 && at < first {
				best, first, found = t, at, words[at:at+len(name)]
			}
		}
	}
	return best, found
}

// event is the draft as if it were submitted now.
func eventOf(d flow.Form, now time.Time) flow.Event {
	fields := map[string][]string{}
	for name, v := range d.Fields {
		fields[name] = v
	}
	for name, v := range map[string]string{"title": d.Title, "type": d.Type, "channel": d.Channel} {
		if v != "" {
			fields[name] = []string{v}
		}
	}
	return flow.Event{Kind: flow.RequestSubmitted, At: now, Actor: d.Who, Fields: fields, Body: text.Plain(d.Text)}
}

// Validate checks a form: one plain sentence by field name ("title", "type", or a template field), empty when all is
// well.
func (s *Set) Validate(d flow.Form, now time.Time) map[string]string {
	problems := map[string]string{}
	title := strings.TrimSpace(d.Title)
	switch {
	case text.Blank(d.Title) && text.Blank(d.Text), title != "" && text.Blank(title):
		problems["title"] = "Say in a few words what you need."
	case utf8.RuneCountInString(title) > maxTitle:
		problems["title"] = fmt.Sprintf("This title is too long: %d characters are the most.", maxTitle)
	}
	t := s.rules.template(d.Type)
	if d.Type != "" && t == nil {
		problems["type"] = "This type of request does not exist any more. Choose another one."
	}
	if t == nil {
		return problems
	}
	x := s.extractor(s.factsOf(eventOf(d, now)))
	for _, f := range t.fields {
		if problem := x.check(f, d.Fields[f.Name]); problem != "" {
			problems[f.Name] = problem
		}
	}
	return problems
}

// check says what is wrong with the values of one field.
func (x *extractor) check(f flow.Field, values []string) string {
	values = filled(values)
	if len(values) == 0 {
		if f.Required {
			return f.Label + " is needed."
		}
		return ""
	}
	if many(f.Type) {
		values = spread(f, values)
		if len(values) > maxEntries {
			return fmt.Sprintf("These are too many: %d is the most.", maxEntries)
		}
	} else if len(values) > 1 {
		return "Give one value only."
	}
	for _, v := range values {
		if _, problem := normalise(f, v, x); problem != "" {
			return problem
		}
	}
	if f.Name == "due" {
		v, _ := normalise(f, values[0], x)
		if due := x.dueTime(v); due.Before(x.now) {
			return "This day has passed. Choose a later one."
		}
	}
	return ""
}

func filled(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.TrimSpace(v) == "" })
}

// spread parts lists that were typed into one line; choices are never parted, because a choice may hold a comma.
func spread(f flow.Field, values []string) []string {
	if f.Type != ListField {
		return values
	}
	var out []string
	for _, v := range values {
		out = append(out, splitList(v)...)
	}
	return out
}

// normaliseAll turns given values into their stored form and drops those that cannot be read.
func normaliseAll(f flow.Field, values []string, x *extractor) []string {
	values = spread(f, filled(values))
	var out []string
	for _, v := range values[:min(len(values), maxEntries)] {
		s, problem := normalise(f, v, x)
		if problem == "" && s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if !many(f.Type) && len(out) > 1 {
		out = out[:1]
	}
	return out
}

// normalise turns one value into its stored form, or says in a plain sentence why it cannot be used.
func normalise(f flow.Field, v string, x *extractor) (stored, problem string) {
	v = strings.TrimSpace(v)
	limit := maxField
	if f.Type == LongTextField {
		limit = maxLongField
	}
	if n := utf8.RuneCountInString(v); n > limit {
		return "", fmt.Sprintf("This is too long: %d characters, %d are the most.", n, limit)
	}
	if len(f.Choices) > 0 {
		if c, ok := choiceOf(f, v); ok {
			return c, ""
		}
		return "", "Choose one of " + orList(f.Choices) + "."
	}
	switch f.Type {
	case DateField:
		return x.storedDate(v)
	case MoneyField:
		m, ok := parseMoney(v)
		if !ok {
			return "", "This is not an amount. Write it like 5000 EUR or €5k."
		}
		return m.String(), ""
	case NumberField:
		n, ok := parseNumber(v)
		if !ok {
			return "", "This is not a number."
		}
		return strconv.FormatFloat(n, 'f', -1, 64), ""
	case URLField:
		if !urlWholeRE.MatchString(v) {
			return "", "This is not an address. It starts with https://."
		}
		return v, ""
	case PersonField:
		return x.person(v)
	}
	return v, ""
}

// storedDate reads a date that fills the whole value.
func (x *extractor) storedDate(v string) (stored, problem string) {
	if t, ok := parseStamp(v, x.loc); ok {
		if len(v) == len(time.DateOnly) {
			return v, ""
		}
		return t.Format(time.RFC3339), ""
	}
	m, ok := x.date(v)
	if !ok && numericForm.MatchString(v) {
		m, ok = x.date("by " + v)
	}
	if !ok {
		example := "20/11/2026"
		if !x.dayFirst {
			example = "11/20/2026"
		}
		return "", "This is not a date. Write it like 2026-11-20, " + example + " or Friday."
	}
	return m.value(), ""
}

// person reads somebody from the directory: by name, full name or e-mail address.
func (x *extractor) person(v string) (stored, problem string) {
	v = strings.TrimPrefix(v, "@")
	for _, p := range x.people {
		if strings.EqualFold(v, p.Name) || strings.EqualFold(v, p.Shown) || p.Email != "" && strings.EqualFold(v, p.Email) {
			return p.Name, ""
		}
	}
	return "", fmt.Sprintf("%s is not in the list of people.", v)
}
