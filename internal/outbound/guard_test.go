package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// TestRedirect_KeepsCredentialsAtHome: another port is another origin.
func TestRedirect_KeepsCredentialsAtHome(t *testing.T) {
	t.Parallel()
	away := make(chan http.Header, 1)
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { away <- r.Header })
	home := make(chan http.Header, 2)
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		home <- r.Header
		http.Redirect(w, r, map[string]string{"/away": other.URL + "/x", "/stay": "/end", "/list": "http://127.0.0.1:1/"}[r.URL.Path], http.StatusFound)
	})
	c := outbound.New(outbound.Options{Allow: []string{first.URL, other.URL}, UserAgent: "signoff/test"})
	c.Transport = outbound.Credential(c.Transport, first.URL, func(h http.Header) { h.Set("Authorization", "Bearer canary") })

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, first.URL+"/away", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Api-Key", "Cookie", "X-Figma-Token"} {
		req.Header.Set(name, "canary")
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := (<-home).Get("Authorization"); got != "Bearer canary" {
		t.Errorf("at home: Authorization %q, want the token", got)
	}
	got := <-away
	if s := fmt.Sprint(got); strings.Contains(s, "canary") || strings.Contains(s, "Referer") {
		t.Errorf("away: got headers %v, want no credential and no referer", got)
	}
	if req.Header.Get("Authorization") != "" {
		t.Error("the caller's own request was changed")
	}
	if err := get(t, c, first.URL+"/list"); err == nil || outbound.Lost(err) {
		t.Errorf("redirect off the list: got %v, want a refusal", err)
	}
}

func TestRedirect_AtMostThree(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err == nil && n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
		}
	})
	c := outbound.New(outbound.Options{Allow: []string{s.URL}})
	if err := get(t, c, s.URL+"/3"); err != nil {
		t.Errorf("three redirects: got %v, want nil", err)
	}
	if err := get(t, c, s.URL+"/4"); err == nil {
		t.Error("four redirects: got nil, want an error")
	}
}

func TestRedirect_OfAPostIsHandedToTheCaller(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 4)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies <- string(b)
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	})
	c := outbound.New(outbound.Options{Allow: []string{s.URL}})
	resp, err := c.Post(s.URL, "application/json", strings.NewReader(`{"token":"canary"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusTemporaryRedirect || len(bodies) != 1 {
		t.Errorf("got status %d after %d calls, want 307 after one", resp.StatusCode, len(bodies))
	}
}

// TestBody_Bounds: a body ends at its limit, packed or not.
func TestBody_Bounds(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = w.Write(bytes.Repeat([]byte("a"), 1000))
		case "/one-more":
			_, _ = w.Write(bytes.Repeat([]byte("a"), 1001))
		case "/endless":
			for range 1000 {
				_, _ = w.Write(make([]byte, 4096))
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 10<<20))
			_ = z.Close()
		}
	})
	c := outbound.New(outbound.Options{Allow: []string{s.URL}, MaxBody: 1000})
	for path, want := range map[string]int{"/exact": 1000, "/one-more": -1, "/endless": -1, "/bomb": -1, "/empty": 0} {
		resp, err := c.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		tooLarge, isLarge := errors.AsType[*outbound.TooLargeError](err)
		switch {
		case want < 0 && (!isLarge || tooLarge.Limit != 1000 || len(body) > 1000):
			t.Errorf("%s: got %d bytes and %v, want a TooLargeError of 1000", path, len(body), err)
		case want >= 0 && (err != nil || len(body) != want):
			t.Errorf("%s: got %d bytes and %v, want %d", path, len(body), err, want)
		}
		if want < 0 && (outbound.Failure("read", err, true).Class != connectors.Rejected || outbound.Failure("post", err, false).Class != connectors.Unsure) {
			t.Errorf("%s: classes %s, %s; want rejected for a read, unsure for a post", path, outbound.Failure("read", err, true).Class, outbound.Failure("post", err, false).Class)
		}
	}
}

func TestTimeout_CoversHeaderAndBody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte("{"))
			w.(http.Flusher).Flush()
		}
		<-release
	})
	defer close(release)
	c := outbound.New(outbound.Options{Allow: []string{s.URL}, Timeout: 500 * time.Millisecond})
	for _, path := range []string{"/header", "/body"} {
		resp, err := c.Get(s.URL + path)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) || !outbound.Lost(err) {
			t.Errorf("%s: got %v (lost %v), want a deadline after the request was sent", path, err, outbound.Lost(err))
		}
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	closed := httptest.NewServer(nil)
	closed.Close()
	secure := quietTLS(t, &tls.Config{MinVersion: tls.VersionTLS12})
	c := outbound.New(outbound.Options{Allow: []string{cut.URL, closed.URL, secure.URL, strings.Replace(cut.URL, "http:", "https:", 1)}})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name, url  string
		ctx        context.Context
		lost       bool
		post, read connectors.Class
	}{
		{"connection cut after the request", cut.URL, t.Context(), true, connectors.Unsure, connectors.Transient},
		{"nobody listens", closed.URL, t.Context(), false, connectors.Transient, connectors.Transient},
		{"unknown certificate", secure.URL, t.Context(), false, connectors.Denied, connectors.Denied},
		{"no TLS on the other side", strings.Replace(cut.URL, "http:", "https:", 1), t.Context(), false, connectors.Denied, connectors.Denied},
		{"cancelled before", cut.URL, gone, false, connectors.Transient, connectors.Transient},
		{"off the list", "https://evil.example/", t.Context(), false, connectors.Rejected, connectors.Rejected},
	} {
		req, err := http.NewRequestWithContext(row.ctx, http.MethodPost, row.url, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s: got an answer, want an error", row.name)
			continue
		}
		if got := outbound.Lost(err); got != row.lost {
			t.Errorf("%s: Lost(%v) = %v, want %v", row.name, err, got, row.lost)
		}
		if post, read := outbound.Failure("op", err, false).Class, outbound.Failure("op", err, true).Class; post != row.post || read != row.read {
			t.Errorf("%s: classes %s and %s for %v, want %s and %s", row.name, post, read, err, row.post, row.read)
		}
	}
	for err, want := range map[error]bool{
		nil: false, errors.New("unknown"): true, io.ErrUnexpectedEOF: true, &net.DNSError{}: false, &net.OpError{Op: "read"}: true, &net.OpError{Op: "dial"}: false,
	} {
		if got := outbound.Lost(err); got != want {
			t.Errorf("Lost(%v) = %v, want %v", err, got, want)
		}
	}
}

// quietTLS serves 200 over TLS and does not log the handshakes that a test provokes.
func quietTLS(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// TestTLS: nothing below 1.2, no unknown authority; a known one works.
func TestTLS(t *testing.T) {
	t.Parallel()
	modern := quietTLS(t, &tls.Config{MinVersion: tls.VersionTLS13})
	old := quietTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) //nolint:gosec // the server that must be refused
	roots := x509.NewCertPool()
	roots.AddCert(modern.Certificate())
	roots.AddCert(old.Certificate())
	c := outbound.New(outbound.Options{Allow: []string{modern.URL, old.URL}, Roots: roots})
	if err := get(t, c, modern.URL); err != nil {
		t.Errorf("TLS 1.3: got %v, want nil", err)
	}
	if err := get(t, c, old.URL); err == nil || outbound.Lost(err) {
		t.Errorf("TLS 1.1: got %v, want a refused handshake", err)
	}
}

func TestClient_UserAgentAndNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.UserAgent()) })
	c := outbound.New(outbound.Options{Allow: []string{s.URL}, UserAgent: "signoff/1"})
	for set, want := range map[string]string{"": "signoff/1", "own/2": "own/2"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if set != "" {
			req.Header.Set("User-Agent", set)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != want {
			t.Errorf("with %q set: got %q, want %q", set, body, want)
		}
	}
}

// capture keeps the header that would have been sent.
type capture struct{ got http.Header }

func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	c.got = r.Header
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func TestCredential_OnlyForItsOrigin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, url string
		want      bool
	}{
		{"https://lumen.atlassian.net", "https://lumen.atlassian.net/rest/api/2/issue", true},
		{"https://lumen.atlassian.net/", "https://LUMEN.atlassian.net:443/x", true},
		{"https://lumen.atlassian.net", "http://lumen.atlassian.net/x", false},
		{"https://lumen.atlassian.net", "https://lumen.atlassian.net:8443/x", false},
		{"https://lumen.atlassian.net", "https://evil.lumen.atlassian.net/x", false},
		{"https://lumen.atlassian.net", "https://lumen.atlassian.net.evil.example/x", false},
		{"https://lumen.atlassian.net", "https://lumen.atlassian.net@evil.example/x", false},
		{"https://lumen.atlassian.net", "https://lumen.atlassian.net./x", false},
		{"https://lumen.atlassian.net", "https://api.media.atlassian.com/file", false},
		{"http://127.0.0.1:4000", "http://127.0.0.1:4001/", false},
		{"http://127.0.0.1:4000", "http://localhost:4000/", false},
		{"http://jira.internal", "http://jira.internal/", false},
		{"nonsense", "nonsense", false},
	} {
		next := &capture{}
		rt := outbound.Credential(next, c.base, func(h http.Header) { h.Set("Authorization", "Basic canary") })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := next.got.Get("Authorization") != ""; got != c.want {
			t.Errorf("base %s, call %s: credential sent %v, want %v", c.base, c.url, got, c.want)
		}
	}
}
