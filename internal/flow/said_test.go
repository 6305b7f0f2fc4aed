package flow

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"signoff/internal/text"
)

// message is an event about the message n in the thread, or, where n is negative, about the comment -n at the ticket.
func (w *world) message(kind Kind, n, second int, words string) Event {
	ev := w.event(kind, "maya")
	ev.Body, ev.Sent = text.Plain(words), time.Date(2026, 11, 18, 15, 0, second, 0, time.UTC)
	ev.Subject, ev.Said, ev.Seq = Ref{"slack", "thread", "C1/1"}, Ref{"slack", "message", "C1/1/" + strconv.Itoa(n)}, strconv.Itoa(n)
	if n < 0 {
		ev.Actor = Actor{Ref: Ref{"jira", "user", "jon"}, Shown: "Jon"}
		ev.Subject, ev.Said, ev.Seq = Ref{"jira", "issue", "10007"}, Ref{"jira", "comment", strconv.Itoa(-n)}, ""
	}
	return ev
}

// copies lists the copies of comments that exist outside, by purpose, as they read.
func (w *world) copies() map[string]string {
	out := map[string]string{}
	for _, t := range w.things {
		if _, ok := indexed(t.link.Purpose, "comment/"); ok {
			out[t.link.Purpose] = fmt.Sprintf("%dx %s", t.made, t.view.Body)
		}
	}
	return out
}

func indexed(purpose, prefix string) (int, bool) {
	i := indexOf(purpose, prefix, 1000)
	return i, i >= 0
}

// TestSaid_SameSecond: a chat gives the time of an edit in whole seconds, before the time of the message itself.
func TestSaid_SameSecond(t *testing.T) {
	t.Parallel()
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		w := newWorld(twoStages())
		w.submit("maya", "")
		w.settle()
		said, edited := w.message(CommentAdded, 200, 10, "Frist"), w.message(CommentEdited, 200, 10, "First")
		said.Sent = said.Sent.Add(400 * time.Millisecond)
		both := [2]Event{said, edited}
		for _, i := range order {
			w.step(both[i])
			w.settle()
		}
		want := "1x Maya in Slack (edited)\n\nFirst"
		if got := w.copies()["comment/1"]; got != want {
			t.Errorf("order %v: %q, want %q", order, got, want)
		}
	}
}

// TestSaid_LeavesNoRecord: what the sweeper says again is not kept.
func TestSaid_LeavesNoRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	w.step(w.message(CommentAdded, -1, 10, "Print?"))
	w.step(w.message(CommentEdited, -1, 20, "For print?"))
	w.settle()
	version := w.r.Version
	for _, kind := range []Kind{CommentAdded, CommentEdited} {
		if o := w.step(w.message(kind, -1, 20, "For print?")); o.Why[0].Code != CodeDuplicate || w.r.Version != version {
			t.Errorf("%s again: %v, version %d after %d", kind, o.Why, w.r.Version, version)
		}
	}
	if c := w.r.Comments[0]; c.Body != nil || c.Pending {
		t.Errorf("a comment that is shown keeps its words: %+v", c)
	}
	w.step(w.message(CommentRemoved, -1, 30, ""))
	version = w.r.Version
	if o := w.step(w.message(CommentRemoved, -1, 31, "")); o.Why[0].Code != CodeDuplicate || w.r.Version != version {
		t.Errorf("removed again: %v", o.Why)
	}
}

func TestMoot(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	e := w.step(w.message(CommentAdded, 200, 10, "The password is swordfish")).Effects[0]
	if Moot(w.r, e) {
		t.Error("words that stand are moot")
	}
	w.step(w.message(CommentRemoved, 200, 12, ""))
	if !Moot(w.r, e) {
		t.Error("words that were removed before the first try are put into the ticket")
	}
	ev := receipt(e, w.now)
	ev.Links = nil // it was not made
	if o := w.step(ev); len(o.Effects) != 0 {
		t.Errorf("effects after it was left out: %+v", o.Effects)
	}
}

// TestSaid_Touched: a newer time alone is no edit.
func TestSaid_Touched(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	w.step(w.message(CommentAdded, -1, 10, "Print?"))
	w.settle()
	if o := w.step(w.message(CommentEdited, -1, 20, "Print?")); len(o.Effects) != 0 || !w.r.Comments[0].Edited.IsZero() {
		t.Errorf("effects %+v, edited %v; want none", o.Effects, w.r.Comments[0].Edited)
	}
	if o := w.step(w.message(CommentEdited, -1, 15, "Old")); o.Why[0].Code != CodeSuperseded {
		t.Errorf("an older edit after it: %v", o.Why)
	}
}
