package mail_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox/mail"
)

// browser is somebody who looks at the pages.
type browser struct {
	t    *testing.T
	s    *mail.Server
	base string
	c    *http.Client
}

func browse(t *testing.T, change ...func(*mail.Options)) *browser {
	t.Helper()
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	b := &browser{t: t, base: srv.URL + "/demo/mail"}
	s, _ := start(t, append(change, func(o *mail.Options) { o.Prefix, o.BaseURL = "/demo/mail", b.base })...)
	b.s, h = s, s.Handler()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.c = &http.Client{Jar: jar}
	return b
}

func (b *browser) do(res *http.Response, err error) (int, http.Header, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

func (b *browser) get(path string) (int, http.Header, string) {
	b.t.Helper()
	return b.do(b.c.Get(b.base + path))
}

// page wants a page with each of the pieces and returns it.
func (b *browser) page(path string, wants ...string) string {
	b.t.Helper()
	status, _, body := b.get(path)
	b.holds(path, status, http.StatusOK, body, wants)
	return body
}

func (b *browser) holds(path string, status, want int, body string, pieces []string) {
	b.t.Helper()
	if status != want {
		b.t.Fatalf("%s answered %d, want %d:\n%s", path, status, want, body)
	}
	for _, piece := range pieces {
		if !strings.Contains(body, piece) {
			b.t.Errorf("%s lacks %q:\n%s", path, piece, body)
		}
	}
}

// post sends a form with a file, as the pages do, and wants a page.
func (b *browser) post(path string, fields url.Values, want int, pieces ...string) string {
	b.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, values := range fields {
		if name == "file" {
			f, err := w.CreateFormFile("files", values[0])
			if err != nil {
				b.t.Fatal(err)
			}
			fmt.Fprint(f, values[1])
			continue
		}
		if err := w.WriteField(name, values[0]); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	status, _, body := b.do(b.c.Post(b.base+path, w.FormDataContentType(), &form))
	b.holds(path, status, want, body, pieces)
	return body
}

func (b *browser) be(who string) {
	b.t.Helper()
	b.holds("/as", first(b.do(b.c.PostForm(b.base+"/as", url.Values{"who": {who}}))), http.StatusOK, "", nil)
}

func first(status int, _ http.Header, _ string) int { return status }

func (b *browser) path(l mail.Letter) string { return strings.TrimPrefix(b.s.PageOf(l), b.base) }

func TestPages_WriteReadAndReply(t *testing.T) {
	t.Parallel()
	b := browse(t)
	b.page("/", "No letters yet.", `<option value="maya@lumen.example" selected>Maya Lind</option>`, `<optgroup label="Outside">`, `href="/demo"`)
	b.page("/new", `value="requests@lumen.example"`, `enctype="multipart/form-data"`, "spf=pass dkim=pass dmarc=pass")
	b.post("/new", url.Values{"to": {"requests@lumen.example; Ana Reyes <ana@lumen.example>"}, "subject": {"Nova <b>banner"}, "text": {"First line\r\nhttps://lumen.example/brief.\r\n"}, "file": {"brief.pdf", "%PDF"}},
		http.StatusOK, "Sent", "Nova &lt;b&gt;banner", "To requests@lumen.example, Ana Reyes", "with a file")
	l, ok := b.s.Find("requests@lumen.example", "First line\nhttps")
	if !ok || len(l.Files()) != 1 || string(l.Files()[0].Data) != "%PDF" {
		t.Fatalf("signoff got %+v, want the letter with its file", l)
	}
	b.be("ana@lumen.example")
	list := b.page("/", "Maya Lind", `class="unread"`, "First line", `1<span class="vh"> unread</span>`)
	if strings.Contains(list, "No letters") {
		t.Error("the inbox says that it is empty")
	}
	mine := b.s.Inbox("ana@lumen.example")[0]
	b.page(b.path(mine), "Nova &lt;b&gt;banner", "spf=pass, dkim=pass, dmarc=pass", `<a href="https://lumen.example/brief" target="_blank" rel="noopener noreferrer">https://lumen.example/brief</a>.`,
		"brief.pdf", "4 bytes", "Reply to all")
	if got := b.page("/", "Maya Lind"); strings.Contains(got, `class="unread"`) {
		t.Error("a letter that was opened is still unread")
	}
	b.post(b.path(mine)+"/reply", url.Values{"text": {" "}, "to": {"one"}}, http.StatusBadRequest, `role="alert">Write something first.`)
	b.post(b.path(mine)+"/reply", url.Values{"text": {"It is for EMEA"}, "to": {"all"}, "file": {"a.txt", "x"}}, http.StatusOK, "It is for EMEA", "Show what is quoted", "Maya Lind", "a.txt")
	if got := b.s.Inbox("requests@lumen.example"); len(got) != 2 || !strings.HasPrefix(got[1].Text(), "It is for EMEA") || !strings.Contains(got[1].Text(), "Maya Lind <maya@lumen.example>") {
		t.Errorf("signoff has %d letters, want the answer as well", len(got))
	}
	b.page(b.path(mine), `?answer=between#answer"`)
	b.page(b.path(mine)+"?answer=between", "Maya Lind &lt;maya@lumen.example&gt; wrote:\n\n&gt; First line", "Quote all of it below instead")
	b.post(b.path(mine)+"/reply", url.Values{"text": {"> First line\r\nYes"}, "quoted": {"yes"}, "to": {"one"}}, http.StatusOK, "Yes")
	if l, _ := b.s.Find("maya@lumen.example", "Yes"); strings.TrimSpace(l.Text()) != "> First line\nYes" {
		t.Errorf("Maya reads %q, want what Ana left and wrote", l.Text())
	}
	b.be("maya@lumen.example")
	b.page("/", "Ana Reyes", `3<span class="vh"> letters</span>`)
}

func TestPages_ALetterCannotActOnThePage(t *testing.T) {
	t.Parallel()
	b := browse(t)
	evil := `<html><body onload="x()"><style>body{background:url(https://evil.example/a)} p > b{color:red}</style><base href="https://evil.example/"><script>alert(1)</script><iframe src="https://evil.example"></iframe>` +
		`<meta http-equiv="refresh" content="0;url=https://evil.example"><form action="https://evil.example"><input name="q"></form>` +
		`<img src="https://evil.example/pixel" alt="A picture" onerror="x()"><img src="cid:logo" alt="Logo"><a href="javascript:x()" onclick="x()">No</a> <a href="https://hub.example/a/token" target="_top">Approve</a></body></html>`
	if _, err := b.s.WriteAs("requests@lumen.example", mail.Draft{To: []string{"maya@lumen.example"}, Subject: "[CR-1] Banner", Text: "Approve: https://hub.example/a/token", HTML: evil,
		Files: []mail.File{{Name: "logo.png", Type: "image/png", ID: "logo", Data: []byte("png")}, {Name: "../x.html", Type: "text/html", Data: []byte("<script>alert(1)</script>")}}}); err != nil {
		t.Fatal(err)
	}
	at := b.path(b.s.Inbox("maya@lumen.example")[0])
	page := b.page(at, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, `src="/demo/mail`+at+`/html"`, "x.html")
	if strings.Contains(page, "logo.png") {
		t.Error("a picture within the text is listed as a file")
	}
	b.page(at+"?view=plain", `<a href="https://hub.example/a/token"`)
	status, head, body := b.get(at + "/html")
	policy := head.Get("Content-Security-Policy")
	if status != http.StatusOK || !strings.HasPrefix(policy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:;") || !strings.HasSuffix(policy, "sandbox allow-popups allow-popups-to-escape-sandbox") {
		t.Errorf("the letter is served with %d and the policy %q, want one that runs and loads nothing", status, policy)
	}
	for _, bad := range []string{"<script", "onload", "onerror", "onclick", "javascript:", "<iframe", "<base", "http-equiv=\"refresh", "<form", "<input", "src=\"https", "_top"} {
		if strings.Contains(body, bad) {
			t.Errorf("the letter still holds %q:\n%s", bad, body)
		}
	}
	for _, good := range []string{`<a href="https://hub.example/a/token" target="_blank" rel="noopener noreferrer">Approve</a>`, "A picture (not loaded)", `src="data:image/png;base64,cG5n" alt="Logo"`, "p > b{color:red}"} {
		if !strings.Contains(body, good) {
			t.Errorf("the letter lacks %q:\n%s", good, body)
		}
	}
	for n, name := range []string{"logo.png", "x.html"} {
		status, head, _ := b.get(fmt.Sprintf("%s/files/%d", at, n))
		if status != http.StatusOK || head.Get("Content-Type") != "application/octet-stream" || head.Get("Content-Disposition") != "attachment; filename="+name || !strings.Contains(head.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("file %d is served with %d as %v, want something to be saved", n, status, head)
		}
	}
	status, head, body = b.get(at + "/original")
	if status != http.StatusOK || head.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(body, "Return-Path: <requests@lumen.example>\r\n") {
		t.Errorf("the original is served with %d as %s: %.60q", status, head.Get("Content-Type"), body)
	}
}

func TestPages_AForgerIsFoundOut(t *testing.T) {
	t.Parallel()
	b := browse(t)
	b.be("olga@agency.example")
	b.post("/new", url.Values{"to": {"requests@lumen.example"}, "subject": {"Approved"}, "text": {"OK"}, "from": {"Ana Reyes <ana@lumen.example>"}}, http.StatusOK, "Approved")
	b.be("requests@lumen.example")
	b.page("/", "Ana Reyes", "This is the mailbox that signoff reads")
	l := b.s.Inbox("requests@lumen.example")[0]
	page := b.page(b.path(l), "dmarc=fail: the domain of the sender does not vouch for this letter")
	if strings.Contains(page, "<textarea") || b.s.Inbox("requests@lumen.example")[0].Flags != nil {
		t.Error("signoff's mailbox can be written from, or looking marks its letters")
	}
	b.post(b.path(l)+"/reply", url.Values{"text": {"x"}}, http.StatusBadRequest, "Signoff writes and moves this mail by itself")
	b.post("/new", url.Values{"to": {"maya@lumen.example"}}, http.StatusBadRequest, "be somebody else to write")
	if status, _, _ := b.get("/new"); status != http.StatusForbidden {
		t.Errorf("the form for a new letter answered %d, want 403", status)
	}
}

func TestPages_OutOfOffice(t *testing.T) {
	t.Parallel()
	b := browse(t)
	b.post("/away", url.Values{"text": {" "}, "what": {"on"}}, http.StatusBadRequest, "Write what people are to be told.")
	b.post("/away", url.Values{"text": {"Back on\r\nMonday"}, "what": {"on"}, "rude": {"yes"}}, http.StatusOK, "It is on.", "Back on\nMonday", "checked", `<span class="on">on</span>`)
	if got := b.s.AwayOf("Maya Lind"); got != (mail.Away{Text: "Back on\nMonday", Rude: true}) {
		t.Errorf("Maya is away as %+v", got)
	}
	b.page("/", "You are out of office")
	b.post("/away", url.Values{"what": {"off"}}, http.StatusOK, "It is off.")
}

func TestPages_Folders(t *testing.T) {
	t.Parallel()
	b := browse(t)
	if _, err := b.s.WriteAs("A stranger", mail.Draft{To: []string{"requests@lumen.example"}, Subject: "Hello", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	b.be("requests@lumen.example")
	b.page("/boxes/Sent", "Nothing is in this folder.")
	b.page("/", "A stranger", "Hello")
	for _, path := range []string{"/boxes/nowhere", "/letters/99", "/letters/x", "/letters/1/files/7", "/letters/1/html", "/somewhere"} {
		if status, _, body := b.get(path); status != http.StatusNotFound || !strings.Contains(body, "There is no such letter or page") {
			t.Errorf("%s answered %d, want 404 in words", path, status)
		}
	}
	hello := b.path(b.s.Inbox("requests@lumen.example")[0])
	b.be("ana@lumen.example")
	if status, _, _ := b.get(hello); status != http.StatusNotFound {
		t.Errorf("Ana sees signoff's letter: %d, want 404", status)
	}
}

func TestPages_RefuseOtherSites(t *testing.T) {
	t.Parallel()
	b := browse(t)
	for _, path := range []string{"/new", "/as", "/away"} {
		r, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader("who=ana@lumen.example&to=requests@lumen.example"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if status, _, _ := b.do(b.c.Do(r)); status != http.StatusForbidden {
			t.Errorf("POST %s from another site answered %d, want 403", path, status)
		}
	}
	_, head, _ := b.get("/")
	if got := head.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || !strings.Contains(got, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", got)
	}
}

func TestPages_TellOfNews(t *testing.T) {
	t.Parallel()
	b := browse(t)
	if err := b.s.Put("maya@lumen.example", "INBOX", []byte("Subject: unread\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	page := b.page("/", "since=1")
	b.page(b.path(b.s.Inbox("maya@lumen.example")[0])) // that it was read is no news
	b.page("/", "since=1")
	_, rest, _ := strings.Cut(page, `data-news="/demo/mail`)
	path, _, _ := strings.Cut(rest, `"`)
	got := make(chan int, 1)
	go func() {
		res, err := b.c.Get(b.base + path)
		if err != nil {
			got <- 0
			return
		}
		_ = res.Body.Close()
		got <- res.StatusCode
	}()
	if _, err := b.s.WriteAs("ana@lumen.example", mail.Draft{To: []string{"maya@lumen.example"}, Subject: "x"}); err != nil {
		t.Fatal(err)
	}
	if status := <-got; status != http.StatusOK {
		t.Errorf("%s answered %d after a letter came, want 200", path, status)
	}
	if status, _, _ := b.get("/news?since=x"); status != http.StatusBadRequest {
		t.Errorf("nonsense answered %d, want 400", status)
	}
	for _, file := range []string{"mail.css", "mail.js", "icon.svg"} {
		if status, _, _ := b.get("/assets/" + file); status != http.StatusOK {
			t.Errorf("%s answered %d", file, status)
		}
	}
	if status, _, _ := b.get("/assets/list.html"); status != http.StatusNotFound {
		t.Errorf("a template is served: %d", status)
	}
}

func TestPages_ShowLettersInOneConversation(t *testing.T) {
	t.Parallel()
	minute := 0
	b := browse(t, func(o *mail.Options) {
		o.Now = func() time.Time { minute++; return now().Add(time.Duration(minute) * time.Minute) }
	})
	b.post("/new", url.Values{"to": {"dana@lumen.example"}, "subject": {"Nova"}, "text": {"one"}}, http.StatusOK)
	for i, who := range []string{"Dana Wolf", "Maya Lind", "Dana Wolf"} {
		if _, err := b.s.ReplyAs(who, b.s.Inbox(who)[i/2], []string{"two", "three", "four"}[i]); err != nil {
			t.Fatal(err)
		}
	}
	b.page("/", `4<span class="vh"> letters</span>`, "four")
	page := b.page(b.path(b.s.Inbox("Maya Lind")[1]), "one", "two", "three", "four")
	if strings.Count(page, `class="folded"`) != 3 || strings.Index(page, ">three<") > strings.Index(page, "<article") {
		t.Errorf("want three letters before the one that is read:\n%s", page)
	}
}

func TestPages_ALetterToOneselfIsInTheInbox(t *testing.T) {
	t.Parallel()
	b := browse(t)
	b.post("/new", url.Values{"to": {"maya@lumen.example"}, "subject": {"Remember"}, "text": {"milk"}}, http.StatusOK)
	page := b.page("/", "Remember", `class="unread"`)
	if strings.Contains(page, `class="many"`) {
		t.Error("a letter to oneself is counted twice")
	}
}
