package slack

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSign_PublishedVectors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ secret, at, body, want string }{
		{
			"8f742231b10e8888abcd99yyyzzz85a5", "1531420618",
			"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
			"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
		},
		{
			"signoff-dev-signing-secret", "1760000000",
			`{"type":"event_callback","team_id":"T0SIGNOFF1","api_app_id":"A0SIGNOFF1","event_id":"Ev0SIGNOFF1","event_time":1760000000,"event":{"type":"app_mention","user":"U0REQUEST1","text":"<@U0BOT00001> banner please","ts":"1760000000.000100","channel":"C0CREATIVE","event_ts":"1760000000.000100"}}`,
			"v0=f8708b5366c034d905a7b57867e6bf89e4d18297cd3177cc497b2011703ba92c",
		},
	} {
		if got := sign(tc.secret, tc.at, []byte(tc.body)); got != tc.want {
			t.Errorf("sign(%q, %s, %.40s...): got %s, want %s", tc.secret, tc.at, tc.body, got, tc.want)
		}
	}
}

func TestEvents_SignedWithShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts, err := w.Mention(maya, launch, "banner please")
	if err != nil {
		t.Fatal(err)
	}
	w.waitFor("event ", 2)
	kinds := map[string]object{}
	for _, e := range w.inner() {
		kinds[str(e, "type")] = e
	}
	for _, kind := range []string{"message", "app_mention"} {
		e := kinds[kind]
		if e["user"] != maya || e["ts"] != ts || e["channel"] != launch || e["text"] != "<@U0SIGNOFF1> banner please" {
			t.Errorf("%s: got %v, want Maya's words", kind, e)
		}
	}
	if kinds["message"]["channel_type"] != "channel" || kinds["app_mention"]["channel_type"] != nil {
		t.Errorf("channel_type: got %v and %v, want it on message only", kinds["message"]["channel_type"], kinds["app_mention"]["channel_type"])
	}
	d := w.deliveries()[0]
	if want := sign(signingSecret, d.header.Get("X-Slack-Request-Timestamp"), []byte(d.body)); d.header.Get("X-Slack-Signature") != want {
		t.Errorf("signature: got %s, want %s", d.header.Get("X-Slack-Signature"), want)
	}
	if ids := w.Events(); len(ids) != 2 || ids[0].ID == ids[1].ID {
		t.Errorf("events: got %v, want two ids", ids)
	}
}

func TestEvents_OnlyWhereTheAppIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if _, err := w.Mention(maya, general, "is not heard"); err != nil {
		t.Fatal(err)
	}
	if err := w.Join("U0SIGNOFF1", general, maya); err != nil {
		t.Fatal(err)
	}
	w.waitFor("event member_joined_channel", 1)
	if got := w.Events(); len(got) != 1 {
		t.Errorf("got %v, want only member_joined_channel", got)
	}
}

func TestEvents_EchoEditDeleteReact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ts := str(w.ok("chat.postMessage", "channel", launch, "text", "card"), "ts")
	w.ok("chat.update", "channel", launch, "ts", ts, "text", "card, decided")
	note, err := w.PostAs(maya, launch, "thanks", ts)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.EditAs(maya, launch, note, "thanks a lot"); err != nil {
		t.Fatal(err)
	}
	if err := w.ReactAs(maya, launch, ts, "eyes"); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteAs(maya, launch, note); err != nil {
		t.Fatal(err)
	}
	w.waitFor("event ", 6)
	count := map[string]int{}
	for _, e := range w.inner() {
		count[strings.TrimSuffix(str(e, "type")+"/"+str(e, "subtype"), "/")]++
		switch {
		case str(e, "ts") == ts && (e["bot_id"] != "B0SIGNOFF1" || e["app_id"] != "A0SIGNOFF1"):
			t.Errorf("echo: got %v, want bot_id and app_id", e)
		case str(e, "ts") == note && e["thread_ts"] != ts:
			t.Errorf("reply: got %v, want thread_ts %s", e, ts)
		case e["subtype"] == "message_changed" && (e["text"] != nil || obj(e["message"])["edited"] == nil || obj(e["previous_message"])["text"] == nil):
			t.Errorf("message_changed: got %v, want text only inside message and previous_message", e)
		case e["subtype"] == "message_deleted" && e["deleted_ts"] != note:
			t.Errorf("message_deleted: got %v, want deleted_ts %s", e, note)
		}
	}
	want := map[string]int{"message": 2, "message/message_changed": 2, "message/message_deleted": 1, "reaction_added": 1}
	for kind, n := range want {
		if count[kind] != n {
			t.Errorf("%s: got %d, want %d (all: %v)", kind, count[kind], n, count)
		}
	}
}

func TestEvents_RetriedUntilAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Slack-Retry-Num") != "2" {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	if _, err := w.PostAs(maya, launch, "hello", ""); err != nil {
		t.Fatal(err)
	}
	w.waitFor("event message", 3)
	w.Close()
	got := w.deliveries()
	if len(got) != 3 || got[0].header.Get("X-Slack-Retry-Num") != "" || got[2].header.Get("X-Slack-Retry-Num") != "2" ||
		got[2].header.Get("X-Slack-Retry-Reason") != "http_error" || got[0].body != got[2].body {
		t.Errorf("got %d deliveries, want the same body three times, the last marked retry 2 (http_error): %+v", len(got), got)
	}
}

func TestEvents_GiveUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		noRetry bool
		want    int
	}{{"after three retries", false, 4}, {"when told not to", true, 1}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.answers(func(rw http.ResponseWriter, _ *http.Request) {
				if tc.noRetry {
					rw.Header().Set("X-Slack-No-Retry", "1")
				}
				rw.WriteHeader(http.StatusInternalServerError)
			})
			if _, err := w.PostAs(maya, launch, "hello", ""); err != nil {
				t.Fatal(err)
			}
			w.waitFor("event message", tc.want)
			w.work.Wait()
			if got := len(w.deliveries()); got != tc.want {
				t.Errorf("got %d deliveries, want %d", got, tc.want)
			}
		})
	}
}

func TestEvents_TimeoutAndRedeliver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.AckWithin = 500 * time.Millisecond })
	w.answers(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Slack-Retry-Num") == "" {
			<-r.Context().Done()
		}
	})
	if _, err := w.PostAs(maya, launch, "hello", ""); err != nil {
		t.Fatal(err)
	}
	sent := w.waitFor("event message", 2)
	if sent[0].Note != "http_timeout" || sent[1].Note != "retry 1 (http_timeout): ok" {
		t.Errorf("notes: got %q and %q, want a timeout and an accepted retry", sent[0].Note, sent[1].Note)
	}
	status, err := w.Redeliver(t.Context(), w.Events()[0].ID)
	if err != nil || status != http.StatusOK {
		t.Errorf("redeliver: got %d, %v, want 200", status, err)
	}
	got := w.deliveries()
	if last := got[len(got)-1]; last.body != got[0].body || last.header.Get("X-Slack-Retry-Num") != "1" {
		t.Errorf("redelivery: got %+v, want the first body as retry 1", last)
	}
	if _, err := w.Duplicate(t.Context(), w.Events()[0].ID); err != nil {
		t.Error(err)
	}
	got = w.deliveries()
	twin := got[len(got)-1].body
	if twin == got[0].body || len(twin) != len(got[0].body) || !strings.Contains(twin, `"text":"hello"`) {
		t.Errorf("duplicate: got %s, want the same words under another event id", twin)
	}
	if _, err := w.Redeliver(t.Context(), "Ev0NOTHING"); err == nil {
		t.Error("redelivery of an unknown event: got no error")
	}
}

func TestVerifyURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.VerifyURL(t.Context()); err == nil {
		t.Error("an app that answers nothing: got no error")
	}
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 4096)
		n, _ := r.Body.Read(buf)
		_, after, _ := strings.Cut(string(buf[:n]), `"challenge":"`)
		challenge, _, _ := strings.Cut(after, `"`)
		_, _ = rw.Write([]byte(challenge))
	})
	if err := w.VerifyURL(t.Context()); err != nil {
		t.Errorf("an app that answers the challenge: %v", err)
	}
}
