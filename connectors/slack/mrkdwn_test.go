package slack

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pgregory.net/rapid"

	"signoff/internal/flow"
	"signoff/internal/text"
)

func em(s string) text.Node     { return text.Node{Kind: text.Emph, Kids: []text.Node{text.T(s)}} }
func code(s string) text.Node   { return text.Node{Kind: text.Code, Text: s} }
func strike(s string) text.Node { return text.Node{Kind: text.Strike, Kids: []text.Node{text.T(s)}} }
func br() text.Node             { return text.Node{Kind: text.Break} }
func item(kids ...text.Node) text.Node {
	return text.Node{Kind: text.Item, Kids: []text.Node{text.P(kids...)}}
}

func TestParseMrkdwn(t *testing.T) {
	t.Parallel()
	names := map[string]string{"U1": "Ana Reyes"}
	for in, want := range map[string]text.Doc{
		"":                                            nil,
		"plain &amp; &lt;b&gt;":                       {text.P(text.T("plain & <b>"))},
		"&amp;lt; stays":                              {text.P(text.T("&lt; stays"))},
		"*bold* _it_ ~gone~ `c`":                      {text.P(text.B("bold"), text.T(" "), em("it"), text.T(" "), strike("gone"), text.T(" "), code("c"))},
		"snake_case_name 2*3*4 a~b~":                  {text.P(text.T("snake_case_name 2*3*4 a~b~"))},
		"*not closed and _neither":                    {text.P(text.T("*not closed and _neither"))},
		"`<@U1> *x*`":                                 {text.P(code("<@U1> *x*"))},
		"```\n<@U1> &amp; *x*\n```":                   {{Kind: text.CodeBlock, Text: "<@U1> & *x*"}},
		"a ```code``` b":                              {text.P(text.T("a")), {Kind: text.CodeBlock, Text: "code"}, text.P(text.T("b"))},
		"<@U1> and <@U2|bob> and <@U3>":               {text.P(text.Who("", "@Ana Reyes"), text.T(" and "), text.Who("", "@bob"), text.T(" and "), text.Who("", "@somebody"))},
		"<#C1|launch> <#C2|> <#C3>":                   {text.P(channel("C1", "launch"), text.T(" "), channel("C2", ""), text.T(" "), channel("C3", ""))},
		"<!here> <!subteam^S1|@ops>":                  {text.P(text.T("@here "), group("S1", "ops"))},
		"<!date^1^{date}|Friday>":                     {text.P(text.When(time.Unix(1, 0).UTC(), "Friday"))},
		"<https://x.example/?a=1&amp;b=2|the *file*>": {text.P(text.A("the *file*", "https://x.example/?a=1&b=2"))},
		"<https://x.example> <mailto:a@b.example|a@b.example>": {text.P(text.Node{Kind: text.Link, Href: "https://x.example"}, text.T(" "), text.A("a@b.example", "mailto:a@b.example"))},
		"one\ntwo\n\nthree":             {text.P(text.T("one"), br(), text.T("two")), text.P(text.T("three"))},
		"&gt; quoted\n&gt; more\nafter": {{Kind: text.Quote, Kids: text.Doc{text.P(text.T("quoted"), br(), text.T("more"))}}, text.P(text.T("after"))},
		"• a\n• *b*\n1. c\n2) d":        {{Kind: text.Bullets, Kids: []text.Node{item(text.T("a")), item(text.B("b"))}}, {Kind: text.Numbers, Kids: []text.Node{item(text.T("c")), item(text.T("d"))}}},
		"3. c":                          {{Kind: text.Numbers, Level: 3, Kids: []text.Node{item(text.T("c"))}}},
		"*_both_*":                      {text.P(text.Node{Kind: text.Strong, Kids: []text.Node{em("both")}})},
		"• a\n    ◦ b\n        more\n    ◦ c\n• d": {{Kind: text.Bullets, Kids: []text.Node{
			{Kind: text.Item, Kids: []text.Node{text.P(text.T("a")), {Kind: text.Bullets, Kids: []text.Node{item(text.T("b"), br(), text.T("more")), item(text.T("c"))}}}},
			item(text.T("d")),
		}}},
		"*see `a*b` and <https://x.example/*|x>*":       {text.P(text.Node{Kind: text.Strong, Kids: []text.Node{text.T("see "), code("a*b"), text.T(" and "), text.A("x", "https://x.example/*")}})},
		"fine :tada: :+1::skin-tone-3: :logo: 10:30:45": {text.P(text.T("fine "), text.E("tada"), text.T(" "), text.E("+1::skin-tone-3"), text.T(" "), text.E("logo"), text.T(" 10:30:45"))},
		"```go\nx := 1\n```":                            {{Kind: text.CodeBlock, Ref: "go", Text: "x := 1"}},
		"a < b > c":                                     {text.P(text.T("a < b > c"))},
		"<":                                             {text.P(text.T("<"))},
		"<>":                                            {text.P(text.T("<>"))},
	} {
		got := parseMrkdwn(in, func(id string) string { return names[id] })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parseMrkdwn(%q) (-want +got):\n%s", in, diff)
		}
	}
}

// TestParseMrkdwn_LongAndDeep: no text takes long or nests deeper than a store's JSON bears.
func TestParseMrkdwn_LongAndDeep(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"*a ", "*_~", "&gt;", "> ", "<", "`", "```", "- ", "<@U1", "_x_ ", "\n&gt;\n", ":a", "*`", "*<", "<a:b>"} {
		doc := parseMrkdwn(strings.Repeat(piece, 40000/len(piece)), nil)
		if d := depth(doc); d > 20 {
			t.Errorf("%q nests %d deep", piece, d)
		}
	}
}

func depth(nodes []text.Node) int {
	deepest := 0
	for _, n := range nodes {
		deepest = max(deepest, 1+depth(n.Kids))
	}
	return deepest
}

func TestTyped_BracketsAreThemselves(t *testing.T) {
	t.Parallel()
	want := text.Doc{
		{Kind: text.Bullets, Kids: []text.Node{item(text.T("<@U1> & <!channel>")), item(text.T("&amp; "), text.B("x"))}},
	}
	if diff := cmp.Diff(want, typed("- <@U1> & <!channel>\r\n- &amp; *x*")); diff != "" {
		t.Errorf("typed (-want +got):\n%s", diff)
	}
}

// FuzzMrkdwn: reading never fails, and what was read prints safely.
func FuzzMrkdwn(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	f.Add("*a* <@U1|x> ```c``` > q\n• l\n1. n")
	f.Fuzz(func(t *testing.T, s string) {
		out := printer{instance: "slack"}.doc(parseMrkdwn(s, nil))
		l := &lint{}
		l.entities("printed", out)
		if len(l.problems) > 0 {
			t.Errorf("parse and print %q: %s", s, strings.Join(l.problems, "; "))
		}
		_ = typed(s)
	})
}

func TestPrint_KnownPeopleAreMentioned(t *testing.T) {
	t.Parallel()
	p := printer{instance: "slack", known: map[string]flow.Ref{
		"ana": ref("user", "T1/U0ANA"), "ben": {System: "slack-emea", Type: "user", Key: "T2/U0BEN"}, "eli": ref("user", "T1/<!channel>"),
	}}
	doc := text.Doc{text.P(text.Who("ana", "Ana"), text.T(", "), text.Who("ben", "Ben"), text.T(", "), text.Who("eli", "Eli"), text.T(", "), text.Who("", "Maya"))}
	if got, want := p.doc(doc), "<@U0ANA>, Ben, Eli, Maya"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestPrint_Document(t *testing.T) {
	t.Parallel()
	doc := text.Doc{
		{Kind: text.Heading, Kids: []text.Node{text.T("Points")}},
		{Kind: text.Numbers, Level: 2, Kids: []text.Node{item(text.T("one"), br(), text.T("more")), item(code("x < y"))}},
		{Kind: text.Quote, Kids: text.Doc{text.P(text.T("a"), br(), text.T("b"))}},
		{Kind: text.Rule},
		text.P(text.When(asked(), "Fri 20 Nov, 16:30 London"), text.T(" "), text.B("a*b"), text.T(" "), text.A("f|g", "javascript:alert(1)")),
	}
	want := "*Points*\n2. one\n    more\n3. `x &lt; y`\n> a\n> b\n———\n<!date^1795192200^{date_short_pretty} at {time}|Fri 20 Nov, 16:30 London> *a*b* f|g"
	if got := (printer{instance: "slack"}).doc(doc); got != want {
		t.Errorf("printed\n%q, want\n%q", got, want)
	}
}

// TestPrint_IsReadBack: what is printed is read back as the normal form, for what mrkdwn can say.
func TestPrint_IsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var doc text.Doc
		for _, n := range rapid.SliceOfN(drawBlock(), 0, 4).Draw(t, "blocks") {
			doc = append(doc, n, text.P(text.T("between"))) // two lists of numbers side by side would be one
		}
		want := doc.Normal()
		printed := printer{instance: "slack"}.doc(want)
		if diff := cmp.Diff(want, parseMrkdwn(printed, nil)); diff != "" {
			t.Fatalf("printed as\n%q\n(-want +got)\n%s", printed, diff)
		}
	})
}

func drawBlock() *rapid.Generator[text.Node] {
	return rapid.Custom(func(t *rapid.T) text.Node {
		switch rapid.IntRange(0, 5).Draw(t, "block") {
		case 0:
			return text.Node{Kind: text.CodeBlock, Text: rapid.SampledFrom([]string{"x < y && *z*", "a\n\n  `b` <@U1>", "&amp;"}).Draw(t, "code")}
		case 1:
			return text.Node{Kind: text.Quote, Kids: []text.Node{drawParagraph().Draw(t, "a"), drawParagraph().Draw(t, "b")}}
		case 2:
			n := text.Node{Kind: rapid.SampledFrom([]text.Kind{text.Bullets, text.Numbers}).Draw(t, "list")}
			for range rapid.IntRange(1, 3).Draw(t, "items") {
				n.Kids = append(n.Kids, text.Node{Kind: text.Item, Kids: []text.Node{text.P(drawSpan(2).Draw(t, "item"), text.T(" end"))}})
			}
			n.Kids[0].Kids = append(n.Kids[0].Kids, text.Node{Kind: text.Numbers, Kids: []text.Node{item(text.T("within"))}})
			return n
		case 3:
			return text.Node{Kind: text.Rule}
		}
		return drawParagraph().Draw(t, "paragraph")
	})
}

func drawParagraph() *rapid.Generator[text.Node] {
	return rapid.Custom(func(t *rapid.T) text.Node { return text.P(rapid.SliceOfN(drawSpan(3), 1, 5).Draw(t, "spans")...) })
}

func drawSpan(depth int) *rapid.Generator[text.Node] {
	pieces := []string{"a", "word ", "*", "_", "~", "`", "**", "<", ">", "&", "&lt;", "<@U1>", "<!here>", ":tada:", ":", "x_y", "2*3", "日本", "שלום", "(", "|", "> q", "é", "😀"}
	return rapid.Custom(func(t *rapid.T) text.Node {
		kind := rapid.SampledFrom([]text.Kind{text.Text, text.Text, text.Code, text.Link, text.Emoji, text.Break, text.Strong, text.Emph, text.Strike}).Draw(t, "kind")
		words := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4).Draw(t, "pieces"), "")
		switch {
		case kind == text.Code:
			return text.Node{Kind: kind, Text: strings.ReplaceAll(words, "`", "x")}
		case kind == text.Link:
			return text.A("the "+strings.NewReplacer("|", "", "&lt;", "").Replace(words), "https://x.example/?a=1&b=_2_")
		case kind == text.Emoji:
			return text.E(rapid.SampledFrom([]string{"tada", "heart", "+1::skin-tone-4", "lumen-logo"}).Draw(t, "name"))
		case kind == text.Break && depth == 3:
			return br()
		case depth < 3 && (kind == text.Text || kind == text.Break || depth == 0):
			return text.T("k" + words + "k") // what looks like a mark at the edge of emphasis takes it away
		case kind == text.Text:
			return text.T(words)
		}
		kids := append([]text.Node{text.T("k")}, rapid.SliceOfN(drawSpan(depth-1), 0, 2).Draw(t, "kids")...)
		return text.Node{Kind: kind, Kids: append(kids, text.T("k"))}
	})
}
