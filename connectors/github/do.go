package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

const threadPurpose = "ticket/thread"

// Do makes a ticket or a comment true at GitHub.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	switch {
	case isWords(e):
		return c.showWords(ctx, e)
	case e.Show != nil && (e.Show.View.Kind == flow.TicketView || e.Show.View.Kind == flow.PartView):
		return c.showTicket(ctx, e)
	case e.Tell != nil:
		return nil, c.tell(ctx, e)
	}
	return nil, cannot("carry out "+e.Purpose(), "GitHub has no place for this.")
}

// isWords reports whether an effect is a comment that follows its view: words from chat, or a link to where the request
// was made. GitHub keeps no other links.
func isWords(e flow.Effect) bool {
	return e.Show != nil && (e.Show.View.Kind == flow.CommentView || isLink(e))
}

func isLink(e flow.Effect) bool {
	return e.Show != nil && (e.Show.View.Kind == flow.LinkView || e.Show.Purpose == threadPurpose)
}

// state is what was last written to a ticket. It is how a change by people is told from one of ours.
type state struct {
	Version  int64    `json:"version"`
	Title    string   `json:"title,omitempty"` // hashes of what was written
	Body     string   `json:"body,omitempty"`
	Labels   []string `json:"labels,omitempty"`
	Assignee string   `json:"assignee,omitempty"`
	Word     string   `json:"word,omitempty"` // status
	Push     int      `json:"push,omitempty"`
	Named    string   `json:"named,omitempty"` // who was named as the wanted assignee
}

func stateKey(key string) string { return "ticket/" + key }
func madeKey(hub string) string  { return "made/" + hub }

// made is kept by mark as soon as GitHub has said that the ticket exists.
type made struct {
	Key string `json:"key"`
}

type sighting struct {
	until
	Number int `json:"number"`
}

// showTicket makes the ticket, or changes the one there is.
func (c *Connector) showTicket(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	if !c.deps.Tracker {
		return nil, cannot("create issue", "This connection to GitHub keeps no tickets; one under tracker: does.")
	}
	if l := e.Show.Link; l != nil {
		return c.change(ctx, e, l.Ref.Key)
	}
	var m made
	if ok, err := c.memory.Load(ctx, madeKey(c.hubKey(e.Mark())), &m); err != nil {
		return nil, err
	} else if ok && m.Key != "" {
		return c.change(ctx, e, m.Key)
	}
	return c.create(ctx, e)
}

// home is the repository that a new ticket goes to: the one there is. A project key in a rule is another tracker's word; the
// name of another repository is a mistake.
func (c *Connector) home(s *flow.Show) (string, error) {
	full := ""
	if s.At.Type == "project" {
		full = s.At.Key
	}
	if full == "" && s.View.Ticket != nil {
		full = s.View.Ticket.Project
	}
	if !strings.Contains(full, "/") || strings.EqualFold(full, c.set.Repository) {
		return c.set.Repository, nil
	}
	return "", cannot("create issue", fmt.Sprintf("The tickets of signoff are kept in %s; the rule names %q. Whoever keeps the rules has to correct project:.", c.set.Repository, full))
}

// issueRequest is an issue as it is sent. state_reason of a new one is not taken, so new ones are open.
type issueRequest struct {
	Title       *string   `json:"title,omitempty"`
	Body        *string   `json:"body,omitempty"`
	Labels      *[]string `json:"labels,omitempty"`
	Assignees   *[]string `json:"assignees,omitempty"`
	State       *string   `json:"state,omitempty"`
	StateReason *string   `json:"state_reason,omitempty"`
}

// create makes a ticket. Its mark rides in the same request, as the first line of its text.
func (c *Connector) create(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	full, err := c.home(e.Show)
	if err != nil {
		return nil, err
	}
	if _, err := c.account(ctx); err != nil { // who we are proves later what is ours
		return nil, err
	}
	login, err := c.wantedLogin(ctx, e, full)
	if err != nil {
		return nil, err
	}
	name, body, labels := title(e.Show.View), c.description(e), c.wantedLabels(e)
	req := issueRequest{Title: &name, Body: &body, Labels: &labels}
	if login != "" {
		req.Assignees = &[]string{login}
	}
	var i gogithub.Issue
	r := call{op: "create issue", method: http.MethodPost, path: repoPath(full, "/issues"), body: req, once: true, repo: full, scope: "repository " + full}
	err = c.do(ctx, r, &i)
	if s := refusalOf(err); s != nil && s.status == http.StatusUnprocessableEntity && droppable(s, req) {
		req.Labels, req.Assignees = nil, nil
		r.body = req
		err = c.do(ctx, r, &i)
	}
	if err != nil {
		return nil, err
	}
	if i.GetNumber() == 0 {
		return nil, &connectors.Error{Op: r.op, Class: connectors.Unsure, Wait: firstLook, Err: errNoNumber}
	}
	owner, repo, _ := strings.Cut(full, "/")
	at := c.placeOf(i.GetHTMLURL(), i.GetNumber(), place{owner, repo, i.GetNumber()})
	key := at.key()
	for _, l := range labels {
		if err := c.expect(ctx, key, "labeled", l); err != nil {
			return nil, err
		}
	}
	c.memory.Note(stateKey(key), state{Version: e.Show.Version, Title: hash(name), Body: hash(normal(body)), Labels: labels, Assignee: login})
	if err := c.memory.Save(ctx, madeKey(c.hubKey(e.Mark())), made{key}); err != nil {
		return nil, &connectors.Error{Op: "create issue", Class: connectors.Unsure, Wait: firstLook, Err: err}
	}
	links, err := c.finish(ctx, e, key, at, &i)
	return links, c.knows(e, at, key, err)
}

// droppable reports whether GitHub refused labels or assignees, which a ticket can be made without.
func droppable(s *refusal, req issueRequest) bool {
	for _, f := range s.fields {
		if f != "labels" && f != "assignees" && f != "assignee" && f != "label" {
			return false
		}
	}
	return len(s.fields) > 0 && (req.Labels != nil || req.Assignees != nil)
}

// knows lets a refusal tell of a ticket that was made all the same.
func (c *Connector) knows(e flow.Effect, at place, key string, err error) error {
	if refused, ok := err.(*connectors.Error); ok && refused.Class == connectors.Rejected && e.Show.Link == nil { //nolint:errorlint // never wrapped
		refused.Made = c.ticketLink(e, at, key)
	}
	return err
}

// ticketLink is what the request holds of its ticket.
func (c *Connector) ticketLink(e flow.Effect, at place, key string) []flow.Link {
	return []flow.Link{{
		Ref: c.ref("issue", key), Purpose: e.Show.Purpose, Label: at.label(), URL: c.page(at, "issues"),
		Shown: e.Show.Digest, Version: e.Show.Version,
	}}
}

// wantedLogin is the login of who shall have the ticket, "" where nobody may have it or nobody is known.
func (c *Connector) wantedLogin(ctx context.Context, e flow.Effect, full string) (string, error) {
	t := e.Show.View.Ticket
	if t == nil || t.Assignee.ID() == "" {
		return "", nil
	}
	ref, ok := e.Known[t.Assignee.ID()]
	if !ok || ref.Key == "" {
		return "", nil
	}
	login, err := c.login(ctx, ref.Key)
	if err != nil || login == "" {
		return "", err
	}
	ok, err = c.assignable(ctx, full, login)
	if !ok {
		login = ""
	}
	return login, err
}

// ownLabels are those that stand for a status.
func (c *Connector) ownLabels() map[string]bool {
	own := map[string]bool{}
	for _, e := range c.set.Status {
		if e.Label != "" {
			own[strings.ToLower(e.Label)] = true
		}
	}
	return own
}

// wantedLabels are the labels of the request with the one for its status.
func (c *Connector) wantedLabels(e flow.Effect) []string {
	var labels []string
	if t := e.Show.View.Ticket; t != nil {
		labels = cleanLabels(t.Labels, c.ownLabels())
	}
	if l := c.set.Status[string(e.Show.View.Status)].Label; l != "" && !keeps(e) {
		labels = append(labels, l)
	}
	return labels[:min(len(labels), mostLabels)]
}

func keeps(e flow.Effect) bool {
	return e.Show.View.Ticket != nil && e.Show.View.Ticket.KeepStatus
}
