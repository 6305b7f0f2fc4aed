package layout

import (
	"encoding/binary"
	"fmt"
	"time"

	"signoff/internal/store"
)

// Tx is store.Tx over ordered tables.
type Tx struct {
	kv    KV
	now   func() time.Time
	take  bool
	queue *Queue      // that takes; nil: nobody does
	due   []store.Job // taken by this transaction, to be run after the commit
	ended []string    // running jobs that this transaction has finished
	ready bool        // a job became ready: the queue should look
}

// New returns a transaction over kv. now decides which jobs are due. Those that are due when they are enqueued are taken
// at once while q works, which runs them after the commit; nil: none is.
func New(kv KV, now func() time.Time, q *Queue) *Tx {
	return &Tx{kv: kv, now: now, take: q != nil && q.Takes(), queue: q}
}

var _ store.Tx = (*Tx)(nil)

// Tries is how often a transaction that meets store.ErrConflict is run before the error is returned.
const Tries = 10

const page = 50

func limit(n int) int {
	if n <= 0 {
		return page
	}
	return n
}

// Seen implements store.Tx.
func (t *Tx) Seen(key, value string, until time.Time) (string, bool, error) {
	if old := t.kv.Get(seen, []byte(key)); old != nil {
		body, err := open(old)
		if err != nil {
			return "", false, fmt.Errorf("seen %q: %w", key, err)
		}
		return string(body[8:]), true, nil
	}
	v := seal(join([]byte{format}, instant(until), []byte(value)))
	if err := t.kv.Put(seen, []byte(key), v); err != nil {
		return "", false, err
	}
	return "", false, t.kv.Put(seenUntil, join(instant(until), []byte(key)), nil)
}

// Expire implements store.Tx.
func (t *Tx) Expire(now time.Time, n int) (int, error) {
	var gone [][]byte
	t.kv.Ascend(seenUntil, nil, instant(now), func(k, _ []byte) bool {
		gone = append(gone, clone(k))
		return len(gone) < n
	})
	for _, k := range gone {
		if err := t.kv.Delete(seen, k[8:]); err != nil {
			return 0, err
		}
		if err := t.kv.Delete(seenUntil, k); err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}

// Seq implements store.Tx.
func (t *Tx) Seq(name string) (uint64, error) {
	key := []byte("seq/" + name)
	var n uint64
	if b := t.kv.Get(meta, key); b != nil {
		body, err := open(b)
		if err != nil {
			return 0, fmt.Errorf("sequence %s: %w", name, err)
		}
		n = binary.BigEndian.Uint64(body)
	}
	n++
	return n, t.kv.Put(meta, key, seal(join([]byte{format}, number(n))))
}

// Row implements store.Tx.
func (t *Tx) Row(table, key string) ([]byte, error) {
	b := t.kv.Get(rows, rowKey(table, key))
	if b == nil {
		return nil, nil
	}
	body, err := open(b)
	if err != nil {
		return nil, fmt.Errorf("row %s/%s: %w", table, key, err)
	}
	return append([]byte{}, body...), nil
}

// PutRow implements store.Tx.
func (t *Tx) PutRow(table, key string, value []byte) error {
	return t.kv.Put(rows, rowKey(table, key), sealRow(value))
}

func rowKey(table, key string) []byte { return join(word(table), []byte(key)) }

func sealRow(value []byte) []byte { return seal(join([]byte{format}, value)) }

// DeleteRow implements store.Tx.
func (t *Tx) DeleteRow(table, key string) error {
	return t.kv.Delete(rows, rowKey(table, key))
}

// Rows implements store.Tx.
func (t *Tx) Rows(table, from, to string, n int, each func(string, []byte) error) error {
	prefix := word(table)
	end := after(prefix)
	if to != "" {
		end = join(prefix, []byte(to))
	}
	var err error
	count := 0
	t.kv.Ascend(rows, join(prefix, []byte(from)), end, func(k, v []byte) bool {
		var body []byte
		if body, err = open(v); err != nil {
			err = fmt.Errorf("row %s/%s: %w", table, k[len(prefix):], err)
			return false
		}
		err = each(string(k[len(prefix):]), append([]byte{}, body...))
		count++
		return err == nil && (n == 0 || count < n)
	})
	return err
}
