package slack

import (
	"github.com/slack-go/slack"

	"signoff/connectors"
	"signoff/internal/flow"
)

// decideView draws the modal of a button that needs words or a person.
func (c *Connector) decideView(o origin, missing []connectors.Field) slack.ModalViewRequest {
	s := sheet{}
	request := escape(o.Press.Request)
	link := s.input(line{name: inputLink, label: "Link", optional: true, hint: "A marked-up file, an example.", element: s.linkBox(inputLink)})
	switch o.Form {
	case formDelegate:
		return c.modal(o, "Delegate", "Hand over", []slack.Block{
			note("Somebody else decides *" + escape(o.Press.Stage) + "* of *" + request + "* in your place."),
			s.input(line{name: inputTo, label: "To", element: &slack.SelectBlockElement{
				Type: slack.OptTypeUser, ActionID: inputTo, Placeholder: plainText("Choose a person", maxTitle),
			}}),
			s.input(line{name: inputNote, label: "Note", optional: true, element: s.textBox(inputNote, "", maxInput, true)}),
		})
	case formDetail:
		blocks := []slack.Block{note("What you add goes into *" + request + "* and its ticket.")}
		for _, f := range missing {
			f.Required = false
			blocks = append(blocks, s.templateLine(f))
		}
		return c.modal(o, "Add detail", "Add", append(blocks,
			s.input(line{name: inputNote, label: "Note", optional: len(missing) > 0, element: s.textBox(inputNote, "What else should they know?", maxInput, true)}),
			link,
		))
	}
	return c.modal(o, "Request changes", "Send", []slack.Block{
		note("*" + request + "* goes back for another revision."),
		s.input(line{
			name: inputNote, label: "What should change?", hint: "One line per point; each is numbered and followed up.",
			element: s.textBox(inputNote, "- Logo larger", maxInput, true),
		}),
		link,
	})
}

// missing lists the fields of a request's template that hold nothing yet.
func missing(r flow.Request, types []connectors.RequestType) []connectors.Field {
	t, _ := typeNamed(types, r.Template)
	var empty []connectors.Field
	for _, f := range t.Fields {
		if f.Name == inputDue && !r.Due.IsZero() {
			continue
		}
		if len(r.Fields[f.Name]) == 0 {
			empty = append(empty, f)
		}
	}
	return empty
}

// closedView replaces a form that cannot be taken.
func (c *Connector) closedView(sentence string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText("Not sent", 24), Close: plainText("Close", 24),
		Blocks: slack.Blocks{BlockSet: []slack.Block{note(escape(sentence))}},
	}
}
