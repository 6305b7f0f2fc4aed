package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/secret"
	"signoff/internal/server"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

// The engine is a hub.
var _ server.Hub = (*engine.Engine)(nil)

// pad is a connector that believes everything with the right header.
type pad struct{}

func (pad) Check(ctxt) []connectors.Finding { return nil }

func (pad) Accept(in connectors.Inbound) (connectors.Accepted, error) {
	switch {
	case in.Method != http.MethodPost:
		return connectors.Accepted{}, &connectors.Refusal{Status: 405, Allow: "POST"}
	case in.Header.Get("X-Signature") != "right":
		return connectors.Accepted{}, &connectors.Refusal{Status: 401, Reason: "wrong signature"}
	}
	return connectors.Accepted{ID: "1", Kind: "note", Ignored: "nobody needs it"}, nil
}

func (pad) Parse(flow.Delivery) ([]flow.Event, error) { return nil, nil }

// live is a site over a real engine on a store in memory. Nothing runs in the background: what is submitted and voted
// is decided with its delivery.
func live(t *testing.T) *site {
	t.Helper()
	now := func() time.Time { return noon }
	store := memstore.New("test", layout.Clock{Now: now})
	hub, err := engine.New(engine.Options{Store: store, Rules: compiled(t), Connectors: map[string]connectors.Connector{"pad": pad{}}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Options{
		Hub: hub, Store: store, Now: now, PublicURL: "https://signoff.lumen.example",
		Tokens: []server.Token{{Name: "scripts", Secret: secret.New(scripts)}, {Name: "ana", Secret: secret.New(asAna), As: "ana"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &site{Server: srv, store: store, now: noon}
}

func TestEngine_AJobThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := live(t)
	h := s.Public()
	send := func(c call, want int) (d server.RequestDetail) {
		t.Helper()
		w := do(h, c)
		status(t, c, w, want)
		_ = json.Unmarshal(w.Body.Bytes(), &d) // refusals have another shape, and are judged by their status
		return d
	}
	intake := call{method: "POST", path: "/api/v1/requests", body: `{"text":"Need a Nova banner 300x250","fields":{"brand":"Nova"},"requester":"Maya"}`}.token(scripts).with("Idempotency-Key", "order-1")
	d := send(intake, 201)
	if d.ID != "CR-1" || d.Status != flow.InReview || strings.Join(d.WaitingOn, " ") != "ana dana" || d.Requester.Shown != "Maya" || len(d.Events) == 0 {
		t.Fatalf("new request %+v", d)
	}
	if again := send(intake, 200); again.ID != "CR-1" {
		t.Errorf("the same delivery made %s", again.ID)
	}
	send(call{method: "POST", path: "/api/v1/requests", body: `{"text":"thanks a lot"}`}.token(scripts), 422)
	vote := call{method: "POST", path: "/api/v1/requests/cr-1/votes", body: `{"verdict":"approve"}`}.token(asAna)
	send(call{method: "POST", path: "/api/v1/requests/CR-1/votes", body: `{"verdict":"request_changes"}`}.token(asAna), 422)
	send(call{method: "POST", path: "/api/v1/requests/CR-1/votes", body: `{"verdict":"approve","version":"7"}`}.token(asAna), 409)
	send(call{method: "POST", path: "/api/v1/requests/CR-1/votes", body: `{"verdict":"approve","stage":"Legal"}`}.token(asAna), 422)
	send(vote, 200)
	d = send(call{method: "GET", path: "/api/v1/requests/CR-1"}.token(scripts), 200)
	if d.Status != flow.Approved || len(d.Votes) != 1 || d.Votes[0].By.Shown != "Ana Reyes" || d.Votes[0].Via != "api" || d.StageRuns[0].Decided == nil {
		t.Errorf("after the vote %+v", d)
	}
	send(call{method: "POST", path: "/api/v1/requests/CR-1/votes", body: `{"verdict":"decline"}`}.token(asAna), 410)
	send(call{method: "POST", path: "/api/v1/requests/CR-1/votes", body: `{"verdict":"decline","stage":"Brand review"}`}.token(asAna), 410)
	send(call{method: "POST", path: "/api/v1/requests/CR-9/votes", body: `{"verdict":"approve"}`}.token(asAna), 404)

	w := do(h, call{method: "GET", path: "/api/v1/deliveries?state=done"}.token(scripts))
	if !strings.Contains(w.Body.String(), `"id":"api/order-1"`) {
		t.Errorf("deliveries: %s", w.Body)
	}
	send(call{method: "POST", path: "/api/v1/deliveries/api/order-1/replay"}.token(scripts), 409)
	send(call{method: "GET", path: "/api/v1/deliveries?page=after:00"}.token(scripts), 200)
}

func TestEngine_Hooks(t *testing.T) {
	t.Parallel()
	s := live(t)
	right := map[string]string{"X-Signature": "right"}
	cases := []struct {
		c    call
		want int
	}{
		{call{method: "POST", path: "/hooks/pad", body: "{}", header: right}, 200},
		{call{method: "POST", path: "/hooks/pad", body: "{}"}, 401},
		{call{method: "GET", path: "/hooks/pad"}, 405},
		{call{method: "POST", path: "/hooks/none", body: "{}", header: right}, 404},
		{call{method: "POST", path: "/hooks/", body: "{}"}, 404},
	}
	for _, c := range cases {
		w := do(s.Public(), c.c)
		status(t, c.c, w, c.want)
		if want := map[bool]string{true: `{"ok":true}`, false: `{"ok":false}`}[c.want == 200]; w.Body.String() != want {
			t.Errorf("%s %s: body %q, want %q", c.c.method, c.c.path, w.Body, want)
		}
	}
	w := do(s.Public(), call{method: "GET", path: "/api/v1/deliveries/pad%2F1"}.token(scripts))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"state":"ignored"`) {
		t.Errorf("the delivery: %d %s", w.Code, w.Body)
	}
}

func TestEngine_AJobThroughThePages(t *testing.T) {
	t.Parallel()
	s := live(t)
	h := s.Public()
	do(h, call{method: "POST", path: "/api/v1/requests", body: `{"text":"Need a Nova banner","requester":"ana"}`}.token(scripts))
	b := newBrowser(t, h)
	b.signIn(s, "ana")
	_, page := b.get("/requests/CR-1")
	has(t, "own request", page, "approve your own work", "Withdraw this request")
	if code, page := b.post("/requests/CR-1/votes", url.Values{"form": {token(t, page)}, "verdict": {"approve"}}); code != 403 {
		t.Errorf("approving one's own request: %d", code)
	} else {
		has(t, "refusal", page, "Dana Wolf can")
	}
	dana := newBrowser(t, h)
	dana.signIn(s, "dana")
	_, page = dana.get("/?waiting_on=me")
	has(t, "list of a reviewer", page, "CR-1")
	_, page = dana.get("/requests/CR-1")
	form := url.Values{"form": {token(t, page)}, "once": {onceRE.FindStringSubmatch(page)[1]}, "stage": {"Brand review"}, "version": {"1"}, "verdict": {"approve"}}
	for range 2 {
		if code, to := dana.post("/requests/CR-1/votes", form); code != 303 {
			t.Errorf("approving: %d %s", code, to)
		}
	}
	_, page = dana.get("/requests/CR-1")
	has(t, "approved request", page, "approved", "on this page")
	if n := strings.Count(page, "Vote: approve"); n != 2 { // the refused one and the one that counted
		t.Errorf("%d votes in the journal, want 2", n)
	}
	form.Set("once", "")
	if code, _ := dana.post("/requests/CR-1/votes", form); code != 410 {
		t.Errorf("approving again what is closed: %d, want 410", code)
	}
	for _, path := range []string{"/", "/deliveries", "/rules", "/deliveries/api%2Fnone"} {
		if code, _ := dana.get(path); code != 200 && code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}
