package slack

import (
	"strconv"

	"github.com/slack-go/slack"

	"signoff/internal/flow"
)

// decideView draws the modal of a button that needs words or a person; asks are inputs that depend on the request.
func (c *Connector) decideView(o origin, asks []slack.Block) slack.ModalViewRequest {
	s := sheet{}
	request, stage := bold(escape(o.Press.Request)), bold(escape(o.Press.Stage))
	link := s.input(line{name: inputLink, label: "Link", optional: true, hint: "A marked-up file, an example.", element: s.linkBox(inputLink)})
	said := func(label, placeholder string, optional bool) slack.Block {
		return s.input(line{name: inputNote, label: label, optional: optional, element: s.textBox(inputNote, placeholder, maxInput, true)})
	}
	switch o.Form {
	case formTake, formMerge, formSnooze, formTurnDown:
		return c.triageSheet(o, asks)
	case formDecline:
		return c.modal(o, "Decline", "Decline", []slack.Block{
			note("You decline " + stage + " of " + request + ". To have it made differently, cancel and choose Request changes."),
			said("Reason", "What speaks against it?", true),
		})
	case formWithdraw:
		return c.modal(o, "Withdraw", "Withdraw", []slack.Block{
			note(request + " ends here. Everybody who was asked sees that it is off."), said("Reason", "Why is it off?", true),
		})
	case formAnswer:
		return c.modal(o, "Send to review", "Send to review", append(append([]slack.Block{
			note("Revision " + strconv.Itoa(o.Press.Round) + " of " + request + " goes to its reviewers, with your answers beside the points."),
		}, asks...), said("Note to the reviewers", "", true)))
	case formDelegate:
		return c.modal(o, "Delegate", "Hand over", []slack.Block{
			note("Somebody else decides " + stage + " of " + request + " in your place."),
			s.input(line{name: inputTo, label: "To", element: &slack.SelectBlockElement{
				Type: slack.OptTypeUser, ActionID: inputTo, Placeholder: plainText("Choose a person", maxTitle),
			}}),
			said("Note", "", true),
		})
	case formApprove:
		return c.modal(o, "Approve", "Approve", append(append([]slack.Block{
			note("You approve " + stage + " of " + request + "."),
		}, asks...), said("Note", "", true)))
	case formDetail:
		if o.Press.Value != "" {
			return c.modal(o, "Complete the brief", "Send", append([]slack.Block{
				note(request + " starts once these are known."),
			}, asks...))
		}
		return c.modal(o, "Add detail", "Add", append(append([]slack.Block{
			note("What you add goes into " + request + " and its ticket."),
		}, asks...), said("Note", "What else should they know?", len(asks) > 0), link))
	}
	return c.modal(o, "Request changes", "Send", []slack.Block{
		note(request + " goes back for another revision."),
		s.input(line{
			name: inputNote, label: "What should change?", hint: "One line per point; each is numbered and followed up.",
			element: s.textBox(inputNote, "- Logo larger", maxInput, true),
		}),
		link,
	})
}

// unanswered asks what was done about each point that has no answer yet.
func unanswered(r flow.Request) []slack.Block {
	const most = 40 // a modal holds 100 blocks, and nobody answers more
	var blocks []slack.Block
	for _, p := range r.Points {
		if p.Round >= r.Round || !p.Open() || len(blocks) == most {
			continue
		}
		name := answerPrefix + strconv.Itoa(p.Number)
		blocks = append(blocks, sheet{}.input(line{
			name: name, label: clip(strconv.Itoa(p.Number)+". "+oneLine(p.Note.String()), 300), optional: true,
			element: sheet{}.textBox(name, "What was done about it?", maxInput, true),
		}))
	}
	return blocks
}

// missing asks for the fields of a request's template that hold nothing yet.
func missing(r flow.Request, types []flow.RequestType) []slack.Block {
	t, _ := typeNamed(types, r.Template)
	var blocks []slack.Block
	for _, f := range t.Fields {
		if f.Name == inputDue && !r.Due.IsZero() {
			continue
		}
		if len(r.Fields[f.Name]) == 0 {
			f.Required = false
			blocks = append(blocks, sheet{}.templateLine(f))
		}
	}
	return blocks
}

// closedView replaces a form that cannot be taken.
func (c *Connector) closedView(sentence string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText("Not sent", 24), Close: plainText("Close", 24),
		Blocks: slack.Blocks{BlockSet: []slack.Block{note(escape(sentence))}},
	}
}
