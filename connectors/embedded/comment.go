package embedded

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/text"
)

// Comment is something said in a ticket.
type Comment struct {
	Mark    string    `json:"mark"`
	Text    string    `json:"text"`
	Body    text.Doc  `json:"body,omitempty"`
	At      time.Time `json:"at"`
	Changed time.Time `json:"changed,omitzero"` // when its words were last changed
	Version int64     `json:"version,omitempty"`
}

func (t ticket) said(mark string) bool { return t.comment(mark) >= 0 }

// comment finds a comment by its mark, -1 without one.
func (t ticket) comment(mark string) int {
	return slices.IndexFunc(t.Comments, func(c Comment) bool { return c.Mark == mark })
}

// tell says something in a ticket, once per mark.
func (c *Connector) tell(ctx context.Context, e flow.Effect) error {
	if e.Tell.Private || e.Tell.Where.Zero() {
		return cannot("comment", "The embedded tracker speaks in tickets only, not to single people.")
	}
	number, err := c.at(e.Tell.Where)
	if err != nil {
		return err
	}
	v := e.Tell.View
	return c.update(ctx, number, func(t *ticket) (bool, error) {
		switch {
		case t.Made.IsZero():
			return false, c.missing("comment", number)
		case t.said(e.Mark()):
			return false, nil
		}
		t.Comments = append(t.Comments, Comment{Mark: e.Mark(), Text: v.Headline, Body: v.Body, At: c.deps.Now().UTC()})
		return true, nil
	})
}

// showComment makes words of the thread stand in a ticket as their view has them: it adds them, or changes those that
// stand there under their mark.
func (c *Connector) showComment(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	s := e.Show
	number, err := c.commented(s)
	if err != nil {
		return nil, err
	}
	at := 0
	err = c.update(ctx, number, func(t *ticket) (bool, error) {
		if t.Made.IsZero() {
			return false, c.missing("comment", number)
		}
		now := c.deps.Now().UTC()
		at = t.comment(e.Mark())
		switch {
		case at < 0:
			at = len(t.Comments)
			t.Comments = append(t.Comments, Comment{Mark: e.Mark(), Text: s.View.Headline, Body: s.View.Body, At: now, Version: s.Version})
			return true, nil
		case t.Comments[at].Version >= s.Version:
			return false, nil // there already, or newer words are
		}
		one := &t.Comments[at]
		one.Text, one.Body, one.Changed, one.Version = s.View.Headline, s.View.Body, now, s.Version
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return c.commentLink(e, number, at), nil
}

// commented is the ticket that words belong to: where they go, or where they already stand.
func (c *Connector) commented(s *flow.Show) (int, error) {
	if s.Link == nil {
		return c.at(s.At)
	}
	first, _, _ := strings.Cut(s.Link.Ref.Key, "/")
	return c.at(flow.Ref{Type: "ticket", Key: first})
}

// commentLink names a comment by its ticket and its place in it; none is ever taken away.
func (c *Connector) commentLink(e flow.Effect, number, at int) []flow.Link {
	ref := flow.Ref{System: c.deps.Instance, Type: "comment", Key: fmt.Sprintf("%d/%s", number, strconv.Itoa(at+1))}
	return []flow.Link{{Ref: ref, Purpose: e.Show.Purpose, Label: c.key(number), URL: c.page("/requests/" + string(e.Request)), Shown: e.Show.Digest, Version: e.Show.Version}}
}

// findComment looks the mark of words up.
func (c *Connector) findComment(ctx context.Context, e flow.Effect) ([]flow.Link, bool, error) {
	number, err := c.commented(e.Show)
	if err != nil {
		return nil, false, nil // then nothing was said there
	}
	t, _, err := c.read(ctx, number)
	if err != nil || !t.said(e.Mark()) {
		return nil, false, err
	}
	links, err := c.showComment(ctx, e)
	return links, err == nil, err
}

// missing says that a ticket is not there any more.
func (c *Connector) missing(op string, number int) error {
	err := cannot(op, c.key(number)+" is not there.")
	err.Gone = "deleted"
	return err
}

// Comments returns what was said in a ticket, the oldest first.
func (c *Connector) Comments(ctx context.Context, ref flow.Ref) ([]Comment, error) {
	number, err := c.at(ref)
	if err != nil {
		return nil, err
	}
	t, _, err := c.read(ctx, number)
	return t.Comments, err
}
