package jira

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
)

// What people said in a ticket is remembered by its id, without its words, so that a comment that was deleted while no
// webhook came is missed when the ticket is read again.

type heardRow struct {
	Gone time.Time `json:"gone,omitzero"` // since when it is missed
}

// goneFor is how long a missing comment is told of: what was told once and not taken in is told again.
const goneFor = 2 * time.Hour

func heardPrefix(issue string) string  { return "heard/" + issue + "/" }
func heardKey(issue, id string) string { return heardPrefix(issue) + id }

// hear keeps that people said something, or forgets it when they took it back.
func (c *Connector) hear(ctx context.Context, kind flow.Kind, issue, id string) error {
	if issue == "" || !issueID.MatchString(id) {
		return nil
	}
	if kind == flow.CommentRemoved {
		c.memory.Forget(heardKey(issue, id))
		return nil
	}
	var row heardRow
	if ok, err := c.memory.Load(ctx, heardKey(issue, id), &row); err != nil || ok && row.Gone.IsZero() {
		return err
	}
	c.memory.Note(heardKey(issue, id), heardRow{})
	return nil
}

// span is what a reading of a ticket's comments saw: which there are, down to which one.
type span struct {
	there  map[string]bool
	lowest string
	whole  bool // to the first comment
}

func (s *span) saw(id string) {
	if s.there == nil {
		s.there = map[string]bool{}
	}
	s.there[id] = true
	if s.lowest == "" || numerically(id, s.lowest) < 0 {
		s.lowest = id
	}
}

// misses reports whether a comment would have been seen if it were there.
func (s *span) misses(id string) bool {
	return !s.there[id] && (s.whole || s.lowest != "" && numerically(id, s.lowest) > 0)
}

func numerically(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }

// missed tells of the comments that were heard and are not there any more.
func (c *Connector) missed(ctx context.Context, ticket flow.Ref, s span) ([]flow.Event, error) {
	var ids []string
	rows := map[string]heardRow{}
	prefix := heardPrefix(ticket.Key)
	err := c.deps.Keep.Scan(ctx, prefix, func(key string, value []byte) error {
		var row heardRow
		if id := strings.TrimPrefix(key, prefix); decode(value, &row) && s.misses(id) {
			ids, rows[id] = append(ids, id), row
		}
		return nil
	})
	if err != nil {
		return nil, kept("read what was heard", err)
	}
	slices.SortFunc(ids, numerically)
	now := c.deps.Now().UTC()
	var out []flow.Event
	for _, id := range ids {
		row := rows[id]
		switch {
		case row.Gone.IsZero():
			row.Gone = now
			c.memory.Note(heardKey(ticket.Key, id), row)
		case now.Sub(row.Gone) > goneFor:
			c.memory.Forget(heardKey(ticket.Key, id))
		}
		out = append(out, flow.Event{
			ID: ticket.System + "/read/" + ticket.Key + "/comment/" + id + "/gone", Kind: flow.CommentRemoved,
			At: now, Sent: row.Gone, Seq: id, Subject: ticket, Said: c.commentRef(ticket.Key, id),
		})
	}
	return out, nil
}
