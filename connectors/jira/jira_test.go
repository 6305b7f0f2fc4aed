package jira_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/connectors/jira"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/jira"
	"signoff/internal/source"
	"signoff/internal/text"
)

const (
	token      = "ATATT3xFfGF0-canary-token"
	hookSecret = "signoff-jira-webhook-secret"
	pathToken  = "4f1d9c0b7a6e5d8c3b2a19087f6e5d4c"
	bot        = "signoff-bot@lumen.example"
	botID      = "5f1000000000000000000b07"
	anaID      = "5f1000000000000000000001"
)

func begin() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// settings are those of the whole package's tests, %s being the address.
const settings = `url: %[1]s
user: signoff-bot@lumen.example
token: ATATT3xFfGF0-canary-token
webhook_secret: signoff-jira-webhook-secret
projects:
  DES:
    issue_type: Task
    subtask_type: Sub-task
    fields:
      brand: Brand
      region: Region
      due: Due date
      effort_hours: Original estimate
      asset_link: {field: "Asset link", owner: signoff}
      priority: {field: Priority, values: {low: Low, normal: Medium, high: High}, owner: jira}
    status:
      intake: To Do
      in_progress: In Progress
      in_review: In Review
      approved: Done
      declined: Won't Do
`

// read decodes settings as the configuration does.
func read(yaml string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("config.yaml", []byte(yaml))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a Jira connection", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

// rig is a connector with what the tests look at.
type rig struct {
	*jira.Connector
	clock *connectortest.Clock
	keep  *connectortest.Keep
	log   *connectortest.Log
	url   string // of the site
}

// connect returns a connector for the settings.
func connect(t *testing.T, yaml string) *rig {
	t.Helper()
	r := &rig{clock: connectortest.NewClock(begin()), keep: &connectortest.Keep{}, log: &connectortest.Log{}}
	c, err := jira.New(read(yaml), connectors.Deps{
		Instance: "jira", Version: "1.0", PublicURL: "https://signoff.lumen.example", StoreID: "store-1",
		HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Connector = c.(*jira.Connector)
	return r
}

// reconnect is a connector with other settings that remembers what before remembered. public is its own address: empty as
// before, "-" for none.
func reconnect(t *testing.T, before *rig, yaml, public string) *rig {
	t.Helper()
	r := &rig{clock: before.clock, keep: before.keep, log: before.log}
	if r.keep == nil {
		r.keep = &connectortest.Keep{}
	}
	switch public {
	case "":
		public = "https://signoff.lumen.example"
	case "-":
		public = ""
	}
	c, err := jira.New(read(yaml), connectors.Deps{
		Instance: "jira", Version: "1.0", PublicURL: public, StoreID: "store-1",
		HTTP: connectortest.HTTP(t), Files: connectortest.Files(t), Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Connector = c.(*jira.Connector)
	return r
}

// faulty puts raw faults in front of a service: what goes wrong is bytes, whatever the service.
type faulty struct {
	next http.Handler

	mu    sync.Mutex
	armed *connectortest.Fault
	seen  []string // "POST /rest/api/2/issue"
	heads []http.Header
}

func (f *faulty) headers() []http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.heads)
}

func (f *faulty) arm(one connectortest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = &one
}

// writes reports whether a call makes, changes or says something.
func writes(r *http.Request) bool {
	return r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/search/jql") && !strings.HasSuffix(r.URL.Path, "/search")
}

func (f *faulty) take(r *http.Request) *connectortest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.heads = append(f.seen, r.Method+" "+r.URL.Path), append(f.heads, r.Header.Clone())
	if f.armed == nil || !writes(r) {
		return nil
	}
	one := f.armed
	f.armed = nil
	return one
}

func (f *faulty) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one := f.take(r)
	if one == nil {
		f.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if one.Does {
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.next.ServeHTTP(httptest.NewRecorder(), r)
	}
	if one.Hold != nil {
		close(one.Hold)
		<-r.Context().Done()
	}
	if one.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	for k, v := range one.Header {
		w.Header()[k] = v
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(one.Status)
	_, _ = io.WriteString(w, one.Body) // the other side may have gone
}

// harness starts sites of one edition; the zero value is Cloud.
type harness struct {
	settings string
	change   func(*site.Options)
}

func (harness) Kind() connectors.Kind { return jira.Kind() }

func (harness) Env() map[string]string {
	return map[string]string{"JIRA_TOKEN": token, "JIRA_WEBHOOK_SECRET": hookSecret}
}

func (h harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	t.Helper()
	o := &outside{t: t, front: &faulty{}, ana: anaID}
	srv := httptest.NewServer(o.front)
	t.Cleanup(srv.Close)
	opt := site.Options{Now: d.Now, BaseURL: srv.URL, User: bot, Token: token, IndexLag: 40 * time.Second,
		WebhookURL: "http://127.0.0.1:1/hooks/jira", WebhookSecret: hookSecret}
	yaml := settings
	if h.settings != "" {
		yaml, o.ana = h.settings, "ana"
		h.change(&opt)
	}
	o.site = site.New(opt)
	t.Cleanup(o.site.Close)
	o.site.HoldWebhooks()
	o.front.next, o.url = o.site.API(), srv.URL
	d.HTTP, d.Files = connectortest.HTTP(t), connectortest.Files(t)
	c, err := jira.New(read(fmt.Sprintf(yaml, srv.URL)), d)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	o.c = c
	return o
}

// outside is a connector before a Jira site of its own.
type outside struct {
	t     *testing.T
	c     connectors.Connector
	site  *site.Server
	front *faulty
	url   string
	ana   string // how the edition knows Ana
}

// ticket is the effect that makes the ticket, for the edition.
func (o *outside) ticket() flow.Effect {
	e := ticket(1, "Homepage hero")
	e.Known = map[string]flow.Ref{"ana": {System: "jira", Type: "user", Key: o.ana}}
	return e
}

func (o *outside) Connector() connectors.Connector { return o.c }
func (o *outside) Secrets() []string               { return []string{token, hookSecret} }
func (o *outside) Create() flow.Effect             { return o.ticket() }

func (o *outside) Say(made []flow.Link) (flow.Effect, bool) {
	return comment(made[0].Ref, "CR-142/2/2", "Approved by Ana."), true
}

func (o *outside) Things() []string {
	var out []string
	for _, i := range o.site.Issues() {
		out = append(out, fmt.Sprintf("%s %s [%s] %s\n%s", i.Key, i.Summary, i.Status, i.Assignee, i.Description))
	}
	return out
}

func (o *outside) Said() int {
	n := 0
	for _, i := range o.site.Issues() {
		n += len(i.Comments)
	}
	return n
}

func (o *outside) Arm(f connectortest.Fault) bool {
	o.front.arm(f)
	return true
}

func (o *outside) Faults() []connectortest.Case {
	limit := func(reason, retry string) connectortest.Fault {
		return connectortest.Fault{Status: 429, Header: http.Header{"Ratelimit-Reason": {reason}, "Retry-After": {retry}}, Body: `{}`}
	}
	return []connectortest.Case{
		{Name: "field refused", Fault: connectortest.Fault{Status: 400, Body: `{"errorMessages":[],"errors":{"summary":"The summary is bad."}}`}, Class: connectors.Rejected, Person: true},
		{Name: "odd errors", Fault: connectortest.Fault{Status: 400, Body: `{"errors":{"summary":["The summary","is bad."]}}`}, Class: connectors.Rejected, Person: true},
		{Name: "service management", Fault: connectortest.Fault{Status: 400, Body: `{"errorMessage":"Not so.","i18nErrorMessage":{}}`}, Class: connectors.Rejected, Person: true},
		{Name: "forbidden", Fault: connectortest.Fault{Status: 403, Body: `{"errorMessages":["You do not have permission to create issues in this project."]}`}, Class: connectors.Rejected, Person: true},
		{Name: "locked out", Fault: connectortest.Fault{Status: 403, Header: http.Header{"X-Seraph-Loginreason": {"AUTHENTICATION_DENIED"}}}, Class: connectors.Denied, Person: true},
		{Name: "captcha", Fault: connectortest.Fault{Status: 401, Header: http.Header{"X-Authentication-Denied-Reason": {"CAPTCHA_CHALLENGE"}}}, Class: connectors.Denied, Person: true},
		{Name: "not found", Fault: connectortest.Fault{Status: 404, Body: `{"errorMessages":["No project could be found."]}`}, Class: connectors.Rejected, Person: true},
		{Name: "anonymous", Fault: connectortest.Fault{Status: 404, Header: http.Header{"X-Ausername": {"anonymous"}}}, Class: connectors.Denied, Person: true},
		{Name: "conflict", Fault: connectortest.Fault{Status: 409, Body: `{}`}, Class: connectors.Transient},
		{Name: "gone", Fault: connectortest.Fault{Status: 410, Body: `{}`}, Class: connectors.Rejected, Person: true},
		{Name: "too large", Fault: connectortest.Fault{Status: 413, Body: `{}`}, Class: connectors.Rejected, Person: true},
		{Name: "unprocessable", Fault: connectortest.Fault{Status: 422, Body: `{}`}, Class: connectors.Rejected, Person: true},
		{Name: "made without a key", Fault: connectortest.Fault{Does: true, Status: 201, Body: `{}`}, Class: connectors.Unsure},
		{Name: "burst", Fault: limit("jira-burst-based", "1"), Class: connectors.Limited, Scope: connectors.ScopeMethod, Wait: time.Second},
		{Name: "quota", Fault: limit("jira-quota-tenant-based", "30"), Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: 30 * time.Second},
		{Name: "quota until", Fault: connectortest.Fault{Status: 429, Header: http.Header{"Ratelimit-Reason": {"jira-quota-global-based"}, "Retry-After": {"1"},
			"X-Ratelimit-Reset": {"2026-11-20T10:00Z"}}}, Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: time.Hour},
		{Name: "no time", Fault: connectortest.Fault{Status: 429, Body: `<html>`}, Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: 2 * time.Second},
		{Name: "no reason", Fault: limit("", "3"), Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: 3 * time.Second},
	}
}

func (o *outside) Hooks() (believed, refused []connectors.Inbound) {
	moved := []byte(fmt.Sprintf(movedBody, begin().UnixMilli(), anaID, "Ana Reyes"))
	of := func(body []byte) connectors.Inbound {
		in := hook(body)
		in.Rest = pathToken
		return in
	}
	unsigned, elsewhere, wrong, get := of(moved), of(moved), of(moved), of(moved)
	unsigned.Header.Del("X-Hub-Signature")
	elsewhere.Rest = pathToken[1:]
	wrong.Body = append(slices.Clone(moved), ' ')
	get.Method = http.MethodGet
	refused = []connectors.Inbound{unsigned, wrong, get}
	if o.ana != anaID { // by the address
		refused = []connectors.Inbound{elsewhere, get}
	}
	return []connectors.Inbound{of(moved), of([]byte(`{"webhookEvent":"jira:version_released"}`)), of([]byte(`{"a":1,"a":2}`))}, refused
}

func (o *outside) Talk(made []flow.Link, body text.Doc) flow.Effect {
	return words(made[0].Ref, 2, body)
}

func (o *outside) Spoken() []string {
	var out []string
	for _, i := range o.site.Issues() {
		for _, c := range i.Comments {
			out = append(out, c.Body)
		}
	}
	return out
}

// Hear returns the webhooks of the site since the ticket was made.
func (o *outside) Hear([]flow.Link) (added, edited, removed []connectors.Inbound) {
	seen := len(o.site.Webhooks())
	since := func() []connectors.Inbound {
		var out []connectors.Inbound
		all := o.site.Webhooks()
		for _, w := range all[seen:] {
			in := hook(w.Body)
			in.Rest = pathToken
			out = append(out, in)
		}
		seen = len(all)
		return out
	}
	id, err := o.site.WriteCommentAs("Jon Park", "DES-1", site.CommentDraft{Body: "Which shade?"})
	added = since()
	errs := []error{err, o.site.EditCommentAs("Jon Park", "DES-1", id, "Which shade exactly?")}
	edited = since()
	errs = append(errs, o.site.DeleteCommentAs("Jon Park", "DES-1", id))
	if err := errors.Join(errs...); err != nil {
		o.t.Fatal(err)
	}
	return added, edited, since()
}

func (o *outside) Carry(made []flow.Link, name string, size int64) flow.Effect {
	return copying(made[0].Ref, len(name), name, int(size))
}

func (o *outside) Carried() map[string][]byte {
	out := map[string][]byte{}
	for _, i := range o.site.Issues() {
		for _, f := range i.Attachments {
			out[f.Name], _ = o.site.File(f.ID)
		}
	}
	return out
}

func (o *outside) MostBytes() int64 { return 10 << 20 }

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]harness{
		"Cloud":       {},
		"Data Center": {dataCenter, func(o *site.Options) { o.Edition = site.DataCenter }},
		"Server 8": {dataCenter, func(o *site.Options) {
			o.Edition, o.Version, o.Quirks = site.SelfHosted, "8.5.0", site.Quirks{CreateIgnoresProperties: true}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, h)
		})
	}
}

// ticket is the effect that makes the ticket of CR-142.
func ticket(version int64, title string) flow.Effect {
	return flow.Effect{
		ID: fmt.Sprintf("CR-142/%d/1", version), Request: "CR-142", Target: "jira",
		Known: map[string]flow.Ref{"ana": {System: "jira", Type: "user", Key: anaID}},
		Show: &flow.Show{
			Purpose: "ticket", At: flow.Ref{System: "jira", Type: "project", Key: "DES"}, Version: version, Digest: fmt.Sprint("digest-", version),
			View: flow.View{
				Kind: flow.TicketView, Request: "CR-142", Title: title, Headline: "CR-142: intake.", Status: flow.Intake, Page: "/requests/CR-142",
				Body: text.Plain("Please update the hero."),
				Ticket: &flow.TicketFields{
					Project: "DES", Priority: "high", Labels: []string{"web"}, Assignee: flow.Actor{Name: "ana", Shown: "Ana Reyes"},
					Due: time.Date(2026, 12, 1, 17, 0, 0, 0, time.UTC), Fields: map[string][]string{"brand": {"lumen"}, "effort_hours": {"6.5"}},
				},
			},
		},
	}
}

// known is an effect as it comes once the ticket is known.
func known(e flow.Effect, links []flow.Link, version int64, status flow.Status) flow.Effect {
	show := *e.Show
	fields := *show.View.Ticket
	show.View.Ticket = &fields
	show.Version, show.View.Status, show.Link = version, status, &links[0]
	e.ID, e.Show = fmt.Sprintf("CR-142/%d/1", version), &show
	return e
}

func comment(where flow.Ref, id, headline string) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-142", Target: "jira", Tell: &flow.Tell{Where: where, View: flow.View{Kind: flow.CommentView, Headline: headline}}}
}

// rigged is a connector before a strict Jira site.
func rigged(t *testing.T, change func(*site.Options)) (*rig, *outside) {
	t.Helper()
	return riggedAs(t, settings, change)
}

func lose(does bool) connectortest.Fault { return connectortest.Fault{Does: does} }

// riggedAs is rigged with other settings.
func riggedAs(t *testing.T, settings string, change func(*site.Options)) (*rig, *outside) {
	t.Helper()
	o := &outside{t: t, front: &faulty{}}
	srv := httptest.NewServer(o.front)
	t.Cleanup(srv.Close)
	r := connect(t, fmt.Sprintf(settings, srv.URL))
	opt := site.Options{Now: r.clock.Now, BaseURL: srv.URL, User: bot, Token: token}
	if change != nil {
		change(&opt)
	}
	o.site, o.c, o.url, o.ana = site.New(opt), r.Connector, srv.URL, anaID
	if opt.Edition != "" && opt.Edition != site.Cloud {
		o.ana = "ana"
	}
	t.Cleanup(o.site.Close)
	o.front.next = o.site.API()
	return r, o
}

func (r *rig) do(t *testing.T, e flow.Effect) []flow.Link {
	t.Helper()
	links, err := r.Do(t.Context(), e)
	if err != nil {
		t.Fatalf("Do(%s): %v", e.ID, err)
	}
	return links
}
