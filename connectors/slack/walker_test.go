package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// The walker builds everything the connector can show, with contents nobody would choose, and has it checked against
// Slack's limits by a validator that knows only the contract.

func walkedKinds() []flow.ViewKind {
	return []flow.ViewKind{
		flow.CardView, flow.AskView, flow.WorkView, flow.TicketView, flow.NoticeView, flow.RefusalView, flow.CommentView,
		flow.DraftView, flow.UnfurlView, flow.LinkView, flow.InfoView, flow.TriageView, "digest",
	}
}

func walkedStatuses() []flow.Status {
	return []flow.Status{
		flow.Draft, flow.Intake, flow.NeedsInfo, flow.InProgress, flow.InReview, flow.Approved, flow.Declined, flow.Withdrawn,
		flow.Merged, flow.Snoozed, flow.Expired, "",
	}
}

// walkedContents are texts by what is odd about them.
func walkedContents() map[string]string {
	return map[string]string{
		"nothing": "", "space": " \n\t ", "plain": "Logo larger", "one letter": "x",
		"long words":    strings.Repeat("A sentence that goes on and on. ", 120),
		"long line":     strings.Repeat("x", 3500),
		"escapes":       strings.Repeat("<&>", 400),
		"entities":      strings.Repeat("<!channel> <@U0RAVI0001> <https://evil.example|Figma> ", 40),
		"right to left": strings.Repeat("שלום עולם \u202emirror\u202c مرحبا ", 120),
		"emoji":         strings.Repeat("👩‍👩‍👧‍👦🎨🏳️‍🌈", 300),
		"marks":         strings.Repeat("*b* _i_ ~s~ `c` ```x``` > q\n", 60),
		"combining":     strings.Repeat("z̸̢̛͓", 700),
		"controls":      "a\x00b\x1b[31m\u2066x\u2069\u200f",
		"broken":        "a\xff\xfe" + strings.Repeat("é", 3200),
		"many lines":    strings.Repeat("line\n", 700),
	}
}

// walkedButtons are sets of what can be pressed.
func walkedButtons(s string) map[string][]flow.Button {
	every := []string{
		actionApprove, actionChanges, actionDecline, actionDelegate, actionUndo, actionSubmit, actionAnswer, actionDetail, actionWithdraw,
		actionOpen, actionWhy, actionConfirm, actionEdit, actionReject, actionMute, actionDismiss, actionYes, actionNo, actionHome,
		actionAccept, actionFresh, actionSpam, actionTake, actionMerge, actionSnooze, actionTurnDown, actionResume, actionDrop,
	}
	sets := map[string][]flow.Button{"none": nil}
	for i, action := range every {
		b := flow.Button{Action: action, Label: "Do it", Stage: clip(clean(s), 40), Round: 2, Version: "2", Value: clip(clean(s), 60)}
		switch {
		case action == actionOpen:
			b.URL = "/requests/CR-142"
		case i%2 == 0:
			b.Minor = true
		case i%3 == 0:
			b.Style = "primary"
		}
		sets["every"] = append(sets["every"], b)
	}
	for range 60 {
		sets["far too many"] = append(sets["far too many"], flow.Button{Action: actionApprove, Label: "Approve " + s, Stage: s, Version: s, Minor: len(sets["far too many"])%2 == 0})
	}
	sets["one minor"] = []flow.Button{{Action: actionWhy, Label: "Why here?", Minor: true}}
	return sets
}

func walkedView(kind flow.ViewKind, status flow.Status, s string, buttons []flow.Button) flow.View {
	v := hostileView(kind, s)
	v.Status, v.Round, v.Buttons = status, 2, buttons
	v.Picture = &flow.Picture{Ref: flow.Ref{System: "figma", Type: "thumb", Key: s}, Alt: s}
	v.Fields = map[string][]string{"url": {"https://hub.lumen.example/requests/CR-142"}}
	many := 2
	if len(s) < 100 {
		many = 12
	}
	for i := range many {
		v.Points = append(v.Points, flow.Point{Number: i + 2, Note: text.Plain(s), Answer: text.Plain(s)})
		v.Facts = append(v.Facts, flow.Fact{Label: s, Text: s, People: make([]flow.Actor, 12), Or: i%2 == 0, After: s, Beside: i%3 == 0})
	}
	if kind == "digest" {
		for i := range 80 {
			v.Body = append(v.Body, text.P(text.A(fmt.Sprint("CR-", i), "https://x.example"), text.T(clip(s, 200))))
		}
	}
	return v
}

// TestWalker_Messages: what Do and Respond write, for every kind of view.
func TestWalker_Messages(t *testing.T) {
	t.Parallel()
	r := newRig(t, `emoji: ":art:"`)
	built := 0
	for content, s := range walkedContents() {
		statuses := walkedStatuses()
		if content != "plain" {
			statuses = statuses[4:5] // the status changes words, not shapes
		}
		for set, buttons := range walkedButtons(s) {
			if content != "plain" && (set != "every" && content != "entities" || set == "none" || set == "one minor") {
				continue
			}
			kinds := walkedKinds()
			if content != "plain" && content != "emoji" {
				kinds = []flow.ViewKind{flow.CardView, flow.DraftView} // the others are laid out like these
			}
			for _, kind := range kinds {
				for _, status := range statuses {
					e := show(walkedView(kind, status, s, buttons))
					name := fmt.Sprintf("%s %s, %s, buttons %s", kind, status, content, set)
					lintMessage(t, name, r.renderWith(e, "F0PICTURE1"))
					built++
				}
			}
		}
		lintMessage(t, "told directly, "+content, r.renderIn(show(walkedView(flow.CardView, flow.InReview, s, walkedButtons(s)["every"])), "D0ANA00001", "F0PICTURE1"))
		for i, part := range r.commentParts(show(walkedView(flow.CommentView, flow.InReview, clip(s, 1000), nil))) { // many messages all the same
			lintMessage(t, fmt.Sprintf("comment, %s, part %d", content, i), part)
			built++
		}
		if t.Failed() {
			return // once is enough to see
		}
	}
	if built < 150 {
		t.Errorf("%d messages were built, want every kind with every content", built)
	}
}

// TestWalker_Pages: a person's page with more on it than it holds.
func TestWalker_Pages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for content, s := range walkedContents() {
		for set, items := range map[string]int{"none": 1, "every": 5, "far too many": 2, "one minor": 40, "no items": 0} {
			if content != "plain" && content != "emoji" && items > 5 {
				continue // that there are more than fit does not depend on what they say
			}
			buttons := walkedButtons(s)[set]
			h := flow.Home{Notes: []string{s, s}, Settings: []flow.Setting{
				{Name: "drafts", Label: firstOf(s, "x"), Help: s, Value: "on", Choices: []flow.Choice{{Value: "on", Label: s}, {Value: "off", Label: s}, {Value: s, Label: s}}},
				{Name: "empty", Label: s},
			}}
			for _, name := range []string{"waiting", "asked", "due"} {
				section := flow.HomeSection{Name: name, Title: s, Empty: s, Page: 2, Pages: 3}
				for range items {
					section.Items = append(section.Items, walkedView(flow.AskView, flow.InReview, clip(s, 600), buttons))
				}
				h.Sections = append(h.Sections, section)
			}
			view := asJSON(t, map[string]any{"type": "home", "callback_id": "signoff_home", "blocks": r.homeBlocks(h)}).(map[string]any)
			lintSurface(t, fmt.Sprintf("page, %s, buttons %s, %d items", content, set, items), view)
			if t.Failed() {
				return
			}
		}
	}
}

// TestWalker_Unfurls: cards below links hold blocks like messages.
func TestWalker_Unfurls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for content, s := range walkedContents() {
		e := unfurlEffect()
		e.Tell.View = walkedView(flow.UnfurlView, flow.InReview, s, walkedButtons(s)["every"])
		if _, err := r.Do(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		calls := r.api.of("chat.unfurl")
		var unfurls map[string]struct {
			Blocks []any `json:"blocks"`
		}
		if err := json.Unmarshal([]byte(calls[len(calls)-1].Args["unfurls"]), &unfurls); err != nil {
			t.Fatal(err)
		}
		for address, u := range unfurls {
			l := &lint{ids: map[string]bool{}, own: true}
			for i, b := range l.list("blocks", u.Blocks, 1, 50) {
				l.block(fmt.Sprintf("blocks/%d", i), b)
			}
			for _, p := range l.problems {
				t.Errorf("unfurl of %s, %s: %.300s", address, content, p)
			}
		}
	}
}

// TestWalker_Answers: what a question gets, and what stands in place of buttons.
func TestWalker_Answers(t *testing.T) {
	t.Parallel()
	r := newRig(t, `emoji: ":art:"`)
	for content, s := range walkedContents() {
		request := flow.Request{ID: "CR-142", Title: s, Status: flow.InReview, Links: []flow.Link{{Purpose: "ticket", Label: s, URL: "https://x.example/" + clean(s)}}, Stages: []flow.StageRun{{
			Name: s, State: flow.StageOpen, Asked: []flow.Actor{{Name: "ana", Shown: s}}, Waiting: []flow.Wait{{On: []string{"ana"}}},
		}}}
		q := &fakeQuery{requests: map[string]flow.Request{"CR-142": request}, why: text.Plain(s)}
		for range listed + 2 {
			q.asked, q.waiting = append(q.asked, request), append(q.waiting, request)
		}
		for _, verb := range []string{"", "help", "mine", "new", "status", "why", "statsu", clip(s, 400)} {
			for _, rest := range []string{"", "CR-142", "CR-9", s} {
				name := fmt.Sprintf("%.20q %.20q, %s", verb, rest, content)
				lintMessage(t, name, r.answer(context.Background(), question{verb: verb, rest: rest}, q))
			}
		}
	}
	for _, sentence := range []string{sentenceConfirmed, sentenceDismissed, sentenceMuted + sentenceUnmute, sentenceAnswered, sentenceNotSaved, sentenceNotOpen, sentenceForged, sentenceOldForm, sentenceTrouble} {
		lintMessage(t, sentence, saying(sentence))
	}
}

// TestWalker_DraftForms: the form is filled from whatever a draft holds.
func TestWalker_DraftForms(t *testing.T) {
	t.Parallel()
	for content, s := range walkedContents() {
		r := newRig(t)
		q := draftRequest()
		q.requests["CR-7"] = flow.Request{ID: "CR-7", Title: s, Status: flow.Draft, Template: "banner", Body: text.Plain(s), Fields: map[string][]string{"brand": {s}, "due": {s}, "sizes": {s, s}, "link": {s}}}
		r.respond(r.pressDraft("edit_draft"), q)
		var view map[string]any
		if err := json.Unmarshal([]byte(r.api.only("views.open").Args["view"]), &view); err != nil {
			t.Fatal(err)
		}
		lintSurface(t, "form of a draft, "+content, view)
	}
}
