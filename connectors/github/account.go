package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
	"signoff/internal/flow"
)

// account is who signoff is at GitHub.
type account struct {
	ID    int64     `json:"id"`
	Login string    `json:"login"`
	At    time.Time `json:"at"`
}

const (
	selfKey  = "self"
	selfLife = 24 * time.Hour
)

// account returns who we are, asked once a day.
func (c *Connector) account(ctx context.Context) (account, error) {
	if me := c.self.Load(); me != nil && c.deps.Now().Sub(me.At) < selfLife {
		return *me, nil
	}
	var me account
	if ok, err := c.memory.Load(ctx, selfKey, &me); err != nil {
		return me, err
	} else if ok && c.deps.Now().Sub(me.At) < selfLife {
		c.self.Store(&me)
		return me, nil
	}
	return c.askAccount(ctx)
}

func (c *Connector) askAccount(ctx context.Context) (account, error) {
	login := ""
	if c.app != nil {
		var a gogithub.App
		if err := c.do(ctx, call{op: "read app", method: http.MethodGet, path: "app", asApp: true}, &a); err != nil {
			return account{}, err
		}
		login = a.GetSlug() + "[bot]"
	}
	path := "user"
	if login != "" {
		path = "users/" + url.PathEscape(login)
	}
	var u gogithub.User
	if err := c.do(ctx, call{op: "read account", method: http.MethodGet, path: path}, &u); err != nil {
		return account{}, err
	}
	if u.GetID() == 0 || u.GetLogin() == "" {
		return account{}, &connectors.Error{Op: "read account", Class: connectors.Transient, Err: errors.New("the answer names no account")}
	}
	me := account{ID: u.GetID(), Login: u.GetLogin(), At: c.deps.Now()}
	c.memory.Note(selfKey, me)
	c.self.Store(&me)
	return me, nil
}

// isSelf reports whether an account is known to be ours.
func (c *Connector) isSelf(u *gogithub.User) bool {
	me := c.self.Load()
	return me != nil && u.GetID() == me.ID
}

// pins are the accounts that the directory names by their numbers.
type pins struct {
	mu  sync.Mutex
	ids map[int64]bool
}

func (p *pins) has(id int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ids[id]
}

func (p *pins) put(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids == nil {
		p.ids = map[int64]bool{}
	}
	p.ids[id] = true
}

const numbered = "id:"

// Pin returns the account that a person's entry in the directory names: a login, or the number that stays when the login
// changes. A login of digits alone is written with an @.
func (c *Connector) Pin(id string) flow.Ref {
	id = strings.ToLower(strings.TrimSpace(id))
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && n > 0 {
		c.pins.put(n)
		return c.ref("user", numbered+id)
	}
	return c.ref("user", strings.TrimPrefix(id, "@"))
}

// loginRow is the account that a login was first seen to belong to; uidRow the login that an account was first seen with.
func loginRow(login string) string { return "login/" + login }
func uidRow(id int64) string       { return "uid/" + strconv.FormatInt(id, 10) }

// known is the key by which an account is known. Logins can be given up and taken by somebody else: whoever comes with
// the login of another account is known by number only, and whoever changes theirs keeps the old one.
func (c *Connector) known(ctx context.Context, u *gogithub.User) (string, error) {
	id, login := u.GetID(), strings.ToLower(u.GetLogin())
	switch {
	case id == 0 || c.pins.has(id):
		return userKey(u, c), nil
	case login == "":
		return numbered + strconv.FormatInt(id, 10), nil
	}
	var first string
	if ok, err := c.memory.Load(ctx, uidRow(id), &first); err != nil || ok {
		return first, err
	}
	var owner int64
	ok, err := c.memory.Load(ctx, loginRow(login), &owner)
	if err != nil {
		return "", err
	}
	first = login
	if ok && owner != id {
		c.deps.Log.Warn("an account has the login that another account had before; it is not taken for the same person", "login", login, "id", id)
		first = numbered + strconv.FormatInt(id, 10)
	} else if err := c.memory.Save(ctx, loginRow(login), id); err != nil {
		return "", err
	}
	return first, c.memory.Save(ctx, uidRow(id), first)
}

func userKey(u *gogithub.User, c *Connector) string {
	if id := u.GetID(); id != 0 && c.pins.has(id) {
		return numbered + strconv.FormatInt(id, 10)
	}
	return strings.ToLower(u.GetLogin())
}

// actor is somebody as Enrich found them, or as the payload names them.
func (c *Connector) actor(u *gogithub.User, keys map[int64]string) flow.Actor {
	if u.GetLogin() == "" && u.GetID() == 0 {
		return flow.Actor{}
	}
	key := keys[u.GetID()]
	if key == "" {
		key = userKey(u, c)
	}
	shown := u.GetName()
	if shown == "" {
		shown = u.GetLogin()
	}
	return flow.Actor{Ref: c.ref("user", key), Shown: shown, Bot: strings.EqualFold(u.GetType(), "Bot")}
}

// login is the login to give work to, of somebody by their key.
func (c *Connector) login(ctx context.Context, key string) (string, error) {
	id, ok := strings.CutPrefix(key, numbered)
	if !ok {
		return key, nil
	}
	var u gogithub.User
	if err := c.do(ctx, call{op: "read account", method: http.MethodGet, path: "user/" + url.PathEscape(id), scope: "an account"}, &u); err != nil {
		return "", err
	}
	return u.GetLogin(), nil
}

// Identify finds the account whose public address is this one; GitHub has confirmed addresses that it shows.
func (c *Connector) Identify(ctx context.Context, email string) (flow.Actor, bool, error) {
	found, err := c.search(ctx, strconv.Quote(email)+" in:email type:user")
	if err != nil {
		return flow.Actor{}, false, err
	}
	for _, u := range found {
		full, err := c.user(ctx, u.GetLogin())
		if err != nil {
			return flow.Actor{}, false, err
		}
		if full == nil || !strings.EqualFold(full.GetEmail(), email) || !person(full) {
			continue
		}
		key, err := c.known(ctx, full)
		if err != nil {
			return flow.Actor{}, false, err
		}
		a := c.actor(full, map[int64]string{full.GetID(): key})
		a.Email = full.GetEmail()
		return a, true, nil
	}
	return flow.Actor{}, false, nil
}

const mostGuesses = 5

// Guess lists accounts that can be given issues and have a person's name.
func (c *Connector) Guess(ctx context.Context, email, shown string) ([]flow.Actor, error) {
	query := strconv.Quote(shown) + " in:name type:user"
	if strings.TrimSpace(shown) == "" {
		local, _, _ := strings.Cut(email, "@")
		query = strconv.Quote(local) + " in:login type:user"
	}
	found, err := c.search(ctx, query)
	if err != nil {
		return nil, err
	}
	var out []flow.Actor
	for _, u := range found {
		ok, err := c.assignable(ctx, c.repositories()[0], u.GetLogin())
		if err != nil {
			return nil, err
		}
		if !ok || !person(u) {
			continue
		}
		key, err := c.known(ctx, u)
		if err != nil {
			return nil, err
		}
		out = append(out, c.actor(u, map[int64]string{u.GetID(): key}))
	}
	return out, nil
}

func person(u *gogithub.User) bool {
	return (u.GetType() == "" || u.GetType() == "User") && u.SuspendedAt == nil
}

func (c *Connector) search(ctx context.Context, query string) ([]*gogithub.User, error) {
	var page struct {
		Items []*gogithub.User `json:"items"`
	}
	r := call{op: "search accounts", method: http.MethodGet, path: "search/users", query: url.Values{"q": {query}, "per_page": {strconv.Itoa(mostGuesses)}}, scope: "accounts"}
	err := c.do(ctx, r, &page)
	if connectors.ClassOf(err) == connectors.Rejected {
		c.deps.Log.Debug("accounts cannot be searched for", "err", err)
		return nil, nil // what cannot be searched for finds nothing
	}
	return page.Items, err
}

// user reads an account; nil when there is none.
func (c *Connector) user(ctx context.Context, login string) (*gogithub.User, error) {
	var u gogithub.User
	err := c.do(ctx, call{op: "read account", method: http.MethodGet, path: "users/" + url.PathEscape(login), scope: "the account " + login}, &u)
	if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}

// assignable reports whether issues of a repository can be given to somebody.
func (c *Connector) assignable(ctx context.Context, full, login string) (bool, error) {
	r := call{op: "check assignee", method: http.MethodGet, path: repoPath(full, "/assignees/"+url.PathEscape(login)), repo: full, scope: "repository " + full}
	err := c.do(ctx, r, nil)
	if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}
