package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

func TestDo_LostAnswerIsFoundNotDoubled(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		lost int           // how many answers of each purpose are lost
		lag  time.Duration // how long the outside cannot be searched
	}{
		"found at once": {1, 0},
		"found late":    {1, 100 * time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				for _, o := range []*outside{w.chat, w.desk} {
					lost := map[string]int{}
					o.set(func(o *outside) {
						o.lag = tc.lag
						o.lose = func(_ int, e flow.Effect) bool {
							lost[e.Mark()]++
							return lost[e.Mark()] <= tc.lost
						}
					})
				}
				status(t, "submit", w.hook(ask("1", "Spring banner")), http.StatusOK)
				w.pass(10 * time.Minute)
				w.outsideShows("CR-1", flow.InReview)
				for _, th := range w.desk.of("CR-1/ticket") {
					if th.version == 1 && th.writes != 1 {
						t.Errorf("ticket written %d times for one version, want 1", th.writes)
					}
				}
			})
		})
	}
}

func TestDo_NothingLeftBehindIsMadeOnceMoreThenParked(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		fails  int
		calls  int
		parked bool
	}{
		"second call": {1, 2, false},
		"never":       {100, 2, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				left := tc.fails
				creates := 0
				w.desk.set(func(o *outside) {
					o.lag = time.Second // a search is only sure after 180 s
					o.fault = func(_ int, e flow.Effect) error {
						if e.Show == nil || e.Show.Link != nil {
							return nil
						}
						creates++
						if left--; left < 0 {
							return nil
						}
						return &connectors.Error{Op: "create issue", Class: connectors.Unsure, Err: errors.New("reset")}
					}
				})
				w.hook(ask("1", "Spring banner"))
				w.pass(time.Hour)
				if creates != tc.calls {
					t.Errorf("%d creating calls, want %d", creates, tc.calls)
				}
				parked, err := w.engine.Parked(context.Background())
				must(t, err)
				if (len(parked) > 0) != tc.parked {
					t.Errorf("parked: %+v, want parked %v", parked, tc.parked)
				}
			})
		})
	}
}

// TestDo_LostAnswersOfMessagesAreOutlived: a service that loses every answer for an hour gets its messages afterwards,
// once each, and is not asked all the time meanwhile.
func TestDo_LostAnswersOfMessagesAreOutlived(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		start, tries := time.Now(), 0
		w.chat.set(func(o *outside) {
			o.fault = func(_ int, e flow.Effect) error {
				if time.Since(start) > time.Hour {
					return nil
				}
				if e.Mark() == "CR-1/card" {
					tries++
				}
				return &connectors.Error{Op: "chat.postMessage", Class: connectors.Unsure, Err: errors.New("503")}
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.pass(time.Hour + 20*time.Minute)
		w.outsideShows("CR-1", flow.InReview)
		if tries < 10 || tries > 40 {
			t.Errorf("%d tries in an hour of lost answers, want pauses that grow to 5 minutes", tries)
		}
		for _, th := range w.chat.of("CR-1/card") {
			if th.writes > 2 {
				t.Errorf("card written %d times", th.writes)
			}
		}
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) > 0 {
			t.Errorf("parked: %+v, want nothing", parked)
		}
	})
}

func TestDo_TransientRetriesWithGrowingPauses(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		start := time.Now()
		w.desk.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				if time.Since(start) < time.Hour+10*time.Minute {
					return &connectors.Error{Op: "create issue", Class: connectors.Transient, Err: errors.New("503")}
				}
				return nil
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.settle()
		if _, ok := w.request("CR-1").Link("card"); !ok {
			t.Error("no card while the tracker is down: intake must not stop")
		}
		w.pass(time.Hour + 20*time.Minute)
		w.outsideShows("CR-1", flow.InReview)
		calls := w.desk.madeCalls()
		if n := len(calls); n < 10 || n > 40 {
			t.Errorf("%d calls in an hour of failing, want pauses that grow to 5 minutes", n)
		}
		if got, all := w.metric("signoff_alarms_total", "what=outage"), w.metric("signoff_alarms_total"); got != 1 || all != 1 {
			t.Errorf("%v alarms about the tracker of %v in all, want 1: what waits for it adds none", got, all)
		}
	})
}

// One thing that fails for long while the destination answers others is told by itself.
func TestDo_OneEffectThatIsLateIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.fault = func(_ int, e flow.Effect) error {
				if e.Request == "CR-1" {
					return &connectors.Error{Op: "create issue", Class: connectors.Transient, Err: errors.New("503")}
				}
				return nil
			}
		})
		w.hook(ask("1", "Spring banner"))
		for i := range 13 {
			w.pass(5 * time.Minute)
			w.hook(ask(fmt.Sprint(i+2), "Another"))
		}
		w.pass(10 * time.Minute)
		if got, all := w.metric("signoff_alarms_total", "what=effect_late"), w.metric("signoff_alarms_total"); got != 1 || all != 1 {
			t.Errorf("%v alarms about the late ticket of %v in all, want 1", got, all)
		}
	})
}

func TestDo_GivenUpAfterAWeek(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				return &connectors.Error{Op: "create issue", Class: connectors.Transient, Err: errors.New("503")}
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.pass(8 * 24 * time.Hour)
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) != 1 || !strings.Contains(parked[0].Why, "week") {
			t.Fatalf("parked: %+v, want the ticket, given up after a week", parked)
		}
		w.desk.set(func(o *outside) { o.fault = nil })
		must(t, w.engine.Replay(context.Background(), parked[0].Job))
		w.pass(time.Minute)
		if n := len(w.desk.of("CR-1/ticket")); n != 1 {
			t.Errorf("%d tickets after the replay, want 1", n)
		}
	})
}

func TestDo_RejectedIsParkedAndShown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.desk.set(func(o *outside) {
			o.fault = func(int, flow.Effect) error {
				return &connectors.Error{Op: "create issue", Class: connectors.Rejected, Person: "Jira wants a Brand.", Err: errors.New("400")}
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.pass(time.Hour)
		if n := len(w.desk.madeCalls()); n != 1 {
			t.Errorf("%d calls, want 1: it will never be taken", n)
		}
		d, err := w.engine.Request(context.Background(), "CR-1")
		must(t, err)
		if len(d.Request.Problems) != 1 {
			t.Errorf("problems %+v, want the ticket's", d.Request.Problems)
		}
		var state string
		for _, e := range d.Effects {
			if e.Purpose == "ticket" {
				state = e.State + ": " + e.Why
			}
		}
		if state != "parked: Jira wants a Brand." {
			t.Errorf("the ticket's effect is %q, want parked with the sentence", state)
		}
	})
}

// TestDo_MadeAllTheSame: a ticket that was made but could not be brought to its status is known to its request.
func TestDo_MadeAllTheSame(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		there := flow.Link{Ref: flow.Ref{System: "jira", Type: "issue", Key: "10042"}, Purpose: "ticket", Label: "DES-7"}
		w.desk.set(func(o *outside) {
			o.fault = func(_ int, e flow.Effect) error {
				if e.Show == nil || e.Show.Purpose != "ticket" || e.Show.Link != nil {
					return nil
				}
				return &connectors.Error{Op: "move issue", Class: connectors.Rejected, Person: "No transition.", Err: errors.New("no way"), Made: []flow.Link{there}}
			}
		})
		w.hook(ask("1", "Spring banner"))
		w.pass(time.Minute)
		r := w.request("CR-1")
		if l, ok := r.Link("ticket"); !ok || l.Label != "DES-7" {
			t.Errorf("ticket %+v, want DES-7", l)
		}
		if len(r.Problems) != 1 {
			t.Errorf("problems %+v, want the transition's", r.Problems)
		}
	})
}

// TestDo_LimitedAgainWaitsLonger: a service that says "in a second" again and again is not asked every second.
func TestDo_PanicAndHangArePoisonToThemselvesOnly(t *testing.T) {
	t.Parallel()
	for what, fault := range map[string]func(){
		"panic": func() { panic("nil map") },
		"hang":  func() { time.Sleep(24 * time.Hour) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.stop()
				w.conns["jira"] = &wild{tracker{w.desk}, fault}
				w.start()
				w.hook(ask("1", "Banner"))
				w.pass(2 * time.Hour)
				parked, err := w.engine.Parked(context.Background())
				must(t, err)
				if len(parked) != 1 || parked[0].Purpose != "ticket" {
					t.Errorf("parked %+v, want the ticket alone", parked)
				}
				if _, ok := w.request("CR-1").Link("card"); !ok {
					t.Error("no card: the poison held up others")
				}
				time.Sleep(25 * time.Hour) // the hanging calls come back
			})
		})
	}
}

func TestDo_OneThatHangsLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		w.conns["jira"] = &wild{tracker{w.desk}, func() { time.Sleep(20 * time.Second) }}
		w.start()
		w.settle()
		for i := range 60 {
			w.hook(ask(fmt.Sprint(i), "Banner"))
		}
		w.pass(time.Second)
		for i := range 60 {
			if n := len(w.chat.of(fmt.Sprintf("CR-%d/card", i+1))); n != 1 {
				t.Fatalf("%d cards of CR-%d after a second while the tracker hangs, want 1", n, i+1)
			}
		}
		w.pass(time.Minute)
	})
}

func TestDo_WorkOfARemovedConnectorIsParked(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		tracked := w.conns["jira"]
		delete(w.conns, "jira")
		w.start()
		w.hook(ask("1", "Banner"))
		w.settle()
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) != 1 || !strings.Contains(parked[0].Why, `"jira"`) {
			t.Fatalf("parked %+v, want the ticket, naming the connector that is gone", parked)
		}
		w.stop()
		w.conns["jira"] = tracked
		w.start()
		must(t, w.engine.Replay(context.Background(), parked[0].Job))
		w.pass(time.Minute)
		w.outsideShows("CR-1", flow.InReview)
	})
}

// wild is a tracker whose calls misbehave.
type wild struct {
	tracker
	fault func()
}

func (w *wild) Do(context.Context, flow.Effect) ([]flow.Link, error) {
	w.fault()
	return nil, nil
}

func TestDo_ExpiredWhispersAreDropped(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Banner"))
		w.settle()
		w.chat.set(func(o *outside) { o.denied = errors.New("token revoked") })
		refused := press("2", "ben", "CR-1", flow.Approve) // ben is no reviewer
		refused.Event.Where = flow.Ref{System: "slack", Type: "channel", Key: "C1"}
		w.hook(refused)
		w.pass(20 * time.Minute)
		w.chat.set(func(o *outside) { o.denied = nil })
		w.pass(10 * time.Minute)
		if n := w.chat.saidTo("ben"); n != 0 {
			t.Errorf("ben was told %d times after 20 minutes, want never", n)
		}
		if got := w.metric("signoff_effects_total", "outcome=expired"); got != 1 {
			t.Errorf("%v expired, want 1", got)
		}
	})
}

func TestDo_ShadowWritesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		w.opts = func(o *engine.Options) { o.Mode = "shadow" }
		w.start()
		w.hook(ask("1", "Banner"))
		w.pass(time.Minute)
		if n := len(w.chat.madeCalls()) + len(w.desk.madeCalls()); n != 0 {
			t.Errorf("%d calls in shadow mode, want none", n)
		}
		if w.request("CR-1").Status != flow.InReview {
			t.Error("shadow mode did not decide")
		}
	})
}
