package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRulesMoved_anyHistory plays a random history, puts the request under other random rules, and goes on until it is
// closed: what was decided stays decided, no vote is lost, every stage of the new rules is decided in the end, and the
// fold gives the same again.
func TestRulesMoved_anyHistory(t *testing.T) {
	t.Parallel()
	reviewed, done := 0, 0
	for seed := range uint64(*histories / slower / 4) {
		h := newHistory(seed)
		for range 4 + h.rnd.IntN(5) {
			if !h.move(t) {
				t.Fatalf("seed %d; history:\n%s", seed, h.story())
			}
		}
		before := h.r
		h.p = otherRules(h.rnd)
		h.facts = Facts{}
		if h.rnd.IntN(2) == 0 {
			h.facts.Routing = &Routing{Rule: "Others", Workflow: "standard", Assignee: "ben"}
		}
		ev := h.event(RulesMoved, "olga")
		o := h.step(ev)
		check(t, before, ev, o)
		moved(t, before, o)
		if diff := cmp.Diff(o, Step(h.p, before, ev, h.facts)); diff != "" {
			t.Errorf("the same event gives another outcome:\n%s", diff)
		}
		blindly(t, h, before, ev)
		if before.Status == InReview {
			reviewed++
		}
		if h.r.Status == InReview && finish(t, h) {
			done++
		}
		if t.Failed() {
			t.Fatalf("seed %d; history:\n%s\nrules of today %+v %v\nmoved %+v", seed, h.story(), h.p.stages, h.p.reviewers, o.Why)
		}
	}
	if reviewed == 0 || done == 0 {
		t.Errorf("%d histories were in review when the rules moved, %d went on to their end; want some of each", reviewed, done)
	}
}

// otherRules are stages that partly bear the names of newHistory's, in another order.
func otherRules(rnd *rand.Rand) *static {
	p := &static{reviewers: map[string][]string{}, people: directory, zone: time.UTC, digest: "rules-2"}
	names := []string{"S10", "S11", "S20", "S21", "S30", "N1", "N2"}
	rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for group := 1; group <= 1+rnd.IntN(3); group++ {
		for range 1 + rnd.IntN(2) {
			d := StageDef{Name: names[len(p.stages)], Together: group, FourEyes: rnd.IntN(4) > 0, Needs: Quorum{N: 1 + rnd.IntN(2)}}
			if rnd.IntN(6) == 0 {
				d.Skip = "does not apply"
			}
			p.stage(d, panel(rnd)...)
		}
	}
	return p
}

func moved(t *testing.T, before Request, o Outcome) {
	t.Helper()
	r := o.Request
	if diff := cmp.Diff(before.Votes, r.Votes); diff != "" {
		t.Errorf("votes are not what they were:\n%s", diff)
	}
	for i, run := range before.Stages {
		now := r.Stages[i]
		if run.State == StageApproved && (now.State != StageApproved || !cmp.Equal(run.DecidedBy, now.DecidedBy)) {
			t.Errorf("%s was approved and is %s", run.Name, now.State)
		}
		if diff := cmp.Diff(run.Delegated, now.Delegated); diff != "" {
			t.Errorf("%s: places that were handed over: %s", run.Name, diff)
		}
	}
	switch closed := before.Status.Closed(); {
	case closed && r.Ruleset != before.Ruleset, !closed && r.Ruleset != "rules-2":
		t.Errorf("%s: ruleset %s", before.Status, r.Ruleset)
	}
}

// blindly holds that Fold makes the same of the request as Step, but for what is shown.
func blindly(t *testing.T, h *history, before Request, ev Event) {
	t.Helper()
	folded, why := Fold(h.p, before, ev, h.facts)
	stepped := Step(h.p, before, ev, h.facts)
	folded.Shows, stepped.Request.Shows = nil, nil
	if diff := cmp.Diff(stepped.Request, folded); diff != "" {
		t.Errorf("Fold makes another request than Step (-step +fold):\n%s", diff)
	}
	if diff := cmp.Diff(stepped.Why, why); diff != "" {
		t.Errorf("Fold has other reasons than Step (-step +fold):\n%s", diff)
	}
}

// finish lets everybody who is asked approve. Where nobody can act any more it gives up: then there is a problem shown.
func finish(t *testing.T, h *history) bool {
	t.Helper()
	for range 50 {
		open := h.r.Open()
		if len(open) == 0 {
			break
		}
		run := open[0]
		i := slices.IndexFunc(open, func(x StageRun) bool { return len(h.waits(x)) > 0 })
		if i < 0 {
			if len(h.r.Problems) == 0 {
				t.Errorf("nobody can decide %s, and nothing says so", run.Name)
			}
			return false
		}
		run = open[i]
		h.now = h.now.Add(time.Minute)
		before, ev := h.r, h.vote(h.waits(run)[0].Name, run.Name, Approve)
		check(t, before, ev, h.step(ev))
	}
	if h.r.Status != Approved {
		return false
	}
	s := scene{p: h.p, r: &h.r, at: h.now}
	for _, d := range h.p.stages {
		if d.Skip == "" && !s.decided(d.Name) {
			t.Errorf("approved without %s: %s", d.Name, fmt.Sprint(h.r.Stages))
		}
	}
	return true
}

func (h *history) waits(run StageRun) []Actor {
	return scene{p: h.p, r: &h.r, at: h.now}.waiting(run)
}

// TestRulesMoved_ignored: rules that would make no request of it leave it as it is.
func TestRulesMoved_ignored(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.p = twoStages()
	w.p.digest = "rules-2"
	w.facts = Facts{Routing: &Routing{Rule: "Small talk", Ignore: true}}
	o := w.step(w.event(RulesMoved, "olga"))
	if o.Why[0].Code != CodeNotOpen || w.r.Ruleset != "rules-1" {
		t.Errorf("%+v under %s, want refused and rules-1", o.Why[0], w.r.Ruleset)
	}
}

// TestFold_agreesWithStep: over random histories with everything that is shown, the same is decided whether
// or not anything of it is shown.
func TestFold_agreesWithStep(t *testing.T) {
	t.Parallel()
	for seed := range uint64(max(10, *histories/50/slower)) {
		h := newHistory(seed)
		h.chat, h.r = true, Request{}
		h.submit("maya", "lin")
		folded := h.r
		for range 25 {
			h.next()
			folded, _ = Fold(h.p, folded, h.given, h.facts)
			if diff := cmp.Diff(unseen(h.r), unseen(folded)); diff != "" {
				t.Fatalf("seed %d: %s (-step +fold):\n%s", seed, h.given.Kind, diff)
			}
		}
	}
}

// unseen is what of a request does not depend on what is shown of it.
func unseen(r Request) Request {
	return Request{
		ID: r.ID, Ruleset: r.Ruleset, Workflow: r.Workflow, Version: r.Version, Status: r.Status, Round: r.Round, Opened: r.Opened, Updated: r.Updated,
		Since: r.Since, Closed: r.Closed, Requester: r.Requester, Assignee: r.Assignee, Makers: r.Makers, Editor: r.Editor, Due: r.Due, Fields: r.Fields,
		Stages: r.Stages, Work: r.Work, Points: r.Points, Votes: r.Votes, Fired: r.Fired, Looked: r.Looked, WakeAt: r.WakeAt, Assets: r.Assets, Signed: r.Signed,
	}
}
