package slack

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// loose is JSON that is looked into only where it is needed: blocks and attachments that nobody has heard of never
// make a delivery unreadable.
type loose json.RawMessage

// UnmarshalJSON keeps the bytes as they came.
func (l *loose) UnmarshalJSON(data []byte) error {
	*l = append((*l)[:0], data...)
	return nil
}

// into reads the JSON into v; false where it is missing or has another shape.
func (l loose) into(v any) bool { return len(l) > 0 && json.Unmarshal(l, v) == nil }

// whole is a whole number, or zero where a payload has something else in its place.
type whole int64

// UnmarshalJSON takes numbers and lets everything else pass.
func (n *whole) UnmarshalJSON(data []byte) error {
	var v int64
	if json.Unmarshal(data, &v) == nil {
		*n = whole(v)
	}
	return nil
}

// truth is true or false, false where a payload has something else in its place.
type truth bool

// UnmarshalJSON takes booleans and lets everything else pass.
func (b *truth) UnmarshalJSON(data []byte) error {
	*b = string(data) == "true"
	return nil
}

// MarshalJSON gives the bytes as they came.
func (l loose) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("null"), nil
	}
	return l, nil
}

// Bounds of what is read out of blocks.
const (
	blockDepth = 12
	blockRunes = 12000
)

// words returns the words of a message as mrkdwn. Apps often leave the text empty, or Slack puts a sentence in its
// place; then the blocks have the words, and for older apps the attachments.
func (i *inner) words() string {
	written := string(i.Text)
	if strings.TrimSpace(written) != "" && !standsIn(written) {
		return written
	}
	for _, l := range []loose{i.Blocks, i.Attachments} {
		if words := l.words(); words != "" {
			return words
		}
	}
	if standsIn(written) {
		return ""
	}
	return written
}

// standsIn reports whether Slack wrote the text because it had none.
func standsIn(written string) bool {
	switch strings.TrimSpace(written) {
	case "This content can't be displayed.", "This message contains interactive elements.":
		return true
	}
	return false
}

func (l loose) words() string {
	var v any
	if len(l) == 0 || json.Unmarshal(l, &v) != nil {
		return ""
	}
	r := blockReader{}
	r.read(v, 0)
	return strings.TrimSpace(r.out.String())
}

// blockReader collects words from blocks, elements and attachments, whatever their types.
type blockReader struct {
	out   strings.Builder
	runes int
}

func (r *blockReader) write(mrkdwn string) {
	if n := utf8.RuneCountInString(mrkdwn); r.runes+n <= blockRunes {
		r.runes += n
		r.out.WriteString(mrkdwn)
	}
}

// line ends the line that was begun.
func (r *blockReader) line() {
	if s := r.out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		r.write("\n")
	}
}

func (r *blockReader) read(v any, depth int) {
	if depth > blockDepth || r.runes >= blockRunes {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			r.read(one, depth+1)
		}
	case map[string]any:
		r.object(v, depth)
	}
}

// object reads one block, element, text object or attachment.
func (r *blockReader) object(m map[string]any, depth int) {
	switch kind := str(m, "type"); kind {
	case "text", "user", "channel", "usergroup", "link", "emoji", "broadcast", "date":
		r.write(inline(kind, m))
	case "mrkdwn":
		r.line()
		r.write(str(m, "text"))
	case "plain_text":
		r.line()
		r.write(escape(str(m, "text")))
	case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
		r.line()
		r.read(m["elements"], depth+1)
	case "rich_text_list":
		r.list(m, depth)
	case "rich_text", "context":
		r.read(m["elements"], depth+1)
	case "section", "header":
		r.read(m["text"], depth+1)
		r.read(m["fields"], depth+1)
		r.buttons([]any{m["accessory"]})
	case "actions":
		r.buttons(m["elements"])
	case "":
		r.attachment(m, depth)
	}
}

func (r *blockReader) list(m map[string]any, depth int) {
	items, _ := m["elements"].([]any)
	for _, item := range items {
		if section, ok := item.(map[string]any); ok {
			r.line()
			r.write("• ")
			r.read(section["elements"], depth+1)
		}
	}
}

// buttons are those that lead somewhere.
func (r *blockReader) buttons(v any) {
	list, _ := v.([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		label, _ := m["text"].(map[string]any)
		r.link(firstOf(str(label, "text"), str(m, "text")), str(m, "url"))
	}
}

// link is a line with a link, unless the words before lead there already.
func (r *blockReader) link(label, address string) {
	if webOnly(address) == "" || strings.Contains(r.out.String(), escape(address)) {
		return
	}
	r.line()
	r.write(inline("link", map[string]any{"url": address, "text": label}))
}

// attachment reads the older form: an attachment's blocks or the message it passes on, else its own words, else what it says
// for notifications; and where it leads.
func (r *blockReader) attachment(m map[string]any, depth int) {
	r.line()
	before := r.runes
	for _, key := range []string{"blocks", "message_blocks", "message"} {
		r.read(m[key], depth+1)
	}
	if r.runes == before {
		r.ownWords(m)
	}
	r.buttons(m["actions"])
	for _, key := range []string{"from_url", "original_url", "app_unfurl_url"} {
		r.link("", str(m, key))
	}
}

func (r *blockReader) ownWords(m map[string]any) {
	before := r.runes
	r.line()
	r.write(str(m, "pretext"))
	if title, address := str(m, "title"), str(m, "title_link"); webOnly(address) != "" {
		r.link(title, address)
	} else {
		r.line()
		r.write(title)
	}
	r.line()
	r.write(str(m, "text"))
	fields, _ := m["fields"].([]any)
	for _, one := range fields {
		f, _ := one.(map[string]any)
		r.line()
		r.write(strings.Trim(str(f, "title")+": "+str(f, "value"), ": "))
	}
	if r.runes == before {
		r.write(str(m, "fallback"))
	}
}

// forwarded are the words of messages that a message with words of its own passes on, quoted, with who wrote them.
func (i *inner) forwarded() string {
	if strings.TrimSpace(string(i.Text)) == "" || standsIn(string(i.Text)) {
		return "" // then they are its words
	}
	var all []map[string]any
	if !i.Attachments.into(&all) {
		return ""
	}
	var parts []string
	for _, m := range all {
		if on, _ := m["is_share"].(bool); !on {
			continue // a page that the words link to
		}
		r := blockReader{}
		r.attachment(m, 0)
		words := "&gt; " + strings.ReplaceAll(strings.TrimSpace(r.out.String()), "\n", "\n&gt; ")
		if by := oneLine(str(m, "author_name")); by != "" {
			words = escape(by) + " wrote:\n" + words
		}
		parts = append(parts, words)
	}
	return strings.Join(parts, "\n\n")
}

// joined puts one text below another.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// inline is an element of a rich text as mrkdwn.
func inline(kind string, m map[string]any) string {
	switch kind {
	case "user":
		return "<@" + str(m, "user_id") + ">"
	case "channel":
		return "<#" + str(m, "channel_id") + ">"
	case "usergroup":
		return "<!subteam^" + str(m, "usergroup_id") + ">"
	case "broadcast":
		return "<!" + str(m, "range") + ">"
	case "emoji":
		return ":" + str(m, "name") + ":"
	case "date":
		return escape(str(m, "fallback"))
	case "link":
		if label := str(m, "text"); label != "" {
			return "<" + escape(str(m, "url")) + "|" + escape(label) + ">"
		}
		return "<" + escape(str(m, "url")) + ">"
	}
	return escape(str(m, "text"))
}

func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}
