package slack

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// lint walks the JSON of blocks and lists everything that Slack would refuse, from the tables of the contract. It
// knows nothing of the structs that made it.
type lint struct {
	problems []string
	ids      map[string]bool
	total    int
	mrkdwn   []string // every text that Slack reads for entities
	own      bool     // labels are our own words
}

func (l *lint) bad(at, format string, args ...any) {
	l.problems = append(l.problems, at+": "+fmt.Sprintf(format, args...))
}

// length checks a string's code points.
func (l *lint) length(at string, v any, least, most int) {
	s, ok := v.(string)
	if n := utf8.RuneCountInString(s); !ok || n < least || n > most {
		l.bad(at, "%d characters, want %d to %d", n, least, most)
	}
}

func (l *lint) unique(at string, v any, most int) {
	l.length(at, v, 1, most)
	s := fmt.Sprint(v)
	if l.ids[at[strings.LastIndexByte(at, '/'):]+s] {
		l.bad(at, "%q occurs twice", s)
	}
	l.ids[at[strings.LastIndexByte(at, '/'):]+s] = true
}

func (l *lint) text(at string, v any, most int, plain bool) {
	o, ok := v.(map[string]any)
	if !ok {
		l.bad(at, "is no text object: %v", v)
		return
	}
	l.length(at+"/text", o["text"], 1, most)
	if s, ok := o["text"].(string); ok {
		l.controls(at+"/text", s)
		if strings.TrimSpace(s) == "" {
			l.bad(at, "nothing but space")
		}
	}
	switch o["type"] {
	case "plain_text":
	case "mrkdwn":
		if plain {
			l.bad(at, "must be plain_text")
		}
		if o["verbatim"] != true {
			l.bad(at, "mrkdwn without verbatim lets Slack make links of its own")
		}
		l.entities(at, o["text"].(string))
		l.mrkdwn = append(l.mrkdwn, o["text"].(string))
	default:
		l.bad(at, "type %v", o["type"])
	}
	l.total += utf8.RuneCountInString(fmt.Sprint(o["text"]))
}

var (
	lintEntity = regexp.MustCompile(`<(@[UW][A-Z0-9]+|#C[A-Z0-9]+|!date\^\d+\^\{date_short_pretty\} at \{time\}\|[^<>|]+|(https?://|mailto:)[^<>| ]+(\|[^<>|\n]+)?)>`)
	lintQuote  = regexp.MustCompile(`(?m)^(    )*(> ?)+`)
	lintFile   = regexp.MustCompile(`^F[A-Z0-9]{8,}$`)
	lintEscape = regexp.MustCompile(`&(amp|lt|gt);`)
)

// entities checks that every angle bracket belongs to a whole entity of ours.
func (l *lint) entities(at, s string) {
	if rest := lintQuote.ReplaceAllString(lintEntity.ReplaceAllString(s, ""), ""); strings.ContainsAny(rest, "<>") {
		l.bad(at, "a bracket outside an entity in %q", rest)
	}
	if amp := lintEscape.ReplaceAllString(s, ""); strings.Contains(amp, "&") {
		l.bad(at, "an ampersand outside an escape in %q", s)
	}
}

func (l *lint) list(at string, v any, least, most int) []any {
	all, ok := v.([]any)
	if !ok || len(all) < least || len(all) > most {
		l.bad(at, "%d items, want %d to %d", len(all), least, most)
	}
	return all
}

func (l *lint) block(at string, v any) {
	b := v.(map[string]any)
	if id, ok := b["block_id"]; ok {
		l.unique(at+"/block_id", id, 255)
	}
	switch b["type"] {
	case "section":
		if b["text"] == nil && b["fields"] == nil {
			l.bad(at, "a section without text and fields")
		}
		if b["text"] != nil {
			l.text(at+"/text", b["text"], 3000, false)
		}
		if b["fields"] != nil {
			for i, f := range l.list(at+"/fields", b["fields"], 1, 10) {
				l.text(fmt.Sprintf("%s/fields/%d", at, i), f, 2000, false)
			}
		}
		if b["accessory"] != nil {
			l.element(at+"/accessory", b["accessory"])
		}
	case "header":
		l.text(at+"/text", b["text"], 150, true)
	case "divider":
	case "image":
		l.length(at+"/alt_text", b["alt_text"], 1, 2000)
		l.controls(at+"/alt_text", fmt.Sprint(b["alt_text"]))
		l.total += utf8.RuneCountInString(fmt.Sprint(b["alt_text"]))
		if file, _ := b["slack_file"].(map[string]any); len(file) != 1 || !lintFile.MatchString(fmt.Sprint(file["id"])) || b["image_url"] != nil {
			l.bad(at, "shows %v and %v, want one file of Slack's by its id", b["slack_file"], b["image_url"])
		}
	case "context":
		for i, e := range l.list(at+"/elements", b["elements"], 1, 10) {
			l.text(fmt.Sprintf("%s/elements/%d", at, i), e, 2000, false)
		}
	case "actions":
		for i, e := range l.list(at+"/elements", b["elements"], 1, 25) {
			l.element(fmt.Sprintf("%s/elements/%d", at, i), e)
		}
	case "input":
		l.text(at+"/label", b["label"], 2000, true)
		if b["hint"] != nil {
			l.text(at+"/hint", b["hint"], 2000, true)
		}
		l.element(at+"/element", b["element"])
	default:
		l.bad(at, "type %v is not one we mean to send", b["type"])
	}
}

func (l *lint) element(at string, v any) {
	e, ok := v.(map[string]any)
	if !ok {
		l.bad(at, "is no element")
		return
	}
	l.unique(at+"/action_id", e["action_id"], 255)
	if p := e["placeholder"]; p != nil {
		l.text(at+"/placeholder", p, 150, true)
	}
	switch e["type"] {
	case "button":
		l.text(at+"/text", e["text"], 75, true)
		if label, _ := e["text"].(map[string]any)["text"].(string); l.own && onlyEmoji(label) {
			l.bad(at, "a button labelled %q", label)
		}
		l.length(at+"/value", e["value"], 1, 2000)
		l.length(at+"/accessibility_label", e["accessibility_label"], 1, 75)
		if e["url"] != nil {
			l.length(at+"/url", e["url"], 1, 3000)
		}
		if c, ok := e["confirm"].(map[string]any); ok {
			l.text(at+"/title", c["title"], 100, true)
			l.text(at+"/confirm/text", c["text"], 300, true)
			l.text(at+"/confirm/confirm", c["confirm"], 30, true)
			l.text(at+"/confirm/deny", c["deny"], 30, true)
		}
	case "overflow":
		l.options(at, e["options"], 5, true)
	case "checkboxes":
		l.options(at, e["options"], 10, false)
	case "static_select", "multi_static_select":
		l.options(at, e["options"], 100, false)
		l.initial(at, e)
	case "image":
		l.length(at+"/alt_text", e["alt_text"], 1, 2000)
	case "plain_text_input":
		if most, ok := e["max_length"].(float64); ok && most > 3000 {
			l.bad(at, "max_length %v", most)
		}
		if initial, ok := e["initial_value"]; ok {
			l.length(at+"/initial_value", initial, 0, int(e["max_length"].(float64)))
		}
	case "datepicker", "url_text_input", "number_input", "users_select", "conversations_select":
	default:
		l.bad(at, "type %v is not one we mean to send", e["type"])
	}
}

func (l *lint) options(at string, v any, most int, links bool) {
	for i, o := range l.list(at+"/options", v, 1, most) {
		m := o.(map[string]any)
		l.text(fmt.Sprintf("%s/options/%d", at, i), m["text"], 75, true)
		l.length(fmt.Sprintf("%s/options/%d/value", at, i), m["value"], 1, 75)
		if m["url"] != nil && !links {
			l.bad(at, "an option with a url")
		}
	}
}

// initial checks that what is chosen at first is one of the options, whole.
func (l *lint) initial(at string, e map[string]any) {
	chosen, _ := e["initial_options"].([]any)
	if one, ok := e["initial_option"]; ok {
		chosen = append(chosen, one)
	}
	for _, c := range chosen {
		all, _ := e["options"].([]any)
		if !slices.ContainsFunc(all, func(o any) bool { return reflect.DeepEqual(o, c) }) {
			l.bad(at, "initial option %v is none of the options", c)
		}
	}
}

// controls refuses what could steer a display: control characters and marks that turn the direction of writing.
func (l *lint) controls(at, s string) {
	for _, c := range s {
		if c != '\n' && c != '\t' && c < ' ' || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069 || c == 0x7F || !utf8.ValidRune(c) {
			l.bad(at, "the character %U in %q", c, s)
			return
		}
	}
}

// onlyEmoji reports a label that a screen reader cannot read out as words.
func onlyEmoji(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x2000 && !unicode.IsSpace(r) || unicode.IsLetter(r) || unicode.IsDigit(r)
	})
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// lintMessage fails the test for everything wrong with a message and returns the texts that Slack reads for entities.
func lintMessage(t *testing.T, name string, s spoken) (mrkdwn []string) {
	t.Helper()
	l := &lint{ids: map[string]bool{}, own: true}
	l.length("text", s.text, 1, 4000)
	l.controls("text", s.text)
	l.entities("text", s.text)
	for i, b := range l.list("blocks", asJSON(t, s.blocks), 1, 50) {
		l.block(fmt.Sprintf("blocks/%d", i), b)
	}
	if l.total > 13000 {
		l.bad("blocks", "%d characters in all, want at most 13000", l.total)
	}
	for _, p := range l.problems {
		t.Errorf("%s: %.300s", name, p)
	}
	return append(l.mrkdwn, s.text)
}

// lintView fails the test for everything wrong with a modal.
func lintView(t *testing.T, name string, view slack.ModalViewRequest) {
	t.Helper()
	lintSurface(t, name, asJSON(t, view).(map[string]any))
}

// lintSurface fails the test for everything wrong with a modal or a page, and returns the texts that Slack reads for
// entities.
func lintSurface(t *testing.T, name string, v map[string]any) (mrkdwn []string) {
	t.Helper()
	l := &lint{ids: map[string]bool{}, own: true}
	if v["type"] == "modal" {
		l.text("title", v["title"], 24, true)
		l.text("close", v["close"], 24, true)
		if v["submit"] != nil {
			l.text("submit", v["submit"], 24, true)
		}
	} else if v["title"] != nil || v["submit"] != nil || v["close"] != nil {
		l.bad("view", "a page has neither title nor submit nor close")
	}
	if v["type"] == "modal" && v["callback_id"] != nil {
		l.length("private_metadata", v["private_metadata"], 1, 3000)
	}
	if v["callback_id"] != nil {
		l.length("callback_id", v["callback_id"], 1, 255)
	}
	for i, b := range l.list("blocks", v["blocks"], 1, 100) {
		l.block(fmt.Sprintf("blocks/%d", i), b)
	}
	if data, err := json.Marshal(v); err != nil || len(data) > 250_000 {
		l.bad("view", "%d bytes, want at most 250000 (%v)", len(data), err)
	}
	for _, p := range l.problems {
		t.Errorf("%s: %.300s", name, p)
	}
	return l.mrkdwn
}
