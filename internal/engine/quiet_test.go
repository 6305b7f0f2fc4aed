package engine_test

import (
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
)

// quiet is the studio with a digest every hour of the night, a limit that ends at night, and a chain after it. Ana has quiet
// hours, Dana none.
func quiet(t *testing.T) string {
	t.Helper()
	return strings.NewReplacer(
		"ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}", `ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london, quiet_hours: "19:00-08:30"}`,
		"needs: 1\n", "needs: 1\n        time_limit: 12 clock hours\n",
		"rules:\n", `reminders:
  hourly: [{cron: "0 * * * *", time_zone: Europe/London, to: waiting reviewers, via: slack dm, as: digest}]
escalations:
  lead: [{after: time limit, tell: [ana, ben], via: slack dm}]
rules:
`, "workflow: standard}", "workflow: standard, reminders: hourly, escalation: lead}").Replace(studio)
}

// at lists when somebody was told of something that holds words, as the clock shows it.
func (w *world) at(who, words string) (list []string) {
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	for _, c := range w.chat.calls {
		e := c.effect
		if e.Tell == nil || e.Tell.Private || len(e.Tell.To) != 1 || e.Tell.To[0].Name != who || !strings.Contains(e.Tell.View.Headline, words) {
			continue
		}
		list = append(list, c.at.UTC().Format("Mon 15:04"))
	}
	return list
}

// In quiet hours nothing is said; what fell into them comes once when they end, and others are told in time.
func TestQuiet_TheNightIsOneDigestInTheMorning(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		w.rules = compile(t, quiet(t))
		w.start()
		w.pass(time.Until(time.Date(2000, 1, 3, 17, 30, 0, 0, time.UTC)))
		w.hook(ask("1", "Banner"))
		w.hook(ask("2", "Poster"))
		w.pass(time.Until(time.Date(2000, 1, 4, 9, 30, 0, 0, time.UTC)))

		digests := func(list []string) (out []string) {
			for _, at := range list {
				if len(out) == 0 || out[len(out)-1] != at {
					out = append(out, at)
				}
			}
			return out
		}
		w.want("Ana is reminded", digests(w.at("ana", "2 requests")), []string{"Mon 18:00", "Tue 08:30", "Tue 09:00"})
		w.want("and of each once a time", len(w.at("ana", "2 requests")), 3)
		if n := len(w.at("dana", "2 requests")); n != 16 {
			t.Errorf("Dana, who has no quiet hours, was reminded %d times, want every hour: 16", n)
		}
		w.want("Ben is told at the limit", digests(w.at("ben", "has waited for")), []string{"Tue 05:30"})
		w.want("Ana of the same in the morning", digests(w.at("ana", "has waited for")), []string{"Tue 08:30"})

		for _, id := range []string{"CR-1", "CR-2"} {
			w.hook(press("v"+id, "dana", flow.RequestID(id), flow.Approve))
		}
		w.pass(time.Minute)
		before := len(w.at("ana", ""))
		w.pass(24 * time.Hour)
		if n := len(w.at("ana", "")) - before; n != 0 {
			t.Errorf("Ana was told %d times of what is done", n)
		}
	})
}

// A clock that jumps over a night and a day brings one reminder each, not one for every hour.
func TestQuiet_ALateStartBringsOneReminder(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		w.rules = compile(t, quiet(t))
		w.start()
		w.pass(time.Until(time.Date(2000, 1, 3, 17, 30, 0, 0, time.UTC)))
		w.hook(ask("1", "Banner"))
		w.pass(time.Minute)
		w.stop()
		time.Sleep(3 * 24 * time.Hour)
		w.start()
		w.pass(time.Minute)
		if got := w.at("ana", "still waits"); len(got) != 1 {
			t.Errorf("Ana was reminded at %v, want once", got)
		}
		if got := w.at("dana", "still waits"); len(got) != 1 {
			t.Errorf("Dana was reminded at %v, want once", got)
		}
	})
}
