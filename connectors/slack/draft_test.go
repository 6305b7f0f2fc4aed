package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func reaction(name, ts string) string {
	return fmt.Sprintf(`{"type":"reaction_added","user":"U0RAVI0001","reaction":%q,"item_user":"U0MAYA0001","item":{"type":"message","channel":"C0LAUNCH01","ts":%q},"event_ts":"1760000020.000100"}`, name, ts)
}

func TestDraft_Emoji(t *testing.T) {
	t.Parallel()
	const top = `{"type":"message","user":"U0MAYA0001","text":"Need a *Nova* banner","ts":"1760000000.000100"`
	for name, tc := range map[string]struct {
		history, replies string
		where            flow.Ref
		body             string
	}{
		"a message of the channel": {`{"ok":true,"messages":[` + top + `}]}`, "", ref("channel", "T0SIGNOFF1/C0LAUNCH01"), "Need a Nova banner"},
		"the first of a thread":    {`{"ok":true,"messages":[` + top + `,"thread_ts":"1760000000.000100","reply_count":2}]}`, "", ref("thread", threadKey), "Need a Nova banner"},
		"a reply": {
			`{"ok":true,"messages":[{"user":"U1","text":"another","ts":"1759999999.000100"}]}`,
			`{"ok":true,"messages":[{"user":"U1","text":"first","ts":"1759999990.000100"},` + top + `,"thread_ts":"1759999990.000100"}]}`,
			ref("thread", "T0SIGNOFF1/C0LAUNCH01/1759999990.000100"), "Need a Nova banner",
		},
		"unreadable": {`{"ok":false,"error":"not_in_channel"}`, "", ref("channel", "T0SIGNOFF1/C0LAUNCH01"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, `emoji: ":art:"`)
			r.api.on("conversations.history", say(tc.history))
			r.api.on("conversations.replies", say(tc.replies))
			events := r.take(event(reaction("art::skin-tone-3", "1760000000.000100")))
			if len(events) != 1 {
				t.Fatalf("%d events, want one", len(events))
			}
			ev := events[0]
			if ev.Kind != flow.RequestSubmitted || ev.Field("draft") != "emoji" || ev.Where != tc.where || ev.Body.String() != tc.body ||
				ev.Actor.Ref != ref("user", "T0SIGNOFF1/U0RAVI0001") || ev.Actor.Email == "" || ev.Said.Key != "T0SIGNOFF1/C0LAUNCH01/1760000000.000100" {
				t.Errorf("event %+v, want a draft for Ravi at %v: %q", ev, tc.where, tc.body)
			}
			if args := r.api.of("conversations.history")[0].Args; args["latest"] != "1760000000.000100" || args["inclusive"] != "true" || args["limit"] != "1" {
				t.Errorf("history read with %v", args)
			}
		})
	}
}

func TestDraft_OtherEmojiCostNothing(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*rig{"another one": newRig(t, `emoji: ":art:"`), "switched off": newRig(t)} {
		for _, emoji := range []string{"eyes", "artist", "+1::skin-tone-2"} {
			if acc := r.accept(event(reaction(emoji, "1.1"))); acc.Ignored == "" || acc.Enrich {
				t.Errorf("%s, %s: Accept = %+v, want it ignored", name, emoji, acc)
			}
		}
	}
	r := newRig(t, `emoji: ":art:"`)
	for _, inner := range []string{
		`{"type":"reaction_added","user":"U0BOT00001","reaction":"art","item":{"type":"message","channel":"C1","ts":"1.1"}}`,
		`{"type":"reaction_added","user":"U1","reaction":"art","item":{"type":"file","file":"F1"}}`,
		`{"type":"reaction_added","user":"U1","reaction":"art"}`,
	} {
		if acc := r.accept(event(inner)); acc.Ignored == "" {
			t.Errorf("Accept(%s) = %+v, want it ignored", inner, acc)
		}
	}
}

func TestDraft_WatchedChannel(t *testing.T) {
	t.Parallel()
	said := func(channel, more string) connectors.Inbound {
		return event(fmt.Sprintf(`{"type":"message","channel":%q,"channel_type":"channel","ts":"1760000000.000100"%s}`, channel, more))
	}
	const mayas = `,"user":"U0MAYA0001","text":"A banner by Friday"`
	r := newRig(t, `watch: ["#launch", C0BYID0001]`)
	events := r.take(said("C0LAUNCH01", mayas))
	if len(events) != 1 || events[0].Field("draft") != "watch" || events[0].Where != ref("channel", "T0SIGNOFF1/C0LAUNCH01") || events[0].Actor.Ref.Key != "T0SIGNOFF1/U0MAYA0001" {
		t.Errorf("a new message: %+v, want a draft for its author", events)
	}
	if events := r.take(said("C0BYID0001", mayas)); len(events) != 1 {
		t.Errorf("a channel watched by id: %+v, want a draft", events)
	}
	for name, in := range map[string]connectors.Inbound{
		"opted out":       said("C0LAUNCH01", `,"user":"U0MAYA0001","text":":megaphone: Lunch is ready"`),
		"opted out, char": said("C0LAUNCH01", `,"user":"U0MAYA0001","text":"📣 Lunch is ready"`),
		"a bot":           said("C0LAUNCH01", `,"user":"U0OTHER001","bot_id":"B1","text":"deployed"`),
		"joining":         said("C0LAUNCH01", `,"subtype":"channel_join","user":"U0MAYA0001","text":"joined"`),
	} {
		if acc := r.accept(in); acc.Ignored == "" {
			t.Errorf("%s: Accept = %+v, want it ignored", name, acc)
		}
	}
	if acc := r.accept(said("C0LAUNCH01", mayas+`,"thread_ts":"1759999990.000100"`)); acc.About.Zero() {
		t.Errorf("a reply there: Accept = %+v, want it to count for its thread only", acc)
	}

	r.api.on("conversations.info", say(`{"ok":true,"channel":{"id":"C0OTHER001","name":"random"}}`))
	if events := r.take(said("C0OTHER001", mayas)); len(events) != 0 {
		t.Errorf("another channel: %+v, want nothing", events)
	}
	if acc := r.accept(said("C0OTHER001", mayas)); acc.Ignored == "" {
		t.Errorf("another channel once its name is known: Accept = %+v, want it ignored at once", acc)
	}
	if n := len(r.api.of("users.info")); n != 1 {
		t.Errorf("users.info was called %d times, want once: nobody is asked about authors elsewhere", n)
	}
}

func direct(words string) connectors.Inbound {
	return event(fmt.Sprintf(`{"type":"message","channel":"D0MAYA0001","channel_type":"im","user":"U0MAYA0001","text":%q,"ts":"1760000000.000100"}`, words))
}

func TestDraft_DirectMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, words := range []string{"A banner by Friday", "new banner for the launch", "help me with a video", "status update video for Tom"} {
		events := r.take(direct(words))
		if len(events) != 1 || events[0].Field("draft") != "direct" || events[0].Where != ref("thread", "T0SIGNOFF1/D0MAYA0001/1760000000.000100") || events[0].Body.String() != words {
			t.Errorf("%q: %+v, want a draft in the thread of that message", words, events)
		}
	}
}

func TestDraft_OfAFileWithoutWordsBearsItsName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	events := r.take(event(`{"type":"message","subtype":"file_share","channel":"D0MAYA0001","channel_type":"im","user":"U0MAYA0001","text":"","ts":"1760000000.000100","files":[{"id":"F1","name":"Spring brief.pdf","mode":"hosted"}]}`))
	if len(events) != 1 || events[0].Field("title") != "Spring brief.pdf" || len(events[0].Files) != 1 {
		t.Errorf("%+v, want a draft named after its file", events)
	}
}

func TestVerb_DirectAndBehindAMention(t *testing.T) {
	t.Parallel()
	request := flow.Request{ID: "CR-142", Title: "Nova banner", Status: flow.InReview}
	q := &fakeQuery{
		requests: map[string]flow.Request{"CR-142": request}, touching: map[flow.Ref]flow.Request{ref("thread", threadKey): request},
		waiting: []flow.Request{request}, why: text.Plain("The rule Banners applied."),
	}
	for words, want := range map[string]string{
		"help": "asks the right people", "": "asks the right people", "Status CR-142": "CR-142 Nova banner is in review", "why CR-142?": "The rule Banners applied.",
		"mine": "Waiting for you", "status": "Waiting for you", "new": `"action_id":"new"`,
		"hi": "asks the right people", "Thank you very much!": "asks the right people", "statsu CR-142": "Did you mean status?", "hepl": "Did you mean help?",
	} {
		r := newRig(t)
		in := direct(words)
		acc := r.accept(in)
		if !acc.Waits || acc.Ignored == "" || acc.Enrich {
			t.Fatalf("%q: Accept = %+v, want it answered at once", words, acc)
		}
		reply := r.respond(in, q)
		r.respond(in, q) // Slack sends it again
		if who := q.who; (strings.HasPrefix(want, "Waiting")) && who.Email != "u0maya0001@lumen.example" {
			t.Errorf("%q is asked by %+v, want an account that can be recognised", words, who)
		}
		got := r.api.only("chat.postMessage").Args
		if got["channel"] != "D0MAYA0001" || !strings.Contains(got["blocks"], want) || len(reply.Body) != 0 {
			t.Errorf("%q is answered %v, want %q in the direct message", words, got, want)
		}
	}
	r := newRig(t)
	mention := event(inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"<@U0BOT00001> status"`))
	r.respond(mention, q)
	r.respond(event(strings.Replace(inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"<@U0BOT00001> status"`), `"type":"message"`, `"type":"app_mention"`, 1)), q)
	if got := r.api.only("chat.postEphemeral").Args; got["user"] != "U0MAYA0001" || got["thread_ts"] != "1760000000.000100" || !strings.Contains(got["text"], "CR-142 Nova banner is in review") {
		t.Errorf("@signoff status in a thread is answered %v, want its request, once, for the person alone", got)
	}
}

func draftRequest() *fakeQuery {
	q := studioQuery()
	q.requests = map[string]flow.Request{"CR-7": {
		ID: "CR-7", Title: "Nova banner", Status: flow.Draft, Template: "banner", Body: text.Plain("A Nova banner by Friday"),
		Fields: map[string][]string{"brand": {"Nova"}},
	}}
	return q
}

// pressDraft presses a button of a draft that only one person sees.
func (r *rig) pressDraft(action string) connectors.Inbound {
	return interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001","team_id":"T0SIGNOFF1"},"api_app_id":"A0SIGNOFF1",
		"trigger_id":"1.2.abc","response_url":%q,"channel":{"id":"C0LAUNCH01"},"container":{"type":"message","message_ts":"1760000001.000100","channel_id":"C0LAUNCH01","is_ephemeral":true},
		"actions":[{"action_id":%q,"block_id":"actions/1","type":"button","value":%q,"action_ts":"1760000030.000100"}]}`,
		r.api.replyAddress(), action, r.seal.value(press{Action: action, Request: "CR-7"})))
}

func TestDraft_Presses(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]struct {
		kinds []flow.Kind
		says  string
	}{
		"confirm_draft": {[]flow.Kind{flow.DraftConfirmed}, sentenceConfirmed},
		"dismiss_draft": {[]flow.Kind{flow.DraftDismissed}, sentenceDismissed},
		"mute_drafts":   {[]flow.Kind{flow.DraftDismissed, flow.SettingChanged}, "not offered any more"},
	} {
		r := newRig(t)
		in := r.pressDraft(action)
		r.respond(in, draftRequest())
		answer := r.api.only("reply").Args["body"]
		if !strings.Contains(answer, `"replace_original":true`) || !strings.Contains(answer, want.says) || strings.Contains(answer, "actions") {
			t.Errorf("%s: the draft is replaced by %s, want %q without buttons", action, answer, want.says)
		}
		var kinds []flow.Kind
		for _, ev := range r.take(in) {
			kinds = append(kinds, ev.Kind)
			if ev.Kind == flow.SettingChanged && (ev.Field("name") != "drafts" || ev.Field("value") != "off" || ev.Request != "") {
				t.Errorf("%s: %+v, want drafts off", action, ev)
			}
			if ev.Kind != flow.SettingChanged && ev.Request != "CR-7" {
				t.Errorf("%s: %+v, want it about CR-7", action, ev)
			}
		}
		if fmt.Sprint(kinds) != fmt.Sprint(want.kinds) {
			t.Errorf("%s: events %v, want %v", action, kinds, want.kinds)
		}
	}
	r := newRig(t)
	r.respond(r.pressDraft("confirm_draft"), &fakeQuery{}) // it is no draft any more
	if answer := r.api.only("reply").Args["body"]; !strings.Contains(answer, `"delete_original":true`) {
		t.Errorf("a draft that is over is answered with %s, want it taken away", answer)
	}
}

func TestDraft_Edit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := draftRequest()
	reply := r.respond(r.pressDraft("edit_draft"), q)
	if !reply.Store {
		t.Errorf("reply %+v, want it stored", reply)
	}
	opened := r.api.only("views.open").Args["view"]
	var view struct {
		Callback string `json:"callback_id"`
		Metadata string `json:"private_metadata"`
	}
	if err := json.Unmarshal([]byte(opened), &view); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"initial_value":"Nova banner"`, "A Nova banner by Friday", "Nova"} {
		if !strings.Contains(opened, want) {
			t.Errorf("the form lacks %s: %s", want, opened)
		}
	}
	metadata, err := json.Marshal(view.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	sent := interactive(fmt.Sprintf(`{"type":"view_submission","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001","team_id":"T0SIGNOFF1"},"api_app_id":"A0SIGNOFF1","trigger_id":"1.2.abd",
		"view":{"id":"V1","type":"modal","callback_id":%q,"hash":"h","private_metadata":%s,"state":{"values":{
		"title#0":{"title":{"type":"plain_text_input","value":"Nova banner, wide"}},"text#0":{"text":{"type":"plain_text_input","value":"- 728x90"}},
		"type#0":{"type":{"type":"static_select","selected_option":{"value":"banner"}}}}}}}`, view.Callback, metadata))
	if reply := r.respond(sent, q); len(reply.Body) != 0 {
		t.Errorf("the form is answered %s, want it closed", reply.Body)
	}
	if answer := r.api.only("reply").Args["body"]; !strings.Contains(answer, sentenceConfirmed) {
		t.Errorf("the draft is replaced by %s", answer)
	}
	events := r.take(sent)
	if len(events) != 1 || events[0].Kind != flow.DraftConfirmed || events[0].Request != "CR-7" || events[0].Field("title") != "Nova banner, wide" ||
		events[0].Field("type") != "banner" || events[0].Body.String() != "- 728x90" {
		t.Errorf("events %+v, want the draft confirmed with what was edited", events)
	}
}

func TestAccount_Answers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for action, want := range map[string]string{"account_yes": "yes", "account_no": "no"} {
		in := interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001"},"api_app_id":"A0SIGNOFF1","trigger_id":"1.2",
			"channel":{"id":"D0MAYA0001"},"container":{"type":"message","message_ts":"1.1","channel_id":"D0MAYA0001"},
			"actions":[{"action_id":%q,"type":"button","value":%q,"action_ts":"1760000030.000100"}]}`, action, r.seal.value(press{Action: action, Value: "jira:account:557058:ab~c%d"})))
		events := r.take(in)
		if len(events) != 1 || events[0].Kind != flow.AccountAnswered || events[0].Field("answer") != want || events[0].Field("account") != "jira:account:557058:ab~c%d" || events[0].Request != "" {
			t.Errorf("%s: %+v, want the answer %q for the account", action, events, want)
		}
	}
}

func TestHeld_Answers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for action, want := range map[string]string{"held_accept": "accept", "held_new": "new", "held_spam": "spam"} {
		in := interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001"},"api_app_id":"A0SIGNOFF1","trigger_id":"1.2",
			"channel":{"id":"D0MAYA0001"},"container":{"type":"message","message_ts":"1.1","channel_id":"D0MAYA0001"},
			"actions":[{"action_id":%q,"type":"button","value":%q,"action_ts":"1760000030.000100"}]}`, action, r.seal.value(press{Action: action, Value: "email/0a1b"})))
		events := r.take(in)
		if len(events) != 1 || events[0].Kind != flow.HeldAnswered || events[0].Field("answer") != want || events[0].Field("delivery") != "email/0a1b" || events[0].Where.Zero() {
			t.Errorf("%s: %+v, want the answer %q for the delivery", action, events, want)
		}
	}
}

// TestDraft_WhatTheCoreSaysStandsInItsPlace: the answer to a press takes the place of the draft, whatever it is.
func TestDraft_WhatTheCoreSaysStandsInItsPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := r.pressDraft("confirm_draft")
	r.respond(in, draftRequest())
	e := private("slack/" + r.accept(in).ID)
	if _, err := r.Do(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	replies := r.api.of("reply")
	if len(replies) != 2 || !strings.Contains(replies[1].Args["body"], `"replace_original":true`) {
		t.Errorf("the core's answer is said %+v, want it in the draft's place", replies)
	}
}

// TestMention_MakesADraftTheRequest: a thread that only a draft belongs to still makes a request when we are mentioned.
func TestMention_MakesADraftTheRequest(t *testing.T) {
	t.Parallel()
	for status, want := range map[flow.Status]flow.Kind{flow.Draft: flow.RequestSubmitted, flow.InReview: flow.CommentAdded} {
		r := newRig(t)
		r.Ask(&fakeQuery{touching: map[flow.Ref]flow.Request{ref("thread", threadKey): {ID: "CR-7", Status: status}}})
		events := r.take(event(inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"<@U0BOT00001> please"`)))
		if len(events) != 1 || events[0].Kind != want {
			t.Errorf("%s: %+v, want %s", status, events, want)
		}
	}
}
