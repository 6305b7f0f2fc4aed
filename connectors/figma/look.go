package figma

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Look reads the newest version of a file and what was said in it since an instant.
func (c *Connector) Look(ctx context.Context, a flow.Asset, since time.Time) ([]flow.Event, error) {
	key := a.Ref.Key
	if a.Ref.Type != "file" || !fileKey.MatchString(key) {
		return nil, cannot("read the file", fmt.Sprintf("%q is no file of Figma's.", key))
	}
	list, err := c.newer(ctx, key, a.Current().ID)
	if err != nil {
		return c.gone(ctx, key, err)
	}
	title, err := c.titleOf(ctx, key, a.Label)
	if err != nil {
		return nil, err
	}
	var out []flow.Event
	if len(list) > 0 {
		out = append(out, c.changed(key, title, first(a.Nodes), list))
	}
	said, err := c.heard(ctx, key, title, since)
	switch {
	case connectors.ClassOf(err) == connectors.Rejected:
		c.deps.Log.Warn("comments of a file cannot be read", "file", key, "error", err)
	case err != nil:
		return nil, err
	}
	return c.stamped(append(out, said...)), nil
}

// LookEvery is how often files of open requests are looked at.
func (c *Connector) LookEvery() time.Duration {
	every, _ := c.set.look() // a wrong one is refused at start
	return every
}

func cannot(op, person string) error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// gone says that a file cannot be read, once it is sure that Figma still knows us.
func (c *Connector) gone(ctx context.Context, key string, err error) ([]flow.Event, error) {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok || e.Gone == "" {
		return nil, err
	}
	if c.set.TokenType != planToken {
		if _, site := c.askAccount(ctx); site != nil && connectors.ClassOf(site) != connectors.Rejected {
			return nil, site
		}
	}
	return c.stamped([]flow.Event{c.goneEvent(key, e.Gone)}), nil
}

func (c *Connector) goneEvent(key, why string) flow.Event {
	return flow.Event{Kind: flow.AssetGone, Subject: c.file(key), Fields: map[string][]string{"why": {why}}}
}

// titleOf is what a file is called; it is asked for only where that costs little, and fallback does where it is not known.
func (c *Connector) titleOf(ctx context.Context, key, fallback string) (string, error) {
	m, err := c.metaOf(ctx, key)
	if connectors.ClassOf(err) == connectors.Denied {
		return "", err
	}
	return oneLine(firstOf(m.Name, fallback), longestName), nil
}

// stamped completes events that no webhook told of.
func (c *Connector) stamped(list []flow.Event) []flow.Event {
	for i := range list {
		ev := &list[i]
		what := string(ev.Kind) + "/" + ev.Subject.Key
		switch {
		case len(ev.Versions) > 0:
			what += "/" + ev.Versions[len(ev.Versions)-1].ID
		case !ev.Said.Zero():
			what += "/" + ev.Said.Key + "/" + ev.Sent.UTC().Format(time.RFC3339) + ev.Field("state")
		}
		ev.ID, ev.At = c.deps.Instance+"/read/"+what, c.deps.Now().UTC()
	}
	return list
}

// known is what was last known of a comment. Figma tells neither of edits nor of what is resolved or taken back.
type known struct {
	Words    string `json:"w"`
	Resolved bool   `json:"r,omitempty"`
	Asked    bool   `json:"a,omitempty"` // a request was made of it: it asks for no change
}

const mostKnown = 1000 // comments of one file

func commentsKey(key string) string { return "comments/" + key }

// heard reads what was said, changed, resolved and taken back in a file.
func (c *Connector) heard(ctx context.Context, key, title string, since time.Time) ([]flow.Event, error) {
	own, err := c.ownID(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.comments(ctx, key)
	if err != nil {
		return nil, err
	}
	row := map[loose]known{}
	if _, err := c.memory.Load(ctx, commentsKey(key), &row); err != nil {
		return nil, err
	}
	now := c.deps.Now().UTC()
	var out []flow.Event
	for _, m := range list {
		ours, err := c.wrote(ctx, m, own)
		if err != nil {
			return nil, err
		}
		if !ours {
			out = append(out, c.heardOf(key, title, m, row, since, now)...)
		}
	}
	for id := range row {
		if _, there := find(list, id); !there {
			out = append(out, flow.Event{Kind: flow.CommentRemoved, Subject: c.file(key), Said: c.commentRef(key, string(id)), Sent: now, Seq: string(id)})
			delete(row, id)
		}
	}
	c.memory.Note(commentsKey(key), row)
	return inOrder(out), nil
}

// heardOf compares one comment with what was known of it.
func (c *Connector) heardOf(key, title string, m comment, row map[loose]known, since, now time.Time) []flow.Event {
	before, had := row[m.ID]
	late := instant(m.Created).Before(since)
	if late && !had {
		return nil
	}
	var out []flow.Event
	ev := c.saidIn(key, title, m)
	if before.Asked {
		delete(ev.Fields, "point")
	}
	switch {
	case had && before.Words != wordsHash(m.Message):
		ev.Kind, ev.Sent = flow.CommentEdited, now
		out = append(out, ev)
	case !late && !before.Asked:
		out = append(out, ev)
	}
	resolved := instant(m.Resolved)
	switch {
	case m.Parent != "":
	case !resolved.IsZero() && (!resolved.Before(since) || had && !before.Resolved), resolved.IsZero() && before.Resolved:
		out = append(out, c.resolvedIn(key, m, now))
	}
	if had || len(row) < mostKnown {
		row[m.ID] = known{wordsHash(m.Message), !resolved.IsZero(), before.Asked}
	}
	return out
}

// remember keeps what a webhook told of a comment, so that a later look sees what has changed.
func (c *Connector) remember(ctx context.Context, key string, m comment, asked bool) error {
	row := map[loose]known{}
	if _, err := c.memory.Load(ctx, commentsKey(key), &row); err != nil {
		return err
	}
	before, had := row[m.ID]
	now := known{wordsHash(m.Message), !instant(m.Resolved).IsZero(), asked || before.Asked}
	if before == now || !had && len(row) >= mostKnown {
		return nil
	}
	row[m.ID] = now
	c.memory.Note(commentsKey(key), row)
	return nil
}

func wordsHash(s string) string { return hash(s)[:12] }

func inOrder(list []flow.Event) []flow.Event {
	slices.SortStableFunc(list, func(a, b flow.Event) int {
		if d := a.Sent.Compare(b.Sent); d != 0 {
			return d
		}
		if below := cmp.Compare(len(a.Fields["below"]), len(b.Fields["below"])); below != 0 {
			return below // what is answered comes before its answer
		}
		return strings.Compare(a.Seq, b.Seq)
	})
	return list
}
