package engine_test

import (
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// shut refuses every write to a ticket, "" lets them through again.
func (w *world) shut(why string) {
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.fault = func(_ int, e flow.Effect) error {
		if why == "" || e.Target != "jira" {
			return nil
		}
		return &connectors.Error{Op: "edit issue", Class: connectors.Rejected, Gone: why, Person: "Jira takes no changes."}
	}
}

// A write that finds the ticket archived tells of it once, though reading shows nothing of it; what was to be written
// waits until somebody touches the ticket again.
func TestGone_Archived(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, d *desk, ticket flow.Ref) {
		w.shut("archived")
		changes := press("v", "ana", "CR-1", flow.RequestChanges)
		changes.Event.Body = text.Plain("Larger logo")
		w.hook(changes)
		w.pass(time.Hour)
		if r := w.request("CR-1"); r.Ticket.Gone != "archived" {
			t.Fatalf("ticket %+v, want it archived", r.Ticket)
		}
		w.shut("")
		w.pass(time.Hour)
		if r := w.request("CR-1"); r.Ticket.Gone != "archived" {
			t.Fatalf("ticket %+v, want it archived until it is touched", r.Ticket)
		}
		d.mu.Lock()
		d.updated[ticket.Key] = time.Now().UTC().Format(time.RFC3339)
		d.mu.Unlock()
		w.pass(20 * time.Minute)
		if r := w.request("CR-1"); r.Ticket.Gone != "" {
			t.Fatalf("ticket %+v, want it back", r.Ticket)
		}
		w.outsideShows("CR-1", flow.InProgress)
	})
}

// A ticket that one write does not find is tried again; only when it is not there ten minutes later people hear of it.
func TestGone_Hidden(t *testing.T) {
	t.Parallel()
	inDesk(t, func(w *world, _ *desk, _ flow.Ref) {
		w.shut("hidden")
		changes := press("v", "ana", "CR-1", flow.RequestChanges)
		changes.Event.Body = text.Plain("Larger logo")
		w.hook(changes)
		w.pass(5 * time.Minute)
		if r := w.request("CR-1"); r.Ticket.Gone != "" {
			t.Fatalf("ticket %+v after one refusal, want it only tried again", r.Ticket)
		}
		w.shut("")
		w.pass(10 * time.Minute)
		w.outsideShows("CR-1", flow.InProgress)
	})
}
