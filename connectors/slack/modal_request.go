package slack

import (
	"maps"
	"signoff/internal/flow"
	"strings"

	"github.com/slack-go/slack"
)

// draftForm is the request form with what is known so far.
type draftForm struct {
	origin  origin
	types   []flow.RequestType
	sheet   sheet
	reading bool   // the thread is still being read
	chosen  string // the message the form was opened from, as mrkdwn
	belongs string // the request this thread already belongs to
}

// view draws the request form.
func (c *Connector) requestView(f draftForm) slack.ModalViewRequest {
	chosen, _ := typeNamed(f.types, f.sheet.one(inputType))
	f.sheet.typed = tooMany(chosen.Fields)
	var blocks []slack.Block
	if about := f.about(); about != "" {
		blocks = append(blocks, note(about))
	}
	blocks = append(blocks,
		f.sheet.input(line{name: inputTitle, label: "Title", element: f.sheet.textBox(inputTitle, "What is it called?", maxTitle, false)}),
		f.sheet.input(line{name: inputText, label: "Description", optional: true, element: f.sheet.textBox(inputText, "What is needed, for whom, where will it be used?", maxInput, true)}),
	)
	if menu, ok := f.typeMenu(); ok {
		blocks = append(blocks, menu)
	}
	for _, field := range chosen.Fields {
		blocks = append(blocks, f.sheet.templateLine(field))
	}
	return c.modal(f.origin, "New creative request", "Send request", append(blocks, f.common(chosen)...))
}

// about says where the form came from and what is going on.
func (f draftForm) about() string {
	var parts []string
	if f.belongs != "" {
		parts = append(parts, "This thread already belongs to *"+escape(f.belongs)+"*. Sending the form opens another request.")
	}
	if f.reading {
		parts = append(parts, "The thread is still being read; you can begin already.")
	}
	return strings.Join(parts, " ")
}

func (f draftForm) typeMenu() (slack.Block, bool) {
	var choices []*slack.OptionBlockObject
	for _, t := range f.types {
		if t.Name == "" || clip(t.Name, maxOption) != t.Name || len(choices) == maxOptions {
			continue
		}
		choices = append(choices, &slack.OptionBlockObject{Text: plainText(firstOf(t.Label, t.Name), maxOption), Value: t.Name})
	}
	if len(choices) == 0 {
		return nil, false
	}
	return f.sheet.input(line{
		name: inputType, label: "Type", optional: true, dispatch: true,
		element: f.sheet.choiceBox(inputType, "Let the rules decide", choices),
	}), true
}

// common are the inputs that every type has, except those the template asks for itself.
func (f draftForm) common(chosen flow.RequestType) []slack.Block {
	asked := map[string]bool{}
	for _, field := range chosen.Fields {
		asked[field.Name] = true
	}
	var blocks []slack.Block
	if !asked[inputChannel] {
		blocks = append(blocks, f.sheet.input(line{
			name: inputChannel, label: "Channel", optional: true, hint: "Where the request is followed.", element: f.channelBox(),
		}))
	}
	if !asked[inputDue] {
		blocks = append(blocks, f.sheet.input(line{name: inputDue, label: "Due", optional: true, element: f.sheet.dateBox(inputDue)}))
	}
	if !asked[inputLink] {
		blocks = append(blocks, f.sheet.input(line{name: inputLink, label: "Link", optional: true, hint: "A brief, a file, an earlier piece.", element: f.sheet.linkBox(inputLink)}))
	}
	return blocks
}

func (f draftForm) channelBox() slack.BlockElement {
	e := &slack.SelectBlockElement{
		Type: slack.OptTypeConversations, ActionID: inputChannel, Placeholder: plainText("Choose a channel", maxTitle),
		Filter: &slack.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeBotUsers: true},
	}
	if id := f.sheet.one(inputChannel); strings.HasPrefix(id, "C") {
		e.InitialConversation = id
	}
	return e
}

func typeNamed(types []flow.RequestType, name string) (flow.RequestType, bool) {
	for _, t := range types {
		if t.Name == name {
			return t, true
		}
	}
	return flow.RequestType{}, false
}

// draft is what the form says so far, for the rules to read or to judge.
func (f draftForm) draft(words string) flow.Form {
	d := flow.Form{
		Type: f.sheet.one(inputType), Title: f.sheet.one(inputTitle), Text: words,
		Channel: channelNamed(f.origin.Name), Fields: map[string][]string{},
	}
	for name, values := range f.sheet.values {
		if field, _, ok := templateField(name); ok && len(values) > 0 {
			d.Fields[field] = values
		}
	}
	return d
}

// filled puts what was read into inputs that are empty. Only what changed gets a new block, so that Slack shows it.
func (f draftForm) filled(p flow.Prefill, counter string) draftForm {
	blocks := map[string]string{}
	maps.Copy(blocks, f.sheet.blocks)
	next := sheet{values: map[string][]string{}, from: map[string]string{}, blocks: blocks, fresh: f.sheet.fresh}
	maps.Copy(next.values, f.sheet.values)
	put := func(name, from string, values ...string) {
		if len(f.sheet.values[name]) > 0 || len(values) == 0 || values[0] == "" {
			return
		}
		next.values[name], next.blocks[name] = values, name+"#"+counter
		if from != "" {
			next.from[name] = from
		}
	}
	put(inputTitle, p.From[inputTitle], clip(oneLine(p.Title), maxTitle))
	put(inputType, p.From[inputType], p.Type)
	chosen, _ := typeNamed(f.types, next.one(inputType))
	own := map[string]bool{}
	for _, field := range chosen.Fields {
		own[field.Name] = true
		put(inputName(field), p.From[field.Name], p.Fields[field.Name]...)
	}
	for _, name := range []string{inputDue, inputLink} {
		if !own[name] {
			put(name, p.From[name], p.Fields[name]...)
		}
	}
	f.sheet = next
	return f
}
