package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// inTriage runs a test in a world whose rules place banners only; everything else waits for triage in a channel.
func inTriage(t *testing.T, triage string, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.NewReplacer(
			"groups:\n", "groups:\n  ops: [dana]\n", "  - name: Everything else\n", "  - name: Banners\n    match: {text: {contains: banner}}\n",
		).Replace(studio))
		w.opts = func(o *engine.Options) { o.Triage = triage }
		w.start()
		defer func() { w.stop() }()
		test(w)
	})
}

// triageSays is what somebody says of a request in triage, in chat.
func triageSays(id, who string, kind flow.Kind, request, words string, fields ...string) body {
	ev := &flow.Event{
		Kind: kind, Request: flow.RequestID(request), Body: text.Plain(words), Fields: map[string][]string{},
		Actor: flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "U" + who}}, Where: flow.Ref{System: "slack", Type: "channel", Key: "C9"},
	}
	for i := 0; i+1 < len(fields); i += 2 {
		ev.Fields[fields[i]] = []string{fields[i+1]}
	}
	return body{ID: id, Event: ev}
}

// triageCard is the one card about a request in triage.
func (w *world) triageCard(t *testing.T, mark string) *thing {
	t.Helper()
	list := w.chat.of(mark)
	if len(list) != 1 {
		t.Fatalf("%d cards with the mark %s, want one", len(list), mark)
	}
	return list[0]
}

func TestTriage_IsAskedWhereItIsLookedAfter(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct{ triage, mark, where string }{
		"a channel": {"#creative-ops", "CR-1/triage", "#creative-ops"},
		"a group":   {"", "CR-1/triage/dana", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inTriage(t, tc.triage, func(w *world) {
				w.hook(ask("1", "A poster"))
				w.settle()
				if got := pressable(w.triageCard(t, tc.mark).view); len(got) != 5 { // with "why"
					t.Errorf("the card has the buttons %v, want accept, merge, snooze, decline and why", got)
				}
				waiting, open, err := w.engine.Triage(context.Background())
				if err != nil || len(waiting) != 1 || len(open) != 1 {
					t.Errorf("Triage: %d wait, %d are open, %v; want the one", len(waiting), len(open), err)
				}
				w.hook(triageSays("2", "ben", flow.RequestAccepted, "CR-1", "", "assignee", "ben"))
				w.settle()
				if r := w.request("CR-1"); (r.Triage == "") != (tc.triage != "") {
					t.Errorf("Ben, who is no triager of a group, left triage %q", r.Triage)
				}
				w.hook(triageSays("3", "dana", flow.RequestAccepted, "CR-1", "", "assignee", "ana"))
				w.settle()
				if got := pressable(w.triageCard(t, tc.mark).view); len(got) != 0 {
					t.Errorf("once it is decided the card has the buttons %v, want none", got)
				}
				if waiting, _, _ = w.engine.Triage(context.Background()); len(waiting) != 0 {
					t.Errorf("%d requests still wait", len(waiting))
				}
			})
		})
	}
}

func TestTriage_SnoozedComesBackOnItsMorning(t *testing.T) {
	t.Parallel()
	inTriage(t, "#creative-ops", func(w *world) {
		w.hook(ask("1", "A poster"))
		w.settle()
		day := time.Now().UTC().AddDate(0, 0, 3)
		w.hook(triageSays("2", "dana", flow.RequestSnoozed, "CR-1", "Until the brand is chosen", "until", day.Format(time.DateOnly)))
		w.settle()
		if got := pressable(w.triageCard(t, "CR-1/triage").view); len(got) != 0 || w.request("CR-1").Status != flow.Snoozed {
			t.Errorf("%s with the buttons %v, want snoozed without", w.request("CR-1").Status, got)
		}
		w.stop()
		w.start() // the timer outlives a restart
		morning := time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, time.UTC)
		w.pass(time.Until(morning) - time.Minute)
		if got := w.request("CR-1").Status; got != flow.Snoozed {
			t.Errorf("a minute before its morning it is %s", got)
		}
		w.pass(2 * time.Minute)
		if got := pressable(w.triageCard(t, "CR-1/triage").view); len(got) != 5 || w.request("CR-1").Status != flow.Intake {
			t.Errorf("on its morning %s with the buttons %v, want intake with five", w.request("CR-1").Status, got)
		}
		w.chat.mu.Lock()
		defer w.chat.mu.Unlock()
		if n := len(w.chat.told); n == 0 || !strings.Contains(w.chat.told[n-1].Tell.View.Headline, "is back") {
			t.Errorf("triage was not told that it is back: %+v", w.chat.told)
		}
	})
}

// TestTriage_MergeIsOneTransaction: both halves, with the conversation of the merged thread in the one that stays, whichever
// of the two is older.
func TestTriage_MergeIsOneTransaction(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct{ gone, kept, thread string }{
		"into an older one": {"CR-2", "CR-1", "C1/2"},
		"into a newer one":  {"CR-1", "CR-2", "C1/1"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inTriage(t, "#creative-ops", func(w *world) {
				w.hook(ask("1", "A poster"))
				w.settle()
				w.hook(ask("2", "The poster again"))
				w.settle()
				w.hook(triageSays("3", "dana", flow.RequestMerged, tc.gone, "", "into", strings.ToLower(tc.kept)))
				w.settle()
				gone, kept := w.request(tc.gone), w.request(tc.kept)
				if gone.Status != flow.Merged || gone.Into != kept.ID || len(kept.Joined) != 1 || kept.Joined[0] != gone.ID {
					t.Fatalf("%s is %s into %q, %s joined %v", gone.ID, gone.Status, gone.Into, kept.ID, kept.Joined)
				}
				w.outsideShows(tc.gone, flow.Merged)
				comment := triageSays("4", "maya", flow.CommentAdded, "", "It is A2 now")
				comment.Event.Subject = flow.Ref{System: "slack", Type: "thread", Key: tc.thread}
				comment.Event.Said = flow.Ref{System: "slack", Type: "message", Key: tc.thread + "/9"}
				w.hook(comment)
				w.settle()
				if n := len(w.request(tc.kept).Comments); n != 1 {
					t.Errorf("%s has %d comments, want what was said where %s came from", tc.kept, n, tc.gone)
				}
				w.hook(triageSays("5", "maya", flow.RequestWithdrawn, tc.kept, ""))
				w.settle()
				comment.ID, comment.Event.Said.Key = "6", tc.thread+"/10"
				w.hook(comment)
				w.settle()
				if n := len(w.request(tc.kept).Comments); n != 2 {
					t.Errorf("once it is closed %s has %d comments, want 2: the conversation stays with it", tc.kept, n)
				}
			})
		})
	}
}

// TestTriage_MergeAndVoteRace: whatever comes first counts, and the other is told why it does not.
func TestTriage_MergeAndVoteRace(t *testing.T) {
	t.Parallel()
	for what, first := range map[string]string{"the vote first": "vote", "the merge first": "merge"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inTriage(t, "#creative-ops", func(w *world) {
				w.hook(ask("1", "Spring banner"))
				w.settle()
				w.hook(ask("2", "Summer banner"))
				w.settle()
				vote, merge := press("3", "ana", "CR-2", flow.Approve), triageSays("4", "dana", flow.RequestMerged, "CR-2", "", "into", "CR-1")
				if first == "vote" {
					w.hook(vote)
					w.hook(merge)
				} else {
					w.hook(merge)
					w.hook(vote)
				}
				w.settle()
				want := map[string]flow.Status{"vote": flow.Approved, "merge": flow.Merged}[first]
				w.outsideShows("CR-2", want)
				if joined := w.request("CR-1").Joined; (len(joined) == 1) != (first == "merge") {
					t.Errorf("CR-1 joined %v although CR-2 is %s", joined, want)
				}
			})
		})
	}
}
