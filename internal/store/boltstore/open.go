package boltstore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"signoff/internal/store/layout"
)

// ErrEmptied says that the store's file is gone or was cut although one was kept here before. bbolt would open it as
// a new, empty store without a word.
var ErrEmptied = errors.New("the store was emptied or cut")

// BusyError says that another process holds the store.
type BusyError struct {
	Path string
	PID  int // 0 when unknown
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another process holds %s", e.Path)
	}
	return fmt.Sprintf("process %d holds %s", e.PID, e.Path)
}

// Options says how a store is opened.
type Options struct {
	Clock   layout.Clock
	MaxSize int // bytes; 0: no limit
}

// Open opens the store at path, or creates it where none was before. Beside the file it keeps path.id, which holds the
// store's identity and the process that has it open. A second process gets *BusyError within a second.
func Open(path string, o Options) (*Store, error) {
	side, err := readSide(path)
	if err != nil {
		return nil, err
	}
	if err := sound(path, side); err != nil {
		return nil, err
	}
	db, err := openFile(path, o, side)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, path: path, clock: o.Clock, calls: make(chan *call)}
	if s.id, err = prepare(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if side.id != "" && side.id != s.id {
		return nil, errors.Join(fmt.Errorf("open %s: the file belongs to store %s, %s.id names store %s: put the right file back, or remove the .id file to accept this one", path, s.id, path, side.id), db.Close())
	}
	if err := writeSide(path, s.id); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.queue = layout.NewQueue(o.Clock, s.update, s.view)
	s.loop.Go(s.write)
	return s, nil
}

// sound looks at the file before bbolt does, which takes an empty file for a new one and panics on some cut ones.
func sound(path string, side side) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && side.id == "":
		return nil
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("open %s: %w: store %s was here; restore a backup, or remove %s.id to begin anew", path, ErrEmptied, side.id, path)
	case err != nil:
		return fmt.Errorf("open store: %w", err)
	case info.IsDir():
		return fmt.Errorf("open %s: it is a folder, not a file", path)
	}
	return whole(path)
}

func openFile(path string, o Options, was side) (db *bolt.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("open %s: the file is damaged (%v): restore a backup", path, p)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType, MaxSize: o.MaxSize})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, &BusyError{Path: path, PID: was.pid}
	case errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("open %s: the file is damaged (%w): restore a backup", path, err)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// prepare makes the tables and the identity of a new store and returns the identity.
func prepare(db *bolt.DB) (string, error) {
	key := []byte("store id")
	var id string
	err := db.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketName(layout.Tables - 1)); b != nil {
			id = string(b.Get(key))
		}
		return nil
	})
	if err != nil || id != "" {
		return id, err
	}
	id = newID()
	err = db.Update(func(tx *bolt.Tx) error {
		for t := range layout.Tables {
			if _, err := tx.CreateBucketIfNotExists(bucketName(t)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketName(layout.Tables-1)).Put(key, []byte(id))
	})
	if err != nil {
		return "", fmt.Errorf("prepare store: %w", err)
	}
	return id, nil
}

func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// side is what lies beside the file.
type side struct {
	id  string
	pid int
}

func readSide(path string) (side, error) {
	b, err := os.ReadFile(path + ".id")
	if errors.Is(err, os.ErrNotExist) {
		return side{}, nil
	}
	if err != nil {
		return side{}, fmt.Errorf("open store: %w", err)
	}
	var s side
	id, pid, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	s.id = id
	s.pid, _ = strconv.Atoi(pid) // a missing number only makes a message less helpful
	return s, nil
}

// writeSide replaces the side file in one step, so that a kill never leaves half of it.
func writeSide(path, id string) error {
	tmp := path + ".id.new"
	if err := os.WriteFile(tmp, fmt.Appendf(nil, "%s %d\n", id, os.Getpid()), 0o600); err != nil {
		return fmt.Errorf("write the store's identity: %w", err)
	}
	if err := os.Rename(tmp, path+".id"); err != nil {
		return fmt.Errorf("write the store's identity: %w", err)
	}
	return nil
}
