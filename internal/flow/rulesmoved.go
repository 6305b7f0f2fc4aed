package flow

import (
	"fmt"
	"slices"
)

// rulesMoved puts the request under the ruleset it is judged by now. What was decided in this revision stays decided;
// stages that are open, were skipped or are new are judged by the rules of today, in their order. No vote is lost.
func (s *step) rulesMoved() {
	if v := s.judgeMove(); !v.ok() {
		s.refused(v)
		return
	}
	before, triage := s.r.Workflow, s.r.Triage
	s.r.Ruleset = s.p.Ruleset()
	s.reroute()
	s.because(CodeRecorded, fmt.Sprintf("%s follows the rules of today from now on.", s.r.ID))
	if s.r.Workflow != before {
		s.because("workflow", fmt.Sprintf("Its workflow is %s now instead of %s.", named(s.r.Workflow), named(before)))
	}
	s.r.Looked = s.at // reminders of the new plan that would have come before are let pass
	switch {
	case triage != "" && s.r.Triage == "":
		s.start(s.facts.Routing.StartNow)
	case triage != "": // it waits for people, whatever the rules say
	case s.r.Workflow == "" && before != "":
		s.stopOthers("the rules of today ask nobody.")
		s.setStatus(Intake)
	case s.r.Workflow != "" && before == "" && s.r.Status == Intake:
		s.start(false)
	case s.r.Status == InReview:
		s.regroup()
	}
	s.tellMove()
}

func named(workflow string) string {
	if workflow == "" {
		return "none"
	}
	return workflow
}

// judgeMove refuses what cannot be moved: what is closed keeps the rules it was decided by.
func (s *step) judgeMove() ruling {
	switch route := s.facts.Routing; {
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case s.r.Status == Draft:
		return refuse(CodeNotOpen, "A draft is routed by the rules of the day on which it is confirmed.")
	case s.r.Ruleset == s.p.Ruleset():
		return refuse(CodeAlready, fmt.Sprintf("%s follows the rules of today already.", s.r.ID))
	case route != nil && route.Ignore:
		return refuse(CodeNotOpen, fmt.Sprintf("The rules of today make no request of this (%s), so %s keeps its own.", route.Rule, s.r.ID))
	}
	return ruling{}
}

// reroute takes over what the rules of today choose. What people rely on already stays: the title, the ticket's place,
// who it is assigned to, the details and the due date.
func (s *step) reroute() {
	route := s.facts.Routing
	if route == nil {
		return
	}
	s.r.Rule, s.r.Workflow, s.r.Template = route.Rule, route.Workflow, route.Template
	s.r.Reminders, s.r.Escalation, s.r.Effort = route.Reminders, route.Escalation, route.Effort
	if who, ok := s.named(route.Assignee); ok && s.r.Assignee.ID() == "" {
		s.r.Assignee = who
	}
	if s.r.Status == Intake && s.r.Triage != "" {
		s.r.Triage = route.Triage
	}
}

// regroup brings the stages of this revision into the order of the rules of today and opens what comes first.
func (s *step) regroup() {
	for i := range s.r.Stages {
		if s.r.Stages[i].Round == s.r.Round {
			s.restage(i)
		}
	}
	first, found := s.firstPending()
	if !found {
		s.stopOthers("everything that the rules of today ask for is decided.")
		s.setStatus(Approved)
		s.because("stage_approved", "Everything that the rules of today ask for is decided.")
		s.tellOutcome("Everything that the rules of today ask for is decided.")
		return
	}
	for i := range s.r.Stages {
		if run := s.r.Stages[i]; run.Round == s.r.Round && run.State == StageOpen && run.Together > first {
			s.closeRun(i, StageReverted, nil, comesLater)
			s.because("stage_later", fmt.Sprintf("%s waits: other stages come first.", run.Name))
		}
	}
	s.openGroup(first)
}

// comesLater is why a stage that was open waits for others now.
const comesLater = "other stages come first under the rules of today."

// restage gives a run of this revision its place in the workflow of today.
func (s *step) restage(i int) {
	run := &s.r.Stages[i]
	d, known := s.def(run.Name)
	run.Together = d.Together
	switch {
	case !known:
		run.Together = 0 // before every group
		if run.State == StageOpen {
			s.closeRun(i, StageStopped, nil, "the rules of today have no such stage.")
			s.because("stage_gone", fmt.Sprintf("%s is not asked any more.", run.Name))
		}
	case run.State == StageOpen && d.Skip != "":
		s.closeRun(i, StageSkipped, nil, d.Skip)
		s.because("stage_skipped", fmt.Sprintf("%s does not apply: %s", d.Name, d.Skip))
	case run.State == StageSkipped && d.Skip == "", run.State == StageStopped:
		run.State, run.Why = StageReverted, "the rules of today ask for it."
	}
}

// firstPending finds the first group with a stage that applies and is not decided in this revision.
func (s scene) firstPending() (group int, found bool) {
	for _, d := range s.defs() {
		if d.Skip == "" && !s.decided(d.Name) && (!found || d.Together < group) {
			group, found = d.Together, true
		}
	}
	return group, found
}

// decided reports whether a stage was approved in this revision, or before the review started again at a later stage.
func (s scene) decided(stage string) bool { return s.stood(stage, StageApproved) }

// stood reports whether a stage reached one of some states since people last asked for changes.
func (s scene) stood(stage string, states ...StageState) bool {
	changed := 0 // the last revision that people asked to change
	for _, run := range s.r.Stages {
		if run.State == StageChanges {
			changed = max(changed, run.Round)
		}
	}
	return slices.ContainsFunc(s.r.Stages, func(run StageRun) bool {
		return run.Name == stage && run.Round > changed && run.Round <= s.r.Round && slices.Contains(states, run.State)
	})
}

// openGroup opens the stages of a group that stand open to nobody yet.
func (s *step) openGroup(group int) {
	for _, d := range s.defs() {
		i := s.run(s.r.Round, d.Name)
		stands := i >= 0 && s.r.Stages[i].State != StageReverted
		if d.Together != group || stands || s.decided(d.Name) {
			continue
		}
		s.openRun(d)
		if d.Skip == "" {
			s.because("stage_opened", fmt.Sprintf("%s is asked for now.", d.Name))
		}
	}
}

// gap finds the first group up to the one that was reached in which a stage was never asked for: the rules have been
// moved since.
func (s scene) gap(reached int) (group int, found bool) {
	for _, d := range s.defs() {
		asked := d.Skip != "" || d.Together > reached || s.stood(d.Name, StageApproved, StageSkipped, StageOpen)
		if !asked && (!found || d.Together < group) {
			group, found = d.Together, true
		}
	}
	return group, found
}

// tellMove says in the thread which rules count, and what that changed.
func (s *step) tellMove() {
	if s.blind {
		return
	}
	line := ""
	for _, w := range s.why {
		if line != "" {
			line += " "
		}
		line += w.Text
	}
	s.notice(line, nil)
}
