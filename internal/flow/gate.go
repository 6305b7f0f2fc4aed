package flow

import (
	"fmt"
	"strings"
	"time"
)

// A request starts when its brief is complete. Until then it waits for whoever asked for it: they are asked once for
// exactly the fields that are missing, and the request moves on by itself as soon as these are filled in.

const infoPurpose = "info"

// missing are the fields that the request must have before it starts, and has not.
func (s scene) missing() []Field {
	if s.r.Offer != nil || s.r.Status.Closed() {
		return nil
	}
	return s.p.Missing(*s.r)
}

// lacking stops a request whose brief is not complete from starting.
func (s *step) lacking() bool {
	missing := s.missing()
	if len(missing) == 0 {
		return false
	}
	s.setStatus(NeedsInfo)
	s.because("incomplete", fmt.Sprintf("The brief needs %s before it starts: %s.", things(len(missing)), fieldWords(missing)))
	return true
}

// settleGate lets a request start whose brief became complete. One without stages that somebody put to "needs info" in
// the tracker stays where they put it.
func (s *step) settleGate() {
	byHand := s.r.Workflow == "" && s.r.Ticket.Held
	if s.r.Status != NeedsInfo || byHand || len(s.missing()) > 0 {
		return
	}
	s.because("complete", "The brief is complete, so it moves on.")
	s.goOn()
}

// settleInfo keeps the spans during which the request waited for its requester.
func (s *step) settleInfo() {
	last := len(s.r.Info) - 1
	waits := last >= 0 && s.r.Info[last].To.IsZero()
	switch {
	case s.r.Status == NeedsInfo && !waits:
		s.r.Info = append(s.r.Info, Wait{On: ids(with(nil, s.r.Requester)), From: s.at})
	case s.r.Status != NeedsInfo && waits:
		s.r.Info[last].To = s.at
	}
}

// infoSince is since when the request waits for its requester.
func (s scene) infoSince() Wait { return last(s.r.Info) }

func last[T any](values []T) T {
	var none T
	if len(values) == 0 {
		return none
	}
	return values[len(values)-1]
}

// wantInfo asks whoever asked for the request for what is missing, directly: in the conversation by mail that it came
// from, in chat, or by mail where chat does not know them.
func (s scene) wantInfo() []want {
	_, asked := s.r.Shows[infoPurpose]
	if s.r.Requester.ID() == "" || !asked && (s.r.Status != NeedsInfo || len(s.missing()) == 0) {
		return nil
	}
	if thread, ok := s.mailThread(); ok {
		return []want{{purpose: infoPurpose, target: s.r.Places.Mail, at: thread, to: s.actor(s.r.Requester), view: s.infoView()}}
	}
	target, to, ok := s.way(s.r.Requester)
	if !ok {
		return nil
	}
	return []want{{purpose: infoPurpose, target: target, to: to, view: s.infoView()}}
}

// infoView asks for the fields that are missing, and once they are there says so.
func (s scene) infoView() View {
	missing := s.missing()
	if s.r.Status != NeedsInfo || len(missing) == 0 {
		return s.answeredView()
	}
	line := fmt.Sprintf("%s needs %s before it can start: %s.", s.label(), things(len(missing)), fieldWords(missing))
	if _, mailed := s.mailThread(); mailed {
		line = "Your request was received. " + line
	}
	v := s.view(InfoView, line)
	v.Facts = oneLine([]Fact{{Name: "missing", Text: s.missingWords(missing)}})
	v.Facts = append(v.Facts, oneLine(s.when("due", "due", s.r.Due))...)
	v.Buttons = []Button{s.infoButton(missing), s.open()}
	return v
}

// answeredView closes the question for what was missing. It does not follow the request any further.
func (s scene) answeredView() View {
	at := s.infoSince().To
	end := ending{what: "the brief is complete", at: at, next: "it moves on by itself"}
	switch {
	case s.r.Status == NeedsInfo:
		end.next = ""
	case at.Equal(s.r.Closed) && !at.IsZero():
		end = ending{what: s.r.Status.Words() + ", so nothing more is needed", at: at}
	case len(s.p.Missing(*s.r)) > 0:
		end = ending{what: "it went on without the rest, so nothing more is needed", at: at}
	}
	v := s.view(InfoView, end.sentence(s))
	v.Status, v.Round = "", 0
	v.Facts = end.facts(s)
	v.Buttons = []Button{s.open()}
	return v
}

// infoButton opens a form with exactly the fields that are missing.
func (s scene) infoButton(missing []Field) Button {
	var names []string
	for _, f := range missing {
		names = append(names, f.Name)
	}
	label := fmt.Sprintf("Fill in %d fields", len(names))
	if len(names) == 1 {
		label = "Fill it in"
	}
	return Button{Action: "add_detail", Label: label, Style: "primary", Value: strings.Join(names, ",")}
}

// infoFacts say on the card what is missing, and who is waited on since when.
func (s scene) infoFacts() []Fact {
	if s.r.Status != NeedsInfo {
		return nil
	}
	var facts []Fact
	if missing := s.missing(); len(missing) > 0 {
		facts = append(facts, Fact{Name: "missing", Text: s.missingWords(missing)})
	}
	facts = append(facts, Fact{Name: "waiting_on", Label: "waiting on requester", People: s.people(s.r.Requester)})
	if s.r.Requester.ID() == "" {
		facts[len(facts)-1] = Fact{Name: "waiting_on", Text: "waiting on requester"}
	}
	return append(facts, s.when("since", "since", s.infoSince().From)...)
}

// missingWords count and name what is missing: "brief needs 2 things: Audience and Legal claim".
func (s scene) missingWords(missing []Field) string {
	return fmt.Sprintf("brief needs %s: %s", things(len(missing)), fieldWords(missing))
}

func things(n int) string {
	if n == 1 {
		return "1 thing"
	}
	return fmt.Sprintf("%d things", n)
}

// fieldWords are fields as people know them: "Audience and Legal claim".
func fieldWords(fields []Field) string {
	var labels []string
	for _, f := range fields {
		label := f.Label
		if label == "" {
			label = f.Name
		}
		labels = append(labels, label)
	}
	return enumerate(labels, "and")
}

// incompleteSentence says why a request cannot go on yet.
func (s scene) incompleteSentence() string {
	missing := s.missing()
	if s.r.Status != NeedsInfo || len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s waits until its brief is complete. Still needed: %s.", s.r.ID, fieldWords(missing))
}

// byThread reports whether the request came by mail and is answered there.
func (s scene) byThread() bool {
	_, mailed := s.mailThread()
	return mailed
}

// ticketMissing says in the tracker what the request waits for.
func (s scene) ticketMissing() []Fact {
	missing := s.missing()
	if s.r.Status != NeedsInfo || len(missing) == 0 {
		return nil
	}
	return []Fact{{Name: "missing", Label: "Missing", Text: fieldWords(missing)}}
}

// infoItem is a brief that waits for somebody to complete it, on their own page.
func (s scene) infoItem(since time.Time) View {
	v := s.view(InfoView, fmt.Sprintf("%s waits for more details from you.", s.label()))
	missing := s.missing()
	line := []Fact{{Name: "missing", Text: "more details are needed"}}
	if len(missing) > 0 {
		v.Headline = fmt.Sprintf("%s needs %s from you: %s.", s.label(), things(len(missing)), fieldWords(missing))
		line[0].Text = s.missingWords(missing)
		v.Buttons = append(v.Buttons, s.infoButton(missing))
	} else {
		v.Buttons = append(v.Buttons, Button{Action: "add_detail", Label: "Add detail", Style: "primary"})
	}
	line = append(append(line, s.when("due", "due", s.r.Due)...), s.when("since", "since", since)...)
	v.Facts = append(s.ticketFact(), oneLine(line)...)
	v.Buttons = append(v.Buttons, s.open(), s.why())
	return v
}

// infoStanding says in a sentence what a request waits for, from whom, and since when.
func (s scene) infoStanding() string {
	what := "more details"
	if missing := s.missing(); len(missing) > 0 {
		what = fmt.Sprintf("%s (%s)", things(len(missing)), fieldWords(missing))
	}
	return fmt.Sprintf("It waits on its requester, %s, for %s, since %s.", s.who(s.r.Requester), what, s.instant(s.infoSince().From))
}
