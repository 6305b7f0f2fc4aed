//go:build unix && !race

package rules_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/rules"
)

// thousand is a studio with n rules that differ in channel and words, each with a condition.
func thousand(n int) []rules.Source {
	var b strings.Builder
	b.WriteString(askEverything)
	for i := range n {
		fmt.Fprintf(&b, "  - name: Rule %d\n    match: {source: slack, channel: \"#c%d\", text: {contains: [word%d, other%d]}}\n    if: request.budget > %d\n    do: {template: everything, labels: [l%d]}\n", i, i%50, i, i, i, i)
	}
	file := strings.Replace(b.String(), "  - {name: All, do: {template: everything}}\n", "", 1)
	return []rules.Source{{Name: "rules.yaml", Data: []byte(file + "  - {name: All, do: {template: everything}}\n")}}
}

// TestCompile_aThousandRules is row P19 of the performance plan: within 200 ms.
func TestCompile_aThousandRules(t *testing.T) {
	files := thousand(1000)
	best := rules.CPU(t, func() {
		set, problems := rules.Compile(files, lumen())
		if set == nil || len(problems) > 0 {
			t.Fatal(problems)
		}
	})
	t.Logf("1,000 rules compile in %v", best)
	if limit := 200 * time.Millisecond; best > limit {
		t.Errorf("1,000 rules compile in %v, want at most %v", best, limit)
	}
}

// TestRoute_longTexts: the longest message that is read takes no longer than a person's patience, whatever it holds.
func TestRoute_longTexts(t *testing.T) {
	set, _ := rules.Compile(thousand(1000), lumen())
	if set == nil {
		t.Fatal("did not compile")
	}
	for _, part := range []string{"by Friday EOD ", "20/11/2026 ", "€5k ", "300x250 ", "budget ", "brand: x\n", "word ", "a", "1 ", "ä€", "eod Friday 5pm in 3 days "} {
		ev := message(maya(), "#c7", strings.Repeat(part, 100_000/len(part)))
		if took := rules.CPU(t, func() { set.Route(ev, flow.Answers{}) }); took > time.Second {
			t.Errorf("100 KB of %q take %v, want less than a second", part, took)
		} else {
			t.Logf("%q: %v", part, took)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for name, files := range map[string][]rules.Source{"studio": {{Name: "s.yaml", Data: data}}, "1000": thousand(1000)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rules.Compile(files, lumen())
			}
		})
	}
}

func BenchmarkRoute(b *testing.B) {
	ev := message(maya(), "#c7", "Need a Nova banner 300x250 by Friday EOD")
	for _, n := range []int{1, 1000} {
		set, _ := rules.Compile(thousand(n), lumen())
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				set.Route(ev, flow.Answers{})
			}
		})
	}
}
