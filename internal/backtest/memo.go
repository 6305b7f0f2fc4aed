package backtest

import (
	"slices"

	"signoff/internal/flow"
	"signoff/rules"
)

// memo answers again what it was asked before: the stages of a workflow without conditions, and who is asked in a stage.
// Subtasks decide nothing of an approval and are left out.
type memo struct {
	flow.Policy
	set       *rules.Set
	stages    map[stagesKey][]flow.StageDef
	reviewers map[reviewersKey][]flow.Reviewer
}

type stagesKey struct{ workflow, template, escalation string }

type reviewersKey struct {
	workflow, stage     string
	requester, assignee flow.Actor
}

// memoMost is how many answers are kept before it forgets all of them.
const memoMost = 4_096

// policy joins a ruleset with a directory, once.
func (r *Run) policy(set, dir *rules.Set) flow.Policy {
	k := [2]*rules.Set{set, dir}
	if r.memos[k] == nil {
		r.memos[k] = &memo{Policy: set.Policy(dir), set: set, stages: map[stagesKey][]flow.StageDef{}, reviewers: map[reviewersKey][]flow.Reviewer{}}
	}
	return r.memos[k]
}

// Parts implements flow.Policy.
func (m *memo) Parts(flow.Request, flow.Answers) []flow.Part { return nil }

// Stages implements flow.Policy.
func (m *memo) Stages(r flow.Request) []flow.StageDef {
	if m.set.Conditional(r.Workflow) {
		return m.Policy.Stages(r)
	}
	k := stagesKey{r.Workflow, r.Template, r.Escalation}
	defs, known := m.stages[k]
	if !known {
		defs = slices.Clip(m.Policy.Stages(r))
		m.stages[k] = defs
	}
	return defs
}

// Reviewers implements flow.Policy.
func (m *memo) Reviewers(r flow.Request, stage string) []flow.Reviewer {
	k := reviewersKey{r.Workflow, stage, r.Requester, r.Assignee}
	list, known := m.reviewers[k]
	if !known {
		if len(m.reviewers) >= memoMost {
			clear(m.reviewers)
		}
		list = slices.Clip(m.Policy.Reviewers(r, stage))
		m.reviewers[k] = list
	}
	return list
}
