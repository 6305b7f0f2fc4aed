package github

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

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
	case e.Show != nil && e.Show.View.Kind == flow.TicketView:
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
	if ok, err := c.load(ctx, madeKey(c.hubKey(e.Mark())), &m); err != nil {
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
	c.note(stateKey(key), state{Version: e.Show.Version, Title: hash(name), Body: hash(normal(body)), Labels: labels, Assignee: login})
	if err := c.save(ctx, madeKey(c.hubKey(e.Mark())), made{key}); err != nil {
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

// readIssue asks for an issue as it is now, wherever it is.
func (c *Connector) readIssue(ctx context.Context, key string) (*gogithub.Issue, place, error) {
	at, err := c.at(ctx, key)
	if err != nil {
		return nil, at, err
	}
	r := get("read issue", at, "issues")
	r.about = true
	var i gogithub.Issue
	if err := c.do(ctx, r, &i); err != nil {
		return nil, at, err
	}
	if i.GetNumber() == 0 {
		return nil, at, failure(r, errNoNumber)
	}
	found := c.placeOf(i.GetHTMLURL(), i.GetNumber(), at)
	return &i, found, c.follows(ctx, key, at, found)
}

// change brings a ticket to its view. What people changed meanwhile stays.
func (c *Connector) change(ctx context.Context, e flow.Effect, key string) ([]flow.Link, error) {
	var st state
	if _, err := c.load(ctx, stateKey(key), &st); err != nil {
		return nil, err
	}
	i, at, err := c.readIssue(ctx, key)
	if err != nil {
		return nil, err
	}
	if st.Version > e.Show.Version {
		return c.ticketLink(e, at, key), nil // a newer one is there already
	}
	req, dirty := issueRequest{}, false
	name, body := title(e.Show.View), c.description(e)
	if h := hash(name); h != st.Title && (st.Title == "" || hash(i.GetTitle()) == st.Title) && i.GetTitle() != name {
		req.Title, dirty = &name, true
	}
	if h := hash(normal(body)); h != st.Body && (st.Body == "" || hash(normal(i.GetBody())) == st.Body) && normal(i.GetBody()) != normal(body) {
		req.Body, dirty = &body, true
	}
	st.Title, st.Body = hash(name), hash(normal(body))
	if dirty {
		if err := c.edit(ctx, at, req); err != nil {
			return nil, err
		}
	}
	if err := c.assign(ctx, e, at, i, &st); err != nil {
		return nil, err
	}
	st.Version = e.Show.Version
	if err := c.save(ctx, stateKey(key), st); err != nil {
		return nil, err
	}
	links, err := c.finish(ctx, e, key, at, i)
	return links, c.knows(e, at, key, err)
}

func (c *Connector) edit(ctx context.Context, at place, req issueRequest) error {
	return c.do(ctx, call{op: "edit issue", method: http.MethodPatch, path: at.path("issues"), body: req, repo: at.full(), about: true, scope: at.label()}, nil)
}

// assign gives the ticket to somebody else when the request did; whom people put there stays.
func (c *Connector) assign(ctx context.Context, e flow.Effect, at place, i *gogithub.Issue, st *state) error {
	login, err := c.wantedLogin(ctx, e, at.full())
	if err != nil || strings.EqualFold(login, st.Assignee) {
		return err
	}
	has := func(who string) bool {
		return slices.ContainsFunc(i.Assignees, func(u *gogithub.User) bool { return strings.EqualFold(u.GetLogin(), who) })
	}
	r := call{op: "assign issue", path: at.path("issues", "assignees"), repo: at.full(), about: true, scope: at.label()}
	if st.Assignee != "" && has(st.Assignee) {
		r.method, r.body = http.MethodDelete, map[string][]string{"assignees": {st.Assignee}}
		if err := c.do(ctx, r, nil); err != nil {
			return err
		}
	}
	if login != "" && !has(login) {
		r.method, r.body = http.MethodPost, map[string][]string{"assignees": {login}}
		if err := c.do(ctx, r, nil); err != nil {
			return err
		}
	}
	st.Assignee = login
	return nil
}

// finish brings labels and state to the status, and names who could not be given the ticket.
func (c *Connector) finish(ctx context.Context, e flow.Effect, key string, at place, i *gogithub.Issue) ([]flow.Link, error) {
	var st state
	if _, err := c.load(ctx, stateKey(key), &st); err != nil {
		return nil, err
	}
	if err := c.label(ctx, e, key, at, i, &st); err != nil {
		return nil, err
	}
	if err := c.settle(ctx, e, key, at, i, &st); err != nil {
		return nil, err
	}
	st.Word = string(e.Show.View.Status)
	c.note(stateKey(key), st)
	c.nameWanted(ctx, e, key, &st)
	return c.ticketLink(e, at, key), nil
}

// label adds and removes single labels, so that those people put there stay.
func (c *Connector) label(ctx context.Context, e flow.Effect, key string, at place, i *gogithub.Issue, st *state) error {
	want, have := c.wantedLabels(e), labelNames(i.Labels)
	var add []string
	for _, l := range want {
		if !holdsFold(have, l) && (!slices.Contains(st.Labels, l) || c.ownLabels()[strings.ToLower(l)]) {
			add = append(add, l)
		}
	}
	if len(add) > 0 {
		for _, l := range add {
			if err := c.expect(ctx, key, "labeled", l); err != nil {
				return err
			}
		}
		r := call{op: "label issue", method: http.MethodPost, path: at.path("issues", "labels"), body: map[string][]string{"labels": add}, repo: at.full(), about: true, scope: at.label()}
		if err := c.do(ctx, r, nil); err != nil {
			return err
		}
	}
	for _, l := range have {
		stale := slices.Contains(st.Labels, l) || !keeps(e) && c.ownLabels()[strings.ToLower(l)]
		if !stale || holdsFold(want, l) {
			continue
		}
		if err := c.unlabel(ctx, key, at, l); err != nil {
			return err
		}
	}
	st.Labels = want
	return nil
}

func labelNames(list []*gogithub.Label) []string {
	var out []string
	for _, l := range list {
		out = append(out, l.GetName())
	}
	return out
}

func holdsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, s) })
}

func (c *Connector) unlabel(ctx context.Context, key string, at place, label string) error {
	if err := c.expect(ctx, key, "unlabeled", label); err != nil {
		return err
	}
	r := call{op: "unlabel issue", method: http.MethodDelete, path: at.path("issues", "labels", pathEscape(label)), repo: at.full(), scope: at.label()}
	err := c.do(ctx, r, nil)
	if s := refusalOf(err); s != nil && s.status == http.StatusNotFound {
		return nil // it is not there any more
	}
	return err
}

// settle opens or closes the issue as the status says, where the request's status has changed or was pushed back.
func (c *Connector) settle(ctx context.Context, e flow.Effect, key string, at place, i *gogithub.Issue, st *state) error {
	want, ok := c.set.Status[string(e.Show.View.Status)]
	push := 0
	if t := e.Show.View.Ticket; t != nil {
		push = t.Push
	}
	if !ok || keeps(e) {
		return nil
	}
	same := i.GetState() == want.State && (want.State == open || i.GetStateReason() == want.Reason)
	if same || st.Word == string(e.Show.View.Status) && st.Push == push {
		return nil
	}
	if err := c.expect(ctx, key, "state", want.State); err != nil {
		return err
	}
	reason := want.Reason
	if want.State == open {
		reason = "reopened"
	}
	st.Push = push
	return c.edit(ctx, at, issueRequest{State: &want.State, StateReason: &reason})
}

// nameWanted says in a comment who should have the ticket when it could not be given to them; once per person. It is a
// courtesy: a failure is only logged.
func (c *Connector) nameWanted(ctx context.Context, e flow.Effect, key string, st *state) {
	t := e.Show.View.Ticket
	if t == nil || t.Assignee.ID() == "" || st.Assignee != "" || st.Named == t.Assignee.ID() {
		return
	}
	body := plain(shownName(t.Assignee)) + " should have this ticket, but could not be assigned: GitHub knows no account of theirs that may be assigned here."
	if err := c.sayOnce(ctx, remark{key: key, body: body, mark: e.Mark() + "/assignee/" + t.Assignee.ID()}); err != nil {
		c.deps.Log.Warn("wanted assignee not named", "request", string(e.Request), "err", err)
		return
	}
	st.Named = t.Assignee.ID()
	c.note(stateKey(key), *st)
}

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
	return flow.View{
		Kind: flow.TicketView, Title: i.GetTitle(), Headline: c.set.name(i.GetState(), i.GetStateReason(), labels),
		Status: c.set.word(i.GetState(), i.GetStateReason(), labels), Ticket: t,
		Fields: map[string][]string{"key": {at.label()}, "updated": {i.GetUpdatedAt().UTC().Format(time.RFC3339Nano)}},
	}, nil
}

// Ways are what the settings say about moves by hand, and how often tickets are read.
func (c *Connector) Ways() connectors.Ways {
	every, _ := c.set.look() // a wrong one is refused at start
	return connectors.Ways{Bypass: c.set.Bypass, Look: every}
}
