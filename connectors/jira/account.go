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
	User string    `json:"user"` // the setting it belongs to
	At   time.Time `json:"at"`
}

// account returns our own account: from memory, from what was kept within a day, or from Jira.
func (c *Connector) account(ctx context.Context) (*account, error) {
	var k keptAccount
	ok, err := c.load(ctx, selfKey, &k)
	if err != nil {
		return nil, err
	}
	if ok && k.User == c.set.User && c.deps.Now().Sub(k.At) < selfLife {
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
	if a.ID == "" {
		return nil, &connectors.Error{Op: "read our account", Class: connectors.Transient, Err: errors.New("the answer names no account")}
	}
	c.self.Store(&a)
	return &a, c.save(ctx, selfKey, keptAccount{a, c.set.User, c.deps.Now()})
}

// Identify finds the one active person whose address this is. Where privacy hides addresses, a single hit for the full
// address counts, because Jira matches hidden addresses only in full.
func (c *Connector) Identify(ctx context.Context, email string) (flow.Actor, bool, error) {
	email = strings.TrimSpace(email)
	if !strings.Contains(email, "@") {
		return flow.Actor{}, false, nil
	}
	var found []account
	q := url.Values{"query": {email}, "maxResults": {"10"}}
	if err := c.do(ctx, get("find user", "user/search", q), &found); err != nil {
		return flow.Actor{}, false, err
	}
	a, ok := pick(found, email)
	if !ok {
		return flow.Actor{}, false, nil
	}
	return flow.Actor{Ref: c.user(a.ID), Shown: a.Shown, Zone: a.Zone, Email: email}, true, nil
}

// pick chooses the account of an address among those a search found, or none: nobody is guessed.
func pick(found []account, email string) (account, bool) {
	var active, exact []account
	for _, a := range found {
		if !a.Active || a.Type != "atlassian" || a.ID == "" {
			continue
		}
		active = append(active, a)
		if strings.EqualFold(a.Email, email) {
			exact = append(exact, a)
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], true
	case len(active) == 1 && active[0].Email == "":
		return active[0], true
	}
	return account{}, false
}
