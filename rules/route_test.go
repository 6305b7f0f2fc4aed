package rules_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestExplain_prints(t *testing.T) {
	t.Parallel()
	set := surface(t)
	load := flow.Answers{Load: map[string]float64{"ana": 20, "ben": 31, "chloe": 12}}
	bot := flow.Actor{Bot: true, Shown: "Deploybot"}
	for name, c := range map[string]struct {
		from    flow.Actor
		channel string
		words   string
	}{
		"banner": {maya(), "#design-requests", "Need a Nova banner 300x250 by Friday EOD"},
		"video":  {flow.Actor{Name: "dana"}, "#launch", "A Lumen reel for the spring launch by 24 November, up to €9,500"},
		"vague":  {maya(), "#random", "Could somebody look at this?"},
		"bot":    {bot, "#design-requests", "deployed banner service"},
	} {
		var b strings.Builder
		if err := set.Explain(message(c.from, c.channel, c.words), load).Print(&b); err != nil {
			t.Fatal(err)
		}
		path := "testdata/explain/" + name + ".txt"
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.words, diff)
		}
	}
}

func TestRoute_carriesTheEffort(t *testing.T) {
	t.Parallel()
	got := surface(t).Route(message(maya(), "#design-requests", "Need a Nova banner 300x250 by Friday EOD"), flow.Answers{})
	if got.Effort != 6 {
		t.Errorf("effort = %v hours, want the template's 6, so that the next request sees the load", got.Effort)
	}
}

func TestRoute_readsWhenARequestWithoutATypeIsDue(t *testing.T) {
	t.Parallel()
	got := surface(t).Route(message(maya(), "#random", "Could somebody look at this by Friday EOD?"), flow.Answers{})
	if want := time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC); got.Template != "" || !got.Due.Equal(want) {
		t.Errorf("template %q, due %v, want no template and the end of work on Friday, %v", got.Template, got.Due, want)
	}
}

func TestExplain_isJSON(t *testing.T) {
	t.Parallel()
	e := surface(t).Explain(message(maya(), "#launch", "Nova banner"), flow.Answers{})
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"rules":[{"rule":"Ignore bots and thanks","held":false`, `"place":"rules/studio.yaml:`, `"do":[{"verb":"create"`, `"routing":{"rule":"Everything else"`} {
		if !strings.Contains(string(data), key) {
			t.Errorf("JSON lacks %s: %s", key, data)
		}
	}
}
