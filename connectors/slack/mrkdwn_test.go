package slack

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		"a ```code``` b":                              {text.P(text.T("a")), {Kind: text.CodeBlock, Text: "code"}, text.P(text.T(" b"))},
		"<@U1> and <@U2|bob> and <@U3>":               {text.P(text.Who("", "@Ana Reyes"), text.T(" and "), text.Who("", "@bob"), text.T(" and "), text.Who("", "@somebody"))},
		"<#C1|launch> <#C2|> <#C3>":                   {text.P(text.T("#launch"), text.T(" "), text.T("#a private channel"), text.T(" "), text.T("#a private channel"))},
		"<!here> <!subteam^S1|@ops>":                  {text.P(text.T("@here"), text.T(" "), text.T("@ops"))},
		"<!date^1^{date}|Friday>":                     {text.P(text.T("Friday"))},
		"<https://x.example/?a=1&amp;b=2|the *file*>": {text.P(text.A("the *file*", "https://x.example/?a=1&b=2"))},
		"<https://x.example> <mailto:a@b.example|a@b.example>": {text.P(text.A("https://x.example", "https://x.example"), text.T(" "), text.A("a@b.example", "mailto:a@b.example"))},
		"one\ntwo\n\nthree":             {text.P(text.T("one"), br(), text.T("two")), text.P(text.T("three"))},
		"&gt; quoted\n&gt; more\nafter": {{Kind: text.Quote, Kids: text.Doc{text.P(text.T("quoted"), br(), text.T("more"))}}, text.P(text.T("after"))},
		"• a\n• *b*\n1. c\n2) d":        {{Kind: text.Bullets, Kids: []text.Node{item(text.T("a")), item(text.B("b"))}}, {Kind: text.Numbers, Kids: []text.Node{item(text.T("c")), item(text.T("d"))}}},
		"3. c":                          {{Kind: text.Numbers, Level: 3, Kids: []text.Node{item(text.T("c"))}}},
		"*_both_*":                      {text.P(text.Node{Kind: text.Strong, Kids: []text.Node{em("both")}})},
		"a < b > c":                     {text.P(text.T("a < b > c"))},
		"<":                             {text.P(text.T("<"))},
		"<>":                            {text.P(text.T("<>"))},
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
	for _, piece := range []string{"*a ", "*_~", "&gt;", "> ", "<", "`", "```", "- ", "<@U1", "_x_ ", "\n&gt;\n"} {
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
	want := "*Points*\n2. one\n    more\n3. `x &lt; y`\n> a\n> b\n———\n<!date^1795192200^{date_short_pretty} at {time}|Fri 20 Nov, 16:30 London> a*b f|g"
	if got := (printer{instance: "slack"}).doc(doc); got != want {
		t.Errorf("printed\n%q, want\n%q", got, want)
	}
}
