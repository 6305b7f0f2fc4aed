package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

func testDeps(k connectors.Keep, log io.Writer) connectors.Deps {
	return connectors.Deps{
		Instance: "slack", Version: "test", PublicURL: "https://hub.lumen.example", Key: []byte("0123456789abcdef0123456789abcdef"), StoreID: "store-1",
		HTTP:  func(string, ...string) *http.Client { return &http.Client{Timeout: 5 * time.Second} },
		Files: func(string, ...string) *http.Client { return &http.Client{Timeout: 5 * time.Second} },
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
	types    []flow.RequestType
	prefill  func(flow.Form) flow.Prefill
	validate func(flow.Form) map[string]string
	requests map[string]flow.Request
	touching map[flow.Ref]flow.Request
	refuse   string
	why      text.Doc
	asked    []flow.Request
	waiting  []flow.Request
	actions  []connectors.Action
	err      error
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

func (q *fakeQuery) Touching(_ context.Context, ref flow.Ref) (flow.Request, bool, error) {
	r, ok := q.touching[ref]
	return r, ok, q.err
}

func (q *fakeQuery) Of(context.Context, flow.Actor) (asked, waiting []flow.Request, err error) {
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

// fakeSlack answers the Web API by bytes: it shares no struct with the connector and refuses arguments that the
// methods' pages do not list.
type fakeSlack struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	calls  []apiCall
	answer map[string][]func(http.ResponseWriter, apiCall) // by method, used in order, the last one stays
	next   int
}

// apiCall is one call as it came over the wire.
type apiCall struct {
	Method string
	Args   map[string]string // form fields, or JSON members as JSON
}

func newFakeSlack(t testing.TB) *fakeSlack {
	f := &fakeSlack{t: t, answer: map[string][]func(http.ResponseWriter, apiCall){}}
	f.server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fakeSlack) base() string { return f.server.URL + "/api/" }

// allowed are the arguments of each method, from Slack's reference.
func allowed(method string) string {
	return map[string]string{
		"auth.test":                    "",
		"chat.delete":                  "channel ts",
		"chat.unfurl":                  "channel ts unfurls",
		"files.info":                   "file",
		"files.getUploadURLExternal":   "filename length",
		"files.completeUploadExternal": "files channel_id thread_ts",
		"views.publish":                "user_id view hash",
		"chat.postMessage":             "channel text blocks thread_ts metadata unfurl_links unfurl_media link_names",
		"chat.update":                  "channel ts text blocks metadata link_names",
		"chat.postEphemeral":           "channel user text blocks thread_ts link_names",
		"chat.getPermalink":            "channel message_ts",
		"conversations.open":           "users return_im",
		"conversations.replies":        "channel ts cursor include_all_metadata inclusive latest limit oldest",
		"conversations.history":        "channel cursor include_all_metadata inclusive latest limit oldest",
		"conversations.list":           "types exclude_archived limit cursor",
		"conversations.info":           "channel",
		"users.info":                   "user",
		"users.lookupByEmail":          "email",
		"views.open":                   "trigger_id view",
		"views.update":                 "view_id hash view",
	}[method]
}

func (f *fakeSlack) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil && !strings.HasPrefix(r.URL.Path, "/upload/") {
		f.t.Errorf("read %s: %v", r.URL.Path, err)
	}
	c := apiCall{Method: strings.TrimPrefix(r.URL.Path, "/api/"), Args: map[string]string{}}
	switch first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); {
	case err != nil:
		return // the sender broke off
	case first == "reply", first == "upload":
		c.Method = first
		c.Args["body"], c.Args["path"] = string(body), r.URL.Path
	default:
		f.read(r, body, &c)
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	answer := ok
	if all := f.answer[c.Method]; len(all) > 0 {
		answer = all[0]
		if len(all) > 1 {
			f.answer[c.Method] = all[1:]
		}
	} else {
		answer = f.usual(c.Method)
	}
	f.mu.Unlock()
	answer(w, c)
}

// read checks method, token and arguments.
func (f *fakeSlack) read(r *http.Request, body []byte, c *apiCall) {
	if r.Method != http.MethodPost {
		f.t.Errorf("%s came by %s, want POST", c.Method, r.Method)
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(body, &m); err != nil {
			f.t.Errorf("%s: %v", c.Method, err)
		}
		for k, v := range m {
			c.Args[k] = strings.Trim(string(v), `"`)
		}
	} else {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			f.t.Errorf("%s: %v", c.Method, err)
		}
		for k, v := range values {
			if k == "token" {
				token = v[0]
				continue
			}
			c.Args[k] = v[0]
		}
	}
	if token != testToken {
		f.t.Errorf("%s came without the token", c.Method)
	}
	for k := range c.Args {
		if !slices.Contains(strings.Fields(allowed(c.Method)), k) {
			f.t.Errorf("%s has no argument %q", c.Method, k)
		}
	}
}

func ok(w http.ResponseWriter, _ apiCall) { say(`{"ok":true}`)(w, apiCall{}) }

// say answers with JSON.
func say(body string) func(http.ResponseWriter, apiCall) {
	return func(w http.ResponseWriter, _ apiCall) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// refuse answers ok:false.
func refuse(code string) func(http.ResponseWriter, apiCall) {
	return say(fmt.Sprintf(`{"ok":false,"error":%q}`, code))
}

// status answers with an HTTP status and a header.
func status(code int, header ...string) func(http.ResponseWriter, apiCall) {
	return func(w http.ResponseWriter, _ apiCall) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html>"+http.StatusText(code)+"</html>")
	}
}

// hangUp takes the call and drops the connection without an answer.
func hangUp(w http.ResponseWriter, _ apiCall) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// usual is what a healthy Slack answers.
func (f *fakeSlack) usual(method string) func(http.ResponseWriter, apiCall) {
	switch method {
	case "auth.test":
		return func(w http.ResponseWriter, c apiCall) {
			w.Header().Set("X-OAuth-Scopes", "app_mentions:read,chat:write,commands,im:write,users:read,users:read.email")
			say(fmt.Sprintf(`{"ok":true,"team_id":%q,"user_id":%q,"bot_id":%q,"app_id":%q}`, testTeam, testBot, testBotID, testApp))(w, c)
		}
	case "chat.postMessage":
		f.next++
		ts := fmt.Sprintf("1760000100.%06d", f.next)
		return func(w http.ResponseWriter, c apiCall) {
			say(fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{"text":"x"}}`, strings.TrimPrefix(c.Args["channel"], "#"), ts))(w, c)
		}
	case "chat.getPermalink":
		return say(`{"ok":true,"permalink":"https://lumen.slack.com/archives/C0LAUNCH01/p1"}`)
	case "conversations.open":
		return func(w http.ResponseWriter, c apiCall) {
			say(fmt.Sprintf(`{"ok":true,"channel":{"id":"D%s"}}`, c.Args["users"][1:]))(w, c)
		}
	case "conversations.info":
		return say(`{"ok":true,"channel":{"id":"C0LAUNCH01","name":"launch"}}`)
	case "users.info":
		return func(w http.ResponseWriter, c apiCall) {
			say(fmt.Sprintf(`{"ok":true,"user":{"id":%q,"team_id":%q,"tz":"Europe/London","is_bot":false,"profile":{"real_name":"Name %s","email":"%s@lumen.example"}}}`,
				c.Args["user"], testTeam, c.Args["user"], strings.ToLower(c.Args["user"])))(w, c)
		}
	case "views.open", "views.update":
		return say(`{"ok":true,"view":{"id":"V0VIEW0001","hash":"1760000000.aaaa"}}`)
	case "reply":
		return func(w http.ResponseWriter, _ apiCall) { _, _ = io.WriteString(w, "ok") }
	}
	return ok
}

// on sets what a method answers, in order; the last answer stays.
func (f *fakeSlack) on(method string, answers ...func(http.ResponseWriter, apiCall)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer[method] = answers
}

// of lists the calls of a method so far.
func (f *fakeSlack) of(method string) []apiCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []apiCall
	for _, c := range f.calls {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// only returns the one call of a method.
func (f *fakeSlack) only(method string) apiCall {
	f.t.Helper()
	calls := f.of(method)
	if len(calls) != 1 {
		f.t.Fatalf("%s was called %d times, want once; calls: %+v", method, len(calls), f.calls)
	}
	return calls[0]
}

// replyAddress is a response address at the fake, which stands in for Slack by api_url.
func (f *fakeSlack) replyAddress() string { return f.server.URL + "/reply/secret-canary-address" }
