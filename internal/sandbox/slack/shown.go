package slack

import (
	"html/template"
	"slices"
	"strings"
)

// shownBlock is a block ready for the templates.
type shownBlock struct {
	Kind     string // "section", "header", "divider", "context", "actions", "image", "input"
	HTML     template.HTML
	Fields   []template.HTML
	Beside   *shownElement
	Elements []shownElement

	// of inputs
	Label, Hint, Error string
	Optional           bool
	DOM                string
}

// shownElement is an element ready for the templates.
type shownElement struct {
	Kind        string // "button", "menu", "overflow", "select", "checks", "radios", "text", "area", "date", ..., "image", "html"
	Name        string // name of the form field, and "block/action"
	DOM         string // id in the page
	Text, Style string
	URL         string
	HTML        template.HTML
	Value       string
	Placeholder string
	Options     []shownOption
	Min, Max    string
	Required    bool
	Dispatch    bool // a change is sent to the app at once
	Invalid     bool
	DescribedBy string
	Label       string
	AutoFocus   bool

	// where the element's own form goes; empty inside a modal, which is one form
	Act, Channel, TS, Back string
	Look                   int // of the message
}

type shownOption struct {
	Value, Text, Note, Group string
	Chosen                   bool
}

// shownGroup is a run of options under one label; the label is empty for options without a group.
type shownGroup struct {
	Label   string
	Options []shownOption
}

// Groups returns the options as runs with the same label.
func (e shownElement) Groups() []shownGroup {
	var out []shownGroup
	for i, o := range e.Options {
		if i == 0 || o.Group != e.Options[i-1].Group {
			out = append(out, shownGroup{Label: o.Group})
		}
		last := &out[len(out)-1]
		last.Options = append(last.Options, o)
	}
	return out
}

// placeIn says where blocks are shown, for the ids of the page.
type placeIn struct {
	dom    string // prefix of ids: "m1772442000000100", "v"
	state  map[string]object
	errors map[string]string
	modal  bool

	act, channel, ts, back string // of the forms of elements outside modals
	look                   int    // of the message
}

// blocks prepares all blocks of a message or view.
func (r reader) blocks(blocks []any, in placeIn) []shownBlock {
	var out []shownBlock
	for _, b := range blocks {
		out = append(out, r.block(obj(b), in))
	}
	return out
}

func (r reader) block(b object, in placeIn) shownBlock {
	kind := str(b, "type")
	out := shownBlock{Kind: kind, DOM: dom(in.dom, str(b, "block_id"))}
	switch kind {
	case "section":
		out.HTML = r.textObject(b["text"])
		for _, f := range list(b["fields"]) {
			out.Fields = append(out.Fields, r.textObject(f))
		}
		if acc := obj(b["accessory"]); acc != nil {
			e := r.element(b, acc, in)
			out.Beside = &e
		}
	case "header":
		out.HTML = r.textObject(b["text"])
	case "image":
		var e shownElement
		r.picture(b, &e)
		out.Label, out.Elements = str(obj(b["title"]), "text"), []shownElement{e}
	case "markdown":
		out.Kind, out.HTML = "section", r.mrkdwn(escape(strings.ReplaceAll(str(b, "text"), "**", "*")))
	case "rich_text":
		out.Kind, out.HTML = "section", r.richText(b)
	case "input":
		r.input(b, in, &out)
	default:
		for _, e := range list(b["elements"]) {
			out.Elements = append(out.Elements, r.element(b, obj(e), in))
		}
	}
	return out
}

func (r reader) input(b object, in placeIn, out *shownBlock) {
	out.Label, out.Hint = str(obj(b["label"]), "text"), str(obj(b["hint"]), "text")
	out.Error, out.Optional = in.errors[str(b, "block_id")], b["optional"] == true
	e := r.element(b, obj(b["element"]), in)
	e.Required, e.Invalid, e.Label = !out.Optional, out.Error != "", out.Label
	e.Dispatch = b["dispatch_action"] == true
	var by []string
	if out.Hint != "" {
		by = append(by, out.DOM+"-hint")
	}
	if out.Error != "" {
		by = append(by, out.DOM+"-error")
	}
	e.DescribedBy = strings.Join(by, " ")
	out.Elements = []shownElement{e}
}

// textObject renders a text object of either kind.
func (r reader) textObject(v any) template.HTML {
	o := obj(v)
	if str(o, "type") == "plain_text" {
		return r.plain(str(o, "text"))
	}
	return r.mrkdwn(str(o, "text"))
}

// plain renders plain text: only emoji names and line breaks mean something.
func (r reader) plain(text string) template.HTML {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("<br>")
		}
		for len(line) > 0 {
			start := strings.IndexByte(line, ':')
			end := -1
			if start >= 0 {
				end = strings.IndexByte(line[start+1:], ':')
			}
			e := ""
			if end > 0 {
				e = emoji(line[start+1 : start+1+end])
			}
			if e == "" {
				cut := start + 1
				if start < 0 {
					cut = len(line)
				}
				b.WriteString(template.HTMLEscapeString(line[:cut]))
				line = line[cut:]
				continue
			}
			b.WriteString(template.HTMLEscapeString(line[:start]) + e)
			line = line[start+end+2:]
		}
	}
	return template.HTML(b.String()) //nolint:gosec // built from escaped parts only
}

func (r reader) element(b, e object, in placeIn) shownElement {
	kind := str(e, "type")
	name := elementName(b, e)
	out := shownElement{
		Kind: kind, Name: name, DOM: dom(in.dom, name), Placeholder: str(obj(e["placeholder"]), "text"),
		AutoFocus: e["focus_on_load"] == true && in.modal,
		Dispatch:  str(b, "type") != "input",
		Act:       in.act, Channel: in.channel, TS: in.ts, Back: in.back, Look: in.look,
	}
	out.Label = firstOf(out.Placeholder, strings.ReplaceAll(str(e, "action_id"), "_", " "))
	switch kind {
	case "button":
		out.Text, out.Style, out.URL = str(obj(e["text"]), "text"), str(e, "style"), str(e, "url")
		out.Label = str(e, "accessibility_label")
	case "plain_text", "mrkdwn":
		out.Kind, out.HTML = "html", r.textObject(e)
	case "image":
		r.picture(e, &out)
	default:
		r.field(e, obj(in.state[str(b, "block_id")][str(e, "action_id")]), &out)
	}
	return out
}

// field prepares an element that holds a value.
func (r reader) field(e, held object, out *shownElement) {
	kind := str(e, "type")
	sl, _ := slotOf(kind)
	chosen := chosenValues(held[sl.key])
	out.Value = firstOf(chosen...)
	out.Kind = map[string]string{
		"plain_text_input": "text", "email_text_input": "email", "url_text_input": "url", "number_input": "number",
		"datepicker": "date", "timepicker": "time", "datetimepicker": "number", "overflow": "overflow",
		"checkboxes": "checks", "radio_buttons": "radios",
	}[kind]
	switch {
	case kind == "plain_text_input" && e["multiline"] == true:
		out.Kind = "area"
	case out.Kind == "" && sl.many:
		out.Kind = "checks"
	case out.Kind == "":
		out.Kind = "select"
	}
	out.Min, out.Max = str(e, "min_value"), str(e, "max_value")
	out.Options = r.options(e, chosen)
}

// chosenValues lists the values an element holds, as form fields carry them.
func chosenValues(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case float64:
		return []string{args{"n": v}.str("n")}
	case object:
		return []string{str(v, "value")}
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, chosenValues(item)...)
		}
		return out
	}
	return nil
}

// options lists what can be chosen: the element's own options, people, or channels.
func (r reader) options(e object, chosen []string) []shownOption {
	var out []shownOption
	add := func(value, text, note, group string) {
		out = append(out, shownOption{Value: value, Text: text, Note: note, Group: group, Chosen: slices.Contains(chosen, value)})
	}
	kind := str(e, "type")
	for _, o := range list(e["options"]) {
		add(str(obj(o), "value"), str(obj(obj(o)["text"]), "text"), str(obj(obj(o)["description"]), "text"), "")
	}
	for _, g := range list(e["option_groups"]) {
		for _, o := range list(obj(g)["options"]) {
			add(str(obj(o), "value"), str(obj(obj(o)["text"]), "text"), "", str(obj(obj(g)["label"]), "text"))
		}
	}
	if strings.HasSuffix(kind, "users_select") {
		for _, u := range r.s.opt.Users {
			if !u.Deleted {
				add(u.ID, firstOf(u.RealName, u.Name), "", "")
			}
		}
	}
	if strings.HasSuffix(kind, "conversations_select") || strings.HasSuffix(kind, "channels_select") {
		for _, c := range r.s.channels {
			if !c.im && !c.archived && c.has(r.user) {
				add(c.id, "#"+c.name, "", "")
			}
		}
	}
	return out
}

// dom makes an id of the page from ids of the wire.
func dom(parts ...string) string {
	clean := func(r rune) rune {
		if r < 128 && (wordRune(r) || r == '-' || r == '_') {
			return r
		}
		return '-'
	}
	return strings.Map(clean, strings.Join(parts, "-"))
}
