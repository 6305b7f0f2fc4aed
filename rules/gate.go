package rules

import (
	"slices"

	"signoff/internal/flow"
)

// Missing lists the fields that the request's template requires and that nobody has given, in the order of its form.
func (p policy) Missing(r flow.Request) []flow.Field {
	t := p.s.rules.template(r.Template)
	if t == nil {
		return nil
	}
	var out []flow.Field
	for _, f := range t.fields {
		given := slices.ContainsFunc(r.Fields[f.Name], func(v string) bool { return visible(v) != "" })
		if f.Required && !given {
			out = append(out, f)
		}
	}
	return out
}

// askWords names what the requester would be asked for before the request starts; nothing where it is all there.
func (s *Set) askWords(ev flow.Event, r flow.Routing) string {
	var labels []string
	for _, f := range (policy{s: s, dir: s.dir, set: s}).Missing(s.asRequest(ev, r)) {
		labels = append(labels, f.Label)
	}
	if len(labels) == 0 {
		return ""
	}
	return andList(labels) + ", from whoever asks; it starts once that is known"
}
