package slack

import (
	"encoding/json"
	"testing"
	"time"
)

func TestCommand_RateLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	status, err := w.RateLimited(t.Context())
	if err != nil || status != 200 {
		t.Fatalf("got %d, %v, want 200", status, err)
	}
	var o object
	if err := json.Unmarshal([]byte(only(t, w.deliveries()).body), &o); err != nil {
		t.Fatal(err)
	}
	if o["type"] != "app_rate_limited" || o["team_id"] != "T0LUMEN001" || o["minute_rate_limited"] != 1772442000.0 || o["event"] != nil {
		t.Errorf("got %v, want the outer event alone", o)
	}
}

func TestCommand_GroupsAndPeopleChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.SetGroup("S0BRAND001", maya); err != nil {
		t.Fatal(err)
	}
	e := w.innerOf("subteam_members_changed", 1)[0]
	if added, removed := list(e["added_users"]), list(e["removed_users"]); len(added) != 1 || added[0] != maya || len(removed) != 1 || removed[0] != ravi {
		t.Errorf("subteam_members_changed: got %v, want Maya for Ravi", e)
	}
	if users := list(w.ok("usergroups.users.list", "usergroup", "S0BRAND001")["users"]); len(users) != 1 || users[0] != maya {
		t.Errorf("members: got %v, want Maya", users)
	}
	if err := w.SetUser(User{ID: ravi, Name: "ravi", RealName: "Ravi Nair", Email: "r.nair@lumen.example"}); err != nil {
		t.Fatal(err)
	}
	w.innerOf("user_change", 1)
	if a := w.call("users.lookupByEmail", "email", "ravi@lumen.example"); a["error"] != "users_not_found" {
		t.Errorf("the old e-mail: got %v, want users_not_found", a)
	}
	w.ok("users.lookupByEmail", "email", "r.nair@lumen.example")
}

func TestCommand_LeaveAndOtherBots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts, err := w.BotSays(OtherBot{BotID: "B0FORMS001", AppID: "A0FORMS001", Name: "Forms"}, launch, "<@U0SIGNOFF1> a banner", "")
	if err != nil {
		t.Fatal(err)
	}
	e := w.innerOf("message/bot_message", 1)[0]
	if e["bot_id"] != "B0FORMS001" || e["app_id"] != "A0FORMS001" || e["username"] != "Forms" || e["user"] != nil || e["ts"] != ts {
		t.Errorf("bot_message: got %v, want another app without a user", e)
	}
	if err := w.Leave("U0SIGNOFF1", launch); err != nil {
		t.Fatal(err)
	}
	if a := w.call("conversations.history", "channel", launch); a["error"] != "not_in_channel" {
		t.Errorf("history after leaving: got %v, want not_in_channel", a)
	}
	if a := w.call("chat.update", "channel", launch, "ts", ts, "text", "x"); a["error"] != "cant_update_message" {
		t.Errorf("update of another app's message: got %v, want cant_update_message", a)
	}
}

func TestDistributedApps_ReadSlowly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Distributed = true })
	for range 17 {
		say(t, w, Post{User: maya, Channel: launch, Text: "one more"})
	}
	if page := w.ok("conversations.history", "channel", launch, "limit", "100"); len(list(page["messages"])) != 15 || page["has_more"] != true {
		t.Errorf("first page: got %d messages, want 15 of 17", len(list(page["messages"])))
	}
	if a := w.call("conversations.history", "channel", launch); a["error"] != "ratelimited" {
		t.Errorf("again within the minute: got %v, want ratelimited", a)
	}
	w.ok("conversations.info", "channel", launch)
	w.clock.move(time.Minute)
	w.ok("conversations.history", "channel", launch)
}

func TestAuthorizations_OfAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.AppToken = appToken })
	say(t, w, Post{User: maya, Channel: launch, Text: "hello"})
	w.innerOf("message", 1)
	id := w.Events()[0].ID
	a := w.call("apps.event.authorizations.list", "token", appToken, "event_context", "4-"+id)
	if one := obj(only(t, list(a["authorizations"]))); one["team_id"] != "T0LUMEN001" || one["is_bot"] != true {
		t.Errorf("got %v, want our workspace", a)
	}
	if a := w.call("apps.event.authorizations.list", "token", appToken, "event_context", "4-x"); a["error"] != "invalid_event_context" {
		t.Errorf("unknown event: got %v, want invalid_event_context", a)
	}
}
