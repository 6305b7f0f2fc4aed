package flow

import (
	"strings"
	"testing"
	"time"

	"signoff/internal/text"
)

// figmaComment is something said at the Figma file of a request.
func (w *world) figmaComment(kind Kind, by, key, words string, fields ...string) Event {
	ev := w.event(kind, by, append([]string{"point", "yes"}, fields...)...)
	ev.Subject, ev.Said = Ref{"figma", "file", "K"}, Ref{"figma", "comment", "K/" + key}
	ev.Sent, ev.Delivery, ev.Where = w.now, "figma/d", Ref{}
	ev.Links = []Link{{URL: "https://www.figma.com/design/K#" + key}}
	if words != "" {
		ev.Body = text.Plain(words)
	}
	return ev
}

// inFigma is a request in review whose work is a Figma file: Lin makes it, Ana reviews it.
func inFigma(t *testing.T) *world {
	t.Helper()
	w := newWorld(studio().stage(StageDef{Name: "Brand", Together: 1, FourEyes: true}, "ana"))
	w.submit("maya", "lin")
	w.r.Assets = []Asset{{Ref: Ref{"figma", "file", "K"}, Label: "Spring", Versions: []Version{{ID: "77", Name: "v3", At: w.now}}}}
	w.step(w.event(WorkSubmitted, "lin"))
	if w.r.Status != InReview {
		t.Fatalf("status %s, want in review", w.r.Status)
	}
	return w
}

// told lists what is said once at a system.
func told(o Outcome, system string) (all []Tell) {
	for _, e := range o.Effects {
		if e.Tell != nil && e.Target == system {
			all = append(all, *e.Tell)
		}
	}
	return all
}

func TestLedger_CommentsAtTheWorkAreNumbered(t *testing.T) {
	t.Parallel()
	w := inFigma(t)
	w.step(w.figmaComment(CommentAdded, "ana", "1", "Logo too small"))
	w.step(w.figmaComment(CommentAdded, "maya", "2", "Wrong blue"))
	w.step(w.figmaComment(CommentAdded, "lin", "3", "A note to myself"))
	if len(w.r.Points) != 2 || w.r.Points[1].Number != 2 || w.r.Points[1].URL != "https://www.figma.com/design/K#2" || w.r.Points[0].Version != "77" || !w.r.Points[0].Open() {
		t.Fatalf("points %+v, want those of Ana and Maya", w.r.Points)
	}
	w.step(w.figmaComment(CommentAdded, "ana", "1", "Logo too small"))
	w.now = w.now.Add(time.Minute)
	w.step(w.figmaComment(CommentEdited, "ana", "1", "Logo far too small"))
	if len(w.r.Points) != 2 || w.r.Points[0].Note.String() != "Logo far too small" {
		t.Errorf("after the same again and an edit: %+v", w.r.Points)
	}
	w.step(w.figmaComment(CommentAdded, "maya", "4", "I agree", "below", "figma:comment:K/1"))
	w.step(w.figmaComment(CommentAdded, "lin", "5", "Now 40 px", "below", "figma:comment:K/1"))
	if p := w.r.Points[0]; len(w.r.Points) != 2 || p.Answer.String() != "Now 40 px" || p.AnsweredBy.Name != "lin" || p.Open() {
		t.Errorf("after the maker's answer: %+v", w.r.Points)
	}
	if n := len(told(w.last, "figma")); n != 0 {
		t.Errorf("an answer given in Figma is told there %d times more", n)
	}
	w.step(w.figmaComment(CommentRemoved, "maya", "2", ""))
	if p := w.r.Points[1]; p.Open() || p.ResolvedBy.Name != "maya" {
		t.Errorf("a point whose comment was removed: %+v", p)
	}
}

func TestLedger_ResolvedAtTheSource(t *testing.T) {
	t.Parallel()
	w := inFigma(t)
	w.step(w.figmaComment(CommentAdded, "ana", "1", "Logo too small"))
	resolve := func(state string) Outcome { return w.step(w.figmaComment(PointResolved, "", "1", "", "state", state)) }
	resolve("resolved")
	if w.r.Points[0].Open() {
		t.Fatalf("point %+v, want it resolved", w.r.Points[0])
	}
	version := w.r.Version
	if o := resolve("resolved"); o.Why[0].Code != CodeDuplicate || w.r.Version != version {
		t.Errorf("told again: %v in version %d, want no record", o.Why, w.r.Version)
	}
	if resolve("open"); !w.r.Points[0].Open() {
		t.Errorf("opened again: %+v", w.r.Points[0])
	}
	if o := w.step(w.figmaComment(PointResolved, "", "9", "", "state", "resolved")); o.Why[0].Code != CodeNoted {
		t.Errorf("a comment that is no point: %v", o.Why)
	}
}

func TestLedger_ApprovingWithOpenPointsIsConfirmed(t *testing.T) {
	t.Parallel()
	w := inFigma(t)
	w.step(w.figmaComment(CommentAdded, "maya", "1", "Logo too small"))
	w.step(w.figmaComment(CommentAdded, "maya", "2", "Wrong blue"))
	vote := w.vote("ana", "Brand", Approve)
	delete(vote.Fields, "confirmed")
	o := w.step(vote)
	if o.Why[0].Code != CodePointsOpen || w.r.Status != InReview || len(w.r.Votes) != 0 {
		t.Fatalf("%v, %s with %d votes; want to be asked once more", o.Why, w.r.Status, len(w.r.Votes))
	}
	answers := told(o, "slack")
	if len(answers) != 1 || !answers[0].Private || len(answers[0].View.Points) != 2 || answers[0].View.Buttons[0].Value != "confirmed" || !strings.Contains(answers[0].View.Headline, "Points 1 and 2 are still open") {
		t.Errorf("answered by %+v", answers)
	}
	w.step(w.event(PointAnswered, "lin", "point", "1"))
	if w.last.Why[0].Code != CodeNoteNeeded {
		t.Errorf("an answer without words: %v", w.last.Why)
	}
	answer := w.event(PointAnswered, "lin", "point", "1")
	answer.Body = text.Plain("Now 40 px")
	back := told(w.step(answer), "figma")
	if len(back) != 1 || back[0].Where != (Ref{"figma", "comment", "K/1"}) || back[0].View.Body.String() != "Now 40 px" {
		t.Errorf("told in Figma: %+v", back)
	}
	w.step(w.event(PointResolved, "ana", "point", "2", "state", "resolved"))
	vote = w.vote("ana", "Brand", Approve)
	delete(vote.Fields, "confirmed")
	if w.step(vote); w.r.Status != Approved {
		t.Errorf("with nothing open: %v", w.last.Why)
	}
}

func TestLedger_ConfirmedApprovalCounts(t *testing.T) {
	t.Parallel()
	w := inFigma(t)
	w.step(w.figmaComment(CommentAdded, "maya", "1", "Logo too small"))
	if w.step(w.vote("ana", "Brand", Approve)); w.r.Status != Approved || !w.r.Points[0].Open() {
		t.Errorf("status %s, point %+v; want approved with the point left open", w.r.Status, w.r.Points[0])
	}
}

func TestLedger_AskedOnThePage(t *testing.T) {
	t.Parallel()
	w := inFigma(t)
	ask := w.event(PointAsked, "maya", "via", "web")
	ask.Body = text.Plain("Bigger logo\n\nAnother blue")
	w.step(ask)
	if len(w.r.Points) != 2 || w.r.Points[0].Stage != "Brand" {
		t.Errorf("points %+v, want two of them", w.r.Points)
	}
	if n := len(told(w.last, "slack")); n != 1 {
		t.Errorf("%d messages in chat, want 1", n)
	}
	stranger := w.event(PointAsked, "", "via", "web")
	stranger.Actor, stranger.Body = Actor{Ref: Ref{"slack", "user", "U99"}}, text.Plain("Pay me")
	if w.step(stranger); w.last.Why[0].Code != CodeNotYours || len(w.r.Points) != 2 {
		t.Errorf("by somebody who takes no part: %v", w.last.Why)
	}
}

func TestLedger_DecisionsAreToldAtTheSource(t *testing.T) {
	t.Parallel()
	w := inFigma(t)
	back := told(w.step(w.vote("ana", "Brand", RequestChanges)), "figma")
	if len(back) != 1 || back[0].Where != (Ref{"figma", "file", "K"}) || len(back[0].View.Points) != 1 || back[0].View.Points[0].Number != 1 {
		t.Errorf("changes told in Figma: %+v", back)
	}
	w.step(w.event(WorkSubmitted, "lin", "answer.1", "Now 40 px"))
	if p := w.r.Points[0]; p.AnsweredBy.Name != "lin" {
		t.Errorf("point %+v, want it answered by Lin", p)
	}
	vote := w.vote("ana", "Brand", Approve)
	delete(vote.Fields, "confirmed")
	back = told(w.step(vote), "figma")
	if w.r.Status != Approved || len(back) != 1 || !strings.Contains(back[0].View.Headline, "approved") {
		t.Errorf("%s, outcome told in Figma: %+v", w.r.Status, back)
	}
}
