package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// Ruleset is a ruleset that requests were opened by.
type Ruleset struct {
	Digest  string
	Current bool
	Since   time.Time // when the first of the requests that are open was opened, or the ruleset was first used
	Open    int       // requests that finish under it
}

// Rulesets lists the ruleset in use and every other that open requests finish under, the one in use first, then by age.
func (e *Engine) Rulesets(ctx context.Context) ([]Ruleset, error) {
	now := e.Rules().Digest()
	found := map[string]*Ruleset{now: {Digest: now, Current: true}}
	err := e.eachOpen(ctx, func(r flow.Request) error {
		one := found[r.Ruleset]
		if one == nil {
			one = &Ruleset{Digest: r.Ruleset}
			found[r.Ruleset] = one
		}
		one.Open++
		if one.Since.IsZero() || r.Opened.Before(one.Since) {
			one.Since = r.Opened
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []Ruleset
	for _, one := range found {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Ruleset) int {
		if a.Current != b.Current {
			if a.Current {
				return -1
			}
			return 1
		}
		return cmp.Or(-a.Since.Compare(b.Since), cmp.Compare(a.Digest, b.Digest))
	})
	return out, nil
}

// eachOpen reads the open requests page by page; drafts, which follow no rules yet, are left out.
func (e *Engine) eachOpen(ctx context.Context, each func(flow.Request) error) error {
	q := store.Query{Terms: []string{"open:yes"}, Limit: 200}
	for {
		var page []flow.Request
		err := e.o.Store.View(ctx, func(tx store.Tx) (err error) {
			page, q.After, err = tx.Requests(q)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range page {
			if r.Status == flow.Draft || r.Status.Closed() {
				continue
			}
			if err := each(r); err != nil {
				return err
			}
		}
		if q.After == "" {
			return nil
		}
	}
}

// Ruleset returns a ruleset by its digest, by the beginning of it, or "current"; ErrUnknown where it is not kept.
func (e *Engine) Ruleset(ctx context.Context, digest string) (set *rules.Set, err error) {
	now := e.Rules()
	if digest == "current" || digest == now.Digest() {
		return now, nil
	}
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		kept, err := tx.Row(rulesetsTable, digest)
		if err == nil && kept == nil {
			return fmt.Errorf("ruleset %s: %w", digest, ErrUnknown)
		}
		if err != nil {
			return err
		}
		set, err = compileKept(kept)
		return err
	})
	return set, err
}

// compileKept compiles a ruleset as it is kept.
func compileKept(kept []byte) (*rules.Set, error) {
	var s stored
	if err := json.Unmarshal(kept, &s); err != nil {
		return nil, fmt.Errorf("read kept ruleset: %w", err)
	}
	set, problems := rules.Compile(s.Sources, s.Options)
	if set == nil {
		return nil, fmt.Errorf("compile kept ruleset: %d problems", problems.Errors())
	}
	return set, nil
}

// Viewer is a store that is only read: one that runs, or a backup.
type Viewer interface {
	View(ctx context.Context, f func(store.Tx) error) error
}

// KeptRuleset reads a ruleset out of a store that nobody runs, such as a backup; nil where it is not kept, or cannot be
// compiled any more.
func KeptRuleset(ctx context.Context, s Viewer, digest string) (set *rules.Set, err error) {
	err = s.View(ctx, func(tx store.Tx) error {
		kept, err := tx.Row(rulesetsTable, digest)
		if err != nil || kept == nil {
			return err
		}
		set, _ = compileKept(kept) // one that cannot be compiled is judged by the rules in use, as the server does
		return nil
	})
	return set, err
}

// journalMost is how many records are read at once.
const journalMost = 1_000

// Journal reads up to n records after a place in the journal, in the order in which they were decided.
func (e *Engine) Journal(ctx context.Context, after uint64, n int) ([]flow.Record, error) {
	return journal(ctx, e.o.Store, after, n)
}

func journal(ctx context.Context, s Viewer, after uint64, n int) (list []flow.Record, err error) {
	err = s.View(ctx, func(tx store.Tx) (err error) {
		list, err = tx.History(after, min(max(n, 1), journalMost))
		return err
	})
	return list, err
}

// JournalSince finds the place in the journal after which everything was decided at an instant or later.
func (e *Engine) JournalSince(ctx context.Context, at time.Time) (uint64, error) {
	return JournalSince(ctx, e.o.Store, at)
}

// JournalOf is Engine.Journal for a store that nobody runs.
func JournalOf(ctx context.Context, s Viewer, after uint64, n int) ([]flow.Record, error) {
	return journal(ctx, s, after, n)
}

// JournalSince is Engine.JournalSince for a store that nobody runs.
func JournalSince(ctx context.Context, s Viewer, at time.Time) (uint64, error) {
	last, err := lastSeq(ctx, s)
	if err != nil || last == 0 {
		return 0, err
	}
	var failed error
	place := sort.Search(int(last), func(i int) bool {
		list, err := journal(ctx, s, uint64(i), 1)
		failed = errors.Join(failed, err)
		return err != nil || len(list) == 0 || !list[0].Event.At.Before(at)
	})
	return uint64(place), failed
}

// lastSeq finds the number of the newest record by doubling and halving: reading a record costs little, counting all
// would not.
func lastSeq(ctx context.Context, s Viewer) (uint64, error) {
	beyond := func(seq uint64) (bool, error) {
		list, err := journal(ctx, s, seq, 1)
		return len(list) == 0, err
	}
	high := uint64(1)
	for {
		over, err := beyond(high)
		if err != nil {
			return 0, err
		}
		if over {
			break
		}
		high *= 2
	}
	var failed error
	n := sort.Search(int(high), func(i int) bool {
		over, err := beyond(uint64(i))
		failed = errors.Join(failed, err)
		return over || err != nil
	})
	return uint64(n), failed
}
