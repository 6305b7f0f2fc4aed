package flow

import (
	"slices"
	"testing"
	"time"
)

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

// TestRefusal_OnAnOldCardLeadsToTheNewOne: the person's own question where it has an address in the place they acted in,
// else the public card there, and the page in any case.
func TestRefusal_OnAnOldCardLeadsToTheNewOne(t *testing.T) {
	t.Parallel()
	const ask, card = "https://lumen.slack.example/ask", "https://lumen.slack.example/card"
	at := func(system, url string) *Link { return &Link{Ref: Ref{system, "message", url}, URL: url} }
	for name, tc := range map[string]struct {
		ask, card *Link
		who       string
		want      []string
	}{
		"the question":             {at("slack", ask), at("slack", card), "ana", []string{ask, "/requests/CR-142"}},
		"a question without":       {at("slack", ""), at("slack", card), "ana", []string{card, "/requests/CR-142"}},
		"a question in a mail":     {at("email", "mid:1"), at("slack", card), "ana", []string{card, "/requests/CR-142"}},
		"somebody who is not":      {at("slack", ask), at("slack", card), "ben", []string{card, "/requests/CR-142"}},
		"neither has an address":   {at("slack", ""), at("slack", ""), "ana", []string{"/requests/CR-142"}},
		"nothing was shown so far": {nil, nil, "ana", []string{"/requests/CR-142"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reviewed("void")
			w.settle()
			w.now = w.now.Add(time.Hour)
			w.step(w.saves(2))
			w.r.Links = nil
			for purpose, l := range map[string]*Link{"ask/2/Brand/ana": tc.ask, "card": tc.card} {
				if l != nil {
					l.Purpose = purpose
					w.r.Links = append(w.r.Links, *l)
				}
			}
			old := w.vote(tc.who, "Brand", Approve)
			old.Fields["round"], old.Fields["version"] = []string{"1"}, []string{"id1"}
			old.Where = Ref{"slack", "thread", "D1/1"}
			o := w.step(old)
			said := told(o, "slack")
			if o.Why[0].Code != CodeStale || len(said) != 1 {
				t.Fatalf("%v, told %+v; want it refused as stale, with one answer", o.Why, said)
			}
			var got []string
			for _, b := range said[0].View.Buttons {
				got = append(got, b.URL)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("leads to %q, want %q", got, tc.want)
			}
		})
	}
}
