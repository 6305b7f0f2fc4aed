package jira

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
)

func bullets(items ...string) text.Doc {
	list := text.Node{Kind: text.Bullets}
	for _, s := range items {
		list.Kids = append(list.Kids, text.Node{Kind: text.Item, Kids: []text.Node{text.P(text.T(s))}})
	}
	return text.Doc{list}
}

func TestPointLines(t *testing.T) {
	t.Parallel()
	ana, lin := flow.Actor{Name: "ana", Shown: "Ana Reyes"}, flow.Actor{Shown: "Lin"}
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	points := []flow.Point{
		{Number: 1, By: ana, Note: text.Plain("Logo larger"), URL: "https://www.figma.com/design/K?node-id=1-2#9"},
		{Number: 2, By: ana, Note: text.Plain("Less red\n\nMuch less"), Answer: text.Plain("Done"), AnsweredBy: lin},
		{Number: 3, By: lin, Note: bullets("one", "two"), Resolved: at, ResolvedBy: ana},
		{Number: 4, Note: text.Plain("Sharper"), Resolved: at, Answer: bullets("first", "second"), URL: "javascript:alert(1)"},
		{Number: 5, Note: text.Plain("Softer"), Answer: text.Doc{{Kind: text.Quote, Kids: []text.Node{text.P(text.T("said"))}}, text.P(text.T("no"))}},
	}
	const want = `1. Logo larger
Ana Reyes · [where it was asked|https://www.figma.com/design/K?node-id=1-2#9]OPEN
2. Less red

Much less
Ana Reyes
{*}Answer by Lin:{*} Done
3.
* one
* two
Lin · resolved by Ana Reyes
4. Sharper
resolved
{*}Answer:{*}
* first
* second
5. Softer
{*}Answer:{*}
{quote}
said
{quote}

no
`
	for open, shown := range map[string]string{"": "", "open": " · open"} {
		if diff := cmp.Diff(strings.Replace(want, "OPEN", shown, 1), pointLines(points, open)); diff != "" {
			t.Errorf("pointLines, open ones are called %q (-want +got):\n%s", open, diff)
		}
	}
	if got := pointLines(nil, "open"); got != "" {
		t.Errorf("no points print %q", got)
	}
}

// hostileWords are what somebody would write to mention, format, load or end something.
func hostileWords() []string {
	return []string{
		"[~admin]", "[~accountid:5b10a2844c20165700ede21g] x", "!http://evil.example/track.png!", "{html}<script>x</script>{html}", "{quote}", "{noformat}", "{color:red}x{color}",
		"[click|javascript:alert(1)]", "h1. Shouting", "# one", "* one", "----", "||a||b||", "x\n[~admin]", "x\n\nh1. y", "a*b *c* {*}d{*}", `\\[~x]`, "\u2028h1. x", "bq. x", "x\r\n{code}", "|",
	}
}

// TestPointLines_Hostile: no name, word or address of a point does anything but stand there.
func TestPointLines_Hostile(t *testing.T) {
	t.Parallel()
	for _, s := range hostileWords() {
		who := flow.Actor{Shown: s}
		p := flow.Point{
			Number: 1, By: who, Note: text.Plain(s), Answer: text.Plain(s), AnsweredBy: who, URL: "https://x.example/" + strings.ReplaceAll(s, "\u2028", ""),
			Resolved: time.Unix(1, 0), ResolvedBy: who,
		}
		got := pointLines([]flow.Point{p}, "open")
		bare := strings.NewReplacer("{*}", "", "[where it was asked|", "(").Replace(got)
		if opens.MatchString(bare) {
			t.Errorf("a point of %q prints %q, which lets markup through", s, got)
		}
		for line := range strings.Lines(got) {
			if strings.HasPrefix(line, "h1.") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "----") || strings.HasPrefix(line, "bq.") {
				t.Errorf("a point of %q prints the line %q", s, line)
			}
		}
		if n := strings.Count(got, "{*}"); n != 2 {
			t.Errorf("a point of %q prints %q: %d marks, want the two around whose answer it is", s, got, n)
		}
	}
	for _, address := range []string{"javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "file:///etc/passwd", "x y", "[~admin]", ""} {
		if got := pointLines([]flow.Point{{Number: 1, Note: text.Plain("x"), URL: address}}, ""); got != "1. x\n" {
			t.Errorf("an address %q prints %q, want nothing of it", address, got)
		}
	}
}
