package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/store/boltstore"
	"signoff/internal/store/layout"
)

// arrival is one event as a store sees it: a 4 KiB value, its id, a random index term, a piece of work.
type arrival struct {
	number int
	id     string
	term   string
	at     time.Time
	body   []byte
}

func newArrival(n int, body []byte) arrival {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return arrival{number: n, id: fmt.Sprintf("slack/event/Ev%010d", n), term: hex.EncodeToString(random[:]), at: time.Now(), body: body}
}

// entries are the arrival as four bare rows.
func (a arrival) entries() []entry {
	key := binary.BigEndian.AppendUint64(nil, uint64(a.number))
	return []entry{
		{bucketNames[0], key, a.body},
		{bucketNames[1], []byte(a.id), key},
		{bucketNames[2], []byte(a.term), key},
		{bucketNames[3], key, []byte(a.id)},
	}
}

// vault is a store under measurement: put keeps one arrival and returns when it is synced.
type vault struct {
	put   func(arrival) error
	close func() error
}

// bareUpdate is one transaction of bbolt per arrival.
func bareUpdate(path string) (vault, error) {
	db, err := openBare(path)
	if err != nil {
		return vault{}, err
	}
	put := func(a arrival) error {
		return db.Update(func(tx *bolt.Tx) error { return putAll(tx, a.entries()) })
	}
	return vault{put, db.Close}, nil
}

// bareGroup is the least shared commit.
func bareGroup(path string) (vault, error) {
	g, err := openGroup(path)
	if err != nil {
		return vault{}, err
	}
	return vault{func(a arrival) error { return g.put(a.entries()...) }, g.close}, nil
}

// signoffRows is our store with the same four rows and nothing else.
func signoffRows(path string) (vault, error) {
	return signoffStore(path, func(tx store.Tx, a arrival) error {
		key := fmt.Sprintf("%016x", a.number)
		return errors.Join(tx.PutRow("values", key, a.body), tx.PutRow("ids", a.id, []byte(key)),
			tx.PutRow("index", a.term, []byte(key)), tx.PutRow("outbox", key, []byte(a.id)))
	})
}

// signoffEvent is our store with what an accepted event really is to it: the delivery with its state and its count, the
// key by which a repetition is known with its expiry, an index term, and a job with its due time.
func signoffEvent(path string) (vault, error) {
	return signoffStore(path, func(tx store.Tx, a arrival) error {
		if _, seen, err := tx.Seen("delivery/"+a.id, a.term, a.at.Add(30*24*time.Hour)); err != nil || seen {
			return errors.Join(err, fmt.Errorf("%s was seen: %v", a.id, seen))
		}
		d := flow.Delivery{ID: a.id, Instance: "slack", Kind: "event:app_mention", Type: typeJSON, At: a.at, Body: a.body, Hash: a.term, State: flow.Waiting}
		j := store.Job{ID: "decide/" + a.id, Kind: "decide", At: a.at, Created: a.at, Payload: []byte(a.id)}
		return errors.Join(tx.PutDelivery(d), tx.PutRow("index", a.term, []byte(a.id)), tx.Enqueue(j))
	})
}

func signoffStore(path string, put func(store.Tx, arrival) error) (vault, error) {
	s, err := boltstore.Open(path, boltstore.Options{Clock: layout.Clock{Now: time.Now}})
	if err != nil {
		return vault{}, err
	}
	return vault{func(a arrival) error {
		return s.Update(context.Background(), func(tx store.Tx) error { return put(tx, a) })
	}, s.Close}, nil
}

// A contest is one line of P2: two stores are filled by turns, in short slices, because the speed of a shared disk
// changes within seconds.
type contest struct {
	row
	writers      int
	theirs, ours func(string) (vault, error)
}

// storage measures P2.
func (b *bench) storage() ([]row, error) {
	contests := []contest{
		{row{What: "store: an accepted event, 64 writers", Reference: "group", Bound: atLeast(0.9)}, 64, bareGroup, signoffEvent},
		{row{What: "store: an accepted event, 1 writer", Reference: "bare Update", Bound: atLeast(0.8)}, 1, bareUpdate, signoffEvent},
		{row{What: "store: the same four rows, 64 writers", Reference: "group", Bound: atLeast(0.9)}, 64, bareGroup, signoffRows},
		{row{What: "store: the same four rows, 1 writer", Reference: "bare Update", Bound: atLeast(0.8)}, 1, bareUpdate, signoffRows},
	}
	var rows []row
	for _, c := range contests {
		c.Goal, c.Unit = "P2", "events/s"
		r, err := b.contest(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.What, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *bench) contest(c contest) (r row, err error) {
	dir, err := b.folder()
	if err != nil {
		return r, err
	}
	var sides [2]*writer
	for i, open := range []func(string) (vault, error){c.theirs, c.ours} {
		v, err := open(filepath.Join(dir, fmt.Sprintf("%d.db", i)))
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, v.close()) }()
		sides[i] = &writer{vault: v, writers: c.writers, body: []byte(message{Kind: "message", Channel: "C0BENCH001", At: time.Now()}.body())}
	}
	var rates [2][]float64
	for range pick(b, 4, 16) {
		for i, side := range sides {
			rate, err := side.fill(b.ctx, pick(b, 250*time.Millisecond, 500*time.Millisecond))
			if err != nil {
				return r, err
			}
			rates[i] = append(rates[i], rate)
		}
	}
	return compare(c.row, rates[0], rates[1]), nil
}

// writer writes arrivals into a vault.
type writer struct {
	vault
	writers int
	body    []byte
	next    atomic.Int64
}

// fill writes for a while and returns how many arrivals per second were synced.
func (f *writer) fill(ctx context.Context, most time.Duration) (float64, error) {
	var done sync.WaitGroup
	errs := make([]error, f.writers)
	before, start := f.next.Load(), time.Now()
	end := start.Add(most)
	for i := range f.writers {
		done.Go(func() {
			for errs[i] == nil && time.Now().Before(end) && ctx.Err() == nil {
				errs[i] = f.put(newArrival(int(f.next.Add(1)), f.body))
			}
		})
	}
	done.Wait()
	rate := float64(f.next.Load()-before) / time.Since(start).Seconds()
	return rate, errors.Join(append(errs, ctx.Err())...)
}
