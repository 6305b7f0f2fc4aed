package confluence

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

// learned is a page as it was read for a delivery.
type learned struct {
	Page    *page `json:"page,omitempty"`    // nil: it is of no use, or cannot be read
	Touches bool  `json:"touches,omitempty"` // an open request has it as its brief
	First   bool  `json:"first,omitempty"`   // it bears the label, and no request was made of it before
}

func parseMilli(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}, errors.New("no time")
	}
	return time.UnixMilli(n).UTC(), nil
}

// asked remembers that a request was made of a page, by which delivery, so that reading that again says the same.
type asked struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

func askedKey(page string) string { return "asked/" + page }

// Enrich reads the page that a delivery is about.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	p, err := readPayload(d.Body)
	if err != nil || p.id() == "" {
		return json.Marshal(learned{})
	}
	_, touches, err := c.touching(ctx, p.id())
	if err != nil {
		return nil, err
	}
	if !touches && c.set.Label == "" {
		return json.Marshal(learned{})
	}
	got, err := c.read(ctx, pageType, p.id())
	if err = c.sure(ctx, err); connectors.ClassOf(err) == connectors.Rejected {
		c.deps.Log.Info("a page that a webhook told of cannot be read", "page", p.id(), "error", err)
		return json.Marshal(learned{})
	}
	if err != nil {
		return nil, err
	}
	l := learned{Touches: touches}
	if l.First, err = c.first(ctx, got, d.ID, touches); err != nil {
		return nil, err
	}
	if l.First || touches {
		l.Page = &got
	}
	return json.Marshal(l)
}

func (c *Connector) touching(ctx context.Context, id string) (flow.Request, bool, error) {
	q := c.query.Load()
	if q == nil {
		return flow.Request{}, false, nil
	}
	return (*q).Touching(ctx, c.page(id))
}

// first reports whether a page asks for a request, and remembers that it did.
func (c *Connector) first(ctx context.Context, p page, delivery string, touches bool) (bool, error) {
	inSpaces := len(c.set.Spaces) == 0 || slices.Contains(c.set.Spaces, p.Space)
	if p.Status != "current" || c.set.Label == "" || !slices.Contains(p.Labels, c.set.Label) || !inSpaces {
		return false, nil
	}
	var a asked
	if ok, err := c.memory.Load(ctx, askedKey(p.ID), &a); err != nil {
		return false, err
	} else if ok {
		return a.By == delivery && !touches, nil
	}
	c.memory.Note(askedKey(p.ID), asked{delivery, c.deps.Now().UTC()})
	return !touches, nil
}

// Parse makes of a page a request, or the brief of the one that it is about.
func (c *Connector) Parse(d flow.Delivery) ([]flow.Event, error) {
	if _, err := readPayload(d.Body); err != nil {
		return nil, err
	}
	if len(d.Learned) == 0 {
		return nil, nil // without the page there is nothing to say; it is found again by its label
	}
	var l learned
	if err := json.Unmarshal(d.Learned, &l); err != nil {
		return nil, fmt.Errorf("what was learned: %w", err)
	}
	if l.Page == nil {
		return nil, nil
	}
	ev := c.briefOf(*l.Page)
	if l.First {
		ev = c.submitted(*l.Page)
	}
	ev.ID, ev.At, ev.Delivery = d.ID, d.At, d.ID
	return []flow.Event{ev}, nil
}

// submitted is the request that a labelled page asks for: its owner's, with the page's words. What is decided is said below the
// page.
func (c *Connector) submitted(p page) flow.Event {
	fields := map[string][]string{"source": {"confluence"}, "event": {"page_labelled"}, "title": {p.Title}}
	if p.Space != "" {
		fields["space"] = []string{p.Space}
	}
	body := append(slices.Clone(p.Body), text.P(text.T("Brief: "), text.A(firstOf(p.Title, p.URL), p.URL)))
	return flow.Event{
		Kind: flow.RequestSubmitted, Subject: c.page(p.ID), Said: c.page(p.ID), Actor: c.actor(p.Owner), Sent: p.Changed, Seq: strconv.Itoa(p.Version),
		Fields: fields, Body: body, Links: []flow.Link{c.briefLink(p), {Ref: c.page(p.ID), Purpose: "thread", Label: p.Title, URL: p.URL}},
	}
}
