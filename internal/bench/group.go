package main

import (
	"errors"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// entry is one key with its value in a bucket.
type entry struct{ bucket, key, value []byte }

// group is the least that commits to bbolt for many writers at once: one loop that takes whatever waits and syncs it
// together, so that a lone writer is not delayed and a crowd shares the sync.
type group struct {
	db    *bolt.DB
	calls chan groupCall
	loop  sync.WaitGroup
}

type groupCall struct {
	entries []entry
	done    chan error
}

const groupMost = 512 // most calls in one commit

var bucketNames = [][]byte{[]byte("values"), []byte("ids"), []byte("index"), []byte("outbox")}

// openBare opens a bbolt file with the four buckets of the references.
func openBare(path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range bucketNames {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func openGroup(path string) (*group, error) {
	db, err := openBare(path)
	if err != nil {
		return nil, err
	}
	g := &group{db: db, calls: make(chan groupCall)}
	g.loop.Go(g.write)
	return g, nil
}

// put returns when the entries are synced.
func (g *group) put(entries ...entry) error {
	c := groupCall{entries: entries, done: make(chan error, 1)}
	g.calls <- c
	return <-c.done
}

func (g *group) close() error {
	close(g.calls)
	g.loop.Wait()
	return g.db.Close()
}

func (g *group) write() {
	for first := range g.calls {
		batch := g.gather(first)
		err := g.db.Update(func(tx *bolt.Tx) error {
			for _, c := range batch {
				if err := putAll(tx, c.entries); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range batch {
			c.done <- err
		}
	}
}

func (g *group) gather(first groupCall) []groupCall {
	batch := []groupCall{first}
	for len(batch) < groupMost {
		select {
		case c, ok := <-g.calls:
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

func putAll(tx *bolt.Tx, entries []entry) error {
	for _, e := range entries {
		if err := tx.Bucket(e.bucket).Put(e.key, e.value); err != nil {
			return err
		}
	}
	return nil
}
