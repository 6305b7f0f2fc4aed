package confluence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
	"signoff/internal/text"
)

const (
	opSay       = "write a comment"
	markPrefix  = "signoff:ref:"
	mostSaid    = 100_000 // characters of a comment
	saidPrefix  = "said/"
	commentType = "comment"
)

// said is a comment of ours.
type said struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Version int64     `json:"version,omitempty"` // of the view that it shows
}

// Do comments on a page, or changes a comment of ours.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	page, err := target(e)
	if err != nil {
		return nil, err
	}
	mark := c.mark(e)
	body := c.words(e, mark)
	var have said
	known, err := c.memory.Load(ctx, saidPrefix+mark, &have)
	if err != nil || body == "" {
		return nil, err
	}
	if e.Tell != nil {
		if !known {
			have.ID, err = c.add(ctx, e, page, body)
		}
	} else {
		have, err = c.show(ctx, e, page, body, have)
	}
	if err != nil {
		return nil, err
	}
	have.At = c.deps.Now().UTC()
	c.memory.Note(saidPrefix+mark, have)
	return c.links(e, page, have.ID), nil
}

// show makes a comment look like a view, unless it shows a newer one.
func (c *Connector) show(ctx context.Context, e flow.Effect, page, body string, have said) (said, error) {
	if l := e.Show.Link; l != nil && have.ID == "" {
		if _, id, _ := strings.Cut(l.Ref.Key, "/"); idForm.MatchString(id) {
			have.ID = id
		}
	}
	var err error
	switch {
	case have.ID == "":
		have.ID, err = c.post(ctx, page, body)
	case e.Show.Version <= have.Version:
		return have, nil
	default:
		err = c.change(ctx, have.ID, func(string) string { return body })
	}
	have.Version = e.Show.Version
	return have, err
}

func backKey(e flow.Effect, page string) string { return "back/" + string(e.Request) + "/" + page }

// add says something below a page: all of one request in one comment, the newest last.
func (c *Connector) add(ctx context.Context, e flow.Effect, page, body string) (string, error) {
	var back said
	ok, err := c.memory.Load(ctx, backKey(e, page), &back)
	if err != nil {
		return "", err
	}
	full := false
	if ok {
		err = c.change(ctx, back.ID, func(before string) string {
			if full = len(before)+len(body) > mostSaid; full || strings.Contains(before, markPrefix+c.mark(e)) {
				return before
			}
			return before + body
		})
		if outbound.StatusOf(err) != http.StatusNotFound && !full {
			return back.ID, err
		}
	}
	id, err := c.post(ctx, page, body)
	if err == nil {
		c.memory.Note(backKey(e, page), said{ID: id, At: c.deps.Now().UTC()})
	}
	return id, err
}

// target is the page to comment on.
func target(e flow.Effect) (string, error) {
	var at flow.Ref
	switch {
	case e.Tell != nil && e.Tell.Private:
	case e.Tell != nil:
		at = e.Tell.Where
	case e.Show != nil && e.Show.At.Zero() && e.Show.Link != nil:
		at = e.Show.Link.Ref
	case e.Show != nil:
		at = e.Show.At
	}
	id, _, _ := strings.Cut(at.Key, "/")
	if at.Type != pageType && at.Type != blogType && at.Type != commentType || !idForm.MatchString(id) {
		return "", cannot(opSay, "In Confluence signoff speaks in comments below pages only, not to single people.")
	}
	if e.Show != nil && e.Show.View.Kind != flow.CommentView && e.Show.View.Kind != flow.NoticeView {
		return "", cannot(opSay, "Confluence has no place for cards.")
	}
	return id, nil
}

// mark is the same for every try of one effect, and another in every installation.
func (c *Connector) mark(e flow.Effect) string {
	sum := sha256.Sum256([]byte(c.deps.StoreID + "\n" + e.Mark()))
	return hex.EncodeToString(sum[:])[:12]
}

func (c *Connector) links(e flow.Effect, page, id string) []flow.Link {
	l := flow.Link{
		Ref: c.ref(commentType, page+"/"+id), Purpose: e.Purpose(),
		URL: c.set.people + "/pages/viewpage.action?pageId=" + page + "&focusedCommentId=" + url.QueryEscape(id),
	}
	if s := e.Show; s != nil {
		l.Shown, l.Version = s.Digest, s.Version
	}
	return []flow.Link{l}
}

// words are those of a view in Confluence's format, with the mark.
func (c *Connector) words(e flow.Effect, mark string) string {
	var doc text.Doc
	if e.Show != nil && e.Show.View.Kind == flow.CommentView {
		doc = slices.Clone(e.Show.View.Body)
	} else {
		v := viewOf(e)
		if v.Headline != "" {
			doc = append(doc, text.P(text.T(v.Headline)))
		}
		doc = append(doc, v.Body...)
		list := text.Node{Kind: text.Bullets}
		for _, p := range v.Points {
			list.Kids = append(list.Kids, text.Node{Kind: text.Item, Kids: led(text.T(fmt.Sprintf("%d. ", p.Number)), slices.Clone(p.Note))})
		}
		if len(list.Kids) > 0 {
			doc = append(doc, list)
		}
		if v.Page != "" && c.deps.PublicURL != "" && !doc.Empty() {
			doc = append(doc, text.P(text.A(firstOf(string(v.Request), "The request"), c.deps.PublicURL+v.Page)))
		}
	}
	if doc.Empty() {
		return ""
	}
	parts := text.Split(doc.Clean(), mostSaid, func(d text.Doc) int { return len(storage(d)) })
	out := storage(parts[0])
	if len(parts) > 1 {
		out += "<p>…</p>"
	}
	return out + "<p><code>" + markPrefix + mark + "</code></p>"
}

func viewOf(e flow.Effect) flow.View {
	if e.Tell != nil {
		return e.Tell.View
	}
	return e.Show.View
}

func storageBody(value string) map[string]any {
	return map[string]any{"representation": "storage", "value": value}
}

// written is a comment in an answer of either edition.
type written struct {
	ID      loose `json:"id"`
	Version struct {
		Number int    `json:"number"`
		Author string `json:"authorId"`
		By     person `json:"by"`
	} `json:"version"`
	Body struct {
		Storage struct {
			Value string `json:"value"`
		} `json:"storage"`
	} `json:"body"`
}

func (w written) by() string { return firstOf(w.Version.Author, w.Version.By.id()) }

func (c *Connector) post(ctx context.Context, page, body string) (string, error) {
	r := call{op: opSay, method: http.MethodPost, path: "api/v2/footer-comments", about: "the page", page: true, once: true, body: map[string]any{"pageId": page, "body": storageBody(body)}}
	if !c.set.cloud() {
		r.path = "rest/api/content"
		r.body = map[string]any{"type": commentType, "container": map[string]string{"id": page, "type": pageType}, "body": map[string]any{"storage": storageBody(body)}}
	}
	var made written
	if err := c.do(ctx, r, &made); err != nil {
		return "", err
	}
	if !idForm.MatchString(string(made.ID)) {
		return "", &connectors.Error{Op: opSay, Class: connectors.Unsure, Wait: firstLook, Err: errors.New("the answer names no comment")}
	}
	return string(made.ID), nil
}

// change gives a comment of ours other words. It is a harmless call: a version that is not the next one is refused.
func (c *Connector) change(ctx context.Context, id string, words func(before string) string) error {
	path, q := "api/v2/footer-comments/"+url.PathEscape(id), url.Values{"body-format": {"storage"}}
	if !c.set.cloud() {
		path, q = "rest/api/content/"+url.PathEscape(id), url.Values{"expand": {"body.storage,version"}}
	}
	var now written
	if err := c.do(ctx, call{op: "read a comment", method: http.MethodGet, path: path, query: q, about: "the comment", page: true}, &now); err != nil {
		return err
	}
	before := now.Body.Storage.Value
	body := words(before)
	if body == before {
		return nil
	}
	next := map[string]any{"number": now.Version.Number + 1}
	r := call{op: "change a comment", method: http.MethodPut, path: path, about: "the comment", page: true, body: map[string]any{"version": next, "body": storageBody(body)}}
	if !c.set.cloud() {
		r.body = map[string]any{"id": id, "type": commentType, "version": next, "body": map[string]any{"storage": storageBody(body)}}
	}
	return c.do(ctx, r, nil)
}

// Find looks for the comment of an earlier try among the newest of the page.
func (c *Connector) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	page, err := target(e)
	if err != nil {
		return nil, false, nil // nothing can have been written
	}
	if wait := firstLook - c.deps.Now().Sub(tried); wait > 0 {
		return nil, false, &connectors.Error{Op: "find a comment", Class: connectors.Unsure, Wait: wait, Err: errors.New("it may still be on its way")}
	}
	me, err := c.account(ctx)
	if err != nil {
		return nil, false, err
	}
	list, err := c.comments(ctx, page)
	if outbound.StatusOf(err) == http.StatusNotFound {
		return nil, false, nil // Do says so to people
	}
	if err != nil {
		return nil, false, err
	}
	mark := c.mark(e)
	for _, w := range list {
		if !strings.Contains(w.Body.Storage.Value, markPrefix+mark) || w.by() != "" && w.by() != me.id() || !idForm.MatchString(string(w.ID)) {
			continue
		}
		have := said{ID: string(w.ID), At: c.deps.Now().UTC()}
		if e.Show != nil {
			have.Version = e.Show.Version
		} else {
			c.memory.Note(backKey(e, page), have)
		}
		c.memory.Note(saidPrefix+mark, have)
		return c.links(e, page, have.ID), true, nil
	}
	return nil, false, nil
}

// comments are the newest comments below a page.
func (c *Connector) comments(ctx context.Context, page string) ([]written, error) {
	r := get("read comments", "api/v2/pages/"+url.PathEscape(page)+"/footer-comments", url.Values{"body-format": {"storage"}, "sort": {"-created-date"}, "limit": {"25"}})
	if !c.set.cloud() {
		r = get("read comments", "rest/api/content/"+url.PathEscape(page)+"/child/comment", url.Values{"expand": {"body.storage,version"}, "depth": {"all"}, "limit": {"200"}})
	}
	var answer struct {
		Results []written `json:"results"`
	}
	err := c.do(ctx, r, &answer)
	return answer.Results, err
}

// Pace names the limits: five calls a second for all, one comment at a time below a page.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	paces := []connectors.Pace{{Key: "site", PerMinute: 120, Burst: 5}}
	if page, err := target(e); err == nil {
		paces = append(paces, connectors.Pace{Key: "page/" + page, PerMinute: 30, Burst: 3, Alone: true})
	}
	return paces
}
