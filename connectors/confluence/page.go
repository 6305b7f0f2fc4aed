package confluence

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/internal/text"
)

// page is one as it is now, from either edition.
type page struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Status  string    `json:"status"`
	Version int       `json:"version"`
	Changed time.Time `json:"changed,omitzero"`
	By      person    `json:"by,omitzero"`    // of the newest version
	Owner   person    `json:"owner,omitzero"` // its owner, or who made it
	Space   string    `json:"space,omitempty"`
	Labels  []string  `json:"labels,omitempty"`
	URL     string    `json:"url"`
	Body    text.Doc  `json:"body,omitempty"`
}

// loose is a number or an id, which Confluence writes as a text here and as a number there.
type loose string

// UnmarshalJSON reads a text or a number as it was written.
func (l *loose) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*l = loose(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil {
		return err
	}
	*l = loose(n)
	return nil
}

type labels struct {
	Results []struct {
		Name   string `json:"name"`
		Prefix string `json:"prefix"`
	} `json:"results"`
	Meta struct {
		More bool `json:"hasMore"`
	} `json:"meta"`
}

func (l labels) names() []string {
	var out []string
	for _, one := range l.Results {
		if one.Prefix == "" || one.Prefix == "global" {
			out = append(out, one.Name)
		}
	}
	return out
}

// answered is what both editions call by the same names.
type answered struct {
	ID     loose  `json:"id"`
	Status string `json:"status"`
	Title  string `json:"title"`
	Body   struct {
		Storage struct {
			Value string `json:"value"`
		} `json:"storage"`
	} `json:"body"`
	Links struct {
		Base  string `json:"base"`
		WebUI string `json:"webui"`
	} `json:"_links"`
}

// cloudPage and serverPage are answers of the two.
type cloudPage struct {
	answered
	Author  string `json:"authorId"`
	Owner   string `json:"ownerId"`
	Version struct {
		Number int    `json:"number"`
		Author string `json:"authorId"`
		At     string `json:"createdAt"`
	} `json:"version"`
	Labels labels `json:"labels"`
}

type serverPage struct {
	answered
	Version struct {
		Number int    `json:"number"`
		By     person `json:"by"`
		At     string `json:"when"`
	} `json:"version"`
	Space struct {
		Key string `json:"key"`
	} `json:"space"`
	History struct {
		By person `json:"createdBy"`
	} `json:"history"`
	Metadata struct {
		Labels labels `json:"labels"`
	} `json:"metadata"`
}

// instant reads a time in either edition's form; a bad one is no time.
func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000-0700"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// get is a call that reads a page or something of one.
func get(op, path string, query url.Values) call {
	return call{op: op, method: http.MethodGet, path: path, query: query, about: "the page", page: true}
}

// read reads a page, or a post of a blog, with its words. Of one that is too large to be read, all but the words.
func (c *Connector) read(ctx context.Context, kind, id string) (page, error) {
	p, storage, err := c.fetch(ctx, kind, id, true)
	why := ""
	if tooLarge(err) {
		why = "it is larger than 8 MiB"
		p, storage, err = c.fetch(ctx, kind, id, false)
	}
	if err != nil {
		return p, err
	}
	names, err := c.named(ctx, &p, storage)
	if err != nil {
		return p, err
	}
	doc, cut, broken := readStorage(storage, names)
	switch {
	case broken != nil:
		why = broken.Error()
	case cut:
		doc = append(doc, text.P(text.T("[The page goes on: "), text.A(p.Title, p.URL), text.T("]")))
	}
	if why != "" {
		c.deps.Log.Warn("the words of a page cannot be read", "page", id, "why", why)
		doc = text.Doc{text.P(text.T("[signoff cannot read the words of this page ("+why+"): "), text.A(p.Title, p.URL), text.T("]"))}
	}
	p.Body = doc
	return p, nil
}

func (c *Connector) fetch(ctx context.Context, kind, id string, words bool) (page, string, error) {
	if c.set.cloud() {
		return c.fetchCloud(ctx, kind, id, words)
	}
	expand := "version,space,history,metadata.labels"
	if words {
		expand = "body.storage," + expand
	}
	var a serverPage
	if err := c.do(ctx, get("read the page", "rest/api/content/"+url.PathEscape(id), url.Values{"expand": {expand}}), &a); err != nil {
		return page{}, "", err
	}
	return page{
		ID: string(a.ID), Title: oneLine(a.Title, 255), Status: firstOf(a.Status, "current"), Version: a.Version.Number, Changed: instant(a.Version.At), By: a.Version.By,
		Owner: a.History.By, Space: a.Space.Key, Labels: a.Metadata.Labels.names(), URL: c.shownAt(a.answered),
	}, a.Body.Storage.Value, nil
}

var inSpaceURL = pattern.New(`^/spaces/([^/]+)/`)

func (c *Connector) fetchCloud(ctx context.Context, kind, id string, words bool) (page, string, error) {
	path := "api/v2/pages/"
	if kind == blogType {
		path = "api/v2/blogposts/"
	}
	q := url.Values{"include-labels": {"true"}}
	if words {
		q.Set("body-format", "storage")
	}
	var a cloudPage
	if err := c.do(ctx, get("read the page", path+url.PathEscape(id), q), &a); err != nil {
		return page{}, "", err
	}
	p := page{
		ID: string(a.ID), Title: oneLine(a.Title, 255), Status: firstOf(a.Status, "current"), Version: a.Version.Number, Changed: instant(a.Version.At),
		By: person{Account: a.Version.Author}, Owner: person{Account: firstOf(a.Owner, a.Author)}, Labels: a.Labels.names(), URL: c.shownAt(a.answered),
	}
	if m := inSpaceURL.FindStringSubmatch(a.Links.WebUI); m != nil {
		p.Space, _ = url.PathUnescape(m[1]) // of another form: not known
	}
	if a.Labels.Meta.More {
		var all labels
		if err := c.do(ctx, get("read labels", path+url.PathEscape(id)+"/labels", url.Values{"prefix": {"global"}, "limit": {"250"}}), &all); err != nil {
			return p, "", err
		}
		p.Labels = all.names()
	}
	return p, a.Body.Storage.Value, nil
}

// shownAt is where people open a page: always below our own address, whatever the answer calls its base.
func (c *Connector) shownAt(a answered) string {
	if strings.HasPrefix(a.Links.WebUI, "/") && !strings.HasPrefix(a.Links.WebUI, "//") {
		return c.set.people + a.Links.WebUI
	}
	return c.set.people + "/pages/viewpage.action?pageId=" + url.QueryEscape(string(a.ID))
}

var accountIn = pattern.New(`ri:(?:account-id|userkey)="([A-Za-z0-9:_-]{1,128})"`)

// named finds out what the people are called who own and changed a page, and whom it mentions.
func (c *Connector) named(ctx context.Context, p *page, storage string) (map[string]string, error) {
	var ids []string
	if c.set.cloud() {
		ids = append(ids, p.Owner.Account, p.By.Account)
	}
	for _, m := range accountIn.FindAllStringSubmatch(storage, mostNames) {
		ids = append(ids, m[1])
	}
	found, err := c.people(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for id, who := range found {
		names[id] = who.Shown
	}
	if c.set.cloud() {
		for _, one := range []*person{&p.Owner, &p.By} {
			if who := found[one.Account]; who.Account != "" {
				*one = who
			}
		}
	}
	return names, nil
}
