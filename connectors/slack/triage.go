package slack

import (
	"context"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// What people say of a request that waits for triage: each button opens a form with what it needs.

const (
	actionTake     = "triage_accept"
	actionMerge    = "triage_merge"
	actionSnooze   = "triage_snooze"
	actionTurnDown = "triage_decline"

	formTake     = "signoff_accept"
	formMerge    = "signoff_merge"
	formSnooze   = "signoff_snooze"
	formTurnDown = "signoff_turn_down"

	inputInto  = "into"
	inputUntil = "until"

	verbTriage = "triage"
)

// triageForm is the form that a button of triage opens, "" for none.
func triageForm(action string) string {
	switch action {
	case actionTake:
		return formTake
	case actionMerge:
		return formMerge
	case actionSnooze:
		return formSnooze
	case actionTurnDown:
		return formTurnDown
	}
	return ""
}

func triageKind(action string) (flow.Kind, bool) {
	kind, ok := map[string]flow.Kind{
		actionTake: flow.RequestAccepted, actionMerge: flow.RequestMerged, actionSnooze: flow.RequestSnoozed, actionTurnDown: flow.RequestDeclined,
	}[action]
	return kind, ok
}

// triageSheet draws the form of a button of triage.
func (c *Connector) triageSheet(o origin, asks []slack.Block) slack.ModalViewRequest {
	s, request := sheet{}, bold(escape(o.Press.Request))
	said := func(label, placeholder string, optional bool) slack.Block {
		return s.input(line{name: inputNote, label: label, optional: optional, element: s.textBox(inputNote, placeholder, maxInput, true)})
	}
	switch o.Form {
	case formMerge:
		blocks := []slack.Block{note(request + " ends here. What is said in its thread goes on in the request that you choose, and both keep their links.")}
		return c.modal(o, "Merge", "Merge", append(append(blocks, asks...), said("Note", "", true)))
	case formSnooze:
		return c.modal(o, "Snooze", "Snooze", []slack.Block{
			note(request + " comes back to triage on the morning of that day."),
			s.input(line{name: inputUntil, label: "Until", element: s.dateBox(inputUntil)}),
			said("Note", "What does it wait for?", true),
		})
	case formTurnDown:
		return c.modal(o, "Decline", "Decline", []slack.Block{
			note(request + " is not done. Whoever asked for it reads why."), said("Reason", "What speaks against it?", false),
		})
	}
	return c.modal(o, "Accept", "Accept", []slack.Block{
		note(request + " is taken on and goes its way."),
		s.input(line{
			name: inputTo, label: "Who does it", optional: true, hint: "Empty: whom the rules name.",
			element: &slack.SelectBlockElement{Type: slack.OptTypeUser, ActionID: inputTo, Placeholder: plainText("Choose a person", maxTitle)},
		}),
		said("Note", "", true),
	})
}

// mergeInto asks for the request that another is merged into: chosen from those that are open, or typed where they are more
// than a menu holds.
func (c *Connector) mergeInto(ctx context.Context, o origin, who flow.Actor, q connectors.Query) []slack.Block {
	l := line{name: inputInto, label: "Into", element: sheet{}.textBox(inputInto, "CR-7", maxOption, false), hint: "The number of the request, or of its ticket."}
	t, err := q.Triage(ctx, who)
	if err != nil || len(t.Open) > maxOptions {
		return []slack.Block{sheet{}.input(l)}
	}
	var all []*slack.OptionBlockObject
	for _, r := range t.Open {
		if string(r.ID) != o.Press.Request {
			words := fmt.Sprintf("%s %s (%s)", r.ID, clip(oneLine(r.Title), 45), r.Status.Words())
			all = append(all, &slack.OptionBlockObject{Text: plainText(words, maxOption), Value: string(r.ID)})
		}
	}
	if len(all) > 0 {
		l.element, l.hint = sheet{}.choiceBox(inputInto, "Choose an open request", all), ""
	}
	return []slack.Block{sheet{}.input(l)}
}

// judgeTriage looks at a form of triage before anything is stored.
func (c *Connector) judgeTriage(ctx context.Context, s sentForm, q connectors.Query) map[string]string {
	switch s.origin.Form {
	case formTurnDown:
		if strings.TrimSpace(s.entered.one(inputNote)) == "" {
			return map[string]string{inputNote: "Say why; whoever asked for it reads it."}
		}
	case formSnooze:
		day := s.entered.one(inputUntil)
		if !isDay(day) || day <= c.now().UTC().Format("2006-01-02") {
			return map[string]string{inputUntil: "Choose a later day."}
		}
	case formMerge:
		id := strings.TrimSpace(s.entered.one(inputInto))
		r, known, err := q.Request(ctx, id)
		switch {
		case err != nil: // the core judges it again
		case id == "" || !known || r.Status == flow.Draft:
			return map[string]string{inputInto: "There is no such request. Its number is on its card, for example CR-7."}
		case string(r.ID) == s.origin.Press.Request:
			return map[string]string{inputInto: "That is this request; choose another one."}
		case r.Status.Closed():
			return map[string]string{inputInto: fmt.Sprintf("%s is %s; choose one that is open.", r.ID, r.Status.Words())}
		}
	}
	return nil
}

// triaged reads a form of triage that was sent.
func (s source) triaged(ev flow.Event, o origin, e entered) flow.Event {
	ev.Body = typed(e.one(inputNote))
	switch o.Form {
	case formTake:
		if to := e.one(inputTo); to != "" {
			ev.To = s.actor(s.act.Team.id(), s.learned.Users[to].Team, to)
		}
	case formMerge:
		set(ev.Fields, inputInto, strings.TrimSpace(e.one(inputInto)))
	case formSnooze:
		set(ev.Fields, inputUntil, e.one(inputUntil))
	}
	return ev
}

// queue lists what waits for triage, to whoever may look after it with the buttons.
func (c *Connector) queue(ctx context.Context, who flow.Actor, q connectors.Query) spoken {
	t, err := q.Triage(ctx, who)
	switch {
	case err != nil:
		return saying(sentenceTrouble)
	case len(t.Waiting) == 0:
		return saying("Nothing waits for triage.")
	}
	words := count(len(t.Waiting), "request waits", "requests wait") + " for triage"
	s := spoken{text: words}
	if !t.May {
		s.blocks = c.bullets(words, t.Waiting)
		return s
	}
	s.blocks = append(s.blocks, section(bold(escape(words))))
	for i, r := range t.Waiting {
		if i == triageListed {
			s.blocks = append(s.blocks, section("…and "+count(len(t.Waiting)-i, "more", "more")+" on the page"))
			break
		}
		s.blocks = append(s.blocks, section(c.requestLine(r)+c.waitsWhy(r)), c.triageRow(r, i+1))
	}
	return s
}

const triageListed = 10

// waitsWhy says why a request waits, or until when it was put off.
func (c *Connector) waitsWhy(r flow.Request) string {
	if r.Status == flow.Snoozed {
		return "\nSnoozed until " + date(r.Until, r.Until.UTC().Format("2 Jan 15:04 UTC")) + "."
	}
	return "\n" + escape(clip(oneLine(r.Triage), maxLine))
}

// triageRow are the buttons of the nth request in the list.
func (c *Connector) triageRow(r flow.Request, nth int) slack.Block {
	k := canvas{c: c, view: flow.View{Request: r.ID, Title: r.Title}}
	var row []slack.BlockElement
	for _, b := range []flow.Button{
		{Action: actionTake, Label: "Accept", Style: "primary"}, {Action: actionMerge, Label: "Merge"},
		{Action: actionSnooze, Label: "Snooze"}, {Action: actionTurnDown, Label: "Decline", Style: "danger"},
	} {
		row = append(row, k.button(b, "", nth))
	}
	return &slack.ActionBlock{Type: slack.MBTAction, BlockID: "triage/" + string(r.ID), Elements: &slack.BlockElements{ElementSet: row}}
}
