package rules

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signoff/internal/calendar"
	"signoff/internal/flow"
)

// Explanation is what the rules would do with a request and why, in the order in which Print shows it.
type Explanation struct {
	Read   []ReadLine   `json:"read,omitempty"`
	Rules  []RuleLine   `json:"rules"`
	Do     []DoLine     `json:"do,omitempty"`
	Notes  []string     `json:"notes,omitempty"`
	Routed flow.Routing `json:"routing"`
}

// ReadLine is one value with the words it came from.
type ReadLine struct {
	Field string `json:"field"`
	Value string `json:"value"`
	From  string `json:"from"`
	How   string `json:"how,omitempty"`
}

// RuleLine is one rule that was tried.
type RuleLine struct {
	Rule  string `json:"rule"`
	Held  bool   `json:"held"`
	Why   string `json:"why"`
	Place string `json:"place"`
}

// DoLine is one thing that would be done: create, ask for, assign, approve, remind, ignore.
type DoLine struct {
	Verb string `json:"verb"`
	Text string `json:"text"`
}

// Explain says what Route would decide and what would follow. Nothing is done.
func (s *Set) Explain(ev flow.Event, a flow.Answers) Explanation {
	d := s.decideBy(ev, nil)
	e := Explanation{Read: d.read(), Notes: d.notes, Routed: s.Route(ev, a)}
	for _, t := range d.tried {
		e.Rules = append(e.Rules, RuleLine{Rule: t.rule.name, Held: t.held, Why: t.why, Place: at(t.rule.pos)})
	}
	if d.ignore {
		e.Do = []DoLine{{"ignore", "no request is made"}}
		return e
	}
	e.Do = append(e.Do, DoLine{"create", s.createWords(d, e.Routed)})
	if line := s.askWords(ev, e.Routed); line != "" {
		e.Do = append(e.Do, DoLine{"ask for", line})
	}
	if line := s.assignLine(d, a); line != "" {
		e.Do = append(e.Do, DoLine{"assign", line})
	}
	e.Do = append(e.Do, DoLine{"approve", s.approveWords(ev, e.Routed)})
	if line := s.remindWords(e.Routed); line != "" {
		e.Do = append(e.Do, DoLine{"remind", line})
	}
	return e
}

// read lists the values that came from words, in the order of the template's fields.
func (d *decision) read() []ReadLine {
	if d.tmpl == nil {
		return nil
	}
	var out []ReadLine
	for _, f := range d.tmpl.fields {
		v, ok := d.values[f.Name]
		if !ok || v.from == "" {
			continue
		}
		value := strings.Join(v.values, ", ")
		if f.Type == DateField {
			value = dateValue(value, d.extract)
		}
		out = append(out, ReadLine{Field: f.Name, Value: value, From: v.from, How: v.how})
	}
	return out
}

// dateValue says a stored date in words: "Fri 20 Nov 16:30 Europe/London".
func dateValue(value string, x *extractor) string {
	t, ok := parseStamp(value, x.loc)
	switch {
	case !ok:
		return value
	case len(value) == len(time.DateOnly):
		return t.Format("Mon 2 Jan 2006")
	}
	return t.In(x.loc).Format("Mon 2 Jan 15:04 ") + x.loc.String()
}

func (s *Set) createWords(d *decision, r flow.Routing) string {
	var b strings.Builder
	if r.Project != "" && s.options.Tracker {
		b.WriteString(r.Project + " ")
	}
	fmt.Fprintf(&b, "%q", r.Title)
	if d.tmpl != nil {
		fmt.Fprintf(&b, ", %s", d.tmpl.label)
		if n := len(d.tmpl.subtasks); n == 1 {
			b.WriteString(" with 1 subtask")
		} else if n > 1 {
			fmt.Fprintf(&b, " with %d subtasks", n)
		}
		if d.tmpl.effort > 0 {
			fmt.Fprintf(&b, ", %.4g h", d.tmpl.effort)
		}
	}
	if !r.Due.IsZero() {
		fmt.Fprintf(&b, ", due %s", r.Due.In(d.extract.loc).Format("Mon 2 Jan 15:04"))
	}
	if r.Priority != "" {
		fmt.Fprintf(&b, ", priority %s", r.Priority)
	}
	if len(r.Labels) > 0 {
		fmt.Fprintf(&b, ", labels %s", strings.Join(r.Labels, ", "))
	}
	return b.String()
}

func (s *Set) assignLine(d *decision, a flow.Answers) string {
	effort := 0.0
	if d.tmpl != nil {
		effort = d.tmpl.effort
	}
	name, why := s.assign(d.do.assign, effort, d.facts.author, a)
	if p := s.dir.byName[name]; p != nil {
		return p.Shown + "   " + why
	}
	if why != "" {
		return "nobody   " + why
	}
	return ""
}

// approveWords draws the stages: "Brand review (1 of Ana, Dana; 8 working hours, then creative-lead) → Sign-off (…)".
func (s *Set) approveWords(ev flow.Event, r flow.Routing) string {
	req := s.asRequest(ev, r)
	p := policy{s: s, dir: s.dir, set: s}
	var groups [][]string
	last := 0
	for _, def := range p.Stages(req) {
		words := s.stageWords(p, req, def)
		if def.Together != last || len(groups) == 0 {
			groups = append(groups, nil)
			last = def.Together
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], words)
	}
	if len(groups) == 0 {
		return "nobody: the rule names no workflow"
	}
	steps := make([]string, len(groups))
	for i, g := range groups {
		steps[i] = strings.Join(g, " and ")
	}
	return strings.Join(steps, " → ")
}

// asRequest is the request that would be opened, as far as stages need it.
func (s *Set) asRequest(ev flow.Event, r flow.Routing) flow.Request {
	req := flow.Request{
		Workflow: r.Workflow, Template: r.Template, Title: r.Title, Body: ev.Body, Requester: ev.Actor, Source: ev.Field("source"),
		Project: r.Project, Priority: r.Priority, Labels: r.Labels, Reminders: r.Reminders, Escalation: r.Escalation,
		Fields: r.Fields, Due: r.Due, Opened: ev.At, Round: 1,
	}
	if r.Assignee != "" {
		req.Assignee = flow.Actor{Name: r.Assignee}
	}
	return req
}

func (s *Set) stageWords(p policy, req flow.Request, def flow.StageDef) string {
	if def.Skip != "" {
		return fmt.Sprintf("%s (skipped: %s)", def.Name, def.Skip)
	}
	var names []string
	for _, rv := range p.Reviewers(req, def.Name) {
		names = append(names, shortName(p.shown(rv.Actor)))
	}
	people := strings.Join(names, ", ")
	if len(names) == 0 {
		people = "nobody found"
	}
	if len(names) > 1 {
		people = needsWords(def.Needs, len(names)) + " of " + people
	}
	if def.Limit == "" {
		return fmt.Sprintf("%s (%s)", def.Name, people)
	}
	return fmt.Sprintf("%s (%s; %s, then %s)", def.Name, people, def.Limit, timeoutWords(def.OnTimeout, req.Escalation))
}

// shortName is the first of a person's names.
func shortName(shown string) string {
	first, _, _ := strings.Cut(shown, " ")
	return first
}

func timeoutWords(action, chain string) string {
	switch action {
	case "escalate":
		if chain == "" {
			return "it waits, as no escalation is named"
		}
		return chain
	case "expire":
		return "it expires"
	case "approve":
		return "it counts as approved"
	case "decline":
		return "it counts as declined"
	}
	return "it waits"
}

// remindWords says when people are reminded in the first stage that has a limit.
func (s *Set) remindWords(r flow.Routing) string {
	w := s.rules.workflows[r.Workflow]
	if w == nil || len(r.Reminders) == 0 {
		return ""
	}
	i := slices.IndexFunc(w.stages, func(st *stage) bool { return st.limit != nil })
	var shares, slots []string
	for _, name := range r.Reminders {
		for _, rem := range s.rules.reminders[name] {
			switch {
			case rem.hasCron:
				slots = append(slots, cronWords(rem))
			case i >= 0:
				shares = append(shares, shareOf(s.dir.studio, *w.stages[i].limit, rem.percent))
			}
		}
	}
	var parts []string
	if len(shares) > 0 {
		words := "after " + andList(shares)
		if w.stages[i].limit.Unit == calendar.WorkingHours {
			words += " working hours"
		}
		parts = append(parts, words)
	}
	return strings.Join(append(parts, slots...), ", ")
}

func cronWords(rem *reminder) string {
	zone := "the recipient's time"
	if rem.zone != nil {
		zone = rem.zone.String()
	}
	return fmt.Sprintf("by %q in %s", rem.cron.String(), zone)
}

func andList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Print writes the explanation for people.
func (e Explanation) Print(w io.Writer) error {
	var b strings.Builder
	if len(e.Read) > 0 {
		b.WriteString("Read from the message\n")
		e.printRead(&b)
	}
	b.WriteString("Rules, top to bottom\n")
	e.printRules(&b)
	for _, note := range e.Notes {
		b.WriteString("  ! " + note + "\n")
	}
	b.WriteString("Would do\n")
	for _, line := range e.Do {
		fmt.Fprintf(&b, "  %-8s %s\n", line.Verb, line.Text)
	}
	b.WriteString("Nothing was sent.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (e Explanation) printRead(b *strings.Builder) {
	wide, value := 0, 0
	for _, r := range e.Read {
		wide, value = max(wide, utf8.RuneCountInString(r.Field)), max(value, utf8.RuneCountInString(r.Value))
	}
	for _, r := range e.Read {
		fmt.Fprintf(b, "  %s  %s  from %q%s\n", padded(r.Field, wide), padded(r.Value, min(value, 40)), r.From, inBrackets(r.How))
	}
}

func (e Explanation) printRules(b *strings.Builder) {
	wide := 0
	for _, r := range e.Rules {
		wide = max(wide, utf8.RuneCountInString(r.Rule))
	}
	for _, r := range e.Rules {
		mark := "–"
		if r.Held {
			mark = "✓"
		}
		fmt.Fprintf(b, "  %s %s  %s\n", mark, padded(r.Rule, wide), r.Why)
	}
	if !slices.ContainsFunc(e.Rules, func(r RuleLine) bool { return r.Held }) {
		b.WriteString("  ! no rule applies\n")
	}
}

// padded fills s with spaces to n characters.
func padded(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}
