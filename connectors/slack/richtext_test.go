package slack

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/text"
)

func TestParseRichText(t *testing.T) {
	t.Parallel()
	names := map[string]string{"U1": "Ana Reyes"}
	strongEm := func(n text.Node) text.Node {
		return text.Node{Kind: text.Strong, Kids: []text.Node{{Kind: text.Emph, Kids: []text.Node{{Kind: text.Strike, Kids: []text.Node{n}}}}}}
	}
	for name, c := range map[string]struct {
		in   string
		want text.Doc
	}{
		"nothing":    {`[]`, nil},
		"no JSON":    {`[{`, nil},
		"no blocks":  {`"x"`, nil},
		"one block":  {`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a *b*\nc"}]}]}`, text.Doc{text.P(text.T("a *b*"), br(), text.T("c"))}},
		"marks":      {richSection(`{"type":"text","text":"a","style":{"bold":true,"italic":true,"strike":true}},{"type":"text","text":" b ","style":{"code":true}}`), text.Doc{text.P(strongEm(text.T("a")), code("b"))}},
		"mid-word":   {richSection(`{"type":"text","text":"un"},{"type":"text","text":"believ","style":{"bold":true}},{"type":"text","text":"able"}`), text.Doc{text.P(text.T("un"), text.B("believ"), text.T("able"))}},
		"people":     {richSection(`{"type":"user","user_id":"U1","style":{"bold":true}},{"type":"text","text":" "},{"type":"user","user_id":"U9"}`), text.Doc{text.P(text.Node{Kind: text.Strong, Kids: []text.Node{text.Who("", "@Ana Reyes")}}, text.T(" "), text.Who("", "@somebody"))}},
		"places":     {richSection(`{"type":"channel","channel_id":"C1"},{"type":"text","text":" "},{"type":"usergroup","usergroup_id":"S1"},{"type":"text","text":" "},{"type":"broadcast","range":"here"}`), text.Doc{text.P(channel("C1", ""), text.T(" "), group("S1", ""), text.T(" @here"))}},
		"links":      {richSection(`{"type":"link","url":"https://x.example/?a=1&b=2"},{"type":"text","text":" "},{"type":"link","url":"https://x.example","text":"the file","style":{"italic":true}}`), text.Doc{text.P(text.Node{Kind: text.Link, Href: "https://x.example/?a=1&b=2"}, text.T(" "), text.Node{Kind: text.Emph, Kids: []text.Node{text.A("the file", "https://x.example")}})}},
		"emoji":      {richSection(`{"type":"emoji","name":"thumbsup","unicode":"1f44d"},{"type":"emoji","name":"+1","skin_tone":3},{"type":"emoji","name":"wave::skin-tone-5"},{"type":"emoji","name":"lumen-logo"},{"type":"emoji","name":"brand-new","unicode":"1f9d1-200d-1f3a8"}`), text.Doc{text.P(text.E("+1"), text.E("+1::skin-tone-3"), text.E("wave::skin-tone-5"), text.E("lumen-logo"), text.E("artist"))}},
		"date":       {richSection(`{"type":"date","timestamp":1795192200,"format":"{date}","fallback":"20 Nov"}`), text.Doc{text.P(text.When(time.Unix(1795192200, 0).UTC(), "20 Nov"))}},
		"color":      {richSection(`{"type":"text","text":"in "},{"type":"color","value":"#F405B3"}`), text.Doc{text.P(text.T("in "), code("#F405B3"))}},
		"unknown":    {richSection(`{"type":"hologram","text":"kept"},{"type":"text","text":7},{"type":"text"}`), text.Doc{text.P(text.T("kept"))}},
		"quote":      {`[{"type":"rich_text","elements":[{"type":"rich_text_quote","elements":[{"type":"text","text":"a\n\nb"}]}]}]`, text.Doc{{Kind: text.Quote, Kids: []text.Node{text.P(text.T("a")), text.P(text.T("b"))}}}},
		"code":       {`[{"type":"rich_text","elements":[{"type":"rich_text_preformatted","border":0,"elements":[{"type":"text","text":"if a ` + "`" + ` b {\n\t<@U1>\n}"}]}]}]`, text.Doc{{Kind: text.CodeBlock, Text: "if a ` b {\n\t<@U1>\n}"}}},
		"other ones": {`[{"type":"section","text":{"type":"mrkdwn","text":"*a* &amp; <@U1>"},"fields":[{"type":"plain_text","text":"*b*"}]},{"type":"divider"},{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Press"}}]}]`, text.Doc{text.P(text.B("a"), text.T(" & "), text.Who("", "@Ana Reyes")), text.P(text.T("*b*")), {Kind: text.Rule}}},
		"lists": {`[{"type":"rich_text","elements":[
			{"type":"rich_text_list","style":"ordered","indent":0,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"two"}]}]},
			{"type":"rich_text_list","style":"bullet","indent":1,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"in"}]}]},
			{"type":"rich_text_list","style":"ordered","indent":0,"offset":2,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"three"}]}]}]}]`,
			text.Doc{{Kind: text.Numbers, Kids: []text.Node{
				item(text.T("one")),
				{Kind: text.Item, Kids: []text.Node{text.P(text.T("two")), {Kind: text.Bullets, Kids: []text.Node{item(text.T("in"))}}}},
				item(text.T("three")),
			}}}},
		"list in a quote": {`[{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","border":1,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]}]}]}]`, text.Doc{{Kind: text.Quote, Kids: []text.Node{{Kind: text.Bullets, Kids: []text.Node{item(text.T("a"))}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := parseRichText(json.RawMessage(c.in), func(id string) string { return names[id] })
			if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want != nil) {
				t.Errorf("parseRichText(%s) ok %v (-want +got)\n%s", c.in, ok, diff)
			}
		})
	}
}

func richSection(elements string) string {
	return `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` + elements + `]}]}]`
}

// FuzzRichText: no bytes make reading fail, and what was read is in its normal form.
func FuzzRichText(f *testing.F) {
	f.Add([]byte(richSection(`{"type":"text","text":"a"}`)))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","indent":"x","elements":7}]}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, _ := parseRichText(raw, nil)
		if diff := cmp.Diff(got, got.Normal()); diff != "" {
			t.Errorf("parseRichText(%s) is not normal (-got +normal)\n%s", raw, diff)
		}
	})
}

// TestBody_RichText: the words of a message are its rich text, with the names that only its text knows, without ourselves.
func TestBody_RichText(t *testing.T) {
	t.Parallel()
	r := richReader{own: []string{"U0BOT", ""}, labels: labelsIn("<@U0BOT> see <#C1|launch> and <!subteam^S1|@ops> <#C2> <#C3|x")}
	got, ok := r.read(json.RawMessage(richSection(`{"type":"user","user_id":"U0BOT"},{"type":"text","text":" see "},{"type":"channel","channel_id":"C1"},{"type":"text","text":" and "},{"type":"usergroup","usergroup_id":"S1"}`)))
	want := text.Doc{text.P(text.T("see "), channel("C1", "launch"), text.T(" and "), group("S1", "ops"))}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("rich text, ok %v (-want +got)\n%s", ok, diff)
	}
}
