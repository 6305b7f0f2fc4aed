package jira

import (
	"testing"

	"signoff/internal/flow"
)

func TestRateLimits(t *testing.T) {
	t.Parallel()
	ticket := flow.Effect{ID: "CR-1/1/0", Request: "CR-1", Show: &flow.Show{Purpose: "ticket", At: flow.Ref{System: "jira", Type: "project", Key: "DES"}}}
	for word, kept := range map[string]bool{"": true, "jira": true, "none": false} {
		s := Settings{RateLimits: word}
		if err := s.limits(); err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		if got := (&Connector{set: s}).Pace(ticket); (len(got) > 0) != kept {
			t.Errorf("%q: limits %v, want some: %v", word, got, kept)
		}
	}
	s := Settings{RateLimits: "none", WritesPerDay: 10}
	if got := (&Connector{set: s}).Pace(ticket); len(got) != 1 || got[0].Key != "day" {
		t.Errorf("none with writes_per_day: %v, want the day's budget alone", got)
	}
	if err := (&Settings{RateLimits: "off"}).limits(); err == nil {
		t.Error("rate_limits: off is taken, want a problem")
	}
}
