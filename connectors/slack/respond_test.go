package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func studio() []flow.RequestType {
	return []flow.RequestType{
		{Name: "banner", Label: "Banner", Fields: []flow.Field{
			{Name: "brand", Label: "Brand", Type: "choice", Choices: []string{"Lumen", "Nova"}, Required: true},
			{Name: "due", Label: "Due", Type: "date", Required: true},
			{Name: "sizes", Label: "Sizes", Type: "list", Help: "e.g. 300x250"},
		}},
		{Name: "video", Label: "Video", Fields: []flow.Field{
			{Name: "length", Label: "Length", Type: "number"}, {Name: "ratios", Label: "Ratios", Type: "choices", Choices: []string{"16:9", "1:1"}},
			{Name: "budget", Label: "Budget", Type: "money"}, {Name: "script", Label: "Script", Type: "long_text"},
			{Name: "ref", Label: "Reference", Type: "url"}, {Name: "lead", Label: "Lead", Type: "person"},
			{Name: "long", Label: "Long choice", Type: "choice", Choices: []string{strings.Repeat("x", 80)}},
		}},
	}
}

// studioQuery reads "Nova" and "Friday" out of words, as the rules would.
func studioQuery() *fakeQuery {
	return &fakeQuery{
		types: studio(),
		prefill: func(d flow.Form) flow.Prefill {
			p := flow.Prefill{Fields: map[string][]string{}, From: map[string]string{}}
			if strings.Contains(d.Text, "banner") {
				p.Type = "banner"
			}
			if strings.Contains(d.Text, "Nova") {
				p.Fields["brand"], p.From["brand"] = []string{"Nova"}, "Nova"
			}
			if strings.Contains(d.Text, "Friday") {
				p.Fields["due"], p.From["due"] = []string{"2026-11-20T16:30:00Z"}, "Friday"
			}
			return p
		},
	}
}

// inputs lists the inputs of a view that came over the wire: block id and the value it shows first.
func inputs(t *testing.T, raw string) map[string]string {
	t.Helper()
	var view struct {
		Blocks []struct {
			Type    string         `json:"type"`
			BlockID string         `json:"block_id"`
			Element map[string]any `json:"element"`
		} `json:"blocks"`
	}
	if err := json.Unmarshal([]byte(raw), &view); err != nil {
		t.Fatalf("view %s: %v", raw, err)
	}
	got := map[string]string{}
	for _, b := range view.Blocks {
		if b.Type != "input" {
			continue
		}
		got[b.BlockID] = ""
		for key, v := range b.Element {
			if o, ok := v.(map[string]any); ok && strings.HasPrefix(key, "initial_") {
				v = o["value"]
			}
			if strings.HasPrefix(key, "initial_") {
				got[b.BlockID] = fmt.Sprint(v)
			}
		}
	}
	return got
}

func messageAction(more string) string {
	return fmt.Sprintf(`{"type":"message_action","callback_id":"request_from_message","trigger_id":"1.2.abc","response_url":"RESPONSE","team":{"id":"T0SIGNOFF1"},"user":{"id":%q,"team_id":"T0SIGNOFF1"},"channel":{"id":"C0LAUNCH01","name":"launch"},"message_ts":"1760000000.000100","message":{"type":"message","user":"U0ANA00001","text":"Need a Nova banner\nfor &amp; with *all*","ts":"1760000000.000100"%s}}`, maya, more)
}

func TestRespond_MessageShortcutOpensAFilledForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	reply := r.respond(interactive(messageAction("")), studioQuery())
	if reply.Status != 200 || len(reply.Body) != 0 || !reply.Store || reply.Failed == nil {
		t.Errorf("Respond = %+v, want an empty 200 that is stored", reply)
	}
	call := r.api.only("views.open")
	want := map[string]string{
		"title#0": "Need a Nova banner", "text#0": "Need a Nova banner\nfor & with all", "type#0": "banner", "f.choice.brand#0": "Nova",
		"f.date.due#0": "", "f.list.sizes#0": "", "channel#0": "C0LAUNCH01", "link#0": "",
	}
	if diff := cmp.Diff(want, inputs(t, call.Args["view"])); diff != "" || call.Args["trigger_id"] != "1.2.abc" {
		t.Errorf("views.open with trigger %q and inputs (-want +got):\n%s", call.Args["trigger_id"], diff)
	}
	if asked, drawn := len(r.api.of("conversations.replies")), len(r.api.of("views.update")); asked != 1 || drawn != 0 {
		t.Errorf("a message without a thread: asked for it %d times and drawn again %d times, want 1 and 0", asked, drawn)
	}
}

func TestRespond_ThreadThatThePayloadDoesNotName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", say(`{"ok":true,"messages":[{"user":"U0ANA00001","text":"Need a Nova banner\nfor &amp; with *all*","ts":"1760000000.000100"},{"user":"U0MAYA0001","text":"by Friday","ts":"1760000000.000200"}]}`))
	r.respond(interactive(messageAction("")), studioQuery())
	if view := r.api.only("views.open").Args["view"]; strings.Contains(view, "still being read") {
		t.Errorf("the first view speaks of a thread that may not be there: %s", view)
	}
	got := inputs(t, r.api.only("views.update").Args["view"])
	if want := "Need a Nova banner\nfor & with all\n\nby Friday"; got["text#1"] != want || got["f.date.due#1"] != "2026-11-20" {
		t.Errorf("views.update with %q, want the description %q and the day of the reply", got, want)
	}
}

func TestRespond_PeopleMentionedHaveTheirNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", refuse("not_in_channel"))
	action := strings.Replace(messageAction(""), "Need a Nova banner", "Need a Nova banner with <@U0BEN00001>", 1)
	r.respond(interactive(action), studioQuery())
	got := inputs(t, r.api.only("views.update").Args["view"])
	if want := "Need a Nova banner with @Name U0BEN00001"; got["title#1"] != want {
		t.Errorf("views.update with %q, want the title %q", got, want)
	}
}

func TestRespond_MessageOfBlocksOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	action := strings.Replace(messageAction(""), `"text":"Need a Nova banner\nfor &amp; with *all*"`, `"text":"This content can't be displayed.","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Need a Nova banner"},{"type":"new","x":1}]},{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"for R&D"}]}]}]},{"type":"actions","elements":[{"type":"workflow_button"}]}]`, 1)
	r.respond(interactive(action), studioQuery())
	got := inputs(t, r.api.only("views.open").Args["view"])
	if got["title#0"] != "Need a Nova banner" || !strings.Contains(got["text#0"], "for R&D") || got["type#0"] != "banner" {
		t.Errorf("views.open with %q, want the words of the blocks", got)
	}
}

func metadataIn(t *testing.T, view string) string {
	t.Helper()
	var v struct {
		Metadata string `json:"private_metadata"`
	}
	if err := json.Unmarshal([]byte(view), &v); err != nil {
		t.Fatal(err)
	}
	return v.Metadata
}

func TestRespond_ThreadIsReadAfterTheFormIsOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", say(`{"ok":true,"messages":[{"user":"U0ANA00001","text":"Need a Nova banner","ts":"1760000000.000100"},{"bot_id":"B0BOT00001","text":"card","ts":"1"},{"user":"U0MAYA0001","text":"by Friday &lt;please&gt;","ts":"1760000000.000200"}]}`))
	r.respond(interactive(messageAction(`,"thread_ts":"1760000000.000100"`)), studioQuery())
	if view := r.api.only("views.open").Args["view"]; !strings.Contains(view, "still being read") {
		t.Errorf("the first view does not say that the thread is being read: %s", view)
	}
	call := r.api.only("views.update")
	want := map[string]string{
		"title#0": "Need a Nova banner", "text#1": "Need a Nova banner\n\nby Friday <please>", "type#1": "banner", "f.choice.brand#1": "Nova",
		"f.date.due#1": "2026-11-20", "f.list.sizes#0": "", "channel#0": "C0LAUNCH01", "link#0": "",
	}
	if diff := cmp.Diff(want, inputs(t, call.Args["view"])); diff != "" {
		t.Errorf("views.update (-want +got):\n%s", diff)
	}
	if o, ok := r.seal.open(metadataIn(t, call.Args["view"])); !ok || o.Heard != "1760000000.000200" {
		t.Errorf("the form says that it was filled from %+v, want it up to the newest message", o)
	}
	if call.Args["view_id"] != "V0VIEW0001" || call.Args["hash"] != "1760000000.aaaa" || strings.Contains(call.Args["view"], "still being read") || !strings.Contains(call.Args["view"], "Read from “Friday”") {
		t.Errorf("views.update with %v", call.Args)
	}
}

func TestRespond_ThreadThatCannotBeReadLeavesTheFormUsable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", refuse("not_in_channel"))
	r.respond(interactive(messageAction(`,"thread_ts":"1760000000.000100"`)), studioQuery())
	got := inputs(t, r.api.only("views.update").Args["view"])
	if got["title#0"] != "Need a Nova banner" || got["f.choice.brand#0"] != "Nova" {
		t.Errorf("views.update with %v, want what the message said", got)
	}
}

func TestRespond_ThreadOfARequestIsPointedOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := studioQuery()
	q.touching = map[flow.Ref]flow.Request{ref("thread", "T0SIGNOFF1/C0LAUNCH01/1760000000.000100"): {ID: "CR-7"}}
	r.respond(interactive(messageAction("")), q)
	if view := r.api.only("views.open").Args["view"]; !strings.Contains(view, "already belongs to *CR-7*") {
		t.Errorf("the form does not point out CR-7: %s", view)
	}
}

func TestRespond_FormThatDoesNotOpenSaysSo(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct{ code string }{"expired": {"expired_trigger_id"}, "fault": {"internal_error"}} {
		r := newRig(t)
		r.api.on("views.open", refuse(answer.code))
		r.respond(interactive(strings.Replace(messageAction(""), "RESPONSE", r.api.replyAddress(), 1)), studioQuery())
		if got := r.api.only("reply").Args["body"]; !strings.Contains(got, "press again") {
			t.Errorf("%s: said %s, want that it should be pressed again", name, got)
		}
		r.api.only("views.open") // and not tried a second time
		if strings.Contains(r.log.String(), "secret-canary-address") {
			t.Errorf("%s: the log holds the response address: %s", name, r.log)
		}
	}
}

func TestRespond_GlobalShortcutWithoutChannelAnswersDirectly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("views.open", status(500))
	r.respond(interactive(`{"type":"shortcut","callback_id":"request_new","trigger_id":"1.2.abc","team":{"id":"T0SIGNOFF1"},"user":{"id":"U0MAYA0001"}}`), studioQuery())
	if got := r.api.only("chat.postMessage").Args; got["channel"] != "D0MAYA0001" || !strings.Contains(got["text"], "press again") {
		t.Errorf("posted %v, want a direct message that says so", got)
	}
}

func TestRespond_ChoosingATypeKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	meta := r.seal.seal(origin{Form: formRequest, User: maya, Team: testTeam})
	in := interactive(fmt.Sprintf(`{"type":"block_actions","team":{"id":"T0SIGNOFF1"},"user":{"id":%q},"container":{"type":"view","view_id":"V1"},"actions":[{"action_id":"type","block_id":"type#1","type":"static_select","selected_option":{"value":"video"},"action_ts":"1"}],
		"view":{"id":"V1","callback_id":"signoff_request","private_metadata":%q,"hash":"h2","state":{"values":{"title#0":{"title":{"value":"My title"}},"text#1":{"text":{"value":"words"}},"type#1":{"type":{"selected_option":{"value":"banner"}}},"f.choice.brand#1":{"f.choice.brand":{"selected_option":{"value":"Nova"}}}}}}}`, maya, meta))
	reply := r.respond(in, studioQuery())
	if reply.Store {
		t.Error("a form that is being filled in is stored")
	}
	call := r.api.only("views.update")
	got := inputs(t, call.Args["view"])
	for block, want := range map[string]string{"title#0": "My title", "text#1": "words", "type#1": "video", "f.number.length#0": "", "f.choices.ratios#0": "", "f.choice.long#0": "", "due#0": ""} {
		if v, ok := got[block]; !ok || v != want {
			t.Errorf("input %s shows %q (%v), want %q; all: %v", block, v, ok, want, got)
		}
	}
	if _, there := got["f.choice.brand#1"]; there || call.Args["hash"] != "h2" || call.Args["view_id"] != "V1" {
		t.Errorf("views.update with %v: want the banner's fields gone and the view named", got)
	}
}

func TestRespond_LinksAreAddresses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	meta := r.seal.seal(origin{Form: formRequest, User: maya, Team: testTeam})
	for link, good := range map[string]bool{
		"https://x.example/a?b=1": true, "http://x.example": true, "javascript:alert(1)": false, "data:text/html,x": false, "x.example": false, "https://": false, "https://x.example/a b": false,
	} {
		reply := r.respond(interactive(submission(formRequest, meta, maya, fmt.Sprintf(`{"title#0":{"title":{"value":"Banner"}},"link#0":{"link":{"value":%q}}}`, link))), studioQuery())
		if got := strings.Contains(string(reply.Body), `"link#0":"This is not an address.`); got == good || reply.Store != good {
			t.Errorf("link %q: %s (stored %v), want accepted %v", link, reply.Body, reply.Store, good)
		}
	}
}

func TestRespond_SubmissionIsJudgedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := studioQuery()
	var judged flow.Form
	q.validate = func(d flow.Form) map[string]string {
		judged = d
		return map[string]string{"due": "That day is over.", "nowhere": "Something else is wrong."}
	}
	in := interactive(submission(formRequest, r.seal.seal(origin{Form: formRequest, User: maya, Team: testTeam, Name: "launch"}), maya,
		`{"title#3":{"title":{"value":"Banner"}},"type#0":{"type":{"selected_option":{"value":"banner"}}},"f.date.due#2":{"f.date.due":{"selected_date":"2020-01-01"}},"f.list.sizes#0":{"f.list.sizes":{"value":"1x1, 2x2"}}}`))
	reply := r.respond(in, q)
	want := `{"errors":{"f.date.due#2":"That day is over.","title#3":"Something else is wrong."},"response_action":"errors"}`
	if string(reply.Body) != want || reply.Store || reply.Header.Get("Content-Type") != "application/json" {
		t.Errorf("Respond = %s (stored %v), want %s and nothing stored", reply.Body, reply.Store, want)
	}
	if judged.Type != "banner" || judged.Title != "Banner" || judged.Channel != "#launch" || !cmp.Equal(judged.Fields, map[string][]string{"due": {"2020-01-01"}, "sizes": {"1x1", "2x2"}}) {
		t.Errorf("judged %+v", judged)
	}
	q.validate = nil
	reply = r.respond(in, q)
	if len(reply.Body) != 0 || !reply.Store || reply.Failed == nil || !strings.Contains(string(reply.Failed.Body), `"title#3":"That was not saved, please press again."`) {
		t.Errorf("Respond = %+v, want an empty 200, and errors where it cannot be stored", reply)
	}
}

func TestRespond_NoteIsRequired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := samplePress()
	p.Action = actionChanges
	meta := r.seal.seal(origin{Form: formChanges, User: ravi, Team: testTeam, Press: &p})
	reply := r.respond(interactive(submission(formChanges, meta, ravi, `{"note#0":{"note":{"value":"  "}},"link#0":{"link":{"value":null}}}`)), &fakeQuery{})
	if !strings.Contains(string(reply.Body), `"note#0":"Say what should change`) || reply.Store {
		t.Errorf("Respond = %s, want an error at the note", reply.Body)
	}
}

func TestRespond_RequestChangesAsksFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := samplePress()
	p.Action = actionChanges
	in := interactive(strings.Replace(pressed("request_changes", r.seal.value(p)), "RESPONSE", r.api.replyAddress(), 1))
	q := &fakeQuery{refuse: "Brand review is Ana's. You can comment in the thread."}
	reply := r.respond(in, q)
	if got := r.api.only("reply").Args["body"]; !strings.Contains(got, "Brand review is Ana") || len(reply.Body) != 0 || !reply.Store {
		t.Errorf("said %s, want the refusal privately", got)
	}
	want := []connectors.Action{{Who: flow.Actor{Ref: ref("user", "T0SIGNOFF1/U0RAVI0001")}, Request: "CR-142", Do: "request_changes", Stage: "Brand review", Round: 2, Version: "v3~4%"}}
	if diff := cmp.Diff(want, q.actions); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if n := len(r.api.of("views.open")); n != 0 {
		t.Errorf("%d forms opened for somebody who may not", n)
	}
	r.respond(in, &fakeQuery{})
	call := r.api.only("views.open")
	if got := inputs(t, call.Args["view"]); len(got) != 2 || !strings.Contains(call.Args["view"], `"callback_id":"signoff_changes"`) {
		t.Errorf("opened %s", call.Args["view"])
	}
}

func TestRespond_DeclineAndWithdrawAskForAReason(t *testing.T) {
	t.Parallel()
	for action, title := range map[string]string{actionDecline: "Decline", actionWithdraw: "Withdraw"} {
		r := newRig(t)
		p := samplePress()
		p.Action = action
		in := interactive(pressed(action, r.seal.value(p)))
		if acc := r.accept(in); acc.Ignored != ignoredOpens {
			t.Errorf("%s: Accept = %+v, want nothing decided yet", action, acc)
		}
		r.respond(in, &fakeQuery{refuse: "Brand review is Ana's."})
		if n := len(r.api.of("views.open")); n != 0 {
			t.Errorf("%s: %d forms opened for somebody who may not", action, n)
		}
		r.respond(in, &fakeQuery{})
		view := r.api.only("views.open").Args["view"]
		if got := inputs(t, view); len(got) != 1 || !strings.Contains(view, `"submit":{"type":"plain_text","text":"`+title+`"}`) || !strings.Contains(view, `"optional":true`) {
			t.Errorf("%s opened %s, want one optional reason and a button %s", action, view, title)
		}
	}
}

func TestRespond_SendToReviewAsksForAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := &fakeQuery{requests: map[string]flow.Request{"CR-142": {ID: "CR-142", Round: 3, Points: []flow.Point{
		{Number: 1, Round: 1, Note: text.Plain("Logo larger"), Answer: text.Plain("Done")},
		{Number: 2, Round: 2, Note: text.Plain("End on the claim")},
	}}}}
	r.respond(interactive(pressed(actionAnswer, r.seal.value(press{Action: actionAnswer, Request: "CR-142", Round: 3}))), q)
	view := r.api.only("views.open").Args["view"]
	if diff := cmp.Diff(map[string]string{"answer.2#0": "", "note#0": ""}, inputs(t, view)); diff != "" || !strings.Contains(view, "2. End on the claim") {
		t.Errorf("inputs (-want +got):\n%s\nof %s", diff, view)
	}
	if len(q.actions) != 1 || q.actions[0].Do != "submit_work" {
		t.Errorf("asked %+v, want whether the work may be sent", q.actions)
	}
}

func TestRespond_DetailAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	q := studioQuery()
	q.requests = map[string]flow.Request{"CR-142": {ID: "CR-142", Template: "banner", Fields: map[string][]string{"brand": {"Nova"}}}}
	r.respond(interactive(pressed("add_detail", r.seal.value(press{Action: "add_detail", Request: "CR-142"}))), q)
	got := inputs(t, r.api.only("views.open").Args["view"])
	if diff := cmp.Diff(map[string]string{"f.date.due#0": "", "f.list.sizes#0": "", "note#0": "", "link#0": ""}, got); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

func TestRespond_PressesAreAcknowledgedEmpty(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	reply := r.respond(interactive(strings.Replace(pressed("approve", r.seal.value(samplePress())), "RESPONSE", r.api.replyAddress(), 1)), &fakeQuery{})
	if reply.Status != 200 || len(reply.Body) != 0 || !reply.Store || reply.Failed == nil {
		t.Fatalf("Respond = %+v, want an empty 200 that is stored", reply)
	}
	reply.Failed.Beside(t.Context())
	if got := r.api.only("reply").Args["body"]; !strings.Contains(got, "not saved, please press again") || reply.Failed.Status != 200 {
		t.Errorf("said %s where it could not be stored", got)
	}
	if link := r.respond(interactive(pressed("open", "open")), &fakeQuery{}); link.Store || link.Status != 200 {
		t.Errorf("following a link: %+v, want 200 and nothing stored", link)
	}
}

func TestRespond_NeverWaitsForSlack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := interactive(messageAction(`,"thread_ts":"1760000000.000100"`))
	if reply := r.Respond(ctx, in, r.accept(in), studioQuery()); reply.Beside == nil || len(r.api.calls) != 0 {
		t.Errorf("Respond made %d calls itself, want them all beside", len(r.api.calls))
	}
}

// TestAccept_SubmittingTwiceIsOneDelivery names a form by its view, so that a second press of the same form, which
// Slack sends with another trigger, is known again (story 1).
func TestAccept_SubmittingTwiceIsOneDelivery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	meta := r.seal.seal(origin{Form: formRequest, User: maya, Team: testTeam})
	body := submission(formRequest, meta, maya, `{}`)
	first, err := r.Accept(interactive(body))
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Accept(interactive(strings.Replace(body, "9.9.x", "2.2.b", 1)))
	if err != nil || again.ID != first.ID || first.ID == "" {
		t.Errorf("submitted again: id %q, %v, want %q", again.ID, err, first.ID)
	}
	other, err := r.Accept(interactive(strings.Replace(body, `"hash":"`, `"hash":"9`, 1)))
	if err != nil || other.ID == first.ID {
		t.Errorf("another state of the form: id %q, %v, want one of its own", other.ID, err)
	}
}
