package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

const partPrefix = "part/"

// readAll compares the ticket of a request and those of its subtasks with what is known of them.
func (c *chores) readAll(ctx context.Context, tracker connectors.Tracker, r flow.Request, ticket flow.Link) error {
	if err := c.readTicket(ctx, tracker, r, ticket); err != nil {
		return err
	}
	for _, l := range r.Links {
		if !strings.HasPrefix(l.Purpose, partPrefix) || l.Ref.System != ticket.Ref.System {
			continue
		}
		if err := c.readPart(ctx, tracker, r, l); err != nil {
			return err
		}
	}
	return nil
}

// partAt finds the subtask whose ticket a link names.
func partAt(r flow.Request, l flow.Link) (flow.Part, bool) {
	for _, p := range r.Parts {
		if fmt.Sprint(partPrefix, p.Number) == l.Purpose {
			return p, true
		}
	}
	return flow.Part{}, false
}

// readPart reads the ticket of a subtask, so that it is done here too where no webhook told of it.
func (c *chores) readPart(ctx context.Context, tracker connectors.Tracker, r flow.Request, link flow.Link) error {
	part, ok := partAt(r, link)
	if !ok || part.Gone != "" {
		return nil
	}
	view, err := read(ctx, c, call{job: ticketsJob + "/" + string(r.ID) + "/" + link.Purpose, instance: link.Ref.System, shape: "read"},
		func(ctx context.Context) (flow.View, error) { return tracker.Read(ctx, link.Ref) })
	var ce *connectors.Error
	switch {
	case errors.As(err, &ce) && ce.Gone != "":
		return c.missing(ctx, r.ID, link, ce.Gone)
	case errors.As(err, &ce) && ce.Class == connectors.Rejected:
		return nil
	case err != nil:
		return err
	}
	if err := c.renamed(ctx, r.ID, link, view); err != nil {
		return err
	}
	return c.comparePart(ctx, r.ID, link, view)
}

// comparePart decides a move of a subtask that no webhook has told of.
func (c *chores) comparePart(ctx context.Context, id flow.RequestID, link flow.Link, view flow.View) error {
	return c.decided(ctx, func(tx store.Tx) ([]decision, error) {
		last, _, err := visible(tx, link.Ref)
		if err != nil {
			return nil, err
		}
		r, ok, err := tx.Request(id)
		part, known := partAt(r, link)
		if err != nil || !ok || !known {
			return nil, err
		}
		if last.Status != view.Headline {
			look := last
			look.Status = view.Headline
			if err := putRow(tx, ticketsTable, link.Ref.String(), look); err != nil {
				return nil, err
			}
		}
		if !partMoved(part, last.Status, view) {
			return nil, nil
		}
		ev := c.moved(id, link, view, last)
		ev.ID = fmt.Sprintf("read/%s/%s/%d", id, link.Purpose, ev.Sent.UnixMilli())
		ev.Fields["done"] = view.Fields["done"]
		dec, err := c.e.decider.event(tx, ev, c.e.o.Now())
		return []decision{dec}, err
	})
}

// partMoved reports whether a subtask's ticket is elsewhere than it is known to be. A new one is where the tracker puts it.
func partMoved(p flow.Part, last string, now flow.View) bool {
	done := headOf(now.Fields["done"]) == "yes" || now.Status.Closed()
	switch {
	case now.Headline == "": // it keeps none
		return false
	case p.Status != "":
		return p.Status != now.Headline
	case last != "":
		return last != now.Headline
	}
	return done
}
