package jira

import (
	"context"
	"slices"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

// saidSince reads the comments that were made or changed since an instant, and tells of those that are missed. Jira lists them by when they were made, so an
// edit of an older one is found as long as its page is read.
func (c *Connector) saidSince(ctx context.Context, ticket flow.Ref, since time.Time) ([]flow.Event, error) {
	key, err := c.keyOf(ctx, ticket.Key)
	if err != nil {
		return nil, err
	}
	var found []written
	var seen span
	older := 0
	seen.whole, err = c.comments(ctx, ticket.Key, func(w written) bool {
		seen.saw(w.ID)
		made, _ := stamp(w.Created)
		changed, ok := stamp(w.Updated)
		if !ok {
			changed = made
		}
		if changed.Before(since) {
			older++
			return older < commentsPage // people edit what they said lately, if at all
		}
		if c.isSelf(w.Author.id()) || len(marksOf(w)) > 0 {
			return true
		}
		w.edited = changed.After(made)
		found = append(found, w)
		return true
	})
	if err != nil {
		return nil, err
	}
	var out []flow.Event
	for _, w := range found {
		names, err := c.namesIn(ctx, w.Body)
		if err != nil {
			return nil, err
		}
		if err := c.hear(ctx, flow.CommentAdded, ticket.Key, w.ID); err != nil {
			return nil, err
		}
		out = append(out, c.commentEvent(ticket, key, w, names))
	}
	gone, err := c.missed(ctx, ticket, seen)
	return append(out, gone...), err
}

func (c *Connector) commentEvent(ticket flow.Ref, key string, w written, names map[string]string) flow.Event {
	ev := flow.Event{
		ID: ticket.System + "/read/" + ticket.Key + "/comment/" + w.ID + "/" + w.Updated, Kind: flow.CommentAdded,
		At: c.deps.Now().UTC(), Subject: ticket, Fields: map[string][]string{},
	}
	if w.Author.id() != "" {
		ev.Actor = c.actorOf(*w.Author)
	}
	if w.edited {
		ev.Kind = flow.CommentEdited
	}
	h := &hookComment{
		ID: loose(w.ID), Body: loose(w.Body), Updated: loose(w.Updated), Visibility: w.Visibility, Public: w.Public, Properties: w.Properties,
	}
	c.said(h, key, &ev)
	c.readInto(&ev, h, names)
	if len(ev.Fields) == 0 {
		ev.Fields = nil
	}
	return ev
}

// attachedSince reads the files that people put at a ticket since an instant.
func (c *Connector) attachedSince(ctx context.Context, ticket flow.Ref, since time.Time) ([]flow.Event, error) {
	list, err := c.filesOf(ctx, ticket.Key)
	if err != nil {
		return nil, err
	}
	var out []flow.Event
	for _, b := range list {
		at, ok := stamp(b.Created)
		if !ok || at.Before(since) || c.isSelf(b.Author.id()) || !fileID.MatchString(string(b.ID)) {
			continue
		}
		f := c.fileOf(b)
		ev := flow.Event{
			ID: ticket.System + "/read/" + ticket.Key + "/attachment/" + string(b.ID), Kind: flow.FilesAdded,
			At: c.deps.Now().UTC(), Sent: at, Subject: ticket, Said: f.Ref, Files: []flow.File{f},
		}
		if b.Author.id() != "" {
			ev.Actor = c.actorOf(*b.Author)
		}
		out = append(out, ev)
	}
	return out, nil
}

func inOrder(list []flow.Event) []flow.Event {
	slices.SortStableFunc(list, func(a, b flow.Event) int {
		if d := a.Sent.Compare(b.Sent); d != 0 {
			return d
		}
		return strings.Compare(a.Seq, b.Seq)
	})
	return list
}

const (
	lostPrefix  = "lost/"  // a create whose answer was lost, by mark
	sweepPrefix = "sweep/" // a ticket whose mark is to be searched once more
	sweepAfter  = 10 * time.Minute
)

// toSweep is a mark under which two tickets may exist: one of a lost call that search did not show in time.
type toSweep struct {
	At      time.Time `json:"at"`
	Project string    `json:"project"`
	ID      string    `json:"id"` // the ticket that is followed
	Key     string    `json:"key"`
}

// lost remembers that a create may have been carried out.
func (c *Connector) lost(hubKey string) {
	c.memory.Note(lostPrefix+hubKey, until{c.deps.Now().Add(receiptLife)})
}

// watch asks for a look in a while, when an earlier create of the same ticket was lost.
func (c *Connector) watch(ctx context.Context, hubKey, project string, m made) {
	var u until
	if ok, err := c.memory.Load(ctx, lostPrefix+hubKey, &u); !ok || err != nil {
		return
	}
	c.memory.Note(sweepPrefix+hubKey, toSweep{At: c.deps.Now().Add(sweepAfter), Project: project, ID: m.ID, Key: m.Key})
	c.memory.Forget(lostPrefix + hubKey)
}

// sweepDuplicates searches the marks that are due. It is a chore beside other work: what fails is tried at the next one.
func (c *Connector) sweepDuplicates(ctx context.Context) {
	now := c.deps.Now()
	due := map[string]toSweep{}
	err := c.deps.Keep.Scan(ctx, sweepPrefix, func(key string, value []byte) error {
		var s toSweep
		if decode(value, &s) && !now.Before(s.At) {
			due[strings.TrimPrefix(key, sweepPrefix)] = s
		}
		return nil
	})
	if err != nil {
		c.deps.Log.Warn("duplicates not looked for", "err", err)
		return
	}
	for hubKey, s := range due {
		hits, err := c.search(ctx, s.Project, hubKey)
		if err == nil {
			c.duplicates(ctx, hit{ID: s.ID, Key: s.Key}, hits)
			c.memory.Forget(sweepPrefix + hubKey)
		}
		if err != nil {
			c.deps.Log.Warn("duplicates not looked for", "ticket", s.Key, "class", string(connectors.ClassOf(err)), "err", err)
		}
	}
}
