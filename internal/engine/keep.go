package engine

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"signoff/connectors"
	"signoff/internal/store"
)

const keepTable = "keep"

// NewKeep returns the Keep of one connector instance over a store.
func NewKeep(s store.Store, instance string) connectors.Keep {
	return &keep{store: s, prefix: instance + "/"}
}

type keep struct {
	store  store.Store
	prefix string
}

// Get implements connectors.Keep.
func (k *keep) Get(ctx context.Context, key string) (value []byte, err error) {
	err = k.store.View(ctx, func(tx store.Tx) error {
		b, err := tx.Row(keepTable, k.prefix+key)
		value = bytes.Clone(b)
		return err
	})
	return value, err
}

// Put implements connectors.Keep.
func (k *keep) Put(ctx context.Context, key string, old, value []byte) error {
	return k.store.Update(ctx, func(tx store.Tx) error {
		have, err := tx.Row(keepTable, k.prefix+key)
		if err != nil {
			return err
		}
		if (have == nil) != (old == nil) || !bytes.Equal(have, old) {
			return fmt.Errorf("%s: %w", key, connectors.ErrChanged)
		}
		if value == nil {
			return tx.DeleteRow(keepTable, k.prefix+key)
		}
		return tx.PutRow(keepTable, k.prefix+key, value)
	})
}

// Note implements connectors.Keep.
func (k *keep) Note(key string, value []byte) { k.store.Note(keepTable, k.prefix+key, value) }

// NewArchive returns what gives one connector instance the bodies of its own deliveries, by the sender's own id; nil where
// one is kept no longer.
func NewArchive(s store.Store, instance string) func(ctx context.Context, id string) ([]byte, error) {
	return func(ctx context.Context, id string) (body []byte, err error) {
		err = s.View(ctx, func(tx store.Tx) error {
			d, ok, err := tx.Delivery(instance + "/" + id)
			if ok && d.Instance == instance {
				body = d.Body
			}
			return err
		})
		return body, err
	}
}

const keepPage = 256

// Scan implements connectors.Keep. It reads in chunks: each may call back into Keep, and long scans do not hold the
// store's pages.
func (k *keep) Scan(ctx context.Context, prefix string, each func(key string, value []byte) error) error {
	from, to := k.prefix+prefix, after(k.prefix+prefix)
	for {
		type pair struct {
			key   string
			value []byte
		}
		var page []pair
		err := k.store.View(ctx, func(tx store.Tx) error {
			page = page[:0]
			return tx.Rows(keepTable, from, to, keepPage, func(key string, value []byte) error {
				page = append(page, pair{key, bytes.Clone(value)})
				return nil
			})
		})
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := each(strings.TrimPrefix(p.key, k.prefix), p.value); err != nil {
				return err
			}
		}
		if len(page) < keepPage {
			return nil
		}
		from = page[len(page)-1].key + "\x00"
	}
}

// after returns the first key behind all that start with prefix.
func after(prefix string) string { return prefix + "\xff\xff\xff\xff" }
