package github

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
	// receiptLife is how late a webhook of our own write may come: as long as GitHub sends it again.
	receiptLife = redeliverable
	sweepEvery  = time.Hour
)

type until struct {
	Until time.Time `json:"until"`
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

// normal is a text as GitHub gives it back: with its own line ends, without white space around.
func normal(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// receiptKey names one expected change of a thing: field takes value.
func receiptKey(key, field, value string) string {
	return receiptPrefix + key + "/" + field + "/" + hash(normal(value))
}

// expect leaves a receipt before the write it is for, so that no webhook can be faster.
func (c *Connector) expect(ctx context.Context, key, field, value string) error {
	now := c.deps.Now()
	c.memory.Note(receiptKey(key, field, value), until{now.Add(receiptLife)})
	return c.sweep(ctx, now)
}

// receipt reports whether a write of ours explains a value. It stays until its time is over: the same may be told twice.
func (c *Connector) receipt(ctx context.Context, key, field, value string) (bool, error) {
	var u until
	ok, err := c.memory.Load(ctx, receiptKey(key, field, value), &u)
	return ok && c.deps.Now().Before(u.Until), err
}

// sweep throws away receipts that are over, at most once in a while.
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

func cannot(op, person string) error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}
