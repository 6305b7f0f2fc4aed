package jira

import (
	"encoding/json"
	"fmt"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// Parse turns a stored webhook into events: a move of the ticket, or a comment on it.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	p, err := readPayload(d.Body)
	if err != nil {
		return nil, err
	}
	ignored, malformed := p.use()
	switch {
	case malformed != "":
		return nil, fmt.Errorf("webhook: %s", malformed)
	case ignored != "", p.mark() != "":
		return nil, nil
	}
	known, err := readLearned(d.Learned)
	if err != nil {
		return nil, err
	}
	ev := flow.Event{
		ID: d.ID, At: d.At, Sent: p.sent(), Delivery: d.ID, Actor: c.actor(p), Subject: c.issue(p.issueID()),
		Echo: c.ours(p, known),
	}
	if p.isComment() {
		c.commented(p, &ev)
	} else {
		c.moved(p, &ev)
	}
	return []flow.Event{ev}, nil
}

func (c *Connector) moved(p *payload, ev *flow.Event) {
	it := p.moved()
	project := c.set.Projects[p.project()]
	ev.Kind, ev.Seq = flow.TicketMoved, string(p.Changelog.ID)
	ev.Fields = map[string][]string{"status": {p.status()}}
	if w := project.word(p.status(), string(it.To)); w != "" {
		ev.Fields["word"] = []string{string(w)}
	}
	if it.FromText != "" {
		ev.Fields["from"] = []string{string(it.FromText)}
	}
}

func (c *Connector) commented(p *payload, ev *flow.Event) {
	ev.Kind = flow.CommentAdded
	ev.Body = text.Plain(string(p.Comment.Body))
}

func (c *Connector) actor(p *payload) flow.Actor {
	who := p.user().account
	if who == nil || who.ID == "" {
		return flow.Actor{}
	}
	return flow.Actor{Ref: c.user(who.ID), Shown: who.Shown, Zone: who.Zone, Bot: who.Type == "app"}
}

// learned is what Enrich found out.
type learned struct {
	Own     bool `json:"own"`     // our own account did it
	Receipt bool `json:"receipt"` // and a write of ours explains it
}

func readLearned(raw []byte) (*learned, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var l learned
	if err := json.Unmarshal(raw, &l); err != nil {
		return nil, fmt.Errorf("what was learned: %w", err)
	}
	return &l, nil
}

// ours reports whether our own account is behind a delivery. Whatever it did is recorded and decides nothing, with a
// receipt or without.
func (c *Connector) ours(p *payload, known *learned) bool {
	if known != nil {
		return known.Own
	}
	self := c.self.Load()
	return self != nil && self.ID != "" && self.ID == p.user().AccountID
}
