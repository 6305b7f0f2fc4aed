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
