package slack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const threadKey = "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"

// inThread is a message in the thread of a request.
func inThread(ts, more string) string {
	return fmt.Sprintf(`{"type":"message","channel":"C0LAUNCH01","channel_type":"channel","thread_ts":"1760000000.000100","ts":%q,"event_ts":%q%s}`, ts, ts, more)
}

// following is a rig whose one thread belongs to a request.
func following(t testing.TB) *rig {
	r := newRig(t)
	r.Ask(&fakeQuery{touching: map[flow.Ref]flow.Request{ref("thread", threadKey): {ID: "CR-142", Status: flow.InReview}}})
	r.known.Store(&install{Team: testTeam, App: testApp, User: testBot, Bot: testBotID, URL: "https://lumen.slack.com/"})
	return r
}

func TestConversation_WhatIsSaidAndBecomesOfIt(t *testing.T) {
	t.Parallel()
	const reply = `,"user":"U0MAYA0001","text":"Larger *logo* please, <@U0RAVI0001>"`
	for name, tc := range map[string]struct {
		inner string
		kind  flow.Kind
		said  string
		sent  time.Time
		body  string
		files []flow.File
	}{
		"reply": {
			inThread("1760000005.000200", reply), flow.CommentAdded, "1760000005.000200", time.Unix(1760000005, 200_000).UTC(), "Larger logo please, @Name U0RAVI0001", nil,
		},
		"also sent to the channel": {
			inThread("1760000005.000200", reply+`,"subtype":"thread_broadcast","root":{"ts":"1760000000.000100"}`), flow.CommentAdded, "1760000005.000200", time.Unix(1760000005, 200_000).UTC(), "Larger logo please, @Name U0RAVI0001", nil,
		},
		"mention in the thread": {
			inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"<@U0BOT00001> the logo too"`), flow.CommentAdded, "1760000005.000200", time.Unix(1760000005, 200_000).UTC(), "the logo too", nil,
		},
		"edit": {
			`{"type":"message","subtype":"message_changed","hidden":true,"channel":"C0LAUNCH01","channel_type":"channel","event_ts":"1760000009.000300","ts":"1760000009.000300",
			  "message":{"type":"message","user":"U0MAYA0001","text":"Smaller","ts":"1760000005.000200","thread_ts":"1760000000.000100","edited":{"user":"U0MAYA0001","ts":"1760000009.000000"}},
			  "previous_message":{"type":"message","user":"U0MAYA0001","text":"Larger","ts":"1760000005.000200","thread_ts":"1760000000.000100"}}`,
			flow.CommentEdited, "1760000005.000200", time.Unix(1760000009, 0).UTC(), "Smaller", nil,
		},
		"deletion": {
			`{"type":"message","subtype":"message_deleted","hidden":true,"channel":"C0LAUNCH01","channel_type":"channel","event_ts":"1760000010.000300","ts":"1760000010.000300","deleted_ts":"1760000005.000200",
			  "previous_message":{"type":"message","user":"U0MAYA0001","text":"Larger","ts":"1760000005.000200","thread_ts":"1760000000.000100"}}`,
			flow.CommentRemoved, "1760000005.000200", time.Unix(1760000010, 300_000).UTC(), "", nil,
		},
		"the first message deleted, replies stay": {
			`{"type":"message","subtype":"message_changed","hidden":true,"channel":"C0LAUNCH01","channel_type":"channel","event_ts":"1760000010.000300","ts":"1760000010.000300",
			  "message":{"type":"message","subtype":"tombstone","user":"USLACKBOT","text":"This message was deleted.","ts":"1760000000.000100","thread_ts":"1760000000.000100"},
			  "previous_message":{"type":"message","user":"U0MAYA0001","text":"Banner","ts":"1760000000.000100","thread_ts":"1760000000.000100"}}`,
			flow.CommentRemoved, "1760000000.000100", time.Unix(1760000010, 300_000).UTC(), "", nil,
		},
		"files and words": {
			inThread("1760000005.000200", `,"subtype":"file_share","user":"U0MAYA0001","text":"The brief","files":[{"id":"F1","name":"brief.pdf","mimetype":"application/pdf","size":12,"mode":"hosted","permalink":"https://lumen.slack.com/files/F1"}]`),
			flow.CommentAdded, "1760000005.000200", time.Unix(1760000005, 200_000).UTC(), "The brief",
			[]flow.File{{Ref: ref("file", "T0SIGNOFF1/F1"), Name: "brief.pdf", Type: "application/pdf", Size: 12, URL: "https://lumen.slack.com/files/F1"}},
		},
		"files alone": {
			inThread("1760000005.000200", `,"subtype":"file_share","user":"U0MAYA0001","text":"","files":[
				{"id":"F1","mode":"tombstone"},{"id":"F2","name":"old.png","mode":"hidden_by_limit"},
				{"id":"F3","name":"Deck","mode":"external","is_external":true,"external_url":"https://drive.example/d","url_private":"https://drive.example/p"}]`),
			flow.FilesAdded, "1760000005.000200", time.Unix(1760000005, 200_000).UTC(), "",
			[]flow.File{
				{Name: "file", Gone: "it was deleted in Slack"}, {Name: "old.png", Gone: "it is older than the Slack plan shows"},
				{Name: "Deck", URL: "https://drive.example/d", External: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := following(t)
			events := r.take(event(tc.inner))
			if len(events) != 1 {
				t.Fatalf("%d events, want one: %+v", len(events), events)
			}
			ev := events[0]
			if ev.Kind != tc.kind || ev.Subject != ref("thread", threadKey) || ev.Said != ref("message", "T0SIGNOFF1/C0LAUNCH01/"+tc.said) || ev.Seq != tc.said ||
				!ev.Sent.Equal(tc.sent) || ev.Body.String() != tc.body || !slices.Equal(ev.Files, tc.files) || ev.Echo {
				t.Errorf("event %+v, want %s of %s at %v: %q, files %+v", ev, tc.kind, tc.said, tc.sent, tc.body, tc.files)
			}
			if ev.Actor.Ref != ref("user", "T0SIGNOFF1/U0MAYA0001") || ev.Actor.Shown != "Name U0MAYA0001" {
				t.Errorf("actor %+v, want the author by name", ev.Actor)
			}
			if want := "https://lumen.slack.com/archives/C0LAUNCH01/p" + strings.ReplaceAll(tc.said, ".", ""); !strings.HasPrefix(ev.Links[0].URL, want) {
				t.Errorf("link %q, want %s", ev.Links[0].URL, want)
			}
		})
	}
}

func TestConversation_WhatChangesNothing(t *testing.T) {
	t.Parallel()
	r := following(t)
	changed := func(now, before string) string {
		return fmt.Sprintf(`{"type":"message","subtype":"message_changed","hidden":true,"channel":"C0LAUNCH01","event_ts":"2.1","message":%s,"previous_message":%s}`, now, before)
	}
	const before = `{"type":"message","user":"U0MAYA0001","text":"See https://x.example","ts":"1760000005.000200","thread_ts":"1760000000.000100"}`
	for name, inner := range map[string]string{
		"unfurl":            changed(`{"type":"message","user":"U0MAYA0001","text":"See https://x.example","ts":"1760000005.000200","attachments":[{"id":1}]}`, before),
		"unfurl of an edit": changed(`{"type":"message","user":"U0MAYA0001","text":"See https://x.example","ts":"1760000005.000200","edited":{"ts":"1760000006.000000"},"attachments":[{"id":1}]}`, before),
		"sent to channel":   changed(`{"type":"message","subtype":"thread_broadcast","user":"U0MAYA0001","text":"See https://x.example","ts":"1760000005.000200"}`, before),
		"joined":            `{"type":"message","subtype":"channel_join","user":"U0MAYA0001","text":"x","channel":"C0LAUNCH01","ts":"1.1"}`,
		"file_shared":       `{"type":"file_shared","file_id":"F1","user_id":"U0MAYA0001","channel_id":"C0LAUNCH01"}`,
		"a channel's words": `{"type":"message","channel":"C0LAUNCH01","channel_type":"channel","user":"U0MAYA0001","text":"lunch?","ts":"1760000005.000300"}`,
	} {
		if acc := r.accept(event(inner)); acc.Ignored == "" || acc.Enrich {
			t.Errorf("%s: Accept = %+v, want it ignored", name, acc)
		}
	}
}

// TestConversation_OneFactUnderSeveralIds: the content key is the same however a fact comes.
func TestConversation_OneFactUnderSeveralIds(t *testing.T) {
	t.Parallel()
	r := following(t)
	mention := inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"<@U0BOT00001> x"`)
	for name, pair := range map[string][2]string{
		"mention and message":    {mention, strings.Replace(mention, `"type":"message"`, `"type":"app_mention"`, 1)},
		"reply and broadcast":    {inThread("1760000005.000200", `,"user":"U1","text":"x"`), inThread("1760000005.000200", `,"user":"U1","text":"x","subtype":"thread_broadcast"`)},
		"deletion and tombstone": {`{"type":"message","subtype":"message_deleted","channel":"C1","event_ts":"3.1","deleted_ts":"1.1","previous_message":{"user":"U1","ts":"1.1"}}`, `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"3.2","message":{"subtype":"tombstone","ts":"1.1"},"previous_message":{"user":"U1","ts":"1.1"}}`},
	} {
		a, b := r.accept(event(pair[0])), r.accept(event(pair[1]))
		if a.Key == "" || a.Key != b.Key {
			t.Errorf("%s: content keys %q and %q, want the same", name, a.Key, b.Key)
		}
	}
}

// TestConversation_OwnWordsByReceipt: that a message is ours is known by having written it, not by its author.
func TestConversation_OwnWordsByReceipt(t *testing.T) {
	t.Parallel()
	own := func(ts string) connectors.Inbound {
		return event(inThread(ts, `,"user":"U0BOT00001","bot_id":"B0BOT00001","text":"CR-142 is in review"`))
	}
	r := following(t)
	if _, err := r.Do(t.Context(), show(card())); err != nil {
		t.Fatal(err)
	}
	if acc := r.accept(own("1760000100.000001")); acc.Ignored != ignoredOwn {
		t.Errorf("the card we posted: Accept = %+v, want it known", acc)
	}

	again := following(t) // the same store after a restart
	again.Connector.keep = r.keep
	if events := again.take(own("1760000100.000001")); len(events) != 0 {
		t.Errorf("after a restart: %+v, want nothing: the receipt is kept", events)
	}

	acc := r.accept(own("1759999000.000001"))
	d := delivery(own("1759999000.000001"), acc)
	learned, err := r.Enrich(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	d.Learned = learned
	events, err := r.Parse(d)
	if err != nil || len(events) != 1 || !events[0].Echo || events[0].Field("receipt") != "no" {
		t.Errorf("our account without a receipt: %+v, %v; want an echo without a receipt", events, err)
	}

	young := own("1759999999.000001")
	_, err = r.Enrich(t.Context(), delivery(young, r.accept(young)))
	if e := asError(t, err); e.Class != connectors.Transient || e.Wait <= 0 {
		t.Errorf("a message of a second ago whose call is not answered: %+v, want to be asked again", e)
	}
}

func TestConversation_ReceiptsAreCleared(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	now := testNow().Add(-8 * 24 * time.Hour)
	r.Connector.now = func() time.Time { return now }
	r.wrote(t.Context(), testTeam, "C1", "1.1")
	now = testNow()
	for i := range receiptsClear {
		r.wrote(t.Context(), testTeam, "C1", fmt.Sprintf("2.%06d", i))
	}
	var left int
	err := r.keep.Scan(t.Context(), receiptPrefix, func(string, []byte) error { left++; return nil })
	if old, _ := r.keep.Get(t.Context(), receiptKey(testTeam, "C1", "1.1")); err != nil || old != nil || left != receiptsClear {
		t.Errorf("%d receipts are left, the old one %q, %v; want the newer ones only", left, old, err)
	}
}

// TestConversation_WordsOfNoRequestCostNothing: nobody is asked about words in a thread that belongs to no request.
func TestConversation_WordsOfNoRequestCostNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Ask(&fakeQuery{})
	in := event(inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"hi <@U0RAVI0001>","files":[{"id":"F1","mode":"file_access","file_access":"check_file_info"}]`))
	acc := r.accept(in)
	if acc.About != ref("thread", threadKey) {
		t.Errorf("Accept = %+v, want the thread it is about", acc)
	}
	r.take(in)
	if n := len(r.api.calls); n != 0 {
		t.Errorf("%d calls for words of no request: %+v", n, r.api.calls)
	}
}

func TestConversation_FilesOfASharedChannelAreAskedFor(t *testing.T) {
	t.Parallel()
	r := following(t)
	r.api.on("files.info", say(`{"ok":true,"file":{"id":"F9","name":"logo.svg","mimetype":"image/svg+xml","size":99,"mode":"hosted","permalink":"https://lumen.slack.com/F9"}}`))
	events := r.take(event(inThread("1760000005.000200", `,"user":"U0MAYA0001","text":"x","files":[{"id":"F9","mode":"file_access","file_access":"check_file_info"}]`)))
	want := []flow.File{{Ref: ref("file", "T0SIGNOFF1/F9"), Name: "logo.svg", Type: "image/svg+xml", Size: 99, URL: "https://lumen.slack.com/F9"}}
	if !slices.Equal(events[0].Files, want) {
		t.Errorf("files %+v, want %+v", events[0].Files, want)
	}
	r.api.on("files.info", refuse("file_not_found"))
	events = r.take(event(inThread("1760000006.000200", `,"user":"U0MAYA0001","text":"x","files":[{"id":"F8","mode":"file_access","file_access":"check_file_info"}]`)))
	if f := events[0].Files; len(f) != 1 || f[0].Gone == "" || !f[0].Ref.Zero() {
		t.Errorf("files %+v, want one without bytes and why", f)
	}
}

func TestSaid_ReadsWhatEventsWouldHaveTold(t *testing.T) {
	t.Parallel()
	r := following(t)
	r.api.on("conversations.replies",
		say(`{"ok":true,"messages":[
			{"type":"message","user":"U0MAYA0001","text":"Banner","ts":"1760000000.000100","thread_ts":"1760000000.000100"},
			{"type":"message","user":"U0RAVI0001","text":"old, edited now","ts":"1760000001.000100","thread_ts":"1760000000.000100","edited":{"ts":"1760000050.000000"}},
			{"type":"message","bot_id":"B0BOT00001","user":"U0BOT00001","text":"card","ts":"1760000041.000100","thread_ts":"1760000000.000100"},
			{"type":"message","subtype":"channel_join","user":"U0RAVI0001","text":"joined","ts":"1760000042.000100"}],
			"response_metadata":{"next_cursor":"c2"}}`),
		say(`{"ok":true,"messages":[
			{"type":"message","user":"U0MAYA0001","text":"Banner","ts":"1760000000.000100","thread_ts":"1760000000.000100"},
			{"type":"message","user":"U0MAYA0001","text":"new","ts":"1760000045.000100","thread_ts":"1760000000.000100"},
			{"type":"message","user":"U0MAYA0001","text":"","ts":"1760000046.000100","thread_ts":"1760000000.000100","files":[{"id":"F1","name":"a.png","mode":"hosted"}]}]}`))
	events, err := r.Said(t.Context(), ref("thread", threadKey), time.Unix(1760000040, 0))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, ev := range events {
		got = append(got, fmt.Sprintf("%s %s %d %s", ev.Kind, ev.Body, ev.Sent.Unix(), ev.Actor.Shown))
		if ev.ID == "" || ev.Subject != ref("thread", threadKey) {
			t.Errorf("event %+v has no id or another thread", ev)
		}
	}
	want := []string{
		"comment.edited old, edited now 1760000050 Name U0RAVI0001", "comment.added new 1760000045 Name U0MAYA0001",
		"files.added  1760000046 Name U0MAYA0001",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Said = %q, want %q", got, want)
	}
	if _, err := r.Said(context.Background(), ref("channel", "T0SIGNOFF1/C1"), testNow()); asError(t, err).Class != connectors.Rejected {
		t.Errorf("Said of a channel = %v, want it rejected", err)
	}
}

// TestForm_BringsTheFilesOfItsThread: what was attached before the form was sent belongs to the request, and the newest
// message that was read is noted.
func TestForm_BringsTheFilesOfItsThread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", say(`{"ok":true,"messages":[
		{"user":"U0MAYA0001","text":"Banner","ts":"1760000000.000100","files":[{"id":"F1","name":"brief.pdf","mode":"hosted"}]},
		{"user":"U0RAVI0001","text":"and this","ts":"1760000005.000200","thread_ts":"1760000000.000100","files":[{"id":"F2","name":"logo.svg","mode":"hosted"}]}]}`))
	o := r.seal.seal(origin{Form: formRequest, User: ravi, Team: testTeam, Channel: "C0LAUNCH01", TS: "1760000000.000100"})
	events := r.take(interactive(submission(formRequest, o, ravi, `{"title#0":{"title":{"type":"plain_text_input","value":"Banner"}}}`)))
	if len(events) != 1 {
		t.Fatalf("events %+v", events)
	}
	ev := events[0]
	if len(ev.Files) != 2 || ev.Files[0].Name != "brief.pdf" || ev.Files[1].Ref != ref("file", "T0SIGNOFF1/F2") || ev.Seq != "1760000005.000200" || ev.Said.Key != threadKey {
		t.Errorf("files %+v, heard %q of %v; want both files and the newest message", ev.Files, ev.Seq, ev.Said)
	}
}

// TestAccount_QuestionBelongsToNoRequest: the question whose account it is has no request, and its buttons still mean
// something.
func TestAccount_QuestionBelongsToNoRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := flow.Effect{ID: "account/maya/jira/557058:ab", Target: "slack", Known: map[string]flow.Ref{"maya": ref("user", testTeam+"/"+maya)}, Tell: &flow.Tell{
		To: []flow.Actor{{Name: "maya"}}, View: flow.View{Kind: flow.NoticeView, Headline: "Is the Jira account Maya L. yours?", Buttons: []flow.Button{
			{Action: "account_yes", Label: "Yes, that is me", Value: "jira:account:557058:ab"}, {Action: "account_no", Label: "No", Value: "jira:account:557058:ab"},
		}},
	}}
	lintMessage(t, "question", r.render(e))
	for range 2 {
		if _, err := r.Do(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	args := r.api.only("chat.postMessage").Args
	buttons := onPage(t, args["blocks"])
	in := interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001"},"api_app_id":"A0SIGNOFF1","trigger_id":"1.2","response_url":%q,
		"channel":{"id":"D0MAYA0001"},"container":{"type":"message","message_ts":"1.1","channel_id":"D0MAYA0001"},
		"actions":[{"action_id":"account_yes","type":"button","value":%q,"action_ts":"1760000030.000100"}]}`, r.api.replyAddress(), buttons["account_yes"]["value"]))
	if events := r.take(in); len(events) != 1 || events[0].Field("account") != "jira:account:557058:ab" || events[0].Field("answer") != "yes" {
		t.Errorf("the press says %+v", events)
	}
	r.respond(in, &fakeQuery{})
	if got := r.api.only("reply").Args["body"]; !strings.Contains(got, `"replace_original":true`) || !strings.Contains(got, sentenceAnswered) {
		t.Errorf("the question is answered with %s, want it replaced", got)
	}
}

// TestConversation_StrangeShapes: what Slack has never sent so far is taken for what it can be, or for nothing.
func TestConversation_StrangeShapes(t *testing.T) {
	t.Parallel()
	r := newRig(t, `emoji: ":art:"`, `watch: ["#launch"]`)
	for _, inner := range []string{
		`{"type":"message","subtype":"message_changed","channel":"C1","message":"x","previous_message":[]}`,
		`{"type":"message","subtype":"message_changed","channel":"C1","message":{"ts":1,"edited":"x","files":{"id":"F1"},"text":{}}}`,
		`{"type":"message","subtype":"message_deleted","channel":"C1","deleted_ts":12,"previous_message":null}`,
		`{"type":"message","subtype":"message_deleted","channel":"C0LAUNCH01","deleted_ts":"1760000005.000200"}`,
		`{"type":"message","channel":"C0LAUNCH01","ts":"1760000005.000200","user":{"id":"U1"},"text":[],"files":[null,"F1",{"id":7},{"id":"F1","size":"big","is_external":"yes"}],"blocks":"x","edited":[]}`,
		`{"type":"message","channel":"C0LAUNCH01","ts":"not a time","thread_ts":"1760000000.000100","user":"U0MAYA0001","text":"x","reply_count":"many"}`,
		`{"type":"reaction_added","user":"U1","reaction":"art","item":"C1"}`, `{"type":"reaction_added","user":[],"reaction":"art","item":{"type":"message","channel":{},"ts":"1.1"}}`,
		`{"type":"app_home_opened","user":{},"tab":"home"}`, `{"type":"app_home_opened","user":"U1","tab":7}`,
		`{"type":"link_shared","links":"x","channel":"C1","message_ts":"1.1"}`, `{"type":"link_shared","links":[{"url":7},null,{"url":"https://hub.lumen.example/requests/%zz"},{"url":"https://hub.lumen.example/requests/CR-1"}],"channel":"C1","message_ts":"1.1"}`,
	} {
		in := event(inner)
		acc := r.accept(in)
		d := delivery(in, acc)
		if acc.Enrich {
			learned, err := r.Enrich(t.Context(), d)
			if err != nil && connectors.ClassOf(err) != connectors.Transient {
				t.Errorf("Enrich of %s: %v", inner, err)
			}
			d.Learned = learned
		}
		events, err := r.Parse(d)
		if err != nil {
			t.Errorf("Parse of %s: %v", inner, err)
		}
		for _, ev := range events {
			if ev.Kind == "" || ev.Subject.System == "" && ev.Where.System == "" {
				t.Errorf("%s gives %+v, which is about nothing", inner, ev)
			}
		}
	}
}

func TestFiles_OneOddEntryCostsNoOther(t *testing.T) {
	t.Parallel()
	files := attachedIn(loose(`[null,"F0",{"id":7},{"id":"F1","size":"big","is_external":"yes"},[],{"id":"F2"}]`))
	if len(files) != 2 || files[0].ID != "F1" || files[1].ID != "F2" {
		t.Errorf("files %+v, want F1 and F2", files)
	}
}
