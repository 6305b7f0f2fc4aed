package flow

import "fmt"

// assigned gives the request an assignee, and with a workflow the first work.
func (s *step) assigned() {
	a := s.attempt("assign")
	if v := s.judgeAssignment(a); !v.ok() {
		s.refused(v)
		return
	}
	who, _ := s.named(a.To.Name)
	if same(who, s.r.Assignee) {
		s.because(CodeNoted, fmt.Sprintf("%s has it already.", s.who(who)))
		return
	}
	before := s.r.Assignee
	s.r.Assignee = who
	s.handParts(before)
	s.because(CodeRecorded, fmt.Sprintf("%s was assigned.", s.who(who)))
	switch {
	case s.r.Triage != "":
		s.takeOn()
	case s.r.Workflow == "":
		s.tellAssignee()
	case s.r.Status == Intake:
		s.askForWork()
	case s.r.Status == InProgress:
		s.hand(s.work(), who)
	}
}

// tellAssignee says to whom a request without a workflow belongs; with one they are asked for the work.
func (s *step) tellAssignee() {
	if s.blind {
		return
	}
	if who := s.r.Assignee; who.ID() != "" && !same(who, s.ev.Actor) {
		view := s.view(NoticeView, s.label()+" is assigned to you.")
		facts := s.parties()
		if _, there := s.r.Link("ticket"); there { // the message stays as it is, a pending ticket does not
			facts = append(s.ticketFact(), facts...)
		}
		view.Facts = oneLine(facts)
		view.Buttons = []Button{s.open()}
		s.direct([]Actor{who}, view)
	}
}

func (s scene) judgeAssignment(a Attempt) ruling {
	switch {
	case s.r.Status == Draft:
		return refuse(CodeNotOpen, s.draftSentence())
	case s.r.Status.Closed():
		return refuse(CodeClosed, s.closedSentence())
	case s.r.Triage != "" && !a.Triager:
		return s.judgeTriager(a)
	case a.Who.Name == "" && !s.isRequester(a.Who):
		return refuse(CodeNotYours, "Only people in the directory and the requester can assign this.")
	}
	return s.known(a.To)
}

// known asks whether somebody is in the directory.
func (s scene) known(to Actor) ruling {
	if _, ok := s.named(to.Name); ok && to.Name != "" {
		return ruling{}
	}
	name := to.Shown
	if name == "" {
		name = to.ID()
	}
	if name == "" {
		return refuse(CodeUnknownPerson, "Please choose somebody from the directory.")
	}
	return refuse(CodeUnknownPerson, fmt.Sprintf("%s is not in the directory. Please choose somebody who is, or ask whoever keeps the rules to add them.", name))
}
