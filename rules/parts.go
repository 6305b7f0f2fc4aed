package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"signoff/internal/calendar"
	"signoff/internal/flow"
	"signoff/internal/source"
)

// arrange finds the subtasks that others come after. They are named by their titles as these are written, in any order.
func (l *loader) arrange(t *template) {
	var names []string
	for _, s := range t.subtasks {
		names = append(names, s.name)
	}
	before := l.Errors()
	for i := range t.subtasks {
		for _, n := range t.subtasks[i].follows {
			l.follow(t, i, n.Value(), names)
		}
	}
	if l.Errors() == before {
		l.circles(t)
	}
}

// follow lets one subtask come after another.
func (l *loader) follow(t *template, i int, name string, names []string) {
	n := t.subtasks[i].follows[slices.IndexFunc(t.subtasks[i].follows, func(n *source.Node) bool { return n.Value() == name })]
	at := slices.Index(names, name)
	switch {
	case at < 0:
		l.unknown(n, "SO123", "subtask", name, slices.Clone(names))
	case at == i:
		l.Errorf(n.Pos(), "SO135", "%q cannot come after itself", name)
	case slices.Contains(names[at+1:], name):
		l.Errorf(n.Pos(), "SO120", "two subtasks are called %q, so it is not clear which one comes first", name)
		l.Hint("give one of them another title")
	case !slices.Contains(t.subtasks[i].after, at+1):
		t.subtasks[i].after = append(t.subtasks[i].after, at+1)
	}
}

// circles refuses subtasks that wait for each other.
func (l *loader) circles(t *template) {
	done := make([]bool, len(t.subtasks))
	var walk func(i int, way []int) bool
	walk = func(i int, way []int) (round bool) {
		if from := slices.Index(way, i); from >= 0 {
			var words []string
			for _, k := range append(slices.Clone(way[from:]), i) {
				words = append(words, t.subtasks[k].name)
			}
			l.Errorf(t.subtasks[i].follows[0].Pos(), "SO135", "subtasks come after each other: %s", strings.Join(words, " → "))
			return true
		}
		if done[i] {
			return false
		}
		for _, k := range t.subtasks[i].after {
			if walk(k-1, append(slices.Clone(way), i)) {
				return true
			}
		}
		done[i] = true
		return false
	}
	for i := range t.subtasks {
		if walk(i, nil) {
			return // one circle is enough to look at
		}
	}
}

// inheritSubtasks gives templates without subtasks of their own those of the template they are based on.
func (l *loader) inheritSubtasks() {
	for _, t := range l.set.rules.templates {
		base := t
		for range len(l.set.rules.templates) {
			if base.set["subtasks"] || base.basedOn == "" {
				break
			}
			next := l.set.rules.template(base.basedOn)
			if next == nil {
				break
			}
			base = next
		}
		t.subtasks = base.subtasks
	}
}

// Parts lists the subtasks of the request's template: titles with what the request says now, due so long before the request
// as the rules want in the working time of whoever does them. Those that the request has keep their assignees.
func (p policy) Parts(r flow.Request, a flow.Answers) []flow.Part {
	t := p.s.rules.template(r.Template)
	if t == nil || len(t.subtasks) == 0 {
		return nil
	}
	data := p.partData(t, r)
	loads := map[string]float64{}
	var out []flow.Part
	for i, s := range t.subtasks {
		part := flow.Part{
			Number: i + 1, Title: s.words(data, i+1), Effort: s.effort, Skills: slices.Clone(s.skills), After: slices.Clone(s.after),
		}
		if i < len(r.Parts) && len(r.Parts) == len(t.subtasks) {
			part.Assignee = r.Parts[i].Assignee
		} else {
			part.Assignee = p.partAssignee(s, r, a, loads)
		}
		if !r.Due.IsZero() && s.before.N > 0 {
			back := calendar.Span{N: -s.before.N, Unit: s.before.Unit}
			part.Due = p.dir.calendar(part.Assignee.Name).Add(r.Due, back)
		}
		out = append(out, part)
	}
	return out
}

// words are the title of a subtask; one that prints nothing is called by its number.
func (s subtask) words(data map[string]any, number int) string {
	if s.title != nil {
		out, err := s.title.render(data)
		if line := strings.Trim(plainLine(out), " :-–,"); err == nil && line != "" {
			return shortTitle(line)
		}
	}
	return fmt.Sprintf("Subtask %d", number)
}

// partData is what the titles of subtasks may read: the fields as they are now, and the subject as the title of the request
// was made from it.
func (p policy) partData(t *template, r flow.Request) map[string]any {
	ev := flow.Event{Body: r.Body, Actor: r.Requester, At: r.Opened, Fields: map[string][]string{"source": {r.Source}}}
	d := &decision{facts: p.s.factsOf(ev), tmpl: t}
	d.extract = p.s.extractor(d.facts)
	d.values = p.s.values(t, ev, d.extract)
	d.facts.due = r.Due
	subject := d.subject()
	made := p.s.title(d) == r.Title
	for _, f := range t.fields {
		if given := r.Fields[f.Name]; len(given) > 0 {
			d.values[f.Name] = found{values: given, from: d.values[f.Name].from}
		}
	}
	if !made && p.s.title(d) != r.Title { // somebody chose the title
		subject = r.Title
	}
	return titleData(d, subject)
}

// partAssignee is whoever does a subtask: where it asks for skills and the rule shares work out by load, the least loaded
// of those with the skills; else whoever has the request.
func (p policy) partAssignee(s subtask, r flow.Request, a flow.Answers, loads map[string]float64) flow.Actor {
	best, least := "", math.Inf(1)
	for _, name := range p.s.skilled(s, p.s.assignmentOf(r.Rule)) {
		share := (a.Load[name] + loads[name] + s.effort) / p.set.capacity(name)
		if !slices.Contains(a.Away, name) && share < least {
			best, least = name, share
		}
	}
	person := p.dir.byName[best]
	if person == nil {
		return r.Assignee
	}
	loads[best] += s.effort
	return flow.Actor{Name: best, Shown: person.Shown, Email: person.Email}
}

// assignmentOf is how a rule chooses people; nil where it does not.
func (s *Set) assignmentOf(rule string) *assignment {
	for _, r := range s.rules.rules {
		if r.name == rule {
			return r.do.assign
		}
	}
	return nil
}

// skilled are the people among whom a subtask is shared out by load; nobody where the rule does not do that.
func (s *Set) skilled(part subtask, a *assignment) []string {
	if len(part.skills) == 0 || a == nil || a.way() != "least loaded" {
		return nil
	}
	return slices.DeleteFunc(s.dir.expand(a.to), func(name string) bool {
		return slices.ContainsFunc(part.skills, func(skill string) bool { return !slices.Contains(s.dir.byName[name].Skills, skill) })
	})
}

// PartNeeds lists whose load must be known to share out the subtasks of a request of a template that a rule routed.
func (s *Set) PartNeeds(template, rule string) []Need {
	t, a := s.rules.template(template), s.assignmentOf(rule)
	if t == nil {
		return nil
	}
	var people []string
	for _, part := range t.subtasks {
		people = union(people, s.skilled(part, a))
	}
	if len(people) == 0 {
		return nil
	}
	return []Need{{Kind: "load", Key: whoWords(a.to), People: people}}
}
