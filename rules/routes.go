package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signoff/internal/flow"
)

// Routes is the way of a request through the rules, to be drawn: rules from top to bottom, and the workflows that they lead to.
type Routes struct {
	Rules     []RouteRule     `json:"rules"`
	Workflows []RouteWorkflow `json:"workflows"`
}

// RouteRule is one rule. When lists what must hold, empty: it applies to everything.
type RouteRule struct {
	Name       string   `json:"name"`
	Place      string   `json:"place"`
	When       []string `json:"when,omitempty"`
	Ignore     bool     `json:"ignore,omitempty"`
	Continue   bool     `json:"continue,omitempty"`
	Do         []string `json:"do,omitempty"` // besides the workflow
	Workflow   string   `json:"workflow,omitempty"`
	Escalation string   `json:"escalation,omitempty"`
}

// RouteWorkflow is a workflow; the stages of one step run side by side.
type RouteWorkflow struct {
	Name  string         `json:"name"`
	Place string         `json:"place"`
	Steps [][]RouteStage `json:"steps"`
}

// RouteStage is a stage, and who decides in it.
type RouteStage struct {
	Name      string `json:"name"`
	Reviewers string `json:"reviewers"`
	Needs     string `json:"needs"`
	Limit     string `json:"time_limit,omitempty"`
	OnTimeout string `json:"on_timeout,omitempty"`
	OnlyIf    string `json:"only_if,omitempty"`
}

// Routes describes the rules and workflows of the set in the order of the files.
func (s *Set) Routes() Routes {
	out := Routes{Rules: []RouteRule{}, Workflows: []RouteWorkflow{}}
	for _, r := range s.rules.rules {
		out.Rules = append(out.Rules, routeRule(r))
	}
	flows := slices.SortedFunc(maps.Values(s.rules.workflows), func(a, b *workflow) int {
		return cmp.Or(cmp.Compare(a.pos.File, b.pos.File), cmp.Compare(a.pos.Line, b.pos.Line), cmp.Compare(a.name, b.name))
	})
	for _, w := range flows {
		out.Workflows = append(out.Workflows, s.routeWorkflow(w))
	}
	return out
}

func routeRule(r *rule) RouteRule {
	out := RouteRule{Name: r.name, Place: at(r.pos), Ignore: r.ignore, Continue: r.goOn, Workflow: r.do.workflow, Escalation: r.do.escalation}
	if all, ok := r.match.(allOf); ok {
		for _, t := range all {
			out.When = append(out.When, testWords(t))
		}
	}
	if r.cond != nil {
		out.When = append(out.When, r.cond.source)
	}
	add := func(what, value string) {
		if value != "" {
			out.Do = append(out.Do, strings.TrimSpace(what+" "+value))
		}
	}
	add("template", r.do.template)
	add("project", r.do.project)
	add("priority", r.do.priority)
	add("assigned to", assignWords(r.do.assign))
	add("labels", strings.Join(r.do.labels, ", "))
	add("reminders", strings.Join(r.do.reminders, ", "))
	add("joins the", r.do.linkTo)
	if r.do.startNow {
		add("starts with", "review")
	}
	return out
}

func assignWords(a *assignment) string {
	if a == nil {
		return ""
	}
	words := whoWords(a.to)
	if len(a.need) > 0 {
		words += " with " + strings.Join(a.need, ", ")
	}
	if way := a.way(); way != "" {
		words += ", " + way
	}
	if a.limit > 0 {
		words += fmt.Sprintf(", up to %g %% of capacity", a.limit)
	}
	return words
}

func (s *Set) routeWorkflow(w *workflow) RouteWorkflow {
	out := RouteWorkflow{Name: w.name, Place: at(w.pos)}
	last := -1
	for _, st := range w.stages {
		if st.together != last {
			out.Steps, last = append(out.Steps, nil), st.together
		}
		step := &out.Steps[len(out.Steps)-1]
		*step = append(*step, s.routeStage(st))
	}
	return out
}

func (s *Set) routeStage(st *stage) RouteStage {
	out := RouteStage{Name: st.name, Reviewers: whoWords(st.reviewers), Needs: quorumWords(st.needs), OnTimeout: st.onTimeout}
	if st.limit != nil {
		out.Limit = st.limit.String()
	}
	if st.onlyIf != nil {
		out.OnlyIf = st.onlyIf.source
	}
	return out
}

func quorumWords(q flow.Quorum) string {
	if q.All {
		return "all"
	}
	return fmt.Sprint(q.N)
}

// testWords says what a test of match: asks.
func testWords(t test) string {
	switch t := t.(type) {
	case allOf:
		return joinTests(t, " and ")
	case anyOf:
		return joinTests(t, " or ")
	case not:
		return "not (" + testWords(t.test) + ")"
	case equals:
		return t.key.name + " is " + orList(t.words)
	case contains:
		return t.key.name + " has " + orList(t.words)
	case startsWith:
		return t.key.name + " starts with " + orList(t.words)
	case matches:
		return t.key.name + " matches " + t.pattern
	case whoIs:
		words := make([]string, len(t.list))
		for i, w := range t.list {
			words[i] = w.words()
		}
		return t.key + " is " + orList(words)
	}
	return ""
}

// mixes reports whether a test has several of its own, which brackets hold together.
func mixes(t test) bool {
	switch t := t.(type) {
	case anyOf:
		return len(t) > 1
	case allOf:
		return len(t) > 1
	}
	return false
}

func joinTests[T ~[]test](list T, with string) string {
	words := make([]string, len(list))
	for i, t := range list {
		words[i] = testWords(t)
		if mixes(t) && len(list) > 1 {
			words[i] = "(" + words[i] + ")"
		}
	}
	return strings.Join(words, with)
}
