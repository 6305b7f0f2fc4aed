package figma

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signoff/internal/sandbox"
)

const (
	botToken = "figd_sandbox"
	spring   = "SpringBanner7QmX2vLk9R"
	teamID   = "1012345678901234567"
	passcode = "k3Jr-of-the-sandbox"
)

func at() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC) }

// received is a webhook as it came.
type received struct {
	Event    string `json:"event_type"`
	Passcode string
	ID       string `json:"webhook_id"`
	Retries  int
	raw      string
}

// desk is a site over HTTP with somebody who asks it and takes its webhooks.
type desk struct {
	t      *testing.T
	s      *Server
	url    string
	hooks  string
	ledger *sandbox.Ledger
	status atomic.Int32 // what webhooks are answered with
	got    chan received
	slept  chan time.Duration // pauses that were asked for; each is over at once
	clock  atomic.Int64       // moves Now
}

func open(t *testing.T, opt Options) *desk {
	t.Helper()
	d := &desk{t: t, got: make(chan received, 100), slept: make(chan time.Duration, 100)}
	d.status.Store(200)
	hooks := httptest.NewServer(http.HandlerFunc(d.take))
	t.Cleanup(hooks.Close)
	var h http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	now := func() time.Time { return at().Add(time.Duration(d.clock.Load())) }
	d.ledger = sandbox.NewLedger(now)
	d.url, d.hooks = srv.URL+opt.Prefix, hooks.URL+"/hooks/figma"
	opt.Now, opt.BaseURL, opt.Token, opt.Ledger = now, d.url, botToken, d.ledger
	if opt.Sleep == nil {
		opt.Sleep = func(ctx context.Context, pause time.Duration) error {
			d.slept <- pause
			return ctx.Err()
		}
	}
	d.s = New(opt)
	t.Cleanup(d.s.Close)
	h = d.s.Handler()
	return d
}

func (d *desk) take(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	one := received{raw: string(raw)}
	if err := json.Unmarshal(raw, &one); err != nil || r.Header.Get("Content-Type") != "application/json" {
		d.t.Errorf("webhook %q as %q: %v, want JSON", raw, r.Header.Get("Content-Type"), err)
	}
	w.WriteHeader(int(d.status.Load()))
	d.got <- one
}

// ask makes a call to the API as the product does and returns status, header and body.
func (d *desk) ask(method, path, body string, head ...string) (int, http.Header, string) {
	d.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = d.url + path
	}
	req, err := http.NewRequestWithContext(d.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("X-Figma-Token", botToken)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(raw)
}

// read asks for something that is there and decodes it.
func (d *desk) read(path string, into any) {
	d.t.Helper()
	status, _, body := d.ask("GET", path, "")
	if err := json.Unmarshal([]byte(body), into); status != 200 || err != nil {
		d.t.Fatalf("GET %s = %d %.300s (%v), want 200", path, status, body, err)
	}
}

// fetch gets a picture without the token.
func (d *desk) fetch(address string) (int, string, string) {
	d.t.Helper()
	status, head, body := d.ask("GET", address, "", "X-Figma-Token", "")
	return status, head.Get("Content-Type"), body
}

// hook registers a webhook and waits for its PING.
func (d *desk) hook(event, context, id string) string {
	d.t.Helper()
	status, _, body := d.ask("POST", "/v2/webhooks", `{"event_type":"`+event+`","context":"`+context+`","context_id":"`+id+`","endpoint":"`+d.hooks+`","passcode":"`+passcode+`"}`)
	var made struct{ ID, Passcode string }
	if err := json.Unmarshal([]byte(body), &made); status != 200 || err != nil || made.Passcode != passcode {
		d.t.Fatalf("register = %d %s, want the webhook with its passcode", status, body)
	}
	if ping := d.next(); ping.Event != "PING" || ping.ID != made.ID {
		d.t.Fatalf("after registering came %+v, want a PING of %s", ping, made.ID)
	}
	return made.ID
}

func (d *desk) next() received {
	d.t.Helper()
	select {
	case one := <-d.got:
		return one
	case <-d.t.Context().Done():
		d.t.Fatal("no webhook came")
		return received{}
	}
}

// quiet waits until every webhook is sent, those that are repeated included, and holds that none is left over.
func (d *desk) quiet() {
	d.t.Helper()
	if err := d.s.Wait(d.t.Context(), (*Server).Quiet); err != nil {
		d.t.Fatal(err)
	}
	select {
	case one := <-d.got:
		d.t.Errorf("a webhook that nobody waited for: %s", one.raw)
	default:
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
