package flow

import (
	"fmt"
	"slices"
)

// cardView is the one public card of the request.
func (s scene) cardView() View {
	v := s.view(CardView, s.cardHeadline())
	v.Facts = s.cardFacts()
	v.Points = s.points()
	v.Picture = s.picture()
	v.Fields = s.details()
	v.Buttons = s.cardButtons()
	return v
}

func (s scene) cardHeadline() string {
	line := s.label()
	open := s.r.Open()
	switch {
	case len(open) > 0:
		line += ": in review, waiting for"
		for i, run := range open {
			if i > 0 {
				line += " and for"
			}
			line += fmt.Sprintf(" %s (%s)", s.waitingWords(run), run.Name)
		}
	case s.r.Status == InProgress && s.r.Workflow != "":
		line += fmt.Sprintf(": revision %d is being made by %s", s.r.Round, s.makerWords())
	case s.r.Status == NeedsInfo && len(s.missing()) > 0:
		line += ": " + s.missingWords(s.missing()) + ", waiting on " + s.who(s.r.Requester)
	default:
		line += ": " + s.statusWords()
	}
	if !s.r.Due.IsZero() && !s.r.Status.Closed() {
		line += ", due " + s.instant(s.r.Due)
	}
	return line + "."
}

// waitingWords names those a stage waits for: "Ana Reyes or Dana Wolf" where one of them is enough.
func (s scene) waitingWords(run StageRun) string {
	list := s.waiting(run)
	if len(list) == 0 {
		return "nobody who can act"
	}
	t := s.count(run)
	if t.need-t.got >= len(list) {
		return enumerate(s.awaitedNames(run, list), "and")
	}
	return enumerate(s.awaitedNames(run, list), "or")
}

// cardFacts are the ticket, one line about the request, and one about each stage of this revision.
func (s scene) cardFacts() []Fact {
	facts := append(s.ticketFact(), oneLine(append(s.statusFacts(), s.parties()...))...)
	facts = append(facts, oneLine(s.infoFacts())...)
	facts = append(facts, s.briefFact()...)
	facts = append(facts, s.versionFacts()...)
	facts = append(facts, s.afterFact()...)
	for _, run := range s.keptRuns() {
		facts = append(facts, oneLine(s.keptFacts(run))...)
	}
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round {
			facts = append(facts, oneLine(s.stageFacts(run))...)
		}
	}
	facts = append(facts, s.partsFact()...)
	facts = append(facts, s.pointsFact()...)
	facts = append(facts, s.fileFacts(true)...)
	facts = append(facts, s.movedFact()...)
	return append(facts, s.problemFacts()...)
}

// statusFacts say where the request stands; how it was closed only where no stage says it.
func (s scene) statusFacts() []Fact {
	status := Fact{Name: "status", Text: s.statusWords() + s.revision(s.r.Round)}
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round && run.Decided.Equal(s.r.Closed) && len(s.stageFacts(run)) > 0 {
			return []Fact{status}
		}
	}
	return append([]Fact{status}, s.when("closed", "", s.r.Closed)...)
}

// revision names a later revision than the first: ", revision 2".
func (s scene) revision(round int) string {
	if round < 2 {
		return ""
	}
	return fmt.Sprintf(", revision %d", round)
}

// stageFacts say where a stage of this revision stands.
func (s scene) stageFacts(run StageRun) []Fact {
	switch run.State {
	case StageOpen:
		facts := []Fact{{Name: "stage", Text: run.Name}}
		facts = append(facts, s.when("stage_due", "due", s.soonest(run))...)
		return append(append(facts, s.standing(run)...), s.coverFacts(run)...)
	case StageReverted, StageSuperseded:
		return nil
	case StageSkipped:
		return []Fact{{Name: "skipped", Text: run.Name + " does not apply: " + run.Why}}
	case StageStopped:
		if s.r.Status == Withdrawn {
			return nil
		}
		return []Fact{{Name: "stopped", Text: run.Name + " is not needed any more"}}
	}
	facts := append([]Fact{{Name: "decided", Text: s.outcome(run)}}, s.when("decided_at", "", run.Decided)...)
	if changes := s.since(s.votedVersion(run)); run.State == StageApproved && len(changes) > 0 && s.r.Signed == "" {
		facts = append(facts, Fact{Name: "stands", Text: s.replaced(changes) + " since, and the approval stands"})
	}
	return facts
}

// keptRuns are the stages that were approved before a new version came and were not asked again.
func (s scene) keptRuns() []StageRun {
	first, found := 0, false
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round && (!found || run.Together < first) {
			first, found = run.Together, true
		}
	}
	var kept []StageRun
	for _, d := range s.defs() {
		for _, run := range slices.Backward(s.r.Stages) {
			if found && run.Name == d.Name && d.Together < first {
				if run.State == StageApproved {
					kept = append(kept, run)
				}
				break
			}
		}
	}
	return kept
}

func (s scene) keptFacts(run StageRun) []Fact {
	facts := append([]Fact{{Name: "decided", Text: s.outcome(run)}}, s.when("decided_at", "", run.Decided)...)
	return append(facts, Fact{Name: "stands", Text: "it is not asked again"})
}

func (s scene) cardButtons() []Button {
	var out []Button
	open := s.r.Open()
	for _, run := range open {
		out = append(out, s.voteButtons(run, len(open) > 1)...)
	}
	if s.r.Status == InProgress && s.r.Workflow != "" {
		out = append(out, s.submitButton(s.r.Round))
	}
	if missing := s.missing(); s.r.Status == NeedsInfo && len(missing) > 0 {
		out = append(out, s.infoButton(missing))
	}
	out = append(out, s.open())
	if !s.r.Status.Closed() {
		out = append(out, Button{Action: "add_detail", Label: "Add detail", Minor: true}, Button{Action: "withdraw", Label: "Withdraw", Minor: true})
	}
	return append(out, s.why())
}

// voteButtons are the verdicts on one open stage; several says that the stage must be named. A stage that is decided
// on the page has a way there instead.
func (s scene) voteButtons(run StageRun, several bool) []Button {
	d, _ := s.def(run.Name)
	name, on := "", ""
	if several {
		name, on = " "+run.Name, " ("+run.Name+")"
	}
	if d.Assurance == "web" || d.Assurance == "web+reauth" {
		return []Button{{Action: "open", Label: "Decide on the page" + on, Style: "primary", Stage: run.Name, Round: run.Round, URL: s.page()}}
	}
	list := ""
	if len(d.Checklist) > 0 {
		list = "checklist"
	}
	b := func(action, label string) Button {
		return Button{Action: action, Label: label, Stage: run.Name, Round: run.Round, Version: s.r.Revision()}
	}
	approve, decline := b("approve", "Approve"+name), b("decline", "Decline"+on)
	decline.Minor, approve.Value = true, list
	if !several { // one button stands out, or none
		approve.Style = "primary"
	}
	out := []Button{approve, b("request_changes", "Request changes"+on), decline}
	if !several { // else everybody has the way to hand it over in their own copy, where the stage is clear
		hand := b("delegate", "Delegate")
		hand.Minor = true
		out = append(out, hand)
	}
	return out
}

// submitButton sends the work to review; where changes were asked for, what was done about them is asked first.
func (s scene) submitButton(round int) Button {
	action := "submit_work"
	for _, p := range s.r.Points {
		if p.Round < round && p.Open() {
			action = "answer_points"
		}
	}
	label := "Send to review"
	if name := s.readyVersion(round); name != "" {
		label = fmt.Sprintf("Send %s to review", name)
	}
	return Button{Action: action, Label: label, Style: "primary", Round: round, Version: s.r.Revision()}
}

// readyVersion is the short name of the version that was saved since the work was asked for; in the first revision any that is
// there.
func (s scene) readyVersion(round int) string {
	for _, w := range s.r.Work {
		if all := s.r.decidedOn(); w.Round == round && (round == 1 || w.Before != s.r.Revision()) && len(all) == 1 {
			return short(all[0].Current())
		}
	}
	return ""
}
