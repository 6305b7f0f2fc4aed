package jira

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Read reads a ticket as it is now. Where it cannot be seen, we first make sure that Jira still knows us: a ticket is
// called hidden only by a site that answers.
func (c *Connector) Read(ctx context.Context, ticket flow.Ref) (flow.View, error) {
	if !issueID.MatchString(ticket.Key) {
		return flow.View{}, cannot("read issue", fmt.Sprintf("%q is not the id of a Jira ticket.", ticket.Key))
	}
	i, err := c.read(ctx, ticket.Key)
	if e, ok := errors.AsType[*connectors.Error](err); ok && e.Gone != "" {
		if _, site := c.askAccount(ctx); site != nil {
			return flow.View{}, site
		}
	}
	if err != nil {
		return flow.View{}, err
	}
	c.sweepDuplicates(ctx)
	return c.view(i), nil
}

func (c *Connector) view(i *issue) flow.View {
	f := i.Fields
	t := &flow.TicketFields{Project: f.Project.Key, Labels: f.Labels}
	if f.Priority != nil {
		t.Priority = f.Priority.Name
	}
	if f.Assignee != nil {
		t.Assignee = flow.Actor{Ref: c.user(f.Assignee.id()), Shown: f.Assignee.Shown}
	}
	if at, ok := readTime(f.Due); ok {
		t.Due = at
	}
	fields := map[string][]string{"key": {i.Key}}
	if at, ok := stamp(f.Updated); ok {
		fields["updated"] = []string{at.Format(time.RFC3339Nano)}
	}
	if f.Status.Category.done() {
		fields["done"] = []string{"yes"}
	}
	return flow.View{
		Kind: flow.TicketView, Title: f.Summary, Headline: f.Status.Name, Fields: fields,
		Status: c.set.Projects[f.Project.Key].word(f.Status.Name, f.Status.ID), Ticket: t,
	}
}

// Ways are what the settings say about moves by hand, about files, and how often tickets are read.
func (c *Connector) Ways() connectors.Ways {
	every, _ := c.set.look() // a wrong one is refused at start
	return connectors.Ways{Bypass: c.set.Bypass, Attach: c.set.Attachments == "to thread", Look: every}
}

// Said reads what people said and attached in a ticket since an instant, as webhooks would have told it, oldest first.
func (c *Connector) Said(ctx context.Context, ticket flow.Ref, since time.Time) ([]flow.Event, error) {
	if ticket.Type != "issue" || !issueID.MatchString(ticket.Key) {
		return nil, cannot("read comments", fmt.Sprintf("%q is not the id of a Jira ticket.", ticket.Key))
	}
	if _, err := c.account(ctx); err != nil {
		return nil, err
	}
	files, err := c.attachedSince(ctx, ticket, since)
	if err != nil {
		return nil, err
	}
	said, err := c.saidSince(ctx, ticket, since)
	if err != nil {
		return nil, err
	}
	return inOrder(append(said, files...)), nil
}
