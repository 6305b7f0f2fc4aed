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
		"attachment links":  {`{"text":"","attachments":[{"pretext":"Lin shared","title":"Spring <1>","title_link":"https://figma.example/?a=1&b=2","fields":[{"title":"State","value":"ready"},{"value":"*late*"}],"actions":[{"type":"button","text":"Open","url":"https://figma.example/?a=1&b=2"},{"type":"button","text":"Run","url":"javascript:x"},{"name":"x"}],"from_url":"https://other.example"}]}`, "Lin shared\n<https://figma.example/?a=1&amp;b=2|Spring &lt;1&gt;>\nState: ready\n*late*\n<https://other.example>"},
		"buttons":           {`{"blocks":[{"type":"section","text":{"type":"plain_text","text":"Shared"},"accessory":{"type":"button","text":{"type":"plain_text","text":"Open"},"url":"https://x.example"}},{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Press"}},{"type":"button","url":"https://y.example"},7]}]}`, "Shared\n<https://x.example|Open>\n<https://y.example>"},
		"odd attachments":   {`{"attachments":[{"fields":7,"actions":{"url":"x"},"title_link":["x"],"message_blocks":"x","from_url":1},"x",7]}`, ""},
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

// TestInner_Forwarded: what a message passes on is quoted below its own words, and pages that it links to are not.
func TestInner_Forwarded(t *testing.T) {
	t.Parallel()
	const shared = `{"is_share":true,"author_name":"Lin <x>","text":"one\ntwo <https://figma.example|it>","from_url":"https://lumen.slack.com/archives/C1/p1"}`
	for name, c := range map[string]struct{ message, want string }{
		"forwarded":  {`{"text":"look","attachments":[` + shared + `]}`, "Lin &lt;x&gt; wrote:\n&gt; one\n&gt; two <https://figma.example|it>\n&gt; <https://lumen.slack.com/archives/C1/p1>"},
		"two":        {`{"text":"look","attachments":[{"is_share":true,"text":"a"},{"is_share":true,"text":"b"}]}`, "&gt; a\n\n&gt; b"},
		"a page":     {`{"text":"look","attachments":[{"title":"Page","text":"words","from_url":"https://x.example"}]}`, ""},
		"its words":  {`{"text":"","attachments":[` + shared + `]}`, ""},
		"odd shapes": {`{"text":"look","attachments":[{"is_share":"yes","text":"a"},7]}`, ""},
	} {
		var m inner
		if err := json.Unmarshal([]byte(c.message), &m); err != nil {
			t.Fatal(err)
		}
		if got := m.forwarded(); got != c.want {
			t.Errorf("%s: forwarded are %q, want %q", name, got, c.want)
		}
	}
}
