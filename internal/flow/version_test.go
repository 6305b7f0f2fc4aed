package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"signoff/internal/text"
)

// saves is what the source of an asset tells of a new version.
func (w *world) saves(n int) Event {
	ev := w.event(AssetChanged, "lin")
	ev.Subject, ev.Delivery, ev.Where = Ref{"figma", "file", "K"}, "figma/d", Ref{}
	ev.Versions = []Version{{ID: fmt.Sprint("id", n), Name: fmt.Sprint("v", n), By: ev.Actor, At: w.now, Seq: fmt.Sprint(n)}}
	return ev
}

// reviewed is a request whose Figma file is in its first version, in review by Ana and Dana, then Eli.
func reviewed(policy string) *world {
	w := newWorld(studio().
		stage(StageDef{Name: "Brand", Together: 1, Needs: Quorum{N: 2}, NewVersion: policy}, "ana", "dana").
		stage(StageDef{Name: "Legal", Together: 2, NewVersion: policy}, "eli"))
	w.submit("maya", "lin")
	w.r.Assets = []Asset{{Ref: Ref{"figma", "file", "K"}, Label: "Spring", At: w.now}}
	w.step(w.saves(1))
	w.step(w.event(WorkSubmitted, "lin"))
	return w
}

// TestVersions_NoApprovalForAnotherVersionCounts: whatever comes in whatever order, under void an approved request holds, for
// each of its stages, approvals of the version that it was signed for, and nothing else is counted.
func TestVersions_NoApprovalForAnotherVersionCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w, saved := reviewed("void"), 1
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 50).Draw(rt, "seconds")) * time.Second)
			who := rapid.SampledFrom([]string{"ana", "dana", "eli", "lin", "maya"}).Draw(rt, "who")
			stage := rapid.SampledFrom([]string{"Brand", "Legal"}).Draw(rt, "stage")
			switch rapid.SampledFrom([]string{"approve", "approve", "approve", "save", "undo", "delegate", "changes", "work"}).Draw(rt, "what") {
			case "approve":
				ev := w.vote(who, stage, Approve)
				ev.Fields["version"] = []string{fmt.Sprint("id", rapid.IntRange(max(1, saved-1), saved).Draw(rt, "version"))}
				w.step(ev)
			case "save":
				saved++
				w.step(w.saves(saved))
			case "undo":
				w.step(w.event(VoteUndone, who, "stage", stage))
			case "delegate":
				w.step(w.event(StageDelegated, who, "stage", stage, "to", "ben"))
			case "changes":
				w.step(w.vote(who, stage, RequestChanges))
			case "work":
				ev := w.event(WorkSubmitted, "lin")
				ev.Body = text.Plain("ready")
				w.step(ev)
			}
			holdsOnlySigned(rt, w.r)
		}
	})
}

func holdsOnlySigned(t *rapid.T, r Request) {
	if r.Status != Approved {
		return
	}
	for _, run := range r.Stages {
		if run.State != StageApproved || run.Round != r.Round {
			continue
		}
		counted := 0
		for _, v := range r.Votes {
			if v.Stage != run.Name || v.Round != run.Round || v.Verdict != Approve || !v.Undone.IsZero() || v.Stale {
				continue
			}
			if counted++; v.Version != r.Signed {
				t.Fatalf("signed for %s, but %s of %s counted for %s", r.Signed, v.By.Name, run.Name, v.Version)
			}
		}
		if counted == 0 {
			t.Fatalf("%s is approved without an approval", run.Name)
		}
	}
}

// TestVersions_EachPolicy: Brand has one approval of v1 when v2 is saved.
func TestVersions_EachPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]struct {
		round   int
		waiting string // for whom Brand waits
		stale   bool   // the approval of v1
	}{
		"":                   {2, "ana dana", true},
		"void":               {2, "ana dana", true},
		"restart from Brand": {2, "ana dana", true},
		"ask again":          {1, "ana dana", true},
		"keep with notice":   {1, "dana", false},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := reviewed(policy)
			w.step(w.vote("ana", "Brand", Approve))
			w.now = w.now.Add(time.Hour)
			w.step(w.saves(2))
			if w.r.Status != InReview || w.r.Round != want.round || w.r.Votes[0].Stale != want.stale {
				t.Errorf("%s in revision %d, the approval stale: %v; want in review in %d, %v", w.r.Status, w.r.Round, w.r.Votes[0].Stale, want.round, want.stale)
			}
			open := w.r.Open()
			if len(open) != 1 {
				t.Fatalf("%d stages are open, want Brand alone", len(open))
			}
			s := scene{p: w.p, r: &w.r, at: w.now}
			got := ids(s.waiting(open[0]))
			if slices.Sort(got); strings.Join(got, " ") != want.waiting {
				t.Errorf("waits for %v, want %s", got, want.waiting)
			}
			old := w.vote("dana", "Brand", Approve)
			old.Fields["version"] = []string{"id1"}
			if w.step(old); w.last.Why[0].Code != CodeStale || !strings.Contains(w.last.Why[0].Text, "v2 replaced v1") {
				t.Errorf("a vote for v1: %v, want it refused with both versions named", w.last.Why)
			}
			if o := w.step(w.saves(2)); o.Why[0].Code != CodeDuplicate {
				t.Errorf("v2 told again: %v", o.Why)
			}
		})
	}
}

// TestVersions_WhileItIsMade: a version saved while the work is made is offered for review, and after the approval only noted.
func TestVersions_WhileItIsMade(t *testing.T) {
	t.Parallel()
	w := reviewed("void")
	w.step(w.vote("ana", "Brand", RequestChanges))
	w.now = w.now.Add(time.Hour)
	o := w.step(w.saves(2))
	offers := told(o, "slack")
	if w.r.Status != InProgress || len(offers) != 1 || offers[0].To[0].Name != "lin" || !strings.Contains(offers[0].View.Headline, "Send v2 to review?") || offers[0].View.Buttons[0].Action == "" {
		t.Errorf("%s, offered by %+v", w.r.Status, offers)
	}
	w.step(w.event(WorkSubmitted, "lin", "answer.1", "done"))
	for _, who := range []string{"ana", "dana"} {
		w.step(w.vote(who, "Brand", Approve))
	}
	if w.step(w.vote("eli", "Legal", Approve)); w.r.Status != Approved || w.r.Signed != "id2" {
		t.Fatalf("%s, signed for %q: %v", w.r.Status, w.r.Signed, w.last.Why)
	}
	w.now = w.now.Add(time.Hour)
	if w.step(w.saves(3)); w.r.Status != Approved || w.r.Signed != "id2" || len(told(w.last, "slack")) == 0 {
		t.Errorf("after a later version: %s, signed for %q, %d messages", w.r.Status, w.r.Signed, len(told(w.last, "slack")))
	}
}
