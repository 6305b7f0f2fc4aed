package slack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
)

func ref(kind, key string) flow.Ref { return flow.Ref{System: "slack", Type: kind, Key: key} }

func TestParse_Mention(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	events := r.take(event(`{"type":"app_mention","user":"U0MAYA0001","text":"<@U0BOT00001> Need a *Nova* banner &amp; video","channel":"C0LAUNCH01","ts":"1760000000.000100","event_ts":"1760000000.000100"}`))
	thread := ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100")
	want := []flow.Event{{
		ID: "slack/event/Ev0TEST0001", Kind: flow.RequestSubmitted, At: testNow(), Sent: time.Unix(1760000000, 100_000).UTC(),
		Actor:   flow.Actor{Ref: ref("user", "T0SIGNOFF1/U0MAYA0001"), Shown: "Name U0MAYA0001", Zone: "Europe/London", Email: "u0maya0001@lumen.example"},
		Subject: thread, Where: thread, Delivery: "slack/event/Ev0TEST0001",
		Said: ref("message", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"), Seq: "1760000000.000100",
		Fields: map[string][]string{"source": {"slack"}, "channel": {"#launch"}},
		Body:   text.Doc{text.P(text.T("Need a "), text.B("Nova"), text.T(" banner & video"))},
		Links:  []flow.Link{{Ref: thread, Purpose: "thread", Label: "#launch", URL: "https://lumen.slack.com/archives/C0LAUNCH01/p1"}},
	}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestParse_MentionInThreadReadsItOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", say(`{"ok":true,"messages":[
		{"user":"U0ANA00001","text":"We need a banner for the <https://x.example|launch>","ts":"1760000000.000100","blocks":[{"type":"actions","elements":[{"type":"something_new"}]}]},
		{"bot_id":"B0BOT00001","user":"U0BOT00001","text":"CR-1","ts":"1760000000.000150"},
		{"user":"U0MAYA0001","text":"<@U0BOT00001> please make this a request","ts":"1760000000.000200"}]}`))
	events := r.take(event(`{"type":"app_mention","user":"U0MAYA0001","text":"<@U0BOT00001> please make this a request","channel":"C0LAUNCH01","ts":"1760000000.000200","thread_ts":"1760000000.000100"}`))
	if len(events) != 1 {
		t.Fatalf("Parse = %+v, want one event", events)
	}
	ev := events[0]
	if want := "please make this a request\n\nName U0ANA00001:\n\n> We need a banner for the launch (https://x.example)"; ev.Body.String() != want {
		t.Errorf("body %q, want %q", ev.Body.String(), want)
	}
	if want := ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"); ev.Subject != want || ev.Links[0].Ref != want {
		t.Errorf("subject %v and link %v, want the thread %v", ev.Subject, ev.Links[0].Ref, want)
	}
	if got := r.api.only("conversations.replies").Args; got["ts"] != "1760000000.000100" || got["channel"] != "C0LAUNCH01" {
		t.Errorf("conversations.replies with %v", got)
	}
}

func TestParse_OtherBotIsMarked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	events := r.take(event(`{"type":"message","subtype":"bot_message","bot_id":"B0OTHER001","username":"Deploys","text":"<@U0BOT00001> shipped","channel":"C0LAUNCH01","channel_type":"channel","ts":"1760000000.000100"}`))
	if want := (flow.Actor{Ref: ref("bot", "T0SIGNOFF1/B0OTHER001"), Shown: "Deploys", Bot: true}); events[0].Actor != want {
		t.Errorf("actor %+v, want %+v", events[0].Actor, want)
	}
}

// TestParse_StrangersAreNobody: e-mail is passed on only where Slack vouches for it, and an account of another
// workspace keeps that workspace in its key.
func TestParse_StrangersAreNobody(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ user, team, wantKey, wantEmail string }{
		"member":      {`"is_restricted":false`, testTeam, "T0SIGNOFF1/U0RAVI0001", "ravi@lumen.example"},
		"guest":       {`"is_restricted":true`, testTeam, "T0SIGNOFF1/U0RAVI0001", ""},
		"single":      {`"is_ultra_restricted":true`, testTeam, "T0SIGNOFF1/U0RAVI0001", ""},
		"stranger":    {`"is_stranger":true`, testTeam, "T0SIGNOFF1/U0RAVI0001", ""},
		"deactivated": {`"deleted":true`, testTeam, "T0SIGNOFF1/U0RAVI0001", ""},
		"bot":         {`"is_bot":true`, testTeam, "T0SIGNOFF1/U0RAVI0001", ""},
		"unconfirmed": {`"is_email_confirmed":false`, testTeam, "T0SIGNOFF1/U0RAVI0001", ""},
		"elsewhere":   {`"is_restricted":false`, "T0OTHER001", "T0OTHER001/U0RAVI0001", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.api.on("users.info", say(`{"ok":true,"user":{"id":"U0RAVI0001","team_id":"T0SIGNOFF1",`+tc.user+`,"profile":{"email":"ravi@lumen.example"}}}`))
			payload := strings.Replace(pressed("approve", r.seal.value(samplePress())), `"team_id":"T0SIGNOFF1"`, `"team_id":"`+tc.team+`"`, 1)
			ev := r.take(interactive(payload))[0]
			if ev.Actor.Ref.Key != tc.wantKey || ev.Actor.Email != tc.wantEmail {
				t.Errorf("actor %+v, want key %q and e-mail %q", ev.Actor, tc.wantKey, tc.wantEmail)
			}
		})
	}
}

func TestParse_Buttons(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for action, kind := range map[string]flow.Kind{
		"approve": flow.VoteCast, "undo": flow.VoteUndone, "submit_work": flow.WorkSubmitted,
	} {
		p := samplePress()
		p.Action = action
		events := r.take(interactive(pressed(action, r.seal.value(p))))
		if len(events) != 1 {
			t.Fatalf("%s: Parse = %+v, want one event", action, events)
		}
		ev := events[0]
		if ev.Kind != kind || ev.Request != "CR-142" || ev.Field("stage") != "Brand review" || ev.Field("round") != "2" || ev.Field("version") != "v3~4%" {
			t.Errorf("%s: %+v, want a %s of CR-142, Brand review, round 2", action, ev, kind)
		}
		if want := ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"); ev.Where != want || ev.Delivery != ev.ID {
			t.Errorf("%s: where %v, delivery %q; want %v and the delivery's id", action, ev.Where, ev.Delivery, want)
		}
		verdict := ""
		if kind == flow.VoteCast {
			verdict = action
		}
		if ev.Field("verdict") != verdict {
			t.Errorf("%s: verdict %q, want %q", action, ev.Field("verdict"), verdict)
		}
	}
}

// TestParse_ConfirmedApproval: an approval that was asked for once more says so.
func TestParse_ConfirmedApproval(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for value, want := range map[string]string{"confirmed": "yes", "": ""} {
		p := samplePress()
		p.Action, p.Value = "approve", value
		events := r.take(interactive(pressed("approve", r.seal.value(p))))
		if len(events) != 1 || events[0].Field("confirmed") != want || events[0].Field("verdict") != "approve" {
			t.Errorf("button with %q: %+v, want confirmed %q", value, events, want)
		}
	}
}

func TestParse_MenuEntry(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := press{Action: "submit_work", Request: "CR-142"}
	payload := strings.Replace(pressed("more", ""), `"value":""`, `"selected_option":{"text":{"type":"plain_text","text":"Send to review"},"value":"`+r.seal.value(p)+`"}`, 1)
	if ev := r.take(interactive(payload))[0]; ev.Kind != flow.WorkSubmitted || ev.Request != "CR-142" {
		t.Errorf("Parse = %+v, want the work on CR-142 sent to review", ev)
	}
}

func TestParse_Forms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	seal := func(form, action string) string {
		p := press{Action: action, Request: "CR-142", Stage: "Legal", Round: 1}
		return r.seal.seal(origin{Form: form, User: ravi, Team: testTeam, Channel: "D0RAVI", Press: &p})
	}
	for name, tc := range map[string]struct {
		payload string
		check   func(flow.Event) bool
	}{
		"request changes": {
			submission(formChanges, seal(formChanges, actionChanges), ravi, `{"note#0":{"note":{"type":"plain_text_input","value":"1. Logo <larger>\n2. *Less* red"}},"link#0":{"link":{"type":"url_text_input","value":"https://x.example/a"}}}`),
			func(ev flow.Event) bool {
				return ev.Kind == flow.VoteCast && ev.Field("verdict") == "request_changes" && ev.Field("stage") == "Legal" &&
					ev.Body.String() == "1. Logo <larger>\n2. Less red https://x.example/a" && len(ev.Body) == 1
			},
		},
		"decline": {
			submission(formDecline, seal(formDecline, actionDecline), ravi, `{"note#0":{"note":{"value":"The claim is wrong"}}}`),
			func(ev flow.Event) bool {
				return ev.Kind == flow.VoteCast && ev.Field("verdict") == "decline" && ev.Field("stage") == "Legal" && ev.Body.String() == "The claim is wrong"
			},
		},
		"withdraw without a reason": {
			submission(formWithdraw, seal(formWithdraw, actionWithdraw), ravi, `{"note#0":{"note":{"value":null}}}`),
			func(ev flow.Event) bool {
				return ev.Kind == flow.RequestWithdrawn && ev.Request == "CR-142" && ev.Body.Empty()
			},
		},
		"answers": {
			submission(formAnswer, seal(formAnswer, actionAnswer), ravi, `{"answer.1#0":{"answer.1":{"value":"Twice as large"}},"answer.2#0":{"answer.2":{"value":null}},"note#0":{"note":{"value":"Ready"}}}`),
			func(ev flow.Event) bool {
				return ev.Kind == flow.WorkSubmitted && ev.Field("round") == "1" && ev.Field("answer.1") == "Twice as large" && ev.Fields["answer.2"] == nil && ev.Body.String() == "Ready"
			},
		},
		"delegate": {
			submission(formDelegate, seal(formDelegate, actionDelegate), ravi, `{"to#0":{"to":{"type":"users_select","selected_user":"U0DANA0001"}},"note#0":{"note":{"type":"plain_text_input","value":null}}}`),
			func(ev flow.Event) bool {
				return ev.Kind == flow.StageDelegated && ev.To.Ref == ref("user", "T0SIGNOFF1/U0DANA0001") && ev.To.Email == "u0dana0001@lumen.example" && ev.Field("round") == "1"
			},
		},
		"add detail": {
			submission(formDetail, seal(formDetail, actionDetail), ravi, `{"f.list.sizes#0":{"f.list.sizes":{"type":"plain_text_input","value":"300x250, 728x90\n160x600"}},"f.choice.brand#0":{"f.choice.brand":{"type":"static_select","selected_option":{"value":"Nova"}}},"note#0":{"note":{"value":"Use the new logo"}}}`),
			func(ev flow.Event) bool {
				return ev.Kind == flow.RequestEdited && cmp.Equal(ev.Fields, map[string][]string{"sizes": {"300x250", "728x90", "160x600"}, "brand": {"Nova"}}) &&
					ev.Body.String() == "Use the new logo"
			},
		},
	} {
		events := r.take(interactive(tc.payload))
		if len(events) != 1 || !tc.check(events[0]) {
			t.Errorf("%s: Parse = %+v", name, events)
		}
		if got, want := events[0].Where, ref("channel", "T0SIGNOFF1/D0RAVI"); got != want {
			t.Errorf("%s: where %v, want %v", name, got, want)
		}
	}
}

func TestParse_RequestForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	state := `{"title#1":{"title":{"value":"Spring banner"}},"text#0":{"text":{"value":"For the launch\n\nwith <b>"}},"type#0":{"type":{"selected_option":{"value":"banner"}}},
		"channel#0":{"channel":{"selected_conversation":"C0LAUNCH01"}},"due#0":{"due":{"selected_date":"2026-11-20"}},"link#0":{"link":{"value":"https://brief.example"}},
		"f.choices.regions#0":{"f.choices.regions":{"selected_options":[{"value":"EMEA"},{"value":"APAC"}]}},"foreign":{"x":{"value":"y"}}}`
	thread := ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100")
	for name, tc := range map[string]struct {
		origin origin
		links  []flow.Link
		where  flow.Ref
	}{
		"from a message": {
			origin{Form: formRequest, User: maya, Team: testTeam, Channel: "C0LAUNCH01", TS: "1760000000.000200", Thread: "1760000000.000100", Heard: "1760000000.000300"},
			[]flow.Link{{Ref: thread, Purpose: "thread", Label: "#launch", URL: "https://lumen.slack.com/archives/C0LAUNCH01/p1"}}, thread,
		},
		"from nowhere": {
			origin{Form: formRequest, User: maya, Team: testTeam},
			[]flow.Link{{Ref: ref("channel", "T0SIGNOFF1/C0LAUNCH01"), Purpose: "channel", Label: "#launch"}}, ref("channel", "T0SIGNOFF1/C0LAUNCH01"),
		},
	} {
		ev := r.take(interactive(submission(formRequest, r.seal.seal(tc.origin), maya, state)))[0]
		fields := map[string][]string{
			"source": {"slack"}, "title": {"Spring banner"}, "type": {"banner"}, "channel": {"#launch"}, "due": {"2026-11-20"},
			"regions": {"EMEA", "APAC"},
		}
		if diff := cmp.Diff(fields, ev.Fields); diff != "" || ev.Kind != flow.RequestSubmitted {
			t.Errorf("%s: %s with fields (-want +got):\n%s", name, ev.Kind, diff)
		}
		if ev.Seq != tc.origin.Heard || !ev.Sent.Equal(tsTime(tc.origin.Heard)) {
			t.Errorf("%s: made from what was said until %q (%v), want until %q: what came while the form was open is said in the conversation", name, ev.Seq, ev.Sent, tc.origin.Heard)
		}
		if diff := cmp.Diff(tc.links, ev.Links); diff != "" || ev.Where != tc.where {
			t.Errorf("%s: where %v, links (-want +got):\n%s", name, ev.Where, diff)
		}
		if want := "For the launch\n\nwith <b>\n\nLink: https://brief.example"; ev.Body.String() != want {
			t.Errorf("%s: body %q, want %q", name, ev.Body.String(), want)
		}
	}
}

func TestPermalink_IsComposedAsSlackDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("auth.test", say(fmt.Sprintf(`{"ok":true,"url":"https://lumen.slack.com/","team_id":%q,"user_id":%q,"bot_id":%q,"app_id":%q}`, testTeam, testBot, testBotID, testApp)))
	r.api.on("chat.getPermalink", refuse("fatal_error")) // nobody needs to ask
	if _, _, err := r.askInstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	for want, thread := range map[string]string{
		"https://lumen.slack.com/archives/C0LAUNCH01/p1760000000000200": "",
		"https://lumen.slack.com/archives/C0LAUNCH01/p1760000000000100": `,"thread_ts":"1760000000.000100"`, // the thread's first
	} {
		ev := r.take(event(`{"type":"app_mention","user":"U0MAYA0001","text":"<@U0BOT00001> banner","channel":"C0LAUNCH01","ts":"1760000000.000200"` + thread + `}`))[0]
		if len(ev.Links) != 1 || ev.Links[0].URL != want {
			t.Errorf("the thread's link = %+v, want the address %s", ev.Links, want)
		}
	}
	if got, want := r.permalink(t.Context(), testTeam, "C1", "2.000200", "1.000100"), "https://lumen.slack.com/archives/C1/p2000200?thread_ts=1.000100&cid=C1"; got != want {
		t.Errorf("a reply's address = %q, want %q", got, want)
	}
	for said, want := range map[string]string{
		"https://lumen.slack.com": "https://lumen.slack.com/", "http://lumen.slack.com/": "", "javascript:alert(1)": "", "": "", "https://x/?a=b": "",
	} {
		if got := workspaceURL(said); got != want {
			t.Errorf("workspaceURL(%q) = %q, want %q", said, got, want)
		}
	}
}

func TestEnrich_Degrades(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, method := range []string{"users.info", "conversations.info", "conversations.replies", "chat.getPermalink"} {
		r.api.on(method, refuse("missing_scope"))
	}
	ev := r.take(event(`{"type":"app_mention","user":"U0MAYA0001","text":"<@U0BOT00001> banner","channel":"C0LAUNCH01","ts":"1760000000.000200","thread_ts":"1760000000.000100"}`))[0]
	if ev.Actor.Ref != ref("user", "T0SIGNOFF1/U0MAYA0001") || ev.Body.String() != "banner" {
		t.Errorf("Parse = %+v, want the request without names", ev)
	}
}

func TestEnrich_AsksAgainLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("users.info", status(429, "Retry-After", "7"))
	in := interactive(pressed("approve", r.seal.value(samplePress())))
	_, err := r.Enrich(t.Context(), delivery(in, r.accept(in)))
	if e := asError(t, err); e.Class != "limited" || e.Wait != 7*time.Second {
		t.Errorf("Enrich = %v (%+v), want limited for 7 s", err, e)
	}
	if _, err := r.Enrich(t.Context(), delivery(in, r.accept(in))); asError(t, err).Class != "limited" || len(r.api.of("users.info")) != 1 {
		t.Errorf("asked again before its time: %v, after %d calls", err, len(r.api.of("users.info")))
	}
	r.http.respites.now = func() time.Time { return testNow().Add(7 * time.Second) }
	r.api.on("users.info", say(`{"ok":true,"user":{"id":"U0RAVI0001","profile":{"real_name":"Ravi"}}}`))
	if ev := r.take(in)[0]; ev.Actor.Shown != "Ravi" {
		t.Errorf("actor %+v, want Ravi", ev.Actor)
	}
	r.now = func() time.Time { return testNow().Add(3 * time.Hour) }
	r.api.on("users.info", status(503))
	if ev := r.take(in)[0]; ev.Actor.Shown != "Ravi" {
		t.Errorf("actor %+v while Slack is down, want the kept name", ev.Actor)
	}
}

// TestRecall_KnowsWhatWasAskedBefore: nothing is asked while Slack waits for its answer, and what is not known, or was
// asked too long ago, is left to Enrich.
func TestRecall_KnowsWhatWasAskedBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.known.Store(&install{Team: testTeam, App: testApp, User: testBot, Bot: testBotID, URL: "https://lumen.slack.com/"})
	r.api.on("users.info", say(`{"ok":true,"user":{"id":"U0MAYA0001","profile":{"real_name":"Maya"}}}`))
	r.api.on("conversations.info", say(`{"ok":true,"channel":{"name":"launch"}}`))
	in := event(`{"type":"app_mention","user":"U0MAYA0001","text":"<@U0BOT00001> banner","channel":"C0LAUNCH01","ts":"1760000000.000200"}`)
	d := delivery(in, r.accept(in))
	if got, ok := r.Recall(t.Context(), d); ok || len(r.api.of("users.info")) > 0 {
		t.Errorf("Recall of strangers = %s, %v after %d calls, want nothing and no call", got, ok, len(r.api.of("users.info")))
	}
	want, err := r.Enrich(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	asked := len(r.api.of("users.info"))
	if got, ok := r.Recall(t.Context(), d); !ok || string(got) != string(want) || len(r.api.of("users.info")) != asked {
		t.Errorf("Recall = %s, %v after %d calls, want %s and no further call", got, ok, len(r.api.of("users.info"))-asked, want)
	}
	in = event(`{"type":"app_mention","user":"U0MAYA0001","text":"<@U0BOT00001> banner","channel":"C0LAUNCH01","ts":"1760000000.000300","thread_ts":"1760000000.000100"}`)
	if got, ok := r.Recall(t.Context(), delivery(in, r.accept(in))); ok {
		t.Errorf("Recall of a thread that was not read = %s, want nothing", got)
	}
	r.now = func() time.Time { return testNow().Add(3 * time.Hour) }
	if got, ok := r.Recall(t.Context(), d); ok {
		t.Errorf("Recall after three hours = %s, want nothing", got)
	}
}
