package flow

import (
	"fmt"
	"slices"
	"time"
)

// undone takes back the actor's own vote and everything that followed from it alone.
func (s *step) undone() {
	v := s.judgeUndo(s.attempt("undo"))
	if !v.ok() {
		s.refused(v)
		return
	}
	s.r.Votes[v.vote].Undone = s.at
	vote := s.r.Votes[v.vote]
	s.because(CodeRecorded, s.takenBack(vote)+".")
	s.reply(fmt.Sprintf("Done: %s of %s is taken back.", noun(vote.Verdict), vote.Stage))
	switch s.r.Stages[v.run].State {
	case StageChanges:
		s.unchange(v.run, vote)
	case StageDeclined:
		s.reopen(v.run)
		s.setStatus(InReview)
	case StageApproved:
		s.unapprove(v.run)
	default:
		return
	}
	s.tellUndone(vote)
}

// judgeUndo allows an undo within a minute, while nobody has built upon the vote.
func (s scene) judgeUndo(a Attempt) ruling {
	i := s.lastVote(a)
	if i < 0 {
		return refuse(CodeNothingToUndo, "You have no vote here that could be taken back.")
	}
	vote := s.r.Votes[i]
	if a.At.Sub(vote.At) > undoFor {
		return refuse(CodeTooLate, fmt.Sprintf("You %s %s %s. A vote can be taken back for one minute, so it stands. Say it in the thread if it was a mistake.", did(vote.Verdict), vote.Stage, s.clock(vote.At)))
	}
	run := s.run(vote.Round, vote.Stage)
	if v := s.undoable(vote, s.r.Stages[run]); !v.ok() {
		return v
	}
	return ruling{run: run, vote: i}
}

// lastVote finds the newest live vote of somebody in the stage and revision they mean, -1 without one.
func (s scene) lastVote(a Attempt) int {
	stage := s.spelled(a.Stage)
	for i, v := range slices.Backward(s.r.Votes) {
		meant := (stage == "" || stage == v.Stage) && (a.Round == 0 || a.Round == v.Round)
		if meant && v.Undone.IsZero() && !v.Stale && same(v.By, a.Who) && s.run(v.Round, v.Stage) >= 0 {
			return i
		}
	}
	return -1
}

func (s scene) undoable(vote Vote, run StageRun) ruling {
	switch {
	case vote.Verdict == RequestChanges:
		return s.unchangeable(vote)
	case vote.Round != s.r.Round:
		return refuse(CodeTooLate, fmt.Sprintf("Revision %d has begun since, so your vote on revision %d stands.", s.r.Round, vote.Round))
	case run.State == StageOpen && s.r.Status == InReview:
		return ruling{}
	case run.State == StageDeclined && s.r.Status == Declined && run.Decided.Equal(vote.At) && holds(run.DecidedBy, vote.By):
		return ruling{}
	case run.State == StageApproved && (s.r.Status == InReview || s.r.Status == Approved):
		return s.unbuilt(run)
	}
	return refuse(CodeClosed, s.closedSentence())
}

func (s scene) unchangeable(vote Vote) ruling {
	if s.r.Status.Closed() {
		return refuse(CodeClosed, s.closedSentence())
	}
	if s.r.Status == InProgress && s.r.Round == vote.Round+1 {
		return ruling{}
	}
	return refuse(CodeTooLate, fmt.Sprintf("Revision %d has been sent to review since, so the changes you asked for stand.", vote.Round+1))
}

// unbuilt asks whether the stages after a run are still untouched.
func (s scene) unbuilt(run StageRun) ruling {
	for _, later := range s.r.Stages {
		if later.Round != run.Round || later.Together <= run.Together {
			continue
		}
		votes := s.live(later)
		if len(votes) > 0 {
			return refuse(CodeTooLate, fmt.Sprintf("%s has already voted on %s, so your vote stands. Say it in the thread if it was a mistake.", s.who(votes[0].By), later.Name))
		}
		if later.State != StageOpen && later.State != StageSkipped && later.State != StageReverted {
			return refuse(CodeTooLate, fmt.Sprintf("%s has been decided since, so your vote stands.", later.Name))
		}
	}
	return ruling{}
}

// unapprove reopens a stage whose count is no longer complete, and takes back the stages that it had opened.
func (s *step) unapprove(i int) {
	run := s.r.Stages[i]
	if s.count(run).met() || len(run.DecidedBy) == 0 {
		s.r.Stages[i].DecidedBy = s.approvers(run)
		return
	}
	s.reopen(i)
	for j := range s.r.Stages {
		later := s.r.Stages[j]
		if later.Round == run.Round && later.Together > run.Together && later.State != StageReverted {
			s.closeRun(j, StageReverted, nil, fmt.Sprintf("%s took back the approval of %s.", s.who(s.ev.Actor), run.Name))
		}
	}
	s.setStatus(InReview)
}

// unchange goes back to the revision whose changes were asked for.
func (s *step) unchange(i int, vote Vote) {
	s.r.Points = slices.DeleteFunc(s.r.Points, func(p Point) bool {
		return p.Round == vote.Round && p.Stage == vote.Stage && p.At.Equal(vote.At) && same(p.By, vote.By)
	})
	s.work().Reverted = s.at
	s.r.Round = vote.Round
	s.reopen(i)
	s.setStatus(InReview)
}

// reopen opens a run again, and those that its decision had stopped.
func (s *step) reopen(i int) {
	run := &s.r.Stages[i]
	run.State, run.DecidedBy, run.Why = StageOpen, nil, ""
	stopped := run.Decided
	run.Decided = time.Time{}
	for j := range s.r.Stages {
		other := &s.r.Stages[j]
		if other.Round == run.Round && other.State == StageStopped && other.Decided.Equal(stopped) {
			other.State, other.Why, other.Decided = StageOpen, "", time.Time{}
		}
	}
}
