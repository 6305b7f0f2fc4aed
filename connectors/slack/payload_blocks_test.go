package slack

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestInner_WordsOfAMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ message, want string }{
		"text":              {`{"text":"a &amp; b","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"other"}}]}`, "a &amp; b"},
		"nothing":           {`{"text":""}`, ""},
		"only a file":       {`{"text":"","blocks":[],"files":[{"id":"F1"}]}`, ""},
		"stands in":         {`{"text":"This content can't be displayed."}`, ""},
		"rich text":         {`{"text":"","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a < b "},{"type":"user","user_id":"U1"},{"type":"link","url":"https://x.example/?a=1&b=2","text":"the brief"},{"type":"emoji","name":"art"}]}]}]}`, "a &lt; b <@U1><https://x.example/?a=1&amp;b=2|the brief>:art:"},
		"list":              {`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"two"}]}]}]}]}`, "• one\n• two"},
		"section and more":  {`{"blocks":[{"type":"header","text":{"type":"plain_text","text":"Head"}},{"type":"section","text":{"type":"mrkdwn","text":"*b*"},"fields":[{"type":"plain_text","text":"f <"}]},{"type":"context","elements":[{"type":"mrkdwn","text":"c"},{"type":"image"}]},{"type":"wild"}]}`, "Head\n*b*\nf &lt;\nc"},
		"attachment":        {`{"text":"","attachments":[{"ts":"","id":"","fallback":"F","title":"T","text":"words"}]}`, "T\nwords"},
		"attachment blocks": {`{"attachments":[{"fallback":"F","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"in"}}]}]}`, "in"},
		"fallback":          {`{"attachments":[{"fallback":"F"},{"fallback":"G"}]}`, "F\nG"},
		"odd shapes":        {`{"text":"","blocks":{"type":7},"attachments":"x"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m inner
			if err := json.Unmarshal([]byte(c.message), &m); err != nil {
				t.Fatalf("%s: %v", c.message, err)
			}
			if got := m.words(); got != c.want {
				t.Errorf("words of %s = %q, want %q", c.message, got, c.want)
			}
		})
	}
}

func TestInner_WordsAreBounded(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)
	wide := `[` + strings.Repeat(`{"type":"section","text":{"type":"mrkdwn","text":"`+strings.Repeat("x", 1000)+`"}},`, 100) + `{"type":"divider"}]`
	for name, blocks := range map[string]string{"deep": deep, "wide": wide} {
		m := inner{Blocks: loose(blocks)}
		if got := len(m.words()); got > blockRunes {
			t.Errorf("%s: %d characters, want at most %d", name, got, blockRunes)
		}
	}
}
