package flow

import "slices"

// What the test policy says of briefs and subtasks.

func (p *static) Missing(r Request) []Field {
	return slices.DeleteFunc(slices.Clone(p.required), func(f Field) bool { return len(r.Fields[f.Name]) > 0 && r.Fields[f.Name][0] != "" })
}

// Parts counts back from the due date in calendar days, with the request's assignee.
func (p *static) Parts(r Request, a Answers) []Part {
	out := slices.Clone(p.parts)
	for i := range out {
		if out[i].Assignee.ID() == "" {
			out[i].Assignee = r.Assignee
		}
		if i < len(r.Parts) {
			out[i].Assignee = r.Parts[i].Assignee
		}
		if r.Due.IsZero() {
			continue
		}
		out[i].Due = r.Due.AddDate(0, 0, i-len(out))
	}
	return out
}
