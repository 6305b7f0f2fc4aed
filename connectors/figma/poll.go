package figma

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"signoff/connectors"
)

const (
	pollEvery = time.Hour
	pollAgain = 5 * time.Minute
	pollSoon  = time.Minute
	logged    = 7 * 24 * time.Hour // how long Figma keeps what it sent
)

// sent is one try of Figma's to tell us something.
type sent struct {
	Info struct {
		Payload json.RawMessage `json:"payload"`
		At      string          `json:"sent_at"`
	} `json:"request_info"`
	Answer *struct {
		Status loose `json:"status"`
	} `json:"response_info"`
}

// arrived reports whether we took it.
func (s sent) arrived() bool { return s.Answer != nil && s.Answer.Status == "200" }

func cursorKey(webhook string) string { return "sent/" + webhook }

// Poll fetches what Figma could not deliver, from its own list of the last seven days. What did arrive is known by its
// content and is not taken twice.
func (c *Connector) Poll(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) (time.Duration, error) {
	next := pollEvery
	if c.unfinished() {
		if _, err := c.Register(ctx); err != nil {
			return pollAgain, err
		}
	}
	if c.unfinished() {
		next = pollSoon
	}
	list, err := c.keptHooks(ctx)
	if err != nil {
		return pollAgain, err
	}
	for _, k := range list {
		if err := c.fetchMissed(ctx, k, deliver); err != nil {
			return pollAgain, err
		}
	}
	return next, nil
}

func (c *Connector) fetchMissed(ctx context.Context, k keptHook, deliver func(context.Context, connectors.Inbound) connectors.Reply) error {
	since := c.deps.Now().Add(-logged)
	var cursor time.Time
	if _, err := c.memory.Load(ctx, cursorKey(k.ID), &cursor); err != nil {
		return err
	}
	list, err := c.sentBy(ctx, k.ID)
	if lost(err) {
		return nil // the webhook is gone; Register makes another
	}
	if err != nil {
		return err
	}
	newest := cursor
	for _, s := range list {
		at := instant(s.Info.At)
		if !at.After(cursor) || at.Before(since) || s.arrived() || !object(s.Info.Payload) {
			newest = later(newest, at)
			continue
		}
		reply := deliver(ctx, connectors.Inbound{
			Method: http.MethodPost, Rest: k.Rest, Header: http.Header{"Content-Type": {"application/json"}}, Body: s.Info.Payload,
			At: c.deps.Now().UTC(), Trusted: true,
		})
		if reply.Status >= http.StatusInternalServerError {
			c.memory.Note(cursorKey(k.ID), newest)
			return &connectors.Error{Op: "fetch missed webhooks", Class: connectors.Transient, Err: fmt.Errorf("not stored (%d)", reply.Status)}
		}
		newest = later(newest, at)
	}
	if newest.After(cursor) {
		c.memory.Note(cursorKey(k.ID), newest)
	}
	return nil
}

func object(raw json.RawMessage) bool { return bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// sentBy lists what a webhook sent, the oldest first.
func (c *Connector) sentBy(ctx context.Context, id string) ([]sent, error) {
	var answer struct {
		Requests []sent `json:"requests"`
	}
	err := c.do(ctx, call{
		op: "read what a webhook sent", tier: tier2, method: http.MethodGet, path: "v2/webhooks/" + url.PathEscape(id) + "/requests",
		about: "the webhook", scope: "webhooks:read", long: true,
	}, &answer)
	slices.SortStableFunc(answer.Requests, func(a, b sent) int { return instant(a.Info.At).Compare(instant(b.Info.At)) })
	return answer.Requests, err
}
