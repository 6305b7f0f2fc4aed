package github

import (
	"context"
	"net/http"
	"slices"
	"strings"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/internal/flow"
)

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
	if _, err := c.memory.Load(ctx, stateKey(key), &st); err != nil {
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
	if err := c.memory.Save(ctx, stateKey(key), st); err != nil {
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
	if _, err := c.memory.Load(ctx, stateKey(key), &st); err != nil {
		return nil, err
	}
	if err := c.label(ctx, e, key, at, i, &st); err != nil {
		return nil, err
	}
	if err := c.settle(ctx, e, key, at, i, &st); err != nil {
		return nil, err
	}
	st.Word = string(e.Show.View.Status)
	c.memory.Note(stateKey(key), st)
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
		stale := slices.Contains(st.Labels, l)
		if c.ownLabels()[strings.ToLower(l)] {
			stale = !keeps(e) // else it was set by hand, or says what was true before it was
		}
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
	c.memory.Note(stateKey(key), *st)
}
