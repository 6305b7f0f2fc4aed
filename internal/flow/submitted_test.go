package flow

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSubmitted_KeepsWhatTheRulesKnow: what only describes the event becomes no detail of card, ticket or page.
func TestSubmitted_KeepsWhatTheRulesKnow(t *testing.T) {
	t.Parallel()
	ev := Event{ID: "slack/1", Kind: RequestSubmitted, Actor: person("maya"), Fields: map[string][]string{
		"title": {"Banner"}, "type": {"banner"}, "source": {"slack"}, "event": {"mention"}, "text": {"Need a banner"},
		"priority": {"high"}, "channel": {"#launch"}, "due": {"2026-11-20"}, "brand": {"nova"}, "budget": {"5"},
	}}
	o := Step(twoStages(), Request{}, ev, Facts{New: "CR-1", Places: Places{Chat: "slack", Tracker: "jira"}, Routing: &Routing{
		Rule: "Banners", Title: "Banner", Workflow: "standard", Fields: map[string][]string{"brand": {"Nova"}},
	}})
	want := map[string][]string{"channel": {"#launch"}, "due": {"2026-11-20"}, "brand": {"Nova"}}
	if diff := cmp.Diff(want, o.Request.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	for _, e := range o.Effects {
		if e.Show == nil {
			continue
		}
		if diff := cmp.Diff(map[string][]string{"brand": {"Nova"}}, e.Show.View.Fields); diff != "" && e.Show.View.Kind != TicketView {
			t.Errorf("details of %s (-want +got):\n%s", e.Show.Purpose, diff)
		}
		if tf := e.Show.View.Ticket; tf != nil && !cmp.Equal(tf.Fields, map[string][]string{"brand": {"Nova"}}) {
			t.Errorf("details of the ticket: %v", tf.Fields)
		}
	}
}
