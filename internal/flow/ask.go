package flow

import (
	"fmt"
	"slices"
	"time"

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
		if words := s.awayWords(behalf); words != "" {
			stage += ", " + words
		}
	}
	line = fmt.Sprintf("%s (%s).", line, stage)
	if moved := s.movedOn(run, who); moved != "" {
		line += " " + begins(moved) + "."
	}
	v := s.view(AskView, line)
	v.Round = run.Round
	v.Picture = s.picture()
	v.Facts = s.askFacts(run, who)
	v.Body = s.askBody(run)
	v.Points = s.earlierPoints(run.Round)
	v.Fields = s.details()
	v.Buttons = append(s.voteButtons(run, false), s.open(), s.why())
	return v
}

// movedOn says to somebody who is asked that the work they were asked about, or decided on, was replaced.
func (s scene) movedOn(run StageRun, who Actor) string {
	changes := s.since(run.Replaces)
	if len(changes) == 0 {
		return ""
	}
	line := s.replaced(changes)
	for _, v := range s.r.Votes {
		if v.Stale && v.Stage == run.Name && same(v.By, who) && s.namesOld(v.Version) {
			return line + ", so your decision on it no longer counts"
		}
	}
	return line
}

// lostWords say on the old cards of a revision that what was approved in it does not count: ", the approval of v3 no
// longer counts".
func (s scene) lostWords(run StageRun) string {
	for _, v := range s.r.Votes {
		if !v.Stale || v.Round != run.Round || v.Verdict != Approve {
			continue
		}
		if changes := s.since(v.Version); len(changes) == 1 && short(changes[0].from) != "" {
			return fmt.Sprintf(", the approval of %s no longer counts", short(changes[0].from))
		}
		return ", the approval no longer counts"
	}
	return ""
}

// askedFor says on whose behalf somebody would decide; zero: their own.
func (s scene) askedFor(run StageRun, who Actor) Actor {
	behalf, _, _ := s.claim(run, who)
	return behalf
}

// askFacts are the ticket, the question, for whom it is, and what to check.
func (s scene) askFacts(run StageRun, who Actor) []Fact {
	question := []Fact{{Name: "stage", Text: run.Name + s.revision(run.Round)}}
	if behalf := s.askedFor(run, who); behalf.ID() != "" {
		f := Fact{Name: "on_behalf", Label: "in place of", People: s.people(behalf)}
		if words := s.awayWords(behalf); words != "" {
			f.Label, f.After = "for", "("+words+")"
		}
		question = append(question, f)
	}
	question = append(question, s.when("stage_due", "decide by", s.dueFor(run, who))...)
	if waiting := s.waiting(run); len(waiting) > 1 || s.count(run).got > 0 { // that it waits for the reader alone is clear
		question = append(question, s.standing(run)...)
	}
	facts := append(s.ticketFact(), oneLine(question)...)
	if moved := s.movedOn(run, who); moved != "" {
		facts = append(facts, Fact{Name: "replaced", Text: begins(moved)})
	}
	facts = append(facts, s.versionFacts()...)
	facts = append(facts, oneLine(append(s.parties(), s.askedPoints()...))...)
	d, _ := s.def(run.Name)
	var checks []Fact
	for _, item := range d.Checklist {
		checks = append(checks, Fact{Name: "checklist", Text: item})
	}
	if len(checks) > 0 {
		checks[0].Label = "check:"
	}
	return append(append(facts, oneLine(checks)...), s.fileFacts(false)...)
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
	end := s.asked(run, who)
	v := s.view(AskView, end.sentence(s))
	v.Status, v.Round = "", run.Round // it no longer follows the request
	v.Facts = append(s.ticketFact(), end.facts(s)...)
	v.Buttons = []Button{s.open()}
	return v
}

// ending says how it ended for somebody: what happened, when, and what follows from it.
type ending struct {
	what string
	at   time.Time
	next string
	asIs bool // what begins with a name, which keeps its case
}

func (e ending) sentence(s scene) string {
	line := s.label() + ": " + e.what
	if !e.at.IsZero() {
		line += ", " + s.instant(e.at)
	}
	if e.next != "" {
		line += ". " + upper(e.next)
	}
	return line + "."
}

func (e ending) facts(s scene) []Fact {
	facts := append([]Fact{{Name: "ended", Text: e.what}}, s.when("ended_at", "", e.at)...)
	if e.next != "" {
		facts = append(facts, Fact{Name: "next", Text: e.next})
	}
	line := oneLine(facts)
	if e.asIs {
		line[0].Text = e.what
	}
	return line
}

func (s scene) asked(run StageRun, who Actor) ending {
	_, voted := s.touching(s.live(run), who)
	replaced := ""
	if run.Round < s.r.Round {
		replaced = fmt.Sprintf("revision %d replaces revision %d", run.Round+1, run.Round)
	}
	switch run.State {
	case StageOpen:
		return s.stillOpen(run, who)
	case StageApproved:
		if voted || len(run.DecidedBy) == 0 {
			return ending{what: s.outcome(run), at: run.Decided}
		}
		return ending{what: "not needed any more, " + s.outcome(run), at: run.Decided}
	case StageChanges:
		return ending{what: "changes requested by " + s.deciders(run), at: run.Decided, next: replaced}
	case StageReverted:
		return ending{what: "not needed now, " + bare(run.Why)}
	case StageSuperseded:
		return ending{what: run.Why + s.lostWords(run), asIs: true}
	case StageStopped:
		return ending{what: "not needed any more, " + bare(run.Why), next: replaced}
	}
	return ending{what: s.outcome(run), at: run.Decided}
}

// stillOpen answers somebody who is not asked any more while the stage goes on.
func (s scene) stillOpen(run StageRun, who Actor) ending {
	if v, voted := s.touching(s.live(run), who); voted {
		what := fmt.Sprintf("%s %s %s", s.who(v.By), did(v.Verdict), run.Name)
		if v.For.ID() != "" {
			what += " for " + s.who(v.For)
		}
		return ending{what: what, at: v.At}
	}
	if by, covered := s.coveredBy(run, who); covered {
		return ending{what: fmt.Sprintf("%s is asked about %s for you while you are away; you can still decide it on the page", s.who(by), run.Name), asIs: true}
	}
	for _, d := range slices.Backward(run.Delegated) {
		if same(d.From, who) || same(d.By, who) {
			return ending{what: fmt.Sprintf("%s was handed to %s", run.Name, s.who(d.To)), at: d.At}
		}
	}
	d, _ := s.def(run.Name)
	if s.barred(d, who) != "" {
		return ending{what: fmt.Sprintf("you have a part in this work now, so %s is decided by others", run.Name)}
	}
	return ending{what: fmt.Sprintf("you are not asked about %s any more", run.Name)}
}
