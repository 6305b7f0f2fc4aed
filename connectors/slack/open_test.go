package slack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"signoff/connectors"
	"signoff/connectors/connectortest"
)

// TestOpen_OnlyFromSlack: whatever address Slack's answer, or an event, names for a file, the token goes to Slack's own
// hosts alone, and nothing else is called (T70, T71).
func TestOpen_OnlyFromSlack(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var called []string // by host and path, with the token where it came along
	note := func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		called = append(called, fmt.Sprint(r.Host, r.URL.Path, " ", strings.Contains(fmt.Sprint(r.Header), testToken)))
	}
	away := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { note(r) }))
	t.Cleanup(away.Close)
	var address string
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/files.info":
			_, _ = fmt.Fprintf(w, `{"ok":true,"file":{"id":"F1","name":"brief.pdf","mimetype":"application/pdf","size":14,"mode":"hosted","url_private_download":%q}}`, address)
		case r.URL.Query().Get("to") != "":
			note(r)
			w.Header().Set("Location", r.URL.Query().Get("to"))
			w.WriteHeader(http.StatusFound)
		default:
			note(r)
		}
	}))
	t.Cleanup(home.Close)
	host := strings.TrimPrefix(home.URL, "http://")
	r := newRig(t)
	r.settings.APIURL = home.URL + "/api/"
	r.files = connectortest.Files(t)(r.settings.APIURL, "files.slack.com")
	for _, bad := range []string{
		"https://files.slack.com.evil.example/x", "https://evilfiles.slack.com/x", "http://files.slack.com/x", "https://files.slack.com:8443/x", "https://files.slack.com./x",
		"https://files.slack.com@evil.example/x", "https://u:p@files.slack.com/x", "https://evil.example/files.slack.com", "//evil.example/x", "https://files.slаck.com/x",
		"http://169.254.169.254/latest/meta-data/", "http://[::ffff:a9fe:a9fe]/", "http://2852039166/", "http://127.0.0.1:1/", "http://localhost/", away.URL + "/x",
		"file:///etc/passwd", "gopher://127.0.0.1:1/", "javascript:alert(1)", "https:files.slack.com/x", "https://", "",
	} {
		address = bad
		body, _, err := r.Open(t.Context(), ref("file", "T0SIGNOFF1/F1"))
		if body != nil || asError(t, err).Class != connectors.Rejected {
			t.Errorf("%q: %v, want it refused", bad, err)
		}
	}
	if len(called) != 0 {
		t.Errorf("%v were called, want nobody", called)
	}
	for _, to := range []string{away.URL + "/x", "http://169.254.169.254/", "https://files.slack.com.evil.example/x", "file:///etc/passwd"} {
		mu.Lock()
		called = nil
		mu.Unlock()
		address = home.URL + "/files-pri/F1/x?to=" + to
		body, _, err := r.Open(t.Context(), ref("file", "T0SIGNOFF1/F1"))
		if body != nil || err == nil {
			t.Errorf("a file that leads to %s: %v, want it refused", to, err)
		}
		if want := host + "/files-pri/F1/x true"; len(called) != 1 || called[0] != want {
			t.Errorf("a file that leads to %s: %v were called, want only %s", to, called, want)
		}
	}
}
