package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/server"
	"signoff/internal/text"
)

// talked is a request with a conversation on both sides, files of every fate, and a ticket that is gone.
func talked() engine.Detail {
	d := banner()
	said := func(system, key string) flow.Ref { return flow.Ref{System: system, Type: "message", Key: key} }
	d.Request.Comments = []flow.Comment{
		{Number: 1, Said: said("slack", "m1"), By: maya(), At: at(-20), URL: "https://lumen.slack.com/m1"},
		{Number: 2, Said: said("jira", "c1"), By: flow.Actor{Shown: "Jon Berg"}, At: at(-18), Edited: at(-17)},
		{Number: 3, Said: said("slack", "m2"), By: maya(), At: at(-16), Removed: at(-15), RemovedBy: maya()},
		{Number: 4, Said: said("jira", "c2"), By: flow.Actor{Shown: "Jon Berg"}, At: at(-14), Restricted: true},
	}
	record := func(kind flow.Kind, on flow.Ref, hours float64, words string) flow.Record {
		return flow.Record{Request: d.Request.ID, Event: flow.Event{ID: "jira/" + on.Key, Kind: kind, Said: on, Sent: at(hours), At: at(hours), Body: text.Plain(words)}}
	}
	d.Records = append(d.Records,
		record(flow.CommentAdded, said("slack", "m1"), -20, "Could the blue be warmer?"),
		record(flow.CommentEdited, said("jira", "c1"), -17, "Blue is a brand colour."),
		record(flow.CommentAdded, said("jira", "c1"), -18, "Blue is fixed."),
		record(flow.CommentAdded, said("slack", "m2"), -16, "secret password"),
		record(flow.CommentAdded, said("jira", "c2"), -14, "secret budget"),
	)
	file := func(n int, name string, fate flow.FileFate, why string) flow.FileState {
		return flow.FileState{File: flow.File{Name: name, Size: 2 << 20, URL: "https://lumen.slack.com/f"}, Number: n, By: maya(), At: at(-26), Fate: fate, Why: why}
	}
	d.Request.Files = []flow.FileState{
		file(1, "brief.pdf", flow.FileCopied, ""), file(2, "film.mov", flow.FileTooLarge, "it has 31 MB, and up to 25 MB are copied"),
		file(3, "logo.ai", flow.FileRefused, "it is a web page, not an Illustrator file"), file(4, "board", flow.FileLinked, ""), file(5, "old.png", flow.FileGone, "it is deleted"),
		file(6, "new.png", flow.FileWaiting, ""),
	}
	d.Request.Files[5].Comment = 1
	d.Effects = append(d.Effects, engine.EffectState{ID: "CR-142/9/7", Purpose: "file/3", Target: "jira", State: "parked", Job: "do/CR-142/9/7"})
	d.Request.Ticket = flow.TicketState{Status: "Done", Gone: "deleted", Bypassed: 2, Held: true, MovedBy: flow.Actor{Shown: "Jon Berg"}}
	return d
}

func TestRequestPage_Conversation(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = talked()
	b := newBrowser(t, s.Public())
	b.signIn(s, "dana")
	_, page := read(t, b.send(call{method: "GET", path: "/requests/CR-142"}))
	has(t, "request", page, "Could the blue be warmer?", "Blue is a brand colour.", "edited", "Removed in Slack by its author.", "it stays in Jira.",
		"brief.pdf", "copied", "too large", "It has 31 MB", "not copied", "linked", "gone", "on its way", "2.0 MB", "2 times in this revision", "to Done by Jon Berg", "Make a new ticket")
	for _, hidden := range []string{"secret password", "secret budget"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the page shows %q", hidden)
		}
	}
	if n := strings.Count(page, `value="do/CR-142/9/7"`); n != 2 { // beside the file, and among the effects
		t.Errorf("the parked file can be tried again at %d places, want 2", n)
	}
}

func TestAPI_ConversationAndFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = talked()
	w := do(s.Public(), call{method: "GET", path: "/api/v1/requests/CR-142"}.token(scripts))
	if strings.Contains(w.Body.String(), "secret") {
		t.Errorf("the answer tells what was removed or is restricted: %s", w.Body)
	}
	var d server.RequestDetail
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Comments) != 4 || d.Comments[1].Text != "Blue is a brand colour." || d.Comments[2].Removed == nil || !d.Comments[3].Restricted {
		t.Errorf("comments %+v", d.Comments)
	}
	if len(d.Files) != 6 || d.Files[1].Fate != flow.FileTooLarge || d.Files[5].Comment != 1 || d.Ticket.Gone != "deleted" || d.Ticket.Bypassed != 2 {
		t.Errorf("files %+v, ticket %+v", d.Files, d.Ticket)
	}
}

// Whom a draft was offered to makes it a request on its page too.
func TestRequestPage_Draft(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	d := engine.Detail{Request: flow.Request{ID: "CR-150", Version: 1, Status: flow.Draft, Round: 1, Title: "Banner", Requester: named("dana"), Offer: &flow.Offer{To: named("dana")}}}
	s.hub.requests["CR-150"] = d
	b := newBrowser(t, s.Public())
	b.signIn(s, "dana")
	_, page := read(t, b.send(call{method: "GET", path: "/requests/CR-150"}))
	has(t, "draft", page, "draft", "Offered to", "Create request", "Not a request", "A draft has no stages yet")
	for do, want := range map[string]flow.Kind{"confirm_draft": flow.DraftConfirmed, "dismiss_draft": flow.DraftDismissed} {
		code, to := b.post("/requests/CR-150/acts", url.Values{"form": {token(t, page)}, "do": {do}})
		if last := s.hub.acts[len(s.hub.acts)-1]; code != http.StatusSeeOther || last.Kind != want || last.Actor.Name != "dana" {
			t.Errorf("%s: %d %s, act %+v; want %s by dana", do, code, to, last, want)
		}
	}
}

func TestAPI_People(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.people = []engine.PersonState{
		{Name: "ana", Shown: "Ana Reyes", Email: "ana@lumen.example", Accounts: map[string]flow.Ref{"slack": {Key: "U0ANA"}}, State: map[string]string{"slack": "matched", "jira": "asked"}, Why: map[string]string{"jira": "ana was asked"}},
		{Name: "dana", Shown: "Dana Wolf", Accounts: map[string]flow.Ref{"slack": {Key: "U0DANA"}}, State: map[string]string{"slack": "pinned"}},
	}
	w := do(s.Public(), call{method: "GET", path: "/api/v1/people"}.token(scripts))
	var got server.PeopleList
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	want := server.PeopleList{SchemaVersion: 1, Unsettled: 1, People: []server.PersonItem{
		{Name: "ana", Shown: "Ana Reyes", Email: "ana@lumen.example", Accounts: []server.AccountItem{{Instance: "jira", State: "asked", Why: "ana was asked"}, {Instance: "slack", State: "matched", Account: "U0ANA"}}, Away: []server.LeaveItem{}},
		{Name: "dana", Shown: "Dana Wolf", Accounts: []server.AccountItem{{Instance: "slack", State: "pinned", Account: "U0DANA"}}, Away: []server.LeaveItem{}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("people (-want +got):\n%s", d)
	}
	if w := do(s.Public(), call{method: "GET", path: "/api/v1/people?state=asked"}.token(scripts)); w.Code != 400 {
		t.Errorf("a filter that is none: %d, want 400", w.Code)
	}
}

func TestNewTicket(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.hub.requests["CR-142"] = talked()
	path := "/api/v1/requests/CR-142/ticket"
	if w := do(s.Public(), call{method: "POST", path: path}.token(scripts)); w.Code != http.StatusForbidden {
		t.Errorf("a token that stands for nobody: %d, want 403", w.Code)
	}
	if w := do(s.Public(), call{method: "POST", path: path}.token(asAna)); w.Code != http.StatusOK || len(s.hub.acts) != 1 || s.hub.acts[0].Kind != flow.TicketWanted || s.hub.acts[0].Actor.Name != "ana" {
		t.Errorf("for ana: %d, acts %+v", w.Code, s.hub.acts)
	}
	s.hub.code, s.hub.why = flow.CodeNotOpen, "The ticket is there."
	if w := do(s.Public(), call{method: "POST", path: path}.token(asAna)); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "The ticket is there.") {
		t.Errorf("refused: %d %s", w.Code, w.Body)
	}
}
