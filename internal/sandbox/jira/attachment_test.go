package jira_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
	"signoff/internal/sandbox/jira"
)

// part is one part of an upload.
type part struct{ field, name, kind, content string }

// upload sends a multipart body to an issue.
func (s *site) upload(key string, change func(*http.Request), parts ...part) result {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, p.field, p.name)}}
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		w, err := form.CreatePart(h)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := io.WriteString(w, p.content); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	r, err := s.try("POST", "issue/"+key+"/attachments", body.String(), func(req *http.Request) {
		req.Header.Set("Content-Type", form.FormDataContentType())
		req.Header.Set("X-Atlassian-Token", "no-check")
		if change != nil {
			change(req)
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestAttachments_UploadAndWebhooks(t *testing.T) {
	t.Parallel()
	s, rec := watched(t, nil)
	key := s.task("")
	r := s.upload(key, nil, part{"file", "héro.pdf", "application/pdf", "%PDF-1.7"})
	if r.status != 200 || r.at(0, "id") != "10000" || r.at(0, "filename") != "héro.pdf" || r.at(0, "size") != 8.0 || r.at(0, "mimeType") != "application/pdf" {
		t.Fatalf("upload: got %d %s", r.status, r.raw)
	}
	if got := s.want(200, "GET", "attachment/10000", ""); got.at("id") != 10000.0 || got.at("author", "displayName") != "signoff-bot" {
		t.Errorf("attachment: got %s", got.raw)
	}
	if got := s.want(200, "GET", "issue/"+key+"?fields=attachment", ""); got.at("fields", "attachment", 0, "content") != "https://lumen.jira.example/rest/api/2/attachment/content/10000" {
		t.Errorf("field: got %s", got.raw)
	}
	s.settle()
	want := []string{"jira:issue_created issue_created", "attachment_created", "jira:issue_updated issue_updated"}
	if got := rec.events(t); !slices.Equal(got, want) {
		t.Errorf("webhooks\n got %q\nwant %q", got, want)
	}
	created := result{raw: rec.deliveries()[1].body}
	if created.at("issue") != nil || created.at("attachment", "filename") != "héro.pdf" {
		t.Errorf("attachment_created: got %s", created.raw)
	}
	last := rec.last()
	for name, want := range map[string]any{"field": "Attachment", "from": nil, "to": "10000", "toString": "héro.pdf"} {
		if got := last.at("changelog", "items", 0, name); got != want {
			t.Errorf("change log %s: got %v, want %v", name, got, want)
		}
	}
	if got, ok := s.File("10000"); !ok || string(got) != "%PDF-1.7" {
		t.Errorf("bytes: got %q", got)
	}
	s.want(204, "DELETE", "attachment/10000", "")
	s.want(404, "GET", "attachment/10000", "")
	s.settle()
	if got := rec.last(); got.at("changelog", "items", 0, "from") != "10000" || got.at("changelog", "items", 0, "to") != nil {
		t.Errorf("change log of the deletion: got %s", got.raw)
	}
}

func TestAttachments_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *jira.Options) { o.UploadLimit = 16 })
	key := s.task("")
	good := part{"file", "a.txt", "text/plain", "hello"}
	if got := s.want(200, "GET", "attachment/meta", ""); got.at("uploadLimit") != 16.0 {
		t.Errorf("meta: got %s", got.raw)
	}
	for _, tc := range []struct {
		name   string
		key    string
		change func(*http.Request)
		parts  []part
		status int
		says   string
	}{
		{"no XSRF header", key, func(r *http.Request) { r.Header.Del("X-Atlassian-Token") }, []part{good}, 403, "XSRF check failed"},
		{"the old spelling", key, func(r *http.Request) { r.Header.Set("X-Atlassian-Token", "nocheck") }, []part{good}, 403, "XSRF check failed"},
		{"as JSON", key, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, []part{good}, 415, ""},
		{"too large", key, nil, []part{{"file", "a.txt", "", strings.Repeat("x", 17)}}, 413, "16 bytes"},
		{"just fits", key, nil, []part{{"file", "a.txt", "", strings.Repeat("x", 16)}}, 200, ""},
		{"another part name", key, nil, []part{{"attachment", "a.txt", "", "x"}}, 400, "must be 'file'"},
		{"no part", key, nil, nil, 400, ""},
		{"unknown issue", "DES-99", nil, []part{good}, 404, ""},
		{"a cut body", key, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("--x")); r.ContentLength = 3 }, nil, 400, ""},
	} {
		r := s.upload(tc.key, tc.change, tc.parts...)
		if r.status != tc.status || !strings.Contains(string(r.raw), tc.says) {
			t.Errorf("%s: got %d %s, want %d with %q", tc.name, r.status, r.raw, tc.status, tc.says)
		}
	}
	s.Deny("CREATE_ATTACHMENTS")
	if r := s.upload(key, nil, good); r.status != 403 {
		t.Errorf("without the permission: got %d, want 403", r.status)
	}
	if got, _ := s.Issue(key); len(got.Attachments) != 1 {
		t.Errorf("attachments: got %d, want only the one that fits", len(got.Attachments))
	}
}

func TestAttachments_DownloadByTheMediaHost(t *testing.T) {
	t.Parallel()
	var s *site
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Media().ServeHTTP(w, r) }))
	t.Cleanup(media.Close)
	s = start(t, func(o *jira.Options) { o.MediaURL = media.URL })
	key := s.task("")
	id, err := s.AttachAs("Ana Reyes", key, "hero.png", []byte("\x89PNG\r\n\x1a\n"))
	if err != nil {
		t.Fatal(err)
	}
	bytesOf := func(path string) result { return s.want(200, "GET", path, "") }
	if got := bytesOf("attachment/content/" + id + "?redirect=false"); string(got.raw) != "\x89PNG\r\n\x1a\n" || got.header.Get("Content-Type") != "image/png" {
		t.Errorf("redirect=false: got %q, %v", got.raw, got.header)
	}
	part, err := s.try("GET", "attachment/content/"+id+"?redirect=false", "", func(r *http.Request) { r.Header.Set("Range", "bytes=1-3") })
	if err != nil || part.status != 206 || string(part.raw) != "PNG" {
		t.Errorf("range: got %d %q (%v), want 206 PNG", part.status, part.raw, err)
	}
	s.want(400, "GET", "attachment/content/"+id+"?redirect=perhaps", "")

	where := s.location("attachment/content/" + id)
	if !strings.HasPrefix(where, media.URL+"/") {
		t.Fatalf("location: got %q, want one at the media host", where)
	}
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"without credentials", func(*http.Request) {}, 200},
		{"with credentials", func(r *http.Request) { r.SetBasicAuth(botMail, token) }, 400},
		{"of another file", func(r *http.Request) { r.URL.Path = "/file/1/binary" }, 403},
		{"without the token", func(r *http.Request) { r.URL.RawQuery = "" }, 403},
		{"too late", func(*http.Request) { s.clock.add(time.Hour) }, 403},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", where, nil)
		if err != nil {
			t.Fatal(err)
		}
		tc.change(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != tc.status {
			t.Errorf("%s: got %d, want %d", tc.name, res.StatusCode, tc.status)
		}
	}
	if err := s.faults.Arm(sandbox.Fault{Service: "jira", Method: "media", Kind: sandbox.HTML200, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if res, err := http.Get(s.location("attachment/content/" + id)); err != nil || res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a login page instead of the file: got %v (%v)", res, err)
	} else {
		res.Body.Close()
	}
	found := slices.ContainsFunc(s.ledger.Entries(0), func(e sandbox.Entry) bool { return e.Failed && strings.HasPrefix(e.Note, "violation:") })
	if !found {
		t.Error("the ledger does not tell that credentials reached the media host")
	}
}

// location asks for a path and returns where it redirects to.
func (s *site) location(path string) string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/rest/api/2/"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(botMail, token)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s: got %d, want 303", path, res.StatusCode)
	}
	return res.Header.Get("Location")
}
