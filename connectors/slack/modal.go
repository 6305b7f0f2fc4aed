package slack

import (
	"signoff/internal/flow"
	"strings"

	"github.com/slack-go/slack"
)

// Names of the inputs in our modals. A block's id is its name, a number sign and a counter: Slack keeps what was
// typed as long as the id stays, and takes a new initial value only under a new one.
const (
	inputTitle   = "title"
	inputText    = "text"
	inputType    = "type"
	inputChannel = "channel"
	inputDue     = "due"
	inputLink    = "link"
	inputNote    = "note"
	inputTo      = "to"

	fieldPrefix  = "f."
	answerPrefix = "answer." // and the number of a point
)

// Callback ids of the shortcuts, as the manifest declares them.
const (
	shortcutMessage = "request_from_message"
	shortcutGlobal  = "request_new"
)

// fieldOf is the input's name within a block id; false when the block is not ours.
func fieldOf(block string) (string, bool) {
	name, _, ok := strings.Cut(block, "#")
	if i := strings.LastIndexByte(block, '#'); ok {
		name = block[:i]
	}
	switch name {
	case inputTitle, inputText, inputType, inputChannel, inputDue, inputLink, inputNote, inputTo, inputInto, inputUntil:
		return name, ok
	}
	_, _, isField := templateField(name)
	return name, ok && (isField || strings.HasPrefix(name, checkPrefix) || strings.HasPrefix(name, answerPrefix))
}

// inputName is the input of a template's field.
func inputName(f flow.Field) string { return fieldPrefix + f.Type + "." + f.Name }

// templateField reads inputName back.
func templateField(name string) (field, kind string, ok bool) {
	rest, ok := strings.CutPrefix(name, fieldPrefix)
	if !ok {
		return "", "", false
	}
	kind, field, ok = strings.Cut(rest, ".")
	return field, kind, ok && field != ""
}

// sheet is one modal being written: what is known of each input.
type sheet struct {
	values map[string][]string // by input name
	from   map[string]string   // the words a value came from, by input name
	blocks map[string]string   // block ids to keep, by input name
	fresh  string              // counter of blocks that have no id to keep
	typed  bool                // choices are typed: their menus together are more than a form holds
}

func (s sheet) block(name string) string {
	if id := s.blocks[name]; id != "" {
		return id
	}
	return name + "#" + firstOf(s.fresh, "0")
}

func (s sheet) one(name string) string {
	if v := s.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// line is one input of a modal.
type line struct {
	name, label, hint string
	optional          bool
	dispatch          bool // tell us at once when it changes
	element           slack.BlockElement
}

func (s sheet) input(l line) slack.Block {
	hint := l.hint
	if from := s.from[l.name]; from != "" {
		hint = strings.TrimSpace(hint + " Read from “" + clip(oneLine(from), 100) + "”.")
	}
	var hintText *slack.TextBlockObject
	if hint != "" {
		hintText = plainText(hint, maxHint)
	}
	return &slack.InputBlock{
		Type: slack.MBTInput, BlockID: s.block(l.name), Label: plainText(l.label, maxLabel), Hint: hintText,
		Element: l.element, Optional: l.optional, DispatchAction: l.dispatch,
	}
}

func plainText(s string, most int) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: clip(firstOf(oneLine(s), "–"), most)}
}

// marked is mrkdwn in which only our own entities count.
func marked(s string, most int) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: clipMarked(s, most), Verbatim: true}
}

func (s sheet) textBox(name, placeholder string, most int, multiline bool) slack.BlockElement {
	e := &slack.PlainTextInputBlockElement{
		Type: slack.METPlainTextInput, ActionID: name, Multiline: multiline, MaxLength: most, InitialValue: clip(clean(s.one(name)), most),
	}
	if placeholder != "" {
		e.Placeholder = plainText(placeholder, maxTitle)
	}
	return e
}

func (s sheet) dateBox(name string) slack.BlockElement {
	e := &slack.DatePickerBlockElement{Type: slack.METDatepicker, ActionID: name}
	if v := s.one(name); len(v) >= 10 && isDay(v[:10]) {
		e.InitialDate = v[:10]
	}
	return e
}

func isDay(s string) bool {
	for i, c := range []byte(s) {
		if dash := i == 4 || i == 7; dash != (c == '-') || !dash && (c < '0' || c > '9') {
			return false
		}
	}
	return len(s) == 10
}

func (s sheet) linkBox(name string) slack.BlockElement {
	e := &slack.URLTextInputBlockElement{Type: slack.METURLTextInput, ActionID: name}
	if v := s.one(name); strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "http://") {
		e.InitialValue = v
	}
	return e
}

// choice is a menu of options; text and value are the same words.
func (s sheet) choiceBox(name, placeholder string, options []*slack.OptionBlockObject) slack.BlockElement {
	e := &slack.SelectBlockElement{Type: slack.OptTypeStatic, ActionID: name, Options: options, Placeholder: plainText(placeholder, maxTitle)}
	for _, o := range options {
		if o.Value == s.one(name) {
			e.InitialOption = o
		}
	}
	return e
}

func (s sheet) choicesBox(name string, options []*slack.OptionBlockObject) slack.BlockElement {
	e := &slack.MultiSelectBlockElement{Type: slack.MultiOptTypeStatic, ActionID: name, Options: options, Placeholder: plainText("Choose any", maxTitle)}
	for _, o := range options {
		for _, v := range s.values[name] {
			if o.Value == v {
				e.InitialOptions = append(e.InitialOptions, o)
				break
			}
		}
	}
	return e
}

// options makes a menu's options; false when Slack could not carry them and the words have to be typed.
func options(choices []string) ([]*slack.OptionBlockObject, bool) {
	var all []*slack.OptionBlockObject
	for _, c := range choices {
		if c == "" || clip(c, maxOption) != c || oneLine(c) != c {
			return nil, false
		}
		all = append(all, &slack.OptionBlockObject{Text: plainText(c, maxOption), Value: c})
	}
	return all, len(all) > 0 && len(all) <= maxOptions
}

// menuBytes is how much of a form menus may take; Slack takes about 250 kB in all.
const menuBytes = 100_000

// tooMany reports whether the menus of a template are more than a form holds.
func tooMany(fields []flow.Field) bool {
	size := 0
	for _, f := range fields {
		for _, c := range f.Choices {
			size += 2*len(c) + 110 // the words and the value, and what is around them
		}
	}
	return size > menuBytes
}

// templateLine is the input of one typed field.
func (s sheet) templateLine(f flow.Field) slack.Block {
	name := inputName(f)
	l := line{name: name, label: firstOf(f.Label, f.Name), hint: f.Help, optional: !f.Required}
	choices, listed := options(f.Choices)
	listed = listed && !s.typed
	switch {
	case listed && f.Type == "choices":
		l.element = s.choicesBox(name, choices)
	case listed:
		l.element = s.choiceBox(name, "Choose one", choices)
	case f.Type == "date":
		l.element = s.dateBox(name)
	case f.Type == "url":
		l.element = s.linkBox(name)
	case f.Type == "number":
		l.element = s.numberBox(name)
	case f.Type == "long_text":
		l.element = s.textBox(name, "", maxInput, true)
	case f.Type == "list":
		l.hint = firstOf(f.Help, "Separate several with commas.")
		l.element = sheet{values: map[string][]string{name: {strings.Join(s.values[name], ", ")}}}.textBox(name, "", maxInput, false)
	case f.Type == "money":
		l.element = s.textBox(name, "for example 5000 EUR", maxTitle, false)
	default:
		l.element = s.textBox(name, "", maxInput, false)
	}
	return s.input(l)
}

func (s sheet) numberBox(name string) slack.BlockElement {
	e := &slack.NumberInputBlockElement{Type: slack.METNumber, ActionID: name, IsDecimalAllowed: true}
	if v := s.one(name); v != "" && strings.Trim(v, "0123456789.-") == "" {
		e.InitialValue = v
	}
	return e
}

// modal wraps blocks into a view with what it has to carry along.
func (c *Connector) modal(o origin, title, submit string, blocks []slack.Block) slack.ModalViewRequest {
	if len(blocks) > maxModal {
		blocks = blocks[:maxModal]
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: o.Form, PrivateMetadata: c.seal.seal(o),
		Title: plainText(title, 24), Submit: plainText(submit, 24), Close: plainText("Cancel", 24),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func note(mrkdwn string) slack.Block {
	return &slack.ContextBlock{
		Type: slack.MBTContext, ContextElements: slack.ContextElements{Elements: []slack.MixedElement{marked(mrkdwn, maxField)}},
	}
}
