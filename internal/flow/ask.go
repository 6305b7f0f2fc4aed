package flow

import (
	"fmt"
	"slices"

	"signoff/internal/text"
)

// askView is one reviewer's own copy of the question, and once it is answered, of the answer.
func (s scene) askView(run StageRun, who Actor) View {
	if !holds(s.waiting(run), who) {
		return s.askedView(run, who)
	}
	due := s.dueFor(run, who)
	line := s.label() + " needs your review"
	if !due.IsZero() {
		line += " by " + s.instant(due)
	}
	stage := run.Name
	if behalf := s.askedFor(run, who); behalf.ID() != "" {
		stage += " for " + s.who(behalf)
	}
	v := s.view(AskView, fmt.Sprintf("%s (%s).", line, stage))
	v.Round = run.Round
	v.Facts = s.askFacts(run, who)
	v.Body = s.askBody(run)
	v.Points = s.earlierPoints(run.Round)
	v.Fields = s.details()
	v.Buttons = append(s.voteButtons(run, false), s.open())
	v.Buttons = append(v.Buttons, s.openTicket()...)
	v.Buttons = append(v.Buttons, s.why())
	return v
}

// askedFor says on whose behalf somebody would decide; zero: their own.
func (s scene) askedFor(run StageRun, who Actor) Actor {
	behalf, _, _ := s.claim(run, who)
	return behalf
}

func (s scene) askFacts(run StageRun, who Actor) []Fact {
	facts := s.standing(run)
	if behalf := s.askedFor(run, who); behalf.ID() != "" {
		facts = append(facts, Fact{Name: "on_behalf", Label: "For", People: s.people(behalf)})
	}
	if due := s.dueFor(run, who); !due.IsZero() {
		facts = append(facts, Fact{Name: "stage_due", Label: "Decide by", At: due})
	}
	d, _ := s.def(run.Name)
	for _, item := range d.Checklist {
		facts = append(facts, Fact{Name: "checklist", Label: "Check", Text: item})
	}
	facts = append(facts, s.owner())
	facts = append(facts, s.common()...)
	return append(facts, s.ticketFact()...)
}

// askBody is what was asked for, and what the maker of this revision said about it.
func (s scene) askBody(run StageRun) text.Doc {
	body := append(text.Doc{}, s.r.Body...)
	for _, w := range s.r.Work {
		if w.Round == run.Round && !w.Note.Empty() {
			body = append(body, saying(s.who(w.By)+":", w.Note)...)
		}
	}
	return body
}

// earlierPoints are the changes asked for before a revision, with their answers.
func (s scene) earlierPoints(round int) []Point {
	var out []Point
	for _, p := range s.points() {
		if p.Round < round {
			out = append(out, p)
		}
	}
	return out
}

// points are all changes asked for, with the names people read.
func (s scene) points() []Point {
	out := slices.Clone(s.r.Points)
	for i := range out {
		out[i].By = s.actor(out[i].By)
	}
	return out
}

// askedView closes a copy that needs no answer any more.
func (s scene) askedView(run StageRun, who Actor) View {
	v := s.view(AskView, s.askedHeadline(run, who))
	v.Status, v.Round = "", run.Round // it no longer follows the request
	v.Facts = []Fact{{Name: "stage", Label: "Stage", Text: run.Name}}
	if !run.Decided.IsZero() {
		v.Facts = append(v.Facts, Fact{Name: "decided", Label: "Decided", At: run.Decided})
	}
	v.Buttons = append([]Button{s.open()}, s.openTicket()...)
	return v
}

func (s scene) askedHeadline(run StageRun, who Actor) string {
	_, voted := s.touching(s.live(run), who)
	switch run.State {
	case StageOpen:
		return s.stillOpenHeadline(run, who)
	case StageApproved:
		if voted || len(run.DecidedBy) == 0 {
			return fmt.Sprintf("%s: %s.", s.label(), s.outcome(run))
		}
		return fmt.Sprintf("%s: not needed any more, %s.", s.label(), s.outcome(run))
	case StageChanges:
		return fmt.Sprintf("%s: changes requested by %s, %s. Revision %d replaces revision %d.", s.label(), s.deciders(run), s.instant(run.Decided), run.Round+1, run.Round)
	case StageReverted:
		return fmt.Sprintf("%s: undone. %s So %s does not wait for you now.", s.label(), run.Why, run.Name)
	case StageStopped:
		line := fmt.Sprintf("%s: not needed any more. %s", s.label(), run.Why)
		if run.Round < s.r.Round {
			line += fmt.Sprintf(" Replaced by revision %d.", run.Round+1)
		}
		return line
	}
	return fmt.Sprintf("%s: %s.", s.label(), s.outcome(run))
}

// stillOpenHeadline answers somebody who is not asked any more while the stage goes on.
func (s scene) stillOpenHeadline(run StageRun, who Actor) string {
	if v, voted := s.touching(s.live(run), who); voted {
		line := fmt.Sprintf("%s: %s %s %s", s.label(), s.who(v.By), did(v.Verdict), run.Name)
		if v.For.ID() != "" {
			line += " for " + s.who(v.For)
		}
		return line + ", " + s.instant(v.At) + "."
	}
	for i := len(run.Delegated) - 1; i >= 0; i-- {
		if d := run.Delegated[i]; same(d.From, who) {
			return fmt.Sprintf("%s: %s was handed to %s, %s.", s.label(), run.Name, s.who(d.To), s.instant(d.At))
		}
	}
	d, _ := s.def(run.Name)
	if s.barred(d, who) != "" {
		return fmt.Sprintf("%s: you have a part in this work now, so %s is decided by others.", s.label(), run.Name)
	}
	return fmt.Sprintf("%s: you are not asked about %s any more.", s.label(), run.Name)
}
