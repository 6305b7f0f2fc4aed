package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/internal/store"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
	"signoff/internal/store/storetest"
)

func machine() layout.Clock { return layout.Clock{Now: time.Now} }

func TestStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T, name string, c layout.Clock) store.Store {
		s, err := boltstore.Open(filepath.Join(dir, name+".db"), boltstore.Options{Clock: c})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}

func newStore(t *testing.T) (path string, s *boltstore.Store) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "signoff.db")
	s, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return path, s
}

func TestOpen_SecondProcessIsTold(t *testing.T) {
	t.Parallel()
	path, _ := newStore(t)
	_, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
	var busy *boltstore.BusyError
	if !errors.As(err, &busy) || busy.PID != os.Getpid() {
		t.Errorf("Open twice: %v, want a BusyError with this process", err)
	}
}

func TestOpen_KeepsIdentityAndMode(t *testing.T) {
	t.Parallel()
	path, s := newStore(t)
	id := s.ID()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.ID() != id || len(id) != 16 {
		t.Errorf("identity %q became %q", id, again.ID())
	}
	for _, f := range []string{path, path + ".id"} {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v, want 0600", f, info.Mode(), err)
		}
	}
}

func TestOpen_RefusesWhatWasEmptiedOrCut(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(string) error{
		"removed":           os.Remove,
		"0 bytes":           func(p string) error { return os.Truncate(p, 0) },
		"1000 bytes":        func(p string) error { return os.Truncate(p, 1000) },
		"one page":          func(p string) error { return os.Truncate(p, 4096) },
		"two pages":         func(p string) error { return os.Truncate(p, 8192) },
		"both metas broken": func(p string) error { return scribble(p, 40, 4136) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, s := newStore(t)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			s, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
			if err == nil {
				_ = s.Close()
				t.Fatal("Open took a spoiled file")
			}
			if !strings.Contains(err.Error(), "backup") {
				t.Errorf("Open: %q does not say what to do", err)
			}
		})
	}
}

// TestOpen_RefusesAFileThatLostItsEnd: bbolt opens such a file and panics when it comes to the missing pages.
func TestOpen_RefusesAFileThatLostItsEnd(t *testing.T) {
	t.Parallel()
	path, s := newStore(t)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 64 {
			if err := tx.PutRow("t", fmt.Sprint(i), bytes.Repeat([]byte{'x'}, 4096)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func() error {
		s, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
		if err == nil {
			err = s.Close()
		}
		return err
	}
	for _, pages := range []int{4, 16, 40} {
		if err := os.WriteFile(path, file[:pages*4096], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(); !errors.Is(err, boltstore.ErrEmptied) {
			t.Errorf("%d pages of %d: Open = %v, want it refused as cut", pages, len(file)/4096, err)
		}
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := scribble(path, 40); err != nil { // one of the two first pages may break
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Errorf("the whole file with one first page broken: Open = %v", err)
	}
}

func scribble(path string, offsets ...int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, o := range offsets {
		if _, err := f.WriteAt([]byte("spoiled"), o); err != nil {
			return err
		}
	}
	return nil
}

func TestRead_NoticesAFlippedByte(t *testing.T) {
	t.Parallel()
	path, s := newStore(t)
	err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutRow("t", "k", []byte("canary-value")) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file = bytes.ReplaceAll(file, []byte("canary-value"), []byte("canary-valuf"))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = boltstore.Open(path, boltstore.Options{Clock: machine()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(t.Context(), func(tx store.Tx) error { _, err := tx.Row("t", "k"); return err })
	if !errors.Is(err, layout.ErrDamaged) || !strings.Contains(err.Error(), "t/k") {
		t.Errorf("reading a flipped value: %v, want ErrDamaged that names the row", err)
	}
}

func TestUpdate_FullStoreRefusesAndReadsOn(t *testing.T) {
	t.Parallel()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "signoff.db"), boltstore.Options{Clock: machine(), MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var full error
	for i := 0; full == nil && i < 100; i++ {
		full = s.Update(t.Context(), func(tx store.Tx) error {
			return tx.PutRow("t", strings.Repeat("k", i+1), bytes.Repeat([]byte{1}, 100_000))
		})
	}
	if !errors.Is(full, store.ErrFull) {
		t.Fatalf("filling the store: %v, want ErrFull", full)
	}
	err = s.View(t.Context(), func(tx store.Tx) error {
		b, err := tx.Row("t", "k")
		if len(b) != 100_000 {
			t.Errorf("after ErrFull the first row has %d bytes", len(b))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	_, s := newStore(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(store.Tx) error { return nil }
	if err := s.Update(context.Background(), nothing); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update: %v, want ErrClosed", err)
	}
	if err := s.View(context.Background(), nothing); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View: %v, want ErrClosed", err)
	}
}

// TestNote_IsKeptWithWhatFollows: whatever is committed after a note proves that the note is kept, too.
func TestNote_IsKeptWithWhatFollows(t *testing.T) {
	t.Parallel()
	path, s := newStore(t)
	has := func(path string) (got string) {
		s, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.View(t.Context(), func(tx store.Tx) error {
			for _, key := range []string{"a", "b"} {
				v, err := tx.Row("t", key)
				if err != nil {
					return err
				}
				got += string(v)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return got
	}
	s.Note("t", "a", []byte("noted "))
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutRow("t", "b", []byte("put")) }); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path) // as the end of the process would leave it
	if err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(t.TempDir(), "killed.db")
	if err := os.WriteFile(killed, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := has(killed); got != "noted put" {
		t.Errorf("after a kill: %q, want the note with the row that came after it", got)
	}
	s.Note("t", "b", []byte("last"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := has(path); got != "noted last" {
		t.Errorf("after Close: %q, want what was noted last", got)
	}
}

// TestNote_IsNeverOutOfSight reads while commits take notes along.
func TestNote_IsNeverOutOfSight(t *testing.T) {
	t.Parallel()
	_, s := newStore(t)
	done := make(chan struct{})
	var commits sync.WaitGroup
	commits.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutRow("t", "other", []byte{byte(i)}) }); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i := range 300 {
		want := fmt.Sprint(i)
		s.Note("t", "k", []byte(want))
		err := s.View(t.Context(), func(tx store.Tx) error {
			if got, err := tx.Row("t", "k"); err != nil || string(got) != want {
				t.Errorf("noted %s, read %q, %v", want, got, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	commits.Wait()
}

// TestUpdate_UnhurriedOnesShareACommit: they wait for each other and go with whatever is committed meanwhile; none is
// forgotten, also when the store is closed.
func TestUpdate_UnhurriedOnesShareACommit(t *testing.T) {
	t.Parallel()
	path, s := newStore(t)
	var all sync.WaitGroup
	put := func(ctx context.Context, key string) {
		if err := s.Update(ctx, func(tx store.Tx) error { return tx.PutRow("t", key, []byte{1}) }); err != nil {
			t.Errorf("Update %s: %v", key, err)
		}
	}
	before := s.Counts()
	put(store.Unhurried(t.Context()), "alone")
	for i := range 20 {
		all.Go(func() { put(store.Unhurried(t.Context()), fmt.Sprint(i)) })
	}
	all.Wait()
	after := s.Counts()
	if n := after.Updates - before.Updates; n != 21 {
		t.Errorf("%d updates counted, want 21", n)
	}
	if n := after.Commits - before.Commits; n >= 10 {
		t.Errorf("21 updates without hurry took %d commits", n)
	}
	put(store.Unhurried(t.Context()), "last")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, boltstore.Options{Clock: machine()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(t.Context(), func(tx store.Tx) error {
		n := 0
		err := tx.Rows("t", "", "", 0, func(string, []byte) error { n++; return nil })
		if n != 22 {
			t.Errorf("%d rows after opening again, want 22", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestNote_DoesNotKeepAFullStoreFull: what is noted and does not fit is lost, and what makes room goes through.
func TestNote_DoesNotKeepAFullStoreFull(t *testing.T) {
	t.Parallel()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "signoff.db"), boltstore.Options{Clock: machine(), MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Note("t", "large", bytes.Repeat([]byte{1}, 2<<20))
	small := func() error {
		return s.Update(t.Context(), func(tx store.Tx) error { return tx.PutRow("t", "small", []byte{1}) })
	}
	if err := small(); !errors.Is(err, store.ErrFull) {
		t.Errorf("an update after a note that does not fit: %v, want ErrFull", err)
	}
	if err := small(); err != nil {
		t.Errorf("the same update again: %v", err)
	}
}
