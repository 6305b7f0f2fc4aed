package flow

import (
	"fmt"
)

// cardView is the one public card of the request.
func (s scene) cardView() View {
	v := s.view(CardView, s.cardHeadline())
	v.Facts = s.cardFacts()
	v.Points = s.points()
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
		line += fmt.Sprintf(": revision %d is being made by %s", s.r.Round, s.who(s.worker()))
	default:
		line += ": " + s.r.Status.Words()
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
		return s.names(list, "and")
	}
	return s.names(list, "or")
}

func (s scene) cardFacts() []Fact {
	facts := []Fact{{Name: "status", Label: "Status", Text: upper(s.r.Status.Words())}}
	for _, run := range s.r.Stages {
		if run.Round == s.r.Round {
			facts = append(facts, s.stageFacts(run)...)
		}
	}
	facts = append(facts, s.owner())
	facts = append(facts, s.common()...)
	facts = append(facts, s.ticketFact()...)
	return append(facts, s.problemFacts()...)
}

// stageFacts say where a stage of this revision stands.
func (s scene) stageFacts(run StageRun) []Fact {
	switch run.State {
	case StageOpen:
		return s.openFacts(run)
	case StageReverted:
		return nil
	case StageSkipped:
		return []Fact{{Name: "skipped", Label: run.Name, Text: "does not apply: " + run.Why}}
	case StageApproved, StageDeclined, StageChanges:
		if len(run.DecidedBy) > 0 {
			words := map[StageState]string{StageApproved: "Approved", StageDeclined: "Declined", StageChanges: "Changes requested"}[run.State]
			return []Fact{{Name: "decided", Label: run.Name, Text: fmt.Sprintf("%s by %s,", words, s.deciders(run)), At: run.Decided}}
		}
	}
	return []Fact{{Name: "decided", Label: run.Name, Text: run.Why}}
}

// openFacts say whom an open stage waits for and how many approvals it has: "1 of 2".
func (s scene) openFacts(run StageRun) []Fact {
	facts := s.standing(run)
	if due := s.soonest(run); !due.IsZero() {
		facts = append(facts, Fact{Name: "stage_due", Label: run.Name + " due", At: due})
	}
	return facts
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
	if !s.r.Status.Closed() {
		out = append(out,
			Button{Action: "add_detail", Label: "Add detail", Minor: true},
			Button{Action: "withdraw", Label: "Withdraw", Style: "danger", Minor: true, Confirm: fmt.Sprintf("Withdraw %s? Everybody who is asked will see that it is off.", s.label())},
		)
	}
	out = append(out, s.open())
	out = append(out, s.openTicket()...)
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
	b := func(action, label string) Button {
		return Button{Action: action, Label: label, Stage: run.Name, Round: run.Round, Version: s.r.Revision()}
	}
	approve, change := b("approve", "Approve"+name), b("request_changes", "Request changes"+on)
	approve.Style = "primary"
	decline, hand := b("decline", "Decline"+on), b("delegate", "Delegate"+on)
	decline.Style, decline.Minor, hand.Minor = "danger", true, true
	decline.Confirm = fmt.Sprintf("Decline %s in %s?", s.label(), run.Name)
	return []Button{approve, change, decline, hand}
}

func (s scene) submitButton(round int) Button {
	return Button{Action: "submit_work", Label: "Send to review", Style: "primary", Round: round, Version: s.r.Revision()}
}
