package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// depot stands in for files.slack.com.
type depot struct {
	t      *testing.T
	server *httptest.Server
	answer http.HandlerFunc
	got    []byte
	auth   []string
}

func newDepot(t *testing.T, r *rig) *depot {
	d := &depot{t: t}
	d.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = io.WriteString(w, "%PDF-1.7 bytes")
	}
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		d.auth = append(d.auth, req.Header.Get("Authorization"))
		if req.Method == http.MethodPost {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return // the sender gave up
			}
			d.got = body
			w.WriteHeader(http.StatusOK)
			return
		}
		d.answer(w, req)
	}))
	t.Cleanup(d.server.Close)
	r.settings.APIURL = r.api.base()
	r.files = &http.Client{Transport: rewriting{d.server.URL}}
	return d
}

// rewriting sends what is meant for Slack's file host to the stand-in.
type rewriting struct{ to string }

func (rt rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != "files.slack.com" {
		return nil, fmt.Errorf("a file was asked for at %s", req.URL.Host)
	}
	next := req.Clone(req.Context())
	next.URL.Scheme, next.URL.Host = "http", strings.TrimPrefix(rt.to, "http://")
	return http.DefaultTransport.RoundTrip(next)
}

func fileInfo(more string) func(http.ResponseWriter, apiCall) {
	return say(`{"ok":true,"file":{"id":"F1","name":"brief.pdf","mimetype":"application/pdf","size":14,"mode":"hosted","url_private_download":"https://files.slack.com/files-pri/T1-F1/download/brief.pdf"` + more + `}}`)
}

func TestOpen_StreamsWithTheToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d := newDepot(t, r)
	r.api.on("files.info", fileInfo(""))
	body, meta, err := r.Open(t.Context(), ref("file", "T0SIGNOFF1/F1"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if closed := body.Close(); err != nil || closed != nil || string(data) != "%PDF-1.7 bytes" {
		t.Errorf("read %q, %v, %v", data, err, closed)
	}
	if want := (connectors.FileMeta{Name: "brief.pdf", Type: "application/pdf", Size: 14}); meta != want || d.auth[0] != "Bearer "+testToken {
		t.Errorf("meta %+v with %q, want %+v and the bot's token", meta, d.auth, want)
	}
}

func TestOpen_Refuses(t *testing.T) {
	t.Parallel()
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>")
	}
	for name, tc := range map[string]struct {
		info   func(http.ResponseWriter, apiCall)
		answer http.HandlerFunc
		class  connectors.Class
		gone   string
		says   string
	}{
		"deleted meanwhile":   {fileInfo(`,"mode":"tombstone"`), nil, connectors.Rejected, "deleted", "deleted"},
		"hidden by the plan":  {fileInfo(`,"mode":"hidden_by_limit"`), nil, connectors.Rejected, "deleted", "plan"},
		"elsewhere":           {fileInfo(`,"is_external":true`), nil, connectors.Rejected, "", "elsewhere"},
		"not found":           {refuse("file_not_found"), nil, connectors.Rejected, "deleted", "no longer"},
		"a look-alike host":   {fileInfo(`,"url_private_download":"https://files.slack.com.evil.example/x"`), nil, connectors.Rejected, "", "elsewhere"},
		"plain http":          {fileInfo(`,"url_private_download":"http://files.slack.com/x"`), nil, connectors.Rejected, "", "elsewhere"},
		"credentials in it":   {fileInfo(`,"url_private_download":"https://files.slack.com@evil.example/x"`), nil, connectors.Rejected, "", "elsewhere"},
		"sign-in page":        {fileInfo(""), html, connectors.Rejected, "", "files:read"},
		"403":                 {fileInfo(""), httpStatus(403), connectors.Rejected, "", "files:read"},
		"404":                 {fileInfo(""), httpStatus(404), connectors.Rejected, "deleted", "no longer"},
		"429":                 {fileInfo(""), httpStatus(429), connectors.Limited, "", ""},
		"503":                 {fileInfo(""), httpStatus(503), connectors.Transient, "", ""},
		"no scope":            {refuse("missing_scope"), nil, connectors.Rejected, "", "permission"},
		"token revoked":       {refuse("token_revoked"), nil, connectors.Denied, "", "token"},
		"the Web API is away": {status(502), nil, connectors.Transient, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			d := newDepot(t, r)
			r.api.on("files.info", tc.info)
			if tc.answer != nil {
				d.answer = tc.answer
			}
			body, _, err := r.Open(t.Context(), ref("file", "T0SIGNOFF1/F1"))
			if body != nil {
				t.Errorf("a body came along with %v", err)
			}
			if e := asError(t, err); e.Class != tc.class || e.Gone != tc.gone || !strings.Contains(e.Person, tc.says) || strings.Contains(e.Error(), testToken) {
				t.Errorf("Open = %+v (%v), want class %s, gone %q, a sentence with %q", e, e.Err, tc.class, tc.gone, tc.says)
			}
		})
	}
	r := newRig(t)
	_, _, err := r.Open(t.Context(), flow.Ref{System: "jira", Type: "file", Key: "T/F"})
	if asError(t, err).Class != connectors.Rejected {
		t.Errorf("another system's file: %v", err)
	}
}

func httpStatus(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func copyEffect() flow.Effect {
	return flow.Effect{ID: "CR-142/9/1", Request: "CR-142", Target: "slack", Copy: &flow.Copy{
		Purpose: "file/3", To: ref("thread", threadKey), Limit: 25 << 20, Version: 9, Note: "Jon <Park> added logo.png in Jira.",
		File: flow.File{Ref: flow.Ref{System: "jira", Type: "attachment", Key: "10001"}, Name: "logo.png", Size: 9},
	}}
}

func uploads(r *rig) {
	r.api.on("files.getUploadURLExternal", say(`{"ok":true,"upload_url":"https://files.slack.com/upload/v1/secret","file_id":"F77"}`))
	r.api.on("files.completeUploadExternal", say(`{"ok":true,"files":[{"id":"F77","title":"x","permalink":"https://lumen.slack.com/files/F77"}]}`))
}

func TestAttach_ThreeSteps(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"size known": 9, "size not known": -1} {
		r := newRig(t)
		d := newDepot(t, r)
		uploads(r)
		links, err := r.Attach(t.Context(), copyEffect(), connectors.FileMeta{Name: "logo.png", Type: "image/png", Size: size}, strings.NewReader("png-bytes"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(links) != 1 || links[0].Ref != ref("file", "T0SIGNOFF1/F77") || links[0].Purpose != "file/3" || links[0].URL != "https://lumen.slack.com/files/F77" {
			t.Errorf("%s: links %+v", name, links)
		}
		if args := r.api.only("files.getUploadURLExternal").Args; args["filename"] != "logo.png" || args["length"] != "9" {
			t.Errorf("%s: the address was asked for with %v", name, args)
		}
		if !bytes.Equal(d.got, []byte("png-bytes")) || d.auth[0] != "" {
			t.Errorf("%s: sent %q with the token %q, want the bytes and no token", name, d.got, d.auth)
		}
		args := r.api.only("files.completeUploadExternal").Args
		if args["channel_id"] != "C0LAUNCH01" || args["thread_ts"] != "1760000000.000100" || !strings.Contains(args["files"], "logo.png · CR-142 file 3") || args["initial_comment"] != "Jon &lt;Park&gt; added logo.png in Jira." {
			t.Errorf("%s: completed with %v", name, args)
		}
		if _, err := r.Attach(t.Context(), copyEffect(), connectors.FileMeta{Name: "logo.png", Size: 9}, strings.NewReader("png-bytes")); err != nil || len(r.api.of("files.completeUploadExternal")) != 1 {
			t.Errorf("%s: attached twice: %v", name, err)
		}
		own := event(inThread("1760000050.000200", `,"subtype":"file_share","user":"U0BOT00001","bot_id":"B0BOT00001","text":"","files":[{"id":"F77","name":"logo.png","mode":"hosted"}]`))
		if acc := r.accept(own); acc.Ignored != ignoredOwn {
			t.Errorf("%s: the event about it: %+v, want it known as our own", name, acc)
		}
	}
}

func TestAttach_WhatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("png"), iotest.ErrReader(errors.New("the source broke off")))
	for name, tc := range map[string]struct {
		method string
		answer func(http.ResponseWriter, apiCall)
		body   io.Reader
		size   int64
		class  connectors.Class
	}{
		"the source breaks off":  {body: broken, size: 9, class: connectors.Transient},
		"shorter than announced": {body: strings.NewReader("png"), size: 9, class: connectors.Transient},
		"empty":                  {body: strings.NewReader(""), size: 0, class: connectors.Rejected},
		"limited":                {"files.getUploadURLExternal", refuse("ratelimited"), strings.NewReader("png-bytes"), 9, connectors.Limited},
		"another host":           {"files.getUploadURLExternal", say(`{"ok":true,"upload_url":"https://evil.example/u","file_id":"F1"}`), strings.NewReader("png-bytes"), 9, connectors.Rejected},
		"not in the channel":     {"files.completeUploadExternal", refuse("not_in_channel"), strings.NewReader("png-bytes"), 9, connectors.Rejected},
		"answer lost":            {"files.completeUploadExternal", hangUp, strings.NewReader("png-bytes"), 9, connectors.Unsure},
		"error page":             {"files.completeUploadExternal", status(502), strings.NewReader("png-bytes"), 9, connectors.Unsure},
		"internal error":         {"files.completeUploadExternal", refuse("internal_error"), strings.NewReader("png-bytes"), 9, connectors.Unsure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			newDepot(t, r)
			uploads(r)
			if tc.method != "" {
				r.api.on(tc.method, tc.answer)
			}
			_, err := r.Attach(t.Context(), copyEffect(), connectors.FileMeta{Name: "logo.png", Size: tc.size}, tc.body)
			if e := asError(t, err); e.Class != tc.class || strings.Contains(e.Error(), "upload/v1/secret") {
				t.Errorf("Attach = %v (%s), want class %s and no address in it", err, e.Class, tc.class)
			}
			if done := len(r.api.of("files.completeUploadExternal")); (done > 0) != (tc.method == "files.completeUploadExternal") {
				t.Errorf("the file was shown %d times", done)
			}
		})
	}
}

func TestFind_AFileInTheThread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	at := testNow().Add(-underWay)
	file := func(user, title string, size int) string {
		return fmt.Sprintf(`{"ok":true,"messages":[{"ts":"1760000000.000100","user":"U0MAYA0001"},{"ts":"1760000001.000100","user":%q,"files":[{"id":"F77","title":%q,"size":%d,"permalink":"https://lumen.slack.com/files/F77"}]}]}`, user, title, size)
	}
	for name, answer := range map[string]string{
		"somebody else's": file("U0MAYA0001", "logo.png · CR-142 file 3", 9), "another file": file(testBot, "logo.png · CR-142 file 4", 9),
		"another size": file(testBot, "logo.png · CR-142 file 3", 8), "none": `{"ok":true,"messages":[]}`,
	} {
		r.api.on("conversations.replies", say(answer))
		if _, found, err := r.Find(t.Context(), copyEffect(), at); found || err != nil {
			t.Errorf("%s: Find = %v, %v; want surely nothing", name, found, err)
		}
	}
	r.api.on("conversations.replies", say(file(testBot, "logo.png · CR-142 file 3", 9)))
	links, found, err := r.Find(t.Context(), copyEffect(), at)
	if err != nil || !found || links[0].Ref != ref("file", "T0SIGNOFF1/F77") || links[0].URL == "" {
		t.Errorf("Find = %+v, %v, %v; want the file", links, found, err)
	}
	r.api.on("conversations.replies", refuse("not_in_channel"))
	other := copyEffect()
	other.Copy.Purpose = "file/5"
	if _, _, err := r.Find(t.Context(), other, at); asError(t, err).Person == "" {
		t.Errorf("an unreadable thread: %v, want a person to look", err)
	}
}

func commentEffect(version int64, body text.Doc) flow.Effect {
	return flow.Effect{ID: fmt.Sprintf("CR-142/%d/1", version), Request: "CR-142", Target: "slack", Show: &flow.Show{
		Purpose: "comment/2", At: ref("thread", threadKey), Version: version, Digest: fmt.Sprint("d", version),
		View: flow.View{Kind: flow.CommentView, Request: "CR-142", Headline: "Eli Stone in Jira: hello", Body: body},
	}}
}

func longBody(paragraphs int) text.Doc {
	doc := text.Doc{text.P(text.B("Eli Stone"), text.T(" in "), text.A("Jira", "https://lumen.atlassian.net/browse/DES-7"))}
	for i := range paragraphs {
		doc = append(doc, text.P(text.T(fmt.Sprintf("Paragraph %d. ", i)+strings.Repeat("Words that go on & on. ", 60))))
	}
	return doc
}

// shownText is everything the calls of a method show.
func shownText(t testing.TB, calls []apiCall) string {
	t.Helper()
	var b strings.Builder
	for _, c := range calls {
		var blocks []struct {
			Text struct {
				Text string `json:"text"`
			} `json:"text"`
		}
		if err := json.Unmarshal([]byte(c.Args["blocks"]), &blocks); err != nil {
			t.Fatal(err)
		}
		for _, block := range blocks {
			b.WriteString(block.Text.Text)
		}
	}
	return b.String()
}

func TestComment_LongWordsGoOnInFurtherMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	links, err := r.Do(t.Context(), commentEffect(3, longBody(20)))
	if err != nil {
		t.Fatal(err)
	}
	posts := r.api.of("chat.postMessage")
	if len(posts) < 2 || len(links) != 1 || links[0].Ref != ref("message", "T0SIGNOFF1/C0LAUNCH01/1760000100.000001") || links[0].Version != 3 {
		t.Fatalf("%d messages, links %+v; want several, and the link of the first", len(posts), links)
	}
	words := shownText(t, posts)
	for i := range 20 {
		if !strings.Contains(words, fmt.Sprintf("Paragraph %d. ", i)) {
			t.Errorf("paragraph %d is nowhere", i)
		}
	}
	if strings.Contains(words, ellipsis) {
		t.Error("something was cut")
	}
	for _, p := range posts {
		if p.Args["thread_ts"] != "1760000000.000100" || p.Args["text"] == "" {
			t.Errorf("posted with %v, want it in the thread and with a text", p.Args["thread_ts"])
		}
	}
	if !strings.Contains(posts[0].Args["metadata"], `"mark":"CR-142/comment/2"`) || !strings.Contains(posts[1].Args["metadata"], `"mark":"CR-142/comment/2/part/2"`) {
		t.Errorf("marks %s and %s", posts[0].Args["metadata"], posts[1].Args["metadata"])
	}

	e := commentEffect(4, longBody(1)) // the author made it shorter
	e.Show.Link = &links[0]
	if _, err := r.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if updates, gone := r.api.of("chat.update"), r.api.of("chat.delete"); len(updates) != 1 || len(gone) != len(posts)-1 || len(r.api.of("chat.postMessage")) != len(posts) {
		t.Errorf("%d updates and %d deletions after a shorter edit, want 1 and %d", len(updates), len(gone), len(posts)-1)
	}
	if _, err := r.Do(t.Context(), e); err != nil || len(r.api.of("chat.update")) != 1 {
		t.Errorf("shown again: %v, want nothing to be done", err)
	}
}

// TestComment_ALostAnswerDoublesNothing: the messages that are there already are found one by one.
func TestComment_ALostAnswerDoublesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := say(`{"ok":true,"channel":"C0LAUNCH01","ts":"1760000100.000001"}`)
	r.api.on("chat.postMessage", first, hangUp, say(`{"ok":true,"channel":"C0LAUNCH01","ts":"1760000100.000003"}`))
	e := commentEffect(3, longBody(20))
	_, err := r.Do(t.Context(), e)
	if asError(t, err).Class != connectors.Unsure {
		t.Fatalf("Do = %v, want unsure", err)
	}
	r.api.on("conversations.replies", say(`{"ok":true,"messages":[{"ts":"1760000100.000002","metadata":{"event_type":"signoff_card","event_payload":{"mark":"CR-142/comment/2/part/2","store":"store-1"}}}]}`))
	parts := len(r.commentParts(e))
	_, found, err := r.Find(t.Context(), e, testNow().Add(-underWay))
	if err != nil || found != (parts == 2) {
		t.Fatalf("Find = %v, %v with %d messages", found, err, parts)
	}
	before := len(r.api.of("chat.postMessage"))
	if _, err := r.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := len(r.api.of("chat.postMessage")) - before; got != parts-2 {
		t.Errorf("%d messages were posted after the second was found, want %d", got, parts-2)
	}
}

// TestComment_WithoutAccessToTheThread: it goes to whoever asked, and is kept up to date there.
func TestComment_WithoutAccessToTheThread(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]flow.Ref{"no access": ref("thread", threadKey), "no thread": {}} {
		r := newRig(t)
		r.api.on("chat.postMessage", func(w http.ResponseWriter, c apiCall) {
			answer := refuse("not_in_channel")
			if c.Args["channel"] == "D0MAYA0001" && c.Args["thread_ts"] == "" {
				answer = say(`{"ok":true,"channel":"D0MAYA0001","ts":"1760000100.000001"}`)
			}
			answer(w, c)
		})
		e := commentEffect(3, longBody(1))
		e.Show.At, e.Show.To = at, flow.Actor{Name: "maya"}
		e.Known = map[string]flow.Ref{"maya": ref("user", testTeam+"/"+maya)}
		links, err := r.Do(t.Context(), e)
		if err != nil || len(links) != 2 || links[0].Ref.Key != "T0SIGNOFF1/D0MAYA0001/1760000100.000001" || links[1].Purpose != "comment/2/thread" {
			t.Fatalf("%s: Do = %+v, %v; want it told to Maya, and the thread below", name, links, err)
		}
		next := commentEffect(4, longBody(2))
		next.Show.At, next.Show.To, next.Known, next.Show.Link = at, e.Show.To, e.Known, &links[0]
		if _, err := r.Do(t.Context(), next); err != nil || r.api.only("chat.update").Args["channel"] != "D0MAYA0001" {
			t.Errorf("%s: an edit: %v, want the same message changed", name, err)
		}
	}
}
