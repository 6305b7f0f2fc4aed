package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// seen counts what came to a service.
func (o *outside) seen() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.told) + len(o.things)
}

// TestShadow_TellsOnceADayWhatWouldHaveBeen: nothing else goes outside.
func TestShadow_TellsOnceADayWhatWouldHaveBeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.Replace(studio, "groups:\n", "groups:\n  ops: [dana]\n", 1))
		w.opts = func(o *engine.Options) { o.Mode = "shadow" }
		w.start()
		defer func() { w.stop() }()
		w.hook(ask("1", "Spring banner"))
		w.hook(ask("2", "Summer banner"))
		w.settle()
		w.hook(press("3", "ana", "CR-1", flow.Approve))
		w.settle()
		morning := time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC)
		w.pass(time.Until(morning) - time.Minute)
		if n := w.chat.seen() + w.desk.seen(); n != 0 {
			t.Fatalf("%d things went outside in shadow mode", n)
		}
		w.pass(2 * time.Minute)
		got := w.tells("dana")
		if len(got) != 1 {
			t.Fatalf("%d messages in the morning, want one", len(got))
		}
		v := got[0].Tell.View
		for _, want := range []string{"I would have", "posted 2 cards", "made 2 tickets", "asked 4 reviewers for a decision", "Nothing of it was done"} {
			if !strings.Contains(v.Headline, want) {
				t.Errorf("%q says nothing of %q", v.Headline, want)
			}
		}
		if !strings.Contains(v.Body.String(), "Everything else: 2 requests") {
			t.Errorf("the message does not name the rule:\n%s", v.Body)
		}
		w.pass(25 * time.Hour)
		if n := len(w.tells("dana")); n != 1 {
			t.Errorf("%d messages after a day in which nothing was decided, want the one", n)
		}
		w.hook(ask("4", "Autumn banner"))
		w.pass(24 * time.Hour)
		if got := w.tells("dana"); len(got) != 2 || !strings.Contains(got[1].Tell.View.Headline, "posted 1 card.") {
			t.Errorf("%d messages, the last says %q; want what came after the first", len(got), got[len(got)-1].Tell.View.Headline)
		}
	})
}
