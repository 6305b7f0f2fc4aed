package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// drawn is the banner with files behind it: a Figma file of two versions, and others whose pictures are none.
func drawn() engine.Detail {
	d := banner()
	thumb := func(key string) flow.File { return flow.File{Ref: flow.Ref{System: "figma", Type: "thumb", Key: key}} }
	d.Request.Assets = []flow.Asset{
		{
			Ref: flow.Ref{System: "figma", Type: "file", Key: "K"}, Label: "Spring banner", URL: "https://www.figma.com/design/K",
			Versions: []flow.Version{{ID: "1", Name: "v3 - legal copy", By: named("chloe"), At: at(-5)}, {ID: "2", Name: "v4 - <final>", By: named("chloe"), At: at(-1), Thumb: thumb("png")}},
		},
		{Ref: flow.Ref{System: "adobe", Type: "file", Key: "F"}, Versions: []flow.Version{{ID: "1", Thumb: thumb("page")}}},
		{Ref: flow.Ref{System: "adobe", Type: "file", Key: "G"}, Gone: "deleted", Versions: []flow.Version{{ID: "1", Thumb: thumb("lost")}}},
		{Ref: flow.Ref{System: "github", Type: "pull", Key: "o/r#7"}},
	}
	return d
}

func TestRequestPage_ShowsTheWork(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	s.hub.requests["CR-142"] = drawn()
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, `<img src="/requests/CR-142/pictures/1" alt="Picture of Spring banner v4 - &lt;final&gt;"`, "v3 - legal copy", "saved by Chloé Roy", "newest", "unnamed version", "deleted", "not read yet", "Github file", "<h3>Brand review, v4 - &lt;final&gt;, unnamed version")
	if strings.Index(page, "v4 -") > strings.Index(page, "v3 - legal") {
		t.Error("the newest version does not stand first")
	}
}

// TestRequestPage_LinksToWhatEverybodyCanOpen: a question that somebody alone has in chat is no link for the others.
func TestRequestPage_LinksToWhatEverybodyCanOpen(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	d := banner()
	d.Request.Links = []flow.Link{
		{Purpose: "card", Ref: flow.Ref{System: "slack", Type: "message", Key: "C1"}, URL: "https://lumen.slack.com/archives/C1/p1"},
		{Purpose: "ask/2/Brand review/dana", Ref: flow.Ref{System: "slack", Type: "message", Key: "D1"}, URL: "https://lumen.slack.com/archives/D1/p1"},
		{Purpose: "work/2", Ref: flow.Ref{System: "slack", Type: "message", Key: "D2"}, URL: "https://lumen.slack.com/archives/D2/p1"},
	}
	s.hub.requests["CR-142"] = d
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, "/archives/C1/p1")
	if strings.Contains(page, "/archives/D") {
		t.Error("the page links to messages that one person alone can open")
	}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	s.hub.requests["CR-142"] = drawn()
	for n, want := range map[string]int{"1": 200, "2": 404, "3": 404, "4": 404, "5": 404, "0": 404, "x": 404} {
		resp := b.send(call{method: "GET", path: "/requests/CR-142/pictures/" + n})
		if resp.StatusCode != want {
			t.Errorf("picture %s: status %d, want %d", n, resp.StatusCode, want)
		}
		if want == 200 && (resp.Header.Get("Content-Type") != "image/png" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") || resp.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("picture %s comes with %v", n, resp.Header)
		}
	}
	if w := do(s.Public(), call{method: "GET", path: "/requests/CR-142/pictures/1"}); w.Code != http.StatusUnauthorized {
		t.Errorf("without credentials: %d", w.Code)
	}
}

// TestPicture_ThatIsSlow: the page does not wait for it.
func TestPicture_ThatIsSlow(t *testing.T) {
	t.Parallel()
	s, _ := mailed(t)
	d := drawn()
	d.Request.Assets[0].Versions[1].Thumb.Ref.Key = "slow"
	s.hub.requests["CR-142"] = d
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		w := do(s.Public(), call{method: "GET", path: "/a/good/pictures/1"})
		if took := time.Since(begun); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || took > 3*time.Second {
			t.Errorf("status %d after %v, %v; want 503 with Retry-After within seconds", w.Code, took, w.Header())
		}
		if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "no-store") {
			t.Errorf("Cache-Control %q, want it asked for again", got)
		}
	})
}

func TestPass_ShowsTheWork(t *testing.T) {
	t.Parallel()
	s, b := mailed(t)
	d := drawn()
	d.Request.Assets = d.Request.Assets[:1]
	s.hub.requests["CR-142"] = d
	if resp := b.send(call{method: "GET", path: "/a/good/pictures/1"}); resp.StatusCode != 200 {
		t.Errorf("picture by the link: %d", resp.StatusCode)
	}
	if resp := b.send(call{method: "GET", path: "/a/forged/pictures/1"}); resp.StatusCode != 404 {
		t.Errorf("picture by a forged link: %d", resp.StatusCode)
	}
}

// TestRequestPage_ShowsTheBrief: whose it is, when it was read, and its words, folded, as text.
func TestRequestPage_ShowsTheBrief(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	d := banner()
	d.Request.Brief = &flow.Brief{
		Title: "Spring <campaign>", Owner: named("dana"), URL: "https://lumen.atlassian.net/wiki/spaces/DES/pages/7", At: noon.Add(-time.Hour),
		Words: textOf("Three sizes.\n\n<script>alert(1)</script>"),
	}
	s.hub.requests["CR-142"] = d
	_, page := b.get("/requests/CR-142")
	has(t, "page", page, `<h2 id="brief">The brief</h2>`, `<a href="https://lumen.atlassian.net/wiki/spaces/DES/pages/7">Spring &lt;campaign&gt;</a> by Dana Wolf`,
		"· read <time datetime=", "<details class=\"brief\"><summary>Read it here</summary>", "Three sizes.", "&lt;script&gt;alert(1)&lt;/script&gt;")
	if strings.Contains(page, "<script>") {
		t.Error("the words of the brief are taken for markup")
	}

	d.Request.Votes = []flow.Vote{{Stage: "Brand review", Round: 1, By: named("ana"), Verdict: flow.Approve, Stale: true}}
	s.hub.requests["CR-142"] = d
	w := do(s.Public(), call{method: "GET", path: "/api/v1/requests/CR-142"}.token(scripts))
	has(t, "the API", w.Body.String(), `"brief":{"title":"Spring `, `"by":{"name":"dana"`, `"words":"Three sizes.`, `"stale":true`)

	d.Request.Brief = &flow.Brief{Title: "Spring campaign", URL: "javascript:alert(1)"}
	s.hub.requests["CR-142"] = d
	_, page = b.get("/requests/CR-142")
	has(t, "page", page, "<p>Spring campaign</p>")
	for _, no := range []string{"javascript:", "Read it here", "· read"} {
		if strings.Contains(page, no) {
			t.Errorf("a brief that is only named shows %q", no)
		}
	}
	d.Request.Brief = nil
	s.hub.requests["CR-142"] = d
	if _, page = b.get("/requests/CR-142"); strings.Contains(page, "The brief") {
		t.Error("a request without a brief shows one")
	}
}
