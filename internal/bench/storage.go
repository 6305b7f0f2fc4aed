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

// storage measures P2.
func (b *bench) storage() ([]row, error) {
	type contest struct {
		row
		writers      int
		theirs, ours func(string) (vault, error)
	}
	contests := []contest{
		{row{What: "store: an accepted event, 64 writers", Reference: "group", Bound: atLeast(0.9)}, 64, bareGroup, signoffEvent},
		{row{What: "store: an accepted event, 1 writer", Reference: "bare Update", Bound: atLeast(0.8)}, 1, bareUpdate, signoffEvent},
		{row{What: "store: the same four rows, 64 writers", Reference: "group", Bound: atLeast(0.9)}, 64, bareGroup, signoffRows},
		{row{What: "store: the same four rows, 1 writer", Reference: "bare Update", Bound: atLeast(0.8)}, 1, bareUpdate, signoffRows},
	}
	var rows []row
	for _, c := range contests {
		var theirs, ours []float64
		for range b.rounds() {
			for _, side := range []struct {
				open func(string) (vault, error)
				into *[]float64
			}{{c.theirs, &theirs}, {c.ours, &ours}} {
				rate, err := b.fill(side.open, c.writers)
				if err != nil {
					return nil, err
				}
				*side.into = append(*side.into, rate)
			}
		}
		c.Goal, c.Unit = "P2", "events/s"
		rows = append(rows, compare(c.row, theirs, ours))
	}
	return rows, nil
}

// fill writes arrivals into a new store for a while and returns how many per second were synced.
func (b *bench) fill(open func(string) (vault, error), writers int) (rate float64, err error) {
	dir, err := b.folder()
	if err != nil {
		return 0, err
	}
	v, err := open(filepath.Join(dir, "store.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	body := []byte(message{Kind: "message", Text: "a banner", Channel: "C0BENCH001", At: time.Now()}.body())
	var next atomic.Int64
	var done sync.WaitGroup
	errs := make([]error, writers)
	start := time.Now()
	end := start.Add(pick(b, 700*time.Millisecond, 3*time.Second))
	for i := range writers {
		done.Go(func() {
			for errs[i] == nil && time.Now().Before(end) && b.ctx.Err() == nil {
				errs[i] = v.put(newArrival(int(next.Add(1)), body))
			}
		})
	}
	done.Wait()
	rate = float64(next.Load()) / time.Since(start).Seconds()
	return rate, errors.Join(append(errs, b.ctx.Err())...)
}
