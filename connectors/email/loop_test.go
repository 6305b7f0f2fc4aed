package email_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signoff/connectors/connectortest"
	"signoff/internal/flow"
)

// TestLoop_TwoOfUs: two installations that write to each other stop at once.
func TestLoop_TwoOfUs(t *testing.T) {
	t.Parallel()
	one, other := newInbox(t, trusting), newInbox(t, trusting)
	d := deps(t)
	d.StoreID, d.Key, d.Keep = "other", []byte("another-key"), &connectortest.Keep{}
	other.Connector = connect(t, d, "receive:\n  imap: {host: 127.0.0.1, tls: none, user: u, password: p}\n"+trusting+
		strings.ReplaceAll(sending(other.sink), "lumen.example", "agency.example"))
	one.do(notice("CR-142/1/1", "News.", flow.Actor{Ref: flow.Ref{System: "email", Type: "address", Key: "requests@agency.example"}}))
	if _, list := other.get(one.last().data); len(list) != 0 {
		t.Errorf("the other installation reads %+v in our mail, want nothing", list)
	}
}

// TestLoop_AResponderThatAnswersEverything without saying that it is a machine, from another address each time: what it
// brings about ends by itself.
func TestLoop_AResponderThatAnswersEverything(t *testing.T) {
	t.Parallel()
	b := newInbox(t, trusting)
	ev := b.one(first)
	for i := range 100 { // each answer of the responder makes us write, as a rule that is written badly would
		e := notice(fmt.Sprintf("CR-142/%d/1", i), "Please say more.", ev.Actor)
		e.Tell.Where = ev.Subject
		if _, err := b.Do(t.Context(), e); err != nil {
			break
		}
		b.clock.Advance(time.Second)
		id := readMail(t, b.last().data).header.Get("Message-Id")
		ev = b.one(fmt.Sprintf("From: maya@lumen.example\nSubject: I am away\nMessage-ID: <away%d@lumen.example>\nIn-Reply-To: %s\n\nI am away.\n", i, id))
		ev.Subject = flow.Ref{System: "email", Type: "thread", Key: ev.Subject.Key}
	}
	if got := len(b.sink.taken()); got != 5 {
		t.Errorf("%d mails went to the responder within an hour, want 5", got)
	}
}

// TestLoop_AVacationNoteStopsAfterOne: what a machine answers moves nothing, so nothing answers it.
func TestLoop_AVacationNoteStopsAfterOne(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]string{
		"as it should be": "Auto-Submitted: auto-replied\n",
		"by its subject":  "Subject: Automatic reply: [CR-142] Spring banner\n",
	} {
		b := newInbox(t, trusting)
		b.do(askEffect("Spring banner"))
		id := readMail(t, b.last().data).header.Get("Message-Id")
		ev := b.one("From: maya@lumen.example\nMessage-ID: <away@lumen.example>\nIn-Reply-To: " + id + "\n" + headers + "\nI am away.\n")
		if ev.Kind != flow.CommentAdded || ev.Field("automatic") != "yes" {
			t.Errorf("%s: %s %v, want a comment that is known to be automatic", name, ev.Kind, ev.Fields)
		}
		if _, list := b.get("From: maya@lumen.example\nMessage-ID: <away2@lumen.example>\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n"); len(list) != 0 {
			t.Errorf("%s: a note to nothing states %+v", name, list)
		}
	}
}
