package slack

import (
	"strings"
	"testing"

	"signoff/internal/flow"
)

func TestRateLimits(t *testing.T) {
	t.Parallel()
	card := flow.Effect{ID: "CR-1/1/0", Request: "CR-1", Show: &flow.Show{Purpose: "card", At: flow.Ref{System: "slack", Type: "channel", Key: testTeam + "/C1"}}}
	for words, kept := range map[string]bool{"": true, "rate_limits: slack\n": true, "rate_limits: none\n": false} {
		conn, err := New(decodeYAML(settingsYAML("http://127.0.0.1:9/api/")+words), testDeps(newKeep(), &logBuffer{}))
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		if got := conn.(*Connector).Pace(card); (len(got) > 0) != kept {
			t.Errorf("%q: limits %v, want some: %v", words, got, kept)
		}
	}
	_, err := New(decodeYAML(settingsYAML("http://127.0.0.1:9/api/")+"rate_limits: off\n"), testDeps(newKeep(), &logBuffer{}))
	if err == nil || !strings.Contains(err.Error(), "rate_limits") {
		t.Errorf("rate_limits: off gives %v, want a problem with the key", err)
	}
}
