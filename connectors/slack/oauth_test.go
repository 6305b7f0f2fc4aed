package slack

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	emeaTeam    = "T0EMEA0001"
	emeaToken   = "xoxb-emea-canary-1"
	emeaRenewed = "xoxb-emea-canary-2"
	clientKey   = "client-secret-canary-000"
)

// fakeOAuth plays Slack's side of an installation.
type fakeOAuth struct {
	*httptest.Server
	mu      sync.Mutex
	answer  string            // of oauth.v2.access for the code "good"
	revoked map[string]bool   // tokens
	seen    map[string]string // method -> the last token it was called with
	used    map[string]bool   // codes and refresh tokens
}

func newFakeOAuth(t *testing.T) *fakeOAuth {
	t.Helper()
	f := &fakeOAuth{revoked: map[string]bool{}, seen: map[string]string{}, used: map[string]bool{}}
	f.answer = fmt.Sprintf(`{"ok":true,"access_token":%q,"token_type":"bot","scope":"chat:write,users:read","bot_user_id":"U0EMEABOT","app_id":%q,"team":{"id":%q,"name":"Lumen EMEA"},"is_enterprise_install":false,"expires_in":43200,"refresh_token":"xoxe-1-canary"}`, emeaToken, testApp, emeaTeam)
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeOAuth) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = r.ParseForm()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = r.PostForm.Get("token")
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	f.seen[method] = token
	w.Header().Set("Content-Type", "application/json")
	switch {
	case method == "oauth.v2.access":
		_, _ = w.Write([]byte(f.access(r.PostForm)))
	case f.revoked[token]:
		_, _ = w.Write([]byte(`{"ok":false,"error":"token_revoked"}`))
	case method == "auth.test" && token == testToken:
		_, _ = fmt.Fprintf(w, `{"ok":true,"team_id":%q,"user_id":%q,"bot_id":%q,"app_id":%q}`, testTeam, testBot, testBotID, testApp)
	case method == "auth.test":
		_, _ = fmt.Fprintf(w, `{"ok":true,"team_id":%q,"user_id":"U0EMEABOT","bot_id":"B0EMEABOT","url":"https://lumen-emea.slack.com/"}`, emeaTeam)
	case method == "users.info":
		_, _ = w.Write([]byte(`{"ok":true,"user":{"id":"U1","profile":{"real_name":"Maya"}}}`))
	default:
		_, _ = w.Write([]byte(`{"ok":true,"channel":"C1","ts":"1760000000.000100"}`))
	}
}

func (f *fakeOAuth) access(form url.Values) string {
	what := form.Get("code") + form.Get("refresh_token")
	switch {
	case form.Get("client_id") != "11.22" || form.Get("client_secret") != clientKey:
		return `{"ok":false,"error":"bad_client_secret"}`
	case f.used[what]:
		return `{"ok":false,"error":"code_already_used"}`
	case form.Get("grant_type") == "refresh_token" && form.Get("refresh_token") == "xoxe-1-canary":
		f.used[what] = true
		return fmt.Sprintf(`{"ok":true,"access_token":%q,"app_id":%q,"team":{"id":%q},"expires_in":43200,"refresh_token":"xoxe-2-canary"}`, emeaRenewed, testApp, emeaTeam)
	case form.Get("code") == "good" && form.Get("redirect_uri") == "https://hub.lumen.example/oauth/slack/callback":
		f.used[what] = true
		return f.answer
	}
	return `{"ok":false,"error":"invalid_code"}`
}

// clockOf lets a test move the connector's time.
type clockOf struct{ at time.Time }

type oauthRig struct {
	*Connector
	fake  *fakeOAuth
	keep  *keepMap
	log   *logBuffer
	clock *clockOf
}

func newOAuthRig(t *testing.T, more string) *oauthRig {
	t.Helper()
	r := &oauthRig{fake: newFakeOAuth(t), keep: newKeep(), log: &logBuffer{}, clock: &clockOf{testNow()}}
	r.Connector = r.connect(t, more)
	return r
}

func (r *oauthRig) connect(t *testing.T, more string) *Connector {
	t.Helper()
	deps := testDeps(r.keep, r.log)
	deps.Now = func() time.Time { return r.clock.at }
	settings := settingsYAML(r.fake.URL+"/api/") + "client_id: \"11.22\"\nclient_secret: " + clientKey + "\n" + more
	conn, err := New(decodeYAML(settings), deps)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if _, err := conn.(*Connector).installed(t.Context(), ""); err != nil {
		t.Fatalf("who we are at home: %v", err)
	}
	return conn.(*Connector)
}

func (r *oauthRig) get(rest string, query url.Values) connectors.Reply {
	return r.Authorize(context.Background(), connectors.Inbound{Method: http.MethodGet, Rest: rest, Query: query, At: r.clock.at})
}

// begin asks for the way to Slack and returns its state.
func (r *oauthRig) begin(t *testing.T) string {
	t.Helper()
	reply := r.get("install", nil)
	to, err := url.Parse(reply.Header.Get("Location"))
	if reply.Status != http.StatusFound || err != nil || !strings.HasPrefix(to.String(), r.fake.URL+"/oauth/v2/authorize?") {
		t.Fatalf("install = %d to %s, want a redirect to Slack", reply.Status, to)
	}
	q := to.Query()
	if q.Get("client_id") != "11.22" || !strings.Contains(q.Get("scope"), "chat:write") || q.Get("redirect_uri") != "https://hub.lumen.example/oauth/slack/callback" {
		t.Errorf("the way to Slack is %s", to)
	}
	return q.Get("state")
}

func (r *oauthRig) install(t *testing.T) {
	t.Helper()
	reply := r.get("callback", url.Values{"state": {r.begin(t)}, "code": {"good"}})
	if reply.Status != http.StatusOK || !strings.Contains(string(reply.Body), "Lumen EMEA") {
		t.Fatalf("callback = %d %s", reply.Status, reply.Body)
	}
}

func emeaEvent() connectors.Inbound {
	return inbound(typeJSON, fmt.Sprintf(`{"type":"event_callback","team_id":%q,"api_app_id":%q,"event_id":"EvEMEA","event":{"type":"app_mention","user":"U1","text":"<@U0EMEABOT> banner","ts":"1760000000.000100","channel":"C1"}}`, emeaTeam, testApp))
}

func TestAuthorize_InstallsIntoAnotherWorkspace(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "")
	if _, err := r.Accept(emeaEvent()); err == nil {
		t.Error("a delivery of a workspace that is not installed was accepted")
	}
	r.install(t)
	if _, err := r.Accept(emeaEvent()); err != nil {
		t.Errorf("a delivery of the installed workspace was refused: %v", err)
	}
	for _, c := range []*Connector{r.Connector, r.connect(t, "")} { // now, and after a restart
		for team, token := range map[string]string{emeaTeam: emeaToken, testTeam: testToken, "": testToken} {
			if got := c.token(team); got != token {
				t.Errorf("calls for %q carry another workspace's token", team)
			}
		}
		if in := c.self(emeaTeam); in.Bot != "B0EMEABOT" || in.URL != "https://lumen-emea.slack.com/" {
			t.Errorf("we are %+v in the new workspace", in)
		}
	}
	r.noSecrets(t)
}

// noSecrets fails when a token lies in the store or the log as it is.
func (r *oauthRig) noSecrets(t *testing.T) {
	t.Helper()
	for key, value := range r.keep.m {
		if bytes.Contains(value, []byte("canary")) || strings.Contains(key, "canary") {
			t.Errorf("a token is stored in the clear under %s", key)
		}
	}
	if strings.Contains(r.log.String(), "canary") {
		t.Error("a token is in the log")
	}
}

func TestAuthorize_RefusesWhatIsNoWayBackOfOurs(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "")
	used := r.begin(t)
	r.get("callback", url.Values{"state": {used}, "error": {"access_denied"}})
	late := r.begin(t)
	r.clock.at = r.clock.at.Add(11 * time.Minute)
	for name, q := range map[string]url.Values{
		"no state":      {"code": {"good"}},
		"made up":       {"state": {strings.Repeat("a", 64)}, "code": {"good"}},
		"used before":   {"state": {used}, "code": {"good"}},
		"too late":      {"state": {late}, "code": {"good"}},
		"no code":       {"state": {r.begin(t)}},
		"a wrong code":  {"state": {r.begin(t)}, "code": {"bad"}},
		"a script name": {"state": {r.begin(t)}, "error": {"<script>"}},
	} {
		reply := r.get("callback", q)
		if reply.Status < 400 || strings.Contains(string(reply.Body), "<script") && reply.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %s, want a refusal", name, reply.Status, reply.Body)
		}
		if len(r.teams.all()) != 0 {
			t.Fatalf("%s: something was installed", name)
		}
	}
	if reply := r.Authorize(t.Context(), connectors.Inbound{Method: http.MethodPost, Rest: "install"}); reply.Status != http.StatusMethodNotAllowed {
		t.Errorf("POST = %d, want 405", reply.Status)
	}
	if reply := newRig(t).Authorize(t.Context(), connectors.Inbound{Method: http.MethodGet, Rest: "install"}); reply.Status != http.StatusNotFound {
		t.Errorf("without client_id = %d, want 404", reply.Status)
	}
}

func TestAuthorize_OnlyIntoWorkspacesOfTheSettings(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "workspaces: [T0OTHER]\n")
	reply := r.get("callback", url.Values{"state": {r.begin(t)}, "code": {"good"}})
	if reply.Status != http.StatusBadGateway || len(r.teams.all()) != 0 {
		t.Errorf("a workspace outside the settings: %d %s", reply.Status, reply.Body)
	}
}

func TestAuthorize_OneDeadWorkspaceDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "")
	r.install(t)
	r.fake.mu.Lock()
	r.fake.revoked[emeaToken] = true
	r.fake.mu.Unlock()
	_, err := r.profileOf(t.Context(), emeaTeam, "U1")
	if e := asError(t, err); e.Class != connectors.Limited || e.Wait <= 0 || !strings.Contains(e.Person, "Lumen EMEA") {
		t.Errorf("a call for the dead workspace = %+v, want it to wait by itself", e)
	}
	if _, err := r.profileOf(t.Context(), testTeam, "U2"); err != nil {
		t.Errorf("a call for the other workspace: %v", err)
	}
	if _, err := r.Accept(emeaEvent()); err == nil {
		t.Error("a delivery of the dead workspace was accepted")
	}
	r.fake.mu.Lock()
	r.fake.used, r.fake.revoked = map[string]bool{}, map[string]bool{}
	r.fake.mu.Unlock()
	r.install(t) // again
	if _, err := r.profileOf(t.Context(), emeaTeam, "U1"); err != nil {
		t.Errorf("after it was installed again: %v", err)
	}
}

func TestRegister_RenewsTokensAtHalfTime(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "")
	r.install(t)
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{5 * time.Hour, emeaToken}, {2 * time.Hour, emeaRenewed}, {time.Hour, emeaRenewed}} {
		r.clock.at = r.clock.at.Add(step.after)
		if found, err := r.Register(t.Context()); err != nil || len(found) != 0 {
			t.Fatalf("Register = %v, %v", found, err)
		}
		if got := r.token(emeaTeam); got != step.want {
			t.Errorf("%s later the wrong token is used", step.after)
		}
	}
	if again := r.connect(t, ""); again.token(emeaTeam) != emeaRenewed {
		t.Error("the new token was not kept")
	}
	r.noSecrets(t)
	r.clock.at = r.clock.at.Add(7 * time.Hour) // xoxe-2 is not known to the fake
	if found, err := r.Register(t.Context()); err != nil || len(found) != 1 || found[0].Level != "problem" {
		t.Errorf("a renewal that fails = %v, %v, want one problem", found, err)
	}
}

func TestWorkspaces_WrongKeySealsThemOff(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "")
	r.install(t)
	deps := testDeps(r.keep, r.log)
	deps.Key = []byte("another-key-of-thirty-two-bytes!")
	settings := settingsYAML(r.fake.URL+"/api/") + "client_id: \"11.22\"\nclient_secret: " + clientKey + "\n"
	conn, err := New(decodeYAML(settings), deps)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.(*Connector).Accept(emeaEvent()); err == nil {
		t.Error("a workspace whose tokens cannot be opened still counts")
	}
}

func TestPin_NamesTheWorkspaceWhereThereAreSeveral(t *testing.T) {
	t.Parallel()
	r := newOAuthRig(t, "team_id: "+testTeam+"\n")
	r.install(t)
	for id, want := range map[string]flow.Ref{
		"U1":              {System: "slack", Type: "user", Key: testTeam + "/U1"},
		emeaTeam + "/U2":  {System: "slack", Type: "user", Key: emeaTeam + "/U2"},
		"T0NOWHERE/U2":    {},
		emeaTeam + "/U/3": {},
	} {
		if got := r.Pin(id); got != want {
			t.Errorf("Pin(%q) = %+v, want %+v", id, got, want)
		}
	}
}

func TestEnrich_EndsAnInstallationThatSlackSaysIsRemoved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		inner string
		gone  bool
	}{
		"uninstalled":              {`{"type":"app_uninstalled"}`, true},
		"the bot's token revoked":  {`{"type":"tokens_revoked","tokens":{"oauth":[],"bot":["U0EMEABOT"]}}`, true},
		"a person's token revoked": {`{"type":"tokens_revoked","tokens":{"oauth":["U1"]}}`, false},
	} {
		r := newOAuthRig(t, "")
		r.install(t)
		in := inbound(typeJSON, fmt.Sprintf(`{"type":"event_callback","team_id":%q,"api_app_id":%q,"event_id":"EvGONE","event":%s}`, emeaTeam, testApp, tc.inner))
		acc, err := r.Accept(in)
		if err != nil || !acc.Enrich || acc.Alarm == "" {
			t.Fatalf("%s: Accept = %+v, %v", name, acc, err)
		}
		if _, err := r.Enrich(t.Context(), delivery(in, acc)); err != nil {
			t.Fatalf("%s: Enrich: %v", name, err)
		}
		if _, err := r.Accept(emeaEvent()); (err != nil) != tc.gone {
			t.Errorf("%s: the next delivery = %v, want refused %v", name, err, tc.gone)
		}
	}
}
