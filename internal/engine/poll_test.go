package engine_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

// polled is a chat whose service is asked for what is new.
type polled struct {
	*outside
	mu   sync.Mutex
	runs []time.Time
	run  func(nth int, ctx context.Context, d deliver) (time.Duration, error)
}

// Poll implements connectors.Poller.
func (p *polled) Poll(ctx context.Context, d func(context.Context, connectors.Inbound) connectors.Reply) (time.Duration, error) {
	p.mu.Lock()
	p.runs = append(p.runs, time.Now())
	nth := len(p.runs)
	p.mu.Unlock()
	return p.run(nth, ctx, d)
}

func (p *polled) began() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Time(nil), p.runs...)
}

// polls starts the world again with a chat that is polled.
func (w *world) polls(run func(int, context.Context, deliver) (time.Duration, error)) *polled {
	w.stop()
	p := &polled{outside: w.chat, run: run}
	w.conns["slack"] = p
	w.start()
	w.settle()
	return p
}

func TestPoll_BringsWhatIsNewAtStartAndAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		p := w.polls(func(nth int, ctx context.Context, d deliver) (time.Duration, error) {
			status(t, "delivery", d(ctx, through(ask(name("p%d", min(nth, 2)), "Spring banner"))), http.StatusOK)
			return 10 * time.Minute, nil
		})
		w.pass(35 * time.Minute)
		runs := p.began()
		if len(runs) != 4 {
			t.Fatalf("asked %d times in 35 minutes, want 4", len(runs))
		}
		for i := range runs[1:] {
			if apart := runs[i+1].Sub(runs[i]); apart < 10*time.Minute || apart > 11*time.Minute {
				t.Errorf("asked again after %v, want 10 minutes and a little", apart)
			}
		}
		page, err := w.engine.Requests(context.Background(), engine.Filter{})
		must(t, err)
		if page.Total != 2 {
			t.Errorf("%d requests, want 2: what came again is known", page.Total)
		}
		if got := w.metric("signoff_polls_total", "instance=slack", "outcome=done"); got != 4 {
			t.Errorf("%v rounds counted, want 4", got)
		}
		if f := findingOf(w, "slack polling"); f.Level != "ok" {
			t.Errorf("doctor says %+v, want that all is well", f)
		}
	})
}

func findingOf(w *world, what string) connectors.Finding {
	for _, f := range w.engine.Check(context.Background()) {
		if f.What == what {
			return f.Finding
		}
	}
	return connectors.Finding{}
}

func TestPoll_Failures(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		err         func() error
		least, most int // rounds in an hour
		outcome     string
	}{
		"transient": {func() error { return errors.New("connection reset") }, 13, 30, "transient"},
		"panic":     {func() error { panic("boom") }, 13, 30, "unsure"},
		"limited": {func() error {
			return &connectors.Error{Op: "poll", Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: 20 * time.Minute}
		}, 3, 4, "limited"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				p := w.polls(func(int, context.Context, deliver) (time.Duration, error) { return 0, tc.err() })
				w.pass(time.Hour)
				if n := len(p.began()); n < tc.least || n > tc.most {
					t.Errorf("asked %d times in an hour, want %d to %d", n, tc.least, tc.most)
				}
				if got := w.metric("signoff_polls_total", "outcome="+tc.outcome); got < 1 {
					t.Errorf("no round counted as %s", tc.outcome)
				}
				if f := findingOf(w, "slack polling"); f.Level != "warning" || f.Remedy == "" {
					t.Errorf("doctor says %+v, want a warning with what happens", f)
				}
			})
		})
	}
}

func TestPoll_RefusedUntilTheInstanceWorksAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		refused := true
		w.chat.set(func(o *outside) { o.denied = errors.New("token_revoked") })
		p := w.polls(func(int, context.Context, deliver) (time.Duration, error) {
			if refused {
				return 0, &connectors.Error{Op: "poll", Class: connectors.Denied, Err: errors.New("token_revoked")}
			}
			return 5 * time.Minute, nil
		})
		w.pass(30 * time.Minute)
		if n := len(p.began()); n != 1 {
			t.Errorf("asked %d times while stopped, want once", n)
		}
		if why := w.engine.Health(context.Background()).Stopped["slack"]; !strings.Contains(why, "token_revoked") {
			t.Errorf("stopped because %q", why)
		}
		refused = false
		w.chat.set(func(o *outside) { o.denied = nil })
		w.pass(2 * time.Minute)
		if n := len(p.began()); n != 2 {
			t.Errorf("asked %d times, want again once it works", n)
		}
	})
}

func TestPoll_EndsWithTheEngine(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		asked := make(chan struct{})
		w.polls(func(_ int, ctx context.Context, _ deliver) (time.Duration, error) {
			close(asked)
			<-ctx.Done()
			return 0, ctx.Err()
		})
		<-asked
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("stopping took %v", took)
		}
	})
}

// bulky is a chat whose deliveries are bytes without a form.
type bulky struct{ *socket }

// Accept implements connectors.Receiver.
func (bulky) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	return connectors.Accepted{ID: in.Rest, Kind: "mail", Type: "message/rfc822"}, nil
}

// Parse implements connectors.Receiver.
func (bulky) Parse(d flow.Delivery) ([]flow.Event, error) {
	return []flow.Event{*ask(d.ID, "Spring banner").Event}, nil
}

// TestListen_LargeBodies: a mail of 35 MiB is taken in whole; one that is larger than anything that is kept is not.
func TestListen_LargeBodies(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		const mail = 35 << 20
		replies := make(chan connectors.Reply, 2)
		w.stop()
		w.conns["slack"] = bulky{&socket{outside: w.chat, run: func(_ int, ctx context.Context, d deliver) error {
			for id, n := range []int{mail, 41 << 20} {
				replies <- d(ctx, connectors.Inbound{Rest: name("l%d", id), Body: bytes.Repeat([]byte("mail "), n/5), Trusted: true})
			}
			<-ctx.Done()
			return nil
		}}}
		w.start()
		w.settle()
		status(t, "35 MiB", <-replies, http.StatusOK)
		status(t, "more than is kept", <-replies, http.StatusServiceUnavailable)
		if d := w.delivery("slack/l0"); len(d.Body) != mail || d.State != flow.Done {
			t.Errorf("kept %d bytes, %s; want %d and done", len(d.Body), d.State, mail)
		}
	})
}
