package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"signoff/internal/flow"
	"signoff/internal/server"
)

// walkSite has an answer for every route.
func walkSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, func(o *server.Options) {
		o.Reload = func(ctxt) error { return nil }
		o.Demo = &server.Demo{Roles: []server.Role{{Name: "ana", Shown: "Ana Reyes"}}}
	})
	s.hub.requests["CR-142"] = banner()
	s.hub.deliveries = deliveries()
	return s
}

func (s *site) handlers() map[string]http.Handler {
	return map[string]http.Handler{"public": s.Public(), "admin": s.Admin(), "socket": s.Socket()}
}

func TestRoutes_WithoutCredentials(t *testing.T) {
	t.Parallel()
	s := walkSite(t)
	doors := s.handlers()
	for _, r := range s.Routes() {
		w := do(doors[r.Door], call{method: r.Method, path: r.Path})
		open := r.Access == "anyone" || r.Door == "socket"
		if refused := w.Code == http.StatusUnauthorized; refused == open {
			t.Errorf("%s %s on %s, for %s: status %d without credentials", r.Method, r.Path, r.Door, r.Access, w.Code)
		}
		if w.Code == 401 && strings.Contains(w.Body.String(), "CR-142") && !strings.Contains(r.Path, "CR-142") {
			t.Errorf("%s %s: the refusal tells of requests", r.Method, r.Path)
		}
	}
	if n := len(s.hub.votes) + len(s.hub.acts); n != 0 {
		t.Errorf("%d acts without credentials on a network listener", n)
	}
}

func TestRoutes_WithCredentials(t *testing.T) {
	t.Parallel()
	s := walkSite(t)
	doors := s.handlers()
	for _, r := range s.Routes() {
		for _, token := range []string{scripts, "wrong", scripts + " "} {
			c := call{method: r.Method, path: r.Path}.token(token)
			w := do(doors[r.Door], c)
			var want string
			switch {
			case r.Access == "anyone":
				continue
			case token == "wrong":
				want = "401"
			case r.Access == "reader":
				want = "not 401"
			default:
				want = "403"
			}
			if got := fmt.Sprint(w.Code); got != want && !(want == "not 401" && got != "401" && got != "500") {
				t.Errorf("%s %s on %s, for %s, token %q: %s, want %s", r.Method, r.Path, r.Door, r.Access, token, got, want)
			}
		}
		if r.Door == "socket" {
			continue
		}
		b := newBrowser(t, doors[r.Door])
		b.h = s.Public()
		b.signIn(s, "ana")
		b.h = doors[r.Door]
		resp := b.send(call{method: r.Method, path: r.Path})
		if resp.StatusCode == 401 || resp.StatusCode == 500 {
			t.Errorf("%s %s on %s, for %s: status %d with a session", r.Method, r.Path, r.Door, r.Access, resp.StatusCode)
		}
	}
}

func TestRoutes_OnlyTheOwnerUsesTheSocketsOwn(t *testing.T) {
	t.Parallel()
	s := walkSite(t)
	for _, path := range []string{"/open", "/reload"} {
		if w := do(s.Socket(), call{method: "POST", path: path, body: `{"as":"ana"}`}.token(asAna)); w.Code != 403 {
			t.Errorf("%s with a token: %d, want 403", path, w.Code)
		}
	}
}

func TestHeaders_OnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := walkSite(t)
	doors := s.handlers()
	b := newBrowser(t, s.Public())
	b.signIn(s, "ana")
	check := func(what string, h http.Header) {
		t.Helper()
		want := map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
		if strings.Contains(what, "/assets/") && h.Get("Content-Type") != "text/html; charset=utf-8" {
			want["Cache-Control"] = "public, max-age=31536000, immutable"
		}
		for name, v := range want {
			if got := h.Values(name); len(got) == 0 || got[0] != v {
				t.Errorf("%s: %s %q, want %q", what, name, got, v)
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", what, csp)
		}
	}
	for _, r := range s.Routes() {
		w := do(doors[r.Door], call{method: r.Method, path: r.Path})
		check(r.Door+" "+r.Method+" "+r.Path, w.Header())
		if r.Door == "public" && r.Path != "/sign-out" {
			check("signed in "+r.Method+" "+r.Path, b.send(call{method: r.Method, path: r.Path}).Header)
		}
	}
	for _, c := range []call{{method: "GET", path: "/nothing"}, {method: "POST", path: "/hooks/slack", body: "{}"}, {method: "PUT", path: "/"}, {method: "POST", path: "/hooks/slack", body: "{}", header: map[string]string{"Content-Encoding": "gzip"}}} {
		check(c.method+" "+c.path, do(s.Public(), c).Header())
	}
}

// hostile are texts that must never act on a page.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg/onload=alert(1)>`, `javascript:alert(1)`, `</title><script>alert(1)</script>`,
		`</textarea><script>alert(1)</script>`, `{{.}}`, "` onmouseover=alert(1) ", `&lt;script&gt;alert(1)&lt;/script&gt;`, `]]><script>alert(1)</script>`,
		`</style><script>alert(1)</script>`, `<a href="javascript:alert(1)">x</a>`, "\u202e<script>alert(1)</script>", `data:text/html,<script>alert(1)</script>`,
	}
}

func TestPages_EscapeWhatCameFromOutside(t *testing.T) {
	t.Parallel()
	for _, evil := range hostile() {
		s := walkSite(t)
		d := banner()
		spoil(&d.Request, evil)
		for i := range d.Records {
			d.Records[i].Event.Body, d.Records[i].Event.Actor.Shown = textOf(evil), evil
			d.Records[i].Why = []flow.Reason{{Text: evil, Place: evil}}
			d.Records[i].Event.Fields = map[string][]string{"verdict": {evil}, "status": {evil}, "name": {evil}, "purpose": {evil}}
		}
		for i := range d.Effects {
			d.Effects[i].Why, d.Effects[i].Purpose, d.Effects[i].Target = evil, evil, evil
		}
		s.hub.requests["CR-142"], s.hub.parked = d, d.Effects
		s.hub.pages = append(s.hub.pages, pageOf(d.Request))
		for i := range s.hub.deliveries {
			s.hub.deliveries[i].Why, s.hub.deliveries[i].Kind, s.hub.deliveries[i].Body = evil, evil, []byte(evil)
		}
		s.hub.health.RulesError, s.hub.health.Stopped = evil, map[string]string{evil: evil}
		s.hub.code, s.hub.why = flow.CodeAlready, evil
		b := newBrowser(t, s.Public())
		b.signIn(s, "ana")
		pages := map[string]string{}
		for _, path := range []string{"/", "/?q=" + url.QueryEscape(evil) + "&stage=" + url.QueryEscape(evil), "/requests/CR-142", "/requests/" + url.PathEscape(evil), "/deliveries", "/deliveries/slack%2FEv0%2F1", "/rules", "/sign-in?next=" + url.QueryEscape(evil)} {
			_, pages[path] = b.get(path)
		}
		form := url.Values{"form": {token(t, pages["/requests/CR-142"])}, "verdict": {"approve"}, "note": {evil}}
		_, pages["refused vote"] = b.post("/requests/CR-142/votes", form)
		for path, page := range pages {
			for _, bad := range []string{"<script", "<img", "<svg/onload", "onerror=alert(1)>", `href="javascript:`, `href="data:`, "<a href=\"java"} {
				if strings.Contains(page, bad) {
					t.Errorf("%s with %q holds %q", path, evil, bad)
				}
			}
		}
	}
}
