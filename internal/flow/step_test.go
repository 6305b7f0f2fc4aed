package flow

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStep_FoldsTwice plays random histories with everything that is shown, twice: once in memory, once with the
// request stored and read back between the steps. Requests, effects and reasons must be the same, and what was given
// to Step must stay as it was.
func TestStep_FoldsTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(max(10, *histories/50/slower)) {
		h := newHistory(seed)
		h.chat = true
		h.r = Request{}
		h.submit("maya", "lin")
		stored := again(t, h.r)
		for range 25 {
			before := asJSON(t, h.r)
			given := h.r
			h.next()
			ev := h.given
			check(t, given, ev, h.last)
			if after := asJSON(t, given); after != before {
				t.Fatalf("seed %d: %s changed the request it was given:\n%s", seed, ev.Kind, cmp.Diff(before, after))
			}
			o := Step(h.p, stored, ev, h.facts)
			stored = again(t, o.Request)
			if want, got := asJSON(t, h.last), asJSON(t, o); want != got {
				t.Fatalf("seed %d: %s differs when the request was stored between:\n%s", seed, ev.Kind, cmp.Diff(want, got))
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// next takes a random step: something a person does, or a receipt of what was wished for.
func (h *history) next() {
	h.now = h.now.Add(time.Duration(h.rnd.IntN(50)) * time.Second)
	if len(h.pending) > 0 && h.rnd.IntN(2) == 0 {
		e := h.pending[0]
		h.pending = h.pending[1:]
		h.given = h.outside(e)
		h.step(h.given)
		return
	}
	who, to := crowd[h.rnd.IntN(len(crowd))], crowd[h.rnd.IntN(len(crowd))]
	stage := h.p.stages[h.rnd.IntN(len(h.p.stages))].Name
	h.given, _ = h.pick(who, to, stage)
	switch h.rnd.IntN(8) {
	case 0:
		h.given = h.event(TimerFired, "", "name", "next")
	case 1:
		h.given = h.event(RequestEdited, who, "brand", to, "due", "2026-11-20")
	case 2:
		h.given = h.event(RequestAssigned, who, "assignee", to)
	case 3:
		h.given = h.event(TicketMoved, who, "status", "Done", "word", []string{"approved", "in_review", ""}[h.rnd.IntN(3)])
		h.given.Subject, h.given.Sent = Ref{"jira", "issue", "10007"}, h.now.Add(-time.Duration(h.rnd.IntN(60))*time.Second)
	case 4, 5:
		kind := []Kind{CommentAdded, CommentEdited, CommentRemoved}[h.rnd.IntN(3)]
		h.given = h.message(kind, h.rnd.IntN(7)-3, h.rnd.IntN(90), []string{"approved", "Which folder?"}[h.rnd.IntN(2)])
		h.given.Files = []File{{Ref: Ref{"slack", "file", to}, Name: "brief.pdf", Size: int64(h.rnd.IntN(40)) << 20}}
	case 6:
		h.given = h.event([]Kind{TicketGone, TicketWanted, TicketRenamed, LinkShared}[h.rnd.IntN(4)], who, "why", "deleted", "key", "OPS-"+to)
	}
	h.step(h.given)
}

// outside answers a wish: done, or given up.
func (h *history) outside(e Effect) Event {
	if e.Show != nil && h.rnd.IntN(5) > 0 {
		return h.do(e)
	}
	ev := h.event(EffectParked, "", "effect", e.ID, "purpose", e.Purpose(), "why", "the account is gone")
	if e.Tell != nil || e.Wake != nil {
		ev.Kind = EffectDone
	}
	return ev
}

func TestStep_LeavesNoRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	if o := w.step(w.vote("ana", "Brand", Approve)); o.Why[0].Code != CodeUnknown || o.Request.Version != 0 || len(o.Effects) > 0 {
		t.Errorf("a vote on nothing: %+v", o)
	}
	ignored := Step(w.p, Request{}, w.event(RequestSubmitted, "maya"), Facts{New: "CR-1", Routing: &Routing{Ignore: true}})
	if ignored.Request.Version != 0 || len(ignored.Effects) > 0 {
		t.Errorf("an ignored submission: %+v", ignored)
	}
	w.submit("maya", "")
	if o := w.submit("maya", ""); o.Why[0].Code != CodeDuplicate || o.Request.Version != 1 {
		t.Errorf("a second submission: %v, version %d", o.Why, o.Request.Version)
	}
	vote := w.vote("ana", "Brand", Approve)
	w.step(vote)
	version := w.r.Version
	if o := w.step(vote); o.Why[0].Code != CodeDuplicate || o.Request.Version != version || len(o.Effects) > 0 {
		t.Errorf("the same vote again: %v, version %d after %d, %d effects", o.Why, o.Request.Version, version, len(o.Effects))
	}
}

func TestStep_ClockBack(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.p.plan = []planned{{stage: "Brand", kind: Remind, after: 24 * time.Hour, every: 24 * time.Hour, to: "waiting", where: []string{"dm"}}}
	w.submit("maya", "")
	reminders := func() (n int) {
		for _, e := range w.last.Effects {
			if e.Tell != nil {
				n++
			}
		}
		return n
	}
	w.now = w.now.Add(25 * time.Hour)
	w.step(w.event(TimerFired, "", "name", "next"))
	if got := reminders(); got != 2 {
		t.Fatalf("first slot: %d reminders, want one for each of ana and dana", got)
	}
	w.now = w.now.Add(-2 * time.Hour)
	for range 3 {
		w.now = w.now.Add(30 * time.Minute)
		w.step(w.event(TimerFired, "", "name", "next"))
		if got := reminders(); got != 0 {
			t.Errorf("clock set back: %d reminders at %v, want none", got, w.now)
		}
	}
	if want := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC); !w.r.WakeAt.Equal(want) {
		t.Errorf("next wake %v, want %v", w.r.WakeAt, want)
	}
}
