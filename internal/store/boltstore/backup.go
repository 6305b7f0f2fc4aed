package boltstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"signoff/internal/store"
	"signoff/internal/store/layout"
)

// Backup is a store's file that is only read, such as a copy: nothing is written to it or beside it.
type Backup struct {
	db    *bolt.DB
	clock layout.Clock
}

// OpenBackup opens a store's file for reading. A file that a running process holds is a *BusyError within a second.
func OpenBackup(path string, clock layout.Clock) (b *Backup, err error) {
	defer func() {
		if p := recover(); p != nil {
			b, err = nil, fmt.Errorf("open %s: the file is damaged (%v)", path, p)
		}
	}()
	if err := whole(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: true, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, &BusyError{Path: path}
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = db.View(func(tx *bolt.Tx) error {
		if tx.Bucket(bucketName(layout.Tables-1)) == nil {
			return fmt.Errorf("open %s: it is no store of signoff", path)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Backup{db: db, clock: clock}, nil
}

// View runs f on the state of the file; f must not keep the Tx.
func (b *Backup) View(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return translate(b.db.View(func(btx *bolt.Tx) error {
		return f(layout.New(layout.NewOverlay(newBuckets(btx)), b.clock.Now, nil))
	}))
}

// Close implements io.Closer.
func (b *Backup) Close() error { return b.db.Close() }
