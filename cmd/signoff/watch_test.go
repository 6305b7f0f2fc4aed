package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/config"
	"signoff/internal/outbound"
	"signoff/internal/source"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

// clockedHub is a hub whose Slack has the right time, while its own clock is off.
func clockedHub(t *testing.T, off time.Duration, log io.Writer) (h *hub, host string) {
	t.Helper()
	base := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", base.Format(http.TimeFormat))
		_, _ = io.WriteString(w, `{"ok":false,"error":"invalid_auth"}`)
	}))
	t.Cleanup(slack.Close)
	dir := t.TempDir()
	yaml := reloadConfig + fmt.Sprintf("connectors:\n  slack:\n    signing_secret: 8f742231b10e8888abcd99yyyzzz85a5\n    bot_token: xoxb-1-2-abcdefabcdef\n    api_url: %s/api/\n", slack.URL)
	for name, text := range map[string]string{"config.yaml": yaml, "rules/studio.yaml": imageRules} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := func() time.Time { return base.Add(off) }
	a := &app{in: strings.NewReader(""), out: io.Discard, err: log, now: now, config: filepath.Join(dir, "config.yaml"), getenv: func(string) (string, bool) { return "", false }}
	f, err := a.read(source.Error)
	if err != nil || f.problem {
		t.Fatalf("the files: %v %v", err, f.found)
	}
	h, err = newHub(parts{
		config: f.config, set: f.set, store: memstore.New("watch", layout.Clock{Now: now}), key: make([]byte, keySize),
		log: a.logger(config.Log{Level: "info", Format: "json"}), now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, strings.TrimPrefix(slack.URL, "http://")
}

func ask(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil))
	return w.Code, w.Body.String()
}

// TestReady_SaysThatTheClockIsOff (T07): still ready, since the window of acceptance stays as it is, but degraded, with the
// reason, in the metrics, and once in the log.
func TestReady_SaysThatTheClockIsOff(t *testing.T) {
	t.Parallel()
	for off, want := range map[time.Duration]string{
		10 * time.Minute:  "the clock of this machine is 10 minutes ahead of %s: signed deliveries will be refused; set the clock (NTP)",
		-10 * time.Minute: "the clock of this machine is 10 minutes behind %s: signed deliveries will be refused; set the clock (NTP)",
		-3 * time.Hour:    "the clock of this machine is 3 hours behind %s: signed deliveries will be refused; set the clock (NTP)",
		90 * time.Second:  "the clock of this machine is 90 seconds ahead of %s: signed deliveries will be refused from five minutes on; set the clock (NTP)",
		20 * time.Second:  "",
	} {
		var log bytes.Buffer
		h, host := clockedHub(t, off, &log)
		if _, body := ask(h.server.Public(), "/readyz"); !strings.Contains(body, `"status":"ready"`) {
			t.Errorf("off by %v, before any call: %s", off, body)
		}
		h.check(t.Context(), h.check(t.Context(), nil))
		code, body := ask(h.server.Public(), "/readyz")
		_, metrics := ask(h.server.Admin(), "/metrics")
		if !strings.Contains(metrics, `signoff_clock_skew_seconds{host="`+host+`"} `) {
			t.Errorf("off by %v: no figure for %s among the metrics", off, host)
		}
		if want == "" {
			if strings.Contains(body, "clock") || strings.Contains(log.String(), "clock") {
				t.Errorf("off by %v: %d %s\n%s", off, code, body, log.String())
			}
			continue
		}
		want = fmt.Sprintf(want, host)
		if code != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, `"status":"degraded"`) {
			t.Errorf("off by %v\n got %d %s\nwant 200, degraded, %s", off, code, body, want)
		}
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("off by %v: told %d times in the log, want once\n%s", off, n, log.String())
		}
	}
}

// service counts how often it is checked, and finds what it is told to.
type service struct {
	checks int
	finds  []connectors.Finding
}

func (s *service) Check(context.Context) []connectors.Finding {
	s.checks++
	return s.finds
}

// TestWatch_EveryHour: an idle hub asks once an hour and logs only what it did not say before.
func TestWatch_EveryHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &service{finds: []connectors.Finding{{Level: "ok", What: "token"}, {Level: "problem", What: "scope", Text: "chat:write is missing"}}}
		h := &hub{log: slog.New(slog.NewTextHandler(&log, nil)), all: map[string]connectors.Connector{"slack": s}}
		ctx, cancel := context.WithTimeout(t.Context(), 2*checkEvery+time.Minute)
		defer cancel()
		h.watch(ctx)
		if s.checks != 3 {
			t.Errorf("checked %d times in two hours, want at once and twice more", s.checks)
		}
		if n := strings.Count(log.String(), "chat:write is missing"); n != 1 {
			t.Errorf("told %d times, want once\n%s", n, log.String())
		}
	})
}

func TestRoughly(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		61 * time.Second: "61 seconds", 119 * time.Second: "119 seconds", 2 * time.Minute: "2 minutes", 599500 * time.Millisecond: "10 minutes",
		119 * time.Minute: "119 minutes", 2 * time.Hour: "2 hours", 26 * time.Hour: "26 hours", 49 * time.Hour: "2 days", 9000 * time.Hour: "375 days",
	} {
		if got := roughly(d); got != want {
			t.Errorf("roughly(%v) = %q, want %q", d, got, want)
		}
	}
}

// TestClients_HaveTheirBounds: files may be larger than answers, and both clients keep to the list.
func TestClients_HaveTheirBounds(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 9<<20)) }))
	t.Cleanup(s.Close)
	var w wiring
	for name, c := range map[string]struct {
		client *http.Client
		ok     bool
	}{"calls": {w.calls(s.URL), false}, "files": {w.files(s.URL), true}} {
		t.Cleanup(c.client.CloseIdleConnections)
		resp, err := c.client.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if (err == nil) != c.ok {
			t.Errorf("%s: 9 MiB: %v, want ok=%v", name, err, c.ok)
		}
		if _, err := c.client.Get("https://evil.example/"); err == nil || outbound.Lost(err) {
			t.Errorf("%s: evil.example: %v, want a refusal", name, err)
		}
	}
}
