package flow

import (
	"fmt"
	"slices"
)

// openNext opens the next group of stages of this revision that applies; when none is left the request is approved.
func (s *step) openNext() {
	reached, found := s.group()
	if group, gap := s.gap(reached); found && gap && len(s.r.Open()) == 0 {
		s.openGroup(group)
		s.setStatus(InReview)
		return
	}
	s.openAfter(reached, found)
}

// openAfter is openNext after the group that was reached.
func (s *step) openAfter(reached int, found bool) {
	for _, group := range s.groupsAfter(reached, found) {
		opened := false
		for _, d := range s.defs() {
			if d.Together != group {
				continue
			}
			s.openRun(d)
			opened = opened || d.Skip == ""
		}
		if opened {
			s.setStatus(InReview)
			return
		}
	}
	s.setStatus(Approved)
}

// group is the number of the group this revision has reached; none yet: one below the first.
func (s *step) group() (int, bool) {
	reached, found := 0, false
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round && run.State != StageReverted && (!found || run.Together > reached) {
			reached, found = run.Together, true
		}
	}
	return reached, found
}

func (s *step) groupsAfter(reached int, found bool) []int {
	var all []int
	for _, d := range s.defs() {
		if (!found || d.Together > reached) && !slices.Contains(all, d.Together) {
			all = append(all, d.Together)
		}
	}
	slices.Sort(all)
	return all
}

// openRun enters a stage, or records why it does not apply. A run that an undo had taken back is entered again.
func (s *step) openRun(d StageDef) {
	run := StageRun{Name: d.Name, Round: s.r.Round, Together: d.Together, State: StageOpen, Entered: s.at, Version: s.r.Revision()}
	if d.Skip != "" {
		run.State, run.Why, run.Decided = StageSkipped, d.Skip, s.at
		s.because("stage_skipped", fmt.Sprintf("%s does not apply: %s", d.Name, d.Skip))
	}
	i := s.run(s.r.Round, d.Name)
	if i < 0 {
		s.r.Stages = append(s.r.Stages, run)
		return
	}
	before := s.r.Stages[i]
	run.Asked, run.Waiting, run.FirstResponse = before.Asked, before.Waiting, before.FirstResponse
	run.Replaces = before.Replaces
	run.Delegated, run.Added = before.Delegated, before.Added // a place that was handed over stays so
	s.r.Stages[i] = run
}

// closeRun ends an open run.
func (s *step) closeRun(i int, state StageState, by []Actor, why string) {
	run := &s.r.Stages[i]
	run.State, run.Decided, run.DecidedBy, run.Why = state, s.at, by, why
}

// stopOthers ends every open run because of something that was decided elsewhere.
func (s *step) stopOthers(why string) {
	for i := range s.r.Stages {
		if s.r.Stages[i].State == StageOpen {
			s.closeRun(i, StageStopped, nil, why)
		}
	}
}

// approveRun ends a run well, and opens what comes next once its whole group is through.
func (s *step) approveRun(i int, by []Actor, why string) {
	s.closeRun(i, StageApproved, by, why)
	if len(s.r.Open()) > 0 {
		s.tellStage(i)
		return
	}
	s.openNext()
	s.tellStage(i)
}

// settleAll approves the stages whose count became complete without a vote, because the directory changed.
func (s *step) settleAll() {
	if s.r.Status != InReview {
		return
	}
	for i := 0; i < len(s.r.Stages); i++ { // one that is through may open others
		if s.r.Stages[i].State == StageOpen && s.count(s.r.Stages[i]).met() {
			s.because("stage_approved", s.r.Stages[i].Name+" has every approval that today's reviewers can give.")
			s.approveRun(i, s.approvers(s.r.Stages[i]), "")
		}
	}
}

// approvers lists who approved a run, in the order of their votes.
func (s scene) approvers(run StageRun) []Actor {
	var out []Actor
	for _, v := range s.live(run) {
		if v.Verdict == Approve {
			out = append(out, v.By)
		}
	}
	return out
}
