package jira

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"signoff/internal/flow"
)

// Enrich finds out whether our own account did it and whether a write of ours explains it, remembers new tickets that
// carry a mark of ours and what people said, and whom they mention. Jira is asked for our account once a day and for the
// name of an account once; beyond that nothing goes out.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	p, err := readPayload(d.Body)
	if err != nil {
		return marshal(learned{}, nil) // Parse says what is wrong with it
	}
	self, err := c.account(ctx)
	if err != nil {
		return nil, err
	}
	l := learned{Own: self.id() == p.user().ID || p.isComment() && self.id() == p.Comment.Author.id()}
	if mark := p.mark(); mark != "" {
		return marshal(l, c.marked(ctx, p, mark, l.Own))
	}
	if l.Own {
		if l.Receipt, err = c.explained(ctx, p); err != nil {
			return nil, err
		}
		if !l.Receipt {
			c.deps.Log.Warn("our own account changed a ticket and no write of ours explains it", "event", p.kind(), "ticket", p.Issue.Key)
		}
	}
	if p.isComment() && p.key() == "" {
		if l.Key, err = c.keyOf(ctx, p.issueID()); err != nil {
			return nil, err
		}
	}
	if p.isComment() && !l.Own {
		kind := p.said()
		if p.Comment.restricted() {
			kind = flow.CommentRemoved // nothing of it is anywhere to be missed
		}
		if err := c.hear(ctx, kind, p.issueID(), string(p.Comment.ID)); err != nil {
			return nil, err
		}
	}
	if p.isComment() && !l.Own && !p.Comment.restricted() {
		l.Names, err = c.namesIn(ctx, string(p.Comment.Body))
	}
	return marshal(l, err)
}

// marked remembers a new ticket with a mark of ours. Somebody else's carries a copied label.
func (c *Connector) marked(ctx context.Context, p *payload, mark string, own bool) error {
	if !own {
		c.deps.Log.Error("a ticket carries the label of another ticket of signoff's; it was copied and is not followed", "ticket", p.key())
		return nil
	}
	return c.sighted(ctx, mark, hit{ID: p.issueID(), Key: p.Issue.Key})
}

// keyOf is what people call a ticket of ours, as far as we know.
func (c *Connector) keyOf(ctx context.Context, id string) (string, error) {
	var st state
	_, err := c.memory.Load(ctx, stateKey(id), &st)
	return st.Key, err
}

func marshal(l learned, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(l)
}

// sightings are tickets that Jira said our account made with a mark. Find asks them for their proof: the webhook may
// be there long before search is.
type sightings struct {
	Until time.Time `json:"until"`
	Hits  []hit     `json:"hits"`
}

func sightedKey(mark string) string { return receiptPrefix + "sighted/" + mark }

func (c *Connector) sighted(ctx context.Context, mark string, h hit) error {
	var s sightings
	if _, err := c.memory.Load(ctx, sightedKey(mark), &s); err != nil {
		return err
	}
	if slices.ContainsFunc(s.Hits, func(other hit) bool { return other.ID == h.ID }) {
		return nil
	}
	s.Until, s.Hits = c.deps.Now().Add(receiptLife), append(s.Hits, h)
	return c.memory.Save(ctx, sightedKey(mark), s)
}

// explained looks for the receipt of the change.
func (c *Connector) explained(ctx context.Context, p *payload) (bool, error) {
	if p.isComment() {
		return c.receipt(ctx, p.issueID(), "comment", string(p.Comment.Body))
	}
	for _, it := range p.added() {
		if ok, err := c.receipt(ctx, p.issueID(), "attachment", string(it.ToText)); !ok || err != nil {
			return false, err
		}
	}
	it := p.moved()
	if it == nil {
		return len(p.added()) > 0, nil
	}
	for _, to := range []string{string(it.To), p.status()} {
		if ok, err := c.receipt(ctx, p.issueID(), "status", to); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
