package flow

import (
	"fmt"
	"strconv"

	"signoff/internal/text"
)

// worked sends the current revision to review.
func (s *step) worked() {
	if v := s.judgeWork(s.attempt("submit_work")); !v.ok() {
		s.refused(v)
		return
	}
	s.because(CodeRecorded, fmt.Sprintf("%s sent revision %d to review.", s.who(s.ev.Actor), s.r.Round))
	s.answer()
	s.takeAssets()
	s.send(s.ev.Actor, s.ev.Body)
}

// judgeWork asks whether somebody may send the current revision to review.
func (s scene) judgeWork(a Attempt) ruling {
	if v := s.reviewable(a); !v.ok() {
		return v
	}
	if !s.makes(a.Who) {
		return refuse(CodeNotYours, fmt.Sprintf("%s sends this to review, because the work is theirs. You can comment in the thread.", s.who(s.worker())))
	}
	return ruling{}
}

// reviewable asks whether the request is in a state from which it can go to review, whoever sends it.
func (s scene) reviewable(a Attempt) ruling {
	switch {
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case s.r.Workflow == "":
		return refuse(CodeNotOpen, s.nothingOpen())
	case s.r.Triage != "":
		return refuse(CodeNotOpen, fmt.Sprintf("%s waits for triage. %s.", s.r.ID, upper(bare(s.r.Triage))))
	}
	if v := s.stale(a); !v.ok() {
		return v
	}
	switch s.r.Status {
	case InReview:
		return refuse(CodeAlready, fmt.Sprintf("Revision %d is in review already.", s.r.Round))
	case InProgress, Intake:
		return ruling{}
	}
	if line := s.incompleteSentence(); line != "" {
		return refuse(CodeNotOpen, line)
	}
	return refuse(CodeNotOpen, fmt.Sprintf("%s is %s, so it cannot go to review now.", s.r.ID, s.r.Status.Words()))
}

// answer records what was said to the numbered points: the fields answer.1, answer.2, …
func (s *step) answer() {
	for i := range s.r.Points {
		point := &s.r.Points[i]
		if words := text.Plain(s.ev.Field("answer." + strconv.Itoa(point.Number))); !words.Empty() {
			point.Answer, point.AnsweredBy, point.AnsweredAt = words, s.ev.Actor, s.at
		}
	}
}
