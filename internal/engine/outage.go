package engine

import (
	"sync"
	"time"
)

// outageAfter is how long a destination has to be silent before the operator is told: shorter trouble passes by itself.
const outageAfter = 5 * time.Minute

// outages know which destinations have not answered any call for how long, so that an hour of trouble is one alarm and not
// one for each thing that waits.
type outages struct {
	mu sync.Mutex
	by map[string]*outage // by instance
}

type outage struct {
	since time.Time
	told  bool
}

// failed notes a call without an answer; tell is true once in an outage.
func (o *outages) failed(instance string, now time.Time) (since time.Time, tell bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[string]*outage{}
	}
	out := o.by[instance]
	if out == nil {
		out = &outage{since: now}
		o.by[instance] = out
	}
	tell = !out.told && now.Sub(out.since) >= outageAfter
	out.told = out.told || tell
	return out.since, tell
}

// answered notes an answer, and reports whether it ends an outage that the operator was told of.
func (o *outages) answered(instance string) (since time.Time, told bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.by[instance]
	if out == nil {
		return time.Time{}, false
	}
	delete(o.by, instance)
	return out.since, out.told
}

// told reports whether the operator knows that a destination does not answer.
func (o *outages) told(instance string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.by[instance]
	return out != nil && out.told
}

// longestWatch bounds the pauses between two looks at a destination that does not answer.
const longestWatch = time.Minute

// pause grows with an outage: the many that wait need not all look every few seconds, one of them is enough.
func (o *outages) pause(instance string, now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.by[instance]
	if out == nil {
		return 0
	}
	return min(now.Sub(out.since)/10, longestWatch)
}
