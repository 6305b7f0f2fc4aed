package jira

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"signoff/internal/text"
)

func wem(kids ...text.Node) text.Node { return text.Node{Kind: text.Emph, Kids: kids} }
func wcode(s string) text.Node        { return text.Node{Kind: text.Code, Text: s} }
func wbreak() text.Node               { return text.Node{Kind: text.Break} }
func wlink(href string) text.Node     { return text.Node{Kind: text.Link, Href: href} }
func witem(kids ...text.Node) text.Node {
	return text.Node{Kind: text.Item, Kids: []text.Node{text.P(kids...)}}
}

func TestParseWiki(t *testing.T) {
	t.Parallel()
	name := func(account string) (string, string) {
		switch account {
		case "557058:ana":
			return "ana", "Ana Reyes"
		case "jsmith":
			return "", "J. Smith"
		}
		return "", ""
	}
	strike := func(s string) text.Node { return text.Node{Kind: text.Strike, Kids: []text.Node{text.T(s)}} }
	for in, want := range map[string]text.Doc{
		"":                      nil,
		"one\ntwo\n\nthree":     {text.P(text.T("one"), wbreak(), text.T("two")), text.P(text.T("three"))},
		`a\\b` + "\\\\\nc":      {text.P(text.T("a"), wbreak(), text.T("b"), wbreak(), text.T("c"))},
		"h2. A *title*":         {{Kind: text.Heading, Level: 2, Kids: []text.Node{text.T("A "), text.B("title")}}},
		"*b* _i_ -s- {{c}}":     {text.P(text.B("b"), text.T(" "), wem(text.T("i")), text.T(" "), strike("s"), text.T(" "), wcode("c"))},
		"+in+ ^up^ ~low~ ??c??": {text.P(text.T("in up low "), wem(text.T("c")))},
		"re-brand 2*3 a_b - x":  {text.P(text.T("re-brand 2*3 a_b - x"))},
		"un{*}believ{*}able":    {text.P(text.T("un"), text.B("believ"), text.T("able"))},
		"*not closed":           {text.P(text.T("*not closed"))},
		`\*as is\* \{code}`:     {text.P(text.T("*as is* {code}"))},
		"{code:java|title=X}\nint *a*;\n{code}after": {{Kind: text.CodeBlock, Ref: "java", Text: "int *a*;"}, text.P(text.T("after"))},
		"{code:title=x|language=go}a{code}":          {{Kind: text.CodeBlock, Ref: "go", Text: "a"}},
		"{noformat}\n[~admin] {code}\n{noformat}":    {{Kind: text.CodeBlock, Text: "[~admin] {code}"}},
		"{code}never closed":                         {text.P(text.T("never closed"))},
		"bq. said *so*":                              {{Kind: text.Quote, Kids: []text.Node{text.P(text.T("said "), text.B("so"))}}},
		"{quote}\n* a\n{code}x{code}\n{quote}":       {{Kind: text.Quote, Kids: []text.Node{{Kind: text.Bullets, Kids: []text.Node{witem(text.T("a"))}}, {Kind: text.CodeBlock, Text: "x"}}}},
		"* a\n** b\n*# c\nmore\n* d": {{Kind: text.Bullets, Kids: []text.Node{
			{Kind: text.Item, Kids: []text.Node{text.P(text.T("a")), {Kind: text.Bullets, Kids: []text.Node{witem(text.T("b"))}}, {Kind: text.Numbers, Kids: []text.Node{witem(text.T("c"), wbreak(), text.T("more"))}}}},
			witem(text.T("d")),
		}}},
		"- a\n- b\n\n# c": {{Kind: text.Bullets, Kids: []text.Node{witem(text.T("a")), witem(text.T("b"))}}, {Kind: text.Numbers, Kids: []text.Node{witem(text.T("c"))}}},
		"[the *file*|https://x.example/?a=1&b=2] [https://x.example/a] [x|https://x.example|smart-link]": {text.P(
			text.Node{Kind: text.Link, Href: "https://x.example/?a=1&b=2", Kids: []text.Node{text.T("the "), text.B("file")}}, text.T(" "), wlink("https://x.example/a"), text.T(" "), text.A("x", "https://x.example"))},
		"see https://x.example/a_b, (https://x.example/c)":            {text.P(text.T("see "), wlink("https://x.example/a_b"), text.T(", ("), wlink("https://x.example/c"), text.T(")"))},
		"[not a link] [script|javascript:alert(1)] [^file.pdf]":       {text.P(text.T("[not a link] script file.pdf"))},
		"[~accountid:557058:ana] [~jsmith] [~bob] [~accountid:5b1a]":  {text.P(text.Who("ana", "@Ana Reyes"), text.T(" "), text.Who("", "@J. Smith"), text.T(" "), text.Who("", "@bob"), text.T(" "), text.Who("", "@somebody"))},
		"!https://x.example/a.png! !shot.png|thumbnail! wow! really!": {text.P(wlink("https://x.example/a.png"), text.T(" shot.png wow! really!"))},
		"a\n----\nb":                  {text.P(text.T("a")), {Kind: text.Rule}, text.P(text.T("b"))},
		"fine (y) :) :tada: (c) fx:D": {text.P(text.T("fine "), text.E("+1"), text.T(" "), text.E("slightly_smiling_face"), text.T(" "), text.E("tada"), text.T(" (c) fx:D"))},
		"{color:red}hot{color} {status:colour=Red}x {toc}": {text.P(text.T("hot x"))},
		"{panel:title=Note}\nbody\n{panel}":                {text.P(text.B("Note")), text.P(text.T("body"))},
		"||Name||Size||\n|Hero|*1200*|":                    {text.P(text.T("Name | Size"), wbreak(), text.T("Hero | "), text.B("1200"))},
		"&#92; &amp; &nope; AT&T":                          {text.P(text.T(`\ & &nope; AT&T`))},
	} {
		if diff := cmp.Diff(want, parseWiki(in, name)); diff != "" {
			t.Errorf("parseWiki(%q) (-want +got)\n%s", in, diff)
		}
	}
}

// TestWiki_IsReadBack: what is printed is read back as the normal form, for what the markup can say.
func TestWiki_IsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var doc text.Doc
		for _, n := range rapid.SliceOfN(drawWikiBlock(), 0, 4).Draw(t, "blocks") {
			doc = append(doc, n, text.P(text.T("between")))
		}
		want := doc.Normal()
		printed := wiki(doc)
		if diff := cmp.Diff(want, parseWiki(printed, nil)); diff != "" {
			t.Fatalf("printed as\n%q\n(-want +got)\n%s", printed, diff)
		}
	})
}

func drawWikiBlock() *rapid.Generator[text.Node] {
	return rapid.Custom(func(t *rapid.T) text.Node {
		para := func(name string) text.Node { return text.P(rapid.SliceOfN(drawWikiSpan(3), 1, 5).Draw(t, name)...) }
		switch rapid.IntRange(0, 6).Draw(t, "block") {
		case 0:
			return text.Node{Kind: text.CodeBlock, Ref: rapid.SampledFrom([]string{"", "go", "java"}).Draw(t, "language"), Text: rapid.SampledFrom([]string{"x < y && *z*", "a\n\n  `b` [~x]", "&amp; {quote}"}).Draw(t, "code")}
		case 1:
			return text.Node{Kind: text.Quote, Kids: []text.Node{para("a"), para("b")}}
		case 2:
			n := text.Node{Kind: rapid.SampledFrom([]text.Kind{text.Bullets, text.Numbers}).Draw(t, "list")}
			for range rapid.IntRange(1, 3).Draw(t, "items") {
				n.Kids = append(n.Kids, witem(drawWikiSpan(2).Draw(t, "item"), text.T(" end")))
			}
			n.Kids[0].Kids = append(n.Kids[0].Kids, text.Node{Kind: text.Numbers, Kids: []text.Node{witem(text.T("within"))}})
			return n
		case 3:
			return text.Node{Kind: text.Rule}
		case 4:
			return text.Node{Kind: text.Heading, Level: 3, Kids: rapid.SliceOfN(drawWikiSpan(2), 1, 3).Draw(t, "heading")}
		}
		return para("paragraph")
	})
}

func drawWikiSpan(depth int) *rapid.Generator[text.Node] {
	pieces := []string{
		"a", "word ", "*", "_", "-", "+", "^", "~", "??", "{", "}", "[", "]", "|", "!", "\\", "\\\\", "&", "&amp;", "&#42;", "{{", "}}", "{code}", "{quote}", "{*}", "[~ana]", "h1. ", "bq. ", "# ", "* ", "----", ":)", "(y)",
		":tada:", ":", "x_y", "2*3", "日本", "שלום", "(", "é", "😀", "!a.png!", "?", "||", "{color:red}",
	}
	return rapid.Custom(func(t *rapid.T) text.Node {
		kind := rapid.SampledFrom([]text.Kind{text.Text, text.Text, text.Code, text.Link, text.Emoji, text.Break, text.Strong, text.Emph, text.Strike}).Draw(t, "kind")
		words := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4).Draw(t, "pieces"), "")
		switch {
		case kind == text.Code:
			return wcode("c" + words + "c")
		case kind == text.Link:
			return text.A("the "+words, "https://x.example/?a=1&b=_2_")
		case kind == text.Emoji:
			return text.E(rapid.SampledFrom([]string{"tada", "heart", "+1::skin-tone-4", "lumen-logo"}).Draw(t, "name"))
		case kind == text.Break && depth == 3:
			return wbreak()
		case kind == text.Text, kind == text.Break, depth == 0:
			return text.T(words)
		}
		return text.Node{Kind: kind, Kids: rapid.SliceOfN(drawWikiSpan(depth-1), 1, 3).Draw(t, "kids")}
	})
}

// FuzzParseWiki: reading never fails, gives the normal form, and prints safely.
func FuzzParseWiki(f *testing.F) {
	for _, s := range []string{"*a* _b_ {{c}} [d|https://x.example] [~e] !f.png!", "{code}x{code}\n* a\n*# b\n{quote}q{quote}", "||a||\n|b|", `\\ \* &#92; {panel}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := parseWiki(s, nil)
		if diff := cmp.Diff(got, got.Normal()); diff != "" {
			t.Errorf("parseWiki(%q) is not normal (-got +normal)\n%s", s, diff)
		}
		_ = wiki(got)
	})
}

// TestParseWiki_Hostile: a long text that is made to hurt neither fails nor takes long.
func TestParseWiki_Hostile(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"*a ", "{*}", "{code}", "{{", "[", "[a|", "!a", "{quote}", "* a\n", "** a\n* b\n", "|", "\\", "{a:", "(", ":", "&", "_*-", "??"} {
		start := time.Now()
		if parseWiki(strings.Repeat(piece, longestMarkup/2/len(piece)), nil).Empty() && !strings.ContainsAny(piece, "{|\\") {
			t.Errorf("%q repeated is nothing", piece)
		}
		if took := time.Since(start); took > 30*time.Second { // alone a tenth of a second at most, on a busy machine with -race much more
			t.Errorf("%q takes %v", piece, took)
		}
	}
}
