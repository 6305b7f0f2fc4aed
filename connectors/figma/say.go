package figma

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/outbound"
)

const (
	opSay       = "write a comment"
	longestSaid = 4000
)

// Do answers in a comment's thread, or comments on a file. Figma lets nobody change a comment, so what was shown once stays.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	key, below, err := target(e)
	if err != nil {
		return nil, err
	}
	ref := c.refOf(e)
	var r receipt
	if ok, err := c.memory.Load(ctx, receiptKey(ref), &r); err != nil {
		return nil, err
	} else if ok && r.ID != "" {
		return c.said(e, r.ID), nil
	}
	if shown := e.Show; shown != nil && shown.Link != nil {
		return c.said(e, shown.Link.Ref.Key), nil
	}
	words := c.words(e)
	if words == "" {
		return nil, nil
	}
	c.memory.Note(receiptKey(ref), receipt{At: c.deps.Now()})
	made, err := c.post(ctx, e, key, below, words+"\n"+refWords+ref)
	if err != nil {
		return nil, err
	}
	id := key + "/" + string(made.ID)
	c.memory.Note(receiptKey(ref), receipt{At: c.deps.Now(), ID: id})
	c.recent.forget(key)
	return c.said(e, id), nil
}

// target is the file to write in, and the comment to write below where there is one.
func target(e flow.Effect) (key, below string, err error) {
	at := placeOf(e)
	key, below, _ = strings.Cut(at.Key, "/")
	private := e.Tell != nil && e.Tell.Private
	switch {
	case private, at.Type != "file" && at.Type != "comment", !fileKey.MatchString(key):
		return "", "", cannot(opSay, "In Figma signoff speaks in comments on files only, not to single people.")
	case at.Type == "comment" && !idForm.MatchString(below):
		return "", "", cannot(opSay, fmt.Sprintf("%q is no comment of Figma's.", at.Key))
	case e.Show != nil && e.Show.View.Kind != flow.CommentView && e.Show.View.Kind != flow.NoticeView:
		return "", "", cannot(opSay, "Figma has no place for cards: what is written there cannot be changed.")
	}
	return key, below, nil
}

func placeOf(e flow.Effect) flow.Ref {
	switch {
	case e.Tell != nil:
		return e.Tell.Where
	case e.Show != nil && e.Show.At.Zero() && e.Show.Link != nil:
		return e.Show.Link.Ref
	case e.Show != nil:
		return e.Show.At
	}
	return flow.Ref{}
}

// effectFile is the key of the file that an effect writes in.
func effectFile(e flow.Effect) string {
	key, _, _ := strings.Cut(placeOf(e).Key, "/")
	return key
}

// said is the link to a comment of ours.
func (c *Connector) said(e flow.Effect, id string) []flow.Link {
	key, comment, _ := strings.Cut(id, "/")
	l := flow.Link{Ref: c.ref("comment", id), Purpose: e.Purpose(), URL: c.site.comment(key, "", comment)}
	if s := e.Show; s != nil {
		l.Shown, l.Version = s.Digest, s.Version
	}
	return []flow.Link{l}
}

// words are those of a view, as plain as Figma shows them.
func (c *Connector) words(e flow.Effect) string {
	if e.Show != nil && e.Show.View.Kind == flow.CommentView {
		return fitting(e.Show.View.Body.Clean().String(), "")
	}
	v := flow.View{}
	if e.Tell != nil {
		v = e.Tell.View
	} else if e.Show != nil {
		v = e.Show.View
	}
	parts := []string{oneLine(v.Headline, longestSaid), strings.TrimSpace(v.Body.Clean().String())}
	var points []string
	for _, p := range v.Points {
		points = append(points, fmt.Sprintf("%d. %s", p.Number, strings.TrimSpace(p.Note.Clean().String())))
	}
	parts = append(parts, strings.Join(points, "\n"))
	page := ""
	if v.Page != "" && c.deps.PublicURL != "" {
		page = c.deps.PublicURL + v.Page
	}
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return fitting(strings.Join(said, "\n"), page)
}

// fitting shortens words to what a comment may hold; the address of the page that says all stands below.
func fitting(words, page string) string {
	if runes := []rune(words); len(runes) > longestSaid {
		words = string(runes[:longestSaid-1]) + "…"
	}
	return strings.TrimSpace(words + "\n" + page)
}

// post writes a comment: below the root of the thread, where a comment is named, else at the node that the request is about.
func (c *Connector) post(ctx context.Context, e flow.Effect, key, below, message string) (comment, error) {
	body := map[string]any{"message": message}
	if below != "" {
		body["comment_id"] = below
	} else if node := c.nodeFor(ctx, e, key); node != "" {
		body["client_meta"] = map[string]any{"node_id": node, "node_offset": map[string]float64{"x": 0, "y": 0}}
	}
	made, err := c.postBody(ctx, key, body)
	status := outbound.StatusOf(err)
	if status != http.StatusBadRequest && status != http.StatusNotFound || len(body) == 1 {
		return made, err
	}
	// It stood below a reply or a comment that is gone, or at a node that is gone.
	root, lookErr := c.rootOf(ctx, key, below)
	if lookErr != nil || root == below && below != "" {
		return made, err
	}
	body = map[string]any{"message": message}
	if root != "" {
		body["comment_id"] = root
	}
	return c.postBody(ctx, key, body)
}

func (c *Connector) postBody(ctx context.Context, key string, body map[string]any) (comment, error) {
	r := call{
		op: opSay, tier: tier2, method: http.MethodPost, path: "v1/files/" + url.PathEscape(key) + "/comments", file: key,
		body: body, once: true, scope: "file_comments:write",
	}
	var made comment
	if err := c.do(ctx, r, &made); err != nil {
		return made, err
	}
	if !idForm.MatchString(string(made.ID)) {
		return made, &connectors.Error{Op: opSay, Class: connectors.Unsure, Wait: firstLook, Err: errors.New("the answer names no comment")}
	}
	return made, nil
}

// rootOf finds the comment that begins a thread, "" where it is gone.
func (c *Connector) rootOf(ctx context.Context, key, id string) (string, error) {
	list, err := c.comments(ctx, key)
	if err != nil {
		return "", err
	}
	m, ok := find(list, loose(id))
	if !ok {
		return "", nil
	}
	if _, there := find(list, m.root()); !there {
		return "", nil
	}
	return string(m.root()), nil
}

// nodeFor is the node of a file that a request is about.
func (c *Connector) nodeFor(ctx context.Context, e flow.Effect, key string) string {
	q := c.query.Load()
	if q == nil {
		return ""
	}
	r, ok, err := (*q).Request(ctx, string(e.Request))
	if err != nil || !ok {
		return ""
	}
	for _, a := range r.Assets {
		if a.Ref == c.file(key) {
			return first(a.Nodes)
		}
	}
	return ""
}

// Find looks for the comment of an earlier try among those of the file.
func (c *Connector) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	key, _, err := target(e)
	if err != nil {
		return nil, false, nil // nothing can have been written
	}
	if wait := firstLook - c.deps.Now().Sub(tried); wait > 0 {
		return nil, false, &connectors.Error{Op: "find a comment", Class: connectors.Unsure, Wait: wait, Err: errors.New("it may still be on its way")}
	}
	own, err := c.ownID(ctx)
	if err != nil {
		return nil, false, err
	}
	list, err := c.comments(ctx, key)
	if unseen(err) {
		return nil, false, nil // Do says so to people
	}
	if err != nil {
		return nil, false, err
	}
	ref := c.refOf(e)
	for _, m := range list {
		if markOf(m.Message) == ref && (own == "" || m.By.ID == own) {
			id := key + "/" + string(m.ID)
			c.memory.Note(receiptKey(ref), receipt{At: c.deps.Now(), ID: id})
			return c.said(e, id), true, nil
		}
	}
	return nil, false, nil
}
