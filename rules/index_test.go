package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// randomMatch writes a match: of a few words that events share.
func randomMatch(r *rand.Rand, depth int) string {
	word := func() string {
		return []string{"banner", "Reel", "nova", "ad hoc", "großes", "@signoff", "??"}[r.IntN(7)]
	}
	channel := func() string { return []string{`"#launch"`, `"#Design"`, "ops"}[r.IntN(3)] }
	parts := []string{
		fmt.Sprintf("text: {contains: [%s, %q]}", word2(word()), word()), "channel: [" + channel() + ", " + channel() + "]",
		"source: [slack, email]", "source: figma", "text: {matches: \"^need\"}", "labels: [urgent, Hot]", "title: {contains: nova}", "author: bot",
		"text: {not: {contains: banner}}", "text: {any: [{contains: reel}, {contains: \"nova\"}]}", "text: {all: [{contains: reel}, {starts_with: need}]}", "priority: high",
	}
	if depth > 0 {
		parts = append(parts, "any: [{"+randomMatch(r, depth-1)+"}, {"+randomMatch(r, depth-1)+"}]", "not: {"+randomMatch(r, depth-1)+"}", "all: [{"+randomMatch(r, depth-1)+"}]")
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	keys, out := map[string]bool{}, []string{}
	for _, p := range parts[:1+r.IntN(3)] {
		key, _, _ := strings.Cut(p, ":")
		if !keys[key] {
			keys[key], out = true, append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

func word2(w string) string { return fmt.Sprintf("%q", w) }

// TestIndex_FindsWhatAScanFinds: whatever the rules and whatever comes, what the index tries decides as trying them all does.
func TestIndex_FindsWhatAScanFinds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	held, skipped := 0, 0
	for range 60 {
		var b strings.Builder
		b.WriteString("version: 1\ntemplates: {x: {ask_for: [{field: budget, type: money}]}}\nrules:\n")
		for i := range 60 {
			fmt.Fprintf(&b, "  - {name: R%d, match: {%s}, do: {template: x, labels: [l%d]}, continue: %v}\n", i, randomMatch(r, 2), i, r.IntN(3) == 0)
		}
		set, problems := Compile([]Source{{Name: "r.yaml", Data: []byte(b.String())}}, Options{})
		if set == nil {
			t.Fatalf("%v\n%s", problems, b.String())
		}
		if set.rules.index == nil {
			t.Fatal("60 rules have no index")
		}
		for range 30 {
			ev := randomEvent(r)
			scan, found := set.decideBy(ev, nil), set.decide(ev)
			if diff := cmp.Diff(outcome(scan), outcome(found)); diff != "" {
				t.Fatalf("%v in\n%s\nby scan -, by index +\n%s", ev, b.String(), diff)
			}
			if scan.rule != "" {
				held++
			}
			skipped += len(scan.tried) - len(found.tried)
		}
	}
	if held < 500 || skipped < 1000 {
		t.Errorf("%d events met a rule and %d tries were saved; the test should see many of both", held, skipped)
	}
}

func randomEvent(r *rand.Rand) flow.Event {
	words := []string{"Need", "a", "BANNER", "reel", "Nova", "ad", "hoc", "GROSSES", "großes", "@signoff", "??", "bananas"}
	var said []string
	for range r.IntN(8) {
		said = append(said, words[r.IntN(len(words))])
	}
	pick := func(from ...string) []string { return []string{from[r.IntN(len(from))]} }
	return flow.Event{
		Kind: flow.RequestSubmitted, Actor: flow.Actor{Shown: "x", Bot: r.IntN(4) == 0}, Body: text.Plain(strings.Join(said, " ")),
		Fields: map[string][]string{
			"source": pick("slack", "EMAIL", "figma"), "channel": pick("#launch", "design", "#ops", ""), "labels": pick("hot", "urgent", "x"),
			"priority": pick("high", ""), "title": pick("", "nova", "A reel"),
		},
	}
}

func outcome(d *decision) string {
	var held []string
	for _, t := range d.tried {
		if t.held {
			held = append(held, t.rule.name+": "+t.why)
		}
	}
	return fmt.Sprint(d.rule, d.do.labels, held)
}

// TestIndex_LongSetsSayWhatTheyPassedOver: of many rules only those are told of that may have applied.
func TestIndex_LongSetsSayWhatTheyPassedOver(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  - {name: R%d, match: {text: {contains: word%d}}, do: {labels: [l]}}\n", i, i)
	}
	set, problems := Compile([]Source{{Name: "r.yaml", Data: []byte(b.String() + "  - {name: All, do: {labels: [all]}}\n")}}, Options{})
	if set == nil {
		t.Fatal(problems)
	}
	why := set.Route(flow.Event{Kind: flow.RequestSubmitted, Body: text.Plain("word70 please")}, flow.Answers{}).Why
	var got []string
	for _, w := range why {
		got = append(got, w.Text)
	}
	want := []string{`R70: text has "word70"`, "70 rules above passed over: a word or a value that they need is not there"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
