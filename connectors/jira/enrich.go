package jira

import (
	"context"
	"encoding/json"

	"signoff/internal/flow"
)

// Enrich finds out whether our own account did it and whether a write of ours explains it. Jira is asked for our
// account once; after that nothing goes out.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	p, err := readPayload(d.Body)
	if err != nil {
		return json.Marshal(learned{}) // Parse says what is wrong with it
	}
	self, err := c.account(ctx)
	if err != nil {
		return nil, err
	}
	l := learned{Own: self.ID == p.user().AccountID}
	if l.Own {
		if l.Receipt, err = c.explained(ctx, p); err != nil {
			return nil, err
		}
		if !l.Receipt {
			c.deps.Log.Warn("our own account changed a ticket and no write of ours explains it", "event", p.kind(), "ticket", p.Issue.Key)
		}
	}
	return json.Marshal(l)
}

// explained looks for the receipt of the change.
func (c *Connector) explained(ctx context.Context, p *payload) (bool, error) {
	if p.isComment() {
		return c.receipt(ctx, p.issueID(), "comment", string(p.Comment.Body))
	}
	it := p.moved()
	if it == nil {
		return false, nil
	}
	for _, to := range []string{string(it.To), p.status()} {
		if ok, err := c.receipt(ctx, p.issueID(), "status", to); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
