package slack

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"signoff/internal/sandbox"
)

// Bursts that Slack tolerates before it answers 429.
const (
	channelBurst   = 5   // messages into one channel, then one a second
	workspaceBurst = 100 // messages of the app, then five a second
)

// limits are the rate tiers of the workspace. Off unless Options.Strict.
type limits struct {
	on          bool
	now         sandbox.Clock
	distributed bool

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimits(o Options) *limits {
	return &limits{on: o.Strict, distributed: o.Distributed, now: o.Real, buckets: map[string]*rate.Limiter{}}
}

// take counts one call and returns how long the caller must wait before the next try; 0 lets it through.
func (l *limits) take(method string, perMinute int, channel string) time.Duration {
	reads := method == "conversations.history" || method == "conversations.replies"
	if !l.on && !(l.distributed && reads) {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.distributed && reads {
		perMinute = 1
	}
	if method != "chat.postMessage" {
		return l.spend(method, rate.Limit(perMinute)/60, perMinute)
	}
	if wait := l.spend(method+" "+channel, 1, channelBurst); wait > 0 {
		return wait
	}
	return l.spend(method, 5, workspaceBurst)
}

func (l *limits) spend(key string, each rate.Limit, burst int) time.Duration {
	b := l.buckets[key]
	if b == nil {
		b = rate.NewLimiter(each, burst)
		l.buckets[key] = b
	}
	now := l.now()
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
