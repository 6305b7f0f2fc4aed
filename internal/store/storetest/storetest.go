// Package storetest holds every store to one behaviour.
package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signoff/internal/store"
	"signoff/internal/store/layout"
)

// Open opens a store: with the same name the same store, as a restart would find it. A store that keeps nothing over
// a restart returns nil when asked for a name again.
type Open func(t *testing.T, name string, c layout.Clock) store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	cases := map[string]func(*testing.T, Open){
		"update is all or nothing":             testAtomic,
		"a failing neighbour takes nothing":    testNeighbours,
		"seen remembers and forgets":           testSeen,
		"deliveries":                           testDeliveries,
		"requests and terms":                   testRequests,
		"conflicting versions":                 testConflict,
		"records":                              testRecords,
		"rows":                                 testRows,
		"notes":                                testNotes,
		"jobs run when due, in their lanes":    testLanes,
		"jobs wait, park and come back":        testJobLife,
		"attempts are counted before the work": testAttempts,
		"a handler finishes its own job":       testOwnFinish,
		"enqueued again while running":         testAgain,
		"a panic is an error":                  testPanic,
		"a cancelled job does not begin":       testCancel,
		"crash between take and finish":        testCrash,
		"crash before a careful job begins":    testCareful,
		"work begun a second time":             testSecondWork,
		"ten thousand jobs":                    testMany,
		"counters":                             testCounts,
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open)
		})
	}
}

var start = time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC)

// clock is moved by hand; whoever waits on it is woken by the queue's Nudge.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(start.UnixNano())
	return c
}

func (c *clock) layout() layout.Clock {
	return layout.Clock{
		Now:   func() time.Time { return time.Unix(0, c.now.Load()).UTC() },
		After: func(time.Duration) <-chan time.Time { return nil }, // only Nudge wakes
	}
}

func (c *clock) move(s store.Store, d time.Duration) {
	c.now.Add(int64(d))
	s.(interface{ Nudge() }).Nudge()
}

func update(t *testing.T, s store.Store, f func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, s store.Store, f func(store.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

func row(t *testing.T, s store.Store, table, key string) string {
	t.Helper()
	var got []byte
	view(t, s, func(tx store.Tx) error {
		var err error
		got, err = tx.Row(table, key)
		return err
	})
	return string(got)
}

func testAtomic(t *testing.T, open Open) {
	s := open(t, "atomic", newClock().layout())
	boom := errors.New("boom")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.PutRow("t", "k", []byte("v")), tx.Enqueue(store.Job{ID: "j", At: start}), boom)
	})
	if !errors.Is(err, boom) {
		t.Errorf("Update returned %v, want the function's own error", err)
	}
	err = s.Update(t.Context(), func(tx store.Tx) error {
		_ = tx.PutRow("t", "k", []byte("v"))
		panic("planted")
	})
	if err == nil || !strings.Contains(err.Error(), "planted") {
		t.Errorf("Update after a panic returned %v, want an error that says so", err)
	}
	if got := row(t, s, "t", "k"); got != "" {
		t.Errorf("row after failed updates = %q, want none", got)
	}
	view(t, s, func(tx store.Tx) error {
		if _, ok, _ := tx.Job("j"); ok {
			t.Error("a job of a failed update exists")
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(ctx, func(store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Update with an ended context returned %v", err)
	}
}

func testNeighbours(t *testing.T, open Open) {
	s := open(t, "neighbours", newClock().layout())
	var wg sync.WaitGroup
	var good atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			err := s.Update(t.Context(), func(tx store.Tx) error {
				if _, err := tx.Seq("n"); err != nil {
					return err
				}
				if i%3 == 0 {
					return errors.New("no")
				}
				return nil
			})
			if err == nil {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	var n uint64
	update(t, s, func(tx store.Tx) error { var err error; n, err = tx.Seq("n"); return err })
	if want := uint64(good.Load()) + 1; n != want || good.Load() != 42 {
		t.Errorf("counter = %d after %d good updates, want %d after 42", n, good.Load(), want)
	}
}

// ids walks all pages and returns the deliveries' numbers.
// worked runs h until stop says so.
// waitFor reads until the state is there; every read is a fresh look at what is committed.
