package jira

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	c.memory.Note(receiptKey(issue, field, value), until{now.Add(receiptLife)})
	return c.sweep(ctx, now)
}

// receipt reports whether a write of ours explains the value. It stays until its time is over: Jira may say the same
// twice, and a second look must give the same answer.
func (c *Connector) receipt(ctx context.Context, issue, field, value string) (bool, error) {
	var u until
	ok, err := c.memory.Load(ctx, receiptKey(issue, field, value), &u)
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
			c.memory.Forget(key)
		}
		return nil
	}))
}

// kept wraps an error of our own store: trying later is all there is to do.
func kept(op string, err error) error {
	if err == nil {
		return nil
	}
	return &connectors.Error{Op: op, Class: connectors.Transient, Err: err}
}
