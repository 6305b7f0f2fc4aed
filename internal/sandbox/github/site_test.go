package github

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
)

const botToken = "ghp_sandbox"

// desk is a site over HTTP with somebody who asks it.
type desk struct {
	t      *testing.T
	s      *Server
	url    string
	ledger *sandbox.Ledger
	got    chan *http.Request // webhooks that came
	bodies chan string
}

func open(t *testing.T, opt Options) *desk {
	t.Helper()
	d := &desk{t: t, got: make(chan *http.Request, 50), bodies: make(chan string, 50)}
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.got <- r
		d.bodies <- string(body)
	}))
	t.Cleanup(hooks.Close)
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	d.ledger = sandbox.NewLedger(func() time.Time { return now })
	opt.Now, opt.BaseURL, opt.Token, opt.Ledger = func() time.Time { return now }, srv.URL, botToken, d.ledger
	opt.WebhookURL, opt.WebhookSecret = hooks.URL+"/hooks/github", "secret-of-the-sandbox"
	d.s, d.url = New(opt), srv.URL
	t.Cleanup(d.s.Close)
	h = d.s.Handler()
	return d
}

// ask makes a call to the API as the product does and returns status, header and body.
func (d *desk) ask(method, path, body string, head ...string) (int, http.Header, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+apiPath+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+botToken)
	req.Header.Set("User-Agent", "test")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(raw)
}

func TestAPI_IsStrict(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	long := strings.Repeat("x", 70_000)
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
		head                     []string
	}{
		{"no token", "GET", "/user", "", 401, []string{"Authorization", ""}},
		{"another token", "GET", "/user", "", 401, []string{"Authorization", "Bearer nope"}},
		{"another version", "GET", "/user", "", 400, []string{"X-GitHub-Api-Version", "2021-01-01"}},
		{"no such path", "GET", "/nothing", "", 404, nil},
		{"no such repository", "GET", "/repos/lumen/none", "", 404, nil},
		{"no title", "POST", "/repos/lumen/site/issues", `{"body":"x"}`, 422, nil},
		{"blank title", "POST", "/repos/lumen/site/issues", `{"title":" "}`, 422, nil},
		{"long title", "POST", "/repos/lumen/site/issues", `{"title":"` + strings.Repeat("x", 257) + `"}`, 422, nil},
		{"long body", "POST", "/repos/lumen/site/issues", `{"title":"x","body":"` + long + `"}`, 422, nil},
		{"a key that is none", "POST", "/repos/lumen/site/issues", `{"title":"x","colour":"red"}`, 422, nil},
		{"a key twice", "POST", "/repos/lumen/site/issues", `{"title":"x","title":"y"}`, 422, nil},
		{"a wrong type", "POST", "/repos/lumen/site/issues", `{"title":7}`, 422, nil},
		{"no JSON", "POST", "/repos/lumen/site/issues", `title=x`, 400, nil},
		{"a long label", "POST", "/repos/lumen/site/issues", `{"title":"x","labels":["` + strings.Repeat("l", 51) + `"]}`, 422, nil},
		{"who cannot have it", "POST", "/repos/lumen/site/issues", `{"title":"x","assignees":["passer-by"]}`, 422, nil},
		{"one that is made", "POST", "/repos/lumen/site/issues", `{"title":"x"}`, 201, nil},
		{"an unknown state", "PATCH", "/repos/lumen/site/issues/1", `{"state":"done"}`, 422, nil},
		{"an unknown reason", "PATCH", "/repos/lumen/site/issues/1", `{"state":"closed","state_reason":"meh"}`, 422, nil},
		{"an empty comment", "POST", "/repos/lumen/site/issues/1/comments", `{"body":""}`, 422, nil},
		{"a pull request that is none", "GET", "/repos/lumen/site/pulls/1", "", 404, nil},
		{"a label that is not there", "DELETE", "/repos/lumen/site/issues/1/labels/none", "", 404, nil},
		{"a state of no commit", "POST", "/repos/lumen/site/statuses/0a", `{"state":"success"}`, 422, nil},
		{"an odd instant", "GET", "/repos/lumen/site/issues?since=yesterday", "", 422, nil},
		{"a webhook without address", "POST", "/repos/lumen/site/hooks", `{"name":"web","config":{}}`, 422, nil},
		{"an event that is none", "POST", "/repos/lumen/site/hooks", `{"name":"web","events":["party"],"config":{"url":"https://x.example"}}`, 422, nil},
	} {
		if got, _, body := d.ask(tt.method, tt.path, tt.body, tt.head...); got != tt.want {
			t.Errorf("%s: status %d, want %d\n%.200s", tt.name, got, tt.want, body)
		}
	}
}

func TestAPI_MovedThingsRedirect(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	if _, err := d.s.OpenIssueAs("Ana Reyes", "lumen/requests", "x", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.s.TransferAs("Ana Reyes", "lumen/requests#1", "lumen/site"); err != nil {
		t.Fatal(err)
	}
	if err := d.s.Rename("lumen/site", "lumen/pages"); err != nil {
		t.Fatal(err)
	}
	status, head, _ := d.ask("GET", "/repos/lumen/requests/issues/1", "")
	if want := d.url + apiPath + "/repos/lumen/pages/issues/1"; status != 301 || head.Get("Location") != want {
		t.Errorf("a moved issue = %d to %q, want 301 to %q", status, head.Get("Location"), want)
	}
	status, head, _ = d.ask("POST", "/repos/lumen/site/issues/1/comments", `{"body":"x"}`)
	if status != 307 || !strings.HasSuffix(head.Get("Location"), "/repos/lumen/pages/issues/1/comments") {
		t.Errorf("a write to a renamed repository = %d to %q, want 307", status, head.Get("Location"))
	}
}

func TestAPI_Limits(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	d.s.RefuseWrites(1)
	if status, head, body := d.ask("POST", "/repos/lumen/site/issues", `{"title":"x"}`); status != 403 || head.Get("Retry-After") != "" || !strings.Contains(body, "secondary rate limit") {
		t.Errorf("secondary limit = %d %v %s, want 403 in words alone", status, head, body)
	}
	d.s.ExhaustLimit(d.s.opt.Now().Add(time.Hour))
	if status, head, _ := d.ask("GET", "/user", ""); status != 403 || head.Get("X-Ratelimit-Remaining") != "0" || head.Get("X-Ratelimit-Reset") == "" {
		t.Errorf("primary limit = %d %v, want 403 with its reset", status, head)
	}
}

func TestAPI_ETagsAndPages(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	for range 3 {
		if _, err := d.s.OpenIssueAs("Ana Reyes", "lumen/site", "x", ""); err != nil {
			t.Fatal(err)
		}
	}
	_, head, body := d.ask("GET", "/repos/lumen/site/issues?per_page=2", "")
	var list []struct{ Number int }
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 2 || list[0].Number != 3 || !strings.Contains(head.Get("Link"), `page=2`) {
		t.Errorf("first page = %s with %q, want 3 and 2, and where the rest is", body, head.Get("Link"))
	}
	if status, _, body := d.ask("GET", "/repos/lumen/site/issues?per_page=2", "", "If-None-Match", head.Get("Etag")); status != 304 || body != "" {
		t.Errorf("asked again = %d %q, want 304 and nothing", status, body)
	}
}

func TestWebhook_SignedAndSentOnce(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	if _, err := d.s.OpenPullAs("Ben Osei", "lumen/site", "Hero", "", "Hero"); err != nil {
		t.Fatal(err)
	}
	r, body := <-d.got, <-d.bodies
	if r.Header.Get("X-Github-Event") != "pull_request" || r.Header.Get("X-Hub-Signature-256") != Sign("secret-of-the-sandbox", []byte(body)) || !strings.HasPrefix(r.Header.Get("User-Agent"), "GitHub-Hookshot/") {
		t.Errorf("webhook = %v, want a signed pull_request", r.Header)
	}
	if err := d.s.Wait(t.Context(), (*Server).Quiet); err != nil {
		t.Fatal(err)
	}
	d.s.LoseWebhooks(true)
	if _, err := d.s.CommentAs("Ana Reyes", "lumen/site#1", "x"); err != nil {
		t.Fatal(err)
	}
	if err := d.s.Wait(t.Context(), (*Server).Quiet); err != nil {
		t.Fatal(err)
	}
	all := d.s.Webhooks()
	if len(all) != 2 || all[1].Status != 502 {
		t.Fatalf("deliveries = %+v, want one that arrived and one that did not, never repeated", all)
	}
	d.s.LoseWebhooks(false)
	status, _, list := d.ask("GET", "/repos/lumen/site/hooks", "")
	var hooks []struct {
		ID     int64
		Config map[string]string
	}
	if err := json.Unmarshal([]byte(list), &hooks); status != 200 || err != nil || len(hooks) != 1 || hooks[0].Config["secret"] != "********" {
		t.Fatalf("hooks = %d %s, want one whose secret is hidden", status, list)
	}
	path := "/repos/lumen/site/hooks/" + jsonNumber(hooks[0].ID) + "/deliveries"
	if status, _, body := d.ask("GET", path, ""); status != 200 || !strings.Contains(body, `"status_code":502`) {
		t.Errorf("deliveries = %d %s, want the one that failed", status, body)
	}
	if status, _, _ := d.ask("POST", path+"/"+jsonNumber(all[1].ID)+"/attempts", ""); status != 202 {
		t.Errorf("redelivery = %d, want 202", status)
	}
	if again := <-d.got; again.Header.Get("X-Github-Delivery") != all[1].GUID {
		t.Errorf("redelivered as %q, want the same GUID %q", again.Header.Get("X-Github-Delivery"), all[1].GUID)
	}
}

func jsonNumber(n int64) string {
	raw, _ := json.Marshal(n) // a number always has JSON
	return string(raw)
}

func TestPages(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	client := &http.Client{}
	post := func(path string, form url.Values) (int, string) {
		t.Helper()
		res, err := client.PostForm(d.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	if status, body := post("/lumen/site/open", url.Values{"what": {"pull"}, "title": {"Hero <b>"}}); status != 200 || !strings.Contains(body, "Hero &lt;b&gt;") {
		t.Fatalf("opening = %d %.300s, want its page, escaped", status, body)
	}
	for _, step := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/push", url.Values{"body": {"Lighter"}}, "Lighter, by Ana Reyes"},
		{"/comment", url.Values{"body": {"Hello there"}}, "Hello there"},
		{"/line", url.Values{"body": {"Too dark"}}, "on hero.css"},
		{"/label", url.Values{"label": {"signoff"}}, "signoff"},
		{"/close", url.Values{"what": {"completed"}}, "closed"},
		{"/reopen", nil, "open"},
	} {
		if status, body := post("/lumen/site/pull/1"+step.path, step.form); status != 200 || !strings.Contains(body, step.want) {
			t.Errorf("%s = %d, want a page with %q", step.path, status, step.want)
		}
	}
	if status, _ := post("/lumen/site/pull/1/review", url.Values{"what": {"approve"}}); status != 400 {
		t.Errorf("approving one's own = %d, want 400", status)
	}
	for _, path := range []string{"/", "/lumen/site/issues", "/lumen/site/pulls", "/assets/site.css"} {
		res, err := client.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Errorf("GET %s = %d", path, res.StatusCode)
		}
	}
	for _, path := range []string{"/lumen/site/issues/99", "/lumen/none/pull/1"} {
		res, err := client.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 404 {
			t.Errorf("GET %s = %d, want 404", path, res.StatusCode)
		}
	}
}

func TestFaults_AndLedger(t *testing.T) {
	t.Parallel()
	faults := &sandbox.Faults{}
	d := open(t, Options{Faults: faults})
	if err := faults.Arm(sandbox.Fault{Service: "github", Method: "issues/create", Kind: sandbox.NamedError, Name: "410 Issues are disabled", Times: 1}); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := d.ask("GET", "/user", ""); status != 200 {
		t.Errorf("another operation = %d, want 200", status)
	}
	if status, _, _ := d.ask("POST", "/repos/lumen/site/issues", `{"title":"x"}`); status != 410 {
		t.Errorf("the armed operation = %d, want 410", status)
	}
	_, _, _ = d.ask("POST", "/repos/lumen/site/issues", `{"title":"x","body":"<!-- signoff:CR-1 0a -->"}`)
	all := d.ledger.Entries(0)
	last := all[len(all)-1]
	for _, e := range all {
		if e.Note == "issues/create" {
			last = e
		}
		if strings.Contains(e.Body, botToken) || strings.Contains(e.Path, botToken) {
			t.Errorf("the ledger holds the token: %+v", e)
		}
	}
	if last.Note != "issues/create" || last.Status != 201 || last.Mark != "signoff:CR-1" {
		t.Errorf("ledger = %+v, want the creation with its mark", last)
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	s := New(Options{Now: time.Now, BaseURL: srv.URL + "/demo/github", Prefix: "/demo/github", Token: botToken})
	t.Cleanup(s.Close)
	h = s.Handler()
	for range 2 {
		if _, err := s.OpenIssueAs("Ana Reyes", "lumen/site", "x", ""); err != nil {
			t.Fatal(err)
		}
	}
	d := &desk{t: t, s: s, url: srv.URL + "/demo/github"}
	status, head, body := d.ask("GET", "/repos/lumen/site/issues?per_page=1", "")
	if want := srv.URL + "/demo/github/api/v3/repos/lumen/site/issues?page=2"; status != 200 || !strings.Contains(head.Get("Link"), want) || !strings.Contains(body, srv.URL+"/demo/github/lumen/site/issues/2") {
		t.Errorf("below a prefix = %d %q %.200s, want addresses below it", status, head.Get("Link"), body)
	}
	res, err := http.Get(srv.URL + "/demo/github/lumen/site/issues/2")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("page below a prefix = %d, want 200", res.StatusCode)
	}
}
