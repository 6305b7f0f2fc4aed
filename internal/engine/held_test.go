package engine_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// mailbox is an outside through which people are written to.
type mailbox struct{ *outside }

// Mails implements connectors.Mailer.
func (mailbox) Mails() bool { return true }

// Pin implements connectors.Pinner: people are their addresses.
func (m mailbox) Pin(id string) flow.Ref { return address(id) }

// Identify implements connectors.Identifier.
func (m mailbox) Identify(_ context.Context, email string) (flow.Actor, bool, error) {
	return flow.Actor{Ref: address(email), Email: email}, email != "", nil
}

func address(of string) flow.Ref { return flow.Ref{System: "email", Type: "address", Key: of} }

// withMail runs a test in a world that takes mail, and in which Dana looks after strangers.
func withMail(t *testing.T, test func(*world, *outside)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.Replace(studio, "groups:\n", "groups:\n  ops: [dana]\n", 1))
		mail := newOutside("email", time.Now)
		w.conns["email"] = mailbox{mail}
		w.start()
		defer func() { w.stop() }()
		synctest.Wait()
		test(w, mail)
	})
}

// letter is a mail as its connector reads it.
func letter(id, from, words string, more ...string) body {
	ev := &flow.Event{
		Kind: flow.RequestSubmitted, Actor: flow.Actor{Ref: address(from), Email: from, Shown: "Somebody"},
		Fields: map[string][]string{"title": {words}, "source": {"email"}, "verified": {"dmarc"}},
		Body:   text.Plain(words),
		Where:  flow.Ref{System: "email", Type: "thread", Key: id}, Subject: flow.Ref{System: "email", Type: "thread", Key: id},
		Links: []flow.Link{{Purpose: "thread", Ref: flow.Ref{System: "email", Type: "thread", Key: id}}},
		Said:  flow.Ref{System: "email", Type: "message", Key: id},
	}
	for i := 0; i+1 < len(more); i += 2 {
		ev.Fields[more[i]] = []string{more[i+1]}
	}
	return body{ID: id, Event: ev}
}

func stranger(id, words string, more ...string) body {
	return letter(id, "mallory@evil.example", words, append([]string{"verified", "none", "stranger", "yes", "stranger_why", "its sender could not be verified"}, more...)...)
}

func (w *world) post(b body) connectors.Reply {
	return w.engine.Hook(context.Background(), "email", wire(b))
}

// heldPress is a button below the notice of something held back.
func heldPress(id, who, delivery, answer string) body {
	return body{ID: id, Event: &flow.Event{
		Kind: flow.HeldAnswered, Actor: flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "U" + who}},
		Where:  flow.Ref{System: "slack", Type: "channel", Key: "D1"},
		Fields: map[string][]string{"delivery": {delivery}, "answer": {answer}},
	}}
}

func (w *world) requests() []flow.Request {
	w.t.Helper()
	page, err := w.engine.Requests(context.Background(), engine.Filter{})
	must(w.t, err)
	return page.Requests
}

func TestHeld_StrangersDecideNothingUntilAnswered(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		status(t, "mail", w.post(stranger("m1", "Spring banner")), http.StatusOK)
		w.settle()
		if d := w.delivery("email/m1"); d.State != flow.Held || !strings.Contains(d.Why, "could not be verified") {
			t.Errorf("delivery is %s because %q, want held with the reason", d.State, d.Why)
		}
		if n := len(w.requests()); n != 0 {
			t.Errorf("%d requests, want none yet", n)
		}
		notice := w.heldCard(t, "email/m1", "dana").view
		var actions []string
		for _, b := range notice.Buttons {
			actions = append(actions, b.Action)
			if b.Action != "open" && b.Value != "email/m1" {
				t.Errorf("the button %s carries %q, want the delivery", b.Action, b.Value)
			}
		}
		if !slices.Equal(actions, []string{"held_accept", "held_spam", "open"}) || !strings.Contains(notice.Headline, "mallory@evil.example") {
			t.Errorf("notice %q with %v", notice.Headline, actions)
		}
		if h := w.engine.Health(context.Background()); h.Inbox[flow.Held] != 1 || !strings.Contains(strings.Join(h.Reasons, "\n"), "1 mail of strangers held back") {
			t.Errorf("inbox %v, reasons %q; want one held", h.Inbox, h.Reasons)
		}
		w.hook(heldPress("p1", "dana", "email/m1", "accept"))
		w.settle()
		list := w.requests()
		if len(list) != 1 || list[0].Requester.Ref != address("mallory@evil.example") || list[0].Requester.Name != "" {
			t.Fatalf("requests %+v, want one of the stranger, who is nobody in the directory", list)
		}
		if d := w.delivery("email/m1"); d.State != flow.Done || d.Request != list[0].ID {
			t.Errorf("delivery is %s for %q, want done", d.State, d.Request)
		}
		w.hook(heldPress("p2", "dana", "email/m1", "spam"))
		w.settle()
		last := w.chat.told[len(w.chat.told)-1].Tell
		if !last.Private || !strings.Contains(last.View.Headline, "answered already") {
			t.Errorf("a second answer is met with %+v, want that it was answered", last.View.Headline)
		}
		for _, what := range []string{"held", "accept"} {
			if got := w.metric("signoff_held_total", "what="+what); got != 1 {
				t.Errorf("%v counted as %s, want 1", got, what)
			}
		}
	})
}

// claims plays a mail of a stranger who names CR-1, which Ana asked for by mail.
func claims(w *world) {
	w.post(letter("m1", "ana@lumen.example", "Spring banner"))
	w.settle()
	b := stranger("m2", "me too", "claimed", "CR-1")
	b.Event.Subject = flow.Ref{System: "email", Type: "thread", Key: "m1"} // threaded by its headers
	w.post(b)
	w.settle()
}

func TestHeld_Answers(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		answer   string
		requests int
		comments int // of CR-1
		state    flow.DeliveryState
	}{
		"accept": {"accept", 1, 1, flow.Done},
		"new":    {"new", 2, 0, flow.Done},
		"spam":   {"spam", 1, 0, flow.Ignored},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withMail(t, func(w *world, _ *outside) {
				claims(w)
				if d := w.delivery("email/m2"); d.State != flow.Held {
					t.Fatalf("delivery is %s, want held", d.State)
				}
				must(t, w.engine.Answer(context.Background(), "email/m2", tc.answer, flow.Actor{Name: "dana", Shown: "Dana Wolf"}))
				w.settle()
				if n := len(w.requests()); n != tc.requests {
					t.Errorf("%d requests, want %d", n, tc.requests)
				}
				if n := len(w.request("CR-1").Comments); n != tc.comments {
					t.Errorf("%d comments in CR-1, want %d", n, tc.comments)
				}
				if d := w.delivery("email/m2"); d.State != tc.state {
					t.Errorf("delivery is %s, want %s", d.State, tc.state)
				}
				var again *engine.ReplayError
				if err := w.engine.Answer(context.Background(), "email/m2", "new", flow.Actor{Name: "dana"}); !errors.As(err, &again) {
					t.Errorf("a second answer gives %v, want that it was answered", err)
				}
			})
		})
	}
}

// TestHeld_AcceptedSendersAreKnownThere: in that request, and in no other.
func TestHeld_AcceptedSendersAreKnownThere(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		claims(w)
		must(t, w.engine.Answer(context.Background(), "email/m2", "accept", flow.Actor{Name: "dana"}))
		w.settle()
		w.post(letter("m3", "ben@lumen.example", "Another banner"))
		w.settle()
		w.post(stranger("m4", "and more", "claimed", "CR-1"))
		w.post(stranger("m5", "and here", "claimed", "CR-2"))
		w.settle()
		if a, b := w.delivery("email/m4").State, w.delivery("email/m5").State; a != flow.Done || b != flow.Held {
			t.Errorf("in CR-1 %s, in CR-2 %s; want done and held", a, b)
		}
	})
}

func TestHeld_SpamIsIgnoredForAMonth(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		w.post(stranger("m1", "Win a prize"))
		w.post(stranger("m2", "Win two prizes"))
		w.settle()
		must(t, w.engine.Answer(context.Background(), "email/m1", "spam", flow.Actor{Name: "dana", Shown: "Dana Wolf"}))
		w.post(stranger("m3", "Win three prizes"))
		w.settle()
		for _, id := range []string{"email/m1", "email/m2", "email/m3"} {
			if d := w.delivery(id); d.State != flow.Ignored || !strings.Contains(d.Why, "Dana Wolf") {
				t.Errorf("%s is %s because %q, want ignored because Dana said so", id, d.State, d.Why)
			}
		}
		// Whoever is verified is not the one who wrote in their name.
		w.post(letter("m4", "mallory@evil.example", "A real wish"))
		w.settle()
		if d := w.delivery("email/m4"); d.State != flow.Done {
			t.Errorf("a verified mail of that address is %s, want done", d.State)
		}
		w.stop()
		w.pass(31 * 24 * time.Hour)
		w.start()
		w.post(stranger("m5", "Hello again"))
		w.settle()
		if d := w.delivery("email/m5"); d.State != flow.Held {
			t.Errorf("after a month it is %s, want held", d.State)
		}
	})
}

func TestHeld_OnlyTriageAnswers(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		w.post(stranger("m1", "Spring banner"))
		for i, who := range []string{"ana", "nobody"} {
			w.hook(heldPress(name("p%d", i), who, "email/m1", "accept"))
		}
		w.hook(heldPress("p9", "dana", "email/none", "accept"))
		w.settle()
		if d := w.delivery("email/m1"); d.State != flow.Held {
			t.Errorf("delivery is %s, want it still held", d.State)
		}
		for _, tc := range []struct{ id, answer string }{{"email/m1", "perhaps"}, {"email/m1", ""}} {
			var refused *engine.ReplayError
			if err := w.engine.Answer(context.Background(), tc.id, tc.answer, flow.Actor{Name: "dana"}); !errors.As(err, &refused) {
				t.Errorf("answer %q gives %v, want it refused", tc.answer, err)
			}
		}
		if err := w.engine.Answer(context.Background(), "email/none", "accept", flow.Actor{}); !errors.Is(err, engine.ErrUnknown) {
			t.Errorf("an unknown delivery gives %v", err)
		}
	})
}

// TestMail_PeopleByVerifiedAddressOnly: T43, T55.
func TestMail_PeopleByVerifiedAddressOnly(t *testing.T) {
	t.Parallel()
	for verified, want := range map[string]string{"dmarc": "ana", "dkim": "ana", "spf": "ana", "none": "", "": "", "yes": ""} {
		t.Run(verified, func(t *testing.T) {
			t.Parallel()
			withMail(t, func(w *world, _ *outside) {
				w.post(letter("m0", "ana@lumen.example", "First", "verified", "dmarc")) // her address is known from now on
				w.post(letter("m1", "ana@lumen.example", "Spring banner", "verified", verified))
				w.settle()
				if got := w.request("CR-2").Requester.Name; got != want {
					t.Errorf("the requester is %q, want %q", got, want)
				}
			})
		})
	}
}

// TestMail_SpoofedParticipantIsHeld: a participant's address that was not verified is nobody's.
func TestMail_SpoofedParticipantIsHeld(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		w.post(letter("m1", "ana@lumen.example", "Spring banner"))
		w.settle()
		w.post(letter("m2", "ana@lumen.example", "approved", "verified", "none", "stranger", "yes", "claimed", "CR-1"))
		w.post(letter("m3", "ana@lumen.example", "from the train", "verified", "dkim", "stranger", "yes", "claimed", "CR-1"))
		w.settle()
		if a, b := w.delivery("email/m2").State, w.delivery("email/m3").State; a != flow.Held || b != flow.Done {
			t.Errorf("unverified %s, verified %s; want held and done", a, b)
		}
	})
}

func TestMail_FloodsAreHeldBack(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		w.stop()
		w.opts = func(o *engine.Options) { o.Mode = "shadow" } // nobody need be asked for so many requests
		w.start()
		for i := range 25 {
			w.post(letter(name("a%d", i), "ben@lumen.example", "Banner"))
		}
		w.settle()
		if n := len(w.requests()); n != 20 {
			t.Errorf("%d requests of one sender in a day, want 20", n)
		}
		if got := w.metric("signoff_alarms_total", "what=mail_flood"); got != 1 {
			t.Errorf("%v alarms, want one", got)
		}
		for i := range 220 {
			w.post(letter(name("b%d", i), name("u%d@lumen.example", i), "Banner"))
		}
		w.settle()
		if h := w.engine.Health(context.Background()); h.Inbox[flow.Held] < 40 {
			t.Errorf("%d held of more than an hour may bring, want the others held", h.Inbox[flow.Held])
		}
		w.stop()
		w.pass(25 * time.Hour)
		w.start()
		w.post(letter("c1", "ben@lumen.example", "Banner"))
		w.settle()
		if d := w.delivery("email/c1"); d.State != flow.Done {
			t.Errorf("the next day it is %s, want done", d.State)
		}
	})
}

// TestHeld_ManyAreToldOfOnce: a flood of strangers is no flood of notices.
func TestHeld_ManyAreToldOfOnce(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		for i := range 30 {
			w.post(stranger(name("m%d", i), "Win a prize"))
		}
		w.settle()
		if cards, told := w.heldCards(), w.chat.saidTo("dana"); cards != 10 || told != 1 {
			t.Errorf("dana was asked %d times of 30 and told %d times, want of ten and then once of the others", cards, told)
		}
		w.pass(time.Hour)
		w.post(stranger("n1", "Win a prize"))
		w.settle()
		if n := w.heldCards(); n != 11 {
			t.Errorf("dana was asked %d times, want anew in the next hour", n)
		}
	})
}

// TestMail_IsAPlaceAndNoChat: people are asked in chat also where a request came by mail.
func TestMail_IsAPlaceAndNoChat(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		w.post(letter("m1", "ana@lumen.example", "Spring banner"))
		w.settle()
		if got, want := w.request("CR-1").Places, (flow.Places{Chat: "slack", Tracker: "jira", Mail: "email"}); got != want {
			t.Errorf("places %+v, want %+v", got, want)
		}
	})
}
