package boltstore

import (
	"context"
	"sync"
	"time"

	"signoff/internal/store/layout"
)

// What nobody waits for goes with a commit that is made anyway: notes, and updates that are in no hurry.

const (
	noteAfter = time.Second           // how long a note waits for such a commit
	company   = 10 * time.Millisecond // and an unhurried update
)

// Note implements store.Store.
func (s *Store) Note(table, key string, value []byte) {
	switch first, many := s.notes.Add(table, key, value); {
	case many:
		time.AfterFunc(0, s.prompt)
	case first:
		time.AfterFunc(noteAfter, func() {
			if s.notes.Waiting() {
				s.prompt()
			}
		})
	}
}

// prompt has the writer commit what waits; once the store is closed it has done so.
func (s *Store) prompt() {
	_ = s.hand(context.Background(), &call{f: func(*layout.Tx) error { return nil }, done: make(chan struct{})})
}

// waiting are the unhurried updates.
type waiting struct {
	mu    sync.Mutex
	list  []*call
	round int // counts how often they were taken
}

// add has c wait for company, and prompt called when none has come.
func (w *waiting) add(c *call, prompt func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, c)
	if round := w.round; len(w.list) == 1 {
		time.AfterFunc(company, func() {
			if w.still(round) {
				prompt()
			}
		})
	}
}

func (w *waiting) still(round int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.round == round
}

// take takes all that wait.
func (w *waiting) take() []*call {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.list
	if len(list) > 0 {
		w.list = nil
		w.round++
	}
	return list
}

// Counts says what a store has been asked for since it was opened, and what that came to.
type Counts struct {
	Updates, Commits uint64 // transactions, and commits of whatever transactions waited
	Pages, Bytes     uint64 // written
}

// Counts returns what was counted so far.
func (s *Store) Counts() Counts {
	tx := s.db.Stats().TxStats
	return Counts{
		Updates: s.updates.Load(), Commits: s.commits.Load(),
		Pages: uint64(tx.GetPageCount()), Bytes: uint64(tx.GetPageAlloc()),
	}
}
