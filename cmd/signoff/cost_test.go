package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
	"signoff/internal/store/boltstore"
)

// settledMentions runs a whole hub against services that answer at once, has some mentions become cards, messages and
// tickets that name each other, and as many as are counted after them. It returns what the store was asked for before the
// counted ones and after each of them: until the first ones are through, the start is still finding out who everybody is.
func settledMentions(t *testing.T, first, counted int) []boltstore.Counts {
	t.Helper()
	dir := t.TempDir()
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) (string, bool) { return "", false }, now: time.Now, output: "json"}
	l, err := a.demoListen("127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	d, err := newDemo(a, demoOptions{speed: 1, empty: true, bypass: "flag"}, l, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	h, err := d.hub()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx, h) }()
	var after []boltstore.Counts
	for i := range first + counted {
		if err := mention(d.world, i+1); err != nil {
			t.Errorf("mention %d: %v", i+1, err)
		}
		if i >= first-1 {
			after = append(after, d.db.Counts())
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("the hub ended with %v", err)
	}
	return after
}

// mention asks for the nth request and waits until it is shown everywhere.
func mention(w *world, n int) error {
	ctx, stop := patient()
	defer stop()
	if _, err := w.slack.PostAs("U0MAYA001", demoRequest, fmt.Sprintf("<@U0SIGNOFF> Need Nova banner %d 300x250 by Friday EOD", n), ""); err != nil {
		return err
	}
	ticket := ""
	err := w.jira.Wait(ctx, func(s *jira.Server) bool {
		for _, i := range s.Issues() {
			if i.Parent == "" && strings.Contains(i.Summary, fmt.Sprintf("banner %d 300x250", n)) {
				ticket = i.Key
			}
		}
		i, ok := s.Issue(ticket)
		return ok && len(i.Links) > 0 && len(i.Subtasks) == 3
	})
	if err != nil {
		return fmt.Errorf("mention %d in Jira: %w", n, err)
	}
	err = w.slack.Wait(ctx, func(s *slack.Server) bool {
		inThread, direct := false, false
		for _, m := range s.Messages(demoRequest) {
			for _, reply := range s.Thread(demoRequest, m.TS) {
				inThread = inThread || strings.Contains(reply.Shown(), ticket)
			}
		}
		for _, u := range demoUsers() {
			for _, m := range s.DMs(u.ID) {
				direct = direct || strings.Contains(m.Shown(), ticket)
			}
		}
		return inThread && direct
	})
	if err != nil {
		return fmt.Errorf("%s in Slack: %w", ticket, err)
	}
	return nil
}

// TestMention_CostsFewCommits guards what the path from a mention to a card, a message to the assignee, a ticket with three
// sub-tickets and what follows from each other asks of the store, with the webhooks about all of it. How many share a commit
// is a matter of time, and what the clock and the other services of the demo do meanwhile is counted too: both only add, so
// the cheapest mention is what is held. Without the sub-tickets it was 17 to 22 transactions; each of them asks for five.
func TestMention_CostsFewCommits(t *testing.T) {
	t.Parallel()
	after := settledMentions(t, 3, 4)
	t.Logf("before, and after each more mention: %+v", after)
	for _, c := range []struct {
		what string
		of   func(boltstore.Counts) uint64
		most uint64
	}{
		{"transactions", func(c boltstore.Counts) uint64 { return c.Updates }, 44},
		{"commits", func(c boltstore.Counts) uint64 { return c.Commits }, 30},
		{"pages", func(c boltstore.Counts) uint64 { return c.Pages }, 480},
	} {
		cheapest := uint64(math.MaxUint64)
		for i := range len(after) - 1 {
			cheapest = min(cheapest, c.of(after[i+1])-c.of(after[i]))
		}
		if cheapest > c.most {
			t.Errorf("the cheapest mention costs %d %s, want at most %d", cheapest, c.what, c.most)
		}
	}
}
