package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

const (
	firstLook = 2 * time.Second
	// giveUp is when search has surely caught up: what it does not show then was never made.
	giveUp = 180 * time.Second
	// commentLook is how long a comment whose answer was lost may still be on its way.
	commentLook = 5 * time.Second
)

// nextLook says when to look again, seen from the lost call: search shows a new ticket after seconds, sometimes minutes.
func nextLook(gone time.Duration) time.Duration {
	for _, at := range []time.Duration{firstLook, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute} {
		if gone < at {
			return at - gone
		}
	}
	return max(giveUp-gone, time.Second)
}

// Find looks for what an earlier Do left behind.
func (c *Connector) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	gone := c.deps.Now().Sub(tried)
	switch {
	case isLink(e), e.Show != nil && e.Show.Link != nil && !isComment(e):
		return nil, false, nil // harmless to repeat
	case isComment(e):
		return c.findShown(ctx, e, tried)
	case e.Copy != nil:
		return c.findFile(ctx, e, tried)
	case e.Show != nil:
		return c.findTicket(ctx, e, gone)
	case e.Tell != nil:
		return c.findComment(ctx, e, gone)
	}
	return nil, false, nil
}

func (c *Connector) findComment(ctx context.Context, e flow.Effect, gone time.Duration) ([]flow.Link, bool, error) {
	if !issueID.MatchString(e.Tell.Where.Key) {
		return nil, false, nil
	}
	id, err := c.findMark(ctx, e.Tell.Where.Key, e.Mark(), c.deps.Now().Add(-gone))
	if err != nil || id != "" {
		return nil, id != "", err
	}
	if gone < commentLook {
		return nil, false, onItsWay(commentLook - gone)
	}
	return nil, false, nil
}

// onItsWay says that what was sent a moment ago may still arrive.
func onItsWay(wait time.Duration) error {
	return &connectors.Error{Op: "find comment", Class: connectors.Unsure, Wait: wait, Err: errors.New("it may still be on its way")}
}

func (c *Connector) findTicket(ctx context.Context, e flow.Effect, gone time.Duration) ([]flow.Link, bool, error) {
	var m made
	ok, err := c.memory.Load(ctx, madeKey(c.hubKey(e)), &m)
	if err != nil {
		return nil, false, err
	}
	if ok && m.ID != "" {
		return c.adopt(ctx, e, m)
	}
	project, err := c.projectFor(e.Show)
	if err != nil {
		return nil, false, err
	}
	hits, err := c.look(ctx, project, c.hubKey(e))
	if err != nil {
		return nil, false, err
	}
	if len(hits) == 0 {
		if gone < giveUp {
			return nil, false, &connectors.Error{Op: "find issue", Class: connectors.Unsure, Wait: nextLook(gone), Err: errors.New("search does not show it yet")}
		}
		return nil, false, nil
	}
	if len(hits) > 1 {
		c.deps.Log.Error("several tickets carry the mark of one request; the oldest is taken", "request", string(e.Request), "tickets", keys(hits))
		c.duplicates(ctx, hits[0], hits)
	}
	return c.adopt(ctx, e, made{ID: hits[0].ID, Key: hits[0].Key, At: c.deps.Now()})
}

// look asks first the tickets that a webhook told of, then search.
func (c *Connector) look(ctx context.Context, project, hubKey string) ([]hit, error) {
	var s sightings
	if _, err := c.memory.Load(ctx, sightedKey(hubKey), &s); err != nil {
		return nil, err
	}
	ours, err := c.provenOf(ctx, s.Hits, hubKey)
	if err != nil || len(ours) > 0 {
		return ours, err
	}
	return c.search(ctx, project, hubKey)
}

// adopt takes a found ticket over and brings it to the view: the lost call may have been cut short, or was for an
// older view.
func (c *Connector) adopt(ctx context.Context, e flow.Effect, m made) ([]flow.Link, bool, error) {
	if err := c.memory.Save(ctx, madeKey(c.hubKey(e)), m); err != nil {
		return nil, false, err
	}
	if err := c.proof(ctx, e, m.ID); err != nil {
		return nil, false, err
	}
	links, err := c.change(ctx, e, m.ID)
	return links, err == nil, err
}

type hit struct {
	ID         string                     `json:"id"`
	Key        string                     `json:"key"`
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
}

func keys(hits []hit) string {
	out := make([]string, len(hits))
	for i, h := range hits {
		out[i] = h.Key
	}
	return strings.Join(out, ", ")
}

// quote writes a value for JQL. Whatever is in it, it stays one value.
func quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

const mostSearchPages = 20

// search lists the tickets that carry a mark, proven by their property, the oldest first.
func (c *Connector) search(ctx context.Context, project, hubKey string) ([]hit, error) {
	e, err := c.edition(ctx)
	if err != nil {
		return nil, err
	}
	jql := fmt.Sprintf("project = %s AND labels = %s", quote(project), quote(labelPrefix+hubKey))
	pages := c.searchCloud
	if e == server {
		pages = c.searchServer
	}
	var ours []hit
	err = pages(ctx, project, jql, func(list []hit) error {
		more, err := c.provenOf(ctx, list, hubKey)
		ours = append(ours, more...)
		return err
	})
	if err != nil {
		return nil, err
	}
	oldestFirst(ours)
	return ours, nil
}

// searchCloud pages by a token. It is not trusted to end: a token that comes again ends it too.
func (c *Connector) searchCloud(ctx context.Context, project, jql string, each func([]hit) error) error {
	token, seen := "", map[string]bool{}
	for range mostSearchPages {
		body := map[string]any{"jql": jql, "fields": []string{"summary", "labels"}, "properties": []string{originKey}, "maxResults": 5}
		if token != "" {
			body["nextPageToken"] = token
		}
		r := call{op: "find issue", method: http.MethodPost, path: api2 + "search/jql", body: body, scope: "project " + project}
		var page struct {
			Issues []hit  `json:"issues"`
			Next   string `json:"nextPageToken"`
		}
		if err := c.do(ctx, r, &page); err != nil {
			return err
		}
		if err := each(page.Issues); err != nil {
			return err
		}
		if page.Next == "" || seen[page.Next] {
			return nil
		}
		token, seen[page.Next] = page.Next, true
	}
	return nil
}

// searchServer pages by place; a page may be shorter than was asked for.
func (c *Connector) searchServer(ctx context.Context, project, jql string, each func([]hit) error) error {
	at := 0
	for range mostSearchPages {
		body := map[string]any{"jql": jql, "fields": []string{"summary", "labels"}, "startAt": at, "maxResults": 50}
		r := call{op: "find issue", method: http.MethodPost, path: api2 + "search", body: body, scope: "project " + project}
		var page struct {
			Issues []hit `json:"issues"`
			Total  int   `json:"total"`
		}
		if err := c.do(ctx, r, &page); err != nil {
			return err
		}
		if err := each(page.Issues); err != nil {
			return err
		}
		if at += len(page.Issues); len(page.Issues) == 0 || at >= page.Total {
			return nil
		}
	}
	return nil
}

// oldestFirst sorts by id: a longer number is a larger one.
func oldestFirst(list []hit) {
	slices.SortFunc(list, func(a, b hit) int { return numerically(a.ID, b.ID) })
}

// provenOf keeps those of a list that are ours, the oldest first.
func (c *Connector) provenOf(ctx context.Context, list []hit, hubKey string) ([]hit, error) {
	var ours []hit
	for _, h := range list {
		ok, err := c.proven(ctx, h, hubKey)
		if err != nil {
			return nil, err
		}
		if ok {
			ours = append(ours, h)
		}
	}
	oldestFirst(ours)
	return ours, nil
}

// proven reads the property: a label alone proves nothing, since a cloned ticket has it too.
func (c *Connector) proven(ctx context.Context, h hit, hubKey string) (bool, error) {
	if !issueID.MatchString(h.ID) {
		return false, nil
	}
	if raw, ok := h.Properties[originKey]; ok {
		var o origin
		return json.Unmarshal(raw, &o) == nil && o.HubKey == hubKey, nil
	}
	have, there, err := c.markOf(ctx, h.ID)
	if err != nil || there {
		return have == hubKey, err
	}
	return c.madeByUs(ctx, h)
}

// markOf reads the property of a ticket; false when it has none.
func (c *Connector) markOf(ctx context.Context, id string) (hubKey string, there bool, err error) {
	var p struct {
		Value origin `json:"value"`
	}
	err = c.do(ctx, get("read property", "issue/"+url.PathEscape(id)+"/properties/"+url.PathEscape(originKey), nil), &p)
	if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
		return "", false, nil
	}
	return p.Value.HubKey, err == nil, err
}

// madeByUs proves a ticket without a property, on a Data Center that dropped it from the create request: our account made
// it. What people copy, label and all, is made by them.
func (c *Connector) madeByUs(ctx context.Context, h hit) (bool, error) {
	if e, err := c.edition(ctx); err != nil || e == cloud {
		return false, err
	}
	self, err := c.account(ctx)
	if err != nil {
		return false, err
	}
	var answer struct {
		Fields struct {
			Creator *account `json:"creator"`
		} `json:"fields"`
	}
	err = c.do(ctx, get("read creator", "issue/"+url.PathEscape(h.ID), url.Values{"fields": {"creator"}}), &answer)
	if said := refusalOf(err); said != nil && said.status == http.StatusNotFound {
		return false, nil
	}
	return err == nil && answer.Fields.Creator.id() == self.id(), err
}
