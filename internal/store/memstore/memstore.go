// Package memstore keeps everything in memory: for rule tests, rehearsals and the tests of what stands above a store.
// It behaves as boltstore does, without surviving anything.
package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"

	"signoff/internal/store"
	"signoff/internal/store/layout"
)

// Store is a store.Store in memory.
type Store struct {
	mu     sync.RWMutex
	tables [layout.Tables]table
	clock  layout.Clock
	queue  *layout.Queue
	id     string
	closed bool
}

var _ store.Store = (*Store)(nil)

// New returns an empty store whose time is clock's. id is its identity.
func New(id string, clock layout.Clock) *Store {
	s := &Store{clock: clock, id: id}
	s.queue = layout.NewQueue(clock, s.update, s.view)
	return s
}

// ID implements store.Store.
func (s *Store) ID() string { return s.id }

// View implements store.Store.
func (s *Store) View(ctx context.Context, f func(store.Tx) error) error {
	return s.view(ctx, func(t *layout.Tx) error { return f(t) })
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	return s.update(ctx, func(t *layout.Tx) error { return f(t) })
}

// Note implements store.Store. Nothing is gained by waiting here.
func (s *Store) Note(table, key string, value []byte) {
	_ = s.update(context.Background(), func(t *layout.Tx) error { // closed: it is lost
		if value == nil {
			return t.DeleteRow(table, key)
		}
		return t.PutRow(table, key, value)
	})
}

// Work implements store.Store.
func (s *Store) Work(ctx context.Context, h store.Handler) error { return s.queue.Work(ctx, h) }

// Nudge makes the queue look for due jobs now, after the clock has been moved.
func (s *Store) Nudge() { s.queue.Nudge() }

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *Store) view(ctx context.Context, f func(*layout.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	return f(layout.New(layout.NewOverlay(base{s}), s.clock.Now, nil))
}

func (s *Store) update(ctx context.Context, f func(*layout.Tx) error) error {
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		tx, err := s.once(f)
		if errors.Is(err, store.ErrConflict) && try < layout.Tries {
			continue
		}
		if err == nil {
			s.queue.Committed(tx)
		}
		return err
	}
}

func (s *Store) once(f func(*layout.Tx) error) (tx *layout.Tx, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	over := layout.NewOverlay(base{s})
	tx = layout.New(over, s.clock.Now, s.queue)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in transaction: %v", p)
		}
	}()
	if err := f(tx); err != nil {
		return nil, err
	}
	return tx, over.Apply()
}

// base is the tables themselves as a KV.
type base struct{ s *Store }

func (b base) Get(t layout.Table, key []byte) []byte { return b.s.tables[t].values[string(key)] }

func (b base) Put(t layout.Table, key, value []byte) error {
	b.s.tables[t].put(string(key), value)
	return nil
}

func (b base) Delete(t layout.Table, key []byte) error {
	b.s.tables[t].delete(string(key))
	return nil
}

func (b base) Ascend(t layout.Table, from, to []byte, each func(k, v []byte) bool) {
	keys, values := b.s.tables[t].between(from, to), b.s.tables[t].values
	for _, k := range keys {
		if !each([]byte(k), values[k]) {
			return
		}
	}
}

func (b base) Descend(t layout.Table, from, to []byte, each func(k, v []byte) bool) {
	keys, values := b.s.tables[t].between(from, to), b.s.tables[t].values
	for i := len(keys) - 1; i >= 0; i-- {
		if !each([]byte(keys[i]), values[keys[i]]) {
			return
		}
	}
}

// table is one ordered table: most keys grow with time, so a sorted slice is mostly appended to.
type table struct {
	keys   []string
	values map[string][]byte
}

func (t *table) put(k string, v []byte) {
	if t.values == nil {
		t.values = map[string][]byte{}
	}
	if _, known := t.values[k]; !known {
		i := sort.SearchStrings(t.keys, k)
		t.keys = append(t.keys, "")
		copy(t.keys[i+1:], t.keys[i:])
		t.keys[i] = k
	}
	t.values[k] = bytes.Clone(v)
}

func (t *table) delete(k string) {
	if _, known := t.values[k]; !known {
		return
	}
	delete(t.values, k)
	i := sort.SearchStrings(t.keys, k)
	t.keys = append(t.keys[:i], t.keys[i+1:]...)
}

func (t *table) between(from, to []byte) []string {
	lo, hi := sort.SearchStrings(t.keys, string(from)), len(t.keys)
	if to != nil {
		hi = sort.SearchStrings(t.keys, string(to))
	}
	return t.keys[lo:max(lo, hi)]
}
