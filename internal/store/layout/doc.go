// Package layout says how everything signoff keeps lies in ordered key-value tables, and is the one implementation
// of store.Tx over them. memstore and boltstore bring the tables; neither knows what is in them.
//
// Every value carries a format number and a CRC-32C, because bbolt does not notice a flipped byte inside a value.
// Keys grow with time wherever they can, so that a busy store appends instead of rewriting pages all over the file.
package layout

import "bytes"

// Table names one ordered table.
type Table uint8

// The tables. Their numbers are part of the stored format.
const (
	deliveries    Table = iota // received time + id -> delivery
	deliveryState              // state + received time + id -> nothing; all states but done
	seen                       // key -> until + what was given first
	seenUntil                  // until + key -> nothing
	requests                   // id -> order, terms, request
	terms                      // term + inverted order -> id
	termCounts                 // term -> how many
	records                    // request + version -> record
	history                    // seq -> key in records
	jobs                       // id -> job
	jobDue                     // state + due time + id -> nothing
	rows                       // table + key -> value
	meta                       // counters, identity
	Tables                     // how many there are
)

// KV is one transaction over ordered tables. Slices it hands out are valid until the next change and must not be
// altered; slices given to Put are kept.
type KV interface {
	Get(t Table, key []byte) []byte
	Put(t Table, key, value []byte) error
	Delete(t Table, key []byte) error
	// Ascend calls each with the entries from <= key < to in order until it returns false; a nil to has no end.
	Ascend(t Table, from, to []byte, each func(key, value []byte) bool)
	// Descend calls each with the entries from <= key < to in reverse order until it returns false.
	Descend(t Table, from, to []byte, each func(key, value []byte) bool)
}

// after returns the first key that does not start with prefix; nil when there is none.
func after(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}
