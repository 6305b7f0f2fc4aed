package engine_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// undecided checks that CR-1 still waits for Ana and Dana, and that nobody was offered to record their words.
func undecided(w *world, what string) {
	w.t.Helper()
	r := w.request("CR-1")
	if r.Status != flow.InReview || len(r.Votes) > 0 || len(flow.WaitingFor(w.rules.Policy(w.rules), r)) != 2 {
		w.t.Errorf("%s: %s with the votes %+v, want in review without any", what, r.Status, r.Votes)
	}
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	for _, e := range w.chat.told {
		if strings.HasPrefix(e.Tell.View.Headline, "Record this as your approval") {
			w.t.Errorf("%s: %+v was offered to record it", what, e.Tell.To)
		}
	}
}

// TestMail_WordsNeverDecide: T43. A reviewer who is asked answers by mail, or somebody in their name; a mail can state no
// verdict either.
func TestMail_WordsNeverDecide(t *testing.T) {
	t.Parallel()
	answer := func(from, shown, verified string) body {
		b := letter("m2", from, "approved", "verified", verified)
		b.Event.Kind, b.Event.Request, b.Event.Actor.Shown = flow.CommentAdded, "CR-1", shown
		return b
	}
	verdict := func(kind flow.Kind) body {
		b := answer("ana@lumen.example", "Ana Reyes", "dmarc")
		b.Event.Kind, b.Event.Fields["verdict"], b.Event.Fields["to"] = kind, []string{"approve"}, []string{"ben"}
		return b
	}
	for what, tc := range map[string]struct {
		mail  body
		by    string // whose comment it is; "-": none was made
		state flow.DeliveryState
	}{
		"of the reviewer":              {answer("ana@lumen.example", "Ana Reyes", "dmarc"), "ana", flow.Done},
		"with a spoofed From":          {answer("ana@lumen.example", "Ana Reyes", "none"), "", flow.Done},
		"with her address for a name":  {answer("mallory@evil.example", "ana@lumen.example", "dmarc"), "", flow.Done},
		"with a look-alike":            {answer("ana@1umen.example", "Ana Reyes", "dmarc"), "", flow.Done},
		"that says it was verified":    {answer("ana@lumen.example", "Ana Reyes", "DMARC; dmarc=pass"), "", flow.Done},
		"that states a verdict":        {verdict(flow.VoteCast), "-", flow.Ignored},
		"that hands the place over":    {verdict(flow.StageDelegated), "-", flow.Ignored},
		"that sends the work":          {verdict(flow.WorkSubmitted), "-", flow.Ignored},
		"that answers for a held mail": {verdict(flow.HeldAnswered), "-", flow.Ignored},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withMail(t, func(w *world, _ *outside) {
				w.hook(ask("1", "Spring banner"))
				w.settle()
				status(t, "mail", w.post(tc.mail), http.StatusOK)
				w.settle()
				undecided(w, what)
				if d := w.delivery("email/m2"); d.State != tc.state {
					t.Errorf("delivery is %s (%s), want %s", d.State, d.Why, tc.state)
				}
				comments := w.request("CR-1").Comments
				if (len(comments) == 0) != (tc.by == "-") || len(comments) > 0 && comments[0].By.Name != tc.by {
					t.Errorf("comments %+v, want one of %q", comments, tc.by)
				}
			})
		})
	}
}

// TestComments_NeverDecide: T44. Whoever says "approved" at the work, at the ticket or by an edit.
func TestComments_NeverDecide(t *testing.T) {
	t.Parallel()
	said := func(system string, by flow.Actor, kind flow.Kind, words string) body {
		return body{ID: "c-" + string(kind), Event: &flow.Event{
			Kind: kind, Request: "CR-1", Actor: by, Body: text.Plain(words), Sent: time.Now(),
			Said: flow.Ref{System: system, Type: "comment", Key: "9"}, Subject: flow.Ref{System: system, Type: "file", Key: "KEY"},
		}}
	}
	figma := func(email string) flow.Actor {
		return flow.Actor{Ref: flow.Ref{System: "figma", Type: "user", Key: "F" + email}, Shown: "Ana", Email: email}
	}
	ana := flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "Uana"}}
	for what, events := range map[string][]body{
		"by a reviewer at the work": {said("figma", figma("ana@lumen.example"), flow.CommentAdded, "approved")},
		"by anybody at the work":    {said("figma", figma("mallory@evil.example"), flow.CommentAdded, "approved")},
		"by an edit at the work": {
			said("figma", figma("ana@lumen.example"), flow.CommentAdded, "looks odd"), said("figma", figma("ana@lumen.example"), flow.CommentEdited, "approved"),
		},
		"by an edit in chat": {said("slack", ana, flow.CommentAdded, "looks odd"), said("slack", ana, flow.CommentEdited, "approved")},
		"by somebody else in chat": {
			said("slack", flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "Ustranger"}, Shown: "Ana Reyes"}, flow.CommentAdded, "approved"),
		},
		"as a point of the ledger": {func() body {
			b := said("figma", figma("mallory@evil.example"), flow.CommentAdded, "approved")
			b.Event.Fields = map[string][]string{"point": {"yes"}, "verdict": {"approve"}, "stage": {"Brand review"}}
			return b
		}()},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withDesigns(t, func(w *world, _ *studioOf) {
				w.hook(links("1", "https://designs.example/KEY"))
				w.settle()
				for _, b := range events {
					for range 2 {
						w.pass(time.Minute)
						b.Event.Sent = time.Now()
						w.engine.Hook(t.Context(), b.Event.Said.System, wire(b))
						w.settle()
					}
				}
				undecided(w, what)
				if n := len(w.request("CR-1").Comments); n != 1 {
					t.Errorf("%d comments, want the words kept once", n)
				}
			})
		})
	}
}

// TestHeld_NoFileIsFetched: T55. What nobody knows the sender of is looked at by nobody, until somebody lets it in.
func TestHeld_NoFileIsFetched(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, mail *outside) {
		var opened atomic.Int32
		content := string(pdf(9000))
		mail.set(func(o *outside) {
			o.files = map[string]source{"F1": {
				meta: connectors.FileMeta{Name: "brief.pdf", Type: "application/pdf", Size: int64(len(content))},
				open: func() io.Reader { opened.Add(1); return strings.NewReader(content) },
			}}
		})
		b := stranger("m1", "Spring banner")
		b.Event.Actor = flow.Actor{Ref: flow.Ref{System: "email", Type: "unverified", Key: "ana@lumen.example"}, Shown: "Ana Reyes (ana@lumen.example, not verified)"}
		b.Event.Files = []flow.File{{Ref: flow.Ref{System: "email", Type: "file", Key: "F1"}, Name: "brief.pdf", Type: "application/pdf"}}
		w.post(b)
		w.pass(10 * time.Minute)
		if n := opened.Load(); n != 0 || len(w.requests()) != 0 {
			t.Fatalf("%d files were read, %d requests made while it is held; want none", n, len(w.requests()))
		}
		must(t, w.engine.Answer(t.Context(), "email/m1", "accept", flow.Actor{Name: "dana", Shown: "Dana Wolf"}))
		w.pass(10 * time.Minute)
		r := w.request("CR-1")
		if r.Requester.Name != "" || !strings.Contains(r.Requester.Shown, "not verified") {
			t.Errorf("the requester is %+v, want nobody of the directory, marked", r.Requester)
		}
		if n := opened.Load(); n != 1 || len(r.Files) != 1 || r.Files[0].Fate != flow.FileCopied {
			t.Errorf("%d reads, files %+v; want it copied once somebody let it in", n, r.Files)
		}
	})
}

// TestMail_AGuessedReference: T63. Who refers to a mail, or names a request, says where words belong and gets no right.
func TestMail_AGuessedReference(t *testing.T) {
	t.Parallel()
	guess := func(verified, stranger string) body {
		b := letter("m2", "mallory@evil.example", "approved, see https://designs.example/EVIL", "verified", verified, "stranger", stranger, "claimed", "CR-1")
		b.Event.Kind, b.Event.Subject = flow.CommentAdded, flow.Ref{System: "email", Type: "thread", Key: "m1"}
		return b
	}
	for what, tc := range map[string]struct {
		mail     body
		state    flow.DeliveryState
		comments int
	}{
		"unverified":              {guess("none", "yes"), flow.Held, 0},
		"of a sender not taken":   {guess("dmarc", "yes"), flow.Held, 0},
		"of anybody who is taken": {guess("dmarc", ""), flow.Done, 1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withMail(t, func(w *world, mail *outside) {
				w.stop()
				w.conns["figma"] = &studioOf{outside: newOutside("figma", time.Now), newest: version("v3")}
				w.start()
				w.post(letter("m1", "ben@lumen.example", "Spring banner"))
				w.settle()
				before := w.request("CR-1")
				w.post(tc.mail)
				w.pass(time.Minute)
				undecided(w, what)
				r := w.request("CR-1")
				if d := w.delivery("email/m2"); d.State != tc.state || len(r.Comments) != tc.comments {
					t.Errorf("delivery is %s with %d comments, want %s with %d", d.State, len(r.Comments), tc.state, tc.comments)
				}
				for _, c := range r.Comments {
					if c.By.Name != "" || c.By.Ref != address("mallory@evil.example") {
						t.Errorf("a comment of %+v, want it in the sender's own name", c.By)
					}
				}
				if len(r.Assets) > 0 || r.Requester.ID() != before.Requester.ID() || len(r.Makers) != len(before.Makers) {
					t.Errorf("works %+v, requester %s; want what it was", r.Assets, r.Requester.ID())
				}
				mail.mu.Lock()
				defer mail.mu.Unlock()
				for _, e := range mail.told {
					for _, to := range e.Tell.To {
						if to.Ref.Key == "mallory@evil.example" {
							t.Errorf("whoever guessed was told %q", e.Tell.View.Headline)
						}
					}
				}
			})
		})
	}
}
