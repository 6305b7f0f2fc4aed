package engine_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
)

// heldCard is the one card that asks somebody, or a channel, about a delivery.
func (w *world) heldCard(t *testing.T, delivery, who string) *thing {
	t.Helper()
	mark := "/held/" + delivery
	if who != "" {
		mark += "/" + who
	}
	list := w.chat.of(mark)
	if len(list) != 1 {
		t.Fatalf("%d cards about %s for %q, want one", len(list), delivery, who)
	}
	return list[0]
}

func (w *world) heldCards() (n int) {
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	for _, t := range w.chat.things {
		if strings.HasPrefix(t.mark, "/held/") {
			n++
		}
	}
	return n
}

// pressable are the buttons of a view that do something.
func pressable(v flow.View) (actions []string) {
	for _, b := range v.Buttons {
		if b.Action != "open" {
			actions = append(actions, b.Action)
		}
	}
	return actions
}

// TestHeldCard_OnceAnsweredItSaysSo: on the cards of all who were asked, and of the other mails that were answered with it.
func TestHeldCard_OnceAnsweredItSaysSo(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct{ group, triage, answer, want, open string }{
		"accept":  {"[dana, ben]", "", "accept", "Dana made a request of it", "/deliveries/email%2Fm1"},
		"spam":    {"[dana, ben]", "", "spam", "Dana said that it is spam", "/deliveries/email%2Fm1"},
		"channel": {"[dana]", "#triage", "new", "Dana made a request of it", "/deliveries/email%2Fm1"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			withMail(t, func(w *world, _ *outside) {
				w.stop()
				w.rules = compile(t, strings.Replace(studio, "groups:\n", "groups:\n  ops: "+tc.group+"\n", 1))
				w.opts = func(o *engine.Options) { o.Triage = tc.triage }
				w.start()
				w.post(stranger("m1", "Spring banner"))
				w.post(stranger("m2", "Summer banner"))
				w.settle()
				w.pass(time.Minute)
				asked := []string{"dana", "ben"}
				if tc.triage != "" {
					asked = []string{""}
				}
				for _, who := range asked {
					if got := pressable(w.heldCard(t, "email/m1", who).view); len(got) != 2 {
						t.Errorf("the card of %q has the buttons %v, want two", who, got)
					}
				}
				w.hook(heldPress("p1", "dana", "email/m1", tc.answer))
				at := time.Now()
				w.settle()
				w.pass(time.Minute)
				for _, who := range asked {
					card := w.heldCard(t, "email/m1", who)
					v := card.view
					if len(pressable(v)) != 0 || len(v.Buttons) != 1 || v.Buttons[0].URL != tc.open {
						t.Errorf("the card of %q has the buttons %+v, want a link alone", who, v.Buttons)
					}
					if !strings.Contains(v.Headline, tc.want) || len(v.Facts) != 1 || !v.Facts[0].At.Equal(at) || card.writes != 2 {
						t.Errorf("the card of %q says %q, %+v after %d writes; want %q, and when", who, v.Headline, v.Facts, card.writes, tc.want)
					}
					other := len(pressable(w.heldCard(t, "email/m2", who).view)) == 0
					if other != (tc.answer == "spam") {
						t.Errorf("the card about the sender's other mail is answered: %v", other)
					}
				}
			})
		})
	}
}

// TestHeldCard_AnsweredBeforeItIsShown: the service was away meanwhile. Nothing is asked any more.
func TestHeldCard_AnsweredBeforeItIsShown(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		w.chat.set(func(o *outside) {
			o.fault = func(nth int, _ flow.Effect) error {
				if nth > 1 {
					return nil
				}
				return &connectors.Error{Op: "post", Class: connectors.Limited, Wait: 10 * time.Minute}
			}
		})
		w.post(stranger("m1", "Spring banner"))
		w.settle()
		must(t, w.engine.Answer(context.Background(), "email/m1", "spam", flow.Actor{Name: "ben", Shown: "Ben Osei"}))
		w.pass(time.Hour)
		card := w.heldCard(t, "email/m1", "dana")
		if got := pressable(card.view); len(got) != 0 || card.writes != 1 {
			t.Errorf("after %d writes the card has the buttons %v, want none, written once", card.writes, got)
		}
	})
}

// TestHeldCard_WhomChatDoesNotKnow is written to, once, and never shown a card.
func TestHeldCard_WhomChatDoesNotKnow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.Replace(studio, "groups:\n", "groups:\n  ops: [dana, ben]\n", 1))
		delete(w.chat.people, "dana@lumen.example")
		mail := newOutside("email", time.Now)
		w.conns["email"] = mailbox{mail}
		w.start()
		defer func() { w.stop() }()
		w.settle()
		w.post(stranger("m1", "Spring banner"))
		w.pass(time.Minute)
		must(t, w.engine.Answer(context.Background(), "email/m1", "spam", flow.Actor{Name: "ben", Shown: "Ben Osei"}))
		w.pass(time.Hour)
		mail.mu.Lock()
		defer mail.mu.Unlock()
		if len(mail.told) != 1 || mail.told[0].Tell.To[0].Name != "dana" || !strings.Contains(mail.told[0].Tell.View.Headline, "mallory@evil.example") {
			t.Errorf("mails %+v, want one to Dana about the stranger", mail.told)
		}
		if got := pressable(w.heldCard(t, "email/m1", "ben").view); len(got) != 0 || w.heldCards() != 1 {
			t.Errorf("%d cards, Ben's with the buttons %v; want his alone, without", w.heldCards(), got)
		}
		if parked, err := w.engine.Parked(context.Background()); err != nil || len(parked) > 0 {
			t.Errorf("parked %+v, %v", parked, err)
		}
	})
}
