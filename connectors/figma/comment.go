package figma

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"signoff/internal/pattern"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// comment is one as Figma lists it.
type comment struct {
	ID       loose           `json:"id"`
	Parent   loose           `json:"parent_id"`
	Order    loose           `json:"order_id"`
	By       user            `json:"user"`
	Created  string          `json:"created_at"`
	Resolved string          `json:"resolved_at"`
	Message  string          `json:"message"`
	Place    json.RawMessage `json:"client_meta"`
}

var idForm = pattern.New(`^[0-9A-Za-z:_-]{1,64}$`)

// node is where a comment is pinned: "" where it is pinned to no node.
func (m comment) node() string {
	var at struct {
		Node json.RawMessage `json:"node_id"`
	}
	if json.Unmarshal(m.Place, &at) != nil {
		return "" // pinned to the canvas, or not at all
	}
	var node string
	var many []string // as older comments have it
	if json.Unmarshal(at.Node, &node) != nil && json.Unmarshal(at.Node, &many) == nil {
		node = first(many)
	}
	if !anyNode.MatchString(node) {
		return ""
	}
	return node
}

// root is the comment that begins the thread.
func (m comment) root() loose {
	if m.Parent != "" {
		return m.Parent
	}
	return m.ID
}

func find(list []comment, id loose) (comment, bool) {
	for _, m := range list {
		if m.ID == id {
			return m, true
		}
	}
	return comment{}, false
}

// comments reads all comments of a file: Figma has no pages of them.
func (c *Connector) comments(ctx context.Context, key string) ([]comment, error) {
	r := get("read comments", tier2, key, "/comments", "file_comments:read")
	r.query, r.long = url.Values{"as_md": {"false"}}, true
	var answer struct {
		Comments []comment `json:"comments"`
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return nil, err
	}
	valid := answer.Comments[:0]
	for _, m := range answer.Comments {
		if idForm.MatchString(string(m.ID)) {
			valid = append(valid, m)
		}
	}
	c.recent.putComments(key, valid, c.deps.Now())
	return valid, nil
}

// comment is where people read a comment.
func (s site) comment(key, node, id string) string {
	return s.address(place{key: key, node: node}) + "#" + url.PathEscape(id)
}

// saidIn is a comment in our words.
func (c *Connector) saidIn(key, file string, m comment) flow.Event {
	ev := flow.Event{
		Kind: flow.CommentAdded, Subject: c.file(key), Said: c.commentRef(key, string(m.ID)), Actor: c.actor(m.By), Sent: instant(m.Created),
		Seq: string(m.ID), Body: text.Plain(strings.TrimSpace(m.Message)), Fields: map[string][]string{"point": {"yes"}},
	}
	if m.Parent != "" {
		ev.Fields["below"] = []string{c.commentRef(key, string(m.Parent)).String()}
	}
	node := m.node()
	if node != "" {
		ev.Fields["node"] = []string{node}
	}
	ev.Links = []flow.Link{{Ref: ev.Said, Label: file, URL: c.site.comment(key, node, string(m.ID))}}
	return ev
}

// resolvedIn says that the thread of a comment was resolved, or opened again.
func (c *Connector) resolvedIn(key string, m comment, now time.Time) flow.Event {
	ev := flow.Event{Kind: flow.PointResolved, Subject: c.file(key), Said: c.commentRef(key, string(m.ID)), Fields: map[string][]string{"state": {"resolved"}}}
	if ev.Sent = instant(m.Resolved); ev.Sent.IsZero() {
		ev.Fields["state"], ev.Sent = []string{"open"}, now
	}
	return ev
}
