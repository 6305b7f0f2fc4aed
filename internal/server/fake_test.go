package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/secret"
	"signoff/internal/server"
	"signoff/internal/store"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
	"signoff/internal/text"
	"signoff/rules"
)

const studio = `
version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:30"}}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}
  chloe: {name: Chloé Roy, email: chloe@lumen.example, calendar: london}
  dana: {name: Dana Wolf, email: dana@lumen.example, calendar: london}
groups:
  brand: [ana, dana]
templates:
  banner:
    label: Banner
    title: "{{ .subject }}"
    ask_for:
      - {field: brand, choices: [Lumen, Nova], required: true}
      - {field: sizes, type: list}
      - {field: budget, type: money}
      - {field: due, type: date}
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
    do: {project: DES, template: banner, workflow: standard, start: review}
`

func compiled(t *testing.T) *rules.Set { t.Helper(); return compiledText(t, studio) }

func compiledText(t *testing.T, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Compile([]rules.Source{{Name: "rules/studio.yaml", Data: []byte(text)}}, rules.Options{
		Workspace: rules.Workspace{Name: "Lumen Studio", Zone: "Europe/London", KeyPrefix: "CR", Calendar: "london"},
		Chat:      true, Tracker: true, Channels: []string{"slack"},
	})
	if set == nil {
		t.Fatalf("rules do not compile: %v", problems)
	}
	return set
}

// noon is when every test happens.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

// fake is a hub that answers from what a test put into it and remembers what it was asked.
type fake struct {
	absences []engine.AwayInput
	awayWhy  flow.Reason
	set      *rules.Set

	mu         sync.Mutex
	hooks      []connectors.Inbound
	instance   string
	reply      connectors.Reply
	hold       chan struct{} // what Hook waits for
	entered    chan struct{} // told when Hook begins to wait
	intakes    []engine.Intake
	votes      []engine.VoteInput
	acts       []flow.Event
	replays    []string
	answers    []string
	filter     engine.Filter
	query      store.DeliveryQuery
	waiting    []flow.Request
	open       []flow.Request
	pauses     []engine.Pause
	refuse     string // why nothing is paused
	err        error  // of everything that can fail
	code, why  string
	health     engine.Health
	requests   map[string]engine.Detail
	pages      []engine.RequestPage
	deliveries []flow.Delivery
	parked     []engine.EffectState
	people     []engine.PersonState
	shelving   engine.Shelving
	forecast   []engine.Forecast
	until      time.Time
	findings   []engine.Finding
	authorized []connectors.Inbound
	migrations []engine.Migration
	moves      []engine.Move
	explained  []engine.Explained
	records    []flow.Record
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{set: compiled(t), requests: map[string]engine.Detail{}, code: flow.CodeRecorded, why: "Recorded."}
	f.reply = connectors.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"ok":true}`)}
	f.health = engine.Health{Ready: true, Rules: f.set.Digest()}
	return f
}

func (f *fake) Hook(_ context.Context, instance string, in connectors.Inbound) connectors.Reply {
	f.mu.Lock()
	f.instance, f.hooks = instance, append(f.hooks, in)
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		f.entered <- struct{}{}
		<-hold
	}
	return f.reply
}

func (f *fake) Submit(_ context.Context, in engine.Intake) (flow.Request, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intakes = append(f.intakes, in)
	if f.err != nil {
		return flow.Request{}, false, f.err
	}
	for _, before := range f.intakes[:len(f.intakes)-1] {
		if in.Delivery != "" && before.Delivery == in.Delivery {
			return f.requests["CR-142"].Request, false, nil
		}
	}
	return f.requests["CR-142"].Request, true, nil
}

func (f *fake) Vote(_ context.Context, v engine.VoteInput) (engine.VoteResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.votes = append(f.votes, v)
	d, ok := f.requests[string(v.Request)]
	if !ok {
		return engine.VoteResult{}, fmt.Errorf("request %s: %w", v.Request, engine.ErrUnknown)
	}
	return engine.VoteResult{Counted: f.code == flow.CodeRecorded, Code: f.code, Why: f.why, Request: d.Request}, f.err
}

func (f *fake) Act(_ context.Context, ev flow.Event) (flow.Request, []flow.Reason, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acts = append(f.acts, ev)
	return f.requests[string(ev.Request)].Request, []flow.Reason{{Code: f.code, Text: f.why}}, f.err
}

func (f *fake) Answer(_ context.Context, id, answer string, who flow.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, id+" "+answer+" "+who.Name)
	return f.err
}

func (f *fake) Replay(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replays = append(f.replays, id)
	return f.err
}

func (f *fake) Requests(_ context.Context, q engine.Filter) (engine.RequestPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.Status == flow.InReview && q.Limit == 100 {
		return engine.RequestPage{}, f.err // the filter's own question
	}
	f.filter = q
	n := 0
	if q.Page != "" {
		_, _ = fmt.Sscanf(q.Page, "%02x", &n)
	}
	if n >= len(f.pages) {
		return engine.RequestPage{}, f.err
	}
	return f.pages[n], f.err
}

func (f *fake) Request(_ context.Context, id string) (engine.Detail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.requests[id]
	if !ok {
		return d, fmt.Errorf("request %s: %w", id, engine.ErrUnknown)
	}
	return d, nil
}

func (f *fake) Deliveries(_ context.Context, q store.DeliveryQuery) ([]flow.Delivery, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.query = q
	return f.deliveries, "", f.err
}

func (f *fake) Delivery(_ context.Context, id string) (flow.Delivery, []flow.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.deliveries {
		if d.ID == id {
			return d, f.requests[string(d.Request)].Records, nil
		}
	}
	return flow.Delivery{}, nil, fmt.Errorf("delivery %s: %w", id, engine.ErrUnknown)
}

func (f *fake) Parked(context.Context) ([]engine.EffectState, error) { return f.parked, f.err }

func (f *fake) Health(context.Context) engine.Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

func (f *fake) Check(context.Context) []engine.Finding { return f.findings }

func (f *fake) Authorizes(instance string) bool { return instance == "slack" }

func (f *fake) Authorize(_ context.Context, instance string, in connectors.Inbound) (connectors.Reply, bool) {
	if instance != "slack" {
		return connectors.Reply{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.authorized = append(f.authorized, in)
	if in.Rest == "install" {
		return connectors.Reply{Status: http.StatusFound, Header: http.Header{"Location": {"https://slack.com/oauth/v2/authorize?state=x"}}}, true
	}
	if len(in.Query["code"]) == 0 {
		return connectors.Reply{Status: http.StatusBadRequest, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("This <b>link</b> is not one of ours.\n")}, true
	}
	return connectors.Reply{Status: http.StatusOK, Body: []byte("Lumen is connected.\n")}, true
}

func (f *fake) Picture(ctx context.Context, ref flow.Ref) ([]byte, string, error) {
	switch ref.Key {
	case "slow":
		<-ctx.Done()
		return nil, "", &connectors.Error{Op: "open picture", Class: connectors.Transient, Err: ctx.Err()}
	case "png":
		return []byte("\x89PNG"), "image/png", nil
	case "page":
		return []byte("<script>"), "text/html", nil
	}
	return nil, "", &connectors.Error{Op: "open picture", Class: connectors.Rejected, Err: errors.New("it cannot be read")}
}

func (f *fake) Rules() *rules.Set { return f.set }
func (f *fake) SetAway(_ context.Context, in engine.AwayInput) (flow.Reason, error) {
	f.absences = append(f.absences, in)
	return f.awayWhy, f.err
}

func (f *fake) EndAway(_ context.Context, in engine.AwayInput) (flow.Reason, error) {
	f.absences = append(f.absences, in)
	return f.awayWhy, f.err
}

func (f *fake) People(context.Context) []engine.PersonState { return f.people }

func (f *fake) Forecast(_ context.Context, until time.Time) ([]engine.Forecast, error) {
	f.until = until
	return f.forecast, nil
}

func (f *fake) Shelving(context.Context) (engine.Shelving, bool, error) {
	return f.shelving, f.shelving.Repository != "", nil
}
func (f *fake) Query() connectors.Query { return questions{f} }

// questions answers what responders may ask.
type questions struct{ f *fake }

func (q questions) Types() (list []flow.RequestType) {
	for _, t := range q.f.set.Types() {
		c := flow.RequestType{Name: t.Name, Label: t.Label}
		for _, f := range t.Fields {
			c.Fields = append(c.Fields, flow.Field{Name: f.Name, Label: f.Label, Type: f.Type, Choices: f.Choices, Required: f.Required})
		}
		list = append(list, c)
	}
	return list
}

func (q questions) draft(d flow.Form) flow.Form {
	return flow.Form{Type: d.Type, Title: d.Title, Text: d.Text, Channel: d.Channel, Who: d.Who, Fields: d.Fields}
}

func (q questions) Prefill(d flow.Form) flow.Prefill {
	p := q.f.set.Prefill(q.draft(d), noon)
	return flow.Prefill{Type: p.Type, Title: p.Title, Fields: p.Fields, From: p.From}
}

func (q questions) Validate(d flow.Form) map[string]string {
	return q.f.set.Validate(q.draft(d), noon)
}

func (q questions) Request(_ context.Context, id string) (flow.Request, bool, error) {
	d, ok := q.f.requests[id]
	return d.Request, ok, nil
}

func (q questions) Signed(context.Context, flow.Ref) (flow.Request, bool, error) {
	return flow.Request{}, false, nil
}

func (q questions) Touching(context.Context, flow.Ref) (flow.Request, bool, error) {
	return flow.Request{}, false, nil
}

func (q questions) Of(context.Context, flow.Actor) (asked, waiting []flow.Request, err error) {
	return nil, nil, nil
}

func (q questions) May(_ context.Context, a connectors.Action) (bool, string, error) {
	d := q.f.requests[string(a.Request)]
	ok, _, why := flow.May(q.f.set.Policy(q.f.set), d.Request, flow.Attempt{Who: a.Who, Do: a.Do, Stage: a.Stage, Round: a.Round, Version: a.Version, At: noon})
	return ok, why, nil
}

func (q questions) Why(context.Context, string) (text.Doc, bool, error) { return nil, false, nil }

// site is a server over a fake, reached through handlers or listeners.
type site struct {
	*server.Server
	hub   *fake
	store store.Store
	now   time.Time
	log   *strings.Builder
}

const (
	scripts = "token-of-the-scripts-0001"
	asAna   = "token-that-stands-for-ana-02"
)

// newSite builds a site; change may adjust its options.
func newSite(t *testing.T, change func(*server.Options)) *site {
	t.Helper()
	s := &site{hub: newFake(t), now: noon, log: &strings.Builder{}}
	s.store = memstore.New("test", layout.Clock{Now: func() time.Time { return s.now }})
	o := server.Options{
		Hub: s.hub, Store: s.store, Now: func() time.Time { return s.now }, Version: "1.2.3", Studio: "Lumen Studio",
		PublicURL: "https://signoff.lumen.example", Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "metrics") }),
		Tokens: []server.Token{{Name: "scripts", Secret: secret.New(scripts)}, {Name: "ana", Secret: secret.New(asAna), As: "ana"}},
		Log:    slog.New(slog.NewTextHandler(s.log, nil)),
	}
	if change != nil {
		change(&o)
	}
	var err error
	if s.Server, err = server.New(o); err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

// call is one request to a handler.
type call struct {
	method, path string
	body         string
	header       map[string]string
	cookies      []*http.Cookie
}

func (c call) token(token string) call { return c.with("Authorization", "Bearer "+token) }

func (c call) with(name, value string) call {
	h := map[string]string{name: value}
	for k, v := range c.header {
		h[k] = v
	}
	c.header = h
	return c
}

func do(h http.Handler, c call) *httptest.ResponseRecorder {
	var r *http.Request
	if c.body == "" {
		r = httptest.NewRequest(c.method, c.path, nil)
	} else {
		r = httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
	}
	for name, v := range c.header {
		r.Header.Set(name, v)
	}
	for _, k := range c.cookies {
		r.AddCookie(k)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// status checks the status of an answer.
func status(t *testing.T, c call, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("%s %s %s: status %d, want %d: %s", c.method, c.path, c.body, w.Code, want, w.Body)
	}
}

func (q questions) TakesPart(context.Context, flow.RequestID, flow.Actor) (bool, error) {
	return false, nil
}

func (q questions) Suggest(_ context.Context, d flow.Form) flow.Prefill { return q.Prefill(d) }

func (q questions) Missing(context.Context, flow.RequestID) ([]flow.Field, error) { return nil, nil }

func (q questions) Checklist(context.Context, flow.RequestID, string) ([]string, error) {
	return nil, nil
}

func (q questions) Triage(context.Context, flow.Actor) (connectors.Triage, error) {
	return connectors.Triage{}, nil
}

func (f *fake) Triage(context.Context) (waiting, open []flow.Request, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waiting, f.open, f.err
}

func (f *fake) MayTriage(who flow.Actor) bool { return who.Name == "dana" }

func (f *fake) Pauses(context.Context) ([]engine.Pause, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pauses, f.err
}

func (f *fake) Pause(_ context.Context, in engine.PauseInput) (engine.Pause, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != "" {
		return engine.Pause{}, &engine.PauseError{Why: f.refuse}
	}
	p := engine.Pause{Rule: in.Rule, Since: noon, Until: noon.Add(in.For), Reason: in.Reason, By: in.By}
	f.pauses = append(f.pauses, p)
	return p, f.err
}

func (f *fake) Unpause(_ context.Context, rule string, drop bool, by flow.Actor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, fmt.Sprintf("%s drop=%v %s", rule, drop, by.Name))
	f.pauses = nil
	return f.err
}
