package slack

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

func asked() time.Time { return time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC) }

// card is the card of SURFACE: title, facts, points and all kinds of button.
func card() flow.View {
	ana := flow.Actor{Name: "ana", Shown: "Ana Reyes"}
	return flow.View{
		Kind: flow.AskView, Request: "CR-142", Title: "Nova: banner 300x250", Headline: "Nova banner 300x250 needs your review by Fri 20 Nov, 16:30 London",
		Status: flow.InReview, Round: 2, Page: "/requests/CR-142",
		Facts: []flow.Fact{
			{Name: "ticket", Text: "DES-231", URL: "https://lumen.atlassian.net/browse/DES-231", Beside: true},
			{Name: "stage", Text: "Brand review, revision 2"},
			{Name: "stage_due", Label: "decide by", At: asked(), Said: "Fri 20 Nov, 16:30 London", Beside: true},
			{Name: "waiting_for", Label: "waiting for", People: []flow.Actor{ana, {Shown: "Dana Wolf"}}, Or: true, After: "(1 needed)", Beside: true},
			{Name: "problem", Label: "Problem:", Text: "The ticket could not be written in Jira"},
		},
		Body:   text.Doc{text.P(text.T("For the "), text.B("launch"), text.T(", see "), text.A("the brief", "https://brief.example/?a=1&b=2"))},
		Points: []flow.Point{{Number: 1, By: ana, Note: text.Plain("Logo larger"), Answer: text.Plain("Done")}},
		Buttons: []flow.Button{
			{Action: "approve", Label: "Approve", Style: "primary", Stage: "Brand review", Round: 2},
			{Action: "request_changes", Label: "Request changes", Stage: "Brand review", Round: 2},
			{Action: "decline", Label: "Decline", Stage: "Brand review", Round: 2, Minor: true},
			{Action: "open", Label: "Open", URL: "/requests/CR-142"},
			{Action: "delegate", Label: "Delegate", Stage: "Brand review", Round: 2, Minor: true},
			{Action: "why", Label: "Why me?", Minor: true},
		},
	}
}

func show(v flow.View) flow.Effect {
	return flow.Effect{
		ID: "CR-142/7/2", Request: "CR-142", Target: "slack",
		Known: map[string]flow.Ref{"ana": ref("user", "T0SIGNOFF1/U0ANA00001")},
		Show:  &flow.Show{Purpose: "card", At: ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"), Version: 7, Digest: "d7", View: v},
	}
}

func TestRender_Golden(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.render(show(card()))
	lintMessage(t, "card", s)
	got, err := json.MarshalIndent(map[string]any{"text": s.text, "blocks": s.blocks}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/card.json", append(got, '\n'))
}

func TestRender_ADraftShowsWhatWasRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := flow.View{
		Kind: flow.DraftView, Request: "CR-7", Title: "Nova banner", Headline: "Make a request of this? Nova banner (banner), due Friday",
		Facts: []flow.Fact{{Name: "type", Label: "Type:", Text: "banner"}}, Fields: map[string][]string{"sizes": {"300x250", "728x90"}, "brand_name": {"Nova"}, "empty": {" "}},
		Buttons: []flow.Button{{Action: "confirm_draft", Label: "Create request"}},
	}
	s := r.render(show(v))
	lintMessage(t, "draft", s)
	data, err := json.Marshal(s.blocks)
	if err != nil {
		t.Fatal(err)
	}
	if want := `Make a request of this? *Nova banner*\nType: banner"`; !strings.Contains(string(data), want) {
		t.Errorf("the draft shows %s, want %s", data, want)
	}
	if want := `Brand name: Nova\nSizes: 300x250, 728x90"`; !strings.Contains(string(data), want) || s.text != v.Headline {
		t.Errorf("the draft shows %s as %q, want %s", data, s.text, want)
	}
	r.Ask(&fakeQuery{types: []flow.RequestType{{Name: "banner", Label: "Banner", Fields: []flow.Field{{Name: "brand_name", Label: "Whose brand"}}}}})
	if data, err = json.Marshal(r.render(show(v)).blocks); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Type: Banner"`, `Whose brand: Nova\nSizes: `} {
		if !strings.Contains(string(data), want) {
			t.Errorf("with the rules at hand the draft shows %s, want %s", data, want)
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// hostile are texts that try to ping, to forge links or to break out.
func hostile() []string {
	return []string{
		"<!channel>", "<!here>", "<!everyone>", "<!here|here>", "<@U0ANA00001>", "<@W0ANA00001|ana>", "<#C123>", "<#C123|general>",
		"<!subteam^S123>", "<!subteam^S123|@ops>", "<https://evil.example|Figma>", "<https://evil.example>", "<mailto:a@evil.example|Ana>",
		"<!date^1392734382^{date}^https://evil.example|now>", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "<<!channel>>", "<", ">", "&", "<!chan\x00nel>",
		"\u202e<!channel>\u202c", "Approve</b>\u202e", "*bold* _it_ ~s~ `c`", "```\n<!channel>\n```", "`<!channel>`", "> quote\n<!channel>", "@channel @here",
		"#general", "https://evil.example", "]|[<x", "|https://evil.example>", "\r\n\r\n<!channel>", strings.Repeat("<!channel>", 500), strings.Repeat("&", 3000),
		strings.Repeat("ÄÖ😀", 2000), "\u2066<@U0ANA00001>\u2069", "<!channel", "channel>", "<\u200b!channel>", "a\tb\x1b[31m", "\xff\xfe<!channel>", " ", "\n\n\n",
	}
}

func hostileView(kind flow.ViewKind, s string) flow.View {
	who := flow.Actor{Name: s, Shown: s, Ref: ref("user", "T0SIGNOFF1/"+s)}
	return flow.View{
		Kind: kind, Request: "CR-142", Title: s, Headline: s, Page: "/requests/CR-142",
		Facts: []flow.Fact{{Label: s, Text: s}, {Label: s, People: []flow.Actor{who}, Text: s}, {Label: s, At: asked(), Text: s}, {Label: s, Text: s, URL: s}, {Text: s, URL: "https://x.example/" + s}},
		Body: text.Doc{
			text.P(text.T(s), text.B(s), text.A(s, s), text.A(s, "https://x.example"), text.Who(s, s), text.When(asked(), s), text.Node{Kind: text.Code, Text: s}),
			{Kind: text.CodeBlock, Text: s}, {Kind: text.Heading, Kids: []text.Node{text.T(s)}}, {Kind: text.Quote, Kids: text.Plain(s)},
			{Kind: text.Bullets, Kids: []text.Node{{Kind: text.Item, Kids: text.Plain(s)}}}, {Kind: "unknown", Text: s},
		},
		Points:  []flow.Point{{Number: 1, By: who, Note: text.Plain(s), Answer: text.Plain(s)}},
		Buttons: []flow.Button{{Action: "approve", Label: s, Stage: s, Version: s}, {Action: "open", Label: s, URL: "/x"}, {Action: "delegate", Label: s, Stage: s, Minor: true}, {Action: "why", Label: s, Minor: true}},
	}
}

func TestRender_HostileTextStaysText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var out strings.Builder
	for i, s := range hostile() {
		for _, kind := range []flow.ViewKind{flow.CardView, flow.NoticeView} {
			m := r.render(show(hostileView(kind, s)))
			read := strings.Join(lintMessage(t, fmt.Sprintf("%s of text %d %.20q", kind, i, s), m), "\n")
			for _, ping := range []string{"<!channel", "<!here", "<!everyone", "<@", "<#", "<!subteam", "<https://evil.example|Figma"} {
				if strings.Contains(read, ping) {
					t.Errorf("%s of %.40q holds %s: %.600s", kind, s, ping, read)
				}
			}
		}
		fmt.Fprintf(&out, "%q\n\t%q\n", clip(s, 60), clip(printer{instance: "slack"}.doc(text.Plain(s)), 200))
	}
	golden(t, "testdata/hostile.txt", []byte(out.String()))
}

func TestRender_CutsWhatIsTooLong(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	v := card()
	v.Body, v.Points, v.Facts, v.Buttons = nil, nil, nil, nil
	for i := range 80 {
		v.Body = append(v.Body, text.P(text.T(strings.Repeat("word ", 60)), text.A("link", "https://x.example")))
		v.Points = append(v.Points, flow.Point{Number: i + 1, Note: text.Plain(strings.Repeat("point ", 50))})
		v.Facts = append(v.Facts, flow.Fact{Label: "Fact", Text: strings.Repeat("x", 900)})
		v.Buttons = append(v.Buttons, flow.Button{Action: "approve", Label: "Approve", Stage: fmt.Sprint("Stage ", i), Minor: i%2 == 0})
	}
	s := r.render(show(v))
	lintMessage(t, "long card", s)
	data, err := json.Marshal(s.blocks)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "more on") || !strings.Contains(string(data), "https://hub.lumen.example/requests/CR-142") {
		t.Errorf("the card does not say that there is more, and where: %s", data)
	}
}

func TestRender_SealedButtonsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	blocks := asJSON(t, r.render(show(card())).blocks).([]any)
	row := blocks[len(blocks)-1].(map[string]any)["elements"].([]any)
	var got []string
	for _, e := range row {
		m := e.(map[string]any)
		values := []any{m["value"]}
		if m["type"] == "overflow" {
			values = nil
			for _, o := range m["options"].([]any) {
				values = append(values, o.(map[string]any)["value"])
			}
		}
		for _, v := range values {
			p, ok := r.seal.pressed(v.(string))
			if !ok {
				got = append(got, fmt.Sprint(v, " ", m["url"]))
				continue
			}
			got = append(got, p.Action+" "+p.Request+" "+p.Stage)
		}
	}
	want := []string{
		"approve CR-142 Brand review", "request_changes CR-142 Brand review", "open https://hub.lumen.example/requests/CR-142",
		"decline CR-142 Brand review", "delegate CR-142 Brand review", "why CR-142 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("buttons (-want +got):\n%s", diff)
	}
}

// TestRender_BriefSaysItOnce: a sentence in the ruleset's own words is headline and body alike.
func TestRender_BriefSaysItOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, body := range map[string]text.Doc{"own words": text.Plain("CR-142 has waited for 2 days."), "none": nil} {
		s := r.render(show(flow.View{Kind: flow.NoticeView, Request: "CR-142", Headline: "CR-142 has waited for 2 days.", Body: body}))
		data, err := json.Marshal(s.blocks)
		if n := strings.Count(string(data), "has waited"); err != nil || n != 1 || s.text != "CR-142 has waited for 2 days." {
			t.Errorf("%s: said %d times in %s (%v), text %q", name, n, data, err, s.text)
		}
	}
}

func TestClipMarked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"abcdefghij":                "abcdefghij",
		"abcdefghijk":               "abcdefghi…",
		"abcdef<@U123456>":          "abcdef…",
		"abcdefg&amp;hij":           "abcdefg…",
		"<https://x.example|label>": "…",
	} {
		if got := clipMarked(in, 10); got != want {
			t.Errorf("clipMarked(%q, 10) = %q, want %q", in, got, want)
		}
	}
}
