package flow

import (
	"fmt"
	"slices"

	"signoff/internal/text"
)

// workView asks somebody for a revision, with the numbered points it must answer, and is closed once the work is sent
// or is somebody else's.
func (s scene) workView(w Work, i int) View {
	if s.asksForWork(w, i) {
		return s.openWork(w)
	}
	end := s.closedWork(w, w.Asked[i])
	v := s.view(WorkView, end.sentence(s))
	v.Status, v.Round = "", w.Round // it no longer follows the request
	v.Facts = append(s.ticketFact(), end.facts(s)...)
	v.Points = s.earlierPoints(w.Round)
	v.Buttons = []Button{s.open()}
	return v
}

func (s scene) asksForWork(w Work, i int) bool {
	return s.r.Status == InProgress && w.Round == s.r.Round && i == len(w.Asked)-1
}

func (s scene) openWork(w Work) View {
	line := fmt.Sprintf("%s is yours", s.label())
	if _, gone := s.away(s.worker()); gone && !same(s.workNow(), s.worker()) {
		line += fmt.Sprintf(" for %s, %s", s.who(s.worker()), s.awayWords(s.worker()))
	}
	if w.Round > 1 {
		line = fmt.Sprintf("%s needs revision %d", s.label(), w.Round)
	}
	if !s.r.Due.IsZero() {
		line += ", due " + s.instant(s.r.Due)
	}
	v := s.view(WorkView, line+". Send it to review when it is ready.")
	turn := Fact{Name: "turn", Text: "your turn" + s.revision(w.Round)}
	parties := slices.DeleteFunc(s.parties(), func(f Fact) bool { return f.Name == "owner" }) // the reader knows
	v.Facts = append(s.ticketFact(), oneLine(append([]Fact{turn}, parties...))...)
	v.Facts = append(v.Facts, s.versionFacts()...)
	v.Picture = s.picture()
	v.Body = s.r.Body
	v.Points = s.earlierPoints(w.Round)
	v.Fields = s.details()
	v.Buttons = []Button{s.submitButton(w.Round), s.open(), s.why()}
	return v
}

func (s scene) closedWork(w Work, who Actor) ending {
	switch {
	case w.Sent() && s.r.Status.Closed() && w.Round == s.r.Round:
		return ending{what: fmt.Sprintf("revision %d was %s", w.Round, s.r.Status.Words()), at: s.r.Closed}
	case w.Sent():
		return ending{what: fmt.Sprintf("revision %d was sent to review by %s", w.Round, s.who(w.By)), at: w.At}
	case !w.Reverted.IsZero():
		return ending{what: fmt.Sprintf("the changes were taken back, so revision %d is not needed now", w.Round)}
	case s.r.Status.Closed():
		return ending{what: s.r.Status.Words() + ", so nothing needs to be done"}
	case !same(s.workNow(), who):
		return ending{what: s.makerWords() + " has this now", asIs: true}
	}
	return ending{what: "nothing needs to be done"}
}

// saying puts words under the name of whoever said them.
func saying(who string, words text.Doc) text.Doc {
	return append(text.Doc{text.P(text.B(who))}, words...)
}
