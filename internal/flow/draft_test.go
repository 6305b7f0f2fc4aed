package flow

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/text"
)

// draftOf is an offered draft of a message of maya's.
func draftOf(way string) *world {
	w := newWorld(twoStages())
	ev := w.event(RequestSubmitted, "maya", "draft", way, "title", "Spring banner", "channel", "#launch", "text", "We need a banner")
	ev.Body, ev.Seq, ev.Where = text.Plain("We need a banner"), "100", Ref{"slack", "thread", "C1/1"}
	ev.Links = []Link{{Ref: Ref{"slack", "thread", "C1/1"}, Purpose: "thread", URL: "https://lumen.slack.example/p1"}}
	w.last = Step(w.p, Request{}, ev, Facts{New: "CR-142", Places: Places{Chat: "slack", Tracker: "jira"}, Routing: &Routing{Rule: "Banners", Workflow: "standard", Assignee: "lin"}})
	w.r = w.last.Request
	return w
}

func TestDraft_Terms(t *testing.T) {
	t.Parallel()
	w := draftOf("watch")
	for _, want := range []string{"status:draft", "open:yes", "requester:maya", "ref:slack:thread:C1/1"} {
		if !slices.Contains(w.last.Terms, want) {
			t.Errorf("no term %q in %q", want, w.last.Terms)
		}
	}
	if len(WaitingFor(w.p, w.r)) != 0 || w.r.Assignee.ID() != "" {
		t.Errorf("a draft waits for %v and belongs to %v", WaitingFor(w.p, w.r), w.r.Assignee)
	}
	w.step(w.event(DraftDismissed, "maya"))
	if diff := cmp.Diff([]string{"draft:closed", "open:no", "ref:slack:thread:C1/1"}, w.last.Terms); diff != "" {
		t.Errorf("terms of a draft that came to nothing (-want +got):\n%s", diff)
	}
}

func TestSubmission(t *testing.T) {
	t.Parallel()
	w := draftOf("emoji")
	ev := w.event(DraftConfirmed, "maya", "title", "Summer banner", "brand", "Nova", "via", "web")
	got := Submission(w.r, ev)
	want := map[string][]string{"title": {"Summer banner"}, "channel": {"#launch"}, "text": {"We need a banner"}, "brand": {"Nova"}}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if got.Kind != RequestSubmitted || got.Request != "CR-142" || got.Seq != "100" || got.Body.String() != "We need a banner" || len(got.Links) != 1 {
		t.Errorf("submission %+v, want the words and the thread of the draft", got)
	}
	ev.Body = text.Plain("Two banners")
	if got := Submission(w.r, ev).Body.String(); got != "Two banners" {
		t.Errorf("body %q, want that of the confirmation", got)
	}
}

func TestDraft_May(t *testing.T) {
	t.Parallel()
	w := draftOf("emoji")
	for _, c := range []struct{ who, do, code string }{
		{"maya", "confirm_draft", ""}, {"maya", "dismiss_draft", ""}, {"ana", "confirm_draft", CodeNotYours}, {"ana", "edit_draft", CodeNotYours},
		{"ana", "approve", CodeNotOpen}, {"maya", "add_detail", CodeNotOpen}, {"maya", "submit_work", CodeNotOpen}, {"maya", "new_ticket", CodeNotOpen},
		{"maya", "withdraw", ""},
	} {
		if _, code, why := May(w.p, w.r, Attempt{Who: person(c.who), Do: c.do, At: w.now}); code != c.code {
			t.Errorf("%s by %s: %q (%s), want %q", c.do, c.who, code, why, c.code)
		}
	}
	w.step(w.event(RequestWithdrawn, "maya"))
	if len(w.last.Effects) != 1 || w.last.Effects[0].Wake == nil {
		t.Errorf("a draft that is withdrawn is heard of: %+v", w.last.Effects)
	}
}

// TestDraft_NoAnswerOfTheRules: a confirmation without routing changes nothing.
func TestDraft_NoAnswerOfTheRules(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Facts{"none": {}, "ignore": {Routing: &Routing{Ignore: true}}} {
		w := draftOf("emoji")
		w.facts = f
		if w.step(w.event(DraftConfirmed, "maya")); w.r.Status != Draft || w.r.Offer == nil {
			t.Errorf("%s: %s with the offer %+v", name, w.r.Status, w.r.Offer)
		}
	}
}

func TestProblems_OfManyCopiesAreOneLine(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	for n := range 4 {
		e := w.step(w.message(CommentAdded, 200+n, n, "Hello")).Effects[0]
		w.step(w.event(EffectParked, "", "effect", e.ID, "purpose", e.Show.Purpose, "why", "the ticket takes no comments."))
	}
	var lines []string
	for _, f := range (scene{p: w.p, r: &w.r}).problemFacts() {
		lines = append(lines, f.Text)
	}
	want := []string{"What Maya said in Slack could not be copied to Jira: the ticket takes no comments.", "3 more comments could not be copied"}
	if diff := cmp.Diff(want, lines); diff != "" || len(w.r.Problems) != 4 {
		t.Errorf("%d problems, on the card (-want +got):\n%s", len(w.r.Problems), diff)
	}
	w.step(w.message(CommentRemoved, 201, 30, ""))
	if len(w.r.Problems) != 3 {
		t.Errorf("what was removed is still a problem: %s", strings.Join(lines, "; "))
	}
}
