package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"signoff/internal/pattern"

	"signoff/internal/calendar"
	"signoff/internal/flow"
	"signoff/internal/source"
)

// workflow is one entry of workflows:, its stages in order.
type workflow struct {
	pos     source.Pos
	name    string
	basedOn string
	stages  []*stage
	// newVersion is what a new version of the work does; empty: what the base says, else void.
	newVersion string
}

// stage is one stage as written.
type stage struct {
	pos       source.Pos
	name      string
	together  int
	reviewers []who
	needs     flow.Quorum
	fourEyes  bool
	assurance string
	onlyIf    *condition
	limit     *calendar.Span
	onTimeout string // empty: escalate where the request names a chain, else wait
	onChanges string
	checklist []string
	veto      []string
	// newVersion is what a new version of the work does; empty: what the type of request or the workflow says.
	newVersion string
}

// who names people: one by name, a group, the requester or the assignee, or the backups of those who are waited on.
type who struct {
	kind string // person, group, requester, assignee, backup, reviewers
	name string
}

func (l *loader) workflows() {
	for name, value := range l.entries("workflows") {
		w := &workflow{pos: name.Pos(), name: name.Value()}
		l.set.rules.workflows[w.name] = w
		if !l.Map(value, workflowShape()) {
			continue
		}
		w.basedOn, _ = l.Text(value.Key("based_on"))
		if w.basedOn == "" && value.Key("stages") == nil {
			l.Require(value, "a workflow", "stages")
		}
		items, ok := l.List(value.Key("stages"))
		if ok && len(items) == 0 {
			l.Errorf(value.Key("stages").Pos(), source.CodeType, "the workflow %s has no stages", w.name)
		}
		l.stages(w, items)
		if value.Key("new_version") != nil {
			w.newVersion, _ = l.Text(value.Key("new_version"))
			l.later(func() { l.newVersion(value.Key("new_version"), w) })
		}
	}
	l.inheritStages()
}

func (l *loader) stages(w *workflow, items []*source.Node) {
	for i, item := range items {
		if group := item.Key("together"); group != nil {
			l.Map(item, togetherShape())
			inner, _ := l.List(group)
			for _, n := range inner {
				l.stage(w, n, i+1)
			}
			continue
		}
		l.stage(w, item, i+1)
	}
}

func (l *loader) stage(w *workflow, n *source.Node, together int) {
	shape := stageShape()
	if !l.Map(n, shape) {
		return
	}
	s := &stage{pos: n.Pos(), together: together, fourEyes: true, assurance: "chat", onChanges: "back to designer"}
	s.name, _ = l.Text(n.Key("name"))
	if i := slices.IndexFunc(w.stages, func(o *stage) bool { return o.name == s.name }); i >= 0 && s.name != "" {
		l.Errorf(n.Key("name").Pos(), "SO120", "the stage %q is in %s twice: also at %s", s.name, w.name, at(w.stages[i].pos))
	}
	s.reviewers = l.who(n.Key("reviewers"), "requester", "assignee")
	s.needs = l.needs(n.Key("needs"), s.reviewers, n)
	if v, ok := l.Bool(n.Key("four_eyes")); ok {
		s.fourEyes = v
	}
	if v, ok := l.Enum(n.Key("assurance"), shape.Words("assurance")...); ok {
		s.assurance = v
	}
	s.checklist, _ = l.Strings(n.Key("checklist"))
	if v := n.Key("time_limit"); v != nil {
		if span, ok := l.span(v); ok {
			s.limit = &span
		}
	}
	l.timeout(s, n)
	if v, ok := l.Enum(n.Key("on_changes"), shape.Words("on_changes")...); ok {
		s.onChanges = v
	}
	l.veto(s, n.Key("veto"))
	l.fourEyes(s, n)
	s.onlyIf = l.condition(n.Key("only_if"), "only_if")
	if v := n.Key("new_version"); v != nil {
		s.newVersion, _ = l.Text(v)
		l.later(func() { l.newVersion(v, w) })
	}
	w.stages = append(w.stages, s)
}

func (l *loader) timeout(s *stage, n *source.Node) {
	v := n.Key("on_timeout")
	word, ok := l.Enum(v, stageShape().Words("on_timeout")...)
	if !ok {
		return
	}
	s.onTimeout = word
	if word == "approve" || word == "decline" {
		l.Warnf(v.Pos(), "SO203", "when time runs out, %s is decided with nobody having decided it", s.name)
		l.Hint("escalate or wait asks people instead")
	}
	if s.limit == nil && n.Key("time_limit") == nil && word != "wait" {
		l.Warnf(v.Pos(), "SO207", "%s has no time_limit, so its on_timeout never comes", s.name)
		l.Hint("add time_limit: 8 working hours")
	}
}

func (l *loader) veto(s *stage, n *source.Node) {
	for _, item := range l.Texts(n) {
		name := item.Value()
		switch {
		case l.set.dir.byName[name] == nil:
			l.unknown(item, "SO121", "person", name, l.peopleNames())
		case !l.mayReview(s, name):
			l.Errorf(item.Pos(), "SO138", "%s may veto %s but is none of its reviewers", name, s.name)
			l.Hint("add them to reviewers, or take them out of veto")
		default:
			s.veto = append(s.veto, name)
		}
	}
}

// mayReview reports whether a person can be among a stage's reviewers.
func (l *loader) mayReview(s *stage, name string) bool {
	for _, w := range s.reviewers {
		switch {
		case w.kind == "person" && w.name == name, w.kind == "group" && slices.Contains(l.set.dir.groups[w.name], name):
			return true
		case w.kind == "requester" || w.kind == "assignee":
			return true
		}
	}
	return len(s.reviewers) == 0
}

// who reads names of people: directory names, group:x, and the words that are allowed here.
func (l *loader) who(n *source.Node, words ...string) []who {
	var out []who
	for _, item := range l.Texts(n) {
		w, ok := l.oneWho(item, words)
		if !ok {
			continue
		}
		if slices.Contains(out, w) {
			l.Errorf(item.Pos(), "SO120", "%q is named twice", item.Value())
			continue
		}
		out = append(out, w)
	}
	if n.Kind() == source.List && n.Len() == 0 {
		l.Errorf(n.Pos(), source.CodeType, "%s names nobody", n.Name())
	}
	return out
}

func (l *loader) oneWho(n *source.Node, words []string) (who, bool) {
	name := n.Value()
	if slices.Contains(words, name) {
		return who{kind: name}, true
	}
	if group, ok := strings.CutPrefix(name, "group:"); ok {
		if _, known := l.set.dir.groups[group]; !known {
			l.unknown(n, "SO121", "group", group, l.groupNames())
			return who{}, false
		}
		return who{"group", group}, true
	}
	if l.set.dir.byName[name] != nil {
		return who{"person", name}, true
	}
	if _, isGroup := l.set.dir.groups[name]; isGroup {
		l.Errorf(n.Pos(), "SO121", "there is no person %q", name)
		l.Hint("for the group write group:%s", name)
		return who{}, false
	}
	l.unknown(n, "SO121", "person", name, append(l.peopleNames(), words...))
	return who{}, false
}

var ofRE = pattern.New(`^(\d+) of (\d+)$`)

// needs reads how many approvals a stage wants: 1, "2 of 3", all. The default is 1.
func (l *loader) needs(n *source.Node, reviewers []who, stage *source.Node) flow.Quorum {
	const forms = `write a number, "2 of 3" or all`
	if n == nil {
		return flow.Quorum{N: 1}
	}
	word := n.Value()
	if n.Kind() == source.Scalar && word == "all" {
		return flow.Quorum{All: true}
	}
	if n.Kind() == source.Scalar && word == "any" {
		return flow.Quorum{N: 1}
	}
	size, fixed := l.size(reviewers)
	if g := ofRE.FindStringSubmatch(word); n.Kind() == source.Scalar && g != nil {
		q, of := atoi(g[1]), atoi(g[2])
		l.quorum(n, q, size, fixed)
		if fixed && of != size && q <= size {
			l.Errorf(n.Pos(), "SO132", "%q counts %d reviewers, but there %s %d", word, of, areIs(size), size)
			l.Hint("write %d of %d, or only %d", q, size, q)
		} else if q > of {
			l.Errorf(n.Pos(), "SO132", "%q can never be reached", word)
		}
		return flow.Quorum{N: q}
	}
	if n.Kind() == source.Scalar && !n.IsString() {
		if q, err := strconv.Atoi(word); err == nil {
			l.quorum(n, q, size, fixed)
			return flow.Quorum{N: q}
		}
	}
	l.Wrong(n, "a number of approvals")
	l.Hint(forms)
	return flow.Quorum{N: 1}
}

func (l *loader) quorum(n *source.Node, q, size int, fixed bool) {
	switch {
	case q < 1:
		l.Errorf(n.Pos(), "SO132", "a stage needs at least 1 approval, not %d", q)
		l.Hint("a stage without approval is no stage: take it out")
	case fixed && q > size:
		l.Errorf(n.Pos(), "SO132", "%d approvals are needed, but there %s only %d reviewer%s", q, areIs(size), size, plural(size))
		l.Hint("lower needs, or add reviewers")
	}
}

func areIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// fourEyes refuses a stage in which too few may decide because the requester and the assignee cannot.
func (l *loader) fourEyes(s *stage, n *source.Node) {
	size, fixed := l.size(s.reviewers)
	if !s.fourEyes || !fixed {
		return
	}
	makers := 0
	for _, w := range s.reviewers {
		if w.kind == "requester" || w.kind == "assignee" {
			makers++
		}
	}
	left := size - makers
	if makers == 0 || s.needs.N > size || left > 0 && (s.needs.All || s.needs.N <= left) {
		return
	}
	l.Errorf(n.Key("reviewers").Pos(), "SO132", "%s can never be approved: who asked for or made the work cannot approve it", s.name)
	l.Hint("write four_eyes: false where that is meant, or add reviewers")
}

// size counts the distinct reviewers a stage can have; fixed is false when a name was wrong, so that nothing is said
// twice.
func (l *loader) size(reviewers []who) (n int, fixed bool) {
	people := map[string]bool{}
	for _, w := range reviewers {
		switch w.kind {
		case "person":
			people[w.name] = true
		case "group":
			for _, m := range l.set.dir.groups[w.name] {
				people[m] = true
			}
		default:
			people["<"+w.kind+">"] = true
		}
	}
	return len(people), len(people) > 0
}

// condition compiles if: or only_if:.
func (l *loader) condition(n *source.Node, key string) *condition {
	if n == nil {
		return nil
	}
	text := ""
	switch {
	case n.Kind() == source.Scalar && !n.IsNull():
		text = n.Value()
	default:
		l.Wrong(n, "a condition such as request.budget > 5000")
		return nil
	}
	c, problems := compileCondition(text, l.set.rules.vocabulary)
	for _, p := range problems {
		l.Errorf(n.At(p.at, p.n), p.code, "in %s: %s", key, p.text)
		if p.hint != "" {
			l.Hint("%s", p.hint)
		}
	}
	return c
}

// inheritStages fills workflows from those they are based on: a stage with a name of the base replaces it there, the
// others follow at the end.
func (l *loader) inheritStages() {
	flows := l.set.rules.workflows
	done := map[string]bool{}
	var resolve func(w *workflow, chain []string)
	resolve = func(w *workflow, chain []string) {
		if done[w.name] {
			return
		}
		done[w.name] = true
		if w.basedOn == "" {
			return
		}
		n := l.entry("workflows", w.name).Key("based_on")
		base := flows[w.basedOn]
		switch {
		case base == nil:
			l.unknown(n, "SO123", "workflow", w.basedOn, slices.Collect(maps.Keys(flows)))
			return
		case slices.Contains(chain, base.name):
			l.Errorf(n.Pos(), "SO135", "workflows are based on each other: %s", strings.Join(append(chain, base.name), " → "))
			return
		}
		resolve(base, append(chain, base.name))
		w.stages = mergeStages(base.stages, w.stages)
		if w.newVersion == "" {
			w.newVersion = base.newVersion
		}
	}
	for _, name := range slices.Sorted(maps.Keys(flows)) {
		resolve(flows[name], []string{name})
	}
}

func mergeStages(base, own []*stage) []*stage {
	var out []*stage
	last := 0
	for _, s := range base {
		last = max(last, s.together)
		i := slices.IndexFunc(own, func(o *stage) bool { return o.name == s.name })
		if i >= 0 {
			replaced := *own[i]
			replaced.together = s.together
			out = append(out, &replaced)
			continue
		}
		out = append(out, s)
	}
	for _, s := range own {
		if slices.ContainsFunc(base, func(b *stage) bool { return b.name == s.name }) {
			continue
		}
		added := *s
		added.together += last
		out = append(out, &added)
	}
	return out
}

// newVersion checks what a new version does. A stage to start again from must be one of the workflow's, or for a type of
// request of any.
func (l *loader) newVersion(n *source.Node, w *workflow) {
	words := newVersionWords()
	s, ok := l.Text(n)
	if !ok || slices.Contains(words, s) {
		return
	}
	name, restart := strings.CutPrefix(s, "restart from ")
	if !restart {
		l.Choice(n, n.Name(), append(words, "restart from <stage>"))
		return
	}
	flows := []*workflow{w}
	if w == nil {
		flows = slices.Collect(maps.Values(l.set.rules.workflows))
	}
	var names []string
	for _, w := range flows {
		for _, st := range w.stages {
			names = append(names, st.name)
		}
	}
	if !slices.Contains(names, name) {
		slices.Sort(names)
		l.unknown(n, "SO123", "stage", name, slices.Compact(names))
	}
}

// String prints who as rules write it.
func (w who) String() string {
	switch w.kind {
	case "person":
		return w.name
	case "group":
		return "group:" + w.name
	}
	return w.kind
}

func whoWords(list []who) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = w.String()
	}
	return strings.Join(words, ", ")
}

// needsWords says a quorum in words.
func needsWords(q flow.Quorum, size int) string {
	switch {
	case q.All:
		return "all"
	case q.N == size:
		return "all"
	}
	return fmt.Sprintf("%d", q.N)
}
