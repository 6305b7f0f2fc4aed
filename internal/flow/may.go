package flow

import (
	"fmt"
	"strings"
	"time"
)

// Attempt is something a person is about to do.
type Attempt struct {
	Who Actor
	// Do is one of: approve, request_changes, decline, delegate, undo, submit_work, add_detail, withdraw, assign,
	// new_ticket, confirm_draft, edit_draft, dismiss_draft, triage_accept, triage_decline, triage_merge, triage_snooze.
	Do      string
	Stage   string // empty: the open stage in which the person may act
	Round   int    // the revision the person saw; 0: not said
	Version string
	To      Actor // delegate, assign: to whom; zero: not chosen yet
	// Via is where the person acts: a connector instance, "web" or "api"; Assurance is "web+reauth" after a fresh
	// sign-in on our pages.
	Via       string
	Assurance string
	At        time.Time
	// Triager: the person answers for triage. Other: into which request one is to be merged; nil: not chosen yet.
	Triager bool
	Other   *Joint
}

// May says whether an attempt would count now and, if not, why: a stable code and one sentence for the person. It is
// the judgement that Step makes of the event, except that it does not ask for the note of request_changes, which is
// written only after the person may.
func May(p Policy, r Request, a Attempt) (ok bool, code, why string) {
	s := scene{p: p, r: &r, at: a.At.UTC()}
	var v ruling
	switch a.Do {
	case string(Approve), string(RequestChanges), string(Decline):
		v = s.judgeVote(a)
	case "delegate":
		v = s.judgeDelegation(a)
	case "undo":
		v = s.judgeUndo(a)
	case "submit_work":
		v = s.judgeWork(a)
	case "add_detail":
		v = s.judgeEdit(a)
	case "withdraw":
		v = s.judgeWithdrawal(a)
	case "assign":
		v = s.judgeAssignment(a)
	case "new_ticket":
		v = s.judgeNewTicket(a)
	case "triage_accept":
		v = s.judgeAccept(a)
	case "triage_decline", "triage_snooze":
		v = s.judgeTriage(a)
	case "triage_merge":
		v = s.judgeMerge(a)
	case "confirm_draft", "edit_draft", "dismiss_draft", "mute_drafts":
		v = s.judgeOffer(a)
	default:
		v = refuse(CodeBadVerdict, fmt.Sprintf("%q is nothing that can be done here.", a.Do))
	}
	return v.ok(), v.code, v.why
}

// ruling is what a judgement found. An empty code means: it counts.
type ruling struct {
	code, why string
	run       int   // index of the stage run concerned
	behalf    Actor // for whom the person acts
	veto      bool
	vote      int // index of the vote concerned
}

func (v ruling) ok() bool { return v.code == "" }

func refuse(code, why string) ruling { return ruling{code: code, why: why} }

// judgeVote applies every rule that holds for any verdict. The note of request_changes is asked for by Step.
func (s scene) judgeVote(a Attempt) ruling {
	if s.r.Status.Closed() {
		return s.tooLate(a)
	}
	if v := s.stale(a); !v.ok() {
		return v
	}
	if a.Stage != "" {
		return s.judgeStage(a, s.spelled(a.Stage))
	}
	return s.judgeAnyStage(a)
}

// judgeAnyStage finds the open stage in which somebody may act; where there is none, the most telling refusal wins.
func (s scene) judgeAnyStage(a Attempt) ruling {
	var best ruling
	for _, run := range s.r.Open() {
		v := s.judgeStage(a, run.Name)
		if v.ok() {
			return v
		}
		if best.ok() || best.code == CodeNotReviewer {
			best = v
		}
	}
	if best.ok() {
		return refuse(CodeNotOpen, s.nothingOpen())
	}
	return best
}

func (s scene) judgeStage(a Attempt, stage string) ruling {
	i := s.run(s.r.Round, stage)
	if i < 0 {
		return s.notRun(stage)
	}
	run := s.r.Stages[i]
	if run.State != StageOpen {
		return s.runOver(a, run)
	}
	v := s.judgeRight(a, run)
	v.run = i
	return v
}

// judgeRight asks whether a person may decide an open run.
func (s scene) judgeRight(a Attempt, run StageRun) ruling {
	d, _ := s.def(run.Name)
	if why := s.barred(d, a.Who); why != "" {
		return refuse(CodeFourEyes, s.ownWork(a, run, why))
	}
	votes := s.live(run)
	if v, voted := s.touching(votes, a.Who); voted {
		return refuse(CodeAlready, s.votedAlready(a.Who, v))
	}
	behalf, veto, ok := s.claim(run, a.Who)
	if !ok {
		return refuse(CodeNotReviewer, s.othersDecide(run))
	}
	if v, voted := s.touching(votes, behalf); behalf.ID() != "" && voted {
		return refuse(CodeAlready, s.votedAlready(a.Who, v))
	}
	if !s.isAbout(run, a.Version) {
		return refuse(CodeStale, s.outdated(a.Version))
	}
	if v := s.assured(d, a); !v.ok() {
		return v
	}
	return ruling{behalf: behalf, veto: veto}
}

// assured asks whether the person acts from where a decision of this stage counts.
func (s scene) assured(d StageDef, a Attempt) ruling {
	switch {
	case d.Assurance == "web+reauth" && (a.Via != "web" || a.Assurance != "web+reauth"):
		return refuse(CodePageOnly, d.Name+" is decided on the page after signing in again, so nothing was recorded here. Open the request there.")
	case d.Assurance == "web" && a.Via != "web":
		return refuse(CodePageOnly, d.Name+" is decided on the page, so nothing was recorded here. Open the request there.")
	}
	return ruling{}
}

// stale refuses what was meant for another revision.
func (s scene) stale(a Attempt) ruling {
	if a.Round == 0 || a.Round == s.r.Round {
		return ruling{}
	}
	if decides(a.Do) && s.namesOld(a.Version) {
		return refuse(CodeStale, s.outdated(a.Version))
	}
	return refuse(CodeStale, fmt.Sprintf("This card is about revision %d. Revision %d is now %s.", a.Round, s.r.Round, s.r.Status.Words()))
}

func decides(do string) bool {
	return do == string(Approve) || do == string(RequestChanges) || do == string(Decline) || do == "delegate"
}

// spelled finds the workflow's own spelling of a stage name.
func (s scene) spelled(stage string) string {
	for _, d := range s.defs() {
		if strings.EqualFold(d.Name, stage) {
			return d.Name
		}
	}
	return stage
}
