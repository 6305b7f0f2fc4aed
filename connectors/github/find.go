package github

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	mostPages = 20
	// clockSlack is how far GitHub's clock may be from ours when an instant of ours bounds what is read.
	clockSlack = 10 * time.Minute
	// listed is when a list has surely caught up with a write.
	listed = 30 * time.Second
	// arrived is how long a call whose answer was lost may still be on its way.
	arrived = 5 * time.Second
)

// onItsWay says that what was sent a moment ago may still arrive.
func onItsWay(op string, gone, sure time.Duration) error {
	wait := min(max(gone, firstLook), sure-gone)
	return &connectors.Error{Op: op, Class: connectors.Unsure, Wait: max(wait, time.Second), Err: errors.New("it may still be on its way")}
}

// Find looks for what an earlier Do left behind.
func (c *Connector) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	switch {
	case isWords(e):
		return c.findWords(ctx, e, tried)
	case e.Show != nil && e.Show.Link != nil:
		return nil, false, nil // harmless to repeat
	case e.Show != nil && e.Show.View.Kind == flow.TicketView:
		return c.findTicket(ctx, e, tried)
	case e.Tell != nil:
		return c.findTold(ctx, e, tried)
	}
	return nil, false, nil
}

// findTicket looks where webhooks said that the ticket is, then into the list of new issues.
func (c *Connector) findTicket(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	hub := c.hubKey(e.Mark())
	var m made
	if _, err := c.memory.Load(ctx, madeKey(hub), &m); err != nil {
		return nil, false, err
	}
	if m.Key == "" {
		number, err := c.lookFor(ctx, e, hub, tried)
		if err != nil {
			return nil, false, err
		}
		if number == 0 {
			if gone := c.deps.Now().Sub(tried); gone < listed {
				return nil, false, onItsWay("find issue", gone, listed)
			}
			return nil, false, nil
		}
		full, err := c.home(e.Show)
		if err != nil {
			return nil, false, err
		}
		owner, repo, _ := strings.Cut(full, "/")
		m.Key = place{owner, repo, number}.key()
		if err := c.memory.Save(ctx, madeKey(hub), m); err != nil {
			return nil, false, err
		}
	}
	links, err := c.change(ctx, e, m.Key)
	return links, err == nil, err
}

// lookFor returns the number of the oldest issue of ours that carries a mark. A mark alone proves nothing: people copy.
func (c *Connector) lookFor(ctx context.Context, e flow.Effect, hub string, tried time.Time) (int, error) {
	var s sighting
	if ok, err := c.memory.Load(ctx, receiptPrefix+"sighted/"+hub, &s); err != nil || ok {
		return s.Number, err
	}
	full, err := c.home(e.Show)
	if err != nil {
		return 0, err
	}
	me, err := c.account(ctx)
	if err != nil {
		return 0, err
	}
	found := 0
	r := call{op: "list issues", path: repoPath(full, "/issues"), repo: full, scope: "repository " + full, query: url.Values{
		"state": {"all"}, "sort": {"created"}, "direction": {"desc"}, "since": {stamp(tried.Add(-clockSlack))},
	}}
	_, err = pages(ctx, c, r, mostPages, func(list []*gogithub.Issue) bool {
		for _, i := range list {
			if i.IsPullRequest() || markOf(i.GetBody()) != hub || i.GetUser().GetID() != me.ID {
				continue
			}
			if found != 0 {
				c.deps.Log.Error("two issues carry the mark of one request; the older is followed, the other is for people to close",
					"older", i.GetNumber(), "newer", found, "alarm", "duplicate ticket")
			}
			found = i.GetNumber()
		}
		return true
	})
	return found, err
}

// findMark returns the id of the comment of ours that carries a mark, 0 without one.
func (c *Connector) findMark(ctx context.Context, m remark, since time.Time) (int64, error) {
	at, err := c.at(ctx, m.key)
	if err != nil {
		return 0, err
	}
	me, err := c.account(ctx)
	if err != nil {
		return 0, err
	}
	want, id := c.hubKey(m.mark), int64(0)
	kind := "issues"
	if m.line != 0 {
		kind = "pulls"
	}
	r := get("read comments", at, kind, "comments")
	r.query = url.Values{"since": {stamp(since.Add(-clockSlack))}}
	_, err = pages(ctx, c, r, mostPages, func(list []*gogithub.IssueComment) bool {
		for _, one := range list {
			if id == 0 && one.GetUser().GetID() == me.ID && refOf(one.GetBody()) == want {
				id = one.GetID()
			}
		}
		return id == 0
	})
	return id, err
}

func (c *Connector) findTold(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	key, line, ok := target(e.Tell.Where)
	if !ok || e.Tell.Private && e.Tell.View.Kind != flow.RefusalView {
		return nil, false, nil
	}
	id, err := c.findMark(ctx, remark{key: key, line: line, mark: e.Mark()}, tried)
	if err != nil {
		return nil, false, err
	}
	if id == 0 {
		if gone := c.deps.Now().Sub(tried); gone < arrived {
			return nil, false, onItsWay("find comment", gone, arrived)
		}
		return nil, false, nil
	}
	if err := c.memory.Save(ctx, toldKey(e.Mark()), until{c.deps.Now().Add(receiptLife)}); err != nil {
		return nil, false, err
	}
	if e.Tell.Private {
		return nil, true, nil
	}
	return nil, true, c.commitStatus(ctx, e, key)
}

// findWords looks for the parts of a comment whose making was cut off, and goes on from there.
func (c *Connector) findWords(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	key, ok := wordsTarget(e.Show)
	if !ok {
		return nil, false, nil
	}
	var sp spoken
	if _, err := c.memory.Load(ctx, c.spokenKey(e.Mark()), &sp); err != nil {
		return nil, false, err
	}
	for n := len(texts(e)); len(sp.Parts) < n; {
		id, err := c.findMark(ctx, remark{key: key, mark: partMark(e.Mark(), len(sp.Parts))}, tried)
		if err != nil {
			return nil, false, err
		}
		if id == 0 {
			if gone := c.deps.Now().Sub(tried); gone < arrived {
				return nil, false, onItsWay("find comment", gone, arrived)
			}
			break
		}
		sp.Parts = append(sp.Parts, id)
		c.memory.Note(c.spokenKey(e.Mark()), sp)
	}
	if len(sp.Parts) == 0 {
		return nil, false, nil
	}
	links, err := c.showWords(ctx, e)
	return links, err == nil, err
}
