package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signoff/connectors"
	jiraconn "signoff/connectors/jira"
	slackconn "signoff/connectors/slack"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
	"signoff/internal/source"
	"signoff/internal/store"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
	"signoff/rules"
)

const (
	slackHost  = "slack.localhost"
	jiraHost   = "jira.localhost"
	hubHost    = "hub.localhost"
	signing    = "signing-secret-0123456789"
	oldSigning = "old-signing-secret-0123456"
	botToken   = "xoxb-canary-0123456789"
	jiraToken  = "jira-canary-0123456789"
	hookSecret = "webhook-secret-0123456789"

	maya, ana, dana = "U0MAYA0001", "U0ANA00001", "U0DANA0001"
	launch, design  = "C0LAUNCH01", "C0DESIGN01"
)

const studio = `
version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:30"}}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}
  dana: {name: Dana Wolf, email: dana@lumen.example, calendar: london}
groups:
  brand: [ana, dana]
workflows:
  standard:
    stages:
      - {name: Brand review, reviewers: group:brand, needs: 1}
rules:
  - name: Everything
    do: {project: DES, workflow: standard}
`

const slackSettings = `
api_url: http://slack.localhost/api/
signing_secret: [signing-secret-0123456789, old-signing-secret-0123456]
bot_token: xoxb-canary-0123456789
`

const jiraSettings = `
url: http://jira.localhost
user: signoff-bot@lumen.example
token: jira-canary-0123456789
webhook_secret: webhook-secret-0123456789
webhook: manual
projects:
  DES:
    fields: {brand: Brand}
    status: {intake: To Do, in_progress: In Progress, in_review: In Review, approved: Done}
`

// world is a hub between a pretend workspace and a pretend site. What they send one another goes from handler to handler;
// calls answers for the outside of the hub and can be made to fail.
type world struct {
	t        *testing.T
	store    store.Store
	ledger   *sandbox.Ledger
	faults   *sandbox.Faults
	slack    *slack.Server
	jira     *jira.Server
	services map[string]http.Handler // by host
	log      *journal
	reg      *prometheus.Registry
	engine   *engine.Engine
	slackY   string // settings of the two connectors
	jiraY    string
	stop     func()

	mu     sync.Mutex
	signer string                               // secret with which Slack signs; empty: its own
	calls  []call                               // of the hub
	answer func(c call) (*http.Response, error) // in place of the service; nil, nil: the service itself
}

// call is one call that the hub made.
type call struct {
	at           time.Time
	host, method string // chat.postMessage; POST /rest/api/2/issue
	status       int    // 0: no answer came
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// in plays a test in a world that runs. change, if any, makes the site another one.
func in(t *testing.T, change func(*jira.Options), test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, faults: &sandbox.Faults{}, ledger: sandbox.NewLedger(time.Now), slackY: slackSettings, jiraY: jiraSettings}
		w.store = memstore.New("store-1", layout.Clock{Now: time.Now, After: time.After})
		w.open(change)
		defer w.jira.Close()
		defer w.slack.Close()
		w.start()
		defer func() { w.stop() }()
		w.settle()
		test(w)
	})
}

func (w *world) open(change func(*jira.Options)) {
	inward := &http.Client{Transport: direct(w.take)}
	person := func(id, name, real string) slack.User {
		return slack.User{ID: id, Name: name, RealName: real, Email: name + "@lumen.example", TZ: "Europe/London"}
	}
	everybody := []string{maya, ana, dana, "U0SIGNOFF"}
	w.slack = slack.New(slack.Options{
		Now: time.Now, Ledger: w.ledger, Faults: w.faults, HTTP: inward, Origin: "http://" + slackHost, HookURL: "http://" + hubHost + "/slack",
		SigningSecret: signing, BotToken: botToken, Bot: slack.Bot{UserID: "U0SIGNOFF", BotID: "B0SIGNOFF", Name: "signoff"},
		Users:    []slack.User{person(maya, "maya", "Maya Lind"), person(ana, "ana", "Ana Reyes"), person(dana, "dana", "Dana Wolf")},
		Channels: []slack.Channel{{ID: launch, Name: "launch", Members: everybody}, {ID: design, Name: "design", Members: everybody}},
	})
	o := jira.Options{
		Now: time.Now, BaseURL: "http://" + jiraHost, User: "signoff-bot@lumen.example", Token: jiraToken, Ledger: w.ledger, Faults: w.faults,
		WebhookURL: "http://" + hubHost + "/jira", WebhookSecret: hookSecret, HTTP: inward,
	}
	if change != nil {
		change(&o)
	}
	w.jira = jira.New(o)
	w.services = map[string]http.Handler{slackHost: w.slack.API(), jiraHost: w.jira.API()}
}

// start runs a hub over the world's store.
func (w *world) start() {
	w.t.Helper()
	w.reg, w.log = prometheus.NewRegistry(), &journal{}
	set, problems := rules.Compile([]rules.Source{{Name: "studio.yaml", Data: []byte(studio)}}, rules.Options{
		Workspace: rules.Workspace{Name: "Lumen", Zone: "Europe/London", KeyPrefix: "CR", Calendar: "london"}, Chat: true, Tracker: true, Channels: []string{"slack"},
	})
	if set == nil {
		w.t.Fatalf("rules: %v", problems)
	}
	e, err := engine.New(engine.Options{
		Store: w.store, Rules: set, Chat: "slack", Tracker: "jira", Now: time.Now, Metrics: w.reg, Rand: func() float64 { return 0.5 },
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Connectors: map[string]connectors.Connector{
			"slack": w.connect(slackconn.Kind(), w.slackY), "jira": w.connect(jiraconn.Kind(), w.jiraY),
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = e
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
}

// restart is what an operator does after changing the settings.
func (w *world) restart() {
	w.stop()
	w.start()
	w.settle()
}

func (w *world) connect(k connectors.Kind, settings string) connectors.Connector {
	w.t.Helper()
	client := func(string, ...string) *http.Client {
		return &http.Client{Transport: direct(w.outward), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	c, err := k.New(decode(settings), connectors.Deps{
		Instance: k.Name, Version: "test", PublicURL: "http://" + hubHost, StoreID: w.store.ID(), Key: []byte("0123456789abcdef0123456789abcdef"),
		HTTP: client, Files: client, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: time.Now, Keep: engine.NewKeep(w.store, k.Name),
	})
	if err != nil {
		w.t.Fatalf("%s: %v", k.Name, err)
	}
	return c
}

func decode(settings string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("config.yaml", []byte(settings))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a connection", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

func (w *world) settle() { synctest.Wait() }

func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// arm makes a service misbehave until it is cleared.
func (w *world) arm(service, method string, kind sandbox.FaultKind, times int, wait time.Duration) {
	w.t.Helper()
	if err := w.faults.Arm(sandbox.Fault{Service: service, Method: method, Kind: kind, Times: times, Wait: wait}); err != nil {
		w.t.Fatal(err)
	}
}

// instead answers for a service; nil ends that.
func (w *world) instead(f func(c call) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = f
}

// signs makes Slack sign with a secret of the test's choice.
func (w *world) signs(secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signer = secret
}

// says is an answer.
func says(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

// named makes Slack refuse with one of its own words.
func (w *world) named(method, word string, times int) {
	w.t.Helper()
	if err := w.faults.Arm(sandbox.Fault{Service: "slack", Method: method, Kind: sandbox.NamedError, Times: times, Name: word}); err != nil {
		w.t.Fatal(err)
	}
}

// mention is a request as Maya makes it; it returns its message.
func (w *world) mention(channel, words string) string {
	w.t.Helper()
	ts, err := w.slack.Mention(maya, channel, words)
	if err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	return ts
}

// made lists the calls of a method; "" means all.
func (w *world) made(method string) (list []call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if method == "" || c.method == method {
			list = append(list, c)
		}
	}
	return list
}

// forget begins the list of calls anew.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = nil
}

// metric sums a counter over the labels that are given as label=value.
func (w *world) metric(name string, want ...string) (sum float64) {
	w.t.Helper()
	families, err := w.reg.Gather()
	if err != nil {
		w.t.Fatal(err)
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

// once checks that everything of a request is outside exactly once and shows what it is: one ticket, one card in the
// thread, one question to each reviewer.
func (w *world) once(id, channel, thread string, status flow.Status) {
	w.t.Helper()
	d, err := w.engine.Request(context.Background(), id)
	if err != nil {
		w.t.Errorf("%s: %v", id, err)
		return
	}
	if d.Request.Status != status {
		w.t.Errorf("%s is %s, want %s", id, d.Request.Status, status)
	}
	var tickets, cards int
	for _, i := range w.jira.Issues() {
		if strings.Contains(i.Description, "/requests/"+id+"]") {
			tickets++
		}
	}
	for _, m := range w.slack.Thread(channel, thread) {
		if m.FromApp && markOf(m) == id+"/card" {
			cards++
		}
	}
	if tickets != 1 || cards != 1 {
		w.t.Errorf("%s has %d tickets and %d cards, want one of each", id, tickets, cards)
	}
	for _, purpose := range []string{"card", "ticket"} {
		if !d.Request.Shows[purpose].Settled {
			w.t.Errorf("%s: its %s does not show what it is", id, purpose)
		}
	}
	if status != flow.InReview {
		return
	}
	for _, who := range []string{ana, dana} {
		asked := 0
		for _, m := range w.slack.DMs(who) {
			if m.FromApp && strings.HasPrefix(markOf(m), id+"/ask/") {
				asked++
			}
		}
		if asked != 1 {
			w.t.Errorf("%s: %s was asked %d times, want once", id, who, asked)
		}
	}
}

// markOf is our mark in a message.
func markOf(m slack.Message) string {
	payload, _ := m.Metadata["event_payload"].(map[string]any)
	mark, _ := payload["mark"].(string)
	return mark
}

// clean checks that no secret is in the log.
func (w *world) clean() {
	w.t.Helper()
	for _, secret := range []string{botToken, jiraToken, signing, oldSigning, hookSecret, url.QueryEscape(botToken)} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("a secret is in the log")
		}
	}
}

// errors are the lines of the log that an operator should see.
func (w *world) errors() string {
	var out []string
	for line := range strings.SplitSeq(w.log.String(), "\n") {
		if strings.Contains(line, "level=ERROR") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
