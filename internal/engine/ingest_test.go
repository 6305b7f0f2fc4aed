package engine_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
)

func (w *world) delivery(id string) flow.Delivery {
	w.t.Helper()
	d, _, err := w.engine.Delivery(context.Background(), id)
	if err != nil {
		w.t.Fatalf("Delivery(%s): %v", id, err)
	}
	return d
}

func TestHook_WholePath(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		status(t, "submit", w.hook(ask("1", "Spring banner")), http.StatusOK)
		w.settle()
		w.outsideShows("CR-1", flow.InReview)
		if d := w.delivery("slack/1"); d.State != flow.Done || d.Request != "CR-1" {
			t.Errorf("delivery is %s for %q, want done for CR-1", d.State, d.Request)
		}
		if got := len(w.chat.of("CR-1/ask/1/Brand review/ana")); got != 1 {
			t.Errorf("%d questions to ana, want 1", got)
		}
		status(t, "vote", w.hook(press("2", "ana", "CR-1", flow.Approve)), http.StatusOK)
		w.settle()
		w.outsideShows("CR-1", flow.Approved)
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		if len(parked) > 0 {
			t.Errorf("parked: %+v, want none", parked)
		}
	})
}

// knowing is a chat that recalls what it was taught.
type knowing struct {
	*outside
	recall func(flow.Delivery) ([]byte, bool)
}

// Recall implements connectors.Recaller.
func (k knowing) Recall(_ context.Context, d flow.Delivery) ([]byte, bool) { return k.recall(d) }

// TestHook_RecallsWhatNeedNotBeAsked: what is known already is decided in the transaction that keeps the delivery.
func TestHook_RecallsWhatNeedNotBeAsked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		recall func(flow.Delivery) ([]byte, bool)
		want   string // how the requester is shown
		at     int    // requests when Hook returns
	}{
		"known":   {func(flow.Delivery) ([]byte, bool) { return []byte("Maya, recalled"), true }, "Maya, recalled", 1},
		"unknown": {func(flow.Delivery) ([]byte, bool) { return []byte("half"), false }, "Maya, asked", 0},
		"panics":  {func(flow.Delivery) ([]byte, bool) { panic("planted") }, "Maya, asked", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.conns["slack"] = knowing{w.chat, tc.recall}
				slow := make(chan struct{})
				w.chat.enrich = func(flow.Delivery) ([]byte, error) { <-slow; return []byte("Maya, asked"), nil }
				w.start()
				defer func() { w.stop() }()
				b := ask("1", "Banner")
				b.Enrich = true
				status(t, "submit", w.hook(b), http.StatusOK)
				page, err := w.engine.Requests(context.Background(), engine.Filter{})
				must(t, err)
				if page.Total != tc.at {
					t.Errorf("%d requests when the delivery was answered, want %d", page.Total, tc.at)
				}
				close(slow)
				w.settle()
				if got := w.request("CR-1").Requester.Shown; got != tc.want {
					t.Errorf("the requester is shown as %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// TestHook_CostsOneTransactionPerCall: a delivery that needs nothing from outside costs one, and each call that follows
// from it one more, for its result.
func TestHook_CostsOneTransactionPerCall(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		c := &counting{Store: w.store}
		w.store = c
		w.start()
		w.hook(ask("1", "Spring banner")) // everybody's accounts are found
		w.pass(time.Minute)
		calls, updates := len(w.chat.madeCalls())+len(w.desk.madeCalls()), c.count()
		w.hook(ask("2", "Spring banner"))
		w.settle()
		calls, updates = len(w.chat.madeCalls())+len(w.desk.madeCalls())-calls, c.count()-updates
		if calls < 4 || updates != 1+calls {
			t.Errorf("%d transactions for a mention with %d calls, want one more than calls", updates, calls)
		}
	})
}

func TestHook_SameBytesAThousandTimes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { status(t, "resend", w.hook(ask("1", "Spring banner")), http.StatusOK) })
		}
		all.Wait()
		w.settle()
		page, err := w.engine.Requests(context.Background(), engine.Filter{})
		must(t, err)
		if page.Total != 1 || len(page.Requests) != 1 {
			t.Errorf("%d requests, want 1", page.Total)
		}
		list, _, err := w.engine.Deliveries(context.Background(), store.DeliveryQuery{Limit: 10})
		must(t, err)
		if len(list) != 1 {
			t.Errorf("%d deliveries kept, want 1", len(list))
		}
		if got := w.metric("signoff_deliveries_total", "outcome=duplicate"); got != 999 {
			t.Errorf("%v duplicates counted, want 999", got)
		}
	})
}

func TestHook_Dedupe(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		second   body
		requests int
		alarms   float64
	}{
		"same id, other body": {second: ask("1", "Another banner"), requests: 1, alarms: 1},
		"same content key": {second: func() body {
			b := ask("2", "Spring banner")
			b.Key = "C1/17"
			return b
		}(), requests: 1},
		"another delivery": {second: ask("2", "Spring banner"), requests: 2},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				first := ask("1", "Spring banner")
				first.Key = "C1/17"
				status(t, "first", w.hook(first), http.StatusOK)
				status(t, "second", w.hook(tc.second), http.StatusOK)
				w.settle()
				page, err := w.engine.Requests(context.Background(), engine.Filter{})
				must(t, err)
				if len(page.Requests) != tc.requests {
					t.Errorf("%d requests, want %d", len(page.Requests), tc.requests)
				}
				if page.Requests[0].Title == "Another banner" {
					t.Error("the altered body won, want the first")
				}
				if got := w.metric("signoff_alarms_total", "what=altered_delivery"); got != tc.alarms {
					t.Errorf("%v alarms, want %v", got, tc.alarms)
				}
			})
		})
	}
}

func TestHook_RefusalsNeverTouchTheStore(t *testing.T) {
	t.Parallel()
	right := wire(ask("1", "Spring banner"))
	for what, tc := range map[string]struct {
		instance string
		in       func(connectors.Inbound) connectors.Inbound
		want     int
		allow    string
	}{
		"no signature": {"slack", func(in connectors.Inbound) connectors.Inbound { in.Header = nil; return in }, 401, ""},
		"wrong signature": {"slack", func(in connectors.Inbound) connectors.Inbound {
			in.Header = http.Header{"X-Signature": {"wrong"}}
			return in
		}, 401, ""},
		"a fault of ours": {"slack", func(in connectors.Inbound) connectors.Inbound {
			in.Header = http.Header{"X-Fault": {"yes"}}
			return in
		}, 503, ""},
		"wrong method":     {"slack", func(in connectors.Inbound) connectors.Inbound { in.Method = "GET"; return in }, 405, "POST"},
		"unknown instance": {"figma", func(in connectors.Inbound) connectors.Inbound { return in }, 404, ""},
		"our own door":     {"api", func(in connectors.Inbound) connectors.Inbound { return in }, 404, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			counter := &counting{Store: w.store}
			e, err := engine.New(engine.Options{Store: counter, Rules: w.rules, Connectors: w.conns, Now: time.Now})
			must(t, err)
			got := e.Hook(t.Context(), tc.instance, tc.in(right))
			status(t, what, got, tc.want)
			if string(got.Body) != `{"ok":false}` || got.Header.Get("Allow") != tc.allow {
				t.Errorf("answer %s with Allow %q, want the fixed body and %q", got.Body, got.Header.Get("Allow"), tc.allow)
			}
			if again := got.Header.Get("Retry-After"); (again != "") != (tc.want == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After is %q with %d", again, tc.want)
			}
			if counter.calls != 0 {
				t.Errorf("%d calls of the store, want 0", counter.calls)
			}
		})
	}
}

func TestHook_StoreFailureIsOurFault(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		failing := &counting{Store: w.store, failAt: 1, err: store.ErrFull}
		e, err := engine.New(engine.Options{Store: failing, Rules: w.rules, Connectors: w.conns, Now: time.Now})
		must(t, err)
		got := e.Hook(context.Background(), "slack", wire(ask("1", "x")))
		status(t, "store is full", got, http.StatusServiceUnavailable)
		if got.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After with our own fault")
		}
	})
}

// stuck is a store whose commits take for ever.
type stuck struct{ store.Store }

func (stuck) Update(ctx context.Context, _ func(store.Tx) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestHook_ACommitThatTakesTooLong(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		e, err := engine.New(engine.Options{Store: stuck{w.store}, Rules: w.rules, Connectors: w.conns, Now: time.Now})
		must(t, err)
		began := time.Now()
		status(t, "stuck store", e.Hook(context.Background(), "slack", wire(ask("1", "x"))), http.StatusServiceUnavailable)
		if took := time.Since(began); took > 2500*time.Millisecond {
			t.Errorf("answered after %v, want about 2 s", took)
		}
	})
}

// waiter is a chat in which somebody waits for the answer.
type waiter struct {
	*outside
	reply connectors.Reply
}

func (w *waiter) Respond(context.Context, connectors.Inbound, connectors.Accepted, connectors.Query) connectors.Reply {
	return w.reply
}

func TestHook_SomebodyWaits(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		opened := make(chan struct{})
		c := &waiter{outside: w.chat, reply: connectors.Reply{
			Status: 200, Body: []byte("mine"), Store: true,
			Beside: func(context.Context) { close(opened) },
			Failed: &connectors.Reply{Status: 200, Body: []byte("not saved, please press again")},
		}}
		in := ask("1", "Spring banner")
		in.Waits = true
		for what, tc := range map[string]struct {
			store store.Store
			want  string
		}{
			"stored":     {w.store, "mine"},
			"not stored": {&counting{Store: w.store, failAt: 1, err: errors.New("disk")}, "not saved, please press again"},
		} {
			opened = make(chan struct{})
			c.reply.Beside = func(context.Context) { close(opened) }
			told := false
			c.reply.Failed.Beside = func(context.Context) { told = true }
			e, err := engine.New(engine.Options{
				Store: tc.store, Rules: w.rules, Connectors: map[string]connectors.Connector{"slack": c}, Now: time.Now,
			})
			must(t, err)
			if got := e.Hook(context.Background(), "slack", wire(in)); string(got.Body) != tc.want {
				t.Errorf("%s: answer %q, want %q", what, got.Body, tc.want)
			}
			<-opened
			synctest.Wait()
			if told != (what == "not stored") {
				t.Errorf("%s: the person was told that it is not saved: %v", what, told)
			}
		}
	})
}

func TestHook_WordsInTheThreadOfAnOpenRequest(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.settle()
		first := ask("1", "Spring banner")
		status(t, "submit", w.hook(first), http.StatusOK)
		w.settle()
		again := ask("2", "and please in blue")
		again.Event.Subject = first.Event.Links[0].Ref
		status(t, "submit in the thread", w.hook(again), http.StatusOK)
		w.settle()
		page, err := w.engine.Requests(context.Background(), engine.Filter{})
		must(t, err)
		if len(page.Requests) != 1 {
			t.Fatalf("%d requests, want the words to join the one that is open", len(page.Requests))
		}
		d, err := w.engine.Request(context.Background(), "CR-1")
		must(t, err)
		if last := d.Records[len(d.Records)-1].Event; last.Kind != flow.CommentAdded {
			t.Errorf("the last event is %s, want a comment", last.Kind)
		}
	})
}

func TestHook_KeptStates(t *testing.T) {
	t.Parallel()
	thanks := ask("1", "thanks!")
	for what, tc := range map[string]struct {
		in   body
		want flow.DeliveryState
	}{
		"ignored by the connector": {body{ID: "1", Ignored: "not for us"}, flow.Ignored},
		"malformed":                {body{ID: "1", Malformed: "twice the same key"}, flow.Malformed},
		"cannot be parsed":         {body{ID: "1", Bad: true}, flow.Malformed},
		"states nothing":           {body{ID: "1"}, flow.Ignored},
		"nothing, and why":         {body{ID: "1", Nothing: "a machine wrote it"}, flow.Ignored},
		"ignored by a rule":        {thanks, flow.Ignored},
		"about no request":         {press("1", "ana", "CR-99", flow.Approve), flow.Ignored},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				status(t, what, w.hook(tc.in), http.StatusOK)
				w.settle()
				if d := w.delivery("slack/1"); d.State != tc.want || d.Why == "" {
					t.Errorf("delivery is %s (%s), want %s with a reason", d.State, d.Why, tc.want)
				} else if tc.in.Nothing != "" && d.Why != tc.in.Nothing {
					t.Errorf("the reason is %q, want %q", d.Why, tc.in.Nothing)
				}
			})
		})
	}
}

func TestPoison_EndsDeadAndCanBeReplayed(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		status(t, "poison", w.hook(body{ID: "1", Panic: true}), http.StatusOK)
		status(t, "beside it", w.hook(ask("2", "Spring banner")), http.StatusOK)
		w.settle()
		w.outsideShows("CR-1", flow.InReview)
		w.pass(time.Hour)
		if d := w.delivery("slack/1"); d.State != flow.Dead {
			t.Fatalf("poison is %s, want dead", d.State)
		}
		if got := w.metric("signoff_alarms_total", "what=dead_delivery"); got != 1 {
			t.Errorf("%v alarms, want 1", got)
		}
		must(t, w.engine.Replay(context.Background(), "slack/1"))
		w.settle()
		if d := w.delivery("slack/1"); d.State != flow.Waiting {
			t.Errorf("replayed poison is %s, want waiting for its next attempt", d.State)
		}
		var done *engine.ReplayError
		if err := w.engine.Replay(context.Background(), "slack/2"); !errors.As(err, &done) {
			t.Errorf("replay of a decided delivery: %v, want a ReplayError", err)
		}
		if err := w.engine.Replay(context.Background(), "slack/3"); !errors.Is(err, engine.ErrUnknown) {
			t.Errorf("replay of nothing: %v, want ErrUnknown", err)
		}
	})
}

func TestEnrich(t *testing.T) {
	t.Parallel()
	down := &connectors.Error{Op: "users.info", Class: connectors.Transient, Err: errors.New("502")}
	for what, tc := range map[string]struct {
		fails int
		want  string
		after time.Duration
	}{
		"at once":        {0, "Maya Ito", 0},
		"after failures": {2, "Maya Ito", 30 * time.Second},
		"never":          {1000, "Maya", 2 * time.Minute}, // goes on with what the event says
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				left := tc.fails
				w.chat.set(func(o *outside) {
					o.enrich = func(flow.Delivery) ([]byte, error) {
						if left--; left >= 0 {
							return nil, down
						}
						return []byte("Maya Ito"), nil
					}
				})
				in := ask("1", "Spring banner")
				in.Enrich = true
				status(t, "submit", w.hook(in), http.StatusOK)
				w.pass(tc.after)
				if got := w.request("CR-1").Requester.Shown; got != tc.want {
					t.Errorf("requester shown as %q, want %q", got, tc.want)
				}
			})
		})
	}
}
