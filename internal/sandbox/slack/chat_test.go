package slack

import (
	"strings"
	"testing"
)

func TestChat_PostUpdateDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	meta := `{"event_type":"signoff_card","event_payload":{"request":"CR-142","mark":"CR-142/card"}}`
	posted := w.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", card, "metadata", meta)
	ts := str(posted, "ts")

	w.ok("chat.update", "channel", launch, "ts", ts, "text", "only text")
	m := w.Messages(launch)[0]
	if len(m.Buttons()) != 2 || m.Text != "only text" || m.Metadata == nil || !m.Edited {
		t.Errorf("update with text only: got %+v, want blocks and metadata kept", m)
	}
	w.ok("chat.update", "channel", launch, "ts", ts, "text", "done", "blocks", "[]")
	if m = w.Messages(launch)[0]; len(m.Blocks) != 0 {
		t.Errorf("update with []: got %+v, want no blocks", m.Blocks)
	}
	w.ok("chat.postMessage", "channel", launch, "text", "reply", "thread_ts", ts)
	w.ok("chat.delete", "channel", launch, "ts", ts)
	if m = w.Messages(launch)[0]; !m.Deleted || m.Replies != 1 {
		t.Errorf("deleted parent of a thread: got %+v, want a tombstone with its reply", m)
	}
	link := str(w.ok("chat.getPermalink", "channel", launch, "message_ts", ts), "permalink")
	if want := "https://lumen.slack.com/archives/" + launch + "/p" + strings.ReplaceAll(ts, ".", ""); link != want {
		t.Errorf("permalink: got %s, want %s", link, want)
	}
}

func TestChat_DirectMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	opened := str(obj(w.ok("conversations.open", "users", maya)["channel"]), "id")
	posted := str(w.ok("chat.postMessage", "channel", maya, "text", "by user id"), "channel")
	w.ok("chat.postMessage", "channel", opened, "text", "by channel id")
	if opened != posted || len(w.DMs(maya)) != 2 || len(w.DMs(ravi)) != 0 {
		t.Errorf("got channels %s and %s, %d messages for Maya, %d for Ravi; want one channel, 2, 0",
			opened, posted, len(w.DMs(maya)), len(w.DMs(ravi)))
	}
	info := obj(w.ok("conversations.info", "channel", opened)["channel"])
	if info["is_im"] != true || info["user"] != maya {
		t.Errorf("conversations.info: got %v, want the DM of Maya", info)
	}
}

func TestChat_Ephemeral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := str(w.ok("chat.postEphemeral", "channel", launch, "user", ravi, "text", "Brand approval is Ravi's."), "message_ts")
	if got := w.Ephemerals(ravi); len(got) != 1 || got[0].TS != ts {
		t.Errorf("Ravi sees %+v, want the note", got)
	}
	if got := append(w.Ephemerals(maya), w.Messages(launch)...); len(got) != 0 {
		t.Errorf("others see %+v, want nothing", got)
	}
	if got := w.call("chat.update", "channel", launch, "ts", ts, "text", "x"); got["error"] != "message_not_found" {
		t.Errorf("update of an ephemeral message: got %v, want message_not_found", got)
	}
}

func TestConversations_PagesAndMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.PageCap = 3 })
	root, err := w.PostAs(maya, launch, "Need a banner", "")
	if err != nil {
		t.Fatal(err)
	}
	meta := `{"event_type":"signoff_note","event_payload":{"mark":"m"}}`
	for range 5 {
		w.ok("chat.postMessage", "channel", launch, "text", "reply", "thread_ts", root, "metadata", meta)
	}
	var seen []string
	parents, cursor := 0, ""
	for range 10 {
		page := w.ok("conversations.replies", "channel", launch, "ts", root, "limit", "200", "cursor", cursor)
		for _, m := range list(page["messages"]) {
			if str(obj(m), "ts") == root {
				parents++
				continue
			}
			seen = append(seen, str(obj(m), "ts"))
			if obj(m)["metadata"] != nil {
				t.Errorf("metadata without include_all_metadata: %v", m)
			}
		}
		if cursor = str(obj(page["response_metadata"]), "next_cursor"); cursor == "" {
			break
		}
	}
	if len(seen) != 5 || parents != 3 {
		t.Errorf("got replies %v and the parent %d times, want 5 replies over 3 pages that each repeat the parent", seen, parents)
	}
	page := w.ok("conversations.replies", "channel", launch, "ts", root, "include_all_metadata", "true")
	if got := str(obj(obj(obj(list(page["messages"])[1])["metadata"])["event_payload"]), "mark"); got != "m" {
		t.Errorf("mark in replies: got %q, want m", got)
	}
	top := w.ok("conversations.history", "channel", launch)
	if n := len(list(top["messages"])); n != 1 {
		t.Errorf("history: got %d messages, want the parent only", n)
	}
	after := w.ok("conversations.history", "channel", launch, "oldest", root)
	if n := len(list(after["messages"])); n != 0 {
		t.Errorf("history after the parent: got %d messages, want none", n)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	u := obj(w.ok("users.lookupByEmail", "email", "Maya@lumen.example")["user"])
	if u["id"] != maya || u["tz"] != "Europe/London" || u["is_bot"] != false {
		t.Errorf("users.lookupByEmail: got %v, want Maya in London", u)
	}
	if got := list(w.ok("usergroups.users.list", "usergroup", "S0BRAND001")["users"]); len(got) != 1 || got[0] != ravi {
		t.Errorf("usergroups.users.list: got %v, want Ravi", got)
	}
	if got := list(w.ok("conversations.list", "types", "public_channel,private_channel", "exclude_archived", "true")["channels"]); len(got) != 2 {
		t.Errorf("conversations.list: got %v, want the two open public channels", got)
	}
	if got := w.ok("auth.test"); got["bot_id"] != "B0SIGNOFF1" || got["team_id"] != "T0LUMEN001" {
		t.Errorf("auth.test: got %v", got)
	}
}
