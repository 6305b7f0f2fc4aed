package flow

import (
	"slices"
	"strconv"
	"strings"
)

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

// require makes fields required: "audience:Audience,legal_claim:Legal claim".
func (s *stage) require(list string) {
	for word := range strings.SplitSeq(list, ",") {
		name, label, _ := strings.Cut(word, ":")
		s.p.required = append(s.p.required, Field{Name: name, Label: label, Type: "text", Required: true})
	}
}

// part plans a subtask: title, hours, by, after (numbers).
func (s *stage) part(args map[string]string) {
	p := Part{Title: args["title"]}
	p.Effort, _ = strconv.ParseFloat(args["hours"], 64)
	if by := args["by"]; by != "" {
		p.Assignee = Actor{Name: by}
	}
	for word := range strings.SplitSeq(args["after"], ",") {
		if n, err := strconv.Atoi(word); err == nil {
			p.After = append(p.After, n)
		}
	}
	s.p.parts = append(s.p.parts, p)
}

// ofPart makes what the tracker says be about a subtask's ticket.
func (s *stage) ofPart(ev *Event, number string) {
	if number == "" {
		return
	}
	if l, ok := s.r.Link("part/" + number); ok {
		ev.Subject = l.Ref
	}
}
