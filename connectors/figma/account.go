package figma

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

const (
	selfKey  = "self"
	selfLife = 24 * time.Hour
)

// keptSelf is our account, with the token it was asked with.
type keptSelf struct {
	user
	Token string    `json:"token"` // a keyed hash
	At    time.Time `json:"at"`
}

func (c *Connector) tokenHash() string {
	return hex.EncodeToString(c.keyed("token", c.set.APIURL+"\n"+c.set.Token.Reveal())[:8])
}

// account returns our own account: from what was kept within a day, or from Figma. Tokens of a plan are nobody's; they have
// none.
func (c *Connector) account(ctx context.Context) (user, error) {
	if c.set.TokenType == planToken {
		return user{}, nil
	}
	if u, ok, err := c.keptAccount(ctx); ok || err != nil {
		return u, err
	}
	return c.askAccount(ctx)
}

// keptAccount is our own account as Figma said within a day.
func (c *Connector) keptAccount(ctx context.Context) (user, bool, error) {
	var k keptSelf
	ok, err := c.memory.Load(ctx, selfKey, &k)
	if err != nil || !ok || k.Token != c.tokenHash() || c.deps.Now().Sub(k.At) >= selfLife {
		return user{}, false, err
	}
	c.self.Store(&k.user)
	return k.user, true, nil
}

// askAccount asks Figma who we are and keeps it.
func (c *Connector) askAccount(ctx context.Context) (user, error) {
	var u user
	err := c.do(ctx, call{op: "read our account", tier: tier3, method: http.MethodGet, path: "v1/me", scope: "current_user:read"}, &u)
	if err != nil {
		return user{}, err
	}
	if u.ID == "" {
		return user{}, &connectors.Error{Op: "read our account", Class: connectors.Transient, Err: errors.New("the answer names no account")}
	}
	c.self.Store(&u)
	c.memory.Note(selfKey, keptSelf{u, c.tokenHash(), c.deps.Now()})
	return u, nil
}

// ownID is our account's id as far as it can be known; without the scope for it, it cannot, which is asked once an hour.
func (c *Connector) ownID(ctx context.Context) (loose, error) {
	now := c.deps.Now()
	if now.UnixNano() < c.nameless.Load() {
		return "", nil
	}
	u, err := c.account(ctx)
	if connectors.ClassOf(err) == connectors.Rejected {
		c.nameless.Store(now.Add(time.Hour).UnixNano())
		return "", nil
	}
	return u.ID, err
}

// Probe asks Figma whether it takes our token.
func (c *Connector) Probe(ctx context.Context) error {
	if c.set.TokenType != planToken {
		_, err := c.askAccount(ctx)
		if said := outbound.RefusalOf(err); said != nil && connectors.ClassOf(err) == connectors.Rejected {
			return nil // it lacks the scope for that; it is taken
		}
		return err
	}
	for _, at := range c.contexts() {
		_, err := c.hooks(ctx, at)
		if connectors.ClassOf(err) == connectors.Rejected {
			return nil // seen, and not allowed for another reason than the token
		}
		return err
	}
	return nil
}
