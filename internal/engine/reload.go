package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
	"signoff/rules"
)

const rulesetsTable = "rulesets"

// book holds the current ruleset and, by digest, those that open requests still finish under.
type book struct {
	log     *slog.Logger
	current atomic.Pointer[rules.Set]

	mu     sync.Mutex
	sets   map[string]*rules.Set // nil: cannot be compiled any more
	failed string                // problems of the last reload that was refused
}

// stored is how a ruleset is kept.
type stored struct {
	Sources []rules.Source `json:"sources"`
	Options rules.Options  `json:"options"`
}

func newBook(set *rules.Set, log *slog.Logger) *book {
	b := &book{log: log, sets: map[string]*rules.Set{}}
	b.swap(set)
	return b
}

// swap makes set the current one and reports whether a reload had been refused before.
func (b *book) swap(set *rules.Set) (mended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets[set.Digest()] = set
	mended, b.failed = b.failed != "", ""
	b.current.Store(set)
	return mended
}

// refused keeps the problems of a reload and reports whether they are others than those of the one before.
func (b *book) refused(problems string) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	news, b.failed = b.failed != problems, problems
	return news
}

func (b *book) problems() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// keep stores a ruleset by its digest, so that requests opened under it can finish under it after a restart.
func (b *book) keep(tx store.Tx, set *rules.Set) error {
	old, err := tx.Row(rulesetsTable, set.Digest())
	if err != nil || old != nil {
		return err
	}
	v, err := json.Marshal(stored{Sources: set.Sources(), Options: set.Options()})
	if err != nil {
		return fmt.Errorf("keep ruleset %s: %w", set.Digest(), err)
	}
	return tx.PutRow(rulesetsTable, set.Digest(), v)
}

// policy is what r is judged by: the ruleset that opened it with the directory of today.
func (b *book) policy(tx store.Tx, r flow.Request) (flow.Policy, error) {
	now := b.current.Load()
	set, err := b.under(tx, r.Ruleset)
	if err != nil {
		return nil, err
	}
	if set == nil {
		set = now
	}
	return set.Policy(now), nil
}

// under returns the set of a digest, compiled from what the store keeps when it must be; nil when that cannot be.
func (b *book) under(tx store.Tx, digest string) (*rules.Set, error) {
	if now := b.current.Load(); digest == "" || digest == now.Digest() {
		return now, nil
	}
	b.mu.Lock()
	set, known := b.sets[digest]
	b.mu.Unlock()
	if known {
		return set, nil
	}
	kept, err := tx.Row(rulesetsTable, digest)
	if err != nil {
		return nil, err
	}
	set = b.compile(digest, kept)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets[digest] = set
	return set, nil
}

func (b *book) compile(digest string, kept []byte) *rules.Set {
	var s stored
	if kept == nil {
		b.log.Error("ruleset of an open request is not kept, the current one is used", "ruleset", digest)
		return nil
	}
	if err := json.Unmarshal(kept, &s); err != nil {
		b.log.Error("kept ruleset cannot be read, the current one is used", "ruleset", digest, "error", err)
		return nil
	}
	set, problems := rules.Compile(s.Sources, s.Options)
	if set == nil {
		b.log.Error("kept ruleset cannot be compiled any more, the current one is used", "ruleset", digest, "problems", len(problems))
	}
	return set
}

// Swap makes set the current ruleset and directory, atomically. Open requests finish under the ruleset that opened
// them; authority is judged by the new directory at once.
func (e *Engine) Swap(set *rules.Set) {
	mended := e.book.swap(set)
	e.people.learn(set)
	e.met.reloadOK.Set(1)
	e.o.Log.Info("rules taken over", "ruleset", set.Digest(), "directory", set.DirectoryDigest())
	e.chores.peopleChanged()
	if mended {
		e.tellOps("The rules are in order again", "The changed rules are in order now and in use.", "")
	}
}

// SwapFailed says that a reload was refused, and to ops with every problem; the last good set stays. The same problems
// again are told once.
func (e *Engine) SwapFailed(problems string) {
	if e.book.refused(problems) {
		e.tellOps("The rules were not taken over", "The changed rules have problems, so those before stay in use.", problems)
	}
	e.met.reloadOK.Set(0)
	e.met.alarm("rules_reload")
	e.o.Log.Error("rules refused, the last good ones stay", "ruleset", e.Rules().Digest())
}

// longestProblems is what a message about refused rules holds; the page has all of it.
const longestProblems = 2500

// tellOps tells whoever looks after the rules something about them.
func (e *Engine) tellOps(title, sentence, problems string) {
	now := e.o.Now().UTC()
	view := flow.View{
		Kind: flow.NoticeView, Title: title, Headline: title + ": " + strings.ToLower(sentence[:1]) + sentence[1:], Page: "/rules",
		Buttons: []flow.Button{{Action: "open", Label: "Open", URL: "/rules"}},
	}
	if problems != "" {
		view.Body = text.Doc{text.P(text.T(sentence)), {Kind: text.CodeBlock, Text: shortened(problems, longestProblems)}}
	}
	err := e.o.Store.Update(context.Background(), func(tx store.Tx) error {
		return e.decider.tellTriage(tx, fmt.Sprintf("rules/%d", now.UnixNano()), view, now)
	})
	if err != nil {
		e.o.Log.Error("ops could not be told of the rules", "error", err)
	}
}

// shortened cuts a text between lines and says so.
func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most]
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		s = s[:i]
	}
	return s + "\n… and more, on the page"
}

// Rules returns the current ruleset.
func (e *Engine) Rules() *rules.Set { return e.book.current.Load() }
