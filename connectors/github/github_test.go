package github_test

import (
	"bytes"
	"context"
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
	"signoff/connectors/github"
	"signoff/internal/flow"
	site "signoff/internal/sandbox/github"
	"signoff/internal/source"
	"signoff/internal/text"
)

const (
	token      = "github_pat_canary-token"
	hookSecret = "signoff-github-webhook-secret"
	home       = "lumen/requests"
	work       = "lumen/site"
)

func begin() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// ticketSettings and pullSettings are those of the whole package's tests, %s being the address.
const (
	ticketSettings = `api_url: %s/api/v3
token: github_pat_canary-token
webhook_secret: signoff-github-webhook-secret
repository: lumen/requests
`
	pullSettings = `api_url: %s/api/v3
token: github_pat_canary-token
webhook_secret: signoff-github-webhook-secret
repositories: [lumen/site]
commit_status: signoff
`
)

// read decodes settings as the configuration does.
func read(yaml string) func(any) error {
	return func(into any) error {
		f, problems := source.Parse("config.yaml", []byte(yaml))
		if len(problems) == 0 {
			problems = source.Into(f.Root(), "a GitHub connection", into)
		}
		if len(problems) > 0 {
			return fmt.Errorf("%+v", problems)
		}
		return nil
	}
}

// faulty puts raw faults in front of the site: what goes wrong is bytes, whatever the service.
type faulty struct {
	next http.Handler

	mu    sync.Mutex
	armed *connectortest.Fault
	left  int // calls that it hits
	seen  []string
}

func (f *faulty) take(r *http.Request) *connectortest.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r.Method+" "+r.URL.Path)
	if f.armed == nil || r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return nil
	}
	one := f.armed
	if f.left--; f.left == 0 {
		f.armed = nil
	}
	return one
}

func (f *faulty) arm(one connectortest.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.left = &one, 1
	if one.Status == http.StatusUnauthorized {
		f.left = 2 // an app asks for another token and tries once more
	}
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
	w.WriteHeader(one.Status)
	_, _ = io.WriteString(w, one.Body) // the other side may have gone
}

// harness starts sites; app makes the connector an app.
type harness struct{ app bool }

func (harness) Kind() connectors.Kind {
	k := github.Kind()
	k.New = func(decode func(into any) error, d connectors.Deps) (connectors.Connector, error) {
		d.Tracker = true
		return github.New(decode, d)
	}
	return k
}

func (harness) Env() map[string]string {
	return map[string]string{"GITHUB_TOKEN": token, "GITHUB_WEBHOOK_SECRET": hookSecret}
}

func (h harness) Start(t *testing.T, d connectors.Deps) connectortest.Outside {
	t.Helper()
	d.Tracker = true
	opt, settings := site.Options{}, ticketSettings
	if h.app {
		settings = appSettings(t, &opt)
	}
	return start(t, d, settings, opt)
}

// outside is a connector before a site of its own.
type outside struct {
	t     *testing.T
	c     *github.Connector
	site  *site.Server
	front *faulty
	url   string
	taken int // webhooks seen
}

func start(t *testing.T, d connectors.Deps, settings string, opt site.Options) *outside {
	t.Helper()
	o := &outside{t: t, front: &faulty{}}
	srv := httptest.NewServer(o.front)
	t.Cleanup(srv.Close)
	opt.Now, opt.BaseURL, opt.Token, opt.ListLag = d.Now, srv.URL, token, 10*time.Second
	opt.WebhookURL, opt.WebhookSecret = "http://127.0.0.1:1/hooks/github", hookSecret
	o.site, o.url = site.New(opt), srv.URL
	t.Cleanup(o.site.Close)
	o.site.HoldWebhooks()
	o.front.next = o.site.Handler()
	d.HTTP = connectortest.HTTP(t)
	c, err := github.New(read(fmt.Sprintf(settings, srv.URL)), d)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	o.c = c.(*github.Connector)
	return o
}

func (o *outside) Connector() connectors.Connector { return o.c }
func (o *outside) Secrets() []string               { return []string{token, hookSecret} }
func (o *outside) Create() flow.Effect             { return ticket(1, "Homepage hero") }

func (o *outside) Say(made []flow.Link) (flow.Effect, bool) {
	return saying(made[0].Ref, "CR-142/2/2", "Approved by Ana."), true
}

func (o *outside) Things() []string {
	var out []string
	for _, i := range o.site.Issues(home) {
		out = append(out, fmt.Sprintf("#%d %s [%s] %v %v\n%s", i.Number, i.Title, i.State, i.Labels, i.Assignees, i.Body))
	}
	return out
}

func (o *outside) Said() int { return len(o.Spoken()) }

func (o *outside) Arm(f connectortest.Fault) bool {
	o.front.arm(f)
	return true
}

func (o *outside) Faults() []connectortest.Case {
	head := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	reset := fmt.Sprint(begin().Add(20 * time.Minute).Unix())
	const perm = `{"message":"Resource not accessible by personal access token"}`
	return []connectortest.Case{
		{Name: "primary limit", Fault: connectortest.Fault{Status: 403, Header: head("X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", reset), Body: `{"message":"API rate limit exceeded"}`},
			Class: connectors.Limited, Scope: connectors.ScopeInstance, Wait: 20 * time.Minute},
		{Name: "primary limit as 429", Fault: connectortest.Fault{Status: 429, Header: head("X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", reset), Body: `{}`},
			Class: connectors.Limited, Wait: 20 * time.Minute},
		{Name: "secondary limit with a time", Fault: connectortest.Fault{Status: 403, Header: head("Retry-After", "61"), Body: `{"message":"You have exceeded a secondary rate limit."}`}, Class: connectors.Limited, Wait: 61 * time.Second},
		{Name: "secondary limit in words alone", Fault: connectortest.Fault{Status: 403, Body: `{"message":"You have exceeded a secondary rate limit."}`}, Class: connectors.Limited, Wait: time.Minute},
		{Name: "permission", Fault: connectortest.Fault{Status: 403, Header: head("X-Accepted-Github-Permissions", "issues=write"), Body: perm}, Class: connectors.Rejected, Person: true},
		{Name: "suspended", Fault: connectortest.Fault{Status: 403, Body: `{"message":"This installation has been suspended"}`}, Class: connectors.Denied, Person: true},
		{Name: "not found", Fault: connectortest.Fault{Status: 404, Body: `{"message":"Not Found"}`}, Class: connectors.Rejected, Person: true},
		{Name: "issues off", Fault: connectortest.Fault{Status: 410, Body: `{"message":"Issues are disabled for this repo"}`}, Class: connectors.Rejected, Person: true},
		{Name: "invalid", Fault: connectortest.Fault{Status: 422, Body: `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"custom"}]}`}, Class: connectors.Rejected, Person: true},
		{Name: "odd errors", Fault: connectortest.Fault{Status: 422, Body: `{"message":"Validation Failed","errors":["too long",7]}`}, Class: connectors.Rejected, Person: true},
		{Name: "legal", Fault: connectortest.Fault{Status: 451, Body: `{}`}, Class: connectors.Rejected, Person: true},
		{Name: "conflict", Fault: connectortest.Fault{Status: 409, Body: `{}`}, Class: connectors.Transient},
		{Name: "made without a number", Fault: connectortest.Fault{Does: true, Status: 201, Body: `{}`}, Class: connectors.Unsure},
	}
}

func (o *outside) Hooks() (believed, refused []connectors.Inbound) {
	body := []byte(`{"action":"closed","issue":{"id":71,"number":7,"title":"Banner","body":null,"state":"closed","state_reason":"completed","updated_at":"2026-11-20T08:59:00Z"},"repository":{"id":501,"full_name":"lumen/requests"},"sender":{"login":"ana-lumen","id":1001,"type":"User"}}`)
	good := hook("issues", body)
	unsigned, wrong, get, old, form := hook("issues", body), hook("issues", body), hook("issues", body), hook("issues", body), hook("issues", body)
	unsigned.Header.Del("X-Hub-Signature-256")
	wrong.Body = append(slices.Clone(body), ' ')
	get.Method = http.MethodGet
	old.Header.Del("X-Hub-Signature-256")
	old.Header.Set("X-Hub-Signature", "sha1=0000000000000000000000000000000000000000")
	form.Header.Set("Content-Type", "text/plain")
	return []connectors.Inbound{good, hook("ping", []byte(`{"zen":"x","hook_id":1}`)), hook("sub_issues", []byte(`{}`)), hook("issues", []byte(`{"a":1,"a":2}`))},
		[]connectors.Inbound{unsigned, wrong, get, old, form}
}

func (o *outside) Talk(made []flow.Link, body text.Doc) flow.Effect {
	return words(made[0].Ref, 2, body)
}

func (o *outside) Spoken() []string {
	var out []string
	for _, i := range o.site.Issues(home) {
		for _, c := range i.Comments {
			out = append(out, c.Body)
		}
	}
	return out
}

// hooks returns the webhooks since the last time.
func (o *outside) hooks() []connectors.Inbound {
	all := o.site.Webhooks()
	var out []connectors.Inbound
	for _, d := range all[o.taken:] {
		in := hook(d.Event, d.Body)
		in.Header.Set("X-Github-Delivery", d.GUID)
		in.At = d.At
		out = append(out, in)
	}
	o.taken = len(all)
	return out
}

func (o *outside) Hear([]flow.Link) (added, edited, removed []connectors.Inbound) {
	o.hooks()
	id, err := o.site.CommentAs("Jon Park", home+"#1", "Which shade?")
	added = o.hooks()
	errs := []error{err, o.site.EditCommentAs("Jon Park", home+"#1", id, "Which shade exactly?")}
	edited = o.hooks()
	errs = append(errs, o.site.DeleteCommentAs("Jon Park", home+"#1", id))
	if err := errors.Join(errs...); err != nil {
		o.t.Fatal(err)
	}
	return added, edited, o.hooks()
}

func hook(event string, body []byte) connectors.Inbound {
	return connectors.Inbound{
		Method: http.MethodPost, Body: body, At: begin(),
		Header: http.Header{
			"Content-Type": {"application/json"}, "X-Hub-Signature-256": {site.Sign(hookSecret, body)}, "X-Github-Event": {event},
			"X-Github-Delivery": {"72d3162e-cc78-11e3-81ab-4c9367dc0958"}, "User-Agent": {"GitHub-Hookshot/044aadd"},
		},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]harness{"token": {}, "app": {app: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, h)
		})
	}
}

// ticket is the effect that makes the ticket of CR-142.
func ticket(version int64, title string) flow.Effect {
	return flow.Effect{
		ID: fmt.Sprintf("CR-142/%d/1", version), Request: "CR-142", Target: "github",
		Known: map[string]flow.Ref{"ana": {System: "github", Type: "user", Key: "ana-lumen"}},
		Show: &flow.Show{
			Purpose: "ticket", Version: version, Digest: fmt.Sprint("digest-", version),
			View: flow.View{
				Kind: flow.TicketView, Request: "CR-142", Title: title, Headline: "CR-142: intake.", Status: flow.Intake, Page: "/requests/CR-142",
				Body: text.Plain("Please update the hero."),
				Ticket: &flow.TicketFields{
					Priority: "high", Labels: []string{"web"}, Assignee: flow.Actor{Name: "ana", Shown: "Ana Reyes"},
					Due: time.Date(2026, 12, 1, 17, 0, 0, 0, time.UTC), Fields: map[string][]string{"brand": {"lumen"}},
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

func saying(where flow.Ref, id, headline string) flow.Effect {
	return flow.Effect{ID: id, Request: "CR-142", Target: "github", Tell: &flow.Tell{Where: where, View: flow.View{Kind: flow.NoticeView, Request: "CR-142", Headline: headline}}}
}

func words(at flow.Ref, version int64, body text.Doc) flow.Effect {
	return flow.Effect{
		ID: fmt.Sprintf("CR-142/%d/1", version), Request: "CR-142", Target: "github",
		Show: &flow.Show{
			Purpose: "comment/1", At: at, Version: version, Digest: fmt.Sprint("digest-", version),
			View: flow.View{Kind: flow.CommentView, Request: "CR-142", Headline: "Ana wrote", Body: body},
		},
	}
}

// rig is a connector before a site, with what the tests look at.
type rig struct {
	*outside
	clock *connectortest.Clock
	keep  *connectortest.Keep
	log   *connectortest.Log
	store map[string][]byte // deliveries that are here
}

// rigged is a connector for tickets, or for pull requests.
func rigged(t *testing.T, tracker bool, settings string, opt site.Options) *rig {
	t.Helper()
	r := &rig{clock: connectortest.NewClock(begin()), keep: &connectortest.Keep{}, log: &connectortest.Log{}, store: map[string][]byte{}}
	r.outside = start(t, connectors.Deps{
		Instance: "github", Tracker: tracker, Version: "1.0", PublicURL: "https://signoff.lumen.example", StoreID: "store-1",
		Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: r.clock.Now, Keep: r.keep,
		Delivery: func(_ context.Context, id string) ([]byte, error) { return r.store[id], nil },
	}, settings, opt)
	return r
}

func (r *rig) do(e flow.Effect) []flow.Link {
	r.t.Helper()
	links, err := r.c.Do(r.t.Context(), e)
	if err != nil {
		r.t.Fatalf("Do(%s): %v", e.ID, err)
	}
	return links
}

// events takes webhooks as the engine does.
func (r *rig) events(list ...connectors.Inbound) []flow.Event {
	r.t.Helper()
	var out []flow.Event
	for _, in := range list {
		acc, err := r.c.Accept(in)
		if err != nil {
			r.t.Fatalf("Accept: %v", err)
		}
		if acc.Malformed != "" {
			r.t.Fatalf("%s is malformed: %s", acc.Kind, acc.Malformed)
		}
		if acc.Ignored != "" || acc.Answer != nil {
			continue
		}
		d := flow.Delivery{ID: "github/" + acc.ID, Instance: "github", Kind: acc.Kind, At: in.At, Type: acc.Type, Body: in.Body, Key: acc.Key}
		if acc.Kept != nil {
			d.Body = acc.Kept
		}
		if d.Learned, err = r.c.Enrich(r.t.Context(), d); err != nil {
			r.t.Fatalf("Enrich: %v", err)
		}
		events, err := r.c.Parse(d)
		if err != nil {
			r.t.Fatalf("Parse: %v", err)
		}
		out = append(out, events...)
	}
	return out
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func brief(ev flow.Event) string {
	out := []string{string(ev.Kind), ev.Actor.Ref.Key}
	for _, name := range []string{"status", "word", "verdict", "version", "point", "below", "state", "why", "key", "receipt"} {
		if v := ev.Field(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	if ev.Echo {
		out = append(out, "echo")
	}
	return strings.TrimSpace(strings.Join(out, " "))
}

func briefs(list []flow.Event) []string {
	var out []string
	for _, ev := range list {
		out = append(out, brief(ev))
	}
	return out
}

// lost is an answer that does not arrive although the call took effect.
func lost() connectortest.Fault { return connectortest.Fault{Does: true} }
