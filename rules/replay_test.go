package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signoff/internal/flow"
	"signoff/rules"
)

// TestAsk_isRoute: asked for a replay, with or without what was read before, the rules say what they say of what arrives.
func TestAsk_isRoute(t *testing.T) {
	t.Parallel()
	set := surface(t)
	load := flow.Answers{Load: map[string]float64{"ana": 20, "ben": 31, "chloe": 12}}
	for _, words := range [][2]string{
		{"#design-requests", "Need a Nova banner 300x250 by Friday EOD"}, {"#launch", "A Lumen reel for the spring launch by 24 November, up to €9,500"},
		{"#random", "Could somebody look at this before Tuesday?"}, {"#design-requests", "thanks!"},
	} {
		ev := message(maya(), words[0], words[1])
		want := set.Route(ev, load)
		got, _ := set.Ask(ev, nil, func([]rules.Need) flow.Answers { return load })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-route +ask):\n%s", words[1], diff)
		}
		got, _ = set.Ask(ev, &want, func([]rules.Need) flow.Answers { return load })
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(flow.Routing{}, "Why")); diff != "" {
			t.Errorf("%s, read before (-route +ask):\n%s", words[1], diff)
		}
		again, _ := set.Reassign(want, set.Applies(ev), ev, func([]rules.Need) flow.Answers { return load })
		if diff := cmp.Diff(want, again); diff != "" {
			t.Errorf("%s, assigned anew (-route +reassign):\n%s", words[1], diff)
		}
	}
}
