package jira

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const threadPurpose = "ticket/thread"

// Do makes a ticket, a remote link or a comment true in Jira.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	switch {
	case isLink(e):
		return c.showLink(ctx, e)
	case isComment(e):
		return c.showComment(ctx, e)
	case e.Show != nil:
		return c.showTicket(ctx, e)
	case e.Tell != nil:
		return nil, c.tell(ctx, e)
	}
	return nil, cannot("carry out "+e.Purpose(), "Jira cannot do this.")
}

func isLink(e flow.Effect) bool {
	return e.Show != nil && (e.Show.View.Kind == flow.LinkView || e.Show.Purpose == threadPurpose)
}

func isComment(e flow.Effect) bool { return e.Show != nil && e.Show.View.Kind == flow.CommentView }

func cannot(op, person string) error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}

// showTicket makes the ticket, or changes the one there is.
func (c *Connector) showTicket(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	id, err := c.ticketOf(ctx, e)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return c.create(ctx, e)
	}
	return c.change(ctx, e, id)
}

// made is kept by mark as soon as Jira has said that the ticket exists.
type made struct {
	ID  string    `json:"id"`
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

func madeKey(hubKey string) string { return "made/" + hubKey }

// ticketOf returns the id of the ticket an effect is about, "" when it is still to be made.
func (c *Connector) ticketOf(ctx context.Context, e flow.Effect) (string, error) {
	if l := e.Show.Link; l != nil {
		if !issueID.MatchString(l.Ref.Key) {
			return "", cannot("change issue", fmt.Sprintf("%q is not the id of a Jira ticket.", l.Ref.Key))
		}
		return l.Ref.Key, nil
	}
	var m made
	_, err := c.memory.Load(ctx, madeKey(c.hubKey(e)), &m)
	return m.ID, err
}

// projectFor returns the key of the project a new ticket goes to.
func (c *Connector) projectFor(s *flow.Show) (string, error) {
	key := ""
	if s.At.Type == "project" {
		key = s.At.Key
	}
	if key == "" && s.View.Ticket != nil {
		key = s.View.Ticket.Project
	}
	if key == "" && len(c.set.Projects) == 1 {
		for only := range c.set.Projects {
			return only, nil
		}
	}
	if _, ok := c.set.Projects[key]; !ok {
		if key == "" {
			return "", cannot("create issue", "No rule says which Jira project the ticket belongs to. Whoever keeps the rules has to add project: to the rule.")
		}
		return "", cannot("create issue", fmt.Sprintf("The Jira project %q is not set up. An administrator has to add it to tracker.jira.projects.", key))
	}
	return key, nil
}

// ticketLink is what the request holds of its ticket.
func (c *Connector) ticketLink(e flow.Effect, id, key string) []flow.Link {
	return []flow.Link{{
		Ref: c.issue(id), Purpose: e.Show.Purpose, Label: key, URL: c.browse(key),
		Shown: e.Show.Digest, Version: e.Show.Version,
	}}
}

// state is what we last wrote to a ticket, kept by its id. It is how a change by people is told from one of ours.
type state struct {
	Key     string            `json:"key"`
	Version int64             `json:"version"`
	Wrote   map[string]string `json:"wrote,omitempty"`  // field id -> hash of the value
	Read    map[string]string `json:"read,omitempty"`   // title and text as Jira gave them back, which may be written otherwise
	Labels  []string          `json:"labels,omitempty"` // of the request
	Named   string            `json:"named,omitempty"`  // who was named in a comment as the wanted assignee
}

func stateKey(id string) string { return "ticket/" + id }
