package rules

import (
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// factsOf reads an event; template fields are added by complete.
func (s *Set) factsOf(ev flow.Event) facts {
	f := facts{
		text: ev.Body.String(), title: visible(ev.Field("title")), source: ev.Field("source"), channel: ev.Field("channel"),
		kind: ev.Field("type"), event: ev.Field("event"), priority: ev.Field("priority"), labels: ev.Fields["labels"],
		submitted: ev.At, author: s.author(ev.Actor),
		file: ev.Field("file"), fromDomain: strings.ToLower(ev.Field("from_domain")), verified: ev.Field("verified"),
	}
	if f.source == "" {
		f.source = ev.Actor.Ref.System
	}
	f.requester = f.author.id
	return f
}

// author looks somebody up in the directory, by name or by e-mail.
func (s *Set) author(a flow.Actor) author {
	name := a.Name
	if name == "" {
		name = s.dir.byEmail[strings.ToLower(a.Email)]
	}
	out := author{id: a.ID(), shown: a.Shown, email: a.Email, bot: a.Bot}
	if p := s.dir.byName[name]; p != nil {
		out.id, out.name, out.shown, out.email, out.groups, out.known = p.Name, p.Name, p.Shown, p.Email, p.Groups, true
	}
	return out
}

// whole is the text that match: and extraction read: the title, where the words do not begin with it, and the words.
func (f facts) whole() string {
	if f.title == "" || strings.HasPrefix(f.text, f.title) {
		return f.text
	}
	return f.title + "\n" + f.text
}

// complete adds the fields of a template to facts.
func (s *Set) complete(f *facts, values map[string]found, x *extractor) {
	f.fields = fieldValues(values)
	f.due = time.Time{}
	if due := f.fields["due"]; len(due) > 0 {
		f.due = x.dueTime(due[0])
	}
}

// dueTime turns a stored date into an instant: a day without a time is due when work ends on it.
func (x *extractor) dueTime(value string) time.Time {
	t, ok := parseStamp(value, x.loc)
	if !ok || len(value) > len(time.DateOnly) {
		return t
	}
	y, m, d := t.Date()
	if end, open := x.endOfWork(time.Date(y, m, d, 12, 0, 0, 0, x.cal.Location())); open {
		return end.In(x.loc)
	}
	return time.Date(y, m, d, 23, 59, 0, 0, x.loc)
}

// extractor reads in the requester's zone and by their calendar, the studio's for strangers.
func (s *Set) extractor(f facts) *extractor {
	w := s.options.Workspace
	x := &extractor{
		text: cut(f.whole(), maxReadText), now: f.submitted, loc: s.zone, cal: s.dir.studio, calName: s.dir.calName,
		dayFirst: w.DateOrder != "month-first", sunday: strings.EqualFold(w.WeekStarts, "sunday"), people: s.dir.people,
	}
	if p := s.dir.byName[f.author.name]; p != nil && p.cal != nil && p.Calendar != "" {
		x.cal, x.calName, x.loc = p.cal, p.Calendar, p.Zone
	}
	return x
}

// values reads the fields of a template: what the event says itself, else what its words say. Without a template only
// what the event says of known fields counts.
func (s *Set) values(t *template, ev flow.Event, x *extractor) map[string]found {
	fields := t
	if t == nil {
		fields = s.untyped()
	}
	out := x.fields(fields)
	for name, given := range ev.Fields {
		if slices.Contains(fixedFields(), name) {
			continue
		}
		f, ok := s.fieldOf(t, name)
		if !ok {
			continue
		}
		delete(out, name)
		if v := normaliseAll(f, given, x); len(v) > 0 {
			out[name] = found{values: v}
		}
	}
	return out
}

// untyped is what is read from a request without a type: when it is due, as long as no template means something else
// by that name.
func (s *Set) untyped() *template {
	t := &template{}
	if f, ok := s.fieldOf(nil, "due"); ok && f.Type == DateField {
		t.fields = []flow.Field{f}
	}
	return t
}

// fieldOf finds the declaration of a field: the template's, or by name in any template where none applies.
func (s *Set) fieldOf(t *template, name string) (flow.Field, bool) {
	if t != nil {
		return t.field(name)
	}
	kind, ok := s.rules.vocabulary.fields[name]
	if !ok && name == "due" {
		kind, ok = DateField, true
	}
	return flow.Field{Name: name, Type: kind}, ok
}

// visible is s without the space around it, and nothing when nothing of it can be seen.
func visible(s string) string {
	if text.Blank(s) {
		return ""
	}
	return strings.TrimSpace(s)
}
