package jira

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	selfKey  = "self"
	selfLife = 24 * time.Hour
)

type keptAccount struct {
	account
	User string    `json:"user"` // the settings it belongs to
	URL  string    `json:"url"`
	At   time.Time `json:"at"`
}

// account returns our own account: from memory, from what was kept within a day, or from Jira.
func (c *Connector) account(ctx context.Context) (*account, error) {
	var k keptAccount
	ok, err := c.memory.Load(ctx, selfKey, &k)
	if err != nil {
		return nil, err
	}
	if ok && k.User == c.set.User && (k.URL == "" || k.URL == c.set.APIURL) && c.deps.Now().Sub(k.At) < selfLife {
		c.self.Store(&k.account)
		return &k.account, nil
	}
	return c.askAccount(ctx)
}

// askAccount asks Jira who we are and keeps it.
func (c *Connector) askAccount(ctx context.Context) (*account, error) {
	var a account
	if err := c.do(ctx, get("read our account", "myself", nil), &a); err != nil {
		return nil, err
	}
	if a.id() == "" {
		return nil, &connectors.Error{Op: "read our account", Class: connectors.Transient, Err: errors.New("the answer names no account")}
	}
	c.self.Store(&a)
	c.memory.Note(selfKey, keptAccount{a, c.set.User, c.set.APIURL, c.deps.Now()})
	return &a, nil
}

// isSelf reports whether an account is ours, as far as that is known.
func (c *Connector) isSelf(id string) bool {
	self := c.self.Load()
	return self != nil && id != "" && self.id() == id
}

// Identify finds the one active person whose address this is: an equal address is sure, anything else is for Guess.
func (c *Connector) Identify(ctx context.Context, email string) (flow.Actor, bool, error) {
	found, err := c.people(ctx, email)
	if err != nil {
		return flow.Actor{}, false, err
	}
	exact, _ := sift(found, email)
	if len(exact) != 1 {
		return flow.Actor{}, false, nil
	}
	who := c.actorOf(exact[0])
	who.Email = strings.TrimSpace(email)
	return who, true, nil
}

// Guess lists those who may be the owner of an address that Jira does not show. A hit for a whole address that is hidden
// is likely, but Jira also matches the beginnings of names, so that only the person can tell.
func (c *Connector) Guess(ctx context.Context, email, shown string) ([]flow.Actor, error) {
	found, err := c.people(ctx, email)
	if err != nil {
		return nil, err
	}
	exact, hidden := sift(found, email)
	if len(exact) == 1 {
		return nil, nil // surely theirs, nothing to ask
	}
	var out []flow.Actor
	for _, a := range append(exact, hidden...) {
		out = append(out, c.actorOf(a))
	}
	return out, nil
}

// people asks for the accounts that an address may belong to.
func (c *Connector) people(ctx context.Context, email string) ([]account, error) {
	email = strings.TrimSpace(email)
	if !strings.Contains(email, "@") {
		return nil, nil
	}
	e, err := c.edition(ctx)
	if err != nil {
		return nil, err
	}
	q := url.Values{"query": {email}, "maxResults": {"10"}}
	if e == server {
		q = url.Values{"username": {email}, "maxResults": {"10"}}
	}
	var found []account
	err = c.do(ctx, get("find user", "user/search", q), &found)
	return found, err
}

// sift parts the active people among those a search found: with this address, and with one that Jira hides. People
// whose address is shown and is another are nobody's guess.
func sift(found []account, email string) (exact, hidden []account) {
	for _, a := range found {
		switch {
		case !a.Active || a.id() == "" || a.Type != "" && a.Type != "atlassian":
		case strings.EqualFold(strings.TrimSpace(a.Email), strings.TrimSpace(email)):
			exact = append(exact, a)
		case a.Email == "":
			hidden = append(hidden, a)
		}
	}
	return exact, hidden
}

func (c *Connector) actorOf(a account) flow.Actor {
	return flow.Actor{Ref: c.user(a.id()), Shown: a.Shown, Zone: a.Zone, Bot: a.Type == "app"}
}

// Probe asks Jira whether it takes our token.
func (c *Connector) Probe(ctx context.Context) error {
	_, err := c.askAccount(ctx)
	return err
}
