package boltstore

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"signoff/internal/store/layout"
)

// buckets is one bolt transaction as a layout.KV.
type buckets struct {
	of      [layout.Tables]*bolt.Bucket
	changed bool
}

// bucketName is the name of a table's bucket, part of the stored format.
func bucketName(t layout.Table) []byte { return []byte{'t', byte(t)} }

func newBuckets(tx *bolt.Tx) *buckets {
	b := &buckets{}
	for t := range layout.Tables {
		b.of[t] = tx.Bucket(bucketName(t))
		if b.of[t] != nil {
			b.of[t].FillPercent = 0.9 // keys grow with time
		}
	}
	return b
}

func (b *buckets) Get(t layout.Table, key []byte) []byte { return b.of[t].Get(key) }

func (b *buckets) Put(t layout.Table, key, value []byte) error {
	b.changed = true
	return b.of[t].Put(key, value)
}

func (b *buckets) Delete(t layout.Table, key []byte) error {
	b.changed = true
	return b.of[t].Delete(key)
}

func (b *buckets) Ascend(t layout.Table, from, to []byte, each func(k, v []byte) bool) {
	c := b.of[t].Cursor()
	for k, v := c.Seek(from); k != nil && (to == nil || bytes.Compare(k, to) < 0); k, v = c.Next() {
		if !each(k, v) {
			return
		}
	}
}

func (b *buckets) Descend(t layout.Table, from, to []byte, each func(k, v []byte) bool) {
	c := b.of[t].Cursor()
	var k, v []byte
	if to == nil {
		k, v = c.Last()
	} else if k, v = c.Seek(to); k == nil {
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
