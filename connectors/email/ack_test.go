package email_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// acknowledgement is what goes to whoever wrote, in the conversation of their mail.
func acknowledgement(id string, ev flow.Event) flow.Effect {
	e := notice(id, "We have it.", ev.Actor)
	e.Tell.Where, e.Tell.InReplyTo = ev.Subject, "email/one"
	return e
}

// TestAcknowledgement_GoesAgainWhenItWasLost: the try that got no answer is the same mail; it does not use up what a sender
// may get within an hour. Nor does one that was surely not taken.
func TestAcknowledgement_GoesAgainWhenItWasLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step step
		want connectors.Class
	}{
		"no answer after the mail":   {step{on: "."}, connectors.Unsure},
		"asked to come back later":   {step{on: "RCPT", reply: "450 4.2.0 come back later"}, connectors.Transient},
		"the line breaks before":     {step{on: "DATA"}, connectors.Transient},
		"later, when all of it left": {step{on: ".", reply: "451 4.3.0 later"}, connectors.Transient},
	} {
		b := newInbox(t, trusting)
		e := acknowledgement("CR-142/1/1", b.one(first))
		b.sink.on(c.step)
		if _, err := b.Do(t.Context(), e); connectors.ClassOf(err) != c.want {
			t.Fatalf("%s: the first try is %v, want %s", name, err, c.want)
		}
		if links, err := b.Do(t.Context(), e); err != nil || len(links) != 1 || len(b.sink.taken()) != 1 {
			t.Errorf("%s: the second try gives %v, %v, and %d mails were taken, want one", name, links, err, len(b.sink.taken()))
		}
		next := b.one(strings.ReplaceAll(first, "<one@", "<two@"))
		if links, err := b.Do(t.Context(), acknowledgement("CR-143/1/1", next)); err != nil || len(links) != 0 {
			t.Errorf("%s: a second mail within the hour is acknowledged: %v, %v", name, links, err)
		}
	}
}

// TestAcknowledgement_AnotherNameEachTime: a program that answers under a new name each time is answered some times, and then
// no more within the hour.
func TestAcknowledgement_AnotherNameEachTime(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	for i := range 100 {
		ev := b.one(fmt.Sprintf("From: ticket-%d@desk.example\nSubject: Ticket %d was opened\nMessage-ID: <t%d@desk.example>\n\nWe have your mail.\n", i, i, i))
		if _, err := b.Do(t.Context(), acknowledgement(fmt.Sprintf("CR-%d/1/1", i+1), ev)); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Second)
	}
	if got := len(b.sink.taken()); got != 30 {
		t.Errorf("%d acknowledgements went to one domain within two minutes, want 30", got)
	}
	ev := b.one("From: maya@lumen.example\nSubject: A banner\nMessage-ID: <else@lumen.example>\n\nPlease.\n")
	if b.do(acknowledgement("CR-200/1/1", ev)); len(b.sink.taken()) != 31 {
		t.Error("somebody of another domain is held up")
	}
}

// TestAcknowledgement_NobodyReadsThere: what would only say that a mail came is left out where nobody reads; nothing has to be
// looked after.
func TestAcknowledgement_NobodyReadsThere(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	ev := b.one("From: noreply@shop.example\nSubject: An order\nMessage-ID: <o@shop.example>\n\nA banner, please.\n")
	if links, err := b.Do(t.Context(), acknowledgement("CR-142/1/1", ev)); err != nil || len(links) != 0 || len(b.sink.taken()) != 0 {
		t.Errorf("Do = %v, %v with %d mails, want nothing and no error", links, err, len(b.sink.taken()))
	}
}

// TestSend_RefusedReturnAddress: providers that let an account send in its own name only refuse the sender, and the words say so.
func TestSend_RefusedReturnAddress(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.sink.on(step{on: "MAIL", reply: "550 5.7.60 SMTP; Client does not have permissions to send as this sender"})
	_, err := p.Do(t.Context(), notice("CR-142/1/1", "News.", maya()))
	var ce *connectors.Error
	if !errors.As(err, &ce) || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "send.verp: false") || strings.Contains(ce.Person, "maya") {
		t.Errorf("Do = %v, want it rejected with a word about send.verp and none about Maya", err)
	}
}

// TestSend_OtherLettersNeedTheirExtension: an address in other letters is not given to a server that knows none of them.
func TestSend_OtherLettersNeedTheirExtension(t *testing.T) {
	t.Parallel()
	p := newPost(t, "")
	p.sink.on(step{on: "EHLO", reply: "250 mail.lumen.example"})
	who := flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "jöe@lumen.example"}}
	_, err := p.Do(t.Context(), notice("CR-142/1/1", "News.", who))
	var ce *connectors.Error
	if !errors.As(err, &ce) || ce.Class != connectors.Rejected || !strings.Contains(ce.Person, "jöe@lumen.example") {
		t.Errorf("Do = %v, want it rejected", err)
	}
	if got := p.sink.heard("RCPT"); len(got) != 0 {
		t.Errorf("the server heard %q, want nothing", got)
	}
}
