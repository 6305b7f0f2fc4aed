package flow

import "fmt"

// withdrawn ends the request at its requester's wish.
func (s *step) withdrawn() {
	if v := s.judgeWithdrawal(s.attempt("withdraw")); !v.ok() {
		s.refused(v)
		return
	}
	why := fmt.Sprintf("%s withdrew the request.", s.who(s.ev.Actor))
	s.because(CodeRecorded, why)
	s.stopOthers(why)
	s.setStatus(Withdrawn)
	s.tellOutcome(why)
}

func (s scene) judgeWithdrawal(a Attempt) ruling {
	switch {
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case !s.isRequester(a.Who):
		return refuse(CodeNotYours, fmt.Sprintf("Only %s can withdraw this, because the request is theirs.", s.who(s.r.Requester)))
	}
	return ruling{}
}
