package boltstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
)

// TestOpenBackup: a copy of a store is read without a trace; a store in use, another file and none are refused.
func TestOpenBackup(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), context.Background()
	clock := layout.Clock{Now: time.Now, After: time.After}
	path, copied := filepath.Join(dir, "signoff.db"), filepath.Join(dir, "copy.db")
	s, err := boltstore.Open(path, boltstore.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(ctx, func(tx store.Tx) error {
		if err := tx.PutRequest(flow.Request{ID: "CR-1", Version: 1}, nil); err != nil {
			return err
		}
		_, err := tx.Record(flow.Record{Request: "CR-1", Version: 1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var busy *boltstore.BusyError
	if _, err := boltstore.OpenBackup(path, clock); !errors.As(err, &busy) {
		t.Errorf("a store in use: %v, want that it is busy", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, data, 0o400); err != nil {
		t.Fatal(err)
	}
	b, err := boltstore.OpenBackup(copied, clock)
	if err != nil {
		t.Fatal(err)
	}
	err = b.View(ctx, func(tx store.Tx) error {
		list, err := tx.History(0, 10)
		if len(list) != 1 || list[0].Request != "CR-1" {
			t.Errorf("history %+v", list)
		}
		return err
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(copied + ".id"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something lies beside the copy: %v", err)
	}
	if err := os.WriteFile(copied+"2", []byte("no store at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{copied + "2", filepath.Join(dir, "none.db")} {
		if _, err := boltstore.OpenBackup(other, clock); err == nil {
			t.Errorf("%s was opened", other)
		}
	}
}
