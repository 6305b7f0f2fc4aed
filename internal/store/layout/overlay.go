package layout

import (
	"bytes"
	"slices"
	"sort"
)

// Overlay collects the changes of one transaction over a KV, so that many transactions can share one commit and each
// still stands or falls alone.
type Overlay struct {
	base   KV
	tables [Tables]changes
}

type changes struct {
	byKey  map[string]change
	sorted []string
	stale  bool
}

type change struct {
	value   []byte
	deleted bool
}

// NewOverlay returns an empty overlay on base.
func NewOverlay(base KV) *Overlay { return &Overlay{base: base} }

var _ KV = (*Overlay)(nil)

// Get implements KV.
func (o *Overlay) Get(t Table, key []byte) []byte {
	if c, ok := o.tables[t].byKey[string(key)]; ok {
		if c.deleted {
			return nil
		}
		return c.value
	}
	return o.base.Get(t, key)
}

// Put implements KV.
func (o *Overlay) Put(t Table, key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	o.set(t, key, change{value: value})
	return nil
}

// Delete implements KV.
func (o *Overlay) Delete(t Table, key []byte) error {
	o.set(t, key, change{deleted: true})
	return nil
}

func (o *Overlay) set(t Table, key []byte, c change) {
	ch := &o.tables[t]
	if ch.byKey == nil {
		ch.byKey = map[string]change{}
	}
	if _, known := ch.byKey[string(key)]; !known {
		ch.stale = true
	}
	ch.byKey[string(key)] = c
}

func (c *changes) keys() []string {
	if c.stale {
		c.sorted = c.sorted[:0]
		for k := range c.byKey {
			c.sorted = append(c.sorted, k)
		}
		slices.Sort(c.sorted)
		c.stale = false
	}
	return c.sorted
}

// between returns the changed keys from <= key < to in order.
func (c *changes) between(from, to []byte) []string {
	keys := c.keys()
	lo := sort.SearchStrings(keys, string(from))
	hi := len(keys)
	if to != nil {
		hi = sort.SearchStrings(keys, string(to))
	}
	return keys[lo:max(lo, hi)]
}

// Ascend implements KV.
func (o *Overlay) Ascend(t Table, from, to []byte, each func(k, v []byte) bool) {
	ch := &o.tables[t]
	mine := slices.Clone(ch.between(from, to))
	o.merge(ch, mine, func(visit func(k, v []byte) bool) { o.base.Ascend(t, from, to, visit) }, 1, each)
}

// Descend implements KV.
func (o *Overlay) Descend(t Table, from, to []byte, each func(k, v []byte) bool) {
	ch := &o.tables[t]
	mine := slices.Clone(ch.between(from, to))
	slices.Reverse(mine)
	o.merge(ch, mine, func(visit func(k, v []byte) bool) { o.base.Descend(t, from, to, visit) }, -1, each)
}

// merge walks the base and the changed keys side by side; direction is 1 upwards and -1 downwards.
func (o *Overlay) merge(ch *changes, mine []string, base func(func(k, v []byte) bool), direction int, each func(k, v []byte) bool) {
	going := true
	emit := func(k string) bool {
		if c := ch.byKey[k]; !c.deleted {
			going = each([]byte(k), c.value)
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
		ch := &o.tables[t]
		for _, k := range ch.keys() {
			var err error
			if c := ch.byKey[k]; c.deleted {
				err = o.base.Delete(Table(t), []byte(k))
			} else {
				err = o.base.Put(Table(t), []byte(k), c.value)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
