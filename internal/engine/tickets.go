package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

const ticketsTable = "tickets" // ticket -> glance

// glance is how a ticket looked when it was last read.
type glance struct {
	Status  string    `json:"status"`            // the tracker's own name
	Version int64     `json:"version"`           // what we had written by then
	Updated string    `json:"updated,omitempty"` // its last change, as the tracker says it
	Said    time.Time `json:"said,omitzero"`     // up to when what was said there is known
	Gone    time.Time `json:"gone,omitzero"`     // since when it cannot be seen
}

const (
	ticketPurpose = "ticket"
	goneAfter     = 10 * time.Minute // a ticket is gone when it could not be seen twice, so far apart
	overlap       = 2 * time.Minute  // what was said just before a look is asked for again: it is known by what it is
	mostFailed    = 3                // tickets in a row that cannot be read; then the rest waits
)

// readTickets reads the tickets of all open requests, so that what no webhook told is found all the same: moves,
// comments, files, another key, and that a ticket is gone.
func (c *chores) readTickets(ctx context.Context, instance string) error {
	tracker, ok := c.e.o.Connectors[instance].(connectors.Tracker)
	if _, stopped := c.e.gate.why(instance); !ok || stopped {
		return nil
	}
	q := store.Query{Terms: []string{"open:yes"}, Limit: pageMost}
	failed, last := 0, error(nil)
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
			link, ok := r.Link(ticketPurpose)
			if !ok || link.Ref.System != instance || r.Ticket.Gone == "deleted" {
				continue
			}
			if err := c.readAll(ctx, tracker, r, link); err != nil {
				if failed, last = failed+1, err; failed >= mostFailed || connectors.ClassOf(err) == connectors.Limited {
					return err
				}
				continue
			}
			failed = 0
		}
		if q.After == "" {
			return last
		}
	}
}

// quiet reports whether nothing of ours is on its way to the ticket, so that what is read there was done by others.
func quiet(r flow.Request) bool { return r.Shows[ticketPurpose].Settled }

// readTicket compares a ticket with what is known of it.
func (c *chores) readTicket(ctx context.Context, tracker connectors.Tracker, r flow.Request, link flow.Link) error {
	began := c.e.o.Now().UTC()
	view, err := read(ctx, c, call{job: ticketsJob + "/" + string(r.ID), instance: link.Ref.System, shape: "read"},
		func(ctx context.Context) (flow.View, error) { return tracker.Read(ctx, link.Ref) })
	var ce *connectors.Error
	switch {
	case errors.As(err, &ce) && ce.Gone != "" && r.Ticket.Gone == "":
		return c.missing(ctx, r.ID, link, ce.Gone)
	case errors.As(err, &ce) && ce.Class == connectors.Rejected:
		return nil // the next write says why where people see it
	case err != nil:
		return err
	}
	if r.Ticket.Gone == "archived" && !restored(r, view) {
		return nil
	}
	if r.Ticket.Gone != "" {
		return c.back(ctx, r.ID, link, view)
	}
	if err := c.renamed(ctx, r.ID, link, view); err != nil {
		return err
	}
	if err := c.compare(ctx, r.ID, link, view); err != nil {
		return err
	}
	return c.listen(ctx, tracker, r, heard{link: link, updated: headOf(view.Fields["updated"]), at: began})
}

func headOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// read asks a service for something, within its limits; credentials that are gone stop the instance.
func read[T any](ctx context.Context, c *chores, what call, ask func(context.Context) (T, error)) (T, error) {
	var none T
	if c.e.limits.admit(what, c.e.o.Now()).After(c.e.o.Now()) {
		return none, &connectors.Error{Op: what.shape, Class: connectors.Limited, Err: errors.New("waiting for a rate limit of " + what.instance)}
	}
	v, err := guard(ctx, callTime, ask)
	var ce *connectors.Error
	if errors.As(err, &ce) {
		switch ce.Class {
		case connectors.Limited:
			c.e.limits.limited(what, ce, c.e.o.Now())
		case connectors.Denied:
			if err := c.e.outbox.halt(ctx, what.instance, ce); err != nil {
				return none, err
			}
		}
	}
	return v, err
}

// decided lets f decide something in a transaction and reports it.
func (c *chores) decided(ctx context.Context, f func(tx store.Tx) ([]decision, error)) error {
	var list []decision
	err := c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		list, err = f(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range list {
		c.e.decider.report(d)
	}
	return nil
}

// missing notes that a ticket cannot be seen, and decides that it is gone once that was so twice.
func (c *chores) missing(ctx context.Context, id flow.RequestID, link flow.Link, why string) error {
	return c.decided(ctx, func(tx store.Tx) ([]decision, error) {
		now := c.e.o.Now().UTC()
		var last glance
		if _, err := row(tx, ticketsTable, link.Ref.String(), &last); err != nil {
			return nil, err
		}
		if last.Gone.IsZero() {
			last.Gone = now
			return nil, putRow(tx, ticketsTable, link.Ref.String(), last)
		}
		if now.Sub(last.Gone) < goneAfter {
			return nil, nil
		}
		dec, err := c.e.decider.event(tx, flow.Event{
			ID: fmt.Sprintf("gone/%s/%d", id, last.Gone.UnixMilli()), Kind: flow.TicketGone, Request: id, Subject: link.Ref, Sent: now,
			Fields: map[string][]string{"why": {why}},
		}, now)
		return []decision{dec}, err
	})
}

// restored reports whether an archived ticket was touched since it was archived: it can be read all the same, so nothing
// else tells that it can be written again.
func restored(r flow.Request, view flow.View) bool {
	var since time.Time
	if i := slices.IndexFunc(r.Problems, func(p flow.Problem) bool { return p.Purpose == "ticket/gone" }); i >= 0 {
		since = r.Problems[i].Since
	}
	changed, err := time.Parse(time.RFC3339, headOf(view.Fields["updated"]))
	return err == nil && changed.After(since)
}

// back lets a ticket that could not be seen be written again, as it stands now.
func (c *chores) back(ctx context.Context, id flow.RequestID, link flow.Link, view flow.View) error {
	return c.decided(ctx, func(tx store.Tx) ([]decision, error) {
		look := glance{Status: view.Headline, Version: link.Version}
		if err := putRow(tx, ticketsTable, link.Ref.String(), look); err != nil {
			return nil, err
		}
		now := c.e.o.Now().UTC()
		dec, err := c.e.decider.event(tx, flow.Event{
			ID: fmt.Sprintf("back/%s/%d", id, now.UnixMilli()), Kind: flow.TimerFired, Request: id, Subject: link.Ref, Sent: now,
			Fields: map[string][]string{"name": {"ticket seen"}},
		}, now)
		return []decision{dec}, err
	})
}

// renamed decides that a ticket has another key now.
func (c *chores) renamed(ctx context.Context, id flow.RequestID, link flow.Link, view flow.View) error {
	key := headOf(view.Fields["key"])
	if key == "" || link.Label == "" || key == link.Label {
		return nil
	}
	now := c.e.o.Now().UTC()
	address := link.URL
	if before, ok := strings.CutSuffix(address, link.Label); ok {
		address = before + key
	}
	return c.decided(ctx, func(tx store.Tx) ([]decision, error) {
		dec, err := c.e.decider.event(tx, flow.Event{
			ID: fmt.Sprintf("renamed/%s/%s/%d", id, key, now.UnixMilli()), Kind: flow.TicketRenamed, Request: id, Subject: link.Ref, Sent: now,
			Fields: map[string][]string{"key": {key}},
			Links:  []flow.Link{{Ref: link.Ref, Purpose: ticketPurpose, Label: key, URL: address}},
		}, now)
		return []decision{dec}, err
	})
}

// compare decides a move that no webhook has told of.
func (c *chores) compare(ctx context.Context, id flow.RequestID, link flow.Link, view flow.View) error {
	return c.decided(ctx, func(tx store.Tx) ([]decision, error) {
		last, known, err := visible(tx, link.Ref)
		if err != nil {
			return nil, err
		}
		r, ok, err := tx.Request(id)
		now, _ := r.Link(ticketPurpose)
		if err != nil || !ok || !quiet(r) || now.Version != link.Version {
			return nil, err
		}
		look := last
		look.Status, look.Version = view.Headline, link.Version
		if look == last {
			return nil, nil
		}
		if err := putRow(tx, ticketsTable, link.Ref.String(), look); err != nil {
			return nil, err
		}
		if !known {
			last = glance{}
		}
		if !strayed(r, last, look, view.Status) {
			return nil, nil
		}
		dec, err := c.e.decider.event(tx, c.moved(id, link, view, last), c.e.o.Now())
		return []decision{dec}, err
	})
}

// strayed reports that somebody else gave a ticket the status it has: it was set by hand before and is another now; or it
// differs from the last look, and we wrote nothing in between; or the ticket is closed, where our own last write left it
// open.
func strayed(r flow.Request, last, now glance, word flow.Status) bool {
	switch {
	case r.Ticket.Held:
		return r.Ticket.Status != now.Status
	case last.Status != "" && last.Version == now.Version:
		return last.Status != now.Status
	}
	return word.Closed() && !r.Status.Closed()
}

// visible gives the last look at a ticket that can be seen now, whatever else is on its way there.
func visible(tx store.Tx, ticket flow.Ref) (last glance, known bool, err error) {
	known, err = row(tx, ticketsTable, ticket.String(), &last)
	if err != nil || last.Gone.IsZero() {
		return last, known, err
	}
	last.Gone = time.Time{}
	return last, known, putRow(tx, ticketsTable, ticket.String(), last)
}

func (c *chores) moved(id flow.RequestID, link flow.Link, view flow.View, last glance) flow.Event {
	now := c.e.o.Now().UTC()
	return flow.Event{
		ID: fmt.Sprintf("read/%s/%d", id, now.UnixMilli()), Kind: flow.TicketMoved, Request: id, Subject: link.Ref, Sent: now,
		Fields: map[string][]string{"status": {view.Headline}, "word": {string(view.Status)}, "from": {last.Status}},
	}
}

// heard is a ticket at which something may have been said since it was last listened to.
type heard struct {
	link    flow.Link
	updated string
	at      time.Time
}

// listen reads what was said at a ticket that has changed since the last look.
func (c *chores) listen(ctx context.Context, tracker connectors.Tracker, r flow.Request, h heard) error {
	conv, ok := tracker.(connectors.Conversant)
	if !ok {
		return nil
	}
	var last glance
	err := c.e.o.Store.View(ctx, func(tx store.Tx) error {
		_, err := row(tx, ticketsTable, h.link.Ref.String(), &last)
		return err
	})
	if err != nil || h.updated != "" && last.Updated == h.updated {
		return err
	}
	since := r.Opened
	if !last.Said.IsZero() {
		since = last.Said.Add(-overlap)
	}
	if err := c.hear(ctx, conv, r.ID, h.link.Ref, since); err != nil {
		return err
	}
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		var now glance
		if _, err := row(tx, ticketsTable, h.link.Ref.String(), &now); err != nil {
			return err
		}
		now.Updated, now.Said = h.updated, h.at
		return putRow(tx, ticketsTable, h.link.Ref.String(), now)
	})
}

// hear decides what was said at a ticket or in a thread since an instant. What is known already changes nothing.
func (c *chores) hear(ctx context.Context, conv connectors.Conversant, id flow.RequestID, where flow.Ref, since time.Time) error {
	list, err := read(ctx, c, call{job: "said/" + string(id), instance: where.System, shape: "said"},
		func(ctx context.Context) ([]flow.Event, error) { return conv.Said(ctx, where, since) })
	if err != nil || len(list) == 0 {
		return err
	}
	return c.decided(ctx, func(tx store.Tx) (all []decision, err error) {
		now := c.e.o.Now().UTC()
		for i, ev := range list {
			if ev.ID == "" {
				ev.ID = fmt.Sprintf("said/%s/%s/%d/%d", ev.Kind, ev.Said.String(), ev.Sent.UnixMilli(), i)
			}
			ev.At, ev.Request, ev.Delivery = now, id, ""
			dec, err := c.e.decider.received(tx, where.System, ev)
			if err != nil {
				return nil, err
			}
			all = append(all, dec)
		}
		return all, nil
	})
}
