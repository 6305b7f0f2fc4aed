package confluence

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
)

// ReadBrief reads the page of a brief.
func (c *Connector) ReadBrief(ctx context.Context, at flow.Ref) (flow.Event, error) {
	kind, id := at.Type, at.Key
	switch at.Type {
	case titleType:
		var err error
		if kind, id, err = c.lookUp(ctx, at.Key); err != nil {
			return flow.Event{}, err
		}
	case pageType, blogType:
		if !idForm.MatchString(id) {
			return flow.Event{}, cannot("read the page", fmt.Sprintf("%q is not the id of a page.", id))
		}
	case otherType:
		return flow.Event{}, cannot("read the page", fmt.Sprintf("signoff cannot read a %s of Confluence as a brief. Link a page, by its full address.", at.Key))
	default:
		return flow.Event{}, cannot("read the page", "It is no page of Confluence.")
	}
	p, err := c.read(ctx, kind, id)
	if err != nil {
		return flow.Event{}, c.sure(ctx, err)
	}
	if err := unreadable(p); err != nil {
		return flow.Event{}, err
	}
	ev := c.briefOf(p)
	ev.Subject, ev.At = at, c.deps.Now().UTC()
	ev.ID = fmt.Sprintf("%s/read/%s/%d", c.deps.Instance, p.ID, p.Version)
	return ev, nil
}

// briefOf says what a page holds.
func (c *Connector) briefOf(p page) flow.Event {
	return flow.Event{
		Kind: flow.BriefRead, Subject: c.page(p.ID), Actor: c.actor(p.By), To: c.actor(p.Owner), Sent: p.Changed, Seq: strconv.Itoa(p.Version),
		Fields: map[string][]string{"title": {p.Title}}, Body: p.Body, Links: []flow.Link{c.briefLink(p)},
	}
}

func (c *Connector) briefLink(p page) flow.Link {
	return flow.Link{Ref: c.page(p.ID), Purpose: "brief", Label: p.Title, URL: p.URL}
}

func cannot(op, person string) error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}

// unreadable says why a page is no brief: only what is published counts.
func unreadable(p page) error {
	e := &connectors.Error{Op: "read the page", Class: connectors.Rejected, Err: errors.New("the page is " + p.Status)}
	switch p.Status {
	case "current":
		return nil
	case "draft":
		e.Person = "The page is not published yet. Publish it, then link it again."
	case "archived":
		e.Gone, e.Person = "archived", "The page is archived. Restore it in Confluence, or link another one."
	default:
		e.Gone, e.Person = "deleted", "The page is in Confluence's trash. Restore it, or link another one."
	}
	return e
}

// sure makes certain that Confluence still knows us before a page is called hidden.
func (c *Connector) sure(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*connectors.Error](err); ok && e.Gone != "" {
		if _, site := c.askAccount(ctx); site != nil {
			return site
		}
	}
	return err
}

// found is one of a list of pages.
type found struct {
	ID    loose  `json:"id"`
	Title string `json:"title"`
}

type foundList struct {
	Results []found `json:"results"`
}

// lookUp finds a page by its space and title. None or several are not guessed at.
func (c *Connector) lookUp(ctx context.Context, key string) (kind, id string, err error) {
	escapedSpace, escapedTitle, _ := strings.Cut(key, "/")
	space, err1 := url.PathUnescape(escapedSpace)
	title, err2 := url.PathUnescape(escapedTitle)
	if err1 != nil || err2 != nil || title == "" {
		return "", "", cannot("find the page", "The address names no page.")
	}
	kind = pageType
	if rest, ok := strings.CutPrefix(space, "blogpost "); ok {
		kind, space = blogType, rest
	}
	list, err := c.pagesCalled(ctx, kind, space, title)
	if err != nil {
		return "", "", c.sure(ctx, err)
	}
	list.Results = slices.DeleteFunc(list.Results, func(f found) bool { return !idForm.MatchString(string(f.ID)) })
	if len(list.Results) != 1 {
		return "", "", cannot("find the page", fmt.Sprintf("%s pages in the space %s are called %q. Open the page, and link it by the address that has its number (…: Page information).", count(len(list.Results)), space, title))
	}
	return kind, string(list.Results[0].ID), nil
}

func count(n int) string {
	if n == 0 {
		return "No"
	}
	return strconv.Itoa(n)
}

func (c *Connector) pagesCalled(ctx context.Context, kind, space, title string) (foundList, error) {
	var list foundList
	if !c.set.cloud() {
		typ := map[string]string{pageType: "page", blogType: "blogpost"}[kind]
		r := get("find the page", "rest/api/content", url.Values{"spaceKey": {space}, "title": {title}, "type": {typ}})
		return list, c.do(ctx, r, &list)
	}
	var spaces foundList
	if err := c.do(ctx, get("find the space", "api/v2/spaces", url.Values{"keys": {space}}), &spaces); err != nil || len(spaces.Results) == 0 {
		return list, err
	}
	path := map[string]string{pageType: "api/v2/pages", blogType: "api/v2/blogposts"}[kind]
	q := url.Values{"space-id": {string(spaces.Results[0].ID)}, "title": {title}, "status": {"current"}}
	return list, c.do(ctx, call{op: "find the page", method: http.MethodGet, path: path, query: q, about: "the page", page: true}, &list)
}
