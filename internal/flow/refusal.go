package flow

import (
	"fmt"
)

// Sentences for people whose act does not count: what happened, and what they can do.

// tooLate answers a vote on a closed request: with the decision on its stage where its last revision had one.
func (s scene) tooLate(a Attempt) ruling {
	round := a.Round
	if round == 0 {
		round = s.r.Round
	}
	stage := s.spelled(a.Stage)
	if i := s.run(round, stage); i >= 0 && round == s.r.Round {
		run := s.r.Stages[i]
		if v := s.runOver(a, run); run.State != StageOpen && v.code == CodeAlready {
			return v
		}
	}
	return refuse(CodeClosed, s.closedSentence())
}

func (s scene) closedSentence() string {
	if s.r.Closed.IsZero() {
		return fmt.Sprintf("%s is %s, so there is nothing left to decide.", s.r.ID, s.r.Status.Words())
	}
	verb := "was " + s.statusWords()
	if s.r.Status == Expired {
		verb = "expired"
	}
	return fmt.Sprintf("%s %s %s, so there is nothing left to decide.", s.r.ID, verb, s.clock(s.r.Closed))
}

// notRun answers for a stage that has no run in this revision.
func (s scene) notRun(stage string) ruling {
	if _, known := s.def(stage); !known {
		return refuse(CodeUnknownStage, s.unknownStage(stage))
	}
	if open := s.r.Open(); len(open) > 0 {
		return refuse(CodeNotOpen, fmt.Sprintf("%s is not open yet. Before it: %s.", stage, runNames(open, "and")))
	}
	return refuse(CodeNotOpen, s.nothingOpen())
}

func (s scene) unknownStage(stage string) string {
	var all []string
	for _, d := range s.defs() {
		all = append(all, d.Name)
	}
	if len(all) == 0 {
		return s.nothingOpen()
	}
	return fmt.Sprintf("%s has no stage %q. Its stages are %s.", s.r.ID, stage, enumerate(all, "and"))
}

func (s scene) nothingOpen() string {
	if s.r.Status == Draft {
		return s.draftSentence()
	}
	if line := s.incompleteSentence(); line != "" {
		return line
	}
	if s.r.Workflow == "" {
		return fmt.Sprintf("%s has no approval stages, so there is nothing to approve.", s.r.ID)
	}
	return fmt.Sprintf("%s is %s (revision %d): nothing waits for approval yet.", s.r.ID, s.r.Status.Words(), s.r.Round)
}

// runOver answers for a run of this revision that takes no votes now.
func (s scene) runOver(a Attempt, run StageRun) ruling {
	switch run.State {
	case StageSkipped:
		return refuse(CodeNotOpen, fmt.Sprintf("%s does not apply to %s: %s", run.Name, s.r.ID, run.Why))
	case StageReverted:
		if run.Why == comesLater {
			return refuse(CodeNotOpen, fmt.Sprintf("%s is not open: %s", run.Name, run.Why))
		}
		return refuse(CodeNotOpen, fmt.Sprintf("%s is not open: the decision before it was taken back.", run.Name))
	case StageStopped, StageExpired:
		return refuse(CodeNotOpen, fmt.Sprintf("%s is over: %s", run.Name, run.Why))
	}
	if v, voted := s.touching(s.live(run), a.Who); voted {
		return refuse(CodeAlready, s.votedAlready(a.Who, v))
	}
	if len(run.DecidedBy) == 0 {
		return refuse(CodeAlready, fmt.Sprintf("%s That was %s.", run.Why, s.clock(run.Decided)))
	}
	verb := map[StageState]string{StageApproved: "approved", StageDeclined: "declined", StageChanges: "asked for changes to"}[run.State]
	return refuse(CodeAlready, fmt.Sprintf("%s already %s this %s.", s.names(run.DecidedBy, "and"), verb, s.clock(run.Decided)))
}

func (s scene) votedAlready(who Actor, v Vote) string {
	switch {
	case same(v.By, who):
		return fmt.Sprintf("You already %s this %s.", did(v.Verdict), s.clock(v.At))
	case v.For.ID() != "":
		return fmt.Sprintf("%s already %s this for %s %s.", s.who(v.By), did(v.Verdict), s.who(v.For), s.clock(v.At))
	}
	return fmt.Sprintf("%s already %s this %s.", s.who(v.By), did(v.Verdict), s.clock(v.At))
}

// othersDecide answers somebody who is no reviewer: whose it is, and what they can do instead.
func (s scene) othersDecide(run StageRun) string {
	list := s.waiting(run)
	if len(list) == 0 {
		return fmt.Sprintf("Nobody can decide %s right now. You can comment in the thread.", run.Name)
	}
	var owners []string
	for _, a := range list {
		owners = append(owners, s.whose(run, a))
	}
	return fmt.Sprintf("%s is %s. You can comment in the thread.", run.Name, enumerate(owners, "or"))
}

// whose names a place for somebody who has none: "Ana Reyes's", or "Ravi's (cover: Ana Reyes until 14 Mar)".
func (s scene) whose(run StageRun, asked Actor) string {
	owner := s.standsFor(run, asked)
	if owner.ID() == "" {
		return s.who(asked) + "'s"
	}
	cover := s.who(asked)
	if until := s.untilWords(owner); until != "" {
		cover += " " + until
	}
	return fmt.Sprintf("%s's (cover: %s)", s.who(owner), cover)
}

// ownWork answers by the four-eyes rule, and says who can instead.
func (s scene) ownWork(a Attempt, run StageRun, part string) string {
	line := "You can't approve your own work."
	if a.Do != string(Approve) {
		line = "You can't decide on your own work."
	}
	switch part {
	case "editor":
		line = "You changed this request's details, so you can't approve it yourself."
	case "maker":
		line = "You sent this work to review, so you can't approve it yourself."
	case "saver":
		line = "You saved the version that is decided on, so you can't approve it yourself."
	}
	others := s.waiting(run)
	if len(others) == 0 {
		return line + " Nobody else reviews " + run.Name + " now; ask whoever keeps the rules to name somebody."
	}
	return line + " " + s.names(others, "or") + " can."
}

func runNames(runs []StageRun, last string) string {
	var out []string
	for _, run := range runs {
		out = append(out, run.Name)
	}
	return enumerate(out, last)
}
