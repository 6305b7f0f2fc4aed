package flow

import (
	"fmt"
	"time"
)

// undoFor is how long a vote can be taken back.
const undoFor = time.Minute

// voted counts a verdict, or says why it does not count. Authority is judged now, with today's directory.
func (s *step) voted() {
	verdict := Verdict(s.ev.Field("verdict"))
	v := s.judgeVote(s.attempt(string(verdict)))
	switch {
	case verdict != Approve && verdict != RequestChanges && verdict != Decline:
		v = refuse(CodeBadVerdict, fmt.Sprintf("%q is no verdict. Use approve, request_changes or decline.", verdict))
	case v.ok() && verdict == RequestChanges && s.ev.Body.Empty():
		v = refuse(CodeNoteNeeded, "Please say what should change: a note is needed when you request changes. Nothing was recorded.")
	}
	if !v.ok() {
		s.refused(v)
		return
	}
	if list := s.unchecked(verdict, s.r.Stages[v.run]); !list.ok() {
		s.refuseUnchecked(list, s.r.Stages[v.run])
		return
	}
	if open := s.pointsOpen(verdict); !open.ok() {
		open.run = v.run
		s.confirmPoints(open)
		return
	}
	s.record(verdict, v)
}

// record records a vote that counts and lets it take effect.
func (s *step) record(verdict Verdict, v ruling) {
	run := &s.r.Stages[v.run]
	s.r.Votes = append(s.r.Votes, Vote{
		Event: s.ev.ID, Stage: run.Name, Round: run.Round, Version: s.r.Revision(), By: s.ev.Actor, For: v.behalf,
		Verdict: verdict, Note: s.ev.Body, Via: s.via(), At: s.at, Checked: s.checked(verdict, *run),
	})
	s.responded(run)
	s.because(CodeRecorded, s.voteSentence(verdict, *run, v.behalf))
	s.confirm(verdict, *run)
	switch verdict {
	case Approve:
		s.approve(v.run)
	case Decline:
		s.decline(v.run, v.veto)
	case RequestChanges:
		s.change(v.run)
	}
}

func (s *step) voteSentence(verdict Verdict, run StageRun, behalf Actor) string {
	line := fmt.Sprintf("%s %s %s", s.who(s.ev.Actor), did(verdict), run.Name)
	if behalf.ID() != "" {
		line += " for " + s.who(behalf)
	}
	return line + "."
}

func (s *step) approve(i int) {
	run := s.r.Stages[i]
	if t := s.count(run); !t.met() {
		s.because("counting", fmt.Sprintf("%s has %d of %d approvals.", run.Name, t.got, t.need))
		return
	}
	s.approveRun(i, s.approvers(run), "")
}

// decline ends the request when the voter has a veto, when the first decision wins, or when the approvals that are
// needed can no longer be reached; otherwise the others still decide.
func (s *step) decline(i int, veto bool) {
	run := s.r.Stages[i]
	d, _ := s.def(run.Name)
	t := s.count(run)
	switch {
	case veto:
		s.because("veto", s.who(s.ev.Actor)+" has a veto on "+run.Name+".")
	case d.Needs.All, d.Needs.N <= 1:
	case t.reach < t.need:
		s.because("unreachable", fmt.Sprintf("%s can no longer get the %d approvals it needs.", run.Name, t.need))
	default:
		s.because("counting", fmt.Sprintf("%s can still get the %d approvals it needs.", run.Name, t.need))
		return
	}
	s.declineRun(i, []Actor{s.ev.Actor}, "")
}

// declineRun ends the request by a stage.
func (s *step) declineRun(i int, by []Actor, why string) {
	name := s.r.Stages[i].Name
	s.closeRun(i, StageDeclined, by, why)
	if why == "" {
		why = fmt.Sprintf("%s declined %s.", s.names(by, "and"), name)
	}
	s.stopOthers(why)
	s.setStatus(Declined)
	s.tellOutcome(why)
}

// change sends the request back: every open stage of the revision ends, the note becomes numbered points, and the
// next revision begins.
func (s *step) change(i int) {
	run := s.r.Stages[i]
	by := s.ev.Actor
	s.closeRun(i, StageChanges, []Actor{by}, "")
	s.stopOthers(fmt.Sprintf("%s asked for changes in %s.", s.who(by), run.Name))
	for _, note := range points(s.ev.Body) {
		s.r.Points = append(s.r.Points, Point{
			Number: s.nextPoint(), Round: run.Round, Stage: run.Name, By: by, Note: note, At: s.at, Version: s.r.Revision(),
		})
	}
	s.takeAssets()
	s.r.Round++
	s.askForWork()
	s.tellChanges(run)
}

func (s scene) nextPoint() int {
	last := 0
	for _, p := range s.r.Points {
		last = max(last, p.Number)
	}
	return last + 1
}

// responded notes the first response of somebody who was asked.
func (s *step) responded(run *StageRun) {
	if run.FirstResponse.IsZero() {
		run.FirstResponse = s.at
	}
}
