package boltstore

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"signoff/internal/store/layout"
)

// buckets is one bolt transaction as a layout.KV. A bucket is opened when it is first used: most transactions touch a
// few of them.
type buckets struct {
	tx      *bolt.Tx
	of      [layout.Tables]*bolt.Bucket
	changed bool
}

// bucketName is the name of a table's bucket, part of the stored format.
func bucketName(t layout.Table) []byte { return []byte{'t', byte(t)} }

func newBuckets(tx *bolt.Tx) *buckets { return &buckets{tx: tx} }

func (b *buckets) bucket(t layout.Table) *bolt.Bucket {
	if b.of[t] == nil {
		b.of[t] = b.tx.Bucket(bucketName(t))
		b.of[t].FillPercent = 0.9 // keys grow with time
	}
	return b.of[t]
}

func (b *buckets) Get(t layout.Table, key []byte) []byte { return b.bucket(t).Get(key) }

func (b *buckets) Put(t layout.Table, key, value []byte) error {
	b.changed = true
	return b.bucket(t).Put(key, value)
}

func (b *buckets) Delete(t layout.Table, key []byte) error {
	b.changed = true
	return b.bucket(t).Delete(key)
}

func (b *buckets) Ascend(t layout.Table, from, to []byte, each func(k, v []byte) bool) {
	c := b.bucket(t).Cursor()
	for k, v := c.Seek(from); k != nil && (to == nil || bytes.Compare(k, to) < 0); k, v = c.Next() {
		if !each(k, v) {
			return
		}
	}
}

func (b *buckets) Descend(t layout.Table, from, to []byte, each func(k, v []byte) bool) {
	c := b.bucket(t).Cursor()
	var k, v []byte
	if to == nil {
		k, v = c.Last()
	} else if k, _ = c.Seek(to); k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	for ; k != nil && bytes.Compare(k, from) >= 0; k, v = c.Prev() {
		if !each(k, v) {
			return
		}
	}
}
