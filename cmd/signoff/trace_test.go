package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/server"
)

// TestPrintEvents_FoldsConfirmations: what only confirms shares a line, and no line is wider than a terminal.
func TestPrintEvents_FoldsConfirmations(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	ana := &server.Person{Name: "ana", Shown: "Ana Reyes"}
	d := server.RequestDetail{
		Effects: []server.EffectItem{{ID: "CR-1/2/1", Purpose: "card"}, {ID: "CR-1/2/2", Purpose: "card"}, {ID: "CR-1/2/3", Purpose: "ask/1/Brand review/ana"}},
		Events: []server.EventItem{
			{ID: "slack/1", Kind: flow.VoteCast, At: at, Actor: ana, Why: []flow.Reason{
				{Text: "Ana Reyes approved Brand review.", Held: true},
				{Text: "Video with budget: type is not video, text has none of: video, reel, animation, gif, motion", Place: "rules/studio.yaml:143"},
			}},
			{ID: "done/CR-1/2/1", Kind: flow.EffectDone, At: at},
			{ID: "done/CR-1/2/3", Kind: flow.EffectDone, At: at},
			{ID: "done/CR-1/2/2", Kind: flow.EffectDone, At: at},
			{ID: "jira/1", Kind: flow.TicketMoved, At: at, Echo: true},
			{ID: "jira/2", Kind: flow.TicketMoved, At: at, Actor: ana, Why: []flow.Reason{{Text: "The ticket was moved."}}},
		},
	}
	const want = `
2026-11-18 10:00 UTC  vote.cast  Ana Reyes
  ✓ Ana Reyes approved Brand review.
  · Video with budget: type is not video, text has none of: video, reel, animation, gif, motion
    (rules/studio.yaml:143)
  confirmed outside: card (2), question to a reviewer, status of the ticket

2026-11-18 10:00 UTC  ticket.moved  Ana Reyes
  · The ticket was moved.
`
	var out bytes.Buffer
	(&app{out: &out}).printEvents(d)
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestVisible_WhatSteersATerminalIsWrittenOut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain ü 👍\n\tnext":    "plain ü 👍\n\tnext",
		"From: a\r\n\r\nwords": "From: a\n\nwords",
		"\x1b[2Jgone":          `\u001b[2Jgone`,
		"back\rover":           `back\u000dover`,
		"c1 \u009b31m":         `c1 \u009b31m`,
		"turned \u202eround":   `turned \u202eround`,
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}
