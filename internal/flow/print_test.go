package flow

import (
	"fmt"
	"strings"
)

// print shows the state a request is in, what it wished for, and why.
func (s *stage) print(o Outcome) string {
	var b strings.Builder
	r := o.Request
	fmt.Fprintf(&b, "v%d %s r%d", r.Version, r.Status, r.Round)
	if waiting := WaitingFor(s.p, r); len(waiting) > 0 {
		b.WriteString(" waiting for " + strings.Join(ids(waiting), ", "))
	}
	b.WriteString("\n")
	for _, run := range r.Stages {
		if run.Round == r.Round || run.State == StageOpen {
			fmt.Fprintf(&b, "  %s: %s %s\n", run.Name, run.State, run.Why)
		}
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "  ! %s\n", p.Text)
	}
	for _, w := range o.Why {
		fmt.Fprintf(&b, "why %s: %s\n", w.Code, w.Text)
	}
	for _, e := range o.Effects {
		b.WriteString(printEffect(e))
	}
	return trimLines(b.String())
}

// trimLines drops blank lines, which part the blocks of a transcript.
func trimLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func printEffect(e Effect) string {
	switch {
	case e.Show != nil:
		how := "update"
		if e.Show.Link == nil {
			how = "create"
		}
		if !e.Show.At.Zero() && e.Show.View.Kind == CommentView {
			how += " at " + e.Show.At.Type + " " + e.Show.At.Key + " in"
		} else if e.Show.View.Kind == CommentView {
			how += " for " + e.Show.To.ID() + " in"
		}
		line := fmt.Sprintf("%s %s %s: %s %s\n", how, e.Target, e.Show.Purpose, e.Show.View.Headline, printButtons(e.Show.View))
		if e.Show.View.Kind == CommentView {
			line += "    " + strings.ReplaceAll(e.Show.View.Body.String(), "\n", "\n    ") + "\n"
		}
		return line
	case e.Copy != nil:
		return strings.TrimSpace(fmt.Sprintf("copy %s to %s %s: %s %s", e.Copy.Purpose, e.Copy.To.Type, e.Copy.To.Key, e.Copy.File.Name, e.Copy.Note)) + "\n"
	case e.Wake != nil:
		if e.Wake.At.IsZero() {
			return "wake never\n"
		}
		return "wake " + e.Wake.At.Format("Mon 15:04") + "\n"
	}
	t := e.Tell
	how := "tell " + e.Target
	if t.Private {
		how += " only"
	}
	if len(t.To) > 0 {
		how += " " + strings.Join(ids(t.To), ",")
	}
	if !t.Where.Zero() && !t.Private {
		how += " at " + t.Where.Type + " " + t.Where.Key
	}
	line := fmt.Sprintf("%s: %s %s\n", how, t.View.Headline, printButtons(t.View))
	if !t.View.Body.Empty() {
		line += "    " + strings.ReplaceAll(t.View.Body.String(), "\n", "\n    ") + "\n"
	}
	return line
}

// printButtons lists the buttons that are not in the menu.
func printButtons(v View) string {
	var out []string
	for _, b := range v.Buttons {
		if !b.Minor {
			out = append(out, "["+b.Label+"]")
		}
	}
	return strings.Join(out, " ")
}

// view prints the whole view that is wanted for a purpose.
func (s *stage) view(purpose string) string {
	sc := scene{p: s.p, r: &s.r, at: s.now}
	for _, w := range sc.wanted() {
		if w.purpose == purpose {
			return printView(w.view)
		}
	}
	return "none\n"
}

func printView(v View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s | %s", v.Headline, v.Kind, v.Title)
	for _, f := range v.Facts {
		b.WriteString(printFact(f))
	}
	b.WriteString("\n")
	if !v.Body.Empty() {
		fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(v.Body.String(), "\n", "\n  "))
	}
	if v.Picture != nil {
		fmt.Fprintf(&b, "  picture %s: %s\n", v.Picture.Ref.Key, v.Picture.Alt)
	}
	for _, p := range v.Points {
		fmt.Fprintf(&b, "  point %d: %s -> %s\n", p.Number, p.Note, p.Answer)
	}
	for _, x := range v.Buttons {
		menu := ""
		if x.Minor {
			menu = "in the menu"
		}
		fmt.Fprintf(&b, "  [%s] %s %s %s\n", x.Label, x.Action, x.URL, menu)
	}
	return trimLines(b.String())
}

// printFact shows a fact as a chat does: those beside each other on one line.
func printFact(f Fact) string {
	last := ", @"
	if f.Or {
		last = " or @"
	}
	var words []string
	var names []string
	for _, a := range f.People {
		names = append(names, a.Shown)
	}
	if len(names) > 0 {
		names[0] = "@" + names[0]
	}
	at := ""
	if !f.At.IsZero() {
		at = "<" + f.At.Format("Mon 15:04") + ">"
	}
	for _, w := range []string{f.Label, f.Text, strings.Join(names, last), f.After, at} {
		if w != "" {
			words = append(words, w)
		}
	}
	if f.Beside {
		return " · " + strings.Join(words, " ")
	}
	return "\n  " + strings.Join(words, " ")
}

func (s *stage) fields() string { return fmt.Sprintf("%v\n", s.r.Fields) }
