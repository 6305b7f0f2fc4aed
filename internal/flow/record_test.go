package flow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStageRun_Timestamps follows what is kept of a stage: entered, first response, decided by whom, waiting on whom.
func TestStageRun_Timestamps(t *testing.T) {
	t.Parallel()
	w := newWorld(studio().stage(StageDef{Name: "Legal", Together: 1, Needs: Quorum{N: 2}}, "ana", "dana", "eli"))
	start := w.now
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	w.submit("maya", "")
	w.now = at(5)
	w.step(w.event(CommentAdded, "ben")) // was not asked
	w.now = at(10)
	w.step(w.event(CommentAdded, "eli"))
	w.now = at(20)
	w.step(w.vote("ana", "Legal", Approve))
	w.now = at(30)
	w.step(w.event(StageDelegated, "dana", "stage", "Legal", "to", "olga"))
	w.now = at(45)
	w.step(w.vote("olga", "Legal", Approve))
	run := w.r.Stages[0]
	got := StageRun{Entered: run.Entered, FirstResponse: run.FirstResponse, Decided: run.Decided, Waiting: run.Waiting}
	want := StageRun{
		Entered: at(0), FirstResponse: at(10), Decided: at(45),
		Waiting: []Wait{
			{On: []string{"ana", "dana", "eli"}, From: at(0), To: at(20)},
			{On: []string{"dana", "eli"}, From: at(20), To: at(30)},
			{On: []string{"olga", "eli"}, From: at(30), To: at(45)},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stage run (-want +got):\n%s", diff)
	}
	if by := ids(run.DecidedBy); !cmp.Equal(by, []string{"ana", "olga"}) || w.r.Votes[1].For.Name != "dana" {
		t.Errorf("decided by %v, last vote %+v; want ana and olga for dana", by, w.r.Votes[1])
	}
}

// TestDone_LateNewsNeverWins delivers receipts of two versions in the wrong order.
func TestDone_LateNewsNeverWins(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	first := w.step(w.vote("ana", "Brand", Approve)).Effects[0]
	second := w.step(w.vote("eli", "Sign-off", Approve)).Effects[0]
	if first.Show.Purpose != "card" || second.Show.Purpose != "card" || second.Show.Link == nil {
		t.Fatalf("effects are %+v and %+v, want two updates of the card", first.Show, second.Show)
	}
	w.step(receipt(second, w.now))
	o := w.step(receipt(first, w.now))
	link, _ := w.r.Link("card")
	if link.Version != second.Show.Version || link.Shown != second.Show.Digest || !w.r.Shows["card"].Settled {
		t.Errorf("link %+v, shown %+v; want version %d settled", link, w.r.Shows["card"], second.Show.Version)
	}
	for _, e := range o.Effects {
		if e.Show != nil && e.Show.Purpose == "card" {
			t.Errorf("late news asks for the card again: %+v", e.Show)
		}
	}
}

// TestParked_IsToldOnTheCardUntilItWorks gives up an ask and does it later.
func TestParked_IsToldOnTheCardUntilItWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	ask := w.submit("maya", "").Effects[2]
	w.pending = nil
	parked := w.event(EffectParked, "", "effect", ask.ID, "purpose", ask.Show.Purpose, "version", "1", "why", "there is no such account.")
	w.step(parked)
	want := "Ana Reyes could not be reached in Slack: there is no such account."
	if len(w.r.Problems) != 1 || w.r.Problems[0].Text != want {
		t.Fatalf("problems %+v, want %q", w.r.Problems, want)
	}
	w.step(w.event(RequestEdited, "maya", "brand", "Nova"))
	for _, e := range w.last.Effects {
		if e.Show != nil && e.Show.Purpose == ask.Show.Purpose {
			t.Errorf("the ask that could not be made is asked for again: %+v", e.Show)
		}
	}
	w.step(receipt(ask, w.now))
	if len(w.r.Problems) != 0 {
		t.Errorf("problems after it worked: %+v", w.r.Problems)
	}
	updated := false
	for _, e := range w.last.Effects {
		updated = updated || e.Show != nil && e.Show.Purpose == ask.Show.Purpose && e.Show.Link != nil
	}
	if !updated {
		t.Errorf("the ask shows the old details: %+v", w.last.Effects)
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "lin")
	w.settle()
	if got := Terms(Request{}); got != nil {
		t.Errorf("Terms of nothing = %v", got)
	}
	w.step(w.event(RequestEdited, "maya", "due", "2026-11-20T16:30:00Z"))
	contains := func(terms []string, want ...string) {
		t.Helper()
		for _, x := range want {
			if !slices.Contains(terms, x) {
				t.Errorf("no term %q in %q", x, terms)
			}
		}
	}
	contains(w.last.Terms, "status:in_progress", "open:yes", "waiting:lin", "assignee:lin", "requester:maya", "due:2026-11-20",
		"ticket:des-7", "ref:slack:thread:C1/1")
	w.step(w.event(WorkSubmitted, "lin"))
	contains(w.last.Terms, "status:in_review", "stage:Brand", "waiting:ana", "waiting:dana")
	w.step(w.event(RequestWithdrawn, "maya"))
	contains(w.last.Terms, "status:withdrawn", "open:no")
	if slices.Contains(w.last.Terms, "waiting:ana") || slices.Contains(w.last.Terms, "stage:Brand") {
		t.Errorf("a closed request waits: %q", w.last.Terms)
	}
}

// TestText_OfTheRuleset uses the ruleset's own words for a reminder.
func TestText_OfTheRuleset(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.p.texts["late"] = "KEY is late"
	w.p.plan = []planned{{stage: "Brand", kind: Remind, after: time.Hour, to: "waiting", where: []string{"thread"}, text: "late"}}
	w.submit("maya", "")
	w.now = w.now.Add(time.Hour)
	o := w.step(w.event(TimerFired, "", "name", "next"))
	if len(o.Effects) == 0 || o.Effects[0].Tell == nil || o.Effects[0].Tell.View.Headline != "CR-142 is late" {
		t.Fatalf("effects %+v, want the words of the ruleset", o.Effects)
	}
	tell := o.Effects[0].Tell
	if got := tell.View.Body.String(); got != "Ana Reyes Dana Wolf CR-142 is late" || len(tell.To) != 2 || tell.Where.Type != "thread" {
		t.Errorf("tell %+v, want the words after the names of ana and dana in the thread", tell)
	}
}

// TestText_InTheLanguageOfWhoeverReadsItAlone: in a thread several read, so there the workspace's counts.
func TestText_InTheLanguageOfWhoeverReadsItAlone(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]string{"dm": "KEY is late|CR-142 wartet", "thread": "CR-142 is late"} {
		w := newWorld(twoStages())
		w.p.texts["late"], w.p.texts["late.de"] = "KEY is late", "KEY wartet"
		dana := w.p.people["dana"]
		dana.Language = "de"
		w.p.people["dana"] = dana
		w.p.plan = []planned{{stage: "Brand", kind: Remind, after: time.Hour, to: "waiting", where: []string{where}, text: "late"}}
		w.submit("maya", "")
		w.now = w.now.Add(time.Hour)
		var said []string
		for _, e := range w.step(w.event(TimerFired, "", "name", "next")).Effects {
			if e.Tell != nil {
				said = append(said, e.Tell.View.Headline)
			}
		}
		if got := strings.Join(said, "|"); got != strings.ReplaceAll(want, "KEY", "CR-142") {
			t.Errorf("%s: said %q, want %q", where, got, want)
		}
	}
}
