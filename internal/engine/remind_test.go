package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/flow"
)

// reminding is the studio with a digest of what waits, each working morning.
func reminding(t *testing.T) string {
	t.Helper()
	return strings.Replace(studio, "rules:\n", `reminders:
  morning:
    - {cron: "30 9 * * 1-5", time_zone: Europe/London, to: waiting reviewers, via: slack dm, as: digest}
rules:
`, 1) + "    # end\n"
}

func (w *world) tells(to string) (list []flow.Effect) {
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	for _, e := range w.chat.told {
		if len(e.Tell.To) == 1 && e.Tell.To[0].Name == to && !e.Tell.Private {
			list = append(list, e)
		}
	}
	return list
}

func TestRemind_OneDigestForManyRequests(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		w.rules = compile(t, strings.Replace(reminding(t), "workflow: standard}", "workflow: standard, reminders: morning}", 1))
		w.start()
		for i := range 3 {
			w.hook(ask(fmt.Sprint(i), "Banner"))
		}
		w.hook(ask("gone", "Banner"))
		w.settle()
		before := len(w.tells("ana"))
		w.hook(press("v", "ana", "CR-4", flow.Approve)) // decided before the slot
		slot := time.Date(2000, 1, 3, 9, 30, 0, 0, time.UTC)
		w.pass(time.Until(slot) + time.Minute)
		got := w.tells("ana")[before:]
		if len(got) != 1 {
			t.Fatalf("%d messages to ana at the slot, want one digest", len(got))
		}
		v := got[0].Tell.View
		if !strings.HasPrefix(v.Headline, "3 requests") || strings.Contains(v.Body.String(), "CR-4") || len(v.Buttons) != 3 {
			t.Errorf("digest %q with %d buttons:\n%s\nwant the three that wait", v.Headline, len(v.Buttons), v.Body)
		}
		for id := range 2 {
			w.hook(press(fmt.Sprintf("w%d", id), "ana", flow.RequestID(fmt.Sprintf("CR-%d", id+1)), flow.Approve))
		}
		w.pass(24 * time.Hour)
		next := w.tells("dana")
		last := next[len(next)-1]
		if last.Request != "CR-3" {
			t.Errorf("the next morning dana is told %+v, want the one request that still waits, alone", last.Tell.View)
		}
	})
}

// TestRemind_TheDigestOfSomebodyWhoLeftTheChat is one mail, and nothing waits for a person: they were asked in chat, and their
// account has become somebody else's since.
func TestRemind_TheDigestOfSomebodyWhoLeftTheChat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.Replace(reminding(t), "workflow: standard}", "workflow: standard, reminders: morning}", 1))
		mail := newOutside("email", time.Now)
		w.conns["email"] = mailbox{mail}
		w.start()
		defer func() { w.stop() }()
		for i := range 3 {
			w.hook(ask(fmt.Sprint(i), "Banner"))
		}
		w.settle()
		taken := ask("taken", "thanks")
		taken.Event.Actor = flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "Udana"}, Email: "ben@lumen.example"}
		w.hook(taken)
		slot := time.Date(2000, 1, 3, 9, 30, 0, 0, time.UTC)
		for day := range 2 {
			w.pass(time.Until(slot.AddDate(0, 0, day)) + time.Minute)
			mail.mu.Lock()
			var digests []string
			for _, e := range mail.told {
				digests = append(digests, e.Tell.View.Headline)
			}
			mail.mu.Unlock()
			if len(digests) != day+1 || !strings.HasPrefix(digests[day], "3 requests") {
				t.Errorf("on day %d mails said %q, want one digest of three each morning", day+1, digests)
			}
		}
		if parked, err := w.engine.Parked(context.Background()); err != nil || len(parked) > 0 {
			t.Errorf("parked %+v, %v", parked, err)
		}
	})
}

func TestRemind_TheClockJumps(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		w.rules = compile(t, strings.Replace(reminding(t), "workflow: standard}", "workflow: standard, reminders: morning}", 1))
		w.start()
		w.hook(ask("1", "Banner"))
		w.settle()
		before := len(w.tells("ana"))
		w.stop()
		w.pass(10 * 24 * time.Hour) // the process slept through seven mornings
		w.start()
		w.pass(time.Minute)
		if got := len(w.tells("ana")) - before; got != 1 {
			t.Errorf("%d reminders after ten days asleep, want one", got)
		}
	})
}
