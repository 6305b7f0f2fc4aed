package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	gogithub "github.com/google/go-github/v60/github"

	"signoff/connectors"
)

// place is where an issue or pull request is now.
type place struct {
	Owner  string `json:"owner"`
	Repo   string `json:"repo"`
	Number int    `json:"number"`
}

func (p place) full() string  { return p.Owner + "/" + p.Repo }
func (p place) key() string   { return fmt.Sprintf("%s#%d", strings.ToLower(p.full()), p.Number) }
func (p place) label() string { return fmt.Sprintf("%s#%d", p.full(), p.Number) }
func (p place) zero() bool    { return p.Number == 0 }

// path is "repos/lumen/site/issues/7/…"; kind is issues or pulls.
func (p place) path(kind string, more ...string) string {
	path := "repos/" + url.PathEscape(p.Owner) + "/" + url.PathEscape(p.Repo) + "/" + kind + "/" + strconv.Itoa(p.Number)
	for _, one := range more {
		path += "/" + one
	}
	return path
}

func repoPath(full, more string) string {
	owner, name, _ := strings.Cut(full, "/")
	return "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name) + more
}

// readKeyed reads "owner/repo#7".
func readKeyed(key string) (place, bool) {
	full, number, ok := strings.Cut(key, "#")
	n, err := strconv.Atoi(number)
	owner, repo, two := strings.Cut(full, "/")
	if !ok || !two || err != nil || n < 1 || !repositoryName.MatchString(full) {
		return place{}, false
	}
	return place{Owner: owner, Repo: repo, Number: n}, true
}

// readPage reads https://github.com/owner/repo/pull/7 and what may follow; kind is "pull" or "issues". Pages may also stand
// at the address of the API, where that is another than GitHub's own.
func (c *Connector) readPage(address string) (p place, kind string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.User != nil {
		return place{}, "", false
	}
	for _, site := range []string{c.set.URL, strings.TrimSuffix(c.set.APIURL, apiPath)} {
		if p, kind, ok = pageAt(u, site); ok {
			return p, kind, true
		}
	}
	return place{}, "", false
}

func pageAt(u *url.URL, site string) (place, string, bool) {
	base, err := url.Parse(site)
	if err != nil || u.Scheme != base.Scheme || !strings.EqualFold(strings.TrimPrefix(u.Host, "www."), base.Host) {
		return place{}, "", false
	}
	rest, ok := strings.CutPrefix(u.Path, strings.TrimRight(base.Path, "/")+"/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 4 {
		return place{}, "", false
	}
	p, ok := readKeyed(parts[0] + "/" + parts[1] + "#" + parts[3])
	return p, parts[2], ok
}

// names tells the repositories apart by their numbers, which stay when they are renamed: what is known by the first name
// keeps it.
type names struct {
	mu    sync.Mutex
	first map[string]string // newest name -> first name, in small letters
	ids   map[int64]string  // number -> first name
}

func (n *names) put(id int64, newest, first string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.first == nil {
		n.first, n.ids = map[string]string{}, map[int64]string{}
	}
	n.first[newest], n.ids[id] = first, first
}

// in is the first name of the repository that a webhook names, as far as it is known without asking.
func (n *names) in(r *gogithub.Repository) string {
	n.mu.Lock()
	first := n.ids[r.GetID()]
	n.mu.Unlock()
	if first == "" {
		first = n.of(r.GetFullName())
	}
	return first
}

// of returns the first name of a repository, in small letters.
func (n *names) of(full string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	full = strings.ToLower(full)
	if first := n.first[full]; first != "" {
		return first
	}
	return full
}

func repoKey(id int64) string { return "repo/" + strconv.FormatInt(id, 10) }

// met remembers a repository's number and returns the name by which things in it are known.
func (c *Connector) met(ctx context.Context, id int64, full string) (string, error) {
	if id == 0 || full == "" {
		return strings.ToLower(full), nil
	}
	var first string
	ok, err := c.memory.Load(ctx, repoKey(id), &first)
	if err != nil {
		return "", err
	}
	if !ok {
		first = strings.ToLower(full)
		if err := c.memory.Save(ctx, repoKey(id), first); err != nil {
			return "", err
		}
	}
	c.names.put(id, strings.ToLower(full), first)
	return first, nil
}

// meet asks for the numbers of the repositories in the settings, so that one that is renamed is known by its old name.
func (c *Connector) meet(ctx context.Context) error {
	for _, full := range c.repositories() {
		var r gogithub.Repository
		err := c.do(ctx, call{op: "read repository", method: http.MethodGet, path: repoPath(full, ""), repo: full, scope: "repository " + full}, &r)
		if connectors.ClassOf(err) == connectors.Rejected || err == nil && r.GetID() == 0 {
			continue // Check says so
		}
		if err != nil {
			return err
		}
		if _, err := c.met(ctx, r.GetID(), full); err != nil {
			return err
		}
		if _, err := c.met(ctx, r.GetID(), r.GetFullName()); err != nil {
			return err
		}
	}
	return nil
}

// A thing that moved to another repository keeps its key: atKey says where it is now, fromKey whose place that is.
func atKey(key string) string   { return "at/" + key }
func fromKey(key string) string { return "from/" + key }

// at is where the thing with a key is now.
func (c *Connector) at(ctx context.Context, key string) (place, error) {
	p, ok := readKeyed(key)
	if !ok {
		return place{}, cannot("find "+key, fmt.Sprintf("%q is not an issue or pull request of GitHub.", key))
	}
	var now place
	moved, err := c.memory.Load(ctx, atKey(key), &now)
	if err != nil || !moved {
		return p, err
	}
	return now, nil
}

// keyOf is the key by which the thing at a place is known.
func (c *Connector) keyOf(ctx context.Context, p place) (string, error) {
	var key string
	ok, err := c.memory.Load(ctx, fromKey(p.key()), &key)
	if err != nil || ok {
		return key, err
	}
	return p.key(), nil
}

// moved remembers that the thing with a key is somewhere else now.
func (c *Connector) moved(ctx context.Context, key string, to place) error {
	if err := c.memory.Save(ctx, fromKey(to.key()), key); err != nil {
		return err
	}
	return c.memory.Save(ctx, atKey(key), to)
}

// placeOf reads where an answer says that the thing is: a call that was redirected is about another place.
func (c *Connector) placeOf(htmlURL string, number int, asked place) place {
	if p, _, ok := c.readPage(htmlURL); ok && p.Number == number {
		return p
	}
	asked.Number = number
	return asked
}

// follows notes where the thing with a key turned out to be.
func (c *Connector) follows(ctx context.Context, key string, asked, found place) error {
	if strings.EqualFold(asked.label(), found.label()) {
		return nil
	}
	return c.moved(ctx, key, found)
}

func get(op string, at place, kind string, more ...string) call {
	return call{op: op, method: http.MethodGet, path: at.path(kind, more...), repo: at.full(), scope: at.label()}
}
