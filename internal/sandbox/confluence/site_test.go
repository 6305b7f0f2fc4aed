package confluence

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signoff/internal/sandbox"
)

const (
	botToken   = "ATATT-sandbox"
	hookSecret = "secret-of-the-sandbox"
)

// desk is a site over HTTP with somebody who asks it.
type desk struct {
	t      *testing.T
	s      *Server
	url    string
	since  atomic.Int64 // time passed
	ledger *sandbox.Ledger
	got    chan posted
}

// posted is a webhook that came.
type posted struct {
	head http.Header
	body string
}

func open(t *testing.T, opt Options) *desk {
	t.Helper()
	d := &desk{t: t, got: make(chan posted, 50)}
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.got <- posted{r.Header, string(body)}
	}))
	t.Cleanup(hooks.Close)
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	opt.Now = d.now
	d.ledger = sandbox.NewLedger(opt.Now)
	opt.BaseURL, opt.Token, opt.Ledger = srv.URL+opt.Prefix, botToken, d.ledger
	if opt.Edition == DataCenter {
		opt.WebhookURL, opt.WebhookSecret = hooks.URL+"/hooks/confluence", hookSecret
	}
	d.s, d.url = New(opt), srv.URL+opt.Prefix
	t.Cleanup(d.s.Close)
	h = d.s.Handler()
	return d
}

func (d *desk) now() time.Time {
	return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(time.Duration(d.since.Load()))
}

func (d *desk) pass(t time.Duration) { d.since.Add(int64(t)) }

// ask makes a call to the API as the product does and returns status, header and body.
func (d *desk) ask(method, path, body string, head ...string) (int, http.Header, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if d.s.cloud() {
		req.SetBasicAuth("signoff-bot@lumen.example", botToken)
	} else {
		req.Header.Set("Authorization", "Bearer "+botToken)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultClient.Do(req)
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

// read makes a call that has to succeed and decodes its answer.
func (d *desk) read(method, path, body string, into any) {
	d.t.Helper()
	status, _, raw := d.ask(method, path, body)
	if status < 200 || status > 299 {
		d.t.Fatalf("%s %s = %d %s", method, path, status, raw)
	}
	if err := json.Unmarshal([]byte(raw), into); err != nil {
		d.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
}

// make makes a page as Maya.
func (d *desk) make(title, text string) Page {
	d.t.Helper()
	p, err := d.s.CreatePageAs("Maya Lind", "LUMEN", title, text)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

const cqlPath = "/rest/api/content/search?cql="

func TestCloud_IsStrict(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	page := d.s.PagesOf("LUMEN")[0].ID
	const v2, v1 = "/wiki/api/v2", "/wiki/rest/api"
	comment := `{"pageId":"` + page + `","body":{"representation":"storage","value":"<p>x</p>"}}`
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
		said                     string
		head                     []string
	}{
		{"no token", "GET", v2 + "/pages/" + page, "", 401, `"errors"`, []string{"Authorization", ""}},
		{"a bearer", "GET", v1 + "/user/current", "", 401, `"statusCode":401`, []string{"Authorization", "Bearer " + botToken}},
		{"a page", "GET", v2 + "/pages/" + page, "", 200, `"body":{}`, nil},
		{"without /wiki", "GET", "/api/v2/pages/" + page, "", 404, "<h1>Page not found", nil},
		{"what version 1 had", "GET", v1 + "/content/" + page, "", 404, "<h1>Page not found", nil},
		{"another method", "PUT", v2 + "/pages/" + page, "", 405, "", nil},
		{"no such page", "GET", v2 + "/pages/4711", "", 404, `{"errors":[{"code":"NOT_FOUND","detail":null,"status":404,"title":"No content found`, nil},
		{"no id", "GET", v2 + "/pages/nova", "", 400, "Expected type is long", nil},
		{"an unknown key", "GET", v2 + "/pages/" + page + "?body_format=storage", "", 400, "body_format", nil},
		{"two formats", "GET", v2 + "/pages/" + page + "?body-format=storage,view", "", 400, "body-format", nil},
		{"a version that is none", "GET", v2 + "/pages/" + page + "?version=9", "", 404, "", nil},
		{"a page as a post", "GET", v2 + "/blogposts/" + page, "", 404, "", nil},
		{"too many at once", "GET", v2 + "/pages?limit=251", "", 400, "limit", nil},
		{"a made-up cursor", "GET", v2 + "/pages?cursor=abc", "", 400, "cursor", nil},
		{"an order that is none", "GET", v2 + "/pages/" + page + "/footer-comments?sort=newest", "", 400, "sort", nil},
		{"a status that is none", "GET", v2 + "/pages?status=new", "", 400, "status", nil},
		{"labels, perhaps", "GET", v2 + "/pages/" + page + "?include-labels=maybe", "", 400, "boolean", nil},
		{"a list as a view", "GET", v2 + "/pages?body-format=view", "", 400, "body-format", nil},
		{"no such space", "GET", v2 + "/spaces/1", "", 404, "", nil},
		{"no accounts", "POST", v2 + "/users-bulk", `{"accountIds":[]}`, 400, "accountIds", nil},
		{"an account as a number", "POST", v2 + "/users-bulk", `{"accountIds":[1]}`, 400, "", nil},
		{"not JSON", "POST", v2 + "/footer-comments", comment, 415, "", []string{"Content-Type", "text/plain"}},
		{"a number as page", "POST", v2 + "/footer-comments", strings.Replace(comment, `"`+page+`"`, page, 1), 400, "", nil},
		{"a key that is none", "POST", v2 + "/footer-comments", strings.Replace(comment, "{", `{"colour":"red",`, 1), 400, "colour", nil},
		{"a key twice", "POST", v2 + "/footer-comments", strings.Replace(comment, "{", `{"pageId":"1",`, 1), 400, "pageId", nil},
		{"broken storage", "POST", v2 + "/footer-comments", strings.Replace(comment, "</p>", "</b>", 1), 400, "Error parsing xhtml", nil},
		{"an entity that is none", "POST", v2 + "/footer-comments", strings.Replace(comment, ">x<", ">R&D<", 1), 400, "Error parsing xhtml", nil},
		{"an empty comment", "POST", v2 + "/footer-comments", strings.Replace(comment, "<p>x</p>", "", 1), 400, "empty", nil},
		{"a comment nowhere", "POST", v2 + "/footer-comments", strings.Replace(comment, page, "4711", 1), 404, "", nil},
		{"a comment", "POST", v2 + "/footer-comments", comment, 201, `"pageId":"` + page, nil},
		{"a label in capitals", "POST", v1 + "/content/" + page + "/label", `[{"prefix":"global","name":"Signoff"}]`, 400, "small letters", nil},
		{"a label without prefix", "POST", v1 + "/content/" + page + "/label", `[{"name":"signoff"}]`, 400, "", nil},
		{"a label", "POST", v1 + "/content/" + page + "/label", `[{"prefix":"global","name":"signoff"}]`, 200, `"name":"signoff"`, nil},
		{"no query", "GET", v1 + "/content/search", "", 400, `"message"`, nil},
		{"a search of everything", "GET", v1 + "/search?cql=" + url.QueryEscape(`label = "signoff"`), "", 200, `"totalSize":1`, nil},
		{"accounts of version 1", "GET", v1 + "/user/bulk?accountId=5f1000000000000000000001&accountId=5f1000000000000000000002", "", 200, `"size":2`, nil},
		{"all labels", "GET", v2 + "/pages/" + page + "/labels?prefix=global&limit=250", "", 200, `"name":"signoff"`, nil},
		{"a label off", "DELETE", v1 + "/content/" + page + "/label?name=signoff", "", 204, "", nil},
		{"a user field", "GET", v1 + "/search?cql=" + url.QueryEscape(`creator = "x"`), "", 400, "no field exists", nil},
		{"an expansion that is none", "GET", "/wiki" + cqlPath + "type=page&expand=colour", "", 400, "colour", nil},
	} {
		got, _, body := d.ask(tt.method, tt.path, tt.body, tt.head...)
		if got != tt.want || !strings.Contains(body, tt.said) {
			t.Errorf("%s: %d %.300s, want %d with %q", tt.name, got, body, tt.want, tt.said)
		}
	}
}

func TestCloud_Page(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	p := d.make("Brief: winter hero", "Old")
	d.pass(1500 * time.Millisecond)
	d.must(d.s.EditPageAs("Ana Reyes", p.ID, "Brief: winter hero", "<h2>Goal</h2><p>New hero &mdash; by <time datetime=\"2026-12-01\" />.</p>"))
	d.must(d.s.LabelAs("Ana Reyes", p.ID, "signoff", true))
	var got struct {
		ID, Status, Title, SpaceID, AuthorID, OwnerID, CreatedAt string
		Version                                                  struct {
			Number              int
			AuthorID, CreatedAt string
		}
		Labels struct {
			Results []struct{ Name, Prefix string }
		}
		Body struct {
			Storage struct{ Value, Representation string }
		}
		Links struct{ Webui, Tinyui, Base string } `json:"_links"`
	}
	d.read("GET", "/wiki/api/v2/pages/"+p.ID+"?body-format=storage&include-labels=true", "", &got)
	if got.ID != p.ID || got.Status != "current" || got.SpaceID != "65537" || got.OwnerID != "5f1000000000000000000008" || got.CreatedAt != "2026-11-20T09:00:00.000Z" {
		t.Errorf("page = %+v", got)
	}
	if got.Version.Number != 2 || got.Version.AuthorID != "5f1000000000000000000001" || got.Version.CreatedAt != "2026-11-20T09:00:01.500Z" {
		t.Errorf("version = %+v, want the second, by Ana", got.Version)
	}
	if got.Links.Base != d.url+"/wiki" || got.Links.Webui != "/spaces/LUMEN/pages/"+p.ID+"/Brief%3A+winter+hero" {
		t.Errorf("links = %+v", got.Links)
	}
	if len(got.Labels.Results) != 1 || got.Labels.Results[0].Name != "signoff" || !strings.Contains(got.Body.Storage.Value, `<time datetime="2026-12-01" />`) {
		t.Errorf("labels %+v, body %q", got.Labels, got.Body.Storage.Value)
	}
	d.read("GET", "/wiki/api/v2/pages/"+p.ID+"?version=1&body-format=storage", "", &got)
	if got.Version.Number != 1 || got.Body.Storage.Value != "<p>Old</p>" {
		t.Errorf("the older version = %d %q", got.Version.Number, got.Body.Storage.Value)
	}
	d.must(d.s.OwnAs("Maya Lind", p.ID, ""))
	if _, _, body := d.ask("GET", "/wiki/api/v2/pages/"+p.ID, ""); !strings.Contains(body, `"ownerId":null`) {
		t.Errorf("a page of nobody = %s, want a null owner", body)
	}
	var found struct {
		Results []struct {
			ID  string
			Key string
		}
	}
	d.read("GET", "/wiki/api/v2/spaces?keys=LUMEN", "", &found)
	if len(found.Results) != 1 || found.Results[0].ID != "65537" {
		t.Errorf("spaces = %+v", found)
	}
	d.read("GET", "/wiki/api/v2/pages?space-id=65537&status=current&title="+url.QueryEscape("Brief: winter hero"), "", &found)
	if len(found.Results) != 1 || found.Results[0].ID != p.ID {
		t.Errorf("by title = %+v", found)
	}
	if _, _, body := d.ask("POST", "/wiki/api/v2/users-bulk", `{"accountIds":["5f1000000000000000000001","5f1000000000000000000009","none"]}`); !strings.Contains(body, `"displayName":"Ana Reyes","email":"ana@lumen.example"`) || !strings.Contains(body, `"displayName":"Lin","email":""`) {
		t.Errorf("users = %s, want Ana, and Lin without an address", body)
	}
	if _, _, body := d.ask("POST", "/wiki/api/v2/content/convert-ids-to-types", `{"contentIds":["`+p.ID+`","7"]}`); !strings.Contains(body, `{"7":null,"`+p.ID+`":"page"}`) {
		t.Errorf("types = %s", body)
	}
}

func TestCloud_BlogPost(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	p, err := d.s.PostAs("Maya Lind", "LUMEN", "News", "A post")
	d.must(err)
	if !strings.HasSuffix(p.URL, "/wiki/spaces/LUMEN/blog/2026/11/20/"+p.ID+"/News") {
		t.Errorf("address = %s", p.URL)
	}
	for path, want := range map[string]int{"/blogposts/" + p.ID + "?body-format=storage": 200, "/pages/" + p.ID: 404} {
		if got, _, body := d.ask("GET", "/wiki/api/v2"+path, ""); got != want || got == 200 && !strings.Contains(body, "A post") {
			t.Errorf("%s = %d %s, want %d", path, got, body, want)
		}
	}
	if got, _, body := d.ask("POST", "/wiki/api/v2/footer-comments", `{"blogPostId":"`+p.ID+`","body":{"representation":"storage","value":"<p>x</p>"}}`); got != 201 {
		t.Errorf("a comment on a post = %d %s, want 201", got, body)
	}
	res, err := http.Get(p.URL)
	d.must(err)
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("its page = %d, want 200", res.StatusCode)
	}
}

func TestCloud_HiddenPagesAreNotFound(t *testing.T) {
	t.Parallel()
	d := open(t, Options{Spaces: []Space{{ID: 1, Key: "LUMEN", Name: "Lumen"}, {ID: 2, Key: "HR", Name: "People", Hidden: true}, {ID: 3, Key: "READ", NoComments: true, NoLabels: true}}})
	p := d.make("Restricted", "x")
	d.must(d.s.LabelAs("Maya Lind", p.ID, "signoff", true))
	d.must(d.s.RestrictAs("Maya Lind", p.ID, "Ana Reyes"))
	hidden, err := d.s.CreatePageAs("Maya Lind", "HR", "Salaries", "x")
	d.must(err)
	for _, id := range []string{p.ID, hidden.ID} {
		if status, _, _ := d.ask("GET", "/wiki/api/v2/pages/"+id, ""); status != 404 {
			t.Errorf("reading %s = %d, want 404", id, status)
		}
		if status, _, _ := d.ask("POST", "/wiki/api/v2/footer-comments", `{"pageId":"`+id+`","body":{"representation":"storage","value":"<p>x</p>"}}`); status != 404 {
			t.Errorf("commenting on %s = %d, want 404", id, status)
		}
	}
	if _, _, body := d.ask("GET", "/wiki"+cqlPath+url.QueryEscape(`label = "signoff"`), ""); !strings.Contains(body, `"results":[]`) {
		t.Errorf("search = %s, want nothing of what is hidden", body)
	}
	if err := d.s.EditPageAs("Ben Osei", p.ID, "x", "y"); err == nil {
		t.Error("Ben edits a page that is not shown to him")
	}
	d.must(d.s.RestrictAs("Ana Reyes", p.ID))
	if status, _, _ := d.ask("GET", "/wiki/api/v2/pages/"+p.ID, ""); status != 200 {
		t.Errorf("opened again = %d, want 200", status)
	}
	read, err := d.s.CreatePageAs("Maya Lind", "READ", "Only to read", "x")
	d.must(err)
	if status, _, _ := d.ask("POST", "/wiki/rest/api/content/"+read.ID+"/label", `[{"prefix":"global","name":"x"}]`); status != 403 {
		t.Errorf("labelling what may only be read = %d, want 403", status)
	}
	d.must(d.s.DeleteAs("Maya Lind", read.ID))
	if status, _, _ := d.ask("GET", "/wiki/api/v2/pages/"+read.ID, ""); status != 404 {
		t.Errorf("in the trash = %d, want 404", status)
	}
	if _, _, body := d.ask("GET", "/wiki/api/v2/pages/"+read.ID+"?status=trashed", ""); !strings.Contains(body, `"status":"trashed"`) {
		t.Errorf("asked for in the trash = %s", body)
	}
	d.must(d.s.RestoreAs("Maya Lind", read.ID))
	if status, _, _ := d.ask("GET", "/wiki/api/v2/pages/"+read.ID, ""); status != 200 {
		t.Errorf("restored = %d, want 200", status)
	}
}

func TestCloud_Comments(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	p := d.make("A page", "x")
	const value = `<p>Approved: CR-42. <code>signoff:ref:9f2c6a1e</code></p>`
	raw, _ := json.Marshal(value)
	var made struct{ ID string }
	d.read("POST", "/wiki/api/v2/footer-comments", `{"pageId":"`+p.ID+`","body":{"representation":"storage","value":`+string(raw)+`}}`, &made)
	_, err := d.s.CommentAs("Ben Osei", p.ID, "Thank **you**")
	d.must(err)
	var list struct {
		Results []struct {
			ID      string
			Version struct {
				Number   int
				AuthorID string
			}
			Body struct{ Storage struct{ Value string } }
		}
	}
	d.read("GET", "/wiki/api/v2/pages/"+p.ID+"/footer-comments?body-format=storage&sort=-created-date&limit=25", "", &list)
	if len(list.Results) != 2 || list.Results[0].Body.Storage.Value != "<p>Thank <strong>you</strong></p>" || list.Results[1].ID != made.ID || list.Results[1].Version.AuthorID != "5f1000000000000000000b07" {
		t.Fatalf("comments = %+v, want Ben's first, then the product's", list.Results)
	}
	path := "/wiki/api/v2/footer-comments/" + made.ID
	for _, tt := range []struct {
		name, path, version string
		want                int
	}{
		{"the same version", path, `{"number":1}`, 409},
		{"no version", path, `{}`, 400},
		{"the next", path, `{"number":2}`, 200},
		{"somebody else's", "/wiki/api/v2/footer-comments/" + list.Results[0].ID, `{"number":2}`, 403},
	} {
		if status, _, body := d.ask("PUT", tt.path, `{"version":`+tt.version+`,"body":{"representation":"storage","value":"<p>Replaced</p>"}}`); status != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.name, status, body, tt.want)
		}
	}
	if got := d.s.Comments(p.ID)[0]; got.Body != "<p>Replaced</p>" || got.Version != 2 || got.Author != "signoff-bot" {
		t.Errorf("comment = %+v", got)
	}
	if e := d.ledger.Entries(0)[0]; e.Mark != "signoff:ref:9f2c6a1e" || e.Note != "createFooterComment" || strings.Contains(e.Body, botToken) {
		t.Errorf("ledger = %+v, want the comment with its mark", e)
	}
	if status, _, _ := d.ask("DELETE", path, ""); status != 204 || len(d.s.Comments(p.ID)) != 1 {
		t.Errorf("deleting = %d, %d comments left", status, len(d.s.Comments(p.ID)))
	}
}

func TestGateway_ChecksScopes(t *testing.T) {
	t.Parallel()
	d := open(t, Options{CloudID: "11223344-a1b2", Scopes: []string{"read:page:confluence", "write:confluence-content"}})
	page := d.s.PagesOf("")[0].ID
	at := "/ex/confluence/11223344-a1b2/wiki"
	for path, want := range map[string]int{
		at + "/api/v2/pages/" + page: 200, at + "/api/v2/spaces": 401, "/wiki/api/v2/pages/" + page: 401, "/ex/confluence/other/wiki/api/v2/pages/" + page: 404,
	} {
		if got, _, body := d.ask("GET", path, ""); got != want {
			t.Errorf("%s = %d %s, want %d", path, got, body, want)
		}
	}
	if got, _, body := d.ask("POST", at+"/rest/api/content/"+page+"/label", `{"prefix":"global","name":"x"}`); got != 200 {
		t.Errorf("labelling with the older scope = %d %s", got, body)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	d := open(t, Options{PerSecond: 2})
	const path = "/wiki/rest/api/user/current"
	for i, want := range []int{200, 200, 429} {
		got, head, body := d.ask("GET", path, "")
		if got != want || got == 429 && (head.Get("Retry-After") != "1" || !strings.Contains(body, `"statusCode":429`)) {
			t.Errorf("call %d = %d, Retry-After %q, %s", i+1, got, head.Get("Retry-After"), body)
		}
	}
	d.pass(time.Second)
	if got, _, _ := d.ask("GET", path, ""); got != 200 {
		t.Errorf("a second later = %d, want 200", got)
	}
	d.s.ExhaustLimit(d.now().Add(90 * time.Second))
	if got, head, body := d.ask("GET", "/wiki/api/v2/spaces", ""); got != 429 || head.Get("Retry-After") != "90" || !strings.Contains(body, "TOO_MANY_REQUESTS") {
		t.Errorf("used up = %d, Retry-After %q, %s", got, head.Get("Retry-After"), body)
	}
}

func TestAnonymous(t *testing.T) {
	t.Parallel()
	d := open(t, Options{})
	d.s.SetAnonymous(true)
	if status, _, body := d.ask("GET", "/wiki/rest/api/user/current", ""); status != 200 || !strings.Contains(body, `"type":"anonymous"`) {
		t.Errorf("nobody = %d %s", status, body)
	}
	if status, _, _ := d.ask("GET", "/wiki/api/v2/pages/"+d.s.PagesOf("")[0].ID, ""); status != 404 {
		t.Errorf("a page for nobody = %d, want 404", status)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	faults := &sandbox.Faults{}
	d := open(t, Options{Faults: faults})
	page := d.s.PagesOf("")[0].ID
	d.must(faults.Arm(sandbox.Fault{Service: "confluence", Method: "getPageById", Kind: sandbox.NamedError, Name: "403 Blocked by a data policy", Times: 1}))
	d.must(faults.Arm(sandbox.Fault{Service: "confluence", Method: "createFooterComment", Kind: sandbox.InvalidJSON, Times: 1}))
	if got, _, body := d.ask("GET", "/wiki/api/v2/pages/"+page, ""); got != 403 || !strings.Contains(body, "data policy") {
		t.Errorf("the armed operation = %d %s", got, body)
	}
	if _, _, body := d.ask("POST", "/wiki/api/v2/footer-comments", `{"pageId":"`+page+`","body":{"representation":"storage","value":"<p>x</p>"}}`); json.Valid([]byte(body)) || len(d.s.Comments(page)) != 1 {
		t.Errorf("answer %q with %d comments, want half an answer and the comment", body, len(d.s.Comments(page)))
	}
}
