package jira_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox/jira"
)

const jon = "5f1000000000000000000006"

// attachFile sends the form with a file.
func (b *browser) attachFile(path, name, content string) (int, string) {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("back", "/browse/DES-1"); err != nil {
		b.t.Fatal(err)
	}
	w, err := form.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		b.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(b.t.Context(), "POST", b.url+path, &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(req)
}

func TestIssuePage_Comments(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) {
		o.Users = jira.DefaultUsers()
		o.Users[1].Roles = []string{"Developers"} // Ben
	})
	key := s.task("")
	b := open(t, s)
	back := "/browse/" + key
	b.post("/as", url.Values{"user": {jon}, "back": {back}})
	_, page := b.post(back+"/comment", url.Values{"text": {"Budget is 400\r\nor so"}, "visibility": {"role:Administrators"}, "back": {back}})
	has(t, page, "Jon Park", "Budget is 400", "Only Administrators", `action="/browse/DES-1/comment/10000/edit"`)
	got, _ := s.Issue(key)
	if c := got.Comments[0]; c.Body != "Budget is 400\nor so" || c.Visibility == nil || c.Author != "Jon Park" {
		t.Errorf("comment: got %+v", c)
	}
	b.post("/as", url.Values{"user": {"5f1000000000000000000002"}, "back": {back}})
	if _, page := b.get(back); strings.Contains(page, "Budget is 400") {
		t.Error("a developer reads what is for administrators")
	}
	b.post("/as", url.Values{"user": {ana}, "back": {back}})
	s.clock.add(time.Minute)
	_, page = b.post(back+"/comment/10000/edit", url.Values{"edited": {"Budget is 500"}, "visibility": {""}, "back": {back}})
	has(t, page, "Budget is 500", "edited by Ana Reyes")
	if status, page := b.post(back+"/comment/10000/edit", url.Values{"edited": {" "}, "back": {back}}); status != 422 || !strings.Contains(page, "can not be empty") {
		t.Errorf("an empty text: got %d", status)
	}
	b.post(back+"/comment/10000/delete", url.Values{"back": {back}})
	if status, page := b.post(back+"/comment/10000/delete", url.Values{"back": {back}}); status != 422 || !strings.Contains(page, "This comment is gone") {
		t.Errorf("deleted twice: got %d", status)
	}
}

func TestIssuePage_Files(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.UploadLimit = 200 << 10 })
	key := s.task("")
	b := open(t, s)
	_, page := b.attachFile("/browse/"+key+"/attach", "evil.html", strings.Repeat("x", 150<<10)+"<script>")
	has(t, page, "evil.html", "150 kB", `href="/attachment/10000/evil.html"`, "attached")
	req := httptest.NewRequestWithContext(t.Context(), "GET", b.url+"/attachment/10000/evil.html", nil)
	req.RequestURI = ""
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a page of somebody else is not kept apart: %v", res.Header)
	}
	for name, content := range map[string]string{"large.bin": strings.Repeat("x", 200<<10+1), "empty.txt": ""} {
		if status, page := b.attachFile("/browse/"+key+"/attach", name, content); status != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%s: got %d, want 422 with a reason", name, status)
		}
	}
	b.post("/browse/"+key+"/attachment/10000/delete", url.Values{"back": {"/browse/" + key}})
	if got, _ := s.Issue(key); len(got.Attachments) != 0 {
		t.Errorf("attachments: got %+v, want none", got.Attachments)
	}
}

func TestIssuePage_SubtasksMoveArchiveDelete(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	key := s.task("")
	b := open(t, s)
	back := url.Values{"back": {"/browse/" + key}}
	form := func(name, value string) url.Values { return url.Values{"back": back["back"], name: {value}} }
	_, page := b.post("/browse/"+key+"/subtask", form("subtask", "Banner 300×250"))
	has(t, page, "Banner 300×250", "DES-2")
	_, page = b.post("/browse/"+key+"/archive", form("on", "true"))
	has(t, page, "This issue is archived", "Restore")
	if _, page := b.get("/"); strings.Contains(page, `id="card-DES-1"`) {
		t.Error("the board shows an archived issue")
	}
	if status, page := b.post("/browse/"+key+"/comment", form("text", "x")); status != 422 || !strings.Contains(page, "Restore it first") {
		t.Errorf("a comment on an archived issue: got %d", status)
	}
	b.post("/browse/"+key+"/archive", form("on", "false"))
	_, page = b.post("/browse/"+key+"/project", form("project", "MKT"))
	has(t, page, "MKT-1", "Marketing", "from <span class=\"val\">DES-1</span>")
	if _, page := b.get("/browse/DES-1"); !strings.Contains(page, "MKT-1") {
		t.Error("the old key does not lead to the issue")
	}
	_, page = b.get("/board/MKT")
	has(t, page, `id="card-MKT-1"`, "Banner 300×250", `aria-current="page">Marketing`)
	if status, _ := b.get("/board/NOPE"); status != 404 {
		t.Errorf("board of no project: got %d, want 404", status)
	}
	b.post("/browse/MKT-1/delete", back)
	if all := s.Issues(); len(all) != 0 {
		t.Errorf("left: %+v, want the issue and its sub-task gone", all)
	}
}

func TestWebhooksPage_AdministersHooks(t *testing.T) {
	t.Parallel()
	s, rec := watched(t, nil)
	b := open(t, s)
	_, page := b.post("/webhooks/hook/1/disable", nil)
	has(t, page, "Disabled", `action="/webhooks/hook/1/enable"`)
	b.post("/webhooks/hook/1/enable", nil)
	if h := s.Hooks(); !h[0].Enabled {
		t.Errorf("enabled again: got %+v", h)
	}
	b.post("/webhooks/hold", nil)
	key := s.task("")
	_, page = b.post("/browse/"+key+"/hide", url.Values{"on": {"true"}, "back": {"/browse/" + key}})
	has(t, page, "cannot see this issue", "Show to signoff")
	s.want(404, "GET", "issue/"+key, "")
	if err := s.CommentAs("Ana Reyes", key, "x"); err != nil {
		t.Fatal(err)
	}
	_, page = b.get("/webhooks")
	has(t, page, "Held back", `value="reversed"`)
	if status, _ := b.post("/webhooks/release", url.Values{"how": {"sideways"}}); status != 422 {
		t.Errorf("released sideways: got %d, want 422", status)
	}
	b.post("/webhooks/release", url.Values{"how": {"reversed"}})
	s.settle()
	if got, want := rec.events(t), []string{"comment_created", "jira:issue_created issue_created"}; !slices.Equal(got, want) {
		t.Errorf("webhooks: got %q, want %q", got, want)
	}
	b.post("/webhooks/hook/1/delete", nil)
	if h := s.Hooks(); len(h) != 0 {
		t.Errorf("deleted: got %+v", h)
	}
	for _, path := range []string{"/webhooks/hook/1/enable", "/webhooks/hook/x/delete", "/webhooks/hook/1/melt"} {
		if status, _ := b.post(path, nil); status != 404 {
			t.Errorf("%s: got %d, want 404", path, status)
		}
	}
}
