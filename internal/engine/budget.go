package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// A rule that matches too much writes to people far more often than anybody meant. What rules say by themselves is counted by
// rule; one that suddenly says far more than usual is paused, and people are asked what becomes of the rest.

// Limits say when a rule says too much. The zero value stands for the defaults; a negative Minute switches the watch off.
type Limits struct {
	Minute int           // messages within a minute
	Hour   int           // and within an hour at least so many, however quiet it usually is
	Times  float64       // and so many times what its busiest hours usually have
	Pause  time.Duration // how long it is paused where nobody answers
}

func (l Limits) complete() Limits {
	if l.Minute == 0 {
		l.Minute = 30
	}
	if l.Hour == 0 {
		l.Hour = 300
	}
	if l.Times == 0 {
		l.Times = 5
	}
	if l.Pause == 0 {
		l.Pause = 2 * time.Hour
	}
	return l
}

// ruleSays reports whether an effect is something that a rule says to people by itself, when a request begins or as time
// goes by, and that nobody waits for: a message, or a question to one person. What a person's act brings about is theirs.
func (o *outbox) ruleSays(ev flow.Event, e flow.Effect) bool {
	switch ev.Kind {
	case flow.RequestSubmitted, flow.DraftConfirmed, flow.TimerFired, flow.TicketMoved, flow.AssetChanged:
	default:
		return false
	}
	switch {
	case e.Target == o.o.Tracker:
		return false
	case e.Tell != nil:
		return !e.Tell.Private && e.Tell.View.Kind != flow.DraftView
	case e.Show != nil:
		asks := e.Show.View.Kind == flow.AskView || e.Show.View.Kind == flow.WorkView
		return e.Show.Link == nil && asks
	}
	return false
}

const usageTable = "usage" // rule -> usage

// usage is how much a rule says.
type usage struct {
	Hour  time.Time `json:"hour"`  // that N is of
	N     int       `json:"n"`     // messages in it
	Usual float64   `json:"usual"` // of the busiest hours; what is long ago weighs less
}

// fades is what an hour leaves of the weight of the busiest one before: half after six days.
const fades = 0.995

// roll moves on to the hour of now.
func (u *usage) roll(now time.Time) {
	hour := now.UTC().Truncate(time.Hour)
	for hours := 0; u.Hour.Before(hour); hours++ {
		if u.Hour.IsZero() || hours > 24*60 {
			u.Hour, u.N = hour, 0
			return
		}
		u.Usual = max(u.Usual*fades, float64(u.N))
		u.Hour, u.N = u.Hour.Add(time.Hour), 0
	}
}

// budget counts what rules say. Its figures are kept beside, so that a restart does not forget what is usual.
type budget struct {
	store  store.Store
	limits Limits

	mu     sync.Mutex
	usages map[string]*usage
	recent map[string][]time.Time // the newest messages of a rule, at most Minute
	noted  map[string]time.Time
}

func newBudget(s store.Store, l Limits) *budget {
	return &budget{store: s, limits: l.complete(), usages: map[string]*usage{}, recent: map[string][]time.Time{}, noted: map[string]time.Time{}}
}

// spend counts a message of a rule and reports whether that is far more than usual.
func (b *budget) spend(ctx context.Context, rule string, now time.Time) (over bool, u usage) {
	if b.limits.Minute < 0 {
		return false, u
	}
	kept := b.kept(ctx, rule)
	b.mu.Lock()
	defer b.mu.Unlock()
	mine, known := b.usages[rule]
	if !known {
		mine = &kept
		b.usages[rule] = mine
	}
	mine.roll(now)
	mine.N++
	list := append(b.recent[rule], now)
	if len(list) > b.limits.Minute {
		list = list[len(list)-b.limits.Minute:]
	}
	b.recent[rule] = list
	b.note(rule, *mine, now)
	burst := len(list) >= b.limits.Minute && now.Sub(list[0]) < time.Minute
	return burst && mine.N > b.limits.Hour && float64(mine.N) > b.limits.Times*mine.Usual, *mine
}

// noteEvery is how often the figures of a rule are kept.
const noteEvery = 5 * time.Second

func (b *budget) note(rule string, u usage, now time.Time) {
	if now.Sub(b.noted[rule]) < noteEvery {
		return
	}
	b.noted[rule] = now
	if kept, err := json.Marshal(u); err == nil { // numbers and an instant always marshal
		b.store.Note(usageTable, rule, kept)
	}
}

// kept is what was known of a rule before the start; nothing where it is counted already or cannot be read.
func (b *budget) kept(ctx context.Context, rule string) (u usage) {
	b.mu.Lock()
	_, known := b.usages[rule]
	b.mu.Unlock()
	if !known {
		// A store that cannot be read fails the effect itself; what is usual is then learned anew.
		_ = b.store.View(ctx, func(tx store.Tx) error {
			_, err := row(tx, usageTable, rule, &u)
			return err
		})
	}
	return u
}

// afford lets a message of a rule go, or keeps it while the rule is paused.
func (o *outbox) afford(ctx context.Context, a *attempt) error {
	rule, now := a.effect.Rule, o.o.Now().UTC()
	if rule == "" {
		return nil
	}
	switch {
	case a.pause.dropped(a.job.Created):
		return o.drop(ctx, a, fmt.Sprintf("the rule %q was paused and what it had to say was dropped", rule))
	case a.pause.active(now):
		return o.wait(a, a.pause.Until, fmt.Sprintf("the rule %q is paused: %s", rule, a.pause.Reason))
	case a.job.Attempts > 1 || a.pause.lets(now):
		return nil
	}
	over, u := o.budget.spend(ctx, rule, now)
	if !over {
		return nil
	}
	p, err := o.decider.tooMuch(ctx, rule, u, now)
	if err != nil {
		return &store.LaterError{At: now.Add(closed), Free: true, Why: err.Error()}
	}
	return o.wait(a, p.Until, fmt.Sprintf("the rule %q is paused: %s", rule, p.Reason))
}
