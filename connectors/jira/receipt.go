package jira

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"signoff/connectors"
)

const (
	receiptPrefix = "receipt/"
	// receiptLife is as late as a webhook is accepted.
	receiptLife = oldest
	// sweepEvery is how often receipts that are over are thrown away.
	sweepEvery = time.Hour
)

// receiptKey names one expected change: a field of a ticket taking a value.
func receiptKey(issue, field, value string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))))
	return receiptPrefix + issue + "/" + field + "/" + hex.EncodeToString(sum[:8])
}

type until struct {
	Until time.Time `json:"until"`
}

// expect leaves a receipt before the write it is for, so that no webhook can be faster.
func (c *Connector) expect(ctx context.Context, issue, field, value string) error {
	now := c.deps.Now()
	c.note(receiptKey(issue, field, value), until{now.Add(receiptLife)})
	return c.sweep(ctx, now)
}

// receipt reports whether a write of ours explains the value. It stays until its time is over: Jira may say the same
// twice, and a second look must give the same answer.
func (c *Connector) receipt(ctx context.Context, issue, field, value string) (bool, error) {
	var u until
	ok, err := c.load(ctx, receiptKey(issue, field, value), &u)
	return ok && c.deps.Now().Before(u.Until), err
}

// sweep throws away what is over, at most once in a while.
func (c *Connector) sweep(ctx context.Context, now time.Time) error {
	last := c.swept.Load()
	if last != 0 && now.Sub(time.Unix(last, 0)) < sweepEvery || !c.swept.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	return kept("sweep receipts", c.deps.Keep.Scan(ctx, receiptPrefix, func(key string, value []byte) error {
		var u until
		if json.Unmarshal(value, &u) != nil || !now.Before(u.Until) {
			c.deps.Keep.Note(key, nil)
		}
		return nil
	}))
}

// load reads a kept value; false when there is none.
func (c *Connector) load(ctx context.Context, key string, into any) (bool, error) {
	raw, err := c.deps.Keep.Get(ctx, key)
	if err != nil {
		return false, kept("read "+key, err)
	}
	if raw == nil {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, nil // of another version: as if it were not there, it is only ever a shortcut
	}
	return true, nil
}

const saveTries = 3

// note keeps a value without waiting for it: what Jira is asked again for, or what need only be known while the process
// lives, when it ends now.
func (c *Connector) note(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		c.deps.Log.Warn("what jira said is not kept", "what", key, "err", err)
		return
	}
	c.deps.Keep.Note(key, raw)
}

// save writes a kept value over whatever is there and waits until it is safe.
func (c *Connector) save(ctx context.Context, key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return kept("write "+key, err)
	}
	for range saveTries {
		old, err := c.deps.Keep.Get(ctx, key)
		if err != nil {
			return kept("write "+key, err)
		}
		err = c.deps.Keep.Put(ctx, key, old, raw)
		if !errors.Is(err, connectors.ErrChanged) {
			return kept("write "+key, err)
		}
	}
	return kept("write "+key, connectors.ErrChanged)
}

// kept wraps an error of our own store: trying later is all there is to do.
func kept(op string, err error) error {
	if err == nil {
		return nil
	}
	return &connectors.Error{Op: op, Class: connectors.Transient, Err: err}
}
