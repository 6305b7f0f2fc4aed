package rules_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
	"signoff/rules"
)

func surface(t *testing.T) *rules.Set {
	t.Helper()
	data, err := os.ReadFile("testdata/surface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := rules.Compile([]rules.Source{{Name: "rules/studio.yaml", Data: data}}, lumen())
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// wednesday is 2026-11-18 15:00 in London.
func wednesday() time.Time { return time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC) }

func message(from flow.Actor, channel, words string) flow.Event {
	return flow.Event{
		Kind: flow.RequestSubmitted, At: wednesday(), Actor: from, Body: text.Plain(words),
		Fields: map[string][]string{"source": {"slack"}, "channel": {channel}},
	}
}

func maya() flow.Actor {
	return flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "U0MAYA"}, Shown: "Maya", Zone: "Europe/London"}
}

func TestExplain_bannerAsInTheManual(t *testing.T) {
	t.Parallel()
	set := surface(t)
	ev := message(maya(), "#design-requests", "Need a Nova banner 300x250 by Friday EOD")
	e := set.Explain(ev, flow.Answers{Load: map[string]float64{"ana": 20, "ben": 31, "chloe": 12}})
	var b strings.Builder
	if err := e.Print(&b); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
	if e.Routed.Title != "Nova: banner 300x250" || e.Routed.Assignee != "chloe" {
		t.Errorf("got %+v", e.Routed)
	}
}
