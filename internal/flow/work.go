package flow

import (
	"fmt"

	"signoff/internal/text"
)

// workView asks somebody for a revision, with the numbered points it must answer, and is closed once the work is sent
// or is somebody else's.
func (s scene) workView(w Work, i int) View {
	if s.asksForWork(w, i) {
		return s.openWork(w)
	}
	v := s.view(WorkView, s.closedWork(w, w.Asked[i]))
	v.Status, v.Round = "", w.Round // it no longer follows the request
	v.Points = s.earlierPoints(w.Round)
	v.Buttons = append([]Button{s.open()}, s.openTicket()...)
	return v
}

func (s scene) asksForWork(w Work, i int) bool {
	return s.r.Status == InProgress && w.Round == s.r.Round && i == len(w.Asked)-1
}

func (s scene) openWork(w Work) View {
	line := fmt.Sprintf("%s is yours", s.label())
	if w.Round > 1 {
		line = fmt.Sprintf("%s needs revision %d", s.label(), w.Round)
	}
	if !s.r.Due.IsZero() {
		line += ", due " + s.instant(s.r.Due)
	}
	v := s.view(WorkView, line+". Send it to review when it is ready.")
	v.Facts = append(s.common(), s.ticketFact()...)
	v.Body = s.r.Body
	v.Points = s.earlierPoints(w.Round)
	v.Fields = s.details()
	v.Buttons = append([]Button{s.submitButton(w.Round), s.open()}, s.openTicket()...)
	v.Buttons = append(v.Buttons, s.why())
	return v
}

func (s scene) closedWork(w Work, who Actor) string {
	switch {
	case w.Sent():
		return fmt.Sprintf("%s: revision %d was sent to review by %s, %s.", s.label(), w.Round, s.who(w.By), s.instant(w.At))
	case !w.Reverted.IsZero():
		return fmt.Sprintf("%s: the changes were taken back, so revision %d is not needed now.", s.label(), w.Round)
	case s.r.Status.Closed():
		return fmt.Sprintf("%s: %s, so nothing needs to be done.", s.label(), s.r.Status.Words())
	case !same(s.worker(), who):
		return fmt.Sprintf("%s: %s has this now.", s.label(), s.who(s.worker()))
	}
	return fmt.Sprintf("%s: nothing needs to be done.", s.label())
}

// saying puts words under the name of whoever said them.
func saying(who string, words text.Doc) text.Doc {
	return append(text.Doc{text.P(text.B(who))}, words...)
}
