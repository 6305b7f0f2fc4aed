package slack

import (
	"strings"
	"testing"
)

// innerOf waits for n deliveries of a kind and returns the inner events of that kind, in the order in which they arrived.
func (w *world) innerOf(kind string, n int) []object {
	w.t.Helper()
	w.waitFor("event "+kind, n)
	var out []object
	for _, e := range w.inner() {
		if name := strings.TrimSuffix(str(e, "type")+"/"+str(e, "subtype"), "/"); name == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestConversation_EditKeepsTheWordsInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := say(t, w, Post{User: maya, Channel: launch, Text: "one banner"})
	if err := w.EditAs(maya, launch, ts, "one banner"); err != nil {
		t.Fatal(err)
	}
	if err := w.EditAs(maya, launch, ts, "two banners"); err != nil {
		t.Fatal(err)
	}
	if err := w.EditAs(ravi, launch, ts, "three"); err == nil {
		t.Error("somebody else's message was edited")
	}
	e := w.innerOf("message/message_changed", 1)[0]
	message, before := obj(e["message"]), obj(e["previous_message"])
	if _, has := e["user"]; has || e["text"] != nil || e["hidden"] != true || e["ts"] == ts {
		t.Errorf("outside: got %v, want no user and no text, hidden, a timestamp of its own", e)
	}
	if message["text"] != "two banners" || message["ts"] != ts || str(obj(message["edited"]), "user") != maya {
		t.Errorf("message: got %v, want the new words with edited", message)
	}
	if before["text"] != "one banner" || before["edited"] != nil {
		t.Errorf("previous_message: got %v, want the old words", before)
	}
	if n := len(w.Events()); n != 2 {
		t.Errorf("got %d events, want 2: an edit that changes nothing is none", n)
	}
}

func TestConversation_DeletedParentStaysAsTombstone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	root := say(t, w, Post{User: maya, Channel: launch, Text: "banner"})
	reply := say(t, w, Post{User: ravi, Channel: launch, Text: "which size?", Thread: root})
	if err := w.DeleteAs(maya, launch, root); err != nil {
		t.Fatal(err)
	}
	changed := w.innerOf("message/message_changed", 1)[0]
	if m := obj(changed["message"]); m["subtype"] != "tombstone" || m["user"] != "USLACKBOT" || m["edited"] != nil {
		t.Errorf("deleted parent: got %v, want a tombstone without edited", m)
	}
	if err := w.DeleteAs(ravi, launch, reply); err != nil {
		t.Fatal(err)
	}
	gone := w.innerOf("message/message_deleted", 1)[0]
	if gone["deleted_ts"] != reply || str(obj(gone["previous_message"]), "text") != "which size?" || gone["hidden"] != true {
		t.Errorf("deleted reply: got %v, want deleted_ts and the words it had", gone)
	}
	if left := w.Messages(launch); len(left) != 0 {
		t.Errorf("messages: got %+v, want no tombstone without replies", left)
	}
}

func TestConversation_BroadcastReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	root := say(t, w, Post{User: maya, Channel: launch, Text: "banner"})
	reply := say(t, w, Post{User: ravi, Channel: launch, Text: "done", Thread: root, Broadcast: true})
	e := w.innerOf("message/thread_broadcast", 1)[0]
	if e["thread_ts"] != root || str(obj(e["root"]), "text") != "banner" {
		t.Errorf("broadcast: got %v, want thread_ts and root", e)
	}
	nested := say(t, w, Post{User: maya, Channel: launch, Text: "thanks", Thread: reply})
	if got := w.Thread(launch, root); len(got) != 3 || got[2].TS != nested {
		t.Errorf("thread: got %+v, want a reply to a reply in the same thread", got)
	}
	if got := w.Messages(launch); len(got) != 2 || !got[1].Broadcast {
		t.Errorf("channel: got %+v, want parent and broadcast", got)
	}
}

func TestConversation_DirectBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	im, err := w.OpenMessages(maya)
	if err != nil {
		t.Fatal(err)
	}
	if e := w.innerOf("app_home_opened", 1)[0]; e["tab"] != "messages" || e["channel"] != im || e["view"] != nil {
		t.Errorf("app_home_opened: got %v, want the messages tab", e)
	}
	ts := say(t, w, Post{User: maya, Channel: im, Text: "<@U0SIGNOFF1> a banner please"})
	e := w.innerOf("message", 1)[0]
	if e["channel_type"] != "im" || e["channel"] != im || e["ts"] != ts {
		t.Errorf("message: got %v, want channel_type im", e)
	}
	w.ok("chat.postMessage", "channel", im, "thread_ts", ts, "text", "which size?")
	w.ok("chat.postEphemeral", "channel", im, "user", maya, "text", "only you")
	if got := w.Ephemerals(maya); len(got) != 1 || got[0].Channel != im {
		t.Errorf("ephemeral: got %+v, want one in the conversation", got)
	}
	for _, sent := range w.Events() {
		if sent.Type == "app_mention" {
			t.Error("a direct message came as app_mention too")
		}
	}
}

func TestReactions_ByPeopleAndTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := say(t, w, Post{User: maya, Channel: launch, Text: "banner"})
	for _, name := range []string{"+1::skin-tone-3", "+1::skin-tone-3", "ticket"} {
		if err := w.ReactAs(ravi, launch, ts, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ReactAs(ravi, launch, ts, ":ticket:"); err == nil {
		t.Error("a name with colons was taken")
	}
	got := w.innerOf("reaction_added", 2)
	item := obj(got[0]["item"])
	if len(got) != 2 || got[0]["item_user"] != maya || item["type"] != "message" || item["channel"] != launch || item["ts"] != ts {
		t.Errorf("reaction_added: got %v, want two with item and item_user", got)
	}
	w.ok("reactions.add", "channel", launch, "timestamp", ts, "name", "eyes")
	for _, tc := range [][2]string{{"eyes", "already_reacted"}, {":eyes:", "invalid_name"}} {
		if a := w.call("reactions.add", "channel", launch, "timestamp", ts, "name", tc[0]); a["error"] != tc[1] {
			t.Errorf("reactions.add %s: got %v, want %s", tc[0], a, tc[1])
		}
	}
	w.ok("reactions.remove", "channel", launch, "timestamp", ts, "name", "eyes")
	if a := w.call("reactions.remove", "channel", launch, "timestamp", ts, "name", "eyes"); a["error"] != "no_reaction" {
		t.Errorf("reactions.remove twice: got %v, want no_reaction", a)
	}
	if err := w.UnreactAs(ravi, launch, ts, "ticket"); err != nil {
		t.Fatal(err)
	}
	w.innerOf("reaction_removed", 2)
	if left := w.Messages(launch)[0].Reactions; len(left) != 1 {
		t.Errorf("reactions: got %v, want the thumb alone", left)
	}
}

func say(t *testing.T, w *world, p Post) string {
	t.Helper()
	ts, err := w.Say(p)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return ts
}
