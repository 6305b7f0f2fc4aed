package slack

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const redirect = "https://hub.lumen.example/oauth/slack/callback"

// twoWorkspaces is a server with Lumen, where the app is installed, and Nova, where it is not.
func twoWorkspaces(t *testing.T, rotation bool) (*world, *Server) {
	t.Helper()
	w := newWorld(t, func(o *Options) {
		o.OAuth = OAuth{ClientID: "1.2", ClientSecret: "sssh", Redirects: []string{redirect}, Rotation: rotation}
	})
	nova := w.AddWorkspace(Options{
		Team: Team{ID: "T0NOVA0001", Name: "Nova", Domain: "nova"}, Bot: Bot{UserID: "U0NOVABOT1", BotID: "B0NOVABOT1", Name: "signoff"},
		Users:    []User{{ID: "U0OLGA0001", Name: "olga", RealName: "Olga Petrov", Email: "olga@nova.example", TZ: "Europe/Berlin"}},
		Channels: []Channel{{ID: "C0NOVA0001", Name: "nova", Members: []string{"U0OLGA0001", "U0NOVABOT1"}}},
	})
	return w, nova
}

func authorizeURL(change ...string) string {
	q := url.Values{"client_id": {"1.2"}, "scope": {"chat:write,channels:history"}, "state": {"s1"}, "redirect_uri": {redirect}}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	return "https://slack.com/oauth/v2/authorize?" + q.Encode()
}

func codeIn(t *testing.T, address string, err error) string {
	t.Helper()
	u, parseErr := url.Parse(address)
	if err != nil || parseErr != nil || u.Query().Get("code") == "" || u.Query().Get("state") != "s1" {
		t.Fatalf("redirect: got %q (%v, %v), want a code and the state", address, err, parseErr)
	}
	return u.Query().Get("code")
}

func (w *world) exchange(fields ...string) object {
	w.t.Helper()
	return w.call("oauth.v2.access", append([]string{"client_id", "1.2", "client_secret", "sssh"}, fields...)...)
}

func TestOAuth_InstallsInAnotherWorkspace(t *testing.T) {
	t.Parallel()
	w, nova := twoWorkspaces(t, false)
	if _, err := nova.PostAs("U0OLGA0001", "C0NOVA0001", "before it is installed", ""); err != nil {
		t.Fatal(err)
	}
	to, err := w.Allow(authorizeURL(), "T0NOVA0001")
	code := codeIn(t, to, err)
	if a := w.exchange("code", code, "redirect_uri", "https://evil.example/"); a["error"] != "bad_redirect_uri" {
		t.Errorf("another redirect_uri: got %v, want bad_redirect_uri", a)
	}
	a := w.exchange("code", code, "redirect_uri", redirect)
	if a["ok"] != true || a["token_type"] != "bot" || a["bot_user_id"] != "U0NOVABOT1" || a["app_id"] != "A0SIGNOFF1" ||
		obj(a["team"])["id"] != "T0NOVA0001" || obj(a["team"])["name"] != "Nova" || a["scope"] != "chat:write,channels:history" ||
		a["is_enterprise_install"] != false || a["expires_in"] != nil {
		t.Fatalf("oauth.v2.access: got %v, want Nova's bot token", a)
	}
	if again := w.exchange("code", code, "redirect_uri", redirect); again["error"] != "code_already_used" {
		t.Errorf("the code again: got %v, want code_already_used", again)
	}
	test := w.call("auth.test", "token", str(a, "access_token"))
	if test["team_id"] != "T0NOVA0001" || test["user_id"] != "U0NOVABOT1" {
		t.Errorf("auth.test by Nova's token: got %v", test)
	}
	if a := w.call("users.info", "token", str(a, "access_token"), "user", "U0OLGA0001"); a["error"] != "missing_scope" || a["needed"] != "users:read" {
		t.Errorf("a scope that was not granted: got %v, want missing_scope", a)
	}
	if _, err := nova.PostAs("U0OLGA0001", "C0NOVA0001", "banner", ""); err != nil {
		t.Fatal(err)
	}
	if e := only(t, w.innerOf("message", 1)); e["text"] != "banner" || e["team"] != "T0NOVA0001" {
		t.Errorf("events: got %v, want what came after the installation", e)
	}
	if a := w.call("conversations.history", "channel", "C0NOVA0001"); a["error"] != "channel_not_found" {
		t.Errorf("Nova's channel by Lumen's token: got %v, want channel_not_found", a)
	}
}

func TestOAuth_Refuses(t *testing.T) {
	t.Parallel()
	w, _ := twoWorkspaces(t, false)
	for _, change := range [][]string{
		{"client_id", "9.9"}, {"scope", ""}, {"scope", "admin"}, {"redirect_uri", "https://evil.example/oauth/slack/callback"},
		{"redirect_uri", redirect + "/../x"}, {"redirect_uri", "http://hub.lumen.example/oauth/slack/callback"},
	} {
		if to, err := w.Allow(authorizeURL(change...), "T0LUMEN001"); err == nil {
			t.Errorf("authorize with %v: got %s, want a refusal", change, to)
		}
	}
	to, err := w.Allow(authorizeURL(), "T0LUMEN001")
	code := codeIn(t, to, err)
	for want, fields := range map[string][]string{
		"invalid_client_id": {"client_id", "9.9", "code", code}, "bad_client_secret": {"client_secret", "loud", "code", code},
		"invalid_grant_type": {"grant_type", "password"}, "invalid_code": {"code", "nope"},
	} {
		if a := w.exchange(fields...); a["error"] != want {
			t.Errorf("oauth.v2.access %v: got %v, want %s", fields, a, want)
		}
	}
	w.clock.move(10 * time.Minute)
	if a := w.exchange("code", code, "redirect_uri", redirect); a["error"] != "invalid_code" {
		t.Errorf("after ten minutes: got %v, want invalid_code", a)
	}
	for _, e := range w.opt.Ledger.Entries(0) {
		if strings.Contains(e.Body, "sssh") || strings.Contains(e.Body, "refresh_token=xoxe") {
			t.Errorf("the ledger shows the client secret: %s", e.Body)
		}
	}
}

func TestOAuth_Rotation(t *testing.T) {
	t.Parallel()
	w, nova := twoWorkspaces(t, true)
	to, err := w.Allow(authorizeURL(), "T0NOVA0001")
	a := w.exchange("code", codeIn(t, to, err), "redirect_uri", redirect)
	if a["expires_in"] != 43200.0 || !strings.HasPrefix(str(a, "access_token"), "xoxe.xoxb-") || !strings.HasPrefix(str(a, "refresh_token"), "xoxe-") {
		t.Fatalf("with rotation: got %v, want a pair for twelve hours", a)
	}
	w.clock.move(6 * time.Hour)
	b := w.exchange("grant_type", "refresh_token", "refresh_token", str(a, "refresh_token"))
	if b["ok"] != true || b["access_token"] == a["access_token"] || b["refresh_token"] == a["refresh_token"] {
		t.Fatalf("refreshed: got %v, want a new pair", b)
	}
	if again := w.exchange("grant_type", "refresh_token", "refresh_token", str(a, "refresh_token")); again["error"] != "invalid_refresh_token" {
		t.Errorf("the spent refresh token: got %v, want invalid_refresh_token", again)
	}
	if nova.BotToken() != str(b, "access_token") {
		t.Errorf("BotToken: got the old one, want the newest")
	}
	w.clock.move(6 * time.Hour)
	if got := w.call("auth.test", "token", str(a, "access_token")); got["error"] != "token_expired" {
		t.Errorf("the first token after twelve hours: got %v, want token_expired", got)
	}
	if got := w.call("auth.test", "token", str(b, "access_token")); got["ok"] != true {
		t.Errorf("the second token: got %v, want ok", got)
	}
}

func TestOAuth_Page(t *testing.T) {
	t.Parallel()
	w, _ := twoWorkspaces(t, false)
	site := strings.TrimSuffix(w.api, "/api/")
	get := func(query string) (int, string) {
		resp, err := http.Get(site + "/oauth/v2/authorize?" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(raw)
	}
	_, query, _ := strings.Cut(authorizeURL(), "?")
	if status, page := get(query); status != 200 {
		t.Errorf("page: got %d", status)
	} else {
		wantIn(t, page, "signoff asks to be let in", "Send messages", "<option value=\"T0NOVA0001\">Nova</option>", "Allow", "Cancel")
	}
	_, foreign, _ := strings.Cut(authorizeURL("redirect_uri", "https://evil.example/"), "?")
	if status, page := get(foreign); status != http.StatusBadRequest || !strings.Contains(page, "did not match any configured URIs") {
		t.Errorf("foreign redirect_uri: got %d %s", status, page)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for do, want := range map[string]string{"allow": redirect + "?code=", "cancel": redirect + "?error=access_denied&state=s1"} {
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("do", do)
		resp, err := browser.PostForm(site+"/oauth/v2/authorize", form)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || !strings.HasPrefix(to, want) {
			t.Errorf("%s: got %d to %s, want %s", do, resp.StatusCode, to, want)
		}
	}
}

func TestTokens_RevokedRenewedAndUninstalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.Revoke("token_revoked")
	if a := w.call("auth.test"); a["error"] != "token_revoked" || w.BotToken() != "" {
		t.Errorf("revoked: got %v, want token_revoked", a)
	}
	w.Renew()
	w.ok("auth.test")
	w.SetScopes("channels:history")
	if a := w.call("chat.postMessage", "channel", launch, "text", "hi"); a["error"] != "missing_scope" || a["needed"] != "chat:write" || a["provided"] != "channels:history" {
		t.Errorf("without the scope: got %v, want needed and provided", a)
	}
	w.Uninstall()
	if a := w.call("auth.test"); a["error"] != "account_inactive" {
		t.Errorf("uninstalled: got %v, want account_inactive", a)
	}
	w.innerOf("app_uninstalled", 1)
	e := w.innerOf("tokens_revoked", 1)[0]
	if bots := list(obj(e["tokens"])["bot"]); len(bots) != 1 || bots[0] != "U0SIGNOFF1" {
		t.Errorf("tokens_revoked: got %v, want the bot user", e)
	}
	if _, err := w.PostAs(maya, launch, "anybody there?", ""); err != nil {
		t.Fatal(err)
	}
	if n := len(w.Events()); n != 2 {
		t.Errorf("events after the end: got %d, want 2", n)
	}
}

func TestConnect_StrangersInASharedChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Users = append(o.Users,
			User{ID: "U0OLGA0001", Name: "olga", RealName: "Olga Petrov", Email: "olga@nova.example", Team: "T0NOVA0001"},
			User{ID: "U0JON00001", Name: "jon", RealName: "Jon Hale", Email: "jon@lumen.example", Guest: true})
		o.Channels = append(o.Channels, Channel{ID: "C0SHARED01", Name: "nova-shared", Members: []string{maya, "U0OLGA0001", "U0SIGNOFF1"}})
	})
	olga := obj(w.ok("users.info", "user", "U0OLGA0001")["user"])
	if olga["is_stranger"] != true || olga["team_id"] != "T0NOVA0001" || obj(olga["profile"])["email"] != nil {
		t.Errorf("stranger: got %v, want another team and no e-mail", olga)
	}
	if a := w.call("users.lookupByEmail", "email", "olga@nova.example"); a["error"] != "users_not_found" {
		t.Errorf("stranger by e-mail: got %v, want users_not_found", a)
	}
	if jon := obj(w.ok("users.info", "user", "U0JON00001")["user"]); jon["is_restricted"] != true || jon["is_ultra_restricted"] != false {
		t.Errorf("guest: got %v, want is_restricted", jon)
	}
	say(t, w, Post{User: "U0OLGA0001", Channel: "C0SHARED01", Text: "banner for Nova?"})
	if e := w.innerOf("message", 1)[0]; e["team"] != "T0NOVA0001" || e["user_team"] != "T0NOVA0001" {
		t.Errorf("message: got %v, want the other team", e)
	}
	if body := w.deliveries()[0].body; !strings.Contains(body, `"is_ext_shared_channel":true`) || !strings.Contains(body, `"context_team_id":"T0LUMEN001"`) {
		t.Errorf("envelope: got %s, want is_ext_shared_channel", body)
	}
	if c := obj(w.ok("conversations.info", "channel", "C0SHARED01")["channel"]); c["is_ext_shared"] != true {
		t.Errorf("channel: got %v, want is_ext_shared", c)
	}
}

func TestConnect_ThePageSaysWithWhom(t *testing.T) {
	t.Parallel()
	b := browser(t, maya)
	if err := b.SetUser(User{ID: ravi, Name: "ravi", RealName: "Ravi Nair", Team: "T0NOVA0001"}); err != nil {
		t.Fatal(err)
	}
	wantIn(t, b.get(b.here()), "3 members · shared with another workspace")
}
