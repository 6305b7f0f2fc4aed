package flow

import "testing"

// A closed request answers with the decision on a stage of its last revision; an old card is told how it ended.
func TestVote_OnAClosedRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(studio().stage(StageDef{Name: "Brand", Together: 1, FourEyes: true}, "ana", "dana"))
	w.submit("maya", "")
	w.step(w.vote("dana", "Brand", RequestChanges))
	w.step(w.event(WorkSubmitted, "maya"))
	w.step(w.vote("ana", "Brand", Approve))
	if w.r.Status != Approved || w.r.Round != 2 {
		t.Fatalf("status %s in revision %d, want approved in 2: %v", w.r.Status, w.r.Round, w.last.Why)
	}
	for round, want := range map[string]string{"1": CodeClosed, "2": CodeAlready, "": CodeAlready} {
		vote := w.vote("dana", "Brand", Approve)
		vote.Fields["round"] = []string{round}
		if got := Step(w.p, w.r, vote, Facts{}).Why[0]; got.Code != want {
			t.Errorf("approving by a card of revision %q: %v, want %s", round, got, want)
		}
	}
}
