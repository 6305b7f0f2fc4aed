package layout

import (
	"bytes"
	"slices"
)

// Overlay collects the changes of one transaction over a KV, so that many transactions can share one commit and each
// still stands or falls alone.
type Overlay struct {
	base   KV
	tables [Tables]changes
}

// changes are those of one table, in the order of their keys. Most transactions have a handful, for which a sorted list
// is faster than a map that is sorted in the end.
type changes struct{ list []change }

const few = 8

type change struct {
	key   string
	value []byte // nil: deleted
}

// find returns where key is, or where it belongs.
func (c *changes) find(key []byte) (at int, known bool) {
	lo, hi := 0, len(c.list)
	for lo < hi {
		if mid := (lo + hi) / 2; c.list[mid].key < string(key) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(c.list) && c.list[lo].key == string(key)
}

// NewOverlay returns an empty overlay on base.
func NewOverlay(base KV) *Overlay { return &Overlay{base: base} }

var _ KV = (*Overlay)(nil)

// Get implements KV.
func (o *Overlay) Get(t Table, key []byte) []byte {
	if at, known := o.tables[t].find(key); known {
		return o.tables[t].list[at].value
	}
	return o.base.Get(t, key)
}

// Put implements KV.
func (o *Overlay) Put(t Table, key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	o.tables[t].set(key, value)
	return nil
}

// Delete implements KV.
func (o *Overlay) Delete(t Table, key []byte) error {
	o.tables[t].set(key, nil)
	return nil
}

// set notes a change; a nil value deletes.
func (c *changes) set(key, value []byte) {
	at, known := c.find(key)
	if known {
		c.list[at].value = value
		return
	}
	if c.list == nil {
		c.list = make([]change, 0, few)
	}
	c.list = slices.Insert(c.list, at, change{string(key), value})
}

// between returns the changed keys from <= key < to in order.
func (c *changes) between(from, to []byte) []string {
	lo, _ := c.find(from)
	hi := len(c.list)
	if to != nil {
		hi, _ = c.find(to)
	}
	var keys []string
	for ; lo < hi; lo++ {
		keys = append(keys, c.list[lo].key)
	}
	return keys
}

// Ascend implements KV.
func (o *Overlay) Ascend(t Table, from, to []byte, each func(k, v []byte) bool) {
	ch := &o.tables[t]
	mine := ch.between(from, to)
	o.merge(ch, mine, func(visit func(k, v []byte) bool) { o.base.Ascend(t, from, to, visit) }, 1, each)
}

// Descend implements KV.
func (o *Overlay) Descend(t Table, from, to []byte, each func(k, v []byte) bool) {
	ch := &o.tables[t]
	mine := ch.between(from, to)
	slices.Reverse(mine)
	o.merge(ch, mine, func(visit func(k, v []byte) bool) { o.base.Descend(t, from, to, visit) }, -1, each)
}

// merge walks the base and the changed keys side by side; direction is 1 upwards and -1 downwards.
func (o *Overlay) merge(ch *changes, mine []string, base func(func(k, v []byte) bool), direction int, each func(k, v []byte) bool) {
	going := true
	emit := func(k string) bool {
		if at, known := ch.find([]byte(k)); known && ch.list[at].value != nil { // it may have changed since
			going = each([]byte(k), ch.list[at].value)
		}
		return going
	}
	base(func(k, v []byte) bool {
		for len(mine) > 0 && bytes.Compare([]byte(mine[0]), k)*direction < 0 {
			next := mine[0]
			mine = mine[1:]
			if !emit(next) {
				return false
			}
		}
		if len(mine) > 0 && mine[0] == string(k) {
			next := mine[0]
			mine = mine[1:]
			return emit(next)
		}
		going = each(k, v)
		return going
	})
	for going && len(mine) > 0 {
		next := mine[0]
		mine = mine[1:]
		emit(next)
	}
}

// Apply writes the changes to the base, in key order.
func (o *Overlay) Apply() error {
	for t := range o.tables {
		for _, c := range o.tables[t].list {
			var err error
			if c.value == nil {
				err = o.base.Delete(Table(t), []byte(c.key))
			} else {
				err = o.base.Put(Table(t), []byte(c.key), c.value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
