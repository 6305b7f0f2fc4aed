package figma

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Figma counts calls in three tiers, by the plan that owns a file and by the seat of the token's owner there, and tells what
// is left only by refusing. We keep below budgets of our own, and what it refuses is not asked again before it says so.

const (
	tier1 = iota // rendering
	tier2        // comments, versions, webhooks
	tier3        // metadata, the account
	tierCount
)

type tiers struct {
	limit [tierCount]*rate.Limiter

	mu     sync.Mutex
	loaded bool
	until  [tierCount]restraint
}

// restraint is what Figma said when it refused.
type restraint struct {
	Until time.Time `json:"until"`
	Low   bool      `json:"low,omitempty"` // the owner's seat is one that may hardly read
	Plan  string    `json:"plan,omitempty"`
}

func newTiers(n PerMinute) *tiers {
	t := &tiers{}
	for i, perMinute := range []int{n.Tier1, n.Tier2, n.Tier3} {
		t.limit[i] = rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)
	}
	return t
}

const (
	limitKey    = "limits"
	shortWait   = 2 * time.Second // a restart takes longer
	longestWait = 31 * 24 * time.Hour
)

// admit takes one call out of a tier's budget, or says how long there is none.
func (c *Connector) admit(ctx context.Context, op string, tier int) error {
	if err := c.restrained(ctx); err != nil {
		return err
	}
	now := c.deps.Now()
	c.tiers.mu.Lock()
	defer c.tiers.mu.Unlock()
	if held := c.tiers.until[tier]; now.Before(held.Until) {
		return c.mustWait(op, held.Until.Sub(now), held)
	}
	r := c.tiers.limit[tier].ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return c.mustWait(op, wait, restraint{})
	}
	return nil
}

// restrained reads once what Figma said before this process began.
func (c *Connector) restrained(ctx context.Context) error {
	c.tiers.mu.Lock()
	defer c.tiers.mu.Unlock()
	if c.tiers.loaded {
		return nil
	}
	_, err := c.memory.Load(ctx, limitKey, &c.tiers.until)
	c.tiers.loaded = err == nil
	return err
}

func (c *Connector) mustWait(op string, wait time.Duration, held restraint) error {
	e := &connectors.Error{Op: op, Class: connectors.Limited, Scope: connectors.ScopeMethod, Wait: max(wait, time.Second), Err: errors.New("Figma's limit of calls")}
	if held.Low {
		e.Person = lowSeat
	}
	return e
}

const lowSeat = "Figma lets the owner of signoff's token read only a few times a month: their seat is a View or Collab seat. Give the account a Dev or Full seat in the plan that owns the file."

// limited notes a refusal for the whole tier. What lasts is kept over a restart.
func (c *Connector) limited(op string, tier int, header http.Header) error {
	wait, said := waitOf(header, c.deps.Now())
	if !said {
		wait = time.Minute
	}
	now := c.deps.Now()
	held := restraint{Until: now.Add(wait), Low: strings.EqualFold(header.Get("X-Figma-Rate-Limit-Type"), "low"), Plan: oneLine(header.Get("X-Figma-Plan-Tier"), 20)}
	c.tiers.mu.Lock()
	before := c.tiers.until[tier]
	c.tiers.until[tier] = held
	all := c.tiers.until
	c.tiers.mu.Unlock()
	if wait > shortWait {
		c.memory.Note(limitKey, all)
	}
	if held.Low && !before.Low {
		c.deps.Log.Error("Figma allows only a few calls a month: the owner of the token needs a Dev or Full seat", "tier", tier+1, "plan", held.Plan, "until", held.Until)
	}
	return c.mustWait(op, wait, held)
}

// waitOf reads how long Figma wants to be left alone; that can be days.
func waitOf(header http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(seconds) {
		return time.Duration(min(max(seconds, 1), longestWait.Seconds()) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), time.Second), longestWait), true
	}
	return 0, false
}

// heldBack is what Figma said of a tier, where that holds still.
func (c *Connector) heldBack(tier int) (restraint, bool) {
	c.tiers.mu.Lock()
	defer c.tiers.mu.Unlock()
	held := c.tiers.until[tier]
	return held, c.deps.Now().Before(held.Until)
}

// Pace names the limits of what is written: one comment at a time to a file, within the second tier.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	n := c.set.PerMinute.Tier2
	paces := []connectors.Pace{{Key: "tier2", PerMinute: float64(n), Burst: max(n/4, 1)}}
	if key := effectFile(e); key != "" {
		paces = append(paces, connectors.Pace{Key: "file/" + key, PerMinute: float64(n), Burst: max(n/4, 1), Alone: true})
	}
	return paces
}

func decode(raw []byte, into any) bool { return json.Unmarshal(raw, into) == nil }
