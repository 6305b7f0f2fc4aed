package slack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/internal/sandbox"
)

const (
	botToken      = "xoxb-sandbox-token"
	signingSecret = "signoff-dev-signing-secret"
	maya, ravi    = "U0MAYA0001", "U0RAVI0001"
	general       = "C0GENERAL1"
	launch        = "C0LAUNCH01"
	legal         = "G0LEGAL001"
	outside       = "C0OUTSIDE1"
)

// world is a workspace, its wire, and an app that answers as the test says.
type world struct {
	*Server
	t     *testing.T
	api   string
	clock *hands

	mu     sync.Mutex
	answer http.HandlerFunc
	got    []delivery
}

type delivery struct {
	header http.Header
	body   string
}

// hands are a clock that the test moves.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func newWorld(t *testing.T, change func(*Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &hands{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	hook := httptest.NewServer(http.HandlerFunc(w.receive))
	wire := httptest.NewUnstartedServer(nil)
	o := Options{
		Now: w.clock.now, Ledger: sandbox.NewLedger(w.clock.now), Faults: &sandbox.Faults{},
		Origin: "http://" + wire.Listener.Addr().String(), HookURL: hook.URL,
		SigningSecret: signingSecret, BotToken: botToken, Commands: []string{"/signoff"},
		Users: []User{
			{ID: maya, Name: "maya", RealName: "Maya Lind", Email: "maya@lumen.example", TZ: "Europe/London"},
			{ID: ravi, Name: "ravi", RealName: "Ravi Nair", Email: "ravi@lumen.example", TZ: "America/New_York"},
			{ID: "U0GONE0001", Name: "tom", RealName: "Tom Berg", Email: "tom@lumen.example", Deleted: true},
		},
		Channels: []Channel{
			{ID: general, Name: "general", Members: []string{maya, ravi}},
			{ID: launch, Name: "launch", Members: []string{maya, ravi, "U0SIGNOFF1"}},
			{ID: legal, Name: "legal", Private: true, Members: []string{ravi}},
			{ID: outside, Name: "old", Archived: true, Members: []string{maya, "U0SIGNOFF1"}},
		},
		Groups: []Group{{ID: "S0BRAND001", Handle: "brand", Name: "Brand", Users: []string{ravi}}},
		Retry:  []time.Duration{0, 0, 0},
		Settle: time.Millisecond,
		Shortcuts: []Shortcut{
			{CallbackID: "request_from_message", Name: "New creative request", Message: true},
			{CallbackID: "request_new", Name: "New creative request"},
		},
	}
	if change != nil {
		change(&o)
	}
	w.Server = New(o)
	wire.Config.Handler = w.API()
	wire.Start()
	w.api = wire.URL + "/api/"
	t.Cleanup(func() {
		w.Close()
		hook.Close()
		wire.Close()
	})
	return w
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.mu.Lock()
	w.got = append(w.got, delivery{header: r.Header.Clone(), body: string(body)})
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(rw, r)
	}
}

// answers sets how the app answers deliveries from now on.
func (w *world) answers(h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = h
}

// says answers every delivery with a JSON body.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func (w *world) deliveries() []delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]delivery(nil), w.got...)
}

// waitFor waits until the ledger shows n deliveries whose path has prefix.
func (w *world) waitFor(prefix string, n int) []sandbox.Entry {
	w.t.Helper()
	var found []sandbox.Entry
	err := w.opt.Ledger.Wait(w.t.Context(), func(es []sandbox.Entry) bool {
		found = found[:0]
		for _, e := range es {
			if e.Direction == sandbox.Out && strings.HasPrefix(e.Path, prefix) {
				found = append(found, e)
			}
		}
		return len(found) >= n
	})
	if err != nil {
		w.t.Fatalf("waiting for %d deliveries of %s: %v", n, prefix, err)
	}
	return found
}

// call makes a form call with the token and returns the decoded answer.
func (w *world) call(method string, fields ...string) object {
	w.t.Helper()
	form := url.Values{"token": {botToken}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	resp, err := http.PostForm(w.api+method, form)
	if err != nil {
		w.t.Fatalf("%s: %v", method, err)
	}
	return decode(w.t, resp)
}

func decode(t *testing.T, resp *http.Response) object {
	t.Helper()
	defer resp.Body.Close()
	var out object
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatalf("answer is not JSON: %v", err)
	}
	return out
}

// ok makes a call that must succeed.
func (w *world) ok(method string, fields ...string) object {
	w.t.Helper()
	out := w.call(method, fields...)
	if out["ok"] != true {
		w.t.Fatalf("%s %v: got %v, want ok", method, fields, out)
	}
	return out
}

// lastPayload decodes the last interaction of a kind that reached the app.
func (w *world) lastPayload(kind string) object {
	w.t.Helper()
	all := w.deliveries()
	for i := len(all) - 1; i >= 0; i-- {
		form, err := url.ParseQuery(all[i].body)
		if err != nil || form.Get("payload") == "" {
			continue
		}
		var p object
		if err := json.Unmarshal([]byte(form.Get("payload")), &p); err != nil {
			w.t.Fatal(err)
		}
		if p["type"] == kind {
			return p
		}
	}
	w.t.Fatalf("no %s reached the app", kind)
	return nil
}

// events decodes the inner events that reached the app.
func (w *world) inner() []object {
	w.t.Helper()
	var out []object
	for _, d := range w.deliveries() {
		var outer object
		if json.Unmarshal([]byte(d.body), &outer) == nil && outer["type"] == "event_callback" {
			out = append(out, obj(outer["event"]))
		}
	}
	return out
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
