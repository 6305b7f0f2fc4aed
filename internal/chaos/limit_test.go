package chaos

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/sandbox"
)

// TestF30_RetryAfter: a method that was refused for now is left alone until its time, whoever wants it; everything else
// goes on, and nothing is lost.
func TestF30_RetryAfter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		method string
		wait   time.Duration
	}{
		{"chat.postMessage", time.Second}, {"chat.postMessage", 10 * time.Minute}, {"chat.update", 45 * time.Second},
		{"conversations.open", 45 * time.Second}, {"conversations.replies", 10 * time.Minute}, {"users.info", 10 * time.Minute},
	} {
		t.Run(fmt.Sprint(tc.method, " ", tc.wait), func(t *testing.T) {
			t.Parallel()
			in(t, nil, func(w *world) {
				w.arm("slack", tc.method, sandbox.RateLimit, 1, tc.wait)
				first := w.mention(launch, "A banner for Nova")
				w.pass(2 * time.Second)
				second := w.mention(design, "A film for Nova") // another channel wants the same
				w.pass(tc.wait + 3*time.Minute)
				w.quiet(tc.method, http.StatusTooManyRequests, tc.wait)
				w.once("CR-1", launch, first, flow.InReview)
				w.once("CR-2", design, second, flow.InReview)
				if made := w.made("POST /rest/api/2/issue"); len(made) != 2 || made[1].at.Sub(made[0].at) > 65*time.Second {
					t.Errorf("tickets were made at %v, want both while Slack waits", made)
				}
			})
		})
	}
}

// quiet checks that a method is not called before the time that a refusal names.
func (w *world) quiet(method string, status int, wait time.Duration) {
	w.t.Helper()
	list := w.made(method)
	refused := 0
	for i, c := range list {
		if c.status != status {
			continue
		}
		refused++
		for _, next := range list[i+1:] {
			if early := c.at.Add(wait).Sub(next.at); early > 0 && next.at.After(c.at) { // at one instant they were under way together
				w.t.Errorf("%s is called %s before its time", method, early)
			}
		}
	}
	if refused != 1 {
		w.t.Errorf("%s was refused %d times, want once: %v", method, refused, list)
	}
}

// TestF31_AnHourOfErrors: the destination is spared, the operator hears of it once, and afterwards everything is told, in
// each channel no faster than Slack allows.
func TestF31_AnHourOfErrors(t *testing.T) {
	t.Parallel()
	in(t, nil, func(w *world) {
		w.mention(launch, "Before the trouble")
		w.pass(time.Minute)
		w.arm("slack", "", sandbox.Error503, sandbox.UntilCleared, 0)
		var threads []string
		const asked = 8
		for i := range asked {
			threads = append(threads, w.mention(launch, fmt.Sprint("Banner number ", i)))
			w.pass(time.Minute)
		}
		w.forget()
		w.pass(15 * time.Minute)
		if n := len(w.made("")); n > 250 {
			t.Errorf("%d calls in a quarter of an hour to a service that is down, want few", n)
		}
		w.pass(50 * time.Minute)
		if n := w.metric("signoff_alarms_total"); n != 1 {
			t.Errorf("%v alarms, want one; the log:\n%s", n, w.errors())
		}
		w.faults.Clear()
		back := time.Now()
		w.pass(10 * time.Minute)
		for i, ts := range threads {
			w.once(fmt.Sprint("CR-", i+2), launch, ts, flow.InReview)
		}
		var at []time.Time
		for _, m := range w.slack.Messages(launch) {
			for _, answer := range w.slack.Thread(launch, m.TS) {
				if when := stamp(answer.TS); answer.FromApp && when.After(back) {
					at = append(at, when)
				}
			}
		}
		if most := busiest(at, 10*time.Second); len(at) != asked || most > 12 {
			t.Errorf("%d messages in the channel, up to %d within 10 s; want %d, at most one a second", len(at), most, asked)
		}
	})
}

// stamp is when a message was written.
func stamp(ts string) time.Time {
	var seconds, micros int64
	_, _ = fmt.Sscanf(ts, "%d.%d", &seconds, &micros) // what is none counts as long ago
	return time.Unix(seconds, micros*1000)
}

// busiest is how many instants lie within the span at most.
func busiest(at []time.Time, span time.Duration) (most int) {
	for _, from := range at {
		n := 0
		for _, other := range at {
			if !other.Before(from) && other.Before(from.Add(span)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
