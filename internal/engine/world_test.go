package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
	"signoff/rules"
)

const studio = `
version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:30"}}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}
  ben: {name: Ben Osei, email: ben@lumen.example, calendar: london}
  dana: {name: Dana Wolf, email: dana@lumen.example, calendar: london}
groups:
  brand: [ana, dana]
workflows:
  standard:
    stages:
      - name: Brand review
        reviewers: group:brand
        needs: 1
rules:
  - name: Thanks
    match: {text: {matches: "^thanks"}}
    do: ignore
  - name: Everything else
    do: {project: DES, workflow: standard}
`

// world is one installation: a store, a chat, a tracker, and the engine that joins them. It lives in a synctest
// bubble, so time is its own.
type world struct {
	t      *testing.T
	store  store.Store
	chat   *outside
	desk   *outside
	conns  map[string]connectors.Connector
	rules  *rules.Set
	reg    *prometheus.Registry
	opts   func(*engine.Options)
	engine *engine.Engine
	stop   func()
}

func compile(t *testing.T, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: []byte(text)}}, rules.Options{
		Workspace: rules.Workspace{Name: "Lumen", Zone: "Europe/London", KeyPrefix: "CR", Calendar: "london"},
		Chat:      true, Tracker: true, Channels: []string{"slack"},
	})
	if set == nil {
		t.Fatalf("rules do not compile: %v", problems)
	}
	return set
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, rules: compile(t, studio)}
	w.store = memstore.New("test", layout.Clock{Now: time.Now, After: time.After})
	w.chat, w.desk = newOutside("slack", time.Now), newOutside("jira", time.Now)
	for _, name := range []string{"ana", "ben", "dana", "maya"} {
		w.chat.people[name+"@lumen.example"] = "U" + name
		w.desk.people[name+"@lumen.example"] = "J" + name
	}
	w.conns = map[string]connectors.Connector{"slack": w.chat, "jira": tracker{w.desk}}
	return w
}

// start runs an engine over the world's store; it stops with the test or by w.stop.
func (w *world) start() *world {
	w.t.Helper()
	w.reg = prometheus.NewRegistry()
	o := engine.Options{
		Store: w.store, Rules: w.rules, Connectors: w.conns, Chat: "slack", Tracker: "jira", Now: time.Now,
		Metrics: w.reg, Rand: func() float64 { return 0.5 },
	}
	if w.opts != nil {
		w.opts(&o)
	}
	e, err := engine.New(o)
	if err != nil {
		w.t.Fatalf("New: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	w.engine = e
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, errEnded) {
			w.t.Errorf("Run: %v", err)
		}
	})
	return w
}

// inWorld runs a test in a bubble with a started world.
func inWorld(t *testing.T, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t).start()
		defer func() { w.stop() }()
		synctest.Wait()
		test(w)
	})
}

func (w *world) settle() { synctest.Wait() }

func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func signed(b []byte) connectors.Inbound {
	return connectors.Inbound{Method: http.MethodPost, Header: http.Header{"X-Signature": {"right"}}, Body: b, At: time.Now()}
}

func wire(b body) connectors.Inbound {
	raw, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	return signed(raw)
}

func (w *world) hook(b body) connectors.Reply {
	return w.engine.Hook(context.Background(), "slack", wire(b))
}

// ask is a request as Maya writes it in chat.
func ask(id, words string) body {
	return body{ID: id, Event: &flow.Event{
		Kind:   flow.RequestSubmitted,
		Actor:  flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "Umaya"}, Shown: "Maya"},
		Fields: map[string][]string{"title": {words}, "source": {"slack"}, "channel": {"#launch"}},
		Links:  []flow.Link{{Purpose: "thread", Ref: flow.Ref{System: "slack", Type: "thread", Key: "C1/" + id}}},
	}}
}

// press is a verdict given in chat.
func press(id, who string, request flow.RequestID, verdict flow.Verdict) body {
	return body{ID: id, Event: &flow.Event{
		Kind: flow.VoteCast, Request: request,
		Actor:  flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "U" + who}},
		Fields: map[string][]string{"stage": {"Brand review"}, "round": {"1"}, "verdict": {string(verdict)}},
	}}
}

func (w *world) request(id string) flow.Request {
	w.t.Helper()
	d, err := w.engine.Request(context.Background(), id)
	if err != nil {
		w.t.Fatalf("Request(%s): %v", id, err)
	}
	return d.Request
}

// metric sums a counter over its labels whose value is in want (label=value pairs).
func (w *world) metric(name string, want ...string) (sum float64) {
	w.t.Helper()
	families, err := w.reg.Gather()
	if err != nil {
		w.t.Fatalf("Gather: %v", err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			held := 0
			for _, l := range m.GetLabel() {
				for _, pair := range want {
					if pair == l.GetName()+"="+l.GetValue() {
						held++
					}
				}
			}
			if held == len(want) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// outsideShows checks that the outside holds exactly one card and one ticket of a request, both showing what was last
// asked for.
func (w *world) outsideShows(id string, status flow.Status) {
	w.t.Helper()
	r := w.request(id)
	if r.Status != status {
		w.t.Errorf("%s is %s, want %s", id, r.Status, status)
	}
	for _, at := range []struct {
		o       *outside
		purpose string
	}{{w.chat, "card"}, {w.desk, "ticket"}} {
		list := at.o.of(id + "/" + at.purpose)
		if len(list) != 1 {
			w.t.Errorf("%d things with the mark %s/%s, want 1", len(list), id, at.purpose)
			continue
		}
		if got, want := list[0].version, r.Shows[at.purpose].Version; got != want {
			w.t.Errorf("%s shows version %d, want %d", at.purpose, got, want)
		}
		if got := list[0].view.Status; got != status {
			w.t.Errorf("%s shows %s, want %s", at.purpose, got, status)
		}
		if !r.Shows[at.purpose].Settled {
			w.t.Errorf("%s is not settled", at.purpose)
		}
	}
}

// counting is a store that counts what is asked of it, and can be made to fail.
type counting struct {
	store.Store
	mu      sync.Mutex
	calls   int
	updates int
	failAt  int   // the update that fails, and all after it
	err     error // what they fail with
	commits bool  // the failing update itself is committed, only its end is not known
	dead    func()
}

func (c *counting) down(update bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if update {
		c.updates++
	}
	if c.failAt == 0 || c.updates < c.failAt {
		return nil
	}
	if c.dead != nil {
		c.dead()
	}
	return c.err
}

// last reports whether the update under way is the one that fails first.
func (c *counting) last() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.updates == c.failAt
}

func (c *counting) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.updates
}

func (c *counting) failing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failAt > 0 && c.updates >= c.failAt
}

func (c *counting) View(ctx context.Context, f func(store.Tx) error) error {
	if err := c.down(false); err != nil {
		return err
	}
	return c.Store.View(ctx, f)
}

func (c *counting) Update(ctx context.Context, f func(store.Tx) error) error {
	if err := c.down(true); err != nil {
		if c.commits && c.last() {
			_ = c.Store.Update(ctx, f)
		}
		return err
	}
	return c.Store.Update(ctx, f)
}

// Work lets a job that ran into the end of the process end as a process ends: with nothing said.
func (c *counting) Work(ctx context.Context, h store.Handler) error {
	return c.Store.Work(ctx, func(ctx context.Context, j store.Job) error {
		err := h(ctx, j)
		if c.failing() && c.dead != nil {
			<-ctx.Done()
			return errors.New("the process ended")
		}
		return err
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, what string, r connectors.Reply, want int) {
	t.Helper()
	if r.Status != want {
		t.Errorf("%s: status %d, want %d", what, r.Status, want)
	}
}

func name(format string, args ...any) string { return fmt.Sprintf(format, args...) }
