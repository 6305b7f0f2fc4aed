package jira

import (
	"fmt"
	"strings"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// pointLines prints numbered change requests: what is asked, by whom and where, what became of it. open is the word for one
// that nobody has answered or resolved; a comment, which stays as it is written, has none.
func pointLines(points []flow.Point, open string) string {
	var b strings.Builder
	for _, p := range points {
		between := " "
		if len(p.Note) > 0 && p.Note[0].Kind != text.Paragraph {
			between = "\n" // a list begins a line
		}
		fmt.Fprintf(&b, "%d.%s%s\n", p.Number, between, wiki(p.Note))
		if about := pointAbout(p, open); about != "" {
			b.WriteString(about + "\n")
		}
		if !p.Answer.Empty() {
			fmt.Fprintf(&b, "%s%s\n", answerHead(p), wiki(p.Answer))
		}
	}
	return b.String()
}

// pointAbout is the line below a point: who asked, where, and how it stands.
func pointAbout(p flow.Point, open string) string {
	var parts []string
	if name := oneParagraph(shownName(p.By)); name != "" {
		parts = append(parts, escape(name, true))
	}
	if at := link(text.A("where it was asked", p.URL)); strings.HasPrefix(at, "[") {
		parts = append(parts, at)
	}
	switch {
	case !p.Resolved.IsZero():
		parts = append(parts, escape(strings.TrimSpace("resolved "+by(p.ResolvedBy)), false))
	case p.Answer.Empty() && open != "":
		parts = append(parts, open)
	}
	return strings.Join(parts, " · ")
}

// answerHead begins an answer with who gave it.
func answerHead(p flow.Point) string {
	head := marked("*", []text.Node{text.T(strings.TrimSpace("Answer "+by(p.AnsweredBy)) + ":")})
	if p.Answer[0].Kind != text.Paragraph {
		return head + "\n"
	}
	return head + " "
}

// by names who did something, in running words; "" where it is not known.
func by(a flow.Actor) string {
	if name := oneParagraph(shownName(a)); name != "" {
		return "by " + name
	}
	return ""
}
