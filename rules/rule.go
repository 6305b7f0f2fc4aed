package rules

import (
	"maps"
	"slices"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/source"
)

// rule is one entry of rules:.
type rule struct {
	pos      source.Pos
	name     string
	match    test
	matchRaw *source.Node
	doRaw    *source.Node
	cond     *condition
	hasIf    bool
	broken   bool // has problems of its own
	ignore   bool
	goOn     bool // continue: true
	do       action
}

// action is what a rule decides. Empty values are not decided by it.
type action struct {
	template, workflow, project, priority string
	labels, reminders                     []string
	escalation                            string
	assign                                *assignment
	startNow                              bool
	linkTo                                string // what always happens where an open request is about the file; explain says so
}

// assignment says who gets the work.
type assignment struct {
	to    []who
	by    string // "", skill, least loaded, round robin
	need  []string
	then  string
	limit float64 // percent of capacity, 0: none
}

func (l *loader) ruleList() {
	names := map[string]source.Pos{}
	for _, s := range l.sections["rules"] {
		if s.value.IsNull() {
			continue
		}
		items, _ := l.List(s.value)
		for _, item := range items {
			l.rule(item, names)
		}
	}
	if len(l.set.rules.rules) == 0 && l.Errors() == 0 {
		l.Warnf(l.lastPlace(), "SO200", "there are no rules, so nothing makes a request")
		l.Hint("add a rule without match at the end of rules:")
		return
	}
	l.set.rules.balances = slices.ContainsFunc(l.set.rules.rules, (*rule).balances)
	if len(l.set.rules.rules) > mostExplained {
		l.set.rules.index = indexed(l.set.rules.rules)
	}
	l.catchAll()
	l.unreachable()
	l.later(l.absences)
}

func (l *loader) lastPlace() source.Pos {
	for _, key := range append([]string{"rules"}, topKeys()...) {
		for _, s := range l.sections[key] {
			return s.key.Pos()
		}
	}
	return source.Pos{}
}

func (l *loader) rule(n *source.Node, names map[string]source.Pos) {
	before := l.Errors()
	if !l.Map(n, l.shape("rule", ruleShape)) {
		return
	}
	r := &rule{pos: n.Pos()}
	r.name, _ = l.Text(n.Key("name"))
	if first, twice := names[r.name]; twice {
		l.Errorf(n.Key("name").Pos(), "SO120", "two rules are called %q: also at %s", r.name, at(first))
		l.Hint("give each its own name: messages and reports use it")
	} else if r.name != "" {
		names[r.name] = n.Key("name").Pos()
	}
	r.match, r.matchRaw = l.match(n.Key("match")), n.Key("match")
	r.cond, r.hasIf = l.condition(n.Key("if"), "if"), n.Key("if") != nil
	r.goOn, _ = l.Bool(n.Key("continue"))
	r.doRaw = n.Key("do")
	l.action(r, r.doRaw)
	l.fieldsOfIf(r, n)
	r.broken = l.Errors() > before
	l.set.rules.rules = append(l.set.rules.rules, r)
}

func (l *loader) action(r *rule, n *source.Node) {
	if n == nil {
		return
	}
	if n.Kind() == source.Scalar {
		if word, ok := l.Enum(n, "ignore"); ok {
			r.ignore = word == "ignore"
		}
		return
	}
	shape := l.shape("do", actionShape)
	if !l.Map(n, shape) {
		return
	}
	set := l.set.rules
	r.do.template = l.named(n.Key("template"), "template", l.templateNames())
	r.do.workflow = l.named(n.Key("workflow"), "workflow", slices.Collect(maps.Keys(set.workflows)))
	r.do.escalation = l.named(n.Key("escalation"), "escalation chain", slices.Collect(maps.Keys(set.escalations)))
	for _, item := range l.Texts(n.Key("reminders")) {
		if name := l.named(item, "reminder plan", slices.Collect(maps.Keys(set.reminders))); name != "" {
			r.do.reminders = append(r.do.reminders, name)
		}
	}
	r.do.project, _ = l.Text(n.Key("project"))
	l.project(n.Key("project"))
	r.do.priority, _ = l.Text(n.Key("priority"))
	r.do.labels, _ = l.Strings(n.Key("labels"))
	r.do.assign = l.assignment(n.Key("assign"))
	r.do.linkTo, _ = l.Enum(n.Key("link_to"), shape.Words("link_to")...)
	if v, ok := l.Enum(n.Key("start"), shape.Words("start")...); ok {
		r.do.startNow = v == "review"
	}
	l.escalationUsed(r, n)
	l.escalationMissing(r, n)
}

// named reads a name that must exist, "" when it does not.
func (l *loader) named(n *source.Node, what string, known []string) string {
	name, ok := l.Text(n)
	if !ok {
		return ""
	}
	if !slices.Contains(known, name) {
		l.unknown(n, "SO123", what, name, known)
		return ""
	}
	return name
}

var projectRE = pattern.New(`^[A-Z][A-Z0-9_]{0,19}$`)

// project checks the key and warns once where no tracker has projects.
func (l *loader) project(n *source.Node) {
	key, ok := n.Value(), n != nil
	if !ok {
		return
	}
	if !projectRE.MatchString(key) {
		l.Errorf(n.Pos(), source.CodeType, "%q is not a project key", key)
		l.Hint("it has capital letters and digits, such as DES")
		return
	}
	said := slices.ContainsFunc(l.Problems, func(p source.Problem) bool { return p.Code == "SO202" })
	if !l.options.Tracker && !said {
		l.Warnf(n.Pos(), "SO202", "the embedded tracker has no projects, so project is ignored")
		l.Hint("take it out, or configure a tracker that has them")
	}
}

// escalationUsed warns where a chain waits for a time limit that no stage of the workflow has.
func (l *loader) escalationUsed(r *rule, n *source.Node) {
	w := l.set.rules.workflows[r.do.workflow]
	if r.do.escalation == "" || w == nil || len(w.stages) == 0 {
		return
	}
	limited := slices.ContainsFunc(w.stages, func(s *stage) bool { return s.limit != nil })
	needsLimit := slices.ContainsFunc(l.set.rules.escalations[r.do.escalation], func(s *escalationStep) bool { return s.limit })
	if needsLimit && !limited && l.Errors() == 0 {
		l.Warnf(n.Key("escalation").Pos(), "SO207", "no stage of %s has a time_limit, so %s never starts", w.name, r.do.escalation)
		l.Hint("add time_limit: 8 working hours to a stage")
	}
}

// escalationMissing warns where a stage escalates but the rule names no chain.
func (l *loader) escalationMissing(r *rule, n *source.Node) {
	w := l.set.rules.workflows[r.do.workflow]
	if w == nil || n.Key("escalation") != nil {
		return
	}
	i := slices.IndexFunc(w.stages, func(s *stage) bool { return s.onTimeout == "escalate" })
	if i >= 0 {
		l.Warnf(n.Key("workflow").Pos(), "SO209", "%s escalates, but the rule names no escalation, so it waits", w.stages[i].name)
		l.Hint("add escalation: with one of the chains under escalations")
	}
}

func (l *loader) assignment(n *source.Node) *assignment {
	if n == nil {
		return nil
	}
	a := &assignment{}
	if n.Kind() != source.Map {
		a.to = l.assignees(n)
		return a
	}
	if !l.Map(n, l.shape("assign", assignShape)) {
		return nil
	}
	a.to = l.assignees(n.Key("to"))
	shape := l.shape("assign", assignShape)
	a.by, _ = l.Enum(n.Key("by"), shape.Words("by")...)
	a.then, _ = l.Enum(n.Key("then"), shape.Words("then")...)
	a.need, _ = l.Strings(n.Key("need"))
	l.skills(a, n)
	if s, ok := l.Text(n.Key("limit")); ok {
		g := capacityRE.FindStringSubmatch(s)
		if g == nil || atoi(g[1]) < 1 || atoi(g[1]) > 200 {
			l.Errorf(n.Key("limit").Pos(), "SO134", "%q is not a share of capacity", s)
			l.Hint("write 85%% of capacity")
		} else {
			a.limit = float64(atoi(g[1]))
		}
	}
	return a
}

// assignees reads who may get the work; the requester cannot be one of several, because strangers may ask.
func (l *loader) assignees(n *source.Node) []who {
	list := l.who(n, "requester")
	if len(list) > 1 && slices.Contains(list, who{kind: "requester"}) {
		l.Errorf(n.Pos(), "SO134", "the requester cannot be one of several")
		l.Hint("write to: requester by itself, or name people")
	}
	return list
}

var capacityRE = pattern.New(`^(\d{1,3}) ?% of capacity$`)

// skills checks that by: skill and need: stand together and that somebody has them.
func (l *loader) skills(a *assignment, n *source.Node) {
	switch {
	case a.by == "skill" && n.Key("need") == nil:
		l.Errorf(n.Key("by").Pos(), source.CodeRequired, "assigning by skill needs the key \"need\"")
		l.Hint("write need: [motion]")
		return
	case n.Key("then") != nil && a.by != "skill" && n.Key("by") != nil:
		l.Errorf(n.Key("then").Pos(), "SO134", "then goes with by: skill")
		return
	}
	people := l.members(a.to)
	for _, item := range l.Texts(n.Key("need")) {
		has := slices.ContainsFunc(people, func(p *Person) bool { return slices.Contains(p.Skills, item.Value()) })
		if !has && len(people) > 0 {
			l.unknown(item, "SO121", "skill", item.Value(), skillsOf(people))
			l.Hint("nobody of %s has it; they have %s", whoWords(a.to), firstOf(strings.Join(skillsOf(people), ", "), "no skills"))
		}
	}
}

func skillsOf(people []*Person) []string {
	var out []string
	for _, p := range people {
		out = append(out, p.Skills...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// members lists the people that names stand for at compile time.
func (l *loader) members(list []who) []*Person {
	var out []*Person
	for _, name := range l.set.dir.expand(list) {
		out = append(out, l.set.dir.byName[name])
	}
	return out
}

// expand turns people and groups into names, each once, in order.
func (d *directory) expand(list []who) []string {
	var out []string
	add := func(name string) {
		if d.byName[name] != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, w := range list {
		switch w.kind {
		case "person":
			add(w.name)
		case "group":
			for _, m := range d.groups[w.name] {
				add(m)
			}
		}
	}
	return out
}

// fieldsOfIf warns where a condition reads a field that the rule's own template never asks for.
func (l *loader) fieldsOfIf(r *rule, n *source.Node) {
	t := l.set.rules.template(r.do.template)
	if r.cond == nil || t == nil {
		return
	}
	for _, cl := range r.cond.clauses {
		for _, name := range cl.reads {
			_, declared := l.set.rules.vocabulary.fields[name]
			if _, asked := t.field(name); declared && !asked && name != "due" {
				l.Warnf(n.Key("if").Pos(), "SO208", "the condition reads request.%s, which %s does not ask for", name, t.name)
				l.Hint("it holds only where the type chosen in a form has that field; add it to ask_for of %s", t.name)
			}
		}
	}
}

func (l *loader) ruleset() {
	l.templates()
	l.workflows()
	l.texts()
	l.reminders()
	l.escalations()
	l.ruleList()
}
