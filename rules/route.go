package rules

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signoff/internal/flow"
)

// maxTitle is how many characters a title has at most; trackers take no more.
const maxTitle = 255

// needsTriage is the label of what people must look at first, where the rule names nobody who does.
const needsTriage = "needs-triage"

// fixedFields are the fields of request.submitted that are no template fields.
func fixedFields() []string {
	return []string{"title", "type", "channel", "source", "event", "priority", "labels"}
}

// tried is one rule that was tried, with the first test that failed or what held.
type tried struct {
	rule *rule
	held bool
	why  string
}

// decision is what the rules say of one event before people are chosen.
type decision struct {
	facts   facts
	ignore  bool
	rule    string
	chosen  *template // chosen in a form
	tmpl    *template // what applies
	do      action
	tried   []tried
	passed  int // how many rules there are up to the last that was tried
	values  map[string]found
	notes   []string // oddities worth a reason
	extract *extractor
	known   *flow.Routing // what the same words said before with its template; nil: nothing
}

// Route decides what becomes of a request that is being submitted: the first rule that applies, the values read from
// its words, the template, the assignee. Answers hold what Needs asked for. Why lists the values with the words they
// came from, then every rule that was tried with its first failing test.
func (s *Set) Route(ev flow.Event, a flow.Answers) flow.Routing {
	return s.routed(s.decide(ev), a)
}

// routed is what a decision means once it is known who has how much to do.
func (s *Set) routed(d *decision, a flow.Answers) flow.Routing {
	r := flow.Routing{Ignore: d.ignore, Rule: d.rule, Why: d.reasons()}
	if d.ignore {
		return r
	}
	r.Workflow, r.Project, r.Priority = d.do.workflow, d.do.project, d.do.priority
	r.Reminders, r.Escalation, r.StartNow = d.do.reminders, d.do.escalation, d.do.startNow
	if d.facts.priority != "" && r.Priority == "" {
		r.Priority = d.facts.priority
	}
	if d.tmpl != nil {
		r.Template, r.Effort = d.tmpl.name, d.tmpl.effort
		r.Labels = union(d.tmpl.labels, d.do.labels)
	} else {
		r.Labels = union(nil, d.do.labels)
	}
	r.Labels = union(r.Labels, d.facts.labels)
	r.Fields = fieldValues(d.values)
	r.Due = d.facts.due
	if d.knows(d.tmpl) {
		r.Title = d.known.Title
	} else {
		r.Title = s.title(d)
	}
	s.give(&r, d.do.assign, d.facts.author, a)
	return r
}

// give assigns a routed request, and says whether a person must look first.
func (s *Set) give(r *flow.Routing, to *assignment, author author, a flow.Answers) {
	name, why := s.assign(to, r.Effort, author, a)
	r.Assignee = name
	switch {
	case name == "" && why != "" && !r.StartNow && !toRequester(to):
		r.Triage = "Nobody was assigned: " + why + "."
	case r.Rule == "":
		r.Triage = "No rule applies."
	case name == "" && slices.Contains(r.Labels, needsTriage):
		r.Triage = fmt.Sprintf("The rule %q labels it %s and names nobody.", r.Rule, needsTriage)
	}
	if why != "" {
		r.Why = append(r.Why, flow.Reason{Code: "assign", Text: s.assignWords(name, why), Held: name != ""})
	}
}

func (s *Set) assignWords(name, why string) string {
	if p := s.dir.byName[name]; p != nil {
		return fmt.Sprintf("assigned to %s: %s", p.Shown, why)
	}
	return "assigned to nobody: " + why
}

func fieldValues(values map[string]found) map[string][]string {
	if len(values) == 0 {
		return nil
	}
	out := make(map[string][]string, len(values))
	for name, v := range values {
		if len(v.values) > 0 {
			out[name] = v.values
		}
	}
	return out
}

func union(a, b []string) []string {
	var out []string
	for _, v := range slices.Concat(a, b) {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// decide runs the rules, top to bottom. The first that applies decides, unless it says continue: then later ones add
// what it left open. Of two values for one key the earlier wins; labels and reminders are joined.
func (s *Set) decide(ev flow.Event) *decision { return s.decideBy(ev, s.rules.index) }

// Applies names the rules that apply to an event: the first, and before it those that go on. It reads no more of the event than
// they ask for.
func (s *Set) Applies(ev flow.Event) []string {
	d := &decision{facts: s.factsOf(ev)}
	s.apply(d, ev, s.rules.index)
	var names []string
	for _, t := range d.tried {
		if t.held {
			names = append(names, t.rule.name)
		}
	}
	return names
}

// decideBy is decide in which only those rules are tried that x finds; without x all of them.
func (s *Set) decideBy(ev flow.Event, x *index) *decision { return s.decideKnowing(ev, x, nil) }

// decideKnowing is decideBy where it is known already what the words say with one template.
func (s *Set) decideKnowing(ev flow.Event, x *index, known *flow.Routing) *decision {
	d := &decision{facts: s.factsOf(ev), known: known}
	values := s.apply(d, ev, x)
	d.tmpl = d.chosen
	if d.tmpl == nil {
		d.tmpl = s.rules.template(d.do.template)
	}
	if d.do.linkTo != "" {
		d.notes = append(d.notes, "link_to: where an open request is about the file already, this joins it as a comment")
	}
	d.values = values(d.tmpl)
	s.complete(&d.facts, d.values, d.extract)
	return d
}

// apply tries the rules and takes what they decide. It returns how fields are read with a template.
func (s *Set) apply(d *decision, ev flow.Event, x *index) (values func(*template) map[string]found) {
	d.chosen = s.rules.template(ev.Field("type"))
	if name := ev.Field("type"); name != "" && d.chosen == nil {
		d.notes = append(d.notes, fmt.Sprintf("there is no request type %q, so the rules choose", name))
	}
	d.extract = s.extractor(d.facts)
	read := map[*template]map[string]found{}
	values = func(t *template) map[string]found {
		v, ok := read[t]
		switch {
		case ok:
		case d.knows(t):
			v = map[string]found{}
			for name, values := range d.known.Fields {
				v[name] = found{values: values}
			}
			read[t] = v
		default:
			v = s.values(t, ev, d.extract)
			read[t] = v
		}
		return v
	}
	words := prepare(d.facts)
	for i := range s.mayApply(x, &d.facts, words) {
		r, t := s.rules.rules[i], d.chosen
		if t == nil {
			t = s.rules.template(r.do.template)
		}
		one := s.try(r, d, words, func() map[string]found { return values(t) })
		d.tried, d.passed = append(d.tried, one), i+1
		if !one.held {
			continue
		}
		d.take(r)
		if !r.goOn {
			break
		}
	}
	return values
}

// knows reports whether it is known already what the words say with a template.
func (d *decision) knows(t *template) bool {
	return d.known != nil && t != nil && t.name == d.known.Template
}

// mayApply yields the places of the rules that are to be tried.
func (s *Set) mayApply(x *index, f *facts, words *texts) iter.Seq[int] {
	if x == nil {
		return func(yield func(int) bool) {
			for i := range s.rules.rules {
				if !yield(i) {
					return
				}
			}
		}
	}
	return slices.Values(x.candidates(f, words))
}

// try asks one rule: match first, then if, with the fields of the template that would apply.
func (s *Set) try(r *rule, d *decision, words *texts, values func() map[string]found) tried {
	one := tried{rule: r, held: true}
	if r.match != nil {
		one.held, one.why = r.match.try(&d.facts, words)
		if !one.held {
			return one
		}
	}
	if r.cond == nil {
		if r.match == nil {
			one.why = "applies to everything"
		}
		return one
	}
	f := d.facts
	s.complete(&f, values(), d.extract)
	ok, why := r.cond.holds(s.rules.vocabulary.read(f, s.dir.studio))
	if !ok {
		one.held, one.why = false, why
		return one
	}
	one.why = strings.TrimPrefix(one.why+", "+r.cond.source, ", ")
	return one
}

// take adds what a rule decides to what earlier ones left open.
func (d *decision) take(r *rule) {
	if d.rule == "" || !r.goOn {
		d.rule = r.name
	}
	if r.ignore {
		d.ignore = true
		return
	}
	first := func(into *string, value string) {
		if *into == "" {
			*into = value
		}
	}
	first(&d.do.template, r.do.template)
	first(&d.do.workflow, r.do.workflow)
	first(&d.do.project, r.do.project)
	first(&d.do.priority, r.do.priority)
	first(&d.do.escalation, r.do.escalation)
	first(&d.do.linkTo, r.do.linkTo)
	if d.do.assign == nil {
		d.do.assign = r.do.assign
	}
	d.do.startNow = d.do.startNow || r.do.startNow
	d.do.labels = union(d.do.labels, r.do.labels)
	d.do.reminders = union(d.do.reminders, r.do.reminders)
}

// reasons lists values and rules as lines of why.
func (d *decision) reasons() []flow.Reason {
	var out []flow.Reason
	for _, line := range d.read() {
		out = append(out, flow.Reason{Code: "read", Text: fmt.Sprintf("%s: %s from %q%s", line.Field, line.Value, line.From, inBrackets(line.How)), Held: true})
	}
	for _, note := range d.notes {
		out = append(out, flow.Reason{Code: "note", Text: note})
	}
	for _, t := range d.tried {
		out = append(out, flow.Reason{Code: "rule", Text: t.rule.name + ": " + t.why, Place: at(t.rule.pos), Held: t.held})
	}
	if n := d.passed - len(d.tried); n > 0 {
		out = append(out, flow.Reason{Code: "rules", Text: fmt.Sprintf("%d rule%s above passed over: a word or a value that they need is not there", n, plural(n))})
	}
	if d.rule == "" {
		out = append(out, flow.Reason{Code: "no_rule", Text: "no rule applies"})
	}
	return out
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// title is what was typed as the title, else the template's title, else the first sentence.
func (s *Set) title(d *decision) string {
	if d.facts.title != "" {
		return shortTitle(d.facts.title)
	}
	subject := d.subject()
	if d.tmpl == nil || d.tmpl.title == nil {
		return shortTitle(subject)
	}
	out, err := d.tmpl.title.render(titleData(d, subject))
	if title := strings.Trim(plainLine(out), " :-–"); err == nil && title != "" {
		return shortTitle(title)
	}
	return shortTitle(subject)
}

func titleData(d *decision, subject string) map[string]any {
	data := map[string]any{"subject": plainValue(subject), "requester": plainValue(firstOf(d.facts.author.shown, d.facts.author.id)), "due": d.facts.due, "type": d.tmpl.label}
	for _, f := range d.tmpl.fields {
		data[f.Name] = templateValue(f.Type, d.values[f.Name].values, d.extract.loc)
	}
	data["due"] = d.facts.due
	return data
}

// templateValue is a field as texts print it.
func templateValue(fieldType string, values []string, loc *time.Location) any {
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = plainValue(v)
	}
	switch {
	case many(fieldType):
		return clean
	case fieldType == DateField:
		if len(clean) == 0 {
			return time.Time{}
		}
		t, _ := parseStamp(clean[0], loc)
		return t
	case len(clean) == 0:
		return ""
	}
	return clean[0]
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func shortTitle(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return "Request without a title"
	}
	if utf8.RuneCountInString(s) <= maxTitle {
		return s
	}
	return string([]rune(s)[:maxTitle-1]) + "…"
}
