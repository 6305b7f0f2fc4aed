package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

// socket is a chat that also keeps a connection of its own open.
type socket struct {
	*outside
	mu   sync.Mutex
	runs []time.Time
	up   bool
	run  func(nth int, ctx context.Context, deliver deliver) error
}

type deliver = func(context.Context, connectors.Inbound) connectors.Reply

// Listen implements connectors.Listener.
func (s *socket) Listen(ctx context.Context, d func(context.Context, connectors.Inbound) connectors.Reply) error {
	s.mu.Lock()
	s.runs = append(s.runs, time.Now())
	nth := len(s.runs)
	s.up = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.up = false
	}()
	return s.run(nth, ctx, d)
}

// Connected implements connectors.Connectable.
func (s *socket) Connected() (bool, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up {
		return true, ""
	}
	return false, "the service hung up"
}

func (s *socket) opened() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.runs...)
}

// through is a delivery as it comes through a connection that has authenticated itself.
func through(b body) connectors.Inbound {
	raw, _ := json.Marshal(b) // these are plain values
	return connectors.Inbound{Method: http.MethodPost, Header: http.Header{}, Body: raw, Trusted: true}
}

// listens starts the world again with a chat that listens.
func (w *world) listens(run func(int, context.Context, deliver) error) *socket {
	w.stop()
	s := &socket{outside: w.chat, run: run}
	w.conns["slack"] = s
	w.start()
	w.settle()
	return s
}

func TestListen_StoredBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		replies := make(chan connectors.Reply, 2)
		w.listens(func(_ int, ctx context.Context, d deliver) error {
			replies <- d(ctx, through(ask("e1", "Spring banner")))
			replies <- d(ctx, through(ask("e1", "Spring banner"))) // again, as after a lost acknowledgement
			<-ctx.Done()
			return nil
		})
		status(t, "first", <-replies, http.StatusOK)
		status(t, "again", <-replies, http.StatusOK)
		page, err := w.engine.Requests(context.Background(), engine.Filter{})
		must(t, err)
		if len(page.Requests) != 1 {
			t.Errorf("%d requests, want the one that came twice", len(page.Requests))
		}
		if d, _, err := w.engine.Delivery(context.Background(), "slack/e1"); err != nil || d.State != flow.Done {
			t.Errorf("delivery %q, %v; want it kept and done", d.State, err)
		}
		if h := w.engine.Health(context.Background()); !h.Connections["slack"].Up {
			t.Errorf("connections %+v, want slack up", h.Connections)
		}
	})
}

// Only a connection of our own vouches for what comes through it: a hook is always checked.
func TestHook_IsNeverTrusted(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		status(t, "unsigned", w.engine.Hook(context.Background(), "slack", through(ask("e1", "Banner"))), http.StatusUnauthorized)
	})
}

func TestListen_EndsAreOutlivedWithGrowingPauses(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func() error{
		"error": func() error { return errors.New("connection reset") },
		"nil":   func() error { return nil },
		"panic": func() error { panic("boom") },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				s := w.listens(func(int, context.Context, deliver) error { return end() })
				w.pass(time.Hour)
				runs := s.opened()
				if len(runs) < 10 || len(runs) > 40 {
					t.Errorf("opened %d times in an hour, want pauses that grow to five minutes", len(runs))
				}
				if first, last := runs[1].Sub(runs[0]), runs[len(runs)-1].Sub(runs[len(runs)-2]); first > 5*time.Second || last < 3*time.Minute {
					t.Errorf("first pause %s, last %s; want short, then minutes", first, last)
				}
				h := w.engine.Health(context.Background())
				if !h.Ready || h.Connections["slack"].Why != "the service hung up" {
					t.Errorf("health %+v, want ready and the reason why slack is not connected", h)
				}
			})
		})
	}
}

func TestListen_RefusedWaitsUntilTheInstanceWorksAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.chat.set(func(o *outside) { o.denied = errors.New("token_revoked") })
		s := w.listens(func(_ int, ctx context.Context, _ deliver) error {
			w.chat.mu.Lock()
			refused := w.chat.denied
			w.chat.mu.Unlock()
			if refused != nil {
				return &connectors.Error{Op: "connect", Class: connectors.Denied, Err: refused}
			}
			<-ctx.Done()
			return nil
		})
		w.pass(3 * time.Hour)
		if runs := s.opened(); len(runs) != 1 {
			t.Errorf("opened %d times while refused, want once", len(runs))
		}
		if n := w.metric("signoff_alarms_total", "what=denied"); n != 1 {
			t.Errorf("%v alarms, want one", n)
		}
		if _, stopped := w.engine.Health(context.Background()).Stopped["slack"]; !stopped {
			t.Error("slack is not shown as stopped")
		}
		w.chat.set(func(o *outside) { o.denied = nil }) // a new token
		w.pass(5 * time.Minute)
		if runs := s.opened(); len(runs) != 2 {
			t.Errorf("opened %d times, want once more after the check was well", len(runs))
		}
		if h := w.engine.Health(context.Background()); len(h.Stopped) != 0 || !h.Connections["slack"].Up {
			t.Errorf("health %+v, want nothing stopped and slack connected", h)
		}
	})
}

// A graceful stop answers what was taken before it and takes nothing new.
func TestListen_Stop(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		replies := make(chan connectors.Reply, 2)
		w.listens(func(_ int, ctx context.Context, d deliver) error {
			<-ctx.Done()
			replies <- d(context.WithoutCancel(ctx), through(ask("late", "Banner")))
			return nil
		})
		w.stop()
		status(t, "after the stop began", <-replies, http.StatusServiceUnavailable)
		if _, _, err := w.engine.Delivery(context.Background(), "slack/late"); !errors.Is(err, engine.ErrUnknown) {
			t.Errorf("delivery: %v, want it not kept, so that the sender sends it again", err)
		}
	})
}

// A listener that ignores the end is left behind.
func TestListen_HangsAtTheEnd(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		free := make(chan struct{})
		w.listens(func(int, context.Context, deliver) error { <-free; return nil })
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("stopping took %s", took)
		}
		close(free)
	})
}
