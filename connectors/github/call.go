package github

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"signoff/connectors"
	"signoff/internal/outbound"
)

// call is one request to the API.
type call struct {
	op     string // "create issue"
	method string
	path   string // below the base: "repos/lumen/site/issues"
	query  url.Values
	body   any
	// once is set for calls that make a new thing each time: their lost answers are Unsure.
	once  bool
	repo  string // owner/name, for the installation it needs
	asApp bool   // the app itself asks
	about bool   // it reads or writes one issue or pull request, and nothing else can be what was not found
	scope string // what the call is about, for sentences to people
}

const (
	callTime  = 20 * time.Second
	firstLook = 2 * time.Second
	perPage   = 100
	version   = "2022-11-28"
	mostHops  = 3 // redirects that are followed: renamed repositories, moved issues
)

// answer is what came back, beside the body.
type answer struct {
	status int
	header http.Header
	body   []byte
	url    *url.URL
}

// do makes the call and decodes its answer into out unless that is nil. Errors are *connectors.Error.
func (c *Connector) do(ctx context.Context, r call, out any) error {
	_, err := c.ask(ctx, r, out)
	return err
}

// ask is do that also returns the answer. A token of an installation that was not taken is asked for anew, once.
func (c *Connector) ask(ctx context.Context, r call, out any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var a answer
	for try := range 2 {
		token, err := c.bearer(ctx, r)
		if err != nil {
			return a, err
		}
		a, err = c.follow(ctx, r, token)
		if err != nil {
			return a, err
		}
		if a.status != http.StatusUnauthorized || c.app == nil || r.asApp || try > 0 {
			break
		}
		c.app.forget(ownerOf(r, c), token)
	}
	if a.status < 200 || a.status > 299 {
		return a, c.refused(r, a)
	}
	if out == nil || a.status == http.StatusNoContent {
		return a, nil
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return a, failure(r, errors.New("the answer cannot be read"))
	}
	return a, nil
}

func ownerOf(r call, c *Connector) string {
	full := r.repo
	if full == "" {
		full = c.hooked()[0]
	}
	owner, _, _ := strings.Cut(full, "/")
	return owner
}

// follow sends the call, and again to where it was redirected below the API: a renamed repository or a moved issue. The
// method stays, unlike with a browser.
func (c *Connector) follow(ctx context.Context, r call, token string) (answer, error) {
	path := r.path
	if len(r.query) > 0 {
		path += "?" + r.query.Encode()
	}
	var a answer
	for range mostHops {
		var err error
		if a, err = c.send(ctx, r, path, token); err != nil {
			return a, err
		}
		switch a.status {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return a, nil
		}
		to, err := a.url.Parse(a.header.Get("Location"))
		if err != nil || a.header.Get("Location") == "" || !c.within(to) {
			return a, nil
		}
		path = to.String()
	}
	return a, nil
}

// send makes one request. go-github shapes it and the client below sends it: the library's own memory of limits goes by
// the clock of the machine and holds for all installations at once, where the engine keeps them apart.
func (c *Connector) send(ctx context.Context, r call, path, token string) (answer, error) {
	req, err := c.api.NewRequest(r.method, path, r.body)
	if err != nil {
		return answer{}, &connectors.Error{Op: r.op, Class: connectors.Rejected, Err: err}
	}
	req = req.WithContext(context.WithValue(ctx, bearerKey{}, token))
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", version)
	key := ""
	if r.method == http.MethodGet {
		key = token + " " + req.URL.String()
		if tag := c.cache.tag(key); tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, failure(r, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up; there is nothing left to lose
	a := answer{status: resp.StatusCode, header: resp.Header, url: req.URL}
	body, readErr := io.ReadAll(resp.Body)
	if a.body = body; a.status == http.StatusNotModified {
		if kept, ok := c.cache.get(key); ok {
			return kept, nil
		}
	}
	if readErr != nil && a.status >= 200 && a.status < 300 {
		return a, failure(r, readErr)
	}
	c.noteEnd(resp.Header.Get("Github-Authentication-Token-Expiration"))
	if key != "" && a.status == http.StatusOK {
		c.cache.put(key, a)
	}
	return a, nil
}

// failure is a call without a usable answer.
func failure(r call, err error) error {
	var crossed *connectors.Error
	if errors.As(err, &crossed) {
		return crossed
	}
	e := outbound.Failure(r.op, err, !r.once)
	if e.Class == connectors.Unsure {
		e.Wait = firstLook
	}
	if e.Class == connectors.Denied {
		e.Person = "GitHub's address does not show a trusted certificate, so signoff does not speak to it. An administrator has to look at api_url."
	}
	return e
}

// pages reads a list page by page until each says that it has seen enough.
func pages[T any](ctx context.Context, c *Connector, r call, most int, each func([]T) (more bool)) (whole bool, err error) {
	if r.query == nil {
		r.query = url.Values{}
	}
	r.method = http.MethodGet
	r.query.Set("per_page", strconv.Itoa(perPage))
	for page := 1; page <= most; page++ {
		if page > 1 {
			r.query.Set("page", strconv.Itoa(page))
		}
		var list []T
		a, err := c.ask(ctx, r, &list)
		if err != nil {
			return false, err
		}
		if !each(list) {
			return false, nil
		}
		if !strings.Contains(a.header.Get("Link"), `rel="next"`) {
			return true, nil
		}
	}
	return false, nil
}

const (
	mostCached = 200
	longCached = 256 << 10
)

// cache keeps answers with their ETags: what has not changed costs nothing of GitHub's limit. It is a shortcut only.
type cache struct {
	mu    sync.Mutex
	kept  map[string]answer
	order []string
}

func (k *cache) tag(key string) string {
	a, _ := k.get(key)
	return a.header.Get("Etag")
}

func (k *cache) get(key string) (answer, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.kept[key]
	return a, ok
}

func (k *cache) put(key string, a answer) {
	if a.header.Get("Etag") == "" || len(a.body) > longCached {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]answer{}
	}
	if _, there := k.kept[key]; !there {
		k.order = append(k.order, key)
	}
	k.kept[key] = a
	if len(k.order) > mostCached {
		delete(k.kept, k.order[0])
		k.order = k.order[1:]
	}
}

// noteEnd remembers when the token ends.
func (c *Connector) noteEnd(text string) {
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			c.ends.Store(at.Unix())
			return
		}
	}
}
