package flow

import (
	"strings"
	"testing"
	"time"

	"signoff/internal/text"
)

// TestFourEyes tries every way around "nobody approves their own work".
func TestFourEyes(t *testing.T) {
	t.Parallel()
	account := Actor{Ref: Ref{"email", "user", "x1"}, Email: "ANA@lumen.example"}
	tests := map[string]struct {
		requester Actor
		assignee  string
		before    func(w *world)
		voter     Actor
		want      string
	}{
		"the requester":           {requester: person("ana"), voter: person("ana"), want: CodeFourEyes},
		"as member of a group":    {requester: person("dana"), voter: person("dana"), want: CodeFourEyes},
		"the assignee":            {requester: person("maya"), assignee: "ana", voter: person("ana"), want: CodeFourEyes},
		"by a second account":     {requester: account, voter: person("ana"), want: CodeFourEyes},
		"asked for under a name":  {requester: person("ana"), voter: account, want: CodeFourEyes},
		"by delegation to them":   {requester: person("maya"), assignee: "ben", before: hand("ana", "ben"), voter: person("ben"), want: CodeFourEyes},
		"delegated as a reviewer": {requester: person("ana"), before: hand("ana", "ben"), voter: person("ben"), want: CodeNotReviewer},
		"after changing the requester field": {requester: person("ana"), before: func(w *world) {
			w.step(w.event(RequestEdited, "ana", "requester", "maya"))
		}, voter: person("ana"), want: CodeFourEyes},
		"after editing as a reviewer": {requester: person("maya"), before: func(w *world) {
			w.step(w.event(RequestEdited, "ana", "brand", "Nova"))
		}, voter: person("ana"), want: CodeFourEyes},
		"after a note of a reviewer": {requester: person("maya"), before: func(w *world) {
			ev := w.event(RequestEdited, "ana")
			ev.Body = text.Plain("See the brief")
			w.step(ev)
		}, voter: person("ana"), want: CodeRecorded},
		"who sent an earlier revision": {requester: person("maya"), assignee: "ana", before: func(w *world) {
			w.step(w.event(RequestAssigned, "maya", "assignee", "ben"))
		}, voter: person("ana"), want: CodeFourEyes},
		"who saved the version": {requester: person("maya"), before: saved(person("ana")), voter: person("ana"), want: CodeFourEyes},
		"who saved it by another account": {
			requester: person("maya"), before: saved(Actor{Ref: Ref{"figma", "user", "7"}, Email: "ana@lumen.example"}), voter: person("ana"), want: CodeFourEyes,
		},
		"a machine saved the version": {
			requester: person("maya"), before: saved(Actor{Ref: person("ana").Ref, Bot: true}), voter: person("ana"), want: CodeRecorded,
		},
		"who saved a version that was replaced": {requester: person("maya"), before: func(w *world) {
			saved(person("ana"))(w)
			saved(person("lin"))(w)
		}, voter: person("ana"), want: CodeRecorded},
		"somebody else": {requester: person("maya"), assignee: "ben", voter: person("dana"), want: CodeRecorded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(twoStages())
			ev := w.event(RequestSubmitted, "")
			ev.Actor = tc.requester
			w.r = Step(w.p, w.r, ev, Facts{New: "CR-142", Routing: &Routing{Workflow: "standard", Assignee: tc.assignee}}).Request
			if tc.assignee != "" {
				w.step(w.event(WorkSubmitted, tc.assignee))
			}
			if tc.before != nil {
				tc.before(w)
			}
			vote := w.vote("", "Brand", Approve)
			vote.Actor = tc.voter
			o := w.step(vote)
			if o.Why[0].Code != tc.want {
				t.Errorf("%+v votes on the work of %+v: got %v, want %s", tc.voter, tc.requester, o.Why, tc.want)
			}
			if refused := tc.want != CodeRecorded; refused && len(w.r.Votes) > 0 {
				t.Errorf("a refused vote was counted: %+v", w.r.Votes)
			}
		})
	}
}

func hand(from, to string) func(w *world) {
	return func(w *world) { w.step(w.event(StageDelegated, from, "stage", "Brand", "to", to)) }
}

// saved lets somebody save a version of the work, before anybody has voted.
func saved(who Actor) func(w *world) {
	return func(w *world) {
		if len(w.r.Assets) == 0 {
			w.r.Assets = []Asset{{Ref: Ref{"figma", "file", "K"}, At: w.now}}
		}
		w.n++
		w.now = w.now.Add(time.Minute)
		ev := w.saves(w.n)
		ev.Versions[0].By = who
		w.step(ev)
	}
}

// TestDistinctPersons counts one person once over all channels.
func TestDistinctPersons(t *testing.T) {
	t.Parallel()
	p := studio().stage(StageDef{Name: "Legal", Together: 1, Needs: Quorum{N: 2}}, "ana", "dana", "eli")
	for name, second := range map[string]Event{
		"the same button":     {Actor: person("ana")},
		"another account":     {Actor: Actor{Name: "ana", Ref: Ref{"email", "user", "ana@lumen.example"}}},
		"an unlinked account": {Actor: Actor{Ref: Ref{"email", "user", "x"}, Email: "ana@lumen.example"}},
		"the same account":    {Actor: Actor{Ref: person("ana").Ref}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(p)
			w.submit("maya", "")
			w.step(w.vote("ana", "Legal", Approve))
			again := w.vote("", "Legal", Approve)
			again.Actor = second.Actor
			o := w.step(again)
			if o.Why[0].Code != CodeAlready || w.r.Status != InReview || len(w.r.Votes) != 1 {
				t.Errorf("second vote by %+v: %v, %s with %d votes; want already, in_review, 1", second.Actor, o.Why, w.r.Status, len(w.r.Votes))
			}
		})
	}
}

// TestMay_IsTheJudgementOfStep compares May with what Step does of the same attempt.
func TestMay_IsTheJudgementOfStep(t *testing.T) {
	t.Parallel()
	for _, who := range crowd {
		for _, do := range []string{"approve", "decline", "delegate", "undo", "submit_work", "withdraw", "add_detail", "assign"} {
			w := newWorld(twoStages())
			w.submit("maya", "lin")
			for _, start := range []bool{false, true} {
				if start {
					w.step(w.event(WorkSubmitted, "lin"))
					w.step(w.vote("ana", "Brand", Approve))
				}
				at := w.now
				ok, code, why := May(w.p, w.r, Attempt{Who: person(who), Do: do, To: Actor{Name: "olga"}, At: at})
				kind := map[string]Kind{
					"approve": VoteCast, "decline": VoteCast, "delegate": StageDelegated, "undo": VoteUndone, "submit_work": WorkSubmitted,
					"withdraw": RequestWithdrawn, "add_detail": RequestEdited, "assign": RequestAssigned,
				}[do]
				o := Step(w.p, w.r, w.event(kind, who, "verdict", do, "to", "olga"), Facts{})
				if got := o.Why[0]; ok != (got.Code == CodeRecorded) || (!ok && (got.Code != code || got.Text != why)) {
					t.Errorf("%s by %s: May says %v %s %q, Step says %v", do, who, ok, code, why, got)
				}
			}
		}
	}
}

func TestMay_RequestChangesAsksForNoNote(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	if ok, code, why := May(w.p, w.r, Attempt{Who: person("ana"), Do: "request_changes", At: w.now}); !ok {
		t.Errorf("May = %s %q, want yes: the note is written afterwards", code, why)
	}
	ev := w.vote("ana", "Brand", RequestChanges)
	ev.Body = nil
	if o := w.step(ev); o.Why[0].Code != CodeNoteNeeded || !strings.Contains(o.Why[0].Text, "note") {
		t.Errorf("Step without a note: %v", o.Why)
	}
}
