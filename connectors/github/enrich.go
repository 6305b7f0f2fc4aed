package github

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Enrich finds out by which name the thing is known, whether our own account did it and whether a write of ours explains
// it, and whether a reviewer decides on the request.
func (c *Connector) Enrich(ctx context.Context, d flow.Delivery) ([]byte, error) {
	var l learned
	p, err := readPayload(d.Body, eventOf(d.Kind))
	if err != nil || p.place().zero() || p.lacks() != "" {
		return marshal(l, nil) // Parse says what is wrong with it
	}
	me, err := c.account(ctx)
	if err != nil {
		return nil, err
	}
	if l.Key, err = c.keyIn(ctx, p); err != nil {
		return nil, err
	}
	l.Own = p.Sender.GetID() == me.ID || (p.Comment != nil || p.Review != nil) && p.speaker().GetID() == me.ID
	if l.People, err = c.people(ctx, p); err != nil {
		return nil, err
	}
	switch {
	case p.event == "issues" && p.Action == "opened" && c.deps.Tracker:
		err = c.sight(ctx, p, l)
	case p.event == "issues" && p.Action == "transferred":
		err = c.transferred(ctx, p, &l)
	}
	if err != nil {
		return nil, err
	}
	return marshal(l, c.learn(ctx, p, &l))
}

// keyIn is the key of what a delivery is about.
func (c *Connector) keyIn(ctx context.Context, p *payload) (string, error) {
	first, err := c.met(ctx, p.Repository.GetID(), p.Repository.GetFullName())
	if err != nil {
		return "", err
	}
	owner, repo, _ := strings.Cut(first, "/")
	at := place{owner, repo, p.number()}
	key, err := c.keyOf(ctx, at)
	if err != nil {
		return "", err
	}
	if now := p.place(); !strings.EqualFold(now.full(), first) && key == at.key() {
		c.memory.Note(atKey(key), now) // the repository was renamed: calls go to its new name
	}
	return key, nil
}

// people finds the keys of everybody a delivery names.
func (c *Connector) people(ctx context.Context, p *payload) (map[int64]string, error) {
	out := map[int64]string{}
	for _, u := range []*gogithub.User{p.Sender, p.speaker(), p.Issue.GetUser(), p.Pull.GetUser()} {
		if u.GetID() == 0 {
			continue
		}
		key, err := c.known(ctx, u)
		if err != nil {
			return nil, err
		}
		out[u.GetID()] = key
	}
	return out, nil
}

// learn fills in what one kind of event needs.
func (c *Connector) learn(ctx context.Context, p *payload, l *learned) (err error) {
	switch {
	case l.Own && !c.isSelf(p.Sender): // somebody changed or deleted words of ours
		l.Receipt = true
		return nil
	case l.Own:
		if l.Receipt, err = c.explained(ctx, p, l.Key); err == nil && !l.Receipt {
			c.deps.Log.Warn("our own account did something that no write of ours explains", "event", p.kind(), "where", l.Key)
		}
		return err
	case p.event == "pull_request" && p.Action == "closed":
		return nil
	case p.event == "pull_request":
		if l.Intake, err = c.asks(ctx, p, l.Key); err != nil {
			return err
		}
		return c.commitOf(ctx, p, l)
	case p.event == "issues":
		if markOf(p.Issue.GetBody()) == "" {
			l.Intake, err = c.asks(ctx, p, l.Key)
		}
		return err
	case p.event == "pull_request_review":
		return c.reviewed(ctx, p, l)
	case p.Comment != nil:
		return c.hear(ctx, p, l.Key)
	}
	return nil
}

// asks reports whether a label makes a request: not where an open one is there already.
func (c *Connector) asks(ctx context.Context, p *payload, key string) (bool, error) {
	q := c.asked()
	if !c.begins(p) || q == nil {
		return c.begins(p), nil
	}
	_, open, err := q.Touching(ctx, c.ref(p.thing(), key))
	return err == nil && !open, kept("look up request", err)
}

// explained compares what our account did with what was written.
func (c *Connector) explained(ctx context.Context, p *payload, key string) (bool, error) {
	switch {
	case p.Comment != nil && p.Action == "deleted":
		return c.receipt(ctx, key, "comment deleted", strconv.FormatInt(p.Comment.GetID(), 10))
	case p.Comment != nil:
		return c.receipt(ctx, key, "comment", p.Comment.GetBody())
	case p.event == "issues" && p.Action == "opened":
		return markOf(p.Issue.GetBody()) != "", nil
	case p.event == "issues" && (p.Action == "labeled" || p.Action == "unlabeled"):
		if ok, err := c.receipt(ctx, key, p.Action, p.Label.GetName()); ok || err != nil {
			return ok, err
		}
		var st state // of a ticket that is only just being made nothing is written down yet
		there, err := c.memory.Load(ctx, stateKey(key), &st)
		return !there && markOf(p.Issue.GetBody()) != "", err
	case p.event == "issues" && (p.Action == "closed" || p.Action == "reopened"):
		return c.receipt(ctx, key, "state", p.Issue.GetState())
	}
	return false, nil
}

// sight remembers a new issue that carries a mark of ours: Find is told before any list is.
func (c *Connector) sight(ctx context.Context, p *payload, l learned) error {
	if !l.Own {
		c.deps.Log.Error("an issue carries the mark of a ticket of signoff's; it was copied and is not followed", "issue", p.place().label())
		return nil
	}
	return c.memory.Save(ctx, receiptPrefix+"sighted/"+markOf(p.Issue.GetBody()), sighting{until{c.deps.Now().Add(receiptLife)}, p.Issue.GetNumber()})
}

// transferred remembers where an issue moved.
func (c *Connector) transferred(ctx context.Context, p *payload, l *learned) error {
	owner, repo, ok := strings.Cut(p.Changes.NewRepository.GetFullName(), "/")
	to := place{owner, repo, p.Changes.NewIssue.GetNumber()}
	if !ok || to.zero() || !repositoryName.MatchString(to.full()) {
		return nil
	}
	l.To = to
	return c.moved(ctx, l.Key, to)
}

// reviewed finds out what a review means: somebody who decides on the request has decided, everybody else has spoken.
func (c *Connector) reviewed(ctx context.Context, p *payload, l *learned) error {
	row, err := c.reviewOf(ctx, l.Key, p.Review.GetID())
	if err != nil {
		return err
	}
	if p.Action == "dismissed" {
		l.Undoes = row.Verdict == flow.Approve || p.Sender.GetID() == p.Review.GetUser().GetID()
		return nil
	}
	word, decides := verdict(p.Review.GetState())
	if decides && p.Action == "submitted" {
		v := ballot{key: l.Key, who: c.actor(p.Review.GetUser(), l.People), commit: p.Review.GetCommitID(), head: p.Pull.GetHead().GetSHA(), at: p.sent()}
		if err := c.decides(ctx, v, l); err != nil {
			return err
		}
		if l.Head {
			if err := c.commitOf(ctx, p, l); err != nil {
				return err
			}
		}
	}
	c.memory.Note(reviewKey(l.Key, p.Review.GetID()), reviewRow{Verdict: word, Body: hash(normal(p.Review.GetBody()))})
	return nil
}

// ballot is a review that may be a vote.
type ballot struct {
	key          string
	who          flow.Actor
	commit, head string // reviewed, and newest
	at           time.Time
}

// decides finds out whether a review is a vote in the open request that a pull request belongs to, and which version of the
// whole request it is for: that commit, beside the newest versions of everything else.
func (c *Connector) decides(ctx context.Context, v ballot, l *learned) error {
	q := c.asked()
	if q == nil || c.set.Reviews != "votes" {
		return nil
	}
	pull := c.ref("pull", v.key)
	r, ok, err := q.Touching(ctx, pull)
	if err != nil || !ok {
		return kept("look up request", err)
	}
	if l.Early = v.at.Before(r.Opened.Truncate(time.Second)); l.Early { // GitHub counts whole seconds
		return nil
	}
	part, err := q.TakesPart(ctx, r.ID, v.who)
	if err == nil && !part {
		part, _, err = q.May(ctx, connectors.Action{Who: v.who, Request: r.ID, Do: "approve"})
	}
	if err != nil {
		return kept("look up reviewer", err)
	}
	var versions []string
	l.Head = true
	for _, a := range r.Assets {
		switch {
		case a.Ref == pull:
			versions = append(versions, v.commit)
			l.Head = !slices.ContainsFunc(a.Versions, func(one flow.Version) bool { return one.ID == v.head })
		case a.Current().ID != "":
			versions = append(versions, a.Current().ID)
		}
	}
	if !slices.Contains(versions, v.commit) {
		versions = []string{v.commit}
	}
	l.Votes, l.Version = part, strings.Join(versions, "+")
	return nil
}

// commitOf finds out what the commit at the head is called and who made it. It is a courtesy: without it the commit is
// called by its number.
func (c *Connector) commitOf(ctx context.Context, p *payload, l *learned) error {
	l.Name = shortSHA(p.Pull.GetHead().GetSHA())
	commit, err := c.commit(ctx, p.Repository.GetFullName(), p.Pull.GetHead().GetSHA())
	if err != nil {
		c.deps.Log.Debug("the name of a commit is not known", "commit", p.Pull.GetHead().GetSHA(), "err", err)
		return nil
	}
	l.Name = commitName(commit, p.Pull.GetHead().GetSHA())
	u := commit.GetAuthor()
	if u.GetID() == 0 {
		return nil
	}
	key, err := c.known(ctx, u)
	if err != nil {
		return err
	}
	l.By, l.People[u.GetID()] = &gogithub.User{ID: u.ID, Login: u.Login, Type: u.Type}, key
	return nil
}

// What people said is remembered by its id, without its words, so that what was deleted while no webhook came is missed.
func heardPrefix(key string) string { return "heard/" + key + "/" }

func heardKey(key, kind string, id int64) string {
	return heardPrefix(key) + kind + "/" + strconv.FormatInt(id, 10)
}

// hear keeps that people said something, or forgets it when it was taken back.
func (c *Connector) hear(ctx context.Context, p *payload, key string) error {
	row := heardKey(key, commentKind(p.event), p.Comment.GetID())
	if p.Action == "deleted" {
		c.memory.Forget(row)
		return nil
	}
	var at string
	if ok, err := c.memory.Load(ctx, row, &at); err != nil || ok && at == stamp(p.sent()) {
		return err
	}
	c.memory.Note(row, stamp(p.sent()))
	return nil
}

// commentKind is the type of a comment's Ref.
func commentKind(event string) string {
	if event == "pull_request_review_comment" {
		return lineKind
	}
	return talkKind
}

const (
	talkKind = "comment"     // in the conversation of an issue or pull request
	lineKind = "linecomment" // on a line of a pull request
)
