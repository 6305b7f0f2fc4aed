package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
	"signoff/internal/store"
)

func TestAPI_ListRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.pages = []engine.RequestPage{
		{Requests: []flow.Request{banner().Request}, Next: "01", Total: 2},
		{Requests: []flow.Request{{ID: "CR-141", Round: 1}}, Total: 2},
	}
	list := func(query string) (out server.RequestList) {
		t.Helper()
		w := do(s.Public(), call{method: "GET", path: "/api/v1/requests" + query}.token(scripts))
		if w.Code != 200 {
			t.Fatalf("%s: status %d: %s", query, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := list("?status=in_review&stage=Brand+review&waiting_on=ana&q=nova")
	if want := (engine.Filter{Status: flow.InReview, Stage: "Brand review", WaitingOn: "ana", Text: "nova"}); s.hub.filter != want {
		t.Errorf("filter %+v, want %+v", s.hub.filter, want)
	}
	got := first.Requests[0]
	if got.ID != "CR-142" || got.Ticket.Key != "DES-231" || got.URL != "https://signoff.lumen.example/requests/CR-142" ||
		strings.Join(got.WaitingOn, " ") != "ana dana" || got.Assignee.Shown != "Chloé Roy" || got.Requester.ID != "slack:user:U0MAYA" {
		t.Errorf("first request %+v", got)
	}
	if first.SchemaVersion != 1 || first.Total != 2 || first.Next == "" {
		t.Errorf("list %+v", first)
	}
	for _, query := range []string{"?page=" + first.Next, "?page=2"} {
		if got := list(query); len(got.Requests) != 1 || got.Requests[0].ID != "CR-141" || got.Next != "" {
			t.Errorf("%s: %+v, want CR-141", query, got)
		}
	}
	if got := list("?page=99"); len(got.Requests) != 0 {
		t.Errorf("page 99: %+v, want none", got)
	}
}

func TestAPI_Refusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		call call
		want int
		code string
		says string
	}{
		{"no such status", call{method: "GET", path: "/api/v1/requests?status=in_reviw"}, 400, "bad_request", "Did you mean in_review?"},
		{"no such filter", call{method: "GET", path: "/api/v1/requests?waitingon=ana"}, 400, "bad_request", `did you mean \"waiting_on\"`},
		{"a page too far", call{method: "GET", path: "/api/v1/requests?page=1000000000"}, 400, "bad_request", "page"},
		{"a forged cursor", call{method: "GET", path: "/api/v1/requests?page=after:zz"}, 400, "bad_request", "page"},
		{"no such request", call{method: "GET", path: "/api/v1/requests/CR-999"}, 404, "not_found", ""},
		{"no such route", call{method: "GET", path: "/api/v1/nothing"}, 404, "not_found", ""},
		{"wrong method", call{method: "DELETE", path: "/api/v1/requests/CR-142"}, 405, "method_not_allowed", "GET, HEAD"},
		{"no JSON", call{method: "POST", path: "/api/v1/requests", body: "a=b", header: map[string]string{"Content-Type": "text/plain"}}, 415, "content_type", ""},
		{"encoded", call{method: "POST", path: "/api/v1/requests", body: "{}", header: map[string]string{"Content-Encoding": "gzip"}}, 415, "refused", ""},
		{"too long", call{method: "POST", path: "/api/v1/requests", body: strings.Repeat(" ", 1<<20+1)}, 413, "too_large", ""},
		{"broken", call{method: "POST", path: "/api/v1/requests", body: `{"text":`}, 400, "bad_request", "Malformed JSON"},
		{"twice", call{method: "POST", path: "/api/v1/requests", body: `{"text":"a","text":"b"}`}, 400, "bad_request", "twice"},
		{"no object", call{method: "POST", path: "/api/v1/requests", body: `null`}, 400, "bad_request", "not a JSON object"},
		{"wrong type", call{method: "POST", path: "/api/v1/requests", body: `{"text":5}`}, 400, "bad_request", ""},
		{"unknown field", call{method: "POST", path: "/api/v1/requests", body: `{"txt":"a"}`}, 422, "invalid", `did you mean \"text\"`},
		{"nothing said", call{method: "POST", path: "/api/v1/requests", body: `{}`}, 422, "invalid", `"text":"Say in a few words`},
		{"no such type", call{method: "POST", path: "/api/v1/requests", body: `{"text":"a","type":"baner"}`}, 422, "invalid", `did you mean \"banner\"`},
		{"no such choice", call{method: "POST", path: "/api/v1/requests", body: `{"text":"a","type":"banner","fields":{"brand":"Acme"}}`}, 422, "invalid", `"brand":`},
		{"no such field of the type", call{method: "POST", path: "/api/v1/requests", body: `{"text":"a","fields":{"brnd":"Nova"}}`}, 422, "invalid", `did you mean \"brand\"`},
		{"source is ours", call{method: "POST", path: "/api/v1/requests", body: `{"text":"a","fields":{"source":"slack"}}`}, 422, "invalid", `"source":`},
		{"key with spaces", call{method: "POST", path: "/api/v1/requests", body: `{"text":"a"}`, header: map[string]string{"Idempotency-Key": "a b"}}, 400, "bad_request", "Idempotency-Key"},
		{"no such state", call{method: "GET", path: "/api/v1/deliveries?state=lost"}, 400, "bad_request", "state is one of"},
		{"no such delivery", call{method: "GET", path: "/api/v1/deliveries/slack/Ev9"}, 404, "not_found", ""},
		{"posting to a delivery", call{method: "POST", path: "/api/v1/deliveries/slack/Ev1"}, 405, "method_not_allowed", ""},
		{"a verdict of one's own", call{method: "POST", path: "/api/v1/requests/CR-142/votes", body: `{"verdict":"maybe"}`}, 422, "invalid", `"verdict":`},
	}
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := do(s.Public(), c.call.token(asAna))
			status(t, c.call, w, c.want)
			var p server.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("body %s: %v", w.Body, err)
			}
			if p.Error != c.code || p.SchemaVersion != 1 || p.Message == "" || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("problem %s, want code %q and %q", w.Body, c.code, c.says)
			}
		})
	}
}

func TestAPI_Submit(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	c := call{method: "POST", path: "/api/v1/requests", body: `{"title":"Nova banner","text":"300x250 by Friday","fields":{"brand":"Nova","sizes":["300x250","728x90"]},"requester":"CHLOE@lumen.example"}`}.
		token(scripts).with("Idempotency-Key", "order-7")
	for i, want := range []int{http.StatusCreated, http.StatusOK} {
		w := do(s.Public(), c)
		status(t, c, w, want)
		var d server.RequestDetail
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.ID != "CR-142" || w.Header().Get("Location") != "/api/v1/requests/CR-142" {
			t.Errorf("answer %d: %+v %v", i, d.RequestItem, err)
		}
	}
	in := s.hub.intakes[0]
	if in.Delivery != "order-7" || in.Source != "api" || in.Requester.Name != "chloe" || in.Fields["brand"][0] != "Nova" || len(in.Fields["sizes"]) != 2 {
		t.Errorf("intake %+v", in)
	}
}

func TestAPI_WhoAsks(t *testing.T) {
	t.Parallel()
	cases := []struct{ token, requester, want string }{
		{scripts, "", "api:token:scripts"},
		{scripts, "ana", "ana"},
		{scripts, " ana reyes ", "ana"},
		{scripts, "Maya at the agency", "api:requester:maya at the agency"},
		{asAna, "", "ana"},
		{asAna, "dana", "dana"},
	}
	for _, c := range cases {
		s := newSite(t, nil)
		s.hub.requests["CR-142"] = banner()
		body, _ := json.Marshal(map[string]string{"text": "a banner", "requester": c.requester})
		do(s.Public(), call{method: "POST", path: "/api/v1/requests", body: string(body)}.token(c.token))
		if len(s.hub.intakes) != 1 || s.hub.intakes[0].Requester.ID() != c.want {
			t.Errorf("requester %q by %q: intakes %+v, want %s", c.requester, c.token, s.hub.intakes, c.want)
		}
	}
}

func TestAPI_EngineErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err  error
		want int
		code string
	}{
		{&engine.IgnoredError{Why: "the rule Thanks"}, 422, "ignored"},
		{fmt.Errorf("keep: %w", engine.ErrStopping), 503, "unavailable"},
		{fmt.Errorf("keep: %w", store.ErrFull), 503, "unavailable"},
		{fmt.Errorf("something else"), 500, "internal"},
	}
	for _, c := range cases {
		s := newSite(t, nil)
		s.hub.err = c.err
		w := do(s.Public(), call{method: "POST", path: "/api/v1/requests", body: `{"text":"a"}`}.token(scripts))
		if w.Code != c.want || !strings.Contains(w.Body.String(), `"error":"`+c.code+`"`) || strings.Contains(w.Body.String(), "something else") {
			t.Errorf("%v: status %d, want %d: %s", c.err, w.Code, c.want, w.Body)
		}
		if c.want == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%v: no Retry-After", c.err)
		}
	}
}

func TestAPI_Votes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		code string
		want int
	}{
		{flow.CodeRecorded, 200}, {flow.CodeNotReviewer, 403}, {flow.CodeFourEyes, 403}, {flow.CodePageOnly, 403}, {flow.CodeAlready, 409},
		{flow.CodeStale, 409}, {flow.CodeNotOpen, 409}, {flow.CodeClosed, 410}, {flow.CodeNoteNeeded, 422}, {flow.CodeUnknownStage, 422},
	}
	for _, c := range cases {
		s := newSite(t, nil)
		s.hub.requests["CR-142"] = banner()
		s.hub.code, s.hub.why = c.code, "A sentence."
		vote := call{method: "POST", path: "/api/v1/requests/CR-142/votes", body: `{"stage":"Brand review","verdict":"request_changes","note":"Logo too small","version":"2"}`}.token(asAna).with("Idempotency-Key", "k1")
		w := do(s.Public(), vote)
		status(t, vote, w, c.want)
		if !strings.Contains(w.Body.String(), "A sentence.") || !strings.Contains(w.Body.String(), c.code) {
			t.Errorf("%s: body %s", c.code, w.Body)
		}
		if v := s.hub.votes[0]; v.By.ID() != "ana" || v.Via != "api" || v.Stage != "Brand review" || v.Note.String() != "Logo too small" || v.Version != "2" || v.Delivery != "k1" {
			t.Errorf("vote %+v", v)
		}
	}
}

func TestAPI_TokenOfNobodyDoesNotVote(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	for name, w := range map[string]interface {
		Result() *http.Response
	}{
		"token":  do(s.Public(), call{method: "POST", path: "/api/v1/requests/CR-142/votes", body: `{"verdict":"approve"}`}.token(scripts)),
		"socket": do(s.Socket(), call{method: "POST", path: "/api/v1/requests/CR-142/votes", body: `{"verdict":"approve"}`}),
	} {
		if got := w.Result().StatusCode; got != 403 || len(s.hub.votes) != 0 {
			t.Errorf("%s: status %d, %d votes, want 403 and none", name, got, len(s.hub.votes))
		}
	}
}

func TestAPI_Deliveries(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	s.hub.deliveries = deliveries()
	s.hub.parked = banner().Effects[:1]
	get := func(path string) string {
		t.Helper()
		w := do(s.Public(), call{method: "GET", path: path}.token(scripts))
		if w.Code != 200 {
			t.Fatalf("%s: status %d: %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	if body := get("/api/v1/deliveries?state=dead&instance=slack"); !strings.Contains(body, `"effects":[{`) || strings.Contains(body, `"body"`) {
		t.Errorf("dead deliveries: %s", body)
	}
	if s.hub.query.State != flow.Dead || s.hub.query.Instance != "slack" {
		t.Errorf("query %+v", s.hub.query)
	}
	for _, path := range []string{"/api/v1/deliveries/slack/Ev0/1", "/api/v1/deliveries/slack%2FEv0%2F1"} {
		var a server.DeliveryAnswer
		if err := json.Unmarshal([]byte(get(path)), &a); err != nil || a.Delivery.ID != "slack/Ev0/1" || len(a.Delivery.Events) == 0 {
			t.Errorf("%s: %+v %v", path, a, err)
		}
		if strings.Contains(a.Delivery.Body, "hooks.slack.com") || !strings.Contains(a.Delivery.Body, "block_actions") {
			t.Errorf("%s: body %s", path, a.Delivery.Body)
		}
	}
	for _, path := range []string{"/api/v1/deliveries/slack/Ev0/1/replay", "/api/v1/deliveries/slack%2FEv0%2F1/replay"} {
		w := do(s.Public(), call{method: "POST", path: path}.token(scripts))
		if w.Code != 202 || s.hub.replays[len(s.hub.replays)-1] != "slack/Ev0/1" {
			t.Errorf("%s: status %d, replayed %v", path, w.Code, s.hub.replays)
		}
	}
	s.hub.err = &engine.ReplayError{Why: "it was decided already: see CR-142"}
	w := do(s.Public(), call{method: "POST", path: "/api/v1/deliveries/slack/Ev0/1/replay"}.token(scripts))
	if w.Code != 409 || !strings.Contains(w.Body.String(), "It was decided already: see CR-142.") {
		t.Errorf("replay of a decided one: %d %s", w.Code, w.Body)
	}
}

func TestAPI_AnswersWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.deliveries = deliveries()
	post := func(path, body string) *httptest.ResponseRecorder {
		return do(s.Public(), call{method: "POST", path: path, body: body, header: map[string]string{"Content-Type": "application/json"}}.token(asAna))
	}
	for path, body := range map[string]string{"/api/v1/deliveries/slack/Ev0/1/answer": `{"answer":"accept"}`, "/api/v1/deliveries/slack%2FEv0%2F1/answer": `{"answer":"accept"}`} {
		if w := post(path, body); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"slack/Ev0/1"`) || s.hub.answers[len(s.hub.answers)-1] != "slack/Ev0/1 accept ana" {
			t.Errorf("%s: status %d %s, answers %v", path, w.Code, w.Body, s.hub.answers)
		}
	}
	answered := len(s.hub.answers)
	for _, body := range []string{`{}`, `{"answer":"approve"}`, `{"answer":"accept","more":1}`, `accept`} {
		if w := post("/api/v1/deliveries/slack/Ev0/1/answer", body); w.Code < 400 || w.Code > 499 || len(s.hub.answers) != answered {
			t.Errorf("%s: status %d, answers %v", body, w.Code, s.hub.answers)
		}
	}
	if w := post("/api/v1/deliveries/slack/Ev0/1", `{}`); w.Code != 405 {
		t.Errorf("posted to the delivery itself: %d, want 405", w.Code)
	}
	s.hub.err = &engine.ReplayError{Why: "it is not held back"}
	if w := post("/api/v1/deliveries/slack/Ev0/1/answer", `{"answer":"spam"}`); w.Code != 409 {
		t.Errorf("of one that is not held back: %d, want 409", w.Code)
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	reloaded := 0
	s := newSite(t, nil)
	if w := do(s.Socket(), call{method: "GET", path: "/api/v1/requests"}); w.Code != 200 {
		t.Errorf("list without a token: status %d", w.Code)
	}
	w := do(s.Socket(), call{method: "POST", path: "/open", body: `{"as":"dana"}`})
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"url":"https://signoff.lumen.example/open/`) {
		t.Errorf("open: %d %s", w.Code, w.Body)
	}
	w = do(s.Socket(), call{method: "POST", path: "/open", body: `{"as":"danna"}`})
	if w.Code != 422 || !strings.Contains(w.Body.String(), `did you mean \"dana\"`) {
		t.Errorf("open for nobody: %d %s", w.Code, w.Body)
	}
	if w := do(s.Socket(), call{method: "POST", path: "/reload"}); w.Code != 409 {
		t.Errorf("reload without files: %d", w.Code)
	}
	s = newSite(t, func(o *server.Options) { o.Reload = func(ctxt) error { reloaded++; return nil } })
	if w := do(s.Socket(), call{method: "POST", path: "/reload"}); w.Code != 200 || reloaded != 1 {
		t.Errorf("reload: %d, %d times", w.Code, reloaded)
	}
	got := answer[server.ReloadAnswer](t, do(s.Public(), call{method: "POST", path: "/api/v1/rules/reload"}.token(scripts)), 200)
	if got.Rules != s.hub.set.Digest() || reloaded != 2 {
		t.Errorf("reload by the API: %+v, %d times", got, reloaded)
	}
	if w := do(s.Public(), call{method: "POST", path: "/api/v1/rules/reload"}); w.Code != 401 {
		t.Errorf("reload by a stranger: %d, want 401", w.Code)
	}
	for _, path := range []string{"/open", "/reload"} {
		if w := do(s.Public(), call{method: "POST", path: path}); w.Code != 404 {
			t.Errorf("%s on the public listener: %d, want 404", path, w.Code)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, h := range map[string]http.Handler{"public": s.Public(), "admin": s.Admin(), "socket": s.Socket()} {
		for _, path := range []string{"/healthz", "/readyz"} {
			if w := do(h, call{method: "GET", path: path}); w.Code != 200 || !strings.Contains(w.Body.String(), `"ok":true`) {
				t.Errorf("%s on %s: %d %s", path, name, w.Code, w.Body)
			}
		}
	}
	s.hub.health = engine.Health{Ready: true, Reasons: []string{"the clock is off"}}
	if w := do(s.Public(), call{method: "GET", path: "/readyz"}); w.Code != 200 || !strings.Contains(w.Body.String(), `"status":"degraded"`) || !strings.Contains(w.Body.String(), "the clock is off") {
		t.Errorf("degraded: %d %s", w.Code, w.Body)
	}
	s.hub.health = engine.Health{Reasons: []string{"the store cannot be read"}}
	if w := do(s.Public(), call{method: "GET", path: "/readyz"}); w.Code != 503 || !strings.Contains(w.Body.String(), "the store cannot be read") {
		t.Errorf("not ready: %d %s", w.Code, w.Body)
	}
	if w := do(s.Public(), call{method: "GET", path: "/metrics"}); w.Code != 404 {
		t.Errorf("metrics on the public listener: %d, want 404", w.Code)
	}
	if w := do(s.Admin(), call{method: "GET", path: "/metrics"}); w.Code != 200 || w.Body.String() != "metrics" {
		t.Errorf("metrics on the admin listener: %d %s", w.Code, w.Body)
	}
	if w := do(s.Admin(), call{method: "POST", path: "/hooks/slack", body: "{}"}); w.Code != 404 {
		t.Errorf("hooks on the admin listener: %d, want 404", w.Code)
	}
}
