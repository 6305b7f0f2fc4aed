package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"signoff/internal/sandbox/slack"
)

// slackForm waits for an open form of that title and wants exactly these inputs: slack form USER TITLE LABEL…
func slackForm(ts *testscript.TestScript, s *slack.Server, args []string) {
	ctx, cancel := patient()
	defer cancel()
	id, title := user(ts, args[0]), args[1]
	open := func(*slack.Server) bool { v, ok := s.Modal(id); return ok && v.Title == title }
	if err := s.Wait(ctx, open); err != nil {
		v, _ := s.Modal(id)
		ts.Fatalf("no form %q is open for %s, but %q", title, args[0], v.Title)
	}
	v, _ := s.Modal(id)
	var have []string
	for _, b := range v.Blocks {
		label, _ := b["label"].(map[string]any)
		if words, ok := label["text"].(string); ok && b["type"] == "input" {
			have = append(have, words)
		}
	}
	if want := args[2:]; !slices.Equal(have, want) {
		ts.Fatalf("the form asks for %q, want exactly %q", have, want)
	}
}

// slackRefused sends the open form and wants it refused with the words: slack refused USER WORDS NAME=VALUE…
func slackRefused(ts *testscript.TestScript, s *slack.Server, args []string) {
	a, err := s.SubmitModal(user(ts, args[0]), pairs(ts, args[2:]))
	ts.Check(err)
	if said := strings.Join(slices.Collect(maps.Values(a.Errors)), "\n"); !strings.Contains(said, args[1]) {
		ts.Fatalf("the form was answered with %q %v, want %q", a.Toast, a.Errors, args[1])
	}
}
