package flow

import (
	"strings"
	"testing"

	"signoff/internal/text"
)

func (w *world) brief(seq, title, words string) Event {
	ev := w.event(BriefRead, "", "title", title)
	ev.Actor, ev.Subject, ev.Seq = Actor{}, Ref{"confluence", "page", "42"}, seq
	ev.To = Actor{Ref: Ref{"confluence", "user", "7"}, Shown: "Maya Lindt"}
	ev.Links = []Link{{URL: "https://lumen.example/wiki/42"}}
	ev.Body = text.Plain(words)
	return ev
}

func TestBrief_isShownOnTheCardAndInTheTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "tom")
	w.settle()
	w.step(w.brief("3", "Spring campaign", "Three sizes, warm light."))
	w.settle()

	if l, ok := w.r.Link("brief"); !ok || l.Ref.Key != "42" || l.URL == "" {
		t.Errorf("link of the brief = %+v, %v", l, ok)
	}
	var fact Fact
	for _, f := range w.things["slack CR-142/card"].view.Facts {
		if f.Name == "brief" {
			fact = f
		}
	}
	if fact.Text != "Spring campaign" || fact.After != "by Maya Lindt" || fact.URL != "https://lumen.example/wiki/42" {
		t.Errorf("fact on the card = %+v", fact)
	}
	ticket := w.things["jira CR-142/ticket"].view.Body.String()
	if n := strings.Count(ticket, "Three sizes, warm light."); n != 1 || !strings.Contains(ticket, "Brief: Spring campaign (https://lumen.example/wiki/42) by Maya Lindt") {
		t.Errorf("ticket holds the words %d times:\n%s", n, ticket)
	}
}

func TestBrief_newerStateWins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ seq, code, title string }{
		"newer": {"10", CodeRecorded, "Changed"},
		"same":  {"9", CodeDuplicate, "First"},
		"older": {"8", CodeSuperseded, "First"},
	} {
		w := newWorld(twoStages())
		w.submit("maya", "tom")
		w.step(w.brief("9", "First", "a"))
		o := w.step(w.brief(c.seq, "Changed", "b"))
		if o.Why[0].Code != c.code || w.r.Brief.Title != c.title {
			t.Errorf("%s: code %s, title %q; want %s, %q", name, o.Why[0].Code, w.r.Brief.Title, c.code, c.title)
		}
	}
}

func TestBrief_longWordsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "tom")
	w.step(w.brief("1", "Long", strings.Repeat(strings.Repeat("word ", 200)+"\n\n", 200)))
	if n := len(w.r.Brief.Words.String()); n > BriefLimit+100 || n < BriefLimit/2 {
		t.Errorf("%d bytes of words are kept, want about %d", n, BriefLimit)
	}
	if !strings.Contains(w.r.Brief.Words.String(), "The page goes on.") {
		t.Error("nothing says that words were left out")
	}
}

func (w *world) says(by, system, words string, fields ...string) Event {
	ev := w.event(CommentAdded, by, fields...)
	ev.Said = Ref{system, "message", ev.ID}
	ev.Body = text.Plain(words)
	return ev
}

// TestCommentThatAsked_isNoPoint: whoever looks at the work again hears the comment that the request was made of.
func TestCommentThatAsked_isNoPoint(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	asked := Ref{"adobe", "comment", "A/F/1"}
	w.r.Links[0] = Link{Purpose: "thread", Ref: asked}
	ev := w.says("maya", "adobe", "@signoff please sign this off", "point", "yes")
	ev.Said = asked
	w.step(ev)
	if len(w.r.Points) > 0 || len(w.r.Comments) > 0 {
		t.Errorf("it became %v and %v", w.r.Points, w.r.Comments)
	}
	w.step(w.says("ana", "adobe", "Larger, please", "point", "yes"))
	if len(w.r.Points) != 1 {
		t.Errorf("another comment became %v, want a point", w.r.Points)
	}
}

func TestAutomaticAnswer_isKeptAndMovesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.r.Places.Mail = "email"
	w.settle()
	ev := w.says("ana", "email", "approved", "automatic", "yes")
	ev.Files = []File{{Ref: Ref{"email", "file", "1/2"}, Name: "logo.png"}}
	o := w.step(ev)
	if run := w.r.Stages[0]; !run.FirstResponse.IsZero() || len(w.r.Files) > 0 || len(w.r.Votes) > 0 {
		t.Errorf("first response %v, files %v, votes %v", run.FirstResponse, w.r.Files, w.r.Votes)
	}
	var copied string
	for _, e := range o.Effects {
		if e.Tell != nil {
			t.Errorf("said: %s", e.Tell.View.Headline)
		}
		if e.Show != nil && e.Show.Purpose == "comment/1" {
			copied = e.Target + ": " + e.Show.View.Body.String()
		}
	}
	if !strings.HasPrefix(copied, "jira: Automatic answer of ") || !strings.Contains(copied, " in e-mail") {
		t.Errorf("copy in the ticket = %q", copied)
	}
}

func TestWordsOfApproval_areOfferedInChatOnly(t *testing.T) {
	t.Parallel()
	for system, want := range map[string]bool{"slack": true, "email": false, "figma": false, "adobe": false, "github": false, "confluence": false} {
		w := newWorld(twoStages())
		w.submit("maya", "")
		w.settle()
		o := w.step(w.says("ana", system, "looks good"))
		offered := false
		for _, why := range o.Why {
			offered = offered || why.Code == "offered"
		}
		if offered != want || len(w.r.Votes) > 0 {
			t.Errorf("%s: offered = %v, want %v; votes %v", system, offered, want, w.r.Votes)
		}
	}
}
