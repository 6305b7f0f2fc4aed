package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/server"
)

func TestHook_PassesWhatWasSent(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	raw := "\ufeff{\"a\": 1}\r\n\x00 "
	w := do(s.Public(), call{method: "POST", path: "/hooks/slack/in%20stall/x?challenge=c", body: raw, header: map[string]string{"X-Signature": "v0=ab"}})
	if w.Code != 200 || w.Body.String() != `{"ok":true}` || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("answer %d %q %v", w.Code, w.Body, w.Header())
	}
	if s.hub.instance != "slack" || len(s.hub.hooks) != 1 {
		t.Fatalf("hub saw instance %q, %d deliveries", s.hub.instance, len(s.hub.hooks))
	}
	in := s.hub.hooks[0]
	if string(in.Body) != raw || in.Method != "POST" || in.Rest != "in stall/x" || in.Query["challenge"][0] != "c" ||
		in.Header.Get("X-Signature") != "v0=ab" || !in.At.Equal(noon) || in.Remote != "192.0.2.1" {
		t.Errorf("hub saw %+v", in)
	}
}

func TestHook_EveryMethodReachesTheConnector(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.reply = connectors.Reply{Status: 405, Header: http.Header{"Allow": {"POST"}}, Body: []byte(`{"ok":false}`)}
	for _, method := range []string{"GET", "PUT", "OPTIONS", "DELETE"} {
		w := do(s.Public(), call{method: method, path: "/hooks/slack"})
		if w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestHook_Refusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		size   int
		header map[string]string
		want   int
	}{
		{"as large as may be", 4 << 20, nil, 200},
		{"too large", 4<<20 + 1, nil, 413},
		{"gzip", 10, map[string]string{"Content-Encoding": "gzip"}, 415},
		{"any encoding", 10, map[string]string{"Content-Encoding": "identity"}, 415},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			for _, chunked := range []bool{false, true} {
				r := httptest.NewRequest("POST", "/hooks/slack", bytes.NewReader(make([]byte, c.size)))
				if chunked {
					r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
				}
				for k, v := range c.header {
					r.Header.Set(k, v)
				}
				w := httptest.NewRecorder()
				s.Public().ServeHTTP(w, r)
				if w.Code != c.want {
					t.Errorf("%d bytes, chunked %v, %v: status %d, want %d", c.size, chunked, c.header, w.Code, c.want)
				}
				if c.want != 200 && w.Body.String() != `{"ok":false}` {
					t.Errorf("body %q is not the one short body", w.Body)
				}
			}
			if want := map[bool]int{true: 2, false: 0}[c.want == 200]; len(s.hub.hooks) != want {
				t.Errorf("hub saw %d deliveries, want %d", len(s.hub.hooks), want)
			}
		})
	}
}

// A sender that does not look for an answer before its whole body is out sees the refusal, and need not come again.
func TestHook_TooLargeIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	host := httptest.NewServer(s.Public())
	defer host.Close()
	conn, err := net.Dial("tcp", host.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const size = 25 << 20
	if _, err := fmt.Fprintf(conn, "POST /hooks/jira HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Write(make([]byte, size)); err != nil {
		t.Fatalf("cut off after %d bytes: %v", n, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || len(s.hub.hooks) != 0 {
		t.Errorf("status %d, %d deliveries; want 413 and none", resp.StatusCode, len(s.hub.hooks))
	}
}

func TestHook_LimitByAddress(t *testing.T) {
	t.Parallel()
	proxy := netip.MustParsePrefix("192.0.2.0/24") // httptest's peer
	s := newSite(t, func(o *server.Options) { o.TrustedProxies = []netip.Prefix{proxy} })
	h := s.Public()
	send := func(from string) int {
		return do(h, call{method: "POST", path: "/hooks/slack", body: "{}", header: map[string]string{"X-Forwarded-For": from}}).Code
	}
	for i := range 4000 {
		if got := send("203.0.113.9"); got != 200 {
			t.Fatalf("delivery %d: status %d", i, got)
		}
	}
	if got := send("203.0.113.9"); got != 429 {
		t.Errorf("delivery beyond the burst: status %d, want 429", got)
	}
	if got := send("1.1.1.1, 203.0.113.9, 192.0.2.7"); got != 429 {
		t.Errorf("forged first hop: status %d, want 429", got)
	}
	if got := send("203.0.113.10"); got != 200 {
		t.Errorf("another address: status %d, want 200", got)
	}
	s.now = s.now.Add(time.Second)
	if got := send("203.0.113.9"); got != 200 {
		t.Errorf("a second later: status %d, want 200", got)
	}
}

func TestHook_ForwardedForIsBelievedFromProxiesOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	do(s.Public(), call{method: "POST", path: "/hooks/slack", body: "{}", header: map[string]string{"X-Forwarded-For": "127.0.0.1"}})
	if got := s.hub.hooks[0].Remote; got != "192.0.2.1" {
		t.Errorf("remote %q, want the peer", got)
	}
}

func TestHook_TooManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *server.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	const places = 512
	s.hub.hold, s.hub.entered = make(chan struct{}), make(chan struct{}, places)
	h := s.Public()
	answers := make(chan int, places)
	from := func(n int) call {
		return call{method: "POST", path: "/hooks/slack", body: "{}", header: map[string]string{"X-Forwarded-For": fmt.Sprintf("203.0.113.%d", n)}}
	}
	for i := range places {
		go func() { answers <- do(h, from(i/256)).Code }()
	}
	for range places {
		<-s.hub.entered
	}
	if w := do(h, from(0)); w.Code != 429 {
		t.Errorf("one more of the first address: status %d, want 429", w.Code)
	}
	w := do(h, from(2))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("one more: status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	close(s.hub.hold)
	for range places {
		if got := <-answers; got != 200 {
			t.Fatalf("one of the first: status %d", got)
		}
	}
}

// slow is a writer whose read deadline ends a body that never comes.
type slow struct {
	*httptest.ResponseRecorder
	body *stuck
}

func (s slow) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		close(s.body.over)
	}
	return nil
}

type stuck struct{ over chan struct{} }

func (s *stuck) Read([]byte) (int, error) { <-s.over; return 0, timedOut{} }

type timedOut struct{}

func (timedOut) Error() string { return "i/o timeout" }
func (timedOut) Timeout() bool { return true }

func TestHook_SlowBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		body := &stuck{over: make(chan struct{})}
		r := httptest.NewRequest("POST", "/hooks/slack", io.MultiReader(strings.NewReader("{"), body))
		r.ContentLength = 100
		w := slow{httptest.NewRecorder(), body}
		s.Public().ServeHTTP(w, r)
		if w.Code != 408 || time.Since(began) != 10*time.Second {
			t.Errorf("status %d after %s, want 408 after 10s", w.Code, time.Since(began))
		}
	})
	if len(s.hub.hooks) != 0 {
		t.Errorf("hub saw %d deliveries, want none", len(s.hub.hooks))
	}
}
