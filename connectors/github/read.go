package github

import (
	"context"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Statuses lists what the state of a ticket can be called.
func (c *Connector) Statuses(context.Context) ([]string, error) {
	out := []string{open, closed, "closed as not planned"}
	for _, w := range words() {
		if e := c.set.Status[string(w)]; e.State == open && e.Label != "" && !slices.Contains(out, e.Label) {
			out = append(out, e.Label)
		}
	}
	return out, nil
}

// Read reads a ticket as it is now.
func (c *Connector) Read(ctx context.Context, ticket flow.Ref) (flow.View, error) {
	i, at, err := c.readIssue(ctx, ticket.Key)
	if e, ok := err.(*connectors.Error); ok && e.Gone != "" { //nolint:errorlint // never wrapped
		if _, site := c.askAccount(ctx); site != nil {
			return flow.View{}, site // a ticket is called gone only by a service that knows us
		}
	}
	if err != nil {
		return flow.View{}, err
	}
	labels := labelNames(i.Labels)
	t := &flow.TicketFields{Project: at.full(), Labels: labels}
	if u := i.GetAssignee(); u.GetLogin() != "" {
		t.Assignee = c.actor(u, nil)
	}
	fields := map[string][]string{"key": {at.label()}, "updated": {i.GetUpdatedAt().UTC().Format(time.RFC3339Nano)}}
	if i.GetState() == closed {
		fields["done"] = []string{"yes"}
	}
	return flow.View{
		Kind: flow.TicketView, Title: i.GetTitle(), Headline: c.set.name(i.GetState(), i.GetStateReason(), labels),
		Status: c.set.word(i.GetState(), i.GetStateReason(), labels), Ticket: t,
		Fields: fields,
	}, nil
}

// Ways are what the settings say about moves by hand, and how often tickets are read.
func (c *Connector) Ways() connectors.Ways {
	every, _ := c.set.look() // a wrong one is refused at start
	return connectors.Ways{Bypass: c.set.Bypass, Look: every}
}
