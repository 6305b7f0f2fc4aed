package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Rule files that live in a repository. What a webhook tells only rings: what counts is read there, now and every few
// minutes, so that a lost webhook only delays.

const (
	shelfJob   = "shelf"
	shelfTable = "shelf"
	shelfEvery = 5 * time.Minute
	assessTime = 5 * time.Minute // how long looking at a proposal may take
)

// Librarian takes over rule files from a repository and looks at proposed ones.
type Librarian interface {
	// Take makes the files those in use, as a reload does; an error means that they were refused and the last good ones stay.
	Take(ctx context.Context, commit string, files []connectors.RuleFile) error
	// Assess says what comes of files that do not count yet. Nothing changes by it.
	Assess(ctx context.Context, files []connectors.RuleFile) connectors.Review
}

// Shelving is how the rules in a repository stand.
type Shelving struct {
	connectors.Shelved
	Commit string    `json:"commit,omitempty"` // that was read last; empty: none yet
	At     time.Time `json:"at,omitzero"`      // when it was read
	// Refused says that the files of Commit have problems, so that earlier ones are in use.
	Refused bool `json:"refused,omitempty"`
	// Reviewed is, by number, which commit of a proposal was looked at and under which rules in use.
	Reviewed map[int]string `json:"reviewed,omitempty"`
}

// kept are the files of a repository that are in use.
type kept struct {
	Commit string                `json:"commit"`
	Files  []connectors.RuleFile `json:"files"`
}

const keptFiles = "files/"

// KeptRules returns the rule files of an instance's repository that were taken over last; none before the first time.
func KeptRules(ctx context.Context, s store.Store, instance string) (commit string, files []connectors.RuleFile, err error) {
	var k kept
	err = s.View(ctx, func(tx store.Tx) error {
		v, err := tx.Row(shelfTable, keptFiles+instance)
		if err != nil || v == nil {
			return err
		}
		return json.Unmarshal(v, &k)
	})
	return k.Commit, k.Files, err
}

// shelf is the instance that keeps the rules, and nil where none does.
func (o Options) shelf() (string, connectors.Shelf) {
	for _, instance := range slices.Sorted(maps.Keys(o.Connectors)) {
		if s, ok := o.Connectors[instance].(connectors.Shelf); ok && s.Shelved().Repository != "" && o.Librarian != nil {
			return instance, s
		}
	}
	return "", nil
}

// Shelving says how the rules in a repository stand; ok is false where they come from files.
func (e *Engine) Shelving(ctx context.Context) (st Shelving, ok bool, err error) {
	instance, s := e.o.shelf()
	if s == nil {
		return st, false, nil
	}
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		st, err = shelving(tx, instance)
		return err
	})
	st.Shelved = s.Shelved()
	return st, true, err
}

func shelving(tx store.Tx, instance string) (st Shelving, err error) {
	v, err := tx.Row(shelfTable, instance)
	if err != nil || v == nil {
		return st, err
	}
	return st, json.Unmarshal(v, &st)
}

// LookAtRules reads the rules in the repository again at once, also those that were refused before.
func (e *Engine) LookAtRules(ctx context.Context) error {
	instance, s := e.o.shelf()
	if s == nil {
		return errors.New("the rules come from no repository")
	}
	return e.o.Store.Update(ctx, func(tx store.Tx) error {
		st, err := shelving(tx, instance)
		if err != nil {
			return err
		}
		st.Commit = ""
		if err := putShelving(tx, instance, st); err != nil {
			return err
		}
		return lookAtShelf(tx, instance, e.o.Now())
	})
}

func putShelving(tx store.Tx, instance string, st Shelving) error {
	v, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("keep what was read of the rules: %w", err)
	}
	return tx.PutRow(shelfTable, instance, v)
}

func lookAtShelf(tx store.Tx, instance string, now time.Time) error {
	return tx.Enqueue(atOnce(store.Job{ID: shelfJob + "/" + instance, Kind: shelfJob, At: now.UTC(), Payload: []byte(instance)}))
}

// rulesPushed lets the repository be read.
func (d *decider) rulesPushed(tx store.Tx, ev flow.Event) (decision, error) {
	instance, shelf := d.o.shelf()
	if shelf == nil {
		return decision{Event: ev, Ignored: "the rules come from no repository"}, nil
	}
	why := []flow.Reason{{Code: flow.CodeNoted, Text: "The rules in " + shelf.Shelved().Repository + " are read."}}
	return decision{Event: ev, Why: why}, lookAtShelf(tx, instance, ev.At)
}

// readShelf takes over what is at the head of the branch, and looks at what is proposed and was not looked at yet.
func (c *chores) readShelf(ctx context.Context, instance string) error {
	_, shelf := c.e.o.shelf()
	if shelf == nil {
		return nil
	}
	type head struct {
		commit string
		open   []connectors.Proposal
	}
	h, err := guard(ctx, callTime, func(ctx context.Context) (h head, err error) {
		h.commit, h.open, err = shelf.Head(ctx)
		return h, err
	})
	if err != nil {
		return fmt.Errorf("read the head of the rules: %w", err)
	}
	var st Shelving
	err = c.e.o.Store.View(ctx, func(tx store.Tx) error {
		st, err = shelving(tx, instance)
		return err
	})
	if err != nil {
		return err
	}
	if h.commit != st.Commit {
		if err := c.takeRules(ctx, instance, shelf, h.commit); err != nil {
			return err
		}
	}
	return c.review(ctx, instance, shelf, h.open)
}

func ruleFiles(ctx context.Context, shelf connectors.Shelf, commit string) ([]connectors.RuleFile, error) {
	return guard(ctx, callTime, func(ctx context.Context) ([]connectors.RuleFile, error) { return shelf.RuleFiles(ctx, commit) })
}

// takeRules makes the files of a commit those in use, and keeps them for the next start.
func (c *chores) takeRules(ctx context.Context, instance string, shelf connectors.Shelf, commit string) error {
	files, err := ruleFiles(ctx, shelf, commit)
	if err != nil {
		return fmt.Errorf("read the rules at %s: %w", commit, err)
	}
	refused := c.e.o.Librarian.Take(ctx, commit, files)
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		st, err := shelving(tx, instance)
		if err != nil {
			return err
		}
		st.Commit, st.At, st.Refused = commit, c.e.o.Now().UTC(), refused != nil
		if err := putShelving(tx, instance, st); err != nil || refused != nil {
			return err
		}
		v, err := json.Marshal(kept{commit, files})
		if err != nil {
			return fmt.Errorf("keep the rules: %w", err)
		}
		return tx.PutRow(shelfTable, keptFiles+instance, v)
	})
}

// review looks at the proposals whose newest commit was not looked at under the rules in use.
func (c *chores) review(ctx context.Context, instance string, shelf connectors.Shelf, open []connectors.Proposal) error {
	var st Shelving
	err := c.e.o.Store.View(ctx, func(tx store.Tx) (err error) {
		st, err = shelving(tx, instance)
		return err
	})
	if err != nil {
		return err
	}
	done := map[int]string{}
	var failed error
	for _, p := range open {
		mark := p.Commit + "/" + c.e.Rules().Digest()
		if done[p.Number] = st.Reviewed[p.Number]; done[p.Number] == mark {
			continue
		}
		err := c.reviewOne(ctx, shelf, p)
		if err != nil && connectors.ClassOf(err) != connectors.Rejected {
			failed = err
			continue
		}
		if err != nil {
			c.e.o.Log.Warn("a proposal for the rules cannot be reviewed", "proposal", p.URL, "error", err)
		}
		done[p.Number] = mark
	}
	if maps.Equal(done, st.Reviewed) {
		return failed
	}
	return errors.Join(failed, c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		now, err := shelving(tx, instance)
		if err != nil {
			return err
		}
		now.Reviewed = done
		return putShelving(tx, instance, now)
	}))
}

func (c *chores) reviewOne(ctx context.Context, shelf connectors.Shelf, p connectors.Proposal) error {
	show := func(r connectors.Review) error {
		_, err := guard(ctx, callTime, func(ctx context.Context) (struct{}, error) { return struct{}{}, shelf.Review(ctx, p, r) })
		return err
	}
	if err := show(connectors.Review{State: "pending", Summary: "signoff is looking at the rules"}); err != nil {
		return err
	}
	files, err := ruleFiles(ctx, shelf, p.Commit)
	if err != nil {
		return err
	}
	r, err := guard(ctx, assessTime, func(ctx context.Context) (connectors.Review, error) { return c.e.o.Librarian.Assess(ctx, files), nil })
	if err != nil {
		r = connectors.Review{State: "error", Summary: "signoff could not look at the rules", Body: "signoff could not look at these rules. Its log says why; it looks again at the next commit."}
		c.e.o.Log.Error("proposed rules could not be looked at", "proposal", p.URL, "error", err)
	}
	return show(r)
}
