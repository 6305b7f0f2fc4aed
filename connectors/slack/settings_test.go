package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"signoff/connectors"
	"signoff/connectors/connectortest"
	"signoff/internal/flow"
)

// TestNew_Refuses: secrets that check nothing, and everything else that cannot work.
func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	const token, key = "bot_token: xoxb-1-abc\n", "signing_secret: 8f742231b10e8888abcd99yyyzzz85a5\n"
	for doc, want := range map[string]string{
		token:                                "signing_secret",
		token + "signing_secret: ''\n":       "signing_secret",
		token + "signing_secret: '   '\n":    "signing_secret",
		token + "signing_secret: 8chars88\n": "signing_secret",
		token + "signing_secret: changeme-changeme-changeme\n":                                "signing_secret",
		token + "signing_secret: your-signing-secret-here\n":                                  "signing_secret",
		token + "signing_secret: xxxxxxxxxxxxxxxxxxxxxxxx\n":                                  "signing_secret",
		token + "signing_secret: '<the signing secret>'\n":                                    "signing_secret",
		token + "signing_secret: \"8f742231b10e8888abcd99yyyzzz85a5\\n\"\n":                   "signing_secret",
		token + "signing_secret: []\n":                                                        "signing_secret",
		token + "signing_secret: [8f742231b10e8888abcd99yyyzzz85a5, '']\n":                    "signing_secret",
		token + "signing_secret: [aaaabbbbccccdddd1, aaaabbbbccccdddd1]\n":                    "signing_secret",
		token + "signing_secret: [aaaabbbbccccdddd1, aaaabbbbccccdddd2, aaaabbbbccccdddd3]\n": "signing_secret",
		key:                                                      "bot_token",
		key + "bot_token: ' '\n":                                 "bot_token",
		key + "bot_token: xoxp-1-abc\n":                          "bot_token",
		key + "bot_token: xapp-1-abc\n":                          "bot_token",
		key + "bot_token: xoxb-your-token\n":                     "bot_token",
		key + token + "mode: socket\n":                           "app_token",
		key + token + "mode: socket\napp_token: xoxb-1-a\n":      "app_token",
		key + token + "app_token: xapp-1-a\n":                    "app_token",
		key + token + "mode: carrier\n":                          "mode",
		key + token + "command: request\n":                       "command",
		key + token + "command: /a b\n":                          "command",
		key + token + "command: /signoff\n":                      "command",
		key + token + "api_url: http://slack.example/api/\n":     "api_url",
		key + token + "api_url: 'https://slack.com/api/?x=1'\n":  "api_url",
		key + token + "team_id: lumen\n":                         "team_id",
		key + token + "app_id: lumen\n":                          "app_id",
		key + token + "app_type: other\n":                        "app_type",
		key + token + "allow_broadcast: true\n":                  "allow_broadcast",
		key + token + "emoji: art\n":                             "emoji",
		key + token + "emoji: '🎨'\n":                             "emoji",
		key + token + "watch: [design]\n":                        "watch",
		key + token + "watch: ['#Design Requests']\n":            "watch",
		key + token + "unfurl: ['https://x.example']\n":          "unfurl",
		key + token + "unfurl: [a.b, b.b, c.b, d.b, e.b, f.b]\n": "unfurl",
		key + token + "surprise: 1\n":                            "",
	} {
		_, err := New(decodeYAML(doc), testDeps(newKeep(), io.Discard))
		var setting *connectors.SettingError
		switch {
		case err == nil:
			t.Errorf("New takes\n%s", doc)
		case want == "" && errors.As(err, &setting), want != "" && (!errors.As(err, &setting) || setting.Key != want):
			t.Errorf("New of\n%s= %v, want a problem with %q", doc, err, want)
		case strings.Contains(err.Error(), "8f742231b10e8888"), strings.Contains(err.Error(), "xoxp-1"):
			t.Errorf("the problem %q repeats a secret", err)
		}
	}
}

func TestNew_SaysEverythingThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	_, err := New(decodeYAML("mode: carrier\nsigning_secret: short\nemoji: art\nwatch: [design]\napi_url: http://slack.example/api/\n"), testDeps(newKeep(), io.Discard))
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("New = %v, want several problems", err)
	}
	var got []string
	for _, one := range joined.Unwrap() {
		if setting, ok := errors.AsType[*connectors.SettingError](one); ok {
			got = append(got, setting.Key)
		}
	}
	if want := []string{"mode", "signing_secret", "bot_token", "api_url", "emoji", "watch"}; !slices.Equal(got, want) {
		t.Errorf("New names the keys %v, want %v", got, want)
	}
}

func TestDocs_EveryKeyOnce(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	connectortest.DocumentsKeys(t, string(page), Settings{}, "")
}

func TestNew_CompletesTheAPIAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "https://slack.com/api/", "http://127.0.0.1:4000": "http://127.0.0.1:4000/api/", "http://localhost:1/api": "http://localhost:1/api/",
		"https://proxy.lumen.example/slack/": "https://proxy.lumen.example/slack/api/", "https://slack.com/api/": "https://slack.com/api/",
	} {
		if got, err := apiBase(in); err != nil || got != want {
			t.Errorf("apiBase(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestNew_TwoSecrets(t *testing.T) {
	t.Parallel()
	conn, err := New(decodeYAML("signing_secret: [aaaabbbbccccdddd1, aaaabbbbccccdddd2]\nbot_token: xoxb-1-abc\n"), testDeps(newKeep(), io.Discard))
	if err != nil || len(conn.(*Connector).verify.secrets) != 2 {
		t.Errorf("New with two secrets: %v", err)
	}
}

// fresh is a rig whose connector has never spoken to Slack.
func fresh(t *testing.T) *rig {
	r := newRig(t)
	r.known.Store(&install{})
	return r
}

func TestInstall_IsAskedOnceAndKept(t *testing.T) {
	t.Parallel()
	r := fresh(t)
	for range 3 {
		in, err := r.installed(t.Context(), "")
		if want := (install{Team: testTeam, App: testApp, User: testBot, Bot: testBotID}); err != nil || in != want {
			t.Fatalf("installed = %+v, %v; want %+v", in, err, want)
		}
	}
	r.known.Store(&install{}) // another start
	if got := r.Pin("U0ANA00001"); got != ref("user", "T0SIGNOFF1/U0ANA00001") {
		t.Errorf("Pin = %v", got)
	}
	r.api.only("auth.test")
	if strings.Contains(string(r.keep.m[keyInstall]), testToken) {
		t.Errorf("the token is kept: %s", r.keep.m[keyInstall])
	}
}

func TestPin_WithoutSlackIsZero(t *testing.T) {
	t.Parallel()
	r := fresh(t)
	r.api.on("auth.test", status(503))
	if got := r.Pin("U0ANA00001"); !got.Zero() {
		t.Errorf("Pin = %v, want the zero Ref", got)
	}
	r.api.on("auth.test", r.api.usual("auth.test"))
	if got := r.Pin("U0ANA00001"); got.Zero() {
		t.Error("Pin stays zero after Slack answers again")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	r := fresh(t)
	var got []string
	for _, f := range r.Check(t.Context()) {
		got = append(got, f.Level+" "+f.What)
		if f.Level != "ok" && f.Remedy == "" {
			t.Errorf("%+v has no remedy", f)
		}
	}
	for _, want := range []string{"ok workspace", "warning scope metadata.message:read", "warning scope channels:history"} {
		if !slices.Contains(got, want) {
			t.Errorf("Check = %v, want %q in it", got, want)
		}
	}
	r.api.on("auth.test", refuse("invalid_auth"))
	if f := r.Check(t.Context()); len(f) != 1 || f[0].Level != "problem" || !strings.Contains(f[0].Remedy, "bot_token") {
		t.Errorf("Check with a bad token = %+v", f)
	}
	r.settings.TeamID = "T0OTHER001"
	r.api.on("auth.test", r.api.usual("auth.test"))
	if f := r.Check(t.Context()); len(f) != 1 || f[0].Level != "problem" || !strings.Contains(f[0].Text, "T0OTHER001") {
		t.Errorf("Check of another workspace = %+v", f)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		more  string
		found bool
	}{
		"member": {`"is_bot":false`, true}, "guest": {`"is_restricted":true`, false}, "single channel": {`"is_ultra_restricted":true`, false},
		"bot": {`"is_bot":true`, false}, "deactivated": {`"deleted":true`, false}, "stranger": {`"is_stranger":true`, false},
		"unconfirmed": {`"is_email_confirmed":false`, false}, "invited": {`"is_invited_user":true`, false}, "other team": {`"team_id":"T0OTHER001"`, false},
		"other address": {`"profile":{"email":"ceo@lumen.example"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.api.on("users.lookupByEmail", say(`{"ok":true,"user":{"id":"U0ANA00001","tz":"Europe/London","real_name":"Ana Reyes",`+tc.more+`}}`))
			who, found, err := r.Identify(t.Context(), "ana@lumen.example")
			want := flow.Actor{}
			if tc.found {
				want = flow.Actor{Ref: ref("user", "T0SIGNOFF1/U0ANA00001"), Shown: "Ana Reyes", Zone: "Europe/London", Email: "ana@lumen.example"}
			}
			if err != nil || found != tc.found || who != want {
				t.Errorf("Identify = %+v, %v, %v; want %+v, %v", who, found, err, want, tc.found)
			}
		})
	}
	r := newRig(t)
	r.api.on("users.lookupByEmail", refuse("users_not_found"))
	if _, found, err := r.Identify(t.Context(), "x@lumen.example"); found || err != nil {
		t.Errorf("Identify of nobody = %v, %v", found, err)
	}
	r.api.on("users.lookupByEmail", refuse("missing_scope"))
	if _, _, err := r.Identify(t.Context(), "x@lumen.example"); asError(t, err).Person == "" {
		t.Errorf("Identify without the scope = %v, want a sentence for people", err)
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	off := false
	plain := Settings{Command: "/brief", Unfurl: []string{}, Home: &off, Files: &off}
	out, err := Manifest(plain, "https://hub.lumen.example/", "slack-emea")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := yaml.Load([]byte(out), &m); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	for _, want := range []string{"https://hub.lumen.example/hooks/slack-emea", "/brief", "/signoff", "request_from_message", "request_new", "app_mention", "message.channels", "message.im", "socket_mode_enabled: false", "metadata.message:read", "home_tab_enabled: false", "messages_tab_read_only_enabled: false"} {
		if !strings.Contains(out, want) {
			t.Errorf("the manifest lacks %s:\n%s", want, out)
		}
	}
	for _, unused := range []string{"files:", "links:", "reactions:", "reaction_added", "team:read", "usergroups", "app_home_opened", "link_shared", "unfurl_domains", "redirect_urls"} {
		if strings.Contains(out, unused) {
			t.Errorf("the manifest asks for %s, which nothing uses", unused)
		}
	}
	full := Settings{Emoji: ":art:", Watch: []string{"#design-requests"}}
	all, err := Manifest(full, "https://hub.lumen.example", "slack")
	if err != nil {
		t.Fatal(err)
	}
	table := Explain(full)
	for _, sc := range append(full.scopes(), full.eventsUsed()...) {
		if !strings.Contains(table, sc.name) || !strings.Contains(all, sc.name) || sc.why == "" {
			t.Errorf("%s is not explained or not asked for", sc.name)
		}
	}
	for _, want := range []string{"reactions:read", "reaction_added", "links:read", "links:write", "link_shared", "- hub.lumen.example", "files:read", "files:write", "app_home_opened", "home_tab_enabled: true"} {
		if !strings.Contains(all, want) {
			t.Errorf("the manifest with every feature lacks %s:\n%s", want, all)
		}
	}
	if !strings.Contains(table, "#design-requests") {
		t.Errorf("the table does not name the watched channel:\n%s", table)
	}
	if local, err := Manifest(Settings{}, "http://127.0.0.1:8080", ""); err != nil || strings.Contains(local, "links:") {
		t.Errorf("an address that Slack cannot know is unfolded: %v\n%s", err, local)
	}
	docs, err := os.ReadFile("../../docs/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range full.scopes() {
		if !strings.Contains(string(docs), "`"+sc.name+"`") {
			t.Errorf("docs/slack.md does not explain %s", sc.name)
		}
	}
	if len("New creative request") > 24 || len(m["display_information"].(map[string]any)["description"].(string)) > 140 {
		t.Error("a text of the manifest is too long")
	}
}

func TestSecrets_StayOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := interactive(strings.Replace(messageAction(`,"thread_ts":"1760000000.000100"`), "RESPONSE", r.api.replyAddress(), 1))
	for _, method := range []string{"views.open", "conversations.replies", "views.update", "chat.postMessage", "chat.postEphemeral", "conversations.open", "users.info", "users.lookupByEmail", "auth.test", "reply", "conversations.history"} {
		r.api.on(method, hangUp)
	}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	r.respond(in, studioQuery())
	_, err := r.Do(t.Context(), show(card()))
	note(err)
	_, err = r.Do(t.Context(), private("slack/"+r.accept(in).ID))
	note(err)
	_, err = r.Do(t.Context(), tell(flow.Ref{}, "ana"))
	note(err)
	_, _, err = r.Identify(t.Context(), "ana@lumen.example")
	note(err)
	_, _, err = r.Find(t.Context(), show(card()), testNow())
	note(err)
	_, _, err = r.askInstall(context.Background())
	note(err)
	all := r.log.String()
	for i, err := range errs {
		if err == nil {
			t.Errorf("call %d succeeded although every connection is closed", i)
		}
		all += fmt.Sprintf("%v %+v %#v\n", err, err, err)
	}
	for _, secret := range []string{testToken, testSecret, "secret-canary-address", "1.2.abc"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in an error or the log:\n%s", secret, all)
		}
	}
}
