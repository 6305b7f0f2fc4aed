package slack

import (
	"testing"
)

const address = "https://hub.lumen.example/r/CR-142"

func unfurls(t *testing.T, at string) string {
	t.Helper()
	return toJSON(t, object{at: object{"blocks": []any{object{"type": "section", "text": object{"type": "mrkdwn", "text": "*CR-142* waits for Ravi"}}}}})
}

func linkWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(o *Options) { o.UnfurlDomains = []string{"lumen.example"} })
}

func TestUnfurl_BelowTheMessage(t *testing.T) {
	t.Parallel()
	w := linkWorld(t)
	ts := say(t, w, Post{User: maya, Channel: launch, Text: w.Compose("look at " + address + " and https://other.example/")})
	e := w.innerOf("link_shared", 1)[0]
	l := obj(only(t, list(e["links"])))
	if l["url"] != address || l["domain"] != "hub.lumen.example" || e["channel"] != launch || e["message_ts"] != ts || e["source"] != "conversations_history" ||
		e["is_bot_user_member"] != true || e["unfurl_id"] == nil {
		t.Errorf("link_shared: got %v, want our link alone", e)
	}
	w.ok("chat.unfurl", "channel", launch, "ts", ts, "unfurls", unfurls(t, address))
	changed := w.innerOf("message/message_changed", 1)[0]
	attached := obj(only(t, list(obj(changed["message"])["attachments"])))
	if attached["from_url"] != address || attached["is_app_unfurl"] != true || obj(changed["message"])["edited"] != nil {
		t.Errorf("message_changed: got %v, want the unfurl and no edited", changed)
	}
	w.ok("chat.unfurl", "unfurl_id", str(e, "unfurl_id"), "source", "conversations_history", "unfurls", unfurls(t, address))
	if got := w.Messages(launch)[0].Unfurls; len(got) != 1 {
		t.Errorf("unfurled twice: got %v, want one", got)
	}
}

func TestUnfurl_Refuses(t *testing.T) {
	t.Parallel()
	w := linkWorld(t)
	ts := say(t, w, Post{User: maya, Channel: launch, Text: "<" + address + ">"})
	bare := say(t, w, Post{User: maya, Channel: launch, Text: "no link"})
	fine := unfurls(t, address)
	for _, tc := range []struct {
		want   string
		fields []string
	}{
		{"missing_unfurls", []string{"channel", launch, "ts", ts}},
		{"invalid_unfurls_format", []string{"channel", launch, "ts", ts, "unfurls", "[]"}},
		{"invalid_unfurls_format", []string{"channel", launch, "ts", ts, "unfurls", `{"` + address + `":{"text":"hi"}}`}},
		{"cannot_unfurl_url", []string{"channel", launch, "ts", ts, "unfurls", unfurls(t, "https://other.example/")}},
		{"cannot_find_message", []string{"channel", launch, "ts", "1.000000", "unfurls", fine}},
		{"cannot_unfurl_message", []string{"channel", launch, "ts", bare, "unfurls", fine}},
		{"missing_channel", []string{"unfurls", fine}},
		{"missing_ts", []string{"channel", launch, "unfurls", fine}},
		{"missing_source", []string{"unfurl_id", "Uf1", "unfurls", fine}},
		{"invalid_unfurl_id", []string{"unfurl_id", "Uf1", "source", "composer", "unfurls", fine}},
	} {
		if a := w.call("chat.unfurl", tc.fields...); a["error"] != tc.want {
			t.Errorf("chat.unfurl %v: got %v, want %s", tc.fields, a, tc.want)
		}
	}
}

func TestUnfurl_WhereTheAppIsNotAndWhileTyping(t *testing.T) {
	t.Parallel()
	w := linkWorld(t)
	say(t, w, Post{User: ravi, Channel: general, Text: "<" + address + "|the request>"})
	if e := w.innerOf("link_shared", 1)[0]; e["is_bot_user_member"] != false || e["channel"] != general {
		t.Errorf("link_shared outside: got %v, want is_bot_user_member false", e)
	}
	id := w.TypeLink(maya, "<"+address+">")
	if e := w.innerOf("link_shared", 2)[1]; e["channel"] != "COMPOSER" || e["source"] != "composer" || e["unfurl_id"] != id {
		t.Errorf("link_shared while typing: got %v", e)
	}
	w.ok("chat.unfurl", "unfurl_id", id, "source", "composer", "unfurls", unfurls(t, address))
	if got := w.TypeLink(maya, "<https://other.example/>"); got != "" {
		t.Errorf("a foreign link: got unfurl id %s, want none", got)
	}
}

func TestHome_HashesAndActs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if a := w.call("views.publish", "user_id", maya, "view", home, "hash", "1.ab"); a["error"] != "hash_conflict" {
		t.Errorf("first view with a hash: got %v, want hash_conflict", a)
	}
	first := obj(w.ok("views.publish", "user_id", maya, "view", home)["view"])
	w.ok("views.publish", "user_id", maya, "view", home, "hash", str(first, "hash"))
	if a := w.call("views.publish", "user_id", maya, "view", home, "hash", str(first, "hash")); a["error"] != "hash_conflict" {
		t.Errorf("old hash: got %v, want hash_conflict", a)
	}
	if err := w.OpenHome(maya); err != nil {
		t.Fatal(err)
	}
	if e := w.innerOf("app_home_opened", 1)[0]; e["tab"] != "home" || str(obj(e["view"]), "type") != "home" {
		t.Errorf("app_home_opened: got %v, want the view", e)
	}
	v, _ := w.Home(maya)
	if _, err := w.ActInView(Action{User: maya, ActionID: "Open"}); err != nil {
		t.Fatal(err)
	}
	p := w.lastPayload("block_actions")
	if obj(p["container"])["type"] != "view" || obj(p["container"])["view_id"] != v.ID || obj(p["view"])["id"] != v.ID ||
		p["channel"] != nil || p["message"] != nil || p["response_url"] != nil || str(p, "trigger_id") == "" {
		t.Errorf("block_actions of the home: got %v, want a view and no message", p)
	}
	off := newWorld(t, func(o *Options) { o.NoHomeTab, o.NoMessagesTab = true, true })
	if a := off.call("views.publish", "user_id", maya, "view", home); a["error"] != "not_enabled" {
		t.Errorf("no home tab: got %v, want not_enabled", a)
	}
	if a := off.call("chat.postMessage", "channel", maya, "text", "hi"); a["error"] != "messages_tab_disabled" {
		t.Errorf("no messages tab: got %v, want messages_tab_disabled", a)
	}
}

func TestUnfurl_ButtonsBelowTheMessage(t *testing.T) {
	t.Parallel()
	w := linkWorld(t)
	ts := say(t, w, Post{User: maya, Channel: launch, Text: "<" + address + ">"})
	w.innerOf("link_shared", 1)
	w.ok("chat.unfurl", "channel", launch, "ts", ts, "unfurls", toJSON(t, object{address: object{"blocks": []any{object{
		"type": "actions", "elements": []any{object{"type": "button", "action_id": "open", "value": "CR-142", "text": object{"type": "plain_text", "text": "Open"}}},
	}}}}))
	if _, err := w.PressButton(ravi, launch, ts, "Open"); err != nil {
		t.Fatal(err)
	}
	p := w.lastPayload("block_actions")
	c := obj(p["container"])
	if c["type"] != "message_attachment" || c["app_unfurl_url"] != address || c["attachment_id"] != 1.0 || p["message"] != nil ||
		obj(p["app_unfurl"])["from_url"] != address || obj(list(p["actions"])[0])["value"] != "CR-142" {
		t.Errorf("payload: got %v, want one of the unfurl", p)
	}
}
