package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/server"
)

// The way from the command line to the service and back: a link that opens once, a page, the service, the answer.
func TestOAuth_TheWholeWay(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	w := do(s.Socket(), call{method: "POST", path: "/oauth-link", body: `{"instance":"slack"}`}.with("Content-Type", "application/json"))
	var link struct{ URL string }
	if err := json.Unmarshal(w.Body.Bytes(), &link); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	address, err := url.Parse(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, s.Public())
	if resp := b.send(call{method: "GET", path: "/oauth/slack/install"}); resp.StatusCode != 401 {
		t.Errorf("without a session: %d, want 401", resp.StatusCode)
	}
	_, page := read(t, b.send(call{method: "GET", path: address.RequestURI()}))
	has(t, "open", page, `name="next" value="/oauth/slack"`)
	if code, to := b.post(address.Path, url.Values{"form": {token(t, page)}, "next": {"/oauth/slack"}}); code != http.StatusSeeOther || to != "/oauth/slack" {
		t.Fatalf("after the link: %d to %q, want the page of the connection", code, to)
	}
	_, page = read(t, b.send(call{method: "GET", path: "/oauth/slack"}))
	has(t, "connect", page, `href="/oauth/slack/install"`, "Continue to Slack")
	resp := b.send(call{method: "GET", path: "/oauth/slack/install"})
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || !strings.HasPrefix(got, "https://slack.com/oauth/") {
		t.Errorf("install: %d to %q, want the service", resp.StatusCode, got)
	}
	for path, want := range map[string]string{"/oauth/slack/callback?code=1&state=x": "Lumen is connected.", "/oauth/slack/callback?state=x": "This &lt;b&gt;link&lt;/b&gt; is not one of ours."} {
		_, page = read(t, newBrowser(t, s.Public()).send(call{method: "GET", path: path})) // no session is needed
		has(t, path, page, want)
	}
	for _, in := range s.hub.authorized {
		if in.Header.Get("Cookie") != "" || in.Trusted {
			t.Errorf("the connector was given %+v", in.Header)
		}
	}
	for _, path := range []string{"/oauth/jira", "/oauth/jira/install", "/oauth/jira/callback", "/oauth/nothing/callback"} {
		if resp := b.send(call{method: "GET", path: path}); resp.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", path, resp.StatusCode)
		}
	}
	if w := do(s.Socket(), call{method: "POST", path: "/oauth-link", body: `{"instance":"jira"}`}.with("Content-Type", "application/json")); w.Code != 404 {
		t.Errorf("link for what has no authorisation: %d, want 404", w.Code)
	}
}

func doctor(t *testing.T, s *site) server.DoctorAnswer {
	t.Helper()
	w := do(s.Socket(), call{method: "GET", path: "/doctor"})
	var a server.DoctorAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return a
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.findings = []engine.Finding{{Group: "jira", Finding: connectors.Finding{Level: "warning", What: "token", Text: "expires", Remedy: "renew"}}}
	if a := doctor(t, s); !a.OK || len(a.Findings) != 1 || a.Findings[0].Group != "jira" || a.Findings[0].Remedy != "renew" {
		t.Errorf("%+v, want the one warning and no problem", a)
	}
	s.hub.findings[0].Level = "problem"
	if a := doctor(t, s); a.OK {
		t.Errorf("%+v, want a problem", a)
	}
}

// The public address is asked whether it leads here, through whatever stands before it.
func TestDoctor_PublicAddress(t *testing.T) {
	t.Parallel()
	var s *site
	other := newSite(t, nil)
	for what, tc := range map[string]struct {
		answer      http.HandlerFunc
		level, text string
	}{
		"us": {func(w http.ResponseWriter, r *http.Request) {
			r.Host = "signoff.lumen.example"
			s.Public().ServeHTTP(w, r)
		}, "ok", "Host is kept"},
		"Host changed":   {func(w http.ResponseWriter, r *http.Request) { r.Host = "127.0.0.1:8080"; s.Public().ServeHTTP(w, r) }, "warning", "changes the Host"},
		"somebody else":  {func(w http.ResponseWriter, r *http.Request) { other.Public().ServeHTTP(w, r) }, "problem", "not this signoff"},
		"a parking page": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, "problem", "not this signoff"},
		"broken":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "problem", "answers with 502"},
		"nobody":         {nil, "problem", "does not answer"},
	} {
		s = newSite(t, func(o *server.Options) { o.Client = &http.Client{Transport: answering{tc.answer}} })
		a := doctor(t, s)
		if len(a.Findings) != 1 || a.Findings[0].Level != tc.level || !strings.Contains(a.Findings[0].Text, tc.text) || tc.level != "ok" && a.Findings[0].Remedy == "" {
			t.Errorf("%s: %+v, want %s: %s", what, a.Findings, tc.level, tc.text)
		}
	}
}

// answering answers every call by a handler, as a network would; none: nobody is there.
type answering struct{ h http.HandlerFunc }

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.h == nil {
		return nil, context.DeadlineExceeded
	}
	w := httptest.NewRecorder()
	in := httptest.NewRequest(r.Method, r.URL.Path, nil)
	a.h(w, in)
	return w.Result(), nil
}
