// Package boltstore keeps everything in one bbolt file.
//
// One writer loop runs whatever transactions wait and commits them together: a lone one is not delayed, a crowd shares
// the sync. Each transaction runs over an overlay of its own, so one that fails takes nothing with it.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"signoff/internal/store"
	"signoff/internal/store/layout"
)

// Store is a store.Store in a bbolt file.
type Store struct {
	db    *bolt.DB
	path  string
	clock layout.Clock
	queue *layout.Queue
	notes layout.Notes
	id    string

	updates, commits atomic.Uint64

	calls  chan *call
	mu     sync.RWMutex // held for reading while a call is handed over
	closed bool
	loop   sync.WaitGroup

	waiting waiting
}

var _ store.Store = (*Store)(nil)

// call is one Update waiting for its commit.
type call struct {
	f    func(*layout.Tx) error
	tx   *layout.Tx
	err  error
	done chan struct{}
}

const crowd = 512 // most transactions in one commit

// ID implements store.Store.
func (s *Store) ID() string { return s.id }

// Path returns the file's path.
func (s *Store) Path() string { return s.path }

// View implements store.Store.
func (s *Store) View(ctx context.Context, f func(store.Tx) error) error {
	return s.view(ctx, func(t *layout.Tx) error { return f(t) })
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	return s.update(ctx, func(t *layout.Tx) error { return f(t) })
}

// Work implements store.Store.
func (s *Store) Work(ctx context.Context, h store.Handler) error { return s.queue.Work(ctx, h) }

// Nudge makes the queue look for due jobs now, after the clock has been moved.
func (s *Store) Nudge() { s.queue.Nudge() }

// Close implements store.Store. It waits for the commit under way.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.calls)
	s.mu.Unlock()
	s.loop.Wait()
	return s.db.Close()
}

func (s *Store) view(ctx context.Context, f func(*layout.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for {
		round := s.notes.Round()
		err := s.db.View(func(btx *bolt.Tx) error {
			over := layout.NewOverlay(newBuckets(btx))
			s.notes.Show(over)
			if s.notes.Round() != round {
				return errMoved
			}
			return f(layout.New(over, s.clock.Now, nil))
		})
		if !errors.Is(err, errMoved) {
			return translate(err)
		}
	}
}

// errMoved says that notes were committed between the look at the file and the look at the notes.
var errMoved = errors.New("notes were committed meanwhile")

func (s *Store) update(ctx context.Context, f func(*layout.Tx) error) error {
	s.updates.Add(1)
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := &call{f: f, done: make(chan struct{})}
		if err := s.hand(ctx, c); err != nil {
			return err
		}
		<-c.done // decided: it is kept or not, whatever ctx says meanwhile
		if errors.Is(c.err, store.ErrConflict) && try < layout.Tries {
			continue
		}
		if c.err == nil {
			s.queue.Committed(c.tx)
		}
		return c.err
	}
}

func (s *Store) hand(ctx context.Context, c *call) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	if store.IsUnhurried(ctx) {
		s.waiting.add(c, s.prompt)
		return nil
	}
	select {
	case s.calls <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write is the writer loop.
func (s *Store) write() {
	for first := range s.calls {
		s.finish(s.gather(first))
	}
	s.finish(s.waiting.take()) // and what is noted
}

func (s *Store) finish(batch []*call) {
	err := s.commit(batch)
	for _, c := range batch {
		if c.err == nil {
			c.err = err
		}
		close(c.done)
	}
}

// gather takes whatever else waits.
func (s *Store) gather(first *call) []*call {
	batch := append(s.waiting.take(), first)
	for len(batch) < crowd {
		select {
		case c, ok := <-s.calls:
			if !ok {
				return batch
			}
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch in one bolt transaction. The error is that of the commit; each call holds its own.
func (s *Store) commit(batch []*call) error {
	btx, err := s.db.Begin(true)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = btx.Rollback() }() // does nothing after a commit
	kv := newBuckets(btx)
	noted, err := s.notes.Apply(kv)
	if err != nil {
		return translate(err)
	}
	for _, c := range batch {
		over := layout.NewOverlay(kv)
		c.tx = layout.New(over, s.clock.Now, s.queue)
		if c.err = run(c); c.err != nil {
			continue
		}
		if err := over.Apply(); err != nil {
			return translate(err)
		}
	}
	if !kv.changed {
		return nil
	}
	if err := translate(btx.Commit()); err != nil {
		if errors.Is(err, store.ErrFull) {
			s.notes.Kept(noted) // lost: a smaller commit may still fit
		}
		return err
	}
	s.commits.Add(1)
	s.notes.Kept(noted)
	return nil
}

func run(c *call) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in transaction: %v", p)
		}
	}()
	return c.f(c.tx)
}

// translate names the faults that callers must tell apart.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EFBIG), errors.Is(err, syscall.EDQUOT),
		errors.Is(err, syscall.EROFS), errors.Is(err, berrors.ErrMaxSizeReached):
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return store.ErrClosed
	}
	return err
}
