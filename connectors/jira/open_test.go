package jira_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
)

// TestOpen_RedirectElsewhere: where Jira sends the reader of a file on to somebody else, nobody else is called, and the
// token least of all (T70, T71).
func TestOpen_RedirectElsewhere(t *testing.T) {
	t.Parallel()
	for name, edition := range map[string]struct{ yaml, kind string }{"cloud": {settings, "Cloud"}, "data center": {dataCenter, "Server"}} {
		for _, to := range []string{
			"", "http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "https://api.media.atlassian.com.evil.example/file", "https://user@api.media.atlassian.com/x",
			"http://api.media.atlassian.com/x", "file:///etc/passwd", "//evil.example/x",
		} {
			t.Run(fmt.Sprint(name, " ", to), func(t *testing.T) {
				t.Parallel()
				var strangers, reads atomic.Int64
				away := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
				t.Cleanup(away.Close)
				if to == "" {
					to = away.URL + "/x"
				}
				var site *httptest.Server
				site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					switch {
					case strings.HasSuffix(r.URL.Path, "/attachment/7"):
						_, _ = fmt.Fprintf(w, `{"id":"7","filename":"a.pdf","size":9,"mimeType":"application/pdf","content":"%s/secure/attachment/7/a.pdf"}`, site.URL)
					case strings.Contains(r.URL.Path, "/secure/") || strings.Contains(r.URL.Path, "/content/"):
						reads.Add(1)
						w.Header().Set("Location", to)
						w.WriteHeader(http.StatusFound)
					default:
						_, _ = fmt.Fprintf(w, `{"deploymentType":%q,"baseUrl":%q,"version":"10.3.2"}`, edition.kind, site.URL)
					}
				}))
				t.Cleanup(site.Close)
				c := connect(t, fmt.Sprintf(edition.yaml, site.URL))
				body, _, err := c.Open(t.Context(), flow.Ref{System: "jira", Type: "attachment", Key: "7"})
				if body != nil || err == nil || connectors.ClassOf(err) == connectors.Transient {
					t.Errorf("Open = %v, want it refused for good", err)
				}
				if strangers.Load() != 0 || reads.Load() != 1 {
					t.Errorf("somebody else was called %d times, the site's file was asked for %d times; want 0 and 1", strangers.Load(), reads.Load())
				}
				if s := fmt.Sprint(err) + c.log.String(); strings.Contains(s, "canary") {
					t.Errorf("the token is in the error or the log: %s", s)
				}
			})
		}
	}
}
