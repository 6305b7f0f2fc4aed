package server_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/server"
	"signoff/internal/store"
)

// browser keeps cookies and follows no redirect.
type browser struct {
	t    *testing.T
	h    http.Handler
	jar  *cookiejar.Jar
	base *url.URL
}

func newBrowser(t *testing.T, h http.Handler) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, h: h, jar: jar, base: &url.URL{Scheme: "https", Host: "signoff.lumen.example", Path: "/"}}
}

func (b *browser) send(c call) *http.Response {
	b.t.Helper()
	c.cookies = b.jar.Cookies(b.base)
	resp := do(b.h, c).Result()
	b.jar.SetCookies(b.base, resp.Cookies())
	return resp
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return read(b.t, b.send(call{method: "GET", path: path}))
}

// post sends a form.
func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	resp := b.send(call{method: "POST", path: path, body: form.Encode(), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}})
	if resp.StatusCode == http.StatusSeeOther {
		return resp.StatusCode, resp.Header.Get("Location")
	}
	return read(b.t, resp)
}

func read(t *testing.T, resp *http.Response) (int, string) {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

var formRE = regexp.MustCompile(`name="form" value="([^"]+)"`)

// token is what the forms of a page carry.
func token(t *testing.T, page string) string {
	t.Helper()
	m := formRE.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form on the page: %s", page)
	}
	return m[1]
}

// signIn signs a browser in by a single-use link.
func (b *browser) signIn(s *site, as string) {
	b.t.Helper()
	path := s.linkFor(b.t, as)
	_, page := b.get(path)
	if code, to := b.post(path, url.Values{"form": {token(b.t, page)}}); code != http.StatusSeeOther || to != "/" {
		b.t.Fatalf("sign in: %d %s", code, to)
	}
}

func (s *site) linkFor(t *testing.T, as string) string {
	t.Helper()
	address, err := s.Link(t.Context(), as)
	if err != nil {
		t.Fatal(err)
	}
	path, ok := strings.CutPrefix(address, "https://signoff.lumen.example")
	if !ok {
		t.Fatalf("link %q is not below the public address", address)
	}
	return path
}

func TestLink_SignsInOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	path := s.linkFor(t, "ana")
	if len(path) < len("/open/")+26 {
		t.Errorf("link %q has fewer than 128 bits", path)
	}
	scanner := newBrowser(t, s.Public())
	for _, method := range []string{"GET", "HEAD", "GET"} {
		if resp := scanner.send(call{method: method, path: path}); resp.StatusCode != 200 {
			t.Fatalf("%s of the link: %d", method, resp.StatusCode)
		}
	}
	if code, _ := scanner.get("/"); code != 401 {
		t.Errorf("list after looking at the link only: %d, want 401", code)
	}
	b := newBrowser(t, s.Public())
	_, page := b.get(path)
	if !strings.Contains(page, "Welcome, Ana Reyes") {
		t.Errorf("page of the link: %s", page)
	}
	form := url.Values{"form": {token(t, page)}}
	if code, _ := scanner.post(path, form); code != 403 {
		t.Errorf("form of another browser: %d, want 403", code)
	}
	if code, to := b.post(path, form); code != 303 || to != "/" {
		t.Fatalf("use of the link: %d %s", code, to)
	}
	if code, page := b.get("/"); code != 200 || !strings.Contains(page, "Ana Reyes") {
		t.Errorf("list after signing in: %d", code)
	}
	if code, page := b.post(path, form); code != 404 || !strings.Contains(page, "no longer good") {
		t.Errorf("second use: %d", code)
	}
}

func TestLink_Refused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := newBrowser(t, s.Public())
	path := s.linkFor(t, "ana")
	_, page := b.get(path)
	form := url.Values{"form": {token(t, page)}}
	for i := range path[len("/open/"):] {
		at := len("/open/") + i
		other := byte('A')
		if path[at] == other {
			other = 'B'
		}
		forged := path[:at] + string(other) + path[at+1:]
		if code, _ := b.post(forged, form); code != 404 {
			t.Errorf("byte %d altered: %d, want 404", i, code)
		}
	}
	s.now = s.now.Add(10 * time.Minute)
	if code, _ := b.get(path); code != 404 {
		t.Errorf("page after ten minutes: %d, want 404", code)
	}
	if code, _ := b.post(path, form); code != 404 {
		t.Errorf("use after ten minutes: %d, want 404", code)
	}
	if _, err := s.Link(t.Context(), "tom"); err == nil {
		t.Error("link for somebody who is not in the directory: no error")
	}
}

func TestSession_Cookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	path := s.linkFor(t, "ana")
	b := newBrowser(t, s.Public())
	_, page := b.get(path)
	resp := b.send(call{method: "POST", path: path, body: url.Values{"form": {token(t, page)}}.Encode(), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
	at := slices.IndexFunc(resp.Cookies(), func(c *http.Cookie) bool { return c.Name == "__Host-signoff" })
	if at < 0 {
		t.Fatalf("cookies %v", resp.Cookies())
	}
	c := resp.Cookies()[at]
	if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("session cookie %v", c)
	}
	plain := newSite(t, func(o *server.Options) { o.PublicURL = "http://localhost:8080" })
	address, err := plain.Link(t.Context(), "ana")
	if err != nil {
		t.Fatal(err)
	}
	w := do(plain.Public(), call{method: "GET", path: strings.TrimPrefix(address, "http://localhost:8080")})
	for _, c := range w.Result().Cookies() {
		if c.Name != "signoff-form" || c.Secure || !c.HttpOnly {
			t.Errorf("cookie over http: %v", c)
		}
	}
}

func TestSession_Ends(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		after []time.Duration // visits, each so long after the one before
		want  int             // status of the last
	}{
		{"idle for less than 8 hours", []time.Duration{7*time.Hour + 50*time.Minute}, 200},
		{"idle for more", []time.Duration{8*time.Hour + time.Minute}, 401},
		{"kept alive", []time.Duration{7 * time.Hour, 7 * time.Hour, 7 * time.Hour}, 200},
		{"over after a day all the same", []time.Duration{7 * time.Hour, 7 * time.Hour, 7 * time.Hour, 4 * time.Hour}, 401},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			b := newBrowser(t, s.Public())
			b.signIn(s, "ana")
			code := 0
			for _, d := range c.after {
				s.now = s.now.Add(d)
				code, _ = b.get("/")
			}
			if code != c.want {
				t.Errorf("after %v: %d, want %d", c.after, code, c.want)
			}
		})
	}
}

func TestSession_FixationAndSignOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := newBrowser(t, s.Public())
	b.signIn(s, "ana")
	name := "__Host-signoff"
	id := func() string {
		for _, c := range b.jar.Cookies(b.base) {
			if c.Name == name {
				return c.Value
			}
		}
		return ""
	}
	first := id()
	b.signIn(s, "dana")
	if second := id(); first == "" || second == "" || second == first {
		t.Errorf("session ids %q and %q: signing in must change it", first, second)
	}
	reuse := call{method: "GET", path: "/", cookies: []*http.Cookie{{Name: name, Value: first}}}
	if w := do(s.Public(), reuse); w.Code != 401 {
		t.Errorf("the session before: %d, want 401", w.Code)
	}
	last := id()
	_, page := b.get("/")
	if code, to := b.post("/sign-out", url.Values{"form": {token(t, page)}}); code != 303 || to != "/sign-in" {
		t.Errorf("sign out: %d %s", code, to)
	}
	reuse.cookies[0].Value = last
	if w := do(s.Public(), reuse); w.Code != 401 {
		t.Errorf("after signing out: %d, want 401", w.Code)
	}
	holds(t, s, "sessions", last)
}

// holds checks that a table of the store does not hold a value.
func holds(t *testing.T, s *site, table, secret string) {
	t.Helper()
	err := s.store.View(t.Context(), func(tx store.Tx) error {
		return tx.Rows(table, "", "", 0, func(key string, row []byte) error {
			if strings.Contains(key, secret) || strings.Contains(string(row), secret) {
				t.Errorf("table %s holds %q", table, secret)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLink_IsKeptHashed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	holds(t, s, "sign_in_links", strings.TrimPrefix(s.linkFor(t, "ana"), "/open/"))
}

func TestSession_GoesWithItsPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := newBrowser(t, s.Public())
	b.signIn(s, "ana")
	s.hub.set = compiledText(t, strings.NewReplacer("  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london}\n", "", "[ana, dana]", "[dana]").Replace(studio))
	if code, _ := b.get("/"); code != 401 {
		t.Errorf("list after the person left the directory: %d, want 401", code)
	}
}

func TestForms_AreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	b := newBrowser(t, s.Public())
	b.signIn(s, "ana")
	_, page := b.get("/requests/CR-142")
	good := url.Values{"form": {token(t, page)}, "verdict": {"approve"}, "stage": {"Brand review"}}
	form := func(name, value string) string {
		v := url.Values{}
		for k, x := range good {
			v[k] = x
		}
		v.Set(name, value)
		return v.Encode()
	}
	const kind = "application/x-www-form-urlencoded"
	cases := []struct {
		name, body string
		header     map[string]string
		want       int
	}{
		{"no form token", form("form", ""), map[string]string{"Content-Type": kind}, 403},
		{"another form token", form("form", "AAAAAAAAAAAAAAAAAAAAAAAAAA"), map[string]string{"Content-Type": kind}, 403},
		{"from another site", good.Encode(), map[string]string{"Content-Type": kind, "Sec-Fetch-Site": "cross-site"}, 403},
		{"from a sister site", good.Encode(), map[string]string{"Content-Type": kind, "Sec-Fetch-Site": "same-site"}, 403},
		{"with a foreign origin", good.Encode(), map[string]string{"Content-Type": kind, "Origin": "https://evil.example"}, 403},
		{"as text", good.Encode(), map[string]string{"Content-Type": "text/plain"}, 415},
		{"too long", form("note", strings.Repeat("a", 70_000)), map[string]string{"Content-Type": kind}, 413},
	}
	for _, c := range cases {
		resp := b.send(call{method: "POST", path: "/requests/CR-142/votes", body: c.body, header: c.header})
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.want)
		}
	}
	if len(s.hub.votes) != 0 {
		t.Errorf("%d votes were cast, want none", len(s.hub.votes))
	}
	if code, to := b.post("/requests/CR-142/votes", good); code != 303 || to != "/requests/CR-142?done=approve" {
		t.Errorf("the good form: %d %s", code, to)
	}
}
