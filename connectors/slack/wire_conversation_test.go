package slack

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	standin "signoff/internal/sandbox/slack"
	"signoff/internal/text"
)

const (
	olga = "U0OLGA0001" // a guest
	jon  = "U0JON00001" // of another company, with Ravi's address
)

// await returns the next event of a kind. Events come beside what people do.
func (s *stage) await(kind flow.Kind) flow.Event {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		for i, ev := range s.events {
			if ev.Kind == kind {
				s.events = append(s.events[:i:i], s.events[i+1:]...)
				s.mu.Unlock()
				return ev
			}
		}
		s.mu.Unlock()
		select {
		case <-s.arrived:
		case <-deadline:
			s.t.Fatalf("no event %s came; there are %+v", kind, s.events)
		}
	}
}

// TestWire_Conversation: replies, edits, deletions and files come in, a comment and a file of the ticket go out, and
// our own words do not come back.
func TestWire_Conversation(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	root, err := s.slack.PostAs(maya, "C0LAUNCH01", "Need a Nova banner", "")
	if err != nil {
		t.Fatal(err)
	}
	thread := ref("thread", testTeam+"/C0LAUNCH01/"+root)
	s.query.touching = map[flow.Ref]flow.Request{thread: {ID: "CR-142", Status: flow.InReview}}
	reply, err := s.slack.Say(standin.Post{User: ravi, Channel: "C0LAUNCH01", Text: "The logo, larger", Thread: root, Broadcast: true})
	if err != nil {
		t.Fatal(err)
	}
	added := s.await(flow.CommentAdded)
	if added.Subject != thread || added.Said.Key != testTeam+"/C0LAUNCH01/"+reply || added.Body.String() != "The logo, larger" || added.Actor.Shown != "Ravi Nair" || added.Links[0].URL == "" {
		t.Errorf("reply %+v", added)
	}
	if err := s.slack.EditAs(ravi, "C0LAUNCH01", reply, "The logo, smaller"); err != nil {
		t.Fatal(err)
	}
	if ev := s.await(flow.CommentEdited); ev.Said != added.Said || ev.Body.String() != "The logo, smaller" || !ev.Sent.After(added.Sent) {
		t.Errorf("edit %+v", ev)
	}
	if err := s.slack.DeleteAs(ravi, "C0LAUNCH01", reply); err != nil {
		t.Fatal(err)
	}
	if ev := s.await(flow.CommentRemoved); ev.Said != added.Said || ev.Actor.Ref != added.Actor.Ref {
		t.Errorf("deletion %+v", ev)
	}

	pdf := []byte("%PDF-1.7\n" + strings.Repeat("bytes ", 500))
	if _, err := s.slack.Say(standin.Post{User: maya, Channel: "C0LAUNCH01", Thread: root, Files: []standin.Upload{
		{Name: "brief.pdf", Data: pdf}, {Name: "Deck", URL: "https://drive.example/deck"},
	}}); err != nil {
		t.Fatal(err)
	}
	files := s.await(flow.FilesAdded).Files
	if len(files) != 2 || files[0].Name != "brief.pdf" || files[0].Size != int64(len(pdf)) || !files[1].External || files[1].URL != "https://drive.example/deck" {
		t.Fatalf("files %+v", files)
	}
	body, meta, err := s.conn.Open(t.Context(), files[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if closed := body.Close(); err != nil || closed != nil || string(data) != string(pdf) || meta.Size != int64(len(pdf)) {
		t.Errorf("read %d bytes, %v, %v, meta %+v; want the file byte by byte", len(data), err, closed, meta)
	}

	comment := commentEffect(3, text.Doc{text.P(text.B("Eli Stone"), text.T(" in Jira")), text.P(text.T("Looks good"))})
	comment.Show.At = thread
	s.do(comment)
	up := copyEffect()
	up.Copy.To = thread
	if _, err := s.conn.Attach(t.Context(), up, connectors.FileMeta{Name: "logo.png", Type: "image/png", Size: 9}, strings.NewReader("png-bytes")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = s.slack.Wait(ctx, func(w *standin.Server) bool {
		all := w.Thread("C0LAUNCH01", root)
		last := all[len(all)-1]
		return len(last.Files) == 1 && last.Files[0].Name == "logo.png"
	})
	if err != nil {
		t.Errorf("the file is not in the thread: %+v", s.slack.Thread("C0LAUNCH01", root))
	}
	s.conn.keep.Note(keyCopied(up), nil) // as after an answer that was lost
	if _, found, err := s.conn.Find(t.Context(), up, testNow().Add(-underWay)); err != nil || !found {
		t.Errorf("Find of the file = %v, %v", found, err)
	}
	said, err := s.conn.Said(t.Context(), thread, testNow().Add(-time.Hour))
	if err != nil || len(said) != 2 {
		t.Errorf("Said = %d events, %v; want the request's message and Maya's files: %+v", len(said), err, said)
	}
}

// TestWire_GuestsAndStrangersAreNobody: what they say is taken, who they say they are is not.
func TestWire_GuestsAndStrangersAreNobody(t *testing.T) {
	t.Parallel()
	s := newStage(t, `emoji: ":art:"`)
	root, err := s.slack.PostAs(maya, "C0LAUNCH01", "Need a Nova banner", "")
	if err != nil {
		t.Fatal(err)
	}
	s.query.touching = map[flow.Ref]flow.Request{ref("thread", testTeam+"/C0LAUNCH01/"+root): {ID: "CR-142", Status: flow.InReview}}
	for who, team := range map[string]string{olga: testTeam, jon: "T0AGENCY01"} {
		if _, err := s.slack.PostAs(who, "C0LAUNCH01", "approved", root); err != nil {
			t.Fatal(err)
		}
		if ev := s.await(flow.CommentAdded); ev.Actor.Email != "" || ev.Actor.Ref != ref("user", team+"/"+who) {
			t.Errorf("%s speaks as %+v, want an account of %s without an address", who, ev.Actor, team)
		}
		if err := s.slack.ReactAs(who, "C0LAUNCH01", root, "art"); err != nil {
			t.Fatal(err)
		}
		if ev := s.await(flow.RequestSubmitted); ev.Actor.Email != "" || ev.Actor.Ref != ref("user", team+"/"+who) {
			t.Errorf("%s reacts as %+v, want an account of %s without an address", who, ev.Actor, team)
		}
	}
}

// TestWire_EveryWayIn: an emoji, a direct message, the page of a person and a link.
func TestWire_EveryWayIn(t *testing.T) {
	t.Parallel()
	s := newStage(t, `emoji: ":art:"`, `watch: ["#launch"]`)
	ts, err := s.slack.PostAs(maya, "C0LAUNCH01", "Need a Nova banner", "")
	if err != nil {
		t.Fatal(err)
	}
	if ev := s.await(flow.RequestSubmitted); ev.Field("draft") != "watch" || ev.Actor.Shown != "Maya Lind" {
		t.Errorf("a watched channel: %+v", ev)
	}
	if err := s.slack.ReactAs(ravi, "C0LAUNCH01", ts, "art"); err != nil {
		t.Fatal(err)
	}
	ev := s.await(flow.RequestSubmitted)
	if ev.Field("draft") != "emoji" || ev.Actor.Shown != "Ravi Nair" || ev.Body.String() != "Need a Nova banner" {
		t.Errorf("an emoji: %+v", ev)
	}
	offer := flow.Effect{ID: "CR-7/1/1", Request: "CR-7", Known: map[string]flow.Ref{"ravi": ref("user", testTeam+"/"+ravi)}, Tell: &flow.Tell{
		To: []flow.Actor{{Name: "ravi"}}, Where: ev.Where, Private: true, View: flow.View{
			Kind: flow.DraftView, Request: "CR-7", Title: "Nova banner", Headline: "Make this a request?", Body: text.Plain("Need a Nova banner"),
			Facts:   []flow.Fact{{Name: "type", Label: "type", Text: "Banner"}},
			Buttons: []flow.Button{{Action: "confirm_draft", Label: "Create request", Style: "primary"}, {Action: "edit_draft", Label: "Edit…"}, {Action: "dismiss_draft", Label: "Not a request"}},
		},
	}}
	s.do(offer)
	s.query.requests = map[string]flow.Request{"CR-7": {ID: "CR-7", Status: flow.Draft, Title: "Nova banner"}}
	seen := s.slack.Ephemerals(ravi)
	if len(seen) != 1 {
		t.Fatalf("ravi sees %+v, want the offer", seen)
	}
	s.done(s.slack.PressButton(ravi, "C0LAUNCH01", seen[0].TS, "Create request"))
	if got := s.await(flow.DraftConfirmed); got.Request != "CR-7" || got.Actor.Email != "ravi@lumen.example" {
		t.Errorf("confirmed %+v", got)
	}
	s.beside.Wait()
	if seen := s.slack.Ephemerals(ravi); len(seen) != 1 || seen[0].Text != sentenceConfirmed {
		t.Errorf("ravi sees %+v, want the offer replaced", seen)
	}

	dm, err := s.slack.OpenMessages(ravi)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.slack.PostAs(ravi, dm, "A video by Monday", ""); err != nil {
		t.Fatal(err)
	}
	if ev := s.await(flow.RequestSubmitted); ev.Field("draft") != "direct" || ev.Body.String() != "A video by Monday" {
		t.Errorf("a direct message: %+v", ev)
	}

	if err := s.slack.OpenHome(maya); err != nil {
		t.Fatal(err)
	}
	opened := s.await(flow.HomeOpened)
	if err := s.conn.Home(t.Context(), opened.Actor.Ref, homeOf(2)); err != nil {
		t.Fatal(err)
	}
	if page, ok := s.slack.Home(maya); !ok || !strings.Contains(page.Shown(), "Waiting for you") || !strings.Contains(page.Shown(), "Nothing is due.") {
		t.Errorf("maya's page: %v %s", ok, page.Shown())
	}

	link, err := s.slack.PostAs(maya, "C0LAUNCH01", "See <https://hub.lumen.example/requests/CR-142>", ts)
	if err != nil {
		t.Fatal(err)
	}
	shared := s.await(flow.LinkShared)
	e := unfurlEffect()
	e.Tell.Where, e.Tell.View.Fields = shared.Where, map[string][]string{"url": shared.Fields["url"]}
	s.do(e)
	for _, m := range s.slack.Thread("C0LAUNCH01", ts) {
		if m.TS == link && len(m.Unfurls) != 1 {
			t.Errorf("the link is unfolded %d times: %+v", len(m.Unfurls), m)
		}
	}
}
