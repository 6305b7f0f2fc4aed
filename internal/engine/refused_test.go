package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"signoff/connectors"
	"signoff/internal/flow"
	"strings"
	"testing"
	"time"
)

func TestDo_StormOnOneChannel(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		const cards = 500
		w.stop()
		w.rules = compile(t, strings.Replace(studio, ", workflow: standard", "", 1)) // cards and tickets only
		w.chat.set(func(o *outside) {
			o.pace = []connectors.Pace{{Key: "chat.postMessage/C1", PerMinute: 60, Burst: 1, Alone: true}}
		})
		w.conns["slack"] = paced{w.chat}
		w.start()
		w.settle()
		// The service takes ten calls at once and then wants one a second; who comes sooner waits half a minute.
		var shut, last time.Time
		var early, taken, refused int
		w.chat.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				now := time.Now()
				if now.Before(shut) {
					early++
				}
				if taken++; taken > 10 && now.Sub(last) < time.Second {
					refused++
					shut = now.Add(30 * time.Second)
					return &connectors.Error{Op: "chat.postMessage", Class: connectors.Limited, Scope: connectors.ScopeMethod, Wait: 30 * time.Second}
				}
				last = now
				return nil
			}
		})
		for i := range cards {
			status(t, "submit", w.hook(ask(fmt.Sprint(i), "Banner")), http.StatusOK)
		}
		w.pass(40 * time.Minute)
		if early > 0 {
			t.Errorf("%d calls before their Retry-After, want none", early)
		}
		missing := 0
		for i := range cards {
			if len(w.chat.of(fmt.Sprintf("CR-%d/card", i+1))) != 1 {
				missing++
			}
		}
		if missing > 0 {
			t.Errorf("%d of %d cards are not there exactly once", missing, cards)
		}
		if refused == 0 || refused > 3 {
			t.Errorf("the service refused %d calls, want the first few only: afterwards its pace is kept", refused)
		}
	})
}

func TestDo_LimitedAgainWaitsLonger(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var at []time.Time
		w.desk.set(func(o *outside) {
			o.fault = func(_ int, e flow.Effect) error {
				if len(at) == 8 {
					return nil
				}
				at = append(at, time.Now())
				return &connectors.Error{Op: "create issue", Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: time.Second, Err: errors.New("429")}
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.pass(10 * time.Minute)
		for i, least := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second} {
			if len(at) <= i+1 {
				t.Fatalf("%d calls, want 8", len(at))
			}
			if got := at[i+1].Sub(at[i]); got < least || got > 20*time.Second {
				t.Errorf("pause %d: %v, want at least %v and at most 20 s", i+1, got, least)
			}
		}
		w.outsideShows("CR-1", flow.InReview)
	})
}

func TestDo_LimitedHoldsItsScopeOnly(t *testing.T) {
	t.Parallel()
	for scope, tc := range map[string]struct {
		key      string
		tickets  int // made while the refusal holds
		purposes string
	}{
		connectors.ScopeInstance: {"", 0, ""},
		connectors.ScopeIssue:    {"J-99", 3, ""},
	} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				first := true
				w.desk.set(func(o *outside) {
					o.fault = func(int, flow.Effect) error {
						if !first {
							return nil
						}
						first = false
						return &connectors.Error{Op: "create issue", Class: connectors.Limited, Scope: scope, Key: tc.key, Wait: 10 * time.Minute}
					}
				})
				for i := range 4 {
					w.hook(ask(fmt.Sprint(i), "Banner"))
					w.settle()
				}
				w.pass(5 * time.Minute)
				made := 0
				for i := range 4 {
					made += len(w.desk.of(fmt.Sprintf("CR-%d/ticket", i+1)))
				}
				if made != tc.tickets {
					t.Errorf("%d tickets while the refusal holds, want %d", made, tc.tickets)
				}
				w.pass(20 * time.Minute)
				for i := range 4 {
					w.outsideShows(fmt.Sprintf("CR-%d", i+1), flow.InReview)
				}
			})
		})
	}
}

func TestDo_DeniedStopsAndResumes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) { o.denied = errors.New("401") })
		for i := range 3 {
			w.hook(ask(fmt.Sprint(i), "Banner"))
		}
		w.pass(2 * time.Hour)
		if got := w.metric("signoff_alarms_total", "what=denied"); got != 1 {
			t.Errorf("%v alarms, want 1", got)
		}
		if n := len(w.desk.madeCalls()); n > 3 {
			t.Errorf("%d calls to a stopped instance, want at most the first ones", n)
		}
		if h := w.engine.Health(context.Background()); h.Stopped["jira"] == "" {
			t.Errorf("stopped %v, want jira", h.Stopped)
		}
		w.desk.set(func(o *outside) { o.denied = nil })
		w.pass(3 * time.Minute)
		for i := range 3 {
			w.outsideShows(fmt.Sprintf("CR-%d", i+1), flow.InReview)
		}
		if h := w.engine.Health(context.Background()); len(h.Stopped) > 0 {
			t.Errorf("stopped %v after the token works again", h.Stopped)
		}
	})
}

func TestDo_BreakerSparesADestinationThatIsDown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				return &connectors.Error{Op: "create issue", Class: connectors.Transient, Err: errors.New("refused")}
			}
		})
		for i := range 100 {
			w.hook(ask(fmt.Sprint(i), "Banner"))
		}
		w.pass(8 * time.Second)
		if n := len(w.desk.madeCalls()); n > 50 {
			t.Errorf("%d calls within 8 s to a destination that is down, want few", n)
		}
		w.desk.set(func(o *outside) { o.fault = nil })
		w.pass(time.Hour)
		for i := range 100 {
			if n := len(w.desk.of(fmt.Sprintf("CR-%d/ticket", i+1))); n != 1 {
				t.Fatalf("%d tickets of CR-%d, want 1", n, i+1)
			}
		}
	})
}
