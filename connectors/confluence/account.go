package confluence

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crypto/hmac"
	"crypto/sha256"

	"signoff/connectors"
)

// person is somebody as either edition shows them.
type person struct {
	Account  string `json:"accountId,omitempty"`
	Username string `json:"username,omitempty"`
	UserKey  string `json:"userKey,omitempty"`
	Shown    string `json:"displayName,omitempty"`
	Email    string `json:"email,omitempty"`
	Type     string `json:"type,omitempty"`
}

// id is what an account is known by: Cloud's account id, Data Center's name.
func (p person) id() string { return firstOf(p.Account, p.Username, p.UserKey) }

const (
	selfKey    = "self"
	selfLife   = 24 * time.Hour
	personLife = 24 * time.Hour
	mostNames  = 20 // people of one page who are named; more are somebody
)

type keptSelf struct {
	person
	Token string    `json:"token"` // a keyed hash
	At    time.Time `json:"at"`
}

func (c *Connector) tokenHash() string {
	mac := hmac.New(sha256.New, c.deps.Key)
	mac.Write([]byte("confluence token\n" + c.set.APIURL + "\n" + c.set.User + "\n" + c.set.Token.Reveal())) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// account returns our own account: from what was kept within a day, or from Confluence.
func (c *Connector) account(ctx context.Context) (person, error) {
	var k keptSelf
	ok, err := c.memory.Load(ctx, selfKey, &k)
	if err != nil {
		return person{}, err
	}
	if ok && k.Token == c.tokenHash() && c.deps.Now().Sub(k.At) < selfLife {
		c.self.Store(&k.person)
		return k.person, nil
	}
	return c.askAccount(ctx)
}

// askAccount asks Confluence who we are and keeps it. One that takes us for nobody has not taken the token.
func (c *Connector) askAccount(ctx context.Context) (person, error) {
	const op = "read our account"
	var p person
	if err := c.do(ctx, call{op: op, method: http.MethodGet, path: "rest/api/user/current"}, &p); err != nil {
		return person{}, err
	}
	if p.Type == "anonymous" || p.id() == "" {
		return person{}, &connectors.Error{Op: op, Class: connectors.Denied, Person: tokenRefused, Err: errors.New("Confluence takes us for nobody")}
	}
	c.self.Store(&p)
	c.memory.Note(selfKey, keptSelf{p, c.tokenHash(), c.deps.Now()})
	return p, nil
}

// Probe asks Confluence whether it takes our token.
func (c *Connector) Probe(ctx context.Context) error {
	_, err := c.askAccount(ctx)
	return err
}

type keptPerson struct {
	person
	At time.Time `json:"at"`
}

func personKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "person/" + hex.EncodeToString(sum[:8])
}

// people finds out what accounts are called. Whoever cannot be asked about stays nameless.
func (c *Connector) people(ctx context.Context, ids []string) (map[string]person, error) {
	out := map[string]person{}
	var ask []string
	for _, id := range ids {
		if _, known := out[id]; known || id == "" || len(out)+len(ask) >= mostNames {
			continue
		}
		var k keptPerson
		ok, err := c.memory.Load(ctx, personKey(id), &k)
		if err != nil {
			return nil, err
		}
		if ok && c.deps.Now().Sub(k.At) < personLife {
			out[id] = k.person
			continue
		}
		out[id] = person{}
		ask = append(ask, id)
	}
	found, err := c.askPeople(ctx, ask)
	switch class := connectors.ClassOf(err); {
	case class == connectors.Rejected:
		c.deps.Log.Warn("names of people cannot be read", "error", err)
	case err != nil:
		return nil, err
	}
	for id, p := range found {
		out[id] = p
		c.memory.Note(personKey(id), keptPerson{p, c.deps.Now()})
	}
	return out, nil
}

func (c *Connector) askPeople(ctx context.Context, ids []string) (map[string]person, error) {
	out := map[string]person{}
	if len(ids) == 0 {
		return out, nil
	}
	if !c.set.cloud() {
		for _, id := range ids {
			var p person
			err := c.do(ctx, call{op: "read user", method: http.MethodGet, path: "rest/api/user", query: url.Values{"key": {id}}, about: "the account", page: true}, &p)
			if err != nil && connectors.ClassOf(err) != connectors.Rejected {
				return out, err
			}
			out[id] = p
		}
		return out, nil
	}
	var answer struct {
		Results []person `json:"results"`
	}
	err := c.do(ctx, call{op: "read users", method: http.MethodPost, path: "api/v2/users-bulk", body: map[string]any{"accountIds": ids}, about: "the accounts", page: true}, &answer)
	for _, p := range answer.Results {
		p.Shown, p.Email = oneLine(p.Shown, 100), strings.TrimSpace(p.Email)
		out[p.Account] = p
	}
	return out, err
}
