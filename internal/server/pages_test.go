package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
)

// signedIn is a browser of somebody at a site that knows CR-142.
func signedIn(t *testing.T, as string) (*site, *browser) {
	t.Helper()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	s.hub.deliveries = deliveries()
	b := newBrowser(t, s.Public())
	b.signIn(s, as)
	return s, b
}

var tags = regexp.MustCompile(`(?s)<[^>]*>\s*`)

func has(t *testing.T, what, page string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Errorf("%s lacks %q; its text is %q", what, w, tags.ReplaceAllString(page, ""))
		}
	}
}

func TestRequestsPage(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	s.hub.pages = []engine.RequestPage{{Requests: []flow.Request{banner().Request}, Total: 51, Next: "01"}, {}}
	code, page := b.get("/?status=in_review&stage=Brand+review&waiting_on=me&q=nova")
	if want := (engine.Filter{Status: flow.InReview, Stage: "Brand review", WaitingOn: "ana", Text: "nova"}); code != 200 || s.hub.filter != want {
		t.Errorf("status %d, filter %+v, want %+v", code, s.hub.filter, want)
	}
	has(t, "list", page, "CR-142", "Nova: banner 300x250", "in review", "Brand review", "Ana Reyes or Dana Wolf", ", for <time", "DES-231",
		`href="https://lumen.atlassian.net/browse/DES-231"`, `datetime="2026-11-20T16:00:00Z"`, "Fri 20 Nov, 16:00", "London (GMT)", "page=after%3A01")
	for query, open := range map[string]bool{"/": true, "/?show=all": false, "/?q=x": false, "/?status=approved": false, "/?waiting_on=me": true} {
		b.get(query)
		if s.hub.filter.Open != open {
			t.Errorf("%s: only open ones %v, want %v", query, s.hub.filter.Open, open)
		}
	}
	s.hub.pages = nil
	for query, words := range map[string]string{"/": "A request starts in Slack", "/?waiting_on=me": "Nothing waits for you", "/?q=x": "No request fits"} {
		_, page := b.get(query)
		has(t, query, page, words)
	}
	for _, query := range []string{"/?page=zz", "/?status=lost"} {
		if code, _ := b.get(query); code != 400 {
			t.Errorf("%s: %d, want 400", query, code)
		}
	}
}

func TestRequestPage(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, "ana")
	code, page := b.get("/requests/CR-142")
	if code != 200 {
		t.Fatalf("status %d", code)
	}
	has(t, "request", page, "<h1>Nova: banner 300x250</h1>", "Maya Lind", "Chloé Roy", "DES-231", "Waiting for <b>Ana Reyes or Dana Wolf</b>", "Needs 1 approval, within 8 working hours",
		"First response", "changes requested", "Revision 1", "Logo too small", "Now 40 px", "no answer yet", "The region is not EMEA.", "comes later",
		"Dana Wolf could not be asked in Slack.", "rules/studio.yaml:84", "Asking Dana Wolf for Brand review", "channel_not_found", "given up", `value="do/CR-142/9/2"`,
		`value="approve"`, `value="request_changes"`, `value="decline"`, "Logo is right")
	code, page = b.get("/requests/CR-9")
	if code != 404 {
		t.Errorf("unknown request: %d", code)
	}
	has(t, "unknown request", page, "There is no request or ticket of this name")
}

func TestRequestPage_NamesAndConfirmations(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	d := banner()
	d.Stages[0].Needs = flow.Quorum{All: true}
	d.Effects = append(d.Effects, engine.EffectState{ID: "CR-142/9/3", Purpose: "ask/1/Sign-off/" + maya().ID(), Target: "slack", State: "done", At: at(-1)})
	for seq, ev := range []flow.Event{
		{ID: "jira/1", Kind: flow.CommentAdded, At: at(-1), Actor: flow.Actor{Shown: "signoff-bot"}, Echo: true},
		{ID: "done/CR-142/9/1", Kind: flow.EffectDone, At: at(-1)},
	} {
		d.Records = append(d.Records, flow.Record{Seq: uint64(20 + seq), Request: "CR-142", Version: int64(5 + seq), Event: ev})
	}
	s.hub.requests["CR-142"] = d
	_, page := b.get("/requests/CR-142")
	has(t, "request", page, "Waiting for <b>Ana Reyes and Dana Wolf</b>", "Asking Maya Lind for Sign-off", "<summary>2 confirmations from outside</summary>")
}

func TestRequestPage_OffersWhatThePersonMayDo(t *testing.T) {
	t.Parallel()
	_, b := signedIn(t, "chloe")
	_, page := b.get("/requests/CR-142")
	if strings.Contains(page, `value="approve"`) {
		t.Error("somebody who is no reviewer is offered to approve")
	}
	has(t, "page of the assignee", page, "You can&#39;t approve your own work. Ana Reyes or Dana Wolf can.")
	s, b := signedIn(t, "ana")
	d := banner()
	d.Stages[0].Assurance = "web"
	s.hub.requests["CR-142"] = d
	_, page = b.get("/requests/CR-142")
	has(t, "page of a stage that is decided on the page", page, `value="approve"`)
	w := do(s.Public(), call{method: "GET", path: "/requests/CR-142"}.token(asAna))
	if w.Code != 200 || strings.Contains(w.Body.String(), "<form") {
		t.Errorf("page with a token: %d, forms %v", w.Code, strings.Contains(w.Body.String(), "<form"))
	}
}

var onceRE = regexp.MustCompile(`name="once" value="([^"]+)"`)

func TestVoteForm(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	_, page := b.get("/requests/CR-142")
	form := url.Values{"form": {token(t, page)}, "once": {onceRE.FindStringSubmatch(page)[1]}, "stage": {"Brand review"}, "version": {"2"}, "verdict": {"request_changes"}, "note": {"Logo too small\r\n\r\nWrong blue"}}
	for range 2 {
		if code, to := b.post("/requests/CR-142/votes", form); code != 303 || to != "/requests/CR-142?done=request_changes" {
			t.Fatalf("vote: %d %s", code, to)
		}
	}
	v := s.hub.votes[0]
	if v.By.ID() != "ana" || v.Via != "web" || v.Request != "CR-142" || v.Stage != "Brand review" || v.Version != "2" || len(v.Note) != 2 {
		t.Errorf("vote %+v", v)
	}
	if v.Delivery == "" || v.Delivery != s.hub.votes[1].Delivery {
		t.Errorf("the same form sent twice has deliveries %q and %q, want the same", v.Delivery, s.hub.votes[1].Delivery)
	}
	_, page = b.get("/requests/CR-142?done=request_changes")
	has(t, "page after a vote", page, "Your change requests are recorded")
}

func TestVoteForm_Refused(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{flow.CodeFourEyes: 403, flow.CodeNotReviewer: 403, flow.CodeAlready: 409, flow.CodeStale: 409, flow.CodeClosed: 410, flow.CodeNoteNeeded: 422} {
		s, b := signedIn(t, "ana")
		_, page := b.get("/requests/CR-142")
		s.hub.code, s.hub.why = code, "This is why."
		got, page := b.post("/requests/CR-142/votes", url.Values{"form": {token(t, page)}, "verdict": {"approve"}, "note": {"my <words>"}})
		if got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
		has(t, code, page, "This is why.", "<h1>Nova: banner 300x250</h1>", "my &lt;words&gt;")
	}
}

func TestActForm(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "chloe")
	_, page := b.get("/requests/CR-142")
	cases := []struct {
		form url.Values
		kind flow.Kind
		want map[string]string
	}{
		{url.Values{"do": {"withdraw"}, "note": {"not needed"}}, flow.RequestWithdrawn, map[string]string{"via": "web"}},
		{url.Values{"do": {"submit_work"}, "answer.1": {"done"}, "answer.2": {""}}, flow.WorkSubmitted, map[string]string{"answer.1": "done", "answer.2": ""}},
		{url.Values{"do": {"undo"}, "stage": {"Brand review"}, "round": {"2"}}, flow.VoteUndone, map[string]string{"stage": "Brand review", "round": "2"}},
	}
	for _, c := range cases {
		c.form.Set("form", token(t, page))
		do := c.form.Get("do")
		if code, to := b.post("/requests/CR-142/acts", c.form); code != 303 || to != "/requests/CR-142?done="+do {
			t.Errorf("%s: %d %s", do, code, to)
		}
		ev := s.hub.acts[len(s.hub.acts)-1]
		if ev.Kind != c.kind || ev.Actor.ID() != "chloe" || ev.Request != "CR-142" {
			t.Errorf("%s: event %+v", do, ev)
		}
		for name, v := range c.want {
			if ev.Field(name) != v {
				t.Errorf("%s: field %s is %q, want %q", do, name, ev.Field(name), v)
			}
		}
	}
	if code, _ := b.post("/requests/CR-142/acts", url.Values{"do": {"approve"}, "form": {token(t, page)}}); code != 400 || len(s.hub.acts) != len(cases) {
		t.Errorf("an act of one's own: %d, %d acts", code, len(s.hub.acts))
	}
}

func TestDeliveriesPages(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "dana")
	s.hub.parked = banner().Effects[:1]
	s.hub.health.Inbox = map[flow.DeliveryState]int{flow.Done: 212, flow.Dead: 3}
	_, page := b.get("/deliveries?state=dead")
	has(t, "deliveries", page, "slack/Ev0/1", `href="/deliveries/slack%2FEv1%3Fx=1%23y"`, "212", "Effects that were given up", "Try again", "Decide again", "jira/9")
	_, page = b.get("/deliveries/slack%2FEv1%3Fx=1%23y")
	has(t, "delivery", page, "slack/Ev1?x=1#y", "command = /request", "response_url = ***", "no channel")
	if strings.Contains(page, "hooks.slack.com") || strings.Contains(page, "tok-secret") {
		t.Error("the delivery's page shows what must be masked")
	}
	form := url.Values{"form": {token(t, page)}, "id": {"slack/Ev1?x=1#y"}, "back": {"/deliveries?state=dead"}}
	if code, to := b.post("/replay", form); code != 303 || to != "/deliveries?done=replay&state=dead" || s.hub.replays[0] != "slack/Ev1?x=1#y" {
		t.Errorf("replay: %d %s %v", code, to, s.hub.replays)
	}
	form.Set("back", "//evil.example")
	if _, to := b.post("/replay", form); to != "/?done=replay" {
		t.Errorf("replay goes back to %s", to)
	}
	s.hub.err = &engine.ReplayError{Why: "it was decided already"}
	if code, page := b.post("/replay", form); code != 409 || !strings.Contains(page, "It was decided already.") {
		t.Errorf("replay of a decided one: %d", code)
	}
	if code, _ := b.get("/deliveries/none"); code != 404 {
		t.Errorf("unknown delivery: %d", code)
	}
}

func TestRulesPage_AndBanners(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "dana")
	s.hub.health.RulesError = `studio.yaml:39:9  error SO112  "quorom" is not a key of a stage`
	s.hub.health.Stopped = map[string]string{"jira": "the token is not accepted any more"}
	s.hub.health.Connections = map[string]engine.Connection{"slack": {Why: "the network is down"}, "jira": {Why: "it is stopped"}, "mail": {Up: true}}
	s.hub.people = []engine.PersonState{
		{Name: "ana", Shown: "Ana Reyes", Accounts: map[string]flow.Ref{"slack": {Key: "U0ANA"}}, State: map[string]string{"slack": "matched", "jira": "asked"}, Why: map[string]string{"jira": "ana was asked whether it is hers"}},
		{Name: "chloe", Shown: "Chloé Roy", Missing: map[string]string{"slack": "No Slack account matches"}, State: map[string]string{"slack": "unresolved", "jira": "conflict"}, Why: map[string]string{"slack": "No Slack account matches", "jira": "A second account"}},
		{Name: "dana", Shown: "Dana Wolf", State: map[string]string{"slack": "confirmed", "jira": "pinned"}},
	}
	_, page := b.get("/rules")
	has(t, "rules", page, s.hub.set.Digest(), "rules/studio.yaml", "&#34;quorom&#34; is not a key", "U0ANA", "No Slack account matches", "2 of 3 have an account that is not settled", "Slack is not connected just now: The network is down.", "matched by e-mail", "confirmed by them", "pinned", "conflict", "A second account", "ana was asked")
	s.hub.shelving = engine.Shelving{Shelved: connectors.Shelved{Repository: "lumen/studio-rules", Branch: "main", Folder: "rules"}, Commit: "0a1b2c3d4e5f", At: time.Date(2026, 11, 20, 14, 2, 0, 0, time.UTC), Refused: true, Reviewed: map[int]string{7: "x"}}
	_, page = b.get("/rules")
	has(t, "rules in a repository", page, "lumen/studio-rules, branch main", "0a1b2c3</code> read Fri 20 Nov, 14:02, refused", "in the repository: the next commit")
	_, page = b.get("/")
	has(t, "list", page, "The last change of the rules was refused", "The connection to Jira is stopped: The token is not accepted any more.")
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	w := do(s.Public(), call{method: "GET", path: "/requests/CR-142"})
	if w.Code != 401 {
		t.Errorf("page without a session: %d, want 401", w.Code)
	}
	has(t, "page without a session", w.Body.String(), "signoff open --as your-name")
	if strings.Contains(w.Body.String(), "/demo/roles") {
		t.Error("a role picker without a demo")
	}
}

// demo is a site with roles, served as a browser on this machine reaches it.
func demoSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, func(o *server.Options) {
		o.PublicURL = "http://localhost:8080"
		o.Demo = &server.Demo{
			Handlers: map[string]http.Handler{"/demo/slack/": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "pretend "+r.URL.Path) })},
			Roles:    []server.Role{{Name: "ana", Shown: "Ana Reyes", Words: "reviews"}, {Name: "maya", Shown: "Maya Lind", Words: "asks"}},
			Places:   []server.Place{{Label: "Slack", Path: "/demo/slack/"}},
		}
	})
}

func TestDemo_RolePicker(t *testing.T) {
	t.Parallel()
	s := demoSite(t)
	s.hub.requests["CR-142"] = banner()
	address, _ := up(t, s)
	c := newClient(t)
	page := c.get(t, "http://"+address+"/requests/CR-142", 401)
	has(t, "sign-in page of the demo", page, "Ana Reyes", "Maya Lind", `action="/demo/roles"`, `name="next" value="/requests/CR-142"`, "/demo/slack/")
	form := url.Values{"form": {token(t, page)}, "as": {"ana"}, "next": {"/requests/CR-142"}}
	page = c.post(t, "http://"+address+"/demo/roles", form, 200)
	has(t, "page after choosing a role", page, "Nova: banner 300x250", "Change role")
	page = c.get(t, "http://"+address+"/demo/roles?next=/rules", 200)
	form = url.Values{"form": {token(t, page)}, "as": {"maya"}, "next": {"//evil.example"}}
	page = c.post(t, "http://"+address+"/demo/roles", form, 200)
	has(t, "page after changing role", page, "Maya Lind", "No open requests")
	form.Set("as", "tom")
	c.post(t, "http://"+address+"/demo/roles", form, 404)
	form.Set("form", "x")
	c.post(t, "http://"+address+"/demo/roles", form, 403)
	if got := newClient(t).get(t, "http://"+address+"/demo/slack/x", 200); got != "pretend /demo/slack/x" {
		t.Errorf("demo handler: %s", got)
	}
}

func TestDemo_ClosedFromElsewhere(t *testing.T) {
	t.Parallel()
	s := demoSite(t)
	address, _ := up(t, s)
	cases := []struct{ name, host, header string }{
		{"another name in the address", "signoff.lumen.example", ""},
		{"a rebound name", "evil.example:8080", ""},
		{"through a proxy", "localhost", "X-Forwarded-For"},
		{"through another proxy", "localhost", "Forwarded"},
		{"through a tunnel", "127.0.0.1", "Via"},
	}
	for _, c := range cases {
		for _, path := range []string{"/demo/roles", "/demo/slack/x"} {
			req, err := http.NewRequest("GET", "http://"+address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			if c.header != "" {
				req.Header.Set(c.header, "203.0.113.9")
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			code, body := read(t, resp)
			if want := map[string]int{"/demo/roles": 404, "/demo/slack/x": 401}[path]; code != want || strings.Contains(body, "pretend") {
				t.Errorf("%s %s: %d, want %d", c.name, path, code, want)
			}
		}
	}
	if w := do(s.Public(), call{method: "GET", path: "/demo/roles"}); w.Code != 404 {
		t.Errorf("from another machine: %d, want 404", w.Code)
	}
	if w := do(newSite(t, nil).Public(), call{method: "GET", path: "/demo/roles"}); w.Code != 404 {
		t.Errorf("without a demo: %d, want 404", w.Code)
	}
	if w := do(s.Admin(), call{method: "GET", path: "/demo/slack/x"}); w.Code != 404 {
		t.Errorf("on the admin listener: %d, want 404", w.Code)
	}
}

func TestDemo_FromElsewhereASessionOpensIt(t *testing.T) {
	t.Parallel()
	s := demoSite(t)
	b := newBrowser(t, s.Public())
	b.base = &url.URL{Scheme: "http", Host: "localhost:8080", Path: "/"}
	address, err := s.Link(t.Context(), "maya")
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(address, "http://localhost:8080")
	_, page := b.get(path)
	if code, _ := b.post(path, url.Values{"form": {token(t, page)}}); code != 303 {
		t.Fatalf("sign in by link: %d", code)
	}
	if code, body := b.get("/demo/slack/x"); code != 200 || body != "pretend /demo/slack/x" {
		t.Errorf("demo handler with a session: %d %s", code, body)
	}
}

func TestLinks_AreMadeFromThePublicAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = banner()
	r := httptest.NewRequest("GET", "/api/v1/requests/CR-142", nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("Authorization", "Bearer "+scripts)
	w := httptest.NewRecorder()
	s.Public().ServeHTTP(w, r)
	if w.Code != 200 || strings.Contains(w.Body.String(), "evil") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestDemo_StreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *server.Options) {
		o.PublicURL = "http://localhost:8080"
		o.Demo = &server.Demo{Handlers: map[string]http.Handler{"/demo/slack/": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "first\n")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("flush: %v", err)
			}
			<-r.Context().Done()
			fmt.Fprint(w, "last")
		})}}
	})
	address, stop := up(t, s)
	resp, err := http.Get("http://" + address + "/demo/slack/stream")
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	if _, body := read(t, resp); body != "first\nlast" {
		t.Errorf("stream %q", body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestHeldForm(t *testing.T) {
	t.Parallel()
	s, b := signedIn(t, "ana")
	held := deliveries()[0]
	held.ID, held.State, held.Request, held.Why = "email/m1", flow.Held, "", "nobody knows its sender"
	s.hub.deliveries = append(s.hub.deliveries, held)
	_, list := b.get("/deliveries?state=held")
	has(t, "list", list, "held back", "Say what becomes of it")
	_, page := b.get("/deliveries/email%2Fm1")
	has(t, "delivery", page, "nobody knows its sender", `value="accept"`, `value="new"`, `value="spam"`)
	if strings.Contains(page, "Decide again") {
		t.Error("what is held back is offered to be decided again")
	}
	form := url.Values{"form": {token(t, page)}, "id": {"email/m1"}, "answer": {"accept"}}
	if code, to := b.post("/held", form); code != 303 || to != "/deliveries/email%2Fm1?done=held_accept" || s.hub.answers[0] != "email/m1 accept ana" {
		t.Errorf("accept: %d %s, answers %v", code, to, s.hub.answers)
	}
	form.Set("answer", "vote")
	if code, _ := b.post("/held", form); code != 400 || len(s.hub.answers) != 1 {
		t.Errorf("another word: %d, answers %v", code, s.hub.answers)
	}
}
