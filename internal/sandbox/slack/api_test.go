package slack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox"
)

const card = `[{"type":"section","block_id":"s1","text":{"type":"mrkdwn","text":"*Spring banner*"}},
 {"type":"actions","block_id":"a1","elements":[
  {"type":"button","action_id":"approve","text":{"type":"plain_text","text":"Approve"},"value":"CR-142","style":"primary"},
  {"type":"button","action_id":"changes","text":{"type":"plain_text","text":"Request changes"},"value":"CR-142"}]}]`

func TestAPI_RefusesInSlacksWords(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 4001)
	for _, tc := range []struct {
		name, method string
		fields       []string
		want         string
	}{
		{"unknown method", "chat.shout", nil, "unknown_method"},
		{"unknown channel", "chat.postMessage", []string{"channel", "C0NOWHERE1", "text", "hi"}, "channel_not_found"},
		{"private channel without the app", "chat.postMessage", []string{"channel", legal, "text", "hi"}, "channel_not_found"},
		{"archived channel", "chat.postMessage", []string{"channel", outside, "text", "hi"}, "is_archived"},
		{"no text", "chat.postMessage", []string{"channel", launch}, "no_text"},
		{"too long", "chat.postMessage", []string{"channel", launch, "text", strings.Repeat("x", 40001)}, "msg_too_long"},
		{"blocks too long", "chat.postMessage", []string{"channel", launch, "text", "x", "blocks", wall()}, "msg_blocks_too_long"},
		{"blocks no list", "chat.postMessage", []string{"channel", launch, "text", "x", "blocks", `{"type":"divider"}`}, "invalid_blocks_format"},
		{"blocks broken", "chat.postMessage", []string{"channel", launch, "text", "x", "blocks", `[{"type":"dividers"}]`}, "invalid_blocks"},
		{"no such thread", "chat.postMessage", []string{"channel", launch, "text", "x", "thread_ts", "1.000001"}, "thread_not_found"},
		{"metadata no object", "chat.postMessage", []string{"channel", launch, "text", "x", "metadata", `"x"`}, "invalid_metadata_format"},
		{"metadata without type", "chat.postMessage", []string{"channel", launch, "text", "x", "metadata", `{"event_payload":{}}`}, "invalid_metadata_schema"},
		{"metadata too large", "chat.postMessage", []string{"channel", launch, "text", "x", "metadata", `{"event_type":"e","event_payload":{"a":"` + strings.Repeat("y", maxMetadata) + `"}}`}, "metadata_too_large"},
		{"message to one who left", "chat.postMessage", []string{"channel", "U0GONE0001", "text", "x"}, "user_disabled"},
		{"update of nothing", "chat.update", []string{"channel", launch, "ts", "1.000001", "text", "x"}, "message_not_found"},
		{"update too long", "chat.update", []string{"channel", launch, "ts", "OWN", "text", long}, "msg_too_long"},
		{"update without content", "chat.update", []string{"channel", launch, "ts", "OWN"}, "no_text"},
		{"update of another's", "chat.update", []string{"channel", launch, "ts", "MAYAS", "text", "x"}, "cant_update_message"},
		{"delete of another's", "chat.delete", []string{"channel", launch, "ts", "MAYAS"}, "cant_delete_message"},
		{"ephemeral to a stranger", "chat.postEphemeral", []string{"channel", launch, "user", "U0", "text", "x"}, "user_not_found"},
		{"ephemeral to one outside", "chat.postEphemeral", []string{"channel", launch, "user", "U0GONE0001", "text", "x"}, "user_not_in_channel"},
		{"permalink of nothing", "chat.getPermalink", []string{"channel", launch, "message_ts", "1.000001"}, "message_not_found"},
		{"dm to nobody", "conversations.open", nil, "users_list_not_supplied"},
		{"dm to unknown", "conversations.open", []string{"users", "U0"}, "user_not_found"},
		{"dm to itself", "conversations.open", []string{"users", "U0SIGNOFF1"}, "cannot_dm_bot"},
		{"dm to one who left", "conversations.open", []string{"users", "U0GONE0001"}, "user_disabled"},
		{"info of nothing", "conversations.info", []string{"channel", "C0"}, "channel_not_found"},
		{"history outside", "conversations.history", []string{"channel", general}, "not_in_channel"},
		{"bad cursor", "conversations.history", []string{"channel", launch, "cursor", "?"}, "invalid_cursor"},
		{"bad limit", "conversations.history", []string{"channel", launch, "limit", "0"}, "invalid_limit"},
		{"no thread", "conversations.replies", []string{"channel", launch, "ts", "1.000001"}, "thread_not_found"},
		{"no user", "users.info", []string{"user", "U0"}, "user_not_found"},
		{"no user by mail", "users.lookupByEmail", []string{"email", "nobody@lumen.example"}, "users_not_found"},
		{"one who left, by mail", "users.lookupByEmail", []string{"email", "tom@lumen.example"}, "users_not_found"},
		{"no group", "usergroups.users.list", []string{"usergroup", "S0"}, "no_such_subteam"},
		{"reaction on nothing", "reactions.add", []string{"name", "eyes"}, "no_item_specified"},
		{"reaction with colons", "reactions.add", []string{"channel", launch, "timestamp", "OWN", "name", ":eyes:"}, "invalid_name"},
		{"other team", "team.info", []string{"team", "T0OTHER"}, "team_not_found"},
		{"update of no view", "views.update", []string{"view_id", "V0"}, "not_found"},
		{"open without trigger", "views.open", []string{"view", form}, "invalid_arguments"},
		{"open with invented trigger", "views.open", []string{"view", form, "trigger_id", "1.2.3"}, "invalid_trigger_id"},
		{"home for a stranger", "views.publish", []string{"user_id", "U0", "view", home}, "user_not_found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			own := str(w.ok("chat.postMessage", "channel", launch, "text", "card"), "ts")
			mayas, err := w.PostAs(maya, launch, "hello", "")
			if err != nil {
				t.Fatal(err)
			}
			fields := append([]string(nil), tc.fields...)
			for i := range fields {
				fields[i] = strings.NewReplacer("OWN", own, "MAYAS", mayas).Replace(fields[i])
			}
			if got := w.call(tc.method, fields...); got["ok"] != false || got["error"] != tc.want {
				t.Errorf("%s %.200v: got %v, want error %s", tc.method, fields, got, tc.want)
			}
		})
	}
}

// wall is a set of blocks that are each fine and too long together.
func wall() string {
	line := `{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", 3000) + `"}}`
	return "[" + strings.Join([]string{line, line, line, line, line}, ",") + "]"
}

func TestAPI_Authentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, tc := range []struct{ name, header, kind, body, want string }{
		{"none", "", "application/x-www-form-urlencoded", "", "not_authed"},
		{"wrong", "Bearer xoxb-other", "application/x-www-form-urlencoded", "", "invalid_auth"},
		{"in JSON", "", "application/json", `{"token":"` + botToken + `"}`, "not_authed"},
		{"in the form", "", "application/x-www-form-urlencoded", "token=" + botToken, ""},
		{"in the header", "Bearer " + botToken, "application/json; charset=utf-8", "{}", ""},
		{"broken JSON", "Bearer " + botToken, "application/json", "{", "invalid_json"},
		{"strange type", "Bearer " + botToken, "text/csv", "a,b", "invalid_post_type"},
	} {
		req, err := http.NewRequest(http.MethodPost, w.api+"auth.test", strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", tc.kind)
		if tc.header != "" {
			req.Header.Set("Authorization", tc.header)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got := decode(t, resp)
		if str(got, "error") != tc.want || got["ok"] != (tc.want == "") {
			t.Errorf("%s: got %v, want error %q", tc.name, got, tc.want)
		}
		if tc.want == "" && !strings.Contains(resp.Header.Get("X-OAuth-Scopes"), "chat:write") {
			t.Errorf("%s: X-OAuth-Scopes is %q", tc.name, resp.Header.Get("X-OAuth-Scopes"))
		}
	}
	for _, e := range w.opt.Ledger.Entries(0) {
		if strings.Contains(e.Body, botToken) {
			t.Errorf("the ledger shows the token: %+v", e)
		}
	}
}

func TestAPI_MissingScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Scopes = []string{"chat:write", "users:read"} })
	for method, fields := range map[string][]string{
		"conversations.open":    {"users", maya},
		"conversations.history": {"channel", launch},
		"conversations.info":    {"channel", launch},
		"users.lookupByEmail":   {"email", "maya@lumen.example"},
		"usergroups.list":       nil,
		"reactions.add":         {"channel", launch, "timestamp", "1", "name", "eyes"},
		"team.info":             nil,
	} {
		got := w.call(method, fields...)
		if got["error"] != "missing_scope" || str(got, "needed") == "" || got["provided"] != "chat:write,users:read" {
			t.Errorf("%s: got %v, want missing_scope with needed and provided", method, got)
		}
	}
	if got := w.call("chat.postMessage", "channel", general, "text", "x"); got["error"] != "not_in_channel" {
		t.Errorf("posting outside without chat:write.public: got %v, want not_in_channel", got)
	}
	user := obj(w.ok("users.info", "user", maya)["user"])
	if email := obj(user["profile"])["email"]; email != nil {
		t.Errorf("e-mail without users:read.email: got %v, want none", email)
	}
}

func TestAPI_RateLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Strict = true })
	for range channelBurst {
		w.ok("chat.postMessage", "channel", launch, "text", "x")
	}
	resp, err := http.PostForm(w.api+"chat.postMessage", url.Values{"token": {botToken}, "channel": {launch}, "text": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, resp)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" || got["error"] != "ratelimited" {
		t.Errorf("message %d in one second: got %d, Retry-After %q, %v; want 429 after 1 s",
			channelBurst+1, resp.StatusCode, resp.Header.Get("Retry-After"), got)
	}
	w.ok("chat.postMessage", "channel", general, "text", "another channel goes on")
	w.clock.move(time.Second)
	w.ok("chat.postMessage", "channel", launch, "text", "x")

	for range tier2 {
		w.ok("usergroups.list")
	}
	if got := w.call("usergroups.list"); got["error"] != "ratelimited" {
		t.Errorf("call %d of a tier 2 method in a minute: got %v, want ratelimited", tier2+1, got)
	}
}

func TestAPI_Faults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	arm := func(f sandbox.Fault) {
		f.Service, f.Times = "slack", 1
		if err := w.opt.Faults.Arm(f); err != nil {
			t.Fatal(err)
		}
	}
	arm(sandbox.Fault{Kind: sandbox.NamedError, Name: "fatal_error", Method: "chat.postMessage"})
	if got := w.call("chat.postMessage", "channel", launch, "text", "x"); got["error"] != "fatal_error" {
		t.Errorf("named error: got %v, want fatal_error", got)
	}
	arm(sandbox.Fault{Kind: sandbox.LostAnswer, Method: "chat."})
	meta := `{"event_type":"signoff_card","event_payload":{"mark":"CR-142/card"}}`
	if resp, err := http.PostForm(w.api+"chat.postMessage", url.Values{
		"token": {botToken}, "channel": {launch}, "text": {"lost"}, "metadata": {meta},
	}); err == nil {
		resp.Body.Close()
		t.Errorf("lost answer: got status %d, want a dropped connection", resp.StatusCode)
	}
	if got := w.Messages(launch); len(got) != 1 || got[0].Text != "lost" {
		t.Errorf("messages after a refused and a lost call: got %+v, want the lost one", got)
	}
	entries := w.opt.Ledger.Entries(0)
	last := entries[len(entries)-1]
	for _, e := range entries {
		if e.Mark != "" {
			last = e
		}
	}
	if last.Mark != "CR-142/card" || last.Note != "ok, then fault lost-answer" {
		t.Errorf("ledger: got mark %q note %q, want the mark and the fault", last.Mark, last.Note)
	}
}

func TestAPI_FormAndJSONSayTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	body := `{"channel":"` + launch + `","text":"fallback","blocks":` + card + `}`
	req, err := http.NewRequest(http.MethodPost, w.api+"chat.postMessage", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+botToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := decode(t, resp); got["ok"] != true {
		t.Fatalf("JSON: got %v, want ok", got)
	}
	w.ok("chat.postMessage", "channel", launch, "text", "fallback", "blocks", card)
	got := w.Messages(launch)
	if len(got) != 2 || got[0].Shown() != got[1].Shown() || len(got[1].Buttons()) != 2 {
		t.Errorf("got %+v, want the same card twice", got)
	}
}
