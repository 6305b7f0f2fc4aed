package slack

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const home = `{"type":"home","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"Waiting for you"}},
 {"type":"actions","elements":[{"type":"button","action_id":"open","text":{"type":"plain_text","text":"Open"}}]}]}`

func TestButtons_PayloadAndAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := str(w.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", card), "ts")
	a, err := w.PressButton(ravi, launch, ts, "Approve")
	if err != nil || a.Status != 200 || a.Toast != "" {
		t.Fatalf("press: got %+v, %v, want 200 without a toast", a, err)
	}
	p := w.lastPayload("block_actions")
	action := obj(list(p["actions"])[0])
	if action["action_id"] != "approve" || action["value"] != "CR-142" || action["block_id"] != "a1" || str(action, "action_ts") == "" {
		t.Errorf("action: got %v, want approve CR-142 in a1 with a time", action)
	}
	if obj(p["user"])["id"] != ravi || obj(p["channel"])["name"] != "launch" || obj(p["container"])["message_ts"] != ts ||
		obj(p["message"])["bot_id"] != "B0SIGNOFF1" || obj(obj(p["state"]))["values"] == nil {
		t.Errorf("payload: got %v", p)
	}
	if _, err := w.PressButton(ravi, launch, ts, "Decline"); err == nil {
		t.Error("a button that is not there: got no error")
	}
	if _, err := w.PressButton("U0GONE0001", launch, ts, "Approve"); err == nil {
		t.Error("a user outside the channel: got no error")
	}
	w.waitFor("event message", 1) // the card
	w.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) })
	before := len(w.deliveries())
	a, err = w.PressButton(ravi, launch, ts, "Approve")
	if err != nil || a.Status != 500 || a.Toast == "" || len(w.deliveries()) != before+1 {
		t.Errorf("an app in trouble: got %+v, %v, %d deliveries; want a toast and no retry", a, err, len(w.deliveries())-before)
	}
}

func TestShortcuts_Payloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts, err := w.PostAs(maya, launch, "Need a spring banner", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.OpenShortcut(maya, launch, ts, "request_from_message"); err != nil {
		t.Fatal(err)
	}
	p := w.lastPayload("message_action")
	if p["callback_id"] != "request_from_message" || p["message_ts"] != ts || obj(p["message"])["text"] != "Need a spring banner" ||
		obj(p["channel"])["id"] != launch || p["api_app_id"] != nil {
		t.Errorf("message_action: got %v", p)
	}
	if _, err := w.GlobalShortcut(maya, "request_new"); err != nil {
		t.Fatal(err)
	}
	p = w.lastPayload("shortcut")
	if p["callback_id"] != "request_new" || p["channel"] != nil || p["response_url"] != nil || str(p, "trigger_id") == "" {
		t.Errorf("shortcut: got %v, want a trigger and neither channel nor response_url", p)
	}
}

func TestAct_OnAMessageThatHasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := str(w.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", card), "ts")
	w.ok("chat.update", "channel", launch, "ts", ts, "text", "decided", "blocks", `[{"type":"section","text":{"type":"mrkdwn","text":"decided"}}]`)
	act := Action{User: ravi, Channel: launch, TS: ts, ActionID: "approve"}
	if _, err := w.Act(act); err == nil {
		t.Error("a button that is gone was pressed by somebody who sees that")
	}
	act.Look = 1
	if _, err := w.Act(act); err != nil {
		t.Fatal(err)
	}
	p := w.lastPayload("block_actions")
	if got := str(obj(list(p["actions"])[0]), "action_id"); got != "approve" || str(obj(p["message"]), "text") != "decided" {
		t.Errorf("the app got %v, want the press on the message as it is now", p)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answers(says(`{"response_type":"ephemeral","text":"CR-142 is in Brand review"}`))
	if a, err := w.SlashCommand(maya, launch, "/signoff", "why CR-142 <@"+ravi+">"); err != nil || a.Toast != "" {
		t.Fatalf("command: got %+v, %v", a, err)
	}
	form, err := url.ParseQuery(w.deliveries()[0].body)
	if err != nil || form.Get("command") != "/signoff" || form.Get("text") != "why CR-142 <@"+ravi+"|ravi>" || form.Get("channel_name") != "launch" {
		t.Errorf("form: got %v, %v", form, err)
	}
	if got := w.Ephemerals(maya); len(got) != 1 || got[0].Text != "CR-142 is in Brand review" {
		t.Errorf("answer: Maya sees %+v", got)
	}
	w.answers(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "plain words") })
	if _, err := w.SlashCommand(maya, launch, "/signoff", "help"); err != nil {
		t.Fatal(err)
	}
	if got := w.Ephemerals(maya); len(got) != 2 || got[1].Text != "plain words" {
		t.Errorf("plain answer: Maya sees %+v", got)
	}
	w.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	if a, _ := w.SlashCommand(maya, launch, "/signoff", "x"); !strings.Contains(a.Toast, "dispatch_failed") {
		t.Errorf("an app in trouble: got %+v, want dispatch_failed", a)
	}
}

func TestResponseURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := str(w.ok("chat.postMessage", "channel", launch, "text", "card", "blocks", card), "ts")
	if _, err := w.PressButton(ravi, launch, ts, "approve"); err != nil {
		t.Fatal(err)
	}
	address := str(w.lastPayload("block_actions"), "response_url")
	post := func(body string) (int, string) {
		t.Helper()
		resp, err := http.Post(address, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	for i, tc := range []struct {
		body, want string
		status     int
	}{
		{`{"text":"Only you see this"}`, "ok", 200},
		{`{"text":"x","blocks":[{"type":"banner"}]}`, "invalid_blocks", 400},
		{`nonsense`, "invalid_payload", 400},
		{`{"text":"for all","response_type":"in_channel"}`, "ok", 200},
		{`{"text":"replaced","replace_original":true}`, "ok", 200},
		{`{"text":"four"}`, "ok", 200},
		{`{"delete_original":true}`, "ok", 200},
		{`{"text":"six"}`, "used_url", 404},
	} {
		if status, text := post(tc.body); status != tc.status || text != tc.want {
			t.Errorf("post %d %s: got %d %q, want %d %q", i+1, tc.body, status, text, tc.status, tc.want)
		}
	}
	if got := w.Ephemerals(ravi); len(got) != 2 || got[0].Text != "Only you see this" {
		t.Errorf("Ravi sees %+v, want two private notes", got)
	}
	if got := w.Messages(launch); len(got) != 1 || got[0].Text != "for all" {
		t.Errorf("channel: got %+v, want the card replaced, then deleted, and the public note", got)
	}
	secret := address[strings.LastIndex(address, "/")+1:]
	for _, e := range w.opt.Ledger.Entries(0) {
		if strings.Contains(e.Body+e.Path, secret) {
			t.Errorf("the ledger shows a response address: %+v", e)
		}
	}
	if _, err := w.GlobalShortcut(ravi, "request_new"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SlashCommand(ravi, launch, "/signoff", ""); err != nil {
		t.Fatal(err)
	}
	all := w.deliveries()
	form, _ := url.ParseQuery(all[len(all)-1].body)
	address = form.Get("response_url")
	w.clock.move(31 * time.Minute)
	if status, text := post(`{"text":"late"}`); status != 404 || text != "expired_url" {
		t.Errorf("after 31 minutes: got %d %q, want 404 expired_url", status, text)
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.OpenHome(maya); err != nil {
		t.Fatal(err)
	}
	w.waitFor("event app_home_opened", 1)
	first := obj(w.ok("views.publish", "user_id", maya, "view", home)["view"])
	w.ok("views.publish", "user_id", maya, "view", home, "hash", str(first, "hash"))
	if got := w.call("views.publish", "user_id", maya, "view", home, "hash", str(first, "hash")); got["error"] != "hash_conflict" {
		t.Errorf("publish over a newer home: got %v, want hash_conflict", got)
	}
	if got, ok := w.Home(maya); !ok || !strings.Contains(got.Shown(), "Waiting for you") {
		t.Errorf("home: got %+v, %v", got, ok)
	}
	if _, err := w.PressInView(maya, "", "Open"); err != nil {
		t.Fatal(err)
	}
	p := w.lastPayload("block_actions")
	if obj(p["container"])["type"] != "view" || obj(p["view"])["id"] != first["id"] || p["response_url"] != nil {
		t.Errorf("button of the home: got %v", p)
	}
}
