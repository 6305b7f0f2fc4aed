package flow

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"signoff/internal/text"
)

// FuzzStep feeds the machine arbitrary histories.
func FuzzStep(f *testing.F) {
	f.Add([]byte("approve everything"), uint64(1))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 200, 255}, uint64(7))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) { anything(t, data, seed) })
}

// TestStep_Anything is the same with bytes that are only random.
func TestStep_Anything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*histories / 20 / slower) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		data := make([]byte, 2_000)
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		if anything(t, data, seed); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// anything plays a history that bytes describe, and holds what is true whatever comes.
func anything(t *testing.T, data []byte, seed uint64) {
	t.Helper()
	h := newHistory(seed)
	h.chat = seed%2 == 0
	h.r = Request{}
	g := &bytesOf{data: data}
	for range min(len(data), 60) {
		before := h.r
		ev, facts := g.event(h.world)
		o := Step(h.p, before, ev, facts)
		check(t, before, ev, o)
		holdsPath(t, before, ev, o.Request)
		holdsVersions(t, h.p, o.Request)
		holdsNumbers(t, o.Request)
		h.r = again(t, o.Request)
		if asJSON(t, h.r) != asJSON(t, o.Request) {
			t.Errorf("%s: the request does not survive being stored", ev.Kind)
		}
		if t.Failed() {
			t.Logf("after %s by %s: %v", ev.Kind, ev.Actor.ID(), o.Why)
			return
		}
		for _, do := range []string{"approve", "delegate", "undo", "withdraw", "submit_work", "add_detail", "assign", "confirm_draft", "new_ticket", "triage_accept", "triage_merge", "triage_snooze", "triage_decline", "x"} {
			May(h.p, h.r, Attempt{Who: ev.Actor, Do: do, Stage: ev.Field("stage"), To: ev.To, At: ev.At})
		}
	}
}

// bytesOf makes events out of bytes.
type bytesOf struct {
	data []byte
	at   int
}

func (g *bytesOf) n(limit int) int {
	if g.at >= len(g.data) {
		return 0
	}
	g.at++
	return int(g.data[g.at-1]) % limit
}

func (g *bytesOf) word(list ...string) string { return list[g.n(len(list))] }

func (g *bytesOf) event(w *world) (Event, Facts) {
	kinds := []Kind{
		RequestSubmitted, RequestEdited, RequestWithdrawn, RequestAssigned, WorkSubmitted, VoteCast, VoteCast, VoteCast, VoteUndone,
		StageDelegated, CommentAdded, TicketMoved, TimerFired, EffectDone, EffectParked, "nonsense", CommentEdited, CommentRemoved,
		DraftConfirmed, DraftDismissed, FilesAdded, LinkShared, TicketRenamed, TicketGone, TicketWanted,
		PointAsked, PointAnswered, PointResolved, AssetChanged, AssetChanged, AssetGone, BriefRead, MailFailed, HeldAnswered,
		RequestAccepted, RequestDeclined, RequestMerged, RequestJoined, RequestSnoozed, CoverChanged,
	}
	w.now = w.now.Add(time.Duration(g.n(90)-10) * time.Second)
	ev := w.event(kinds[g.n(len(kinds))], crowd[g.n(len(crowd))])
	ev.Fields = map[string][]string{
		"stage": {g.word("S10", "S11", "S20", "s10", "", "other")}, "round": {g.word("", "1", "2", "-1", "x")},
		"verdict": {g.word("approve", "approve", "request_changes", "decline", "?")}, "version": {g.word("", "1", "2")},
		"to": {g.word("ana", "ben", "dana", "", "nobody")}, "word": {g.word("in_review", "approved", "", "in_progress", "declined")},
		"purpose": {g.word("card", "ticket", "work/1", "ask/1/S10/ana", "", "tell", "comment/1", "file/1")}, "status": {"Done"}, "due": {g.word("", "2026-11-20", "soon")},
		"name": {g.word("next", "other")}, "draft": {g.word("", "", "emoji", "watch", "direct")}, "restricted": {g.word("", "yes")},
		"fate": {g.word("", "too_large")}, "why": {g.word("", "deleted", "archived")}, "key": {"OPS-3"}, "digest": {"d"}, "answer.1": {"done"}, "point": {g.word("", "1", "2", "yes")}, "state": {g.word("", "open", "resolved")}, "below": {g.word("", "slack:message:1")},
		"confirmed": {g.word("", "yes")}, "automatic": {g.word("", "", "yes")}, "sha256": {g.word("", "aa", "bb")}, "hard": {g.word("", "yes")},
		"unreached": {g.word("", "ana", "lin", "nobody")}, "address": {g.word("", "ANA@lumen.example", "lin@lumen.example", " ")}, "title": {g.word("", "Spring")},
		"assignee": {g.word("", "lin", "nobody")}, "until": {g.word("", "2026-11-18", "2026-11-19", "2026-11-18T14:00:30Z", "soon", "9999-12-31")},
	}
	if g.n(3) == 0 {
		ev.Actor = Actor{Ref: Ref{"slack", "user", "U99"}, Email: g.word("", "ana@lumen.example")}
	}
	ev.Body = g.note()
	ev.Links = []Link{{Ref: Ref{"jira", "issue", g.word("10007", "10008")}, Purpose: g.word("", "ticket", "thread")}}
	ev.Subject, ev.Seq, ev.Echo = Ref{"jira", "issue", "10007"}, g.word("", "9", "10", "x y"), g.n(5) == 4
	if n := g.n(6); n > 0 {
		ev.Said = Ref{g.word("slack", "jira"), "message", strconv.Itoa(n % 3)}
		ev.Sent = w.now.Add(-time.Duration(g.n(50)) * time.Second)
		ev.Files = []File{{Ref: Ref{"slack", "file", strconv.Itoa(n)}, Name: "brief.pdf", Size: int64(n) * 6 << 20, External: n == 2}}
	}
	g.work(&ev)
	places := Places{Chat: g.word("slack", ""), Tracker: g.word("jira", ""), Mail: g.word("", "email")}
	facts := Facts{New: "CR-142", Places: places, Attach: g.n(2) == 0, Routing: &Routing{
		Workflow: g.word("standard", "standard", ""), Assignee: g.word("", "lin", "nobody"), StartNow: g.n(2) == 0, Project: "DES",
		Triage: g.word("", "", "no rule applies"),
	}}
	facts.Triager, facts.Triage = g.n(3) > 0, []string{g.word("#creative-ops", "dana", "nobody")}
	if g.n(3) > 0 {
		facts.Other = &Joint{ID: RequestID(g.word("CR-7", "CR-142", "CR-8")), Status: Status(g.word("in_review", "approved", "draft", "")), Ticket: first(ev.Links)}
		facts.Other.Ticket.URL = g.word("", "https://jira.example/browse/DES-2")
	}
	if who := g.word("", "", "ana", "eli", "lin"); who != "" {
		facts.Away = []Absence{{Person: who, Cover: g.word("", "dana", "nobody", "ana"), Until: w.now.Add(time.Duration(g.n(99)) * time.Hour)}}
	}
	return ev, facts
}

// work lets an event be about work that is kept elsewhere, or be what chat could not bring.
func (g *bytesOf) work(ev *Event) {
	work := Ref{"figma", "file", g.word("K1", "K2")}
	switch ev.Kind {
	case AssetChanged, AssetGone:
		ev.Subject = work
	case BriefRead:
		ev.Subject, ev.Links = Ref{"confluence", "page", g.word("", "42")}, []Link{{URL: "https://lumen.example/wiki/42"}}
	case EffectParked:
		if g.n(2) == 0 {
			ev.Tell = &Tell{Private: g.n(3) == 0, View: View{Kind: NoticeView, Headline: "v2 replaced v1."}}
		}
	}
	for range g.n(3) {
		n := g.n(5)
		v := Version{ID: g.word("", "a", "b", "c+d"), Name: g.word("", "v3 - legal", "v4"), By: ev.Actor, Seq: g.word("", "9", "10", "x"), URL: "https://figma.example/K"}
		if n > 0 {
			v.At = ev.At.Add(time.Duration(n-3) * time.Minute)
		}
		ev.Versions = append(ev.Versions, v)
	}
	if g.n(2) == 0 {
		ev.Assets = []Asset{{Ref: work, Label: g.word("", "Spring"), Versions: ev.Versions}}
	}
}

// note is a body with lists, lines and nothing.
func (g *bytesOf) note() text.Doc {
	return text.Plain(g.word("", "Logo too small", "- one\n- two\n\n3) three", "\n\n", "1. \n-"))
}
