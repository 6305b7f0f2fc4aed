package slack

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

const (
	testSecret = "signoff-dev-signing-secret"
	testToken  = "xoxb-test-canary-4711"
	testTeam   = "T0SIGNOFF1"
	testApp    = "A0SIGNOFF1"
	testBot    = "U0BOT00001"
	testBotID  = "B0BOT00001"
	maya       = "U0MAYA0001"
	ravi       = "U0RAVI0001"
)

// testNow is the instant of the contract's worked example B.
func testNow() time.Time { return time.Unix(1760000000, 0).UTC() }

// keepMap is a Keep in memory.
type keepMap struct {
	mu sync.Mutex
	m  map[string][]byte
}

func newKeep() *keepMap { return &keepMap{m: map[string][]byte{}} }

func (k *keepMap) Get(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.m[key]), nil
}

func (k *keepMap) Put(_ context.Context, key string, old, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if got, ok := k.m[key]; ok != (old != nil) || string(got) != string(old) {
		return connectors.ErrChanged
	}
	if value == nil {
		delete(k.m, key)
		return nil
	}
	k.m[key] = slices.Clone(value)
	return nil
}

func (k *keepMap) Note(key string, value []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if value == nil {
		delete(k.m, key)
		return
	}
	k.m[key] = slices.Clone(value)
}

func (k *keepMap) Scan(_ context.Context, prefix string, each func(string, []byte) error) error {
	for key, v := range k.m {
		if strings.HasPrefix(key, prefix) {
			if err := each(key, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// logBuffer collects everything that is logged.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a connector with everything around it.
type rig struct {
	*Connector
	t    testing.TB
	api  *fakeSlack
	keep *keepMap
	log  *logBuffer
}

func settingsYAML(base string) string {
	return fmt.Sprintf("mode: http\nsigning_secret: %s\nbot_token: %s\napi_url: %s\n", testSecret, testToken, base)
}

func decodeYAML(doc string) func(any) error {
	return func(into any) error {
		return yaml.Load([]byte(doc), into, yaml.WithKnownFields(true))
	}
}

// patience is how long a test waits for what should come at once, on however busy a machine.
const patience = time.Minute

func testDeps(k connectors.Keep, log io.Writer) connectors.Deps {
	return connectors.Deps{
		Instance: "slack", Version: "test", PublicURL: "https://hub.lumen.example", Key: []byte("0123456789abcdef0123456789abcdef"), StoreID: "store-1",
		HTTP:  func(string, ...string) *http.Client { return &http.Client{Timeout: patience} },
		Files: func(string, ...string) *http.Client { return &http.Client{Timeout: patience} },
		Log:   slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:   testNow, Keep: k,
	}
}

// newRig returns a connector that speaks to a fake of its own and already knows its installation. more are lines of
// its settings.
func newRig(t testing.TB, more ...string) *rig {
	t.Helper()
	r := &rig{t: t, api: newFakeSlack(t), keep: newKeep(), log: &logBuffer{}}
	conn, err := New(decodeYAML(settingsYAML(r.api.base())+strings.Join(more, "\n")), testDeps(r.keep, r.log))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Connector = conn.(*Connector)
	r.known.Store(&install{Team: testTeam, App: testApp, User: testBot, Bot: testBotID})
	return r
}

// inbound signs a body as Slack does.
func inbound(kind, body string) connectors.Inbound {
	at := testNow()
	stamp := strconv.FormatInt(at.Unix(), 10)
	return connectors.Inbound{
		Method: http.MethodPost, At: at, Body: []byte(body),
		Header: http.Header{
			"Content-Type": {kind}, headerTime: {stamp}, headerSignature: {string(signature([]byte(testSecret), stamp, []byte(body)))},
		},
	}
}

func event(inner string) connectors.Inbound {
	return inbound("application/json", fmt.Sprintf(
		`{"type":"event_callback","team_id":%q,"api_app_id":%q,"event_id":"Ev0TEST0001","event_time":1760000000,"authorizations":[{"team_id":%q,"user_id":%q,"is_bot":true}],"event":%s}`,
		testTeam, testApp, testTeam, testBot, inner))
}

func interactive(payload string) connectors.Inbound {
	return inbound("application/x-www-form-urlencoded", "payload="+url.QueryEscape(payload))
}

func slash(name, words string) connectors.Inbound {
	return inbound("application/x-www-form-urlencoded", url.Values{
		"team_id": {testTeam}, "api_app_id": {testApp}, "channel_id": {"C0LAUNCH01"}, "channel_name": {"launch"}, "user_id": {maya},
		"command": {name}, "text": {words}, "trigger_id": {"13345224609.738474920.8088930838d88f008e0"},
		"response_url": {"https://hooks.slack.com/commands/1/2/3"},
	}.Encode())
}

// accept fails the test when the delivery is refused.
func (r *rig) accept(in connectors.Inbound) connectors.Accepted {
	r.t.Helper()
	acc, err := r.Accept(in)
	if err != nil {
		r.t.Fatalf("Accept(%s): %v", in.Body, err)
	}
	return acc
}

// delivery is what the engine would have stored.
func delivery(in connectors.Inbound, acc connectors.Accepted) flow.Delivery {
	return flow.Delivery{ID: "slack/" + acc.ID, Instance: "slack", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: in.Body, Key: acc.Key}
}

// take runs a delivery through Accept, Enrich and Parse.
func (r *rig) take(in connectors.Inbound) []flow.Event {
	r.t.Helper()
	acc := r.accept(in)
	if acc.Ignored != "" || acc.Malformed != "" {
		r.t.Fatalf("Accept(%s) = ignored %q, malformed %q; want an event", in.Body, acc.Ignored, acc.Malformed)
	}
	d := delivery(in, acc)
	if acc.Enrich {
		learned, err := r.Enrich(r.t.Context(), d)
		if err != nil {
			r.t.Fatalf("Enrich: %v", err)
		}
		d.Learned = learned
	}
	events, err := r.Parse(d)
	if err != nil {
		r.t.Fatalf("Parse: %v", err)
	}
	return events
}

// respond runs Respond and what it starts beside the commit.
func (r *rig) respond(in connectors.Inbound, q connectors.Query) connectors.Reply {
	r.t.Helper()
	reply := r.Respond(r.t.Context(), in, r.accept(in), q)
	if reply.Beside != nil {
		reply.Beside(r.t.Context())
	}
	return reply
}

// fakeQuery answers from plain values.
type fakeQuery struct {
	missing   []flow.Field
	checklist []string
	types     []flow.RequestType
	prefill   func(flow.Form) flow.Prefill
	validate  func(flow.Form) map[string]string
	requests  map[string]flow.Request
	touching  map[flow.Ref]flow.Request
	refuse    string
	why       text.Doc
	asked     []flow.Request
	waiting   []flow.Request
	triage    connectors.Triage
	actions   []connectors.Action
	who       flow.Actor // who was asked about last
	err       error
}

func (q *fakeQuery) Types() []flow.RequestType { return q.types }

func (q *fakeQuery) Prefill(d flow.Form) flow.Prefill {
	if q.prefill == nil {
		return flow.Prefill{}
	}
	return q.prefill(d)
}

func (q *fakeQuery) Validate(d flow.Form) map[string]string {
	if q.validate == nil {
		return nil
	}
	return q.validate(d)
}

func (q *fakeQuery) Request(_ context.Context, id string) (flow.Request, bool, error) {
	r, ok := q.requests[id]
	return r, ok, q.err
}

func (q *fakeQuery) Signed(context.Context, flow.Ref) (flow.Request, bool, error) {
	return flow.Request{}, false, nil
}

func (q *fakeQuery) Touching(_ context.Context, ref flow.Ref) (flow.Request, bool, error) {
	r, ok := q.touching[ref]
	return r, ok, q.err
}

func (q *fakeQuery) Of(_ context.Context, who flow.Actor) (asked, waiting []flow.Request, err error) {
	q.who = who
	return q.asked, q.waiting, q.err
}

func (q *fakeQuery) May(_ context.Context, a connectors.Action) (bool, string, error) {
	q.actions = append(q.actions, a)
	return q.refuse == "", q.refuse, q.err
}

func (q *fakeQuery) Why(_ context.Context, id string) (text.Doc, bool, error) {
	_, ok := q.requests[id]
	return q.why, ok, q.err
}

func (q *fakeQuery) TakesPart(context.Context, flow.RequestID, flow.Actor) (bool, error) {
	return false, nil
}

func (q *fakeQuery) Missing(context.Context, flow.RequestID) ([]flow.Field, error) {
	return q.missing, q.err
}

func (q *fakeQuery) Checklist(context.Context, flow.RequestID, string) ([]string, error) {
	return q.checklist, q.err
}

func (q *fakeQuery) Triage(_ context.Context, who flow.Actor) (connectors.Triage, error) {
	q.who = who
	return q.triage, q.err
}

func (q *fakeQuery) Suggest(_ context.Context, d flow.Form) flow.Prefill { return q.Prefill(d) }
