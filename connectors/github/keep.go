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
	saveTries   = 3
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
	c.note(receiptKey(key, field, value), until{now.Add(receiptLife)})
	return c.sweep(ctx, now)
}

// receipt reports whether a write of ours explains a value. It stays until its time is over: the same may be told twice.
func (c *Connector) receipt(ctx context.Context, key, field, value string) (bool, error) {
	var u until
	ok, err := c.load(ctx, receiptKey(key, field, value), &u)
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
	// Of another version: as if it were not there, it is only ever a shortcut.
	return raw != nil && json.Unmarshal(raw, into) == nil, nil
}

// note keeps a value without waiting for it.
func (c *Connector) note(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		c.deps.Log.Warn("what github said is not kept", "what", key, "err", err)
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

func cannot(op, person string) error {
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}
