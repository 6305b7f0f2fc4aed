package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// ticket is the kept form; Form says how it is written.
type ticket struct {
	Form     int                `json:"v"`
	Mark     string             `json:"mark"`
	Request  flow.RequestID     `json:"request"`
	Version  int64              `json:"version"`
	Title    string             `json:"title"`
	Status   flow.Status        `json:"status"`
	Body     text.Doc           `json:"body,omitempty"`
	Facts    []flow.Fact        `json:"facts,omitempty"`
	Points   []flow.Point       `json:"points,omitempty"`
	Fields   *flow.TicketFields `json:"fields,omitempty"`
	Links    []flow.Link        `json:"links,omitempty"`
	Comments []Comment          `json:"comments,omitempty"`
	Made     time.Time          `json:"made"`
	Changed  time.Time          `json:"changed"`
}

const (
	lastKey = "last" // the number of the newest ticket
	tries   = 100    // against others who write the same row
)

func markKey(mark string) string  { return "mark/" + mark }
func ticketKey(number int) string { return fmt.Sprintf("ticket/%012d", number) }

// show makes the ticket of a mark or changes it.
func (c *Connector) show(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	number, err := c.numberFor(ctx, e)
	if err != nil {
		return nil, err
	}
	if err := c.put(ctx, number, e); err != nil {
		return nil, err
	}
	return c.links(e, number), nil
}

// numberFor returns the number of an effect's ticket, a new one if there is none. The number is taken for the mark
// before the ticket is written, so that a second try takes the same.
func (c *Connector) numberFor(ctx context.Context, e flow.Effect) (int, error) {
	if l := e.Show.Link; l != nil {
		return c.at(l.Ref)
	}
	number, err := c.numberOf(ctx, e.Mark())
	if err != nil || number != 0 {
		return number, err
	}
	if number, err = c.next(ctx); err != nil {
		return 0, err
	}
	err = c.deps.Keep.Put(ctx, markKey(e.Mark()), nil, []byte(strconv.Itoa(number)))
	if errors.Is(err, connectors.ErrChanged) {
		return c.numberOf(ctx, e.Mark()) // somebody was faster; the number taken is never used
	}
	return number, kept("make ticket", err)
}

// numberOf returns the number that a mark has, 0 without one.
func (c *Connector) numberOf(ctx context.Context, mark string) (int, error) {
	raw, err := c.deps.Keep.Get(ctx, markKey(mark))
	if err != nil || raw == nil {
		return 0, kept("find ticket", err)
	}
	return number(raw)
}

func (c *Connector) last(ctx context.Context) (int, error) {
	raw, err := c.deps.Keep.Get(ctx, lastKey)
	if err != nil || raw == nil {
		return 0, kept("count tickets", err)
	}
	return number(raw)
}

func number(raw []byte) (int, error) {
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		return 0, &connectors.Error{Op: "read number", Class: connectors.Rejected, Err: err}
	}
	return n, nil
}

// next takes the next number.
func (c *Connector) next(ctx context.Context) (int, error) {
	for range tries {
		old, err := c.deps.Keep.Get(ctx, lastKey)
		if err != nil {
			return 0, kept("number ticket", err)
		}
		n := 0
		if old != nil {
			if n, err = number(old); err != nil {
				return 0, err
			}
		}
		err = c.deps.Keep.Put(ctx, lastKey, old, []byte(strconv.Itoa(n+1)))
		if !errors.Is(err, connectors.ErrChanged) {
			return n + 1, kept("number ticket", err)
		}
	}
	return 0, kept("number ticket", connectors.ErrChanged)
}

// put writes what the view says, unless a newer one was written.
func (c *Connector) put(ctx context.Context, number int, e flow.Effect) error {
	return c.update(ctx, number, func(t *ticket) (bool, error) {
		s := e.Show
		if t.Version > s.Version {
			return false, nil
		}
		if t.Made.IsZero() {
			t.Form, t.Mark, t.Made = 1, e.Mark(), c.deps.Now().UTC()
		}
		v := s.View
		t.Request, t.Version, t.Title = e.Request, s.Version, v.Title
		t.Body, t.Facts, t.Points, t.Fields = v.Body, v.Facts, v.Points, v.Ticket
		if v.Kind == flow.PartView && v.Link != nil {
			t.Links = []flow.Link{*v.Link}
		}
		if v.Ticket == nil || !v.Ticket.KeepStatus || t.Status == "" {
			t.Status = v.Status
		}
		return true, nil
	})
}

// link puts a link onto a ticket; the same thing again replaces it.
func (c *Connector) link(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	s := e.Show
	if s.View.Link == nil {
		return nil, cannot("link", "There is nothing to link the ticket to.")
	}
	number, err := c.at(s.At)
	if err != nil {
		return nil, err
	}
	to := *s.View.Link
	err = c.update(ctx, number, func(t *ticket) (bool, error) {
		if t.Made.IsZero() {
			return false, c.missing("link", number)
		}
		t.Links = slices.DeleteFunc(t.Links, func(l flow.Link) bool { return l.Ref == to.Ref })
		t.Links = append(t.Links, to)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	ref := flow.Ref{System: c.deps.Instance, Type: "link", Key: strconv.Itoa(number) + "/" + to.Ref.String()}
	return []flow.Link{{Ref: ref, Purpose: s.Purpose, Label: to.Label, URL: to.URL, Shown: s.Digest, Version: s.Version}}, nil
}

// read returns a ticket and its kept form, which is nil when it is not there.
func (c *Connector) read(ctx context.Context, number int) (ticket, []byte, error) {
	raw, err := c.deps.Keep.Get(ctx, ticketKey(number))
	if err != nil || raw == nil {
		return ticket{}, nil, kept("read ticket", err)
	}
	var t ticket
	if err := json.Unmarshal(raw, &t); err != nil {
		return ticket{}, nil, &connectors.Error{Op: "read ticket", Class: connectors.Rejected, Err: fmt.Errorf("%s: %w", c.key(number), err)}
	}
	return t, raw, nil
}

// update changes a ticket; change returns false when there is nothing to do.
func (c *Connector) update(ctx context.Context, number int, change func(*ticket) (bool, error)) error {
	for range tries {
		t, old, err := c.read(ctx, number)
		if err != nil {
			return err
		}
		if ok, err := change(&t); !ok || err != nil {
			return err
		}
		t.Changed = c.deps.Now().UTC()
		raw, err := json.Marshal(t)
		if err != nil {
			return &connectors.Error{Op: "write ticket", Class: connectors.Rejected, Err: err}
		}
		err = c.deps.Keep.Put(ctx, ticketKey(number), old, raw)
		if !errors.Is(err, connectors.ErrChanged) {
			return kept("write ticket", err)
		}
	}
	return kept("write ticket", connectors.ErrChanged)
}

// kept wraps an error of the store: all there is to do is to try again.
func kept(op string, err error) error {
	if err == nil {
		return nil
	}
	return &connectors.Error{Op: op, Class: connectors.Transient, Err: err}
}
