package engine

import (
	"context"
	"errors"
	"fmt"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

const ticketsTable = "tickets" // ticket -> glance

// glance is how a ticket looked when it was last read.
type glance struct {
	Status  string `json:"status"`  // the tracker's own name
	Version int64  `json:"version"` // what we had written by then
}

// readTickets reads the tickets of all open requests, so that a move whose webhook was lost is found all the same.
func (c *chores) readTickets(ctx context.Context, instance string) error {
	tracker, ok := c.e.o.Connectors[instance].(connectors.Tracker)
	if _, stopped := c.e.gate.why(instance); !ok || stopped {
		return nil
	}
	q := store.Query{Terms: []string{"open:yes"}, Limit: pageMost}
	for {
		var page []flow.Request
		err := c.e.o.Store.View(ctx, func(tx store.Tx) error {
			var err error
			page, q.After, err = tx.Requests(q)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range page {
			if link, ok := r.Link(ticketPurpose); ok && link.Ref.System == instance && quiet(r) {
				if err := c.readTicket(ctx, tracker, r.ID, link); err != nil {
					return err
				}
			}
		}
		if q.After == "" {
			return nil
		}
	}
}

const ticketPurpose = "ticket"

// quiet reports whether nothing of ours is on its way to the ticket, so that what is read there was done by others.
func quiet(r flow.Request) bool { return r.Shows[ticketPurpose].Settled }

func (c *chores) readTicket(ctx context.Context, tracker connectors.Tracker, id flow.RequestID, link flow.Link) error {
	what := call{job: ticketsJob + "/" + string(id), instance: link.Ref.System, shape: "read"}
	if c.e.limits.admit(what, c.e.o.Now()).After(c.e.o.Now()) {
		return errors.New("waiting for a rate limit of " + link.Ref.System)
	}
	view, err := guard(ctx, callTime, func(ctx context.Context) (flow.View, error) { return tracker.Read(ctx, link.Ref) })
	var ce *connectors.Error
	switch {
	case errors.As(err, &ce) && ce.Class == connectors.Rejected:
		return nil // gone or moved away: the next write says so where people see it
	case errors.As(err, &ce) && ce.Class == connectors.Limited:
		c.e.limits.limited(what, ce, c.e.o.Now())
		return err
	case err != nil:
		return err
	}
	return c.compare(ctx, id, link, view)
}

// compare decides a move that no webhook has told of: the status differs from the last look, and we wrote nothing in
// between.
func (c *chores) compare(ctx context.Context, id flow.RequestID, link flow.Link, view flow.View) error {
	var dec *decision
	err := c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		dec = nil
		var last glance
		known, err := row(tx, ticketsTable, link.Ref.String(), &last)
		if err != nil {
			return err
		}
		r, ok, err := tx.Request(id)
		now, _ := r.Link(ticketPurpose)
		if err != nil || !ok || !quiet(r) || now.Version != link.Version {
			return err
		}
		look := glance{Status: view.Headline, Version: link.Version}
		if look == last {
			return nil
		}
		if err := putRow(tx, ticketsTable, link.Ref.String(), look); err != nil {
			return err
		}
		if !known || last.Version != look.Version || r.Ticket.Status == look.Status {
			return nil
		}
		got, err := c.e.decider.event(tx, c.moved(id, link, view, last), c.e.o.Now())
		dec = &got
		return err
	})
	if err == nil && dec != nil {
		c.e.decider.report(*dec)
	}
	return err
}

func (c *chores) moved(id flow.RequestID, link flow.Link, view flow.View, last glance) flow.Event {
	now := c.e.o.Now().UTC()
	return flow.Event{
		ID: fmt.Sprintf("read/%s/%d", id, now.UnixMilli()), Kind: flow.TicketMoved, Request: id, Subject: link.Ref, Sent: now,
		Fields: map[string][]string{"status": {view.Headline}, "word": {string(view.Status)}, "from": {last.Status}},
	}
}
