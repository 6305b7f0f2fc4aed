package layout

import (
	"slices"
	"sync"
)

// Notes are rows that wait for the next commit to take them along. They belong to a store that commits one batch at a
// time.
type Notes struct {
	mu    sync.Mutex
	list  []note  // oldest first
	seen  changes // what they come to; never changed in place, for views look at it
	fresh int     // how many of the newest are not in seen yet
	round int     // counts the commits that have taken some along
}

type note struct{ key, value []byte }

const (
	manyNotes = 1000   // may wait before a commit of their own is worth it
	mostNotes = 10_000 // wait while nothing can be committed; then the oldest is lost
)

// Add notes a row and says whether it is the first that waits, and whether too many do.
func (n *Notes) Add(table, key string, value []byte) (first, many bool) {
	one := note{key: rowKey(table, key)}
	if value != nil {
		one.value = sealRow(value)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.list) == mostNotes {
		n.list = n.list[1:]
	}
	n.list, n.fresh = append(n.list, one), n.fresh+1
	return len(n.list) == 1, len(n.list)%manyNotes == 0
}

// Apply writes what waits to kv and returns how many they were, for Kept.
func (n *Notes) Apply(kv KV) (int, error) {
	n.mu.Lock()
	list := n.list[:len(n.list):len(n.list)]
	n.mu.Unlock()
	for _, one := range list {
		err := error(nil)
		if one.value == nil {
			err = kv.Delete(rows, one.key)
		} else {
			err = kv.Put(rows, one.key, one.value)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// Show lays what waits over a transaction that only reads.
func (n *Notes) Show(o *Overlay) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fresh > 0 {
		next := changes{slices.Clone(n.seen.list)}
		for _, one := range n.list[max(0, len(n.list)-n.fresh):] {
			next.set(one.key, one.value)
		}
		n.seen, n.fresh = next, 0
	}
	o.tables[rows] = changes{slices.Clip(n.seen.list)}
}

// Kept forgets the oldest count notes: a commit holds them now.
func (n *Notes) Kept(count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if count > 0 {
		n.list = slices.Clone(n.list[min(count, len(n.list)):])
		n.seen, n.fresh = changes{}, len(n.list)
		n.round++
	}
}

// Round changes whenever a commit has taken notes along. Whoever begins to read and then applies the notes must find it
// as it was before: else some were in neither.
func (n *Notes) Round() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.round
}

// Waiting reports whether any note waits.
func (n *Notes) Waiting() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.list) > 0
}
