package jira_test

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"signoff/internal/sandbox/jira"
)

// browser is a visitor of the board without JavaScript.
type browser struct {
	t      *testing.T
	url    string
	client *http.Client
}

func open(t *testing.T, s *site) *browser {
	t.Helper()
	web := httptest.NewServer(s.Pages())
	t.Cleanup(web.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, url: web.URL, client: &http.Client{Jar: jar}}
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.send(httptest.NewRequestWithContext(b.t.Context(), "GET", b.url+path, nil))
}

// post sends a form as a browser does from a page of the same site.
func (b *browser) post(path string, form url.Values, change ...func(*http.Request)) (int, string) {
	b.t.Helper()
	req := httptest.NewRequestWithContext(b.t.Context(), "POST", b.url+path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.url)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range change {
		c(req)
	}
	return b.send(req)
}

func (b *browser) send(req *http.Request) (int, string) {
	b.t.Helper()
	req.RequestURI = ""
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, body.String()
}

func prefixed(o *jira.Options) { o.Prefix = "/demo/jira" }

func has(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func TestBoard_MoveByForm(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	key := s.task(`,"labels":["banner"],"duedate":"2026-11-20","assignee":{"accountId":"` + ana + `"}`)
	b := open(t, s)
	_, page := b.get("/demo/jira/")
	has(t, page, "Hero", key, "banner", "Late: due Fri 20 Nov", "Assigned to Ana Reyes", `action="/demo/jira/browse/DES-1/move"`, `value="In Progress"`)
	if strings.Contains(page, `value="Done"`) {
		t.Error("the board offers a step that the workflow does not have")
	}
	b.post("/demo/jira/as", url.Values{"user": {"5f1000000000000000000002"}, "back": {"/demo/jira/"}})
	status, page := b.post("/demo/jira/browse/DES-1/move", url.Values{"status": {"In Progress"}, "back": {"/demo/jira/"}})
	if status != 200 {
		t.Fatalf("move: got %d", status)
	}
	has(t, page, `value="In Review"`)
	if got, _ := s.Issue(key); got.Status != "In Progress" || got.History[0].By != "Ben Osei" {
		t.Errorf("after the move: %+v", got)
	}
	status, page = b.post("/demo/jira/browse/DES-1/move", url.Values{"status": {"Done"}, "back": {"/demo/jira/"}})
	if status != 422 {
		t.Errorf("a step that is not there: got %d, want 422", status)
	}
	has(t, page, `role="alert"`, "no step to that status")
	b.post("/demo/jira/browse/DES-1/move", url.Values{"status": {"Won't Do"}})
	if got, _ := s.Issue(key); got.Resolution != "Won't Do" {
		t.Errorf("resolution: got %q, want Won't Do", got.Resolution)
	}
}

func TestAPI_AnswersBelowThePrefixToo(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	for path, want := range map[string]int{"/demo/jira/rest/api/2/myself": 200, "/rest/api/2/myself": 200, "/other/rest/api/2/myself": 404} {
		req := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		req.SetBasicAuth(botMail, token)
		rec := httptest.NewRecorder()
		s.API().ServeHTTP(rec, req)
		if rec.Code != want {
			t.Errorf("%s: got %d, want %d", path, rec.Code, want)
		}
	}
}

func TestIssuePage_EditAndComment(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	key := s.task(`,"description":"h3. Why\n*New* colours, see [the file|https://files.lumen.example/hero].\n<script>alert(1)</script>"`)
	s.want(201, "POST", "issue/"+key+"/remotelink", `{"object":{"url":"https://slack.example/p1","title":"Thread in #design"},"relationship":"asked in"}`)
	b := open(t, s)
	_, page := b.get("/demo/jira/browse/DES-1")
	has(t, page, "<h3>Why</h3>", "<strong>New</strong>", `<a href="https://files.lumen.example/hero"`, "&lt;script&gt;", "Thread in #design")
	form := url.Values{"summary": {"Hero, wide"}, "description": {"New"}, "labels": {"banner web"}, "duedate": {"2026-12-01"}, "priority": {"2"},
		"assignee": {ana}, "customfield_10050": {"10101"}, "timetracking": {"6h"}, "customfield_10052": {""}, "back": {"/demo/jira/browse/DES-1"}}
	status, page := b.post("/demo/jira/browse/DES-1/edit", form)
	if status != 200 {
		t.Fatalf("edit: got %d", status)
	}
	has(t, page, "Hero, wide", "Nova", "6h", "set assignee", "Ana Reyes", `set due date to <span class="val">2026-12-01</span>`)
	got, _ := s.Issue(key)
	if got.Due != "2026-12-01" || got.Priority != "High" || strings.Join(got.Labels, " ") != "banner web" || got.Fields["Brand"] != "Nova" {
		t.Errorf("after the edit: %+v", got)
	}
	form.Set("summary", strings.Repeat("x", 256))
	status, page = b.post("/demo/jira/browse/DES-1/edit", form)
	if status != 422 {
		t.Errorf("a summary that is too long: got %d, want 422", status)
	}
	has(t, page, "less than 255", strings.Repeat("x", 256), `<details class="editor" open>`)
	b.post("/demo/jira/browse/DES-1/comment", url.Values{"text": {"Ready to look"}, "back": {"/demo/jira/browse/DES-1"}})
	if got, _ := s.Issue(key); len(got.Comments) != 1 || got.Comments[0].Author != "Ana Reyes" {
		t.Errorf("comments: %+v", got.Comments)
	}
	status, page = b.post("/demo/jira/browse/DES-1/comment", url.Values{"text": {strings.Repeat("y", 40000)}})
	if status != 422 {
		t.Errorf("a comment that is too long: got %d, want 422", status)
	}
	has(t, page, "32,767", strings.Repeat("y", 40000))
	if status, _ := b.get("/demo/jira/browse/DES-9"); status != 404 {
		t.Errorf("unknown issue: got %d, want 404", status)
	}
}

func TestPages_RefuseFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	key := s.task("")
	b := open(t, s)
	move := url.Values{"status": {"In Progress"}}
	for name, change := range map[string]func(*http.Request){
		"cross-site":                func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site, another origin": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"old browser":               func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") },
		"sandboxed frame":           func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") },
	} {
		if status, _ := b.post("/demo/jira/browse/"+key+"/move", move, change); status != 403 {
			t.Errorf("%s: got %d, want 403", name, status)
		}
	}
	if got, _ := s.Issue(key); got.Status != "To Do" {
		t.Errorf("a foreign form moved the issue to %q", got.Status)
	}
}

func TestPages_NothingInlineAndLocalRedirects(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	s.task("")
	b := open(t, s)
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>|javascript:`)
	for _, path := range []string{"/demo/jira/", "/demo/jira/browse/DES-1", "/demo/jira/webhooks", "/nowhere"} {
		req := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		rec := httptest.NewRecorder()
		s.Pages().ServeHTTP(rec, req)
		if policy := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if found := inline.FindString(rec.Body.String()); found != "" {
			t.Errorf("%s: holds %q, which the policy forbids", path, found)
		}
	}
	for _, to := range []string{"https://evil.example/", "//evil.example/", "/demo/jira/\\evil", "/other"} {
		req := httptest.NewRequestWithContext(t.Context(), "POST", "/demo/jira/as", strings.NewReader(url.Values{"user": {ana}, "back": {to}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		s.Pages().ServeHTTP(rec, req)
		if got := rec.Header().Get("Location"); got != "/demo/jira/" {
			t.Errorf("back to %q: got %q, want the board", to, got)
		}
	}
	if status, _ := b.post("/demo/jira/as", url.Values{"user": {bot}}); status != 422 {
		t.Errorf("acting as the product's account: got %d, want 422", status)
	}
}

func TestWebhooksPage_SendsAgain(t *testing.T) {
	t.Parallel()
	rec := newReceiver(t)
	rec.answers = []int{401}
	s := start(t, func(o *jira.Options) { prefixed(o); o.WebhookURL = rec.url })
	s.task("")
	s.settle()
	b := open(t, s)
	_, page := b.get("/demo/jira/webhooks")
	has(t, page, "jira:issue_created", "Not taken: 401")
	b.post("/demo/jira/webhooks/"+s.Webhooks()[0].ID+"/redeliver", nil)
	s.settle()
	_, page = b.get("/demo/jira/webhooks")
	has(t, page, "Taken: 401, 200")
}

func TestBoard_CreateByForm(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	b := open(t, s)
	b.post("/demo/jira/create", url.Values{"summary": {"Made by hand"}})
	if got := s.Issues(); len(got) != 1 || got[0].Summary != "Made by hand" || got[0].Reporter != "Ana Reyes" {
		t.Errorf("issues: %+v", got)
	}
	status, page := b.post("/demo/jira/create", url.Values{"summary": {" "}})
	if status != 422 {
		t.Errorf("empty summary: got %d, want 422", status)
	}
	has(t, page, "must specify a summary")
}

func TestChanges_TellAnOpenPage(t *testing.T) {
	t.Parallel()
	s := start(t, prefixed)
	b := open(t, s)
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/demo/jira/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 64)
	n, _ := res.Body.Read(buf)
	if got := string(buf[:n]); got != ": ready\n\n" {
		t.Fatalf("first: got %q", got)
	}
	s.task("")
	n, _ = res.Body.Read(buf)
	if got := string(buf[:n]); got != "data: changed\n\n" {
		t.Errorf("after a change: got %q", got)
	}
}
