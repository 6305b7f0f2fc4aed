package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/text"
)

// parseRichText reads the blocks of a message, one or a list, as Slack's editor sends them: a tree of its own that says
// more than the message's text. It reports false where there is nothing in them to read. Elements that nobody has heard of
// keep their text. name gives an account its name, "" where it is not known. The document is in its normal form.
func parseRichText(raw json.RawMessage, name func(id string) string) (text.Doc, bool) {
	return richReader{name: name}.read(raw)
}

func (r richReader) read(raw json.RawMessage) (text.Doc, bool) {
	if len(raw) == 0 || nests(raw) > 4*blockDepth {
		return nil, false
	}
	var blocks list
	if raw[0] == '{' {
		raw = append(append(json.RawMessage{'['}, raw...), ']')
	}
	if json.Unmarshal(raw, &blocks) != nil {
		return nil, false
	}
	doc := r.blocks(blocks, 0).Normal()
	return doc, !doc.Empty()
}

// nests counts how deep brackets nest, those in strings too: each level is read once more.
func nests(raw []byte) int {
	depth, deepest := 0, 0
	for _, c := range raw {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

// element is any block, element or text object, as far as we look into it. A field of another shape than expected is
// empty, never an error.
type element struct {
	Type     word    `json:"type"`
	Text     written `json:"text"`
	Style    style   `json:"style"`
	Elements list    `json:"elements"`
	Fields   list    `json:"fields"`
	URL      word    `json:"url"`
	User     word    `json:"user_id"`
	Channel  word    `json:"channel_id"`
	Group    word    `json:"usergroup_id"`
	Range    word    `json:"range"`
	Name     word    `json:"name"`
	Unicode  word    `json:"unicode"`
	Tone     number  `json:"skin_tone"`
	Indent   number  `json:"indent"`
	Offset   number  `json:"offset"`
	Border   number  `json:"border"`
	At       number  `json:"timestamp"`
	Fallback word    `json:"fallback"`
	Value    word    `json:"value"`
	Alt      word    `json:"alt_text"`
	Language word    `json:"language"`
}

// written is a text, or a text object.
type written struct {
	plain string
	mark  bool // mrkdwn
}

// UnmarshalJSON takes strings and text objects and lets everything else pass.
func (w *written) UnmarshalJSON(data []byte) error {
	var object struct {
		Type word `json:"type"`
		Text word `json:"text"`
	}
	switch {
	case len(data) > 0 && data[0] == '"':
		return json.Unmarshal(data, &w.plain)
	case len(data) > 0 && data[0] == '{' && json.Unmarshal(data, &object) == nil:
		w.plain, w.mark = string(object.Text), object.Type == "mrkdwn"
	}
	return nil
}

// number is a whole number.
type number int64

// UnmarshalJSON takes numbers and lets everything else pass.
func (n *number) UnmarshalJSON(data []byte) error {
	if v, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		*n = number(v)
	}
	return nil
}

// list is a list of elements.
type list []element

// UnmarshalJSON takes lists and lets everything else pass.
func (l *list) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return nil // it is something else
	}
	for _, one := range raw {
		var e element
		if json.Unmarshal(one, &e) == nil {
			*l = append(*l, e)
		}
	}
	return nil
}

// style is the emphasis of an element, or the kind of a list.
type style struct {
	Kind                       string
	Bold, Italic, Strike, Code bool
}

// UnmarshalJSON takes both and lets everything else pass.
func (s *style) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &s.Kind)
	}
	var flags map[string]any
	if json.Unmarshal(data, &flags) != nil {
		return nil // it is something else
	}
	on := func(name string) bool { v, _ := flags[name].(bool); return v }
	s.Bold, s.Italic, s.Strike, s.Code = on("bold"), on("italic"), on("strike"), on("code")
	return nil
}

type richReader struct {
	name   func(id string) string
	own    []string          // accounts whose mentions are left out: ourselves
	labels map[string]string // what conversations and groups are called, by their ids
}

// rich is the document of a message's rich text, without the mention of ourselves. What conversations and groups are called
// stands in the message's text only, and a rich text without any form says no more than that: then it reports false.
func (s source) rich(m said) (text.Doc, bool) {
	if !strings.Contains(string(m.Blocks), `"rich_text"`) || !formed(string(m.Blocks)) {
		return nil, false
	}
	r := richReader{name: s.name, own: []string{s.env.botUser(), s.c.self(s.env.team()).User}, labels: labelsIn(m.Text)}
	return r.read(json.RawMessage(m.Blocks))
}

func formed(blocks string) bool {
	for _, sign := range []string{`"style"`, `"rich_text_list"`, `"rich_text_quote"`, `"rich_text_preformatted"`, `"emoji"`} {
		if strings.Contains(blocks, sign) {
			return true
		}
	}
	return false
}

// labelsIn lists the labels of conversations and groups in mrkdwn.
func labelsIn(mrkdwn string) map[string]string {
	labels := map[string]string{}
	for _, opening := range []string{"<#", "<!subteam^"} {
		for _, part := range strings.Split(mrkdwn, opening)[1:] {
			entity, _, closed := strings.Cut(part, ">")
			if id, label, ok := strings.Cut(entity, "|"); closed && ok {
				labels[id] = reader{entities: true}.plain(label)
			}
		}
	}
	return labels
}

func (r richReader) blocks(all []element, depth int) text.Doc {
	var doc text.Doc
	for i := 0; i < len(all) && depth < blockDepth; i++ {
		e := all[i]
		if e.Type == "rich_text_list" {
			n := 1
			for i+n < len(all) && all[i+n].Type == "rich_text_list" {
				n++
			}
			doc = append(doc, r.lists(all[i:i+n])...)
			i += n - 1
			continue
		}
		doc = append(doc, r.block(e, depth)...)
	}
	return doc
}

func (r richReader) block(e element, depth int) text.Doc {
	switch e.Type {
	case "rich_text", "context":
		return r.blocks(e.Elements, depth+1)
	case "rich_text_section":
		return bordered(e, text.Doc{text.P(r.inlines(e.Elements)...)})
	case "rich_text_quote":
		return text.Doc{{Kind: text.Quote, Kids: []text.Node{text.P(r.inlines(e.Elements)...)}}}
	case "rich_text_preformatted":
		return bordered(e, text.Doc{{Kind: text.CodeBlock, Ref: string(e.Language), Text: verbatim(e.Elements)}})
	case "divider":
		return text.Doc{{Kind: text.Rule}}
	case "header":
		return text.Doc{{Kind: text.Heading, Level: 2, Kids: []text.Node{text.T(e.Text.plain)}}}
	case "markdown":
		return text.Markdown(e.Text.plain)
	case "section":
		return append(r.words(e.Text), r.fields(e.Fields)...)
	case "mrkdwn":
		return parseMrkdwn(e.Text.plain, r.name)
	case "plain_text":
		return text.Plain(e.Text.plain)
	case "image":
		return text.Plain(string(e.Alt))
	}
	if len(e.Elements) > 0 && e.Type != "actions" {
		return r.blocks(e.Elements, depth+1)
	}
	return text.Doc{text.P(r.inline(e)...)}
}

// bordered puts into a quote what stands in one in Slack: code and lists bear their border themselves.
func bordered(e element, doc text.Doc) text.Doc {
	if e.Border > 0 {
		return text.Doc{{Kind: text.Quote, Kids: doc}}
	}
	return doc
}

func (r richReader) words(w written) text.Doc {
	if w.mark {
		return parseMrkdwn(w.plain, r.name)
	}
	return text.Plain(w.plain)
}

func (r richReader) fields(all []element) text.Doc {
	var doc text.Doc
	for _, e := range all {
		e.Text.mark = e.Type == "mrkdwn"
		doc = append(doc, r.words(e.Text)...)
	}
	return doc
}

// lists reads lists that follow one another. Slack writes a nested list as one of its own with a greater indent, and the list
// that goes on after it as another; offset says how many items came before.
func (r richReader) lists(all []element) text.Doc {
	var doc text.Doc
	for from := 0; from < len(all); {
		base, to := all[from].Indent, from+1
		for to < len(all) && all[to].Indent > base {
			to++
		}
		one := r.list(all[from])
		if last := len(one.Kids) - 1; last >= 0 {
			one.Kids[last].Kids = append(one.Kids[last].Kids, r.lists(all[from+1:to])...)
		} else {
			doc = append(doc, r.lists(all[from+1:to])...)
		}
		doc = appendList(doc, one, all[from])
		from = to
	}
	return doc
}

// appendList goes on with the list before, where Slack's is the rest of it.
func appendList(doc text.Doc, one text.Node, e element) text.Doc {
	if len(one.Kids) == 0 {
		return doc
	}
	last := len(doc) - 1
	if last >= 0 && doc[last].Kind == one.Kind && e.Border == 0 && (one.Kind == text.Bullets || one.Level == max(doc[last].Level, 1)+len(doc[last].Kids)) {
		doc[last].Kids = append(doc[last].Kids, one.Kids...)
		return doc
	}
	return append(doc, bordered(e, text.Doc{one})...)
}

func (r richReader) list(e element) text.Node {
	n := text.Node{Kind: text.Bullets}
	if e.Style.Kind == "ordered" {
		n.Kind = text.Numbers
		if e.Offset > 0 && e.Offset < 1e6 {
			n.Level = int(e.Offset) + 1
		}
	}
	for _, item := range e.Elements {
		inline := r.inlines(item.Elements)
		if len(item.Elements) == 0 {
			inline = r.inline(item)
		}
		n.Kids = append(n.Kids, text.Node{Kind: text.Item, Kids: []text.Node{text.P(inline...)}})
	}
	return n
}

func (r richReader) inlines(all []element) []text.Node {
	var nodes []text.Node
	for _, e := range all {
		if e.Type == "user" && e.User != "" && slices.Contains(r.own, string(e.User)) {
			continue
		}
		nodes = append(nodes, r.inline(e)...)
	}
	return nodes
}

// inline reads one element with its emphasis.
func (r richReader) inline(e element) []text.Node {
	n := r.leaf(e)
	if e.Style.Code {
		n = coded(n)
	}
	for _, mark := range []struct {
		on   bool
		kind text.Kind
	}{{e.Style.Strike, text.Strike}, {e.Style.Italic, text.Emph}, {e.Style.Bold, text.Strong}} {
		if mark.on {
			n = text.Node{Kind: mark.kind, Kids: []text.Node{n}}
		}
	}
	return []text.Node{n}
}

// coded is a leaf in code: people and the like are their words there.
func coded(n text.Node) text.Node {
	if n.Kind == text.Link {
		n.Kids = []text.Node{{Kind: text.Code, Text: text.Doc{text.P(n.Kids...)}.String()}}
		return n
	}
	return text.Node{Kind: text.Code, Text: n.Text}
}

func (r richReader) leaf(e element) text.Node {
	switch e.Type {
	case "user":
		return person(string(e.User), "", r.name)
	case "channel":
		return channel(string(e.Channel), r.labels[string(e.Channel)])
	case "usergroup":
		return group(string(e.Group), r.labels[string(e.Group)])
	case "broadcast":
		return text.T("@" + string(e.Range))
	case "emoji":
		return emoji(e)
	case "link":
		return anchored(unescaped(string(e.URL)), e.Text.plain)
	case "date":
		if e.At > 0 && e.At <= maxInstant {
			return text.When(time.Unix(int64(e.At), 0).UTC(), string(e.Fallback))
		}
		return text.T(string(e.Fallback))
	case "color":
		return text.Node{Kind: text.Code, Text: string(e.Value)}
	}
	return text.T(firstOf(e.Text.plain, string(e.Fallback), string(e.Alt)))
}

// emoji reads an emoji: by its name, which Slack gives with or without its skin tone, else by its character.
func emoji(e element) text.Node {
	name := string(e.Name)
	if e.Tone >= 2 && e.Tone <= 6 && !strings.Contains(name, "::") {
		name += "::skin-tone-" + strconv.Itoa(int(e.Tone))
	}
	n := text.E(name)
	if char := fromHex(string(e.Unicode)); char != "" && strings.HasPrefix(n.Text, ":") {
		n.Text = char
		if usual, ok := text.EmojiName(char); ok {
			n = text.E(usual)
		}
	}
	return n
}

// fromHex reads "1f44d-1f3fc".
func fromHex(s string) string {
	var b strings.Builder
	for hex := range strings.SplitSeq(s, "-") {
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || v < 0x23 || v > 0x10FFFF {
			return ""
		}
		b.WriteRune(rune(v))
	}
	return b.String()
}

// verbatim is the text of code as it was typed.
func verbatim(all []element) string {
	var b strings.Builder
	for _, e := range all {
		switch e.Type {
		case "link":
			b.WriteString(inCode(e.Text.plain, unescaped(string(e.URL))))
		case "emoji":
			b.WriteString(":" + string(e.Name) + ":")
		default:
			b.WriteString(firstOf(e.Text.plain, string(e.Fallback)))
		}
	}
	return b.String()
}

// inCode is a link as it was typed in code, where nobody can follow it but by reading it.
func inCode(label, address string) string {
	if label == "" || strings.HasSuffix(strings.TrimSuffix(address, "/"), strings.TrimSuffix(label, "/")) {
		return address
	}
	return label + " (" + address + ")"
}
