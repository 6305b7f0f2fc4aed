package flow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"signoff/internal/text"
)

var olga = Actor{Ref: Ref{"email", "address", "olga@agency.example"}, Shown: "Olga", Email: "olga@agency.example"}

// mailed is a request that came by mail.
func mailed(w *world, assignee string) Outcome {
	ev := w.event(RequestSubmitted, "", "source", "email")
	ev.Actor, ev.Delivery = olga, "email/1"
	ev.Links = []Link{{Ref: Ref{"email", "thread", "abc"}, Purpose: "thread"}}
	w.last = Step(w.p, w.r, ev, Facts{
		New: "CR-142", Places: Places{Chat: "slack", Tracker: "jira", Mail: "email"},
		Routing: &Routing{Rule: "Banners", Title: "Spring banner", Project: "DES", Workflow: "standard", Assignee: assignee},
	})
	w.r = w.last.Request
	w.pending = append(w.pending, w.last.Effects...)
	return w.last
}

// toldAt lists what is said at a target.
func toldAt(o Outcome, target string) []Effect {
	return slices.DeleteFunc(slices.Clone(o.Effects), func(e Effect) bool { return e.Tell == nil || e.Target != target })
}

func TestMail_requestIsAcknowledgedInItsThread(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	all := toldAt(mailed(w, "ben"), "email")
	if len(all) != 1 {
		t.Fatalf("%d mails, want the acknowledgement alone: %+v", len(all), all)
	}
	got := all[0].Tell
	if got.Where != (Ref{"email", "thread", "abc"}) || got.InReplyTo != "email/1" || len(got.To) != 1 || got.To[0].Email != olga.Email {
		t.Errorf("acknowledgement = %+v", got)
	}
	for _, part := range []string{"CR-142", "goes to review", "Answers to this mail reach the request."} {
		if !strings.Contains(got.View.Headline, part) {
			t.Errorf("%q does not say %q", got.View.Headline, part)
		}
	}
}

func TestSource_requestIsAcknowledgedWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	comment := Ref{"figma", "comment", "KEY/1"}
	for system, want := range map[string]int{"figma": 1, "jira": 0, "slack": 0, "signoff": 0} {
		w := newWorld(twoStages())
		ev := w.event(RequestSubmitted, "", "source", system)
		ev.Links = []Link{{Ref: Ref{system, comment.Type, comment.Key}, Purpose: "thread"}}
		o := Step(w.p, w.r, ev, Facts{
			New: "CR-142", Places: Places{Chat: "slack", Tracker: "jira", Mail: "email"},
			Routing: &Routing{Rule: "Banners", Title: "Spring banner", Project: "DES", Workflow: "standard", Assignee: "ben"},
		})
		all := toldAt(o, system)
		if len(all) != want {
			t.Errorf("asked in %s: told %+v there, want %d", system, all, want)
			continue
		}
		if want == 1 && (all[0].Tell.Where != comment || !strings.HasPrefix(all[0].Tell.View.Headline, "Your request is now CR-142 Spring banner. Ben Osei takes it from here")) {
			t.Errorf("told %+v", all[0].Tell)
		}
	}
}

// TestSource_requestAtTheWorkIsAcknowledgedThere: somebody pressed a button at a file, and no comment began it.
func TestSource_requestAtTheWorkIsAcknowledgedThere(t *testing.T) {
	t.Parallel()
	file := Ref{"adobe", "file", "A/F"}
	for subject, want := range map[Ref]int{file: 1, {"adobe", "action", "1"}: 0, {}: 0} {
		w := newWorld(twoStages())
		ev := w.event(RequestSubmitted, "", "source", "adobe")
		ev.Subject, ev.Assets = subject, []Asset{{Ref: file}}
		o := Step(w.p, w.r, ev, Facts{
			New: "CR-142", Places: Places{Chat: "slack", Tracker: "jira"},
			Routing: &Routing{Rule: "Banners", Title: "Spring banner", Project: "DES", Workflow: "standard", Assignee: "ben"},
		})
		if all := toldAt(o, "adobe"); len(all) != want || want == 1 && all[0].Tell.Where != file {
			t.Errorf("asked at %v: told %+v there, want %d", subject, all, want)
		}
	}
}

func TestMail_outcomeAndTicketWordsGoToTheThread(t *testing.T) {
	t.Parallel()
	w := newWorld(studio().stage(StageDef{Name: "Brand", Together: 1}, "ana"))
	mailed(w, "")
	w.settle()
	ev := w.says("ben", "jira", "Which size?")
	o := w.step(ev)
	var shown *Show
	for _, e := range o.Effects {
		if e.Show != nil && e.Show.Purpose == "comment/1" && e.Target == "email" {
			shown = e.Show
		}
	}
	if shown == nil || shown.At.Key != "abc" || !strings.Contains(shown.View.Body.String(), "Which size?") {
		t.Errorf("comment of the ticket = %+v", shown)
	}
	w.settle()
	o = w.step(w.vote("ana", "Brand", Approve))
	mails := toldAt(o, "email")
	if len(mails) != 1 || mails[0].Tell.Where.Key != "abc" || !strings.Contains(mails[0].Tell.View.Headline, "CR-142 is approved") {
		t.Errorf("mails about the outcome = %+v", mails)
	}
	ev = w.event(CommentAdded, "")
	ev.Actor, ev.Said, ev.Body = olga, Ref{"email", "message", "email/9"}, text.Plain("Thank you")
	o = w.step(ev)
	if i := slices.IndexFunc(o.Effects, func(e Effect) bool { return e.Purpose() == "comment/2" && e.Target == "jira" }); i < 0 {
		t.Errorf("words of a mail are not copied to the ticket: %+v", o.Effects)
	}
}

// unreach says that chat does not know whom an ask was for.
func (w *world) unreach(purpose, name string) Outcome {
	ev := w.event(EffectParked, "", "effect", "CR-142/1/2", "purpose", purpose, "why", "no account", "unreached", name)
	ev.Actor = Actor{}
	return w.step(ev)
}

func TestUnreached_isAskedByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	mailed(w, "")
	w.pending = nil
	o := w.unreach("ask/1/Brand/ana", "ana")
	i := slices.IndexFunc(o.Effects, func(e Effect) bool { return e.Purpose() == "ask/1/Brand/ana" })
	if i < 0 || o.Effects[i].Target != "email" || o.Effects[i].Show.Link != nil || o.Effects[i].Show.To.Email != "ana@lumen.example" {
		t.Fatalf("effects = %+v", o.Effects)
	}
	if !slices.Equal(w.r.Unreached, []string{"ana"}) || len(w.r.Problems) > 0 {
		t.Errorf("unreached %v, problems %v", w.r.Unreached, w.r.Problems)
	}
	w.settle()
	if again := w.unreach("ask/1/Brand/ana", "ana"); slices.ContainsFunc(again.Effects, func(e Effect) bool { return e.Show != nil && e.Target == "slack" }) {
		t.Errorf("asked in chat again: %+v", again.Effects)
	}
}

// TestUnreached_isToldByMail: what chat could not bring is written, once, unless it is private or too late.
func TestUnreached_isToldByMail(t *testing.T) {
	t.Parallel()
	start := newWorld(twoStages()).now
	for name, c := range map[string]struct {
		tell   Tell
		mail   string
		mailed int
	}{
		"a notice":          {Tell{View: View{Kind: NoticeView, Headline: "v2 replaced v1."}}, "email", 1},
		"while it is worth": {Tell{Expires: start.Add(time.Minute), View: View{Kind: NoticeView, Headline: "v2 replaced v1."}}, "email", 1},
		"too late":          {Tell{Expires: start, View: View{Kind: NoticeView, Headline: "v2 replaced v1."}}, "email", 0},
		"a private answer":  {Tell{Private: true, View: View{Kind: NoticeView, Headline: "You already voted."}}, "email", 0},
		"without mail":      {Tell{View: View{Kind: NoticeView, Headline: "v2 replaced v1."}}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(twoStages())
			w.submit("maya", "")
			w.r.Places.Mail = c.mail
			ev := w.event(EffectParked, "", "effect", "CR-142/1/9", "purpose", "tell", "why", "no account", "unreached", "ana")
			c.tell.To = []Actor{{Name: "ana"}}
			ev.Actor, ev.Tell = Actor{}, &c.tell
			got := toldAt(w.step(ev), "email")
			if len(got) != c.mailed {
				t.Fatalf("%d mails, want %d: %+v", len(got), c.mailed, got)
			}
			for _, e := range got {
				if to := e.Tell.To; len(to) != 1 || to[0].Email != "ana@lumen.example" || e.Tell.View.Headline != c.tell.View.Headline {
					t.Errorf("mail = %+v, want the same words to ana", e.Tell)
				}
			}
			if known := slices.Contains(w.r.Unreached, "ana"); known != (c.mail != "") {
				t.Errorf("unreached %v", w.r.Unreached)
			}
		})
	}
}

// TestUnreached_requesterIsWrittenToInstead: a request without a place of its own is talked about with whoever asked for
// it, so where chat does not know them the card is left out and words of the ticket are written.
func TestUnreached_requesterIsWrittenToInstead(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	ev := w.event(RequestSubmitted, "maya", "source", "api")
	w.r = Step(w.p, w.r, ev, Facts{
		New: "CR-142", Places: Places{Chat: "slack", Tracker: "jira", Mail: "email"}, Routing: &Routing{Workflow: "standard", Title: "Spring banner"},
	}).Request
	o := w.unreach("card", "maya")
	for _, e := range o.Effects {
		if e.Show != nil && e.Show.Purpose == "card" {
			t.Errorf("the card is asked for again: %+v", e.Show)
		}
	}
	if len(w.r.Problems) > 0 {
		t.Errorf("problems %+v, want none: Maya is written to", w.r.Problems)
	}
	o = w.step(w.says("ben", "jira", "Which size?"))
	i := slices.IndexFunc(o.Effects, func(e Effect) bool { return e.Purpose() == "comment/1" })
	if i < 0 || o.Effects[i].Target != "email" || o.Effects[i].Show.To.Email != "maya@lumen.example" {
		t.Errorf("words of the ticket: %+v, want them written to maya", o.Effects)
	}
}

// TestBounced_andUnreachedIsTriedNowhere: neither way reaches them, which a problem says.
func TestBounced_andUnreachedIsTriedNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	mailed(w, "")
	w.settle()
	w.r.Unreached, w.r.Bounced = []string{"ana"}, []string{"ana@lumen.example"}
	s := begin(w.p, w.r, w.event(TimerFired, ""), Facts{})
	s.direct([]Actor{{Name: "ana"}}, View{Kind: NoticeView, Headline: "v2 replaced v1."})
	s.remind([]moment{{Moment: Moment{Kind: Remind, To: []Actor{{Name: "ana"}}, Where: []string{"dm"}}, stage: "Brand"}})
	if len(s.tells) > 0 {
		t.Errorf("told: %+v, want nothing", s.tells)
	}
}

func TestUnreached_withoutMailIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.pending = nil
	w.unreach("ask/1/Brand/ana", "ana")
	if len(w.r.Unreached) > 0 || len(w.r.Problems) != 1 || !strings.Contains(w.r.Problems[0].Text, "Ana Reyes could not be reached") {
		t.Errorf("unreached %v, problems %+v", w.r.Unreached, w.r.Problems)
	}
}

func TestMailFailed_isAProblemUntilOthersAreAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(twoStages())
	mailed(w, "")
	w.r.Assignee = person("ben")
	w.settle()
	w.unreach("ask/1/Brand/ana", "ana")
	w.settle()
	ev := w.event(MailFailed, "", "address", "Ana@lumen.example", "why", "there is no such mailbox", "hard", "yes")
	ev.Actor = Actor{}
	o := w.step(ev)
	want := "A mail to ana@lumen.example could not be delivered: there is no such mailbox."
	if len(w.r.Problems) != 1 || w.r.Problems[0].Text != want {
		t.Fatalf("problems = %+v, want %q", w.r.Problems, want)
	}
	if said := toldAt(o, "slack"); len(said) != 1 || said[0].Tell.To[0].Name != "ben" {
		t.Errorf("told in chat: %+v", said)
	}
	w.settle()
	o = w.step(w.vote("dana", "Brand", RequestChanges))
	for _, e := range o.Effects {
		if e.Show != nil && e.Target == "email" && strings.HasPrefix(e.Show.Purpose, "ask/") {
			t.Errorf("asked at an address that takes no mail: %+v", e.Show)
		}
	}
	if i := slices.IndexFunc(w.r.Problems, func(p Problem) bool { return strings.HasPrefix(p.Purpose, "mail/") }); i >= 0 {
		t.Errorf("the problem stays although nobody waits for that mail: %+v", w.r.Problems[i])
	}
}

func TestReminder_goesByMailWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	for mail, want := range map[string]string{"email": "email", "": "slack"} {
		w := newWorld(twoStages())
		w.submit("maya", "")
		w.r.Places.Mail = mail
		ana, _ := scene{p: w.p, r: &w.r}.named("ana")
		s := begin(w.p, w.r, w.event(TimerFired, "maya"), Facts{})
		m := moment{Moment: Moment{Kind: Remind, To: []Actor{ana}, Where: []string{"email"}, Bundle: "9:00"}, stage: "Brand"}
		s.remind([]moment{m})
		if len(s.tells) != 1 || s.tells[0].Target != want || s.tells[0].Tell.Bundle != "9:00" || s.tells[0].Tell.To[0].Email != "ana@lumen.example" {
			t.Errorf("mail %q: reminders = %+v, want one at %s", mail, s.tells, want)
		}
	}
}
