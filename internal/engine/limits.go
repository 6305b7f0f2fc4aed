package engine

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"golang.org/x/time/rate"

	"signoff/connectors"
	"signoff/internal/flow"
)

// limits keep the rates of all destinations: paces named by connectors, refusals that named an instant, and a
// breaker per destination. They live in memory; after a restart the services tell them again.
//
// Paces are kept for a while after a destination has refused or failed, so that what piled up drains as its rules say.
// Before that they would only delay: services allow bursts that their documents do not name, and say when it is enough.
type limits struct {
	rand func() float64

	mu       sync.Mutex
	strict   map[string]time.Time // instance -> until when its paces are kept
	paces    map[string]*rate.Limiter
	slots    map[string]time.Time // job -> the instant reserved for it
	blocks   map[string][]block   // by instance
	breakers map[string]circuitbreaker.CircuitBreaker[any]
	rooms    map[string]chan struct{} // calls under way, by instance
}

// block is a refusal: nothing that falls under it is called before until.
type block struct {
	scope, op, key string
	shapes         []string // shapes of calls that were refused
	until          time.Time
}

// call is what is about to be done at a destination.
type call struct {
	job      string
	instance string
	shape    string // words that name the sort of call where the connector names no pace
	effect   flow.Effect
	paces    []connectors.Pace
}

func newLimits(rand func() float64) *limits {
	return &limits{
		rand: rand, strict: map[string]time.Time{}, paces: map[string]*rate.Limiter{}, slots: map[string]time.Time{},
		blocks: map[string][]block{}, breakers: map[string]circuitbreaker.CircuitBreaker[any]{},
		rooms: map[string]chan struct{}{},
	}
}

// admit says when c may be made: at or before now means at once. A call that has to wait holds its place, so that
// many jobs come back one after the other and not all together.
func (l *limits) admit(c call, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	free := l.blocked(c, now)
	if slot, ok := l.slots[c.job]; ok && !free.After(slot) {
		if !slot.After(now) {
			delete(l.slots, c.job)
		}
		return slot
	}
	delete(l.slots, c.job)
	slot := l.reserve(c, later(now, free))
	if slot.After(now) && len(c.paces) > 0 {
		l.slots[c.job] = slot
	}
	if free.After(now) && len(c.paces) == 0 {
		slot = free.Add(time.Duration(l.rand() * float64(time.Second))) // not all at one instant
	}
	return slot
}

// reserve takes a place in every pace of c, not before from.
func (l *limits) reserve(c call, from time.Time) time.Time {
	at := from
	strict := l.strict[c.instance].After(from)
	for _, p := range c.paces {
		if p.PerMinute <= 0 || !(strict || p.Budget) {
			continue
		}
		key := c.instance + "/" + p.Key
		_, known := l.paces[key]
		lim := l.limiter(key, p, from)
		if !known && p.Burst > 1 && !p.Budget {
			lim.AllowN(from, p.Burst-1) // a burst is what brought the refusal
		}
		r := lim.ReserveN(from, 1)
		if r.OK() {
			at = later(at, from.Add(r.DelayFrom(from)))
		}
	}
	return at
}

const manyPaces = 10_000

// prune forgets limiters that hold nothing back; a new one starts as they are.
func (l *limits) prune(now time.Time) {
	for key, lim := range l.paces {
		if lim.TokensAt(now) >= float64(lim.Burst()) {
			delete(l.paces, key)
		}
	}
}

func (l *limits) limiter(key string, p connectors.Pace, now time.Time) *rate.Limiter {
	if lim, ok := l.paces[key]; ok {
		return lim
	}
	if len(l.paces) >= manyPaces {
		l.prune(now)
	}
	lim := rate.NewLimiter(rate.Limit(p.PerMinute/60), max(p.Burst, 1))
	l.paces[key] = lim
	return lim
}

// strictFor is how long paces are kept after a destination refused or failed.
const strictFor = 10 * time.Minute

// trouble makes the paces of a destination count for a while.
func (l *limits) trouble(instance string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.strict[instance] = later(l.strict[instance], now.Add(strictFor))
}

// forget gives up the place of a job that needs none any more.
func (l *limits) forget(job string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.slots, job)
}

func (l *limits) blocked(c call, now time.Time) time.Time {
	var until time.Time
	list := slices.DeleteFunc(l.blocks[c.instance], func(b block) bool { return !b.until.After(now) })
	l.blocks[c.instance] = list
	for _, b := range list {
		if b.holds(c) {
			until = later(until, b.until)
		}
	}
	return until
}

// limited remembers a refusal and returns the instant from which the call may be made again.
func (l *limits) limited(c call, e *connectors.Error, now time.Time) time.Time {
	l.trouble(c.instance, now.Add(e.Wait))
	wait := max(e.Wait, time.Second)
	until := now.Add(wait + time.Duration(l.rand()*float64(min(wait/10, 5*time.Second))))
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.blocks[c.instance]
	for i := range list {
		b := &list[i]
		if b.scope == e.Scope && b.op == e.Op && b.key == e.Key {
			b.until = later(b.until, until)
			if !slices.Contains(b.shapes, c.shape) {
				b.shapes = append(b.shapes, c.shape)
			}
			return b.until
		}
	}
	l.blocks[c.instance] = append(list, block{scope: e.Scope, op: e.Op, key: e.Key, shapes: []string{c.shape}, until: until})
	return until
}

// holds reports whether the refusal covers c. Where the connector does not name what a call falls under, the refusal
// covers every call of the shapes it was given for, and where it names nothing at all, the whole instance waits.
func (b block) holds(c call) bool {
	switch b.scope {
	case connectors.ScopeMethod:
		return b.named(c)
	case connectors.ScopeChannel:
		return (b.key == "" || touches(c.effect, b.key)) && b.named(c)
	case connectors.ScopeIssue:
		return b.key == "" || touches(c.effect, b.key)
	}
	return true
}

func (b block) named(c call) bool {
	if slices.Contains(b.shapes, c.shape) {
		return true
	}
	for _, p := range c.paces {
		if p.Key == b.op || strings.HasPrefix(p.Key, b.op+"/") {
			return true
		}
	}
	return len(c.paces) == 0 && c.effect.ID != ""
}

// touches reports whether an effect names the channel or ticket key.
func touches(e flow.Effect, key string) bool {
	var refs []flow.Ref
	switch {
	case e.Show != nil:
		refs = append(refs, e.Show.At, e.Show.To.Ref)
		if e.Show.Link != nil {
			refs = append(refs, e.Show.Link.Ref)
		}
	case e.Tell != nil:
		refs = append(refs, e.Tell.Where)
		for _, to := range e.Tell.To {
			refs = append(refs, to.Ref)
		}
	}
	if e.Copy != nil {
		refs = append(refs, e.Copy.To)
	}
	for _, r := range e.Known {
		refs = append(refs, r)
	}
	return slices.ContainsFunc(refs, func(r flow.Ref) bool {
		return r.Key == key || slices.Contains(strings.FieldsFunc(r.Key, func(c rune) bool { return c == '/' || c == ':' }), key)
	})
}

func shapeOf(e flow.Effect) string {
	switch {
	case e.Show != nil && e.Show.Link == nil:
		return "create " + string(e.Show.View.Kind)
	case e.Show != nil:
		return "change " + string(e.Show.View.Kind)
	case e.Copy != nil:
		return "attach"
	case e.Tell != nil && e.Tell.Private:
		return "whisper"
	}
	return "tell"
}

const (
	breakAfter = 5
	breakFor   = 10 * time.Second
)

// breaker returns the breaker of a destination.
func (l *limits) breaker(instance string) circuitbreaker.CircuitBreaker[any] {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.breakers[instance]
	if !ok {
		b = circuitbreaker.NewBuilder[any]().WithFailureThreshold(breakAfter).WithSuccessThreshold(1).WithDelay(breakFor).Build()
		l.breakers[instance] = b
	}
	return b
}

// crowd is how many calls to one destination are under way at most, so that one which hangs leaves room for others;
// a call waits squeeze for room before it is put off.
const (
	crowd   = 20
	squeeze = 100 * time.Millisecond
)

// enter lets a call to a destination begin, unless too many are under way; leave ends it.
func (l *limits) enter(instance string) bool {
	room := l.room(instance)
	select {
	case room <- struct{}{}:
		return true
	default:
	}
	enough := time.NewTimer(squeeze)
	defer enough.Stop()
	select {
	case room <- struct{}{}:
		return true
	case <-enough.C:
		return false
	}
}

func (l *limits) leave(instance string) { <-l.room(instance) }

func (l *limits) room(instance string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	room, ok := l.rooms[instance]
	if !ok {
		room = make(chan struct{}, crowd)
		l.rooms[instance] = room
	}
	return room
}

// One thing outside is written so often within a short time only where something answers our every write.
const (
	loopBurst     = 300
	loopPerMinute = 30
)

// calm says when what an effect shows may be written again; later than now when it seems to be a loop.
func (l *limits) calm(e flow.Effect, now time.Time) time.Time {
	if e.Show == nil {
		return now
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.limiter("loop/"+e.Mark(), connectors.Pace{PerMinute: loopPerMinute, Burst: loopBurst}, now).ReserveN(now, 1)
	at := now.Add(r.DelayFrom(now))
	if at.After(now) {
		r.CancelAt(now)
	}
	return at
}

// open lists the destinations whose breaker is open.
func (l *limits) open() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for instance, b := range l.breakers {
		if b.IsOpen() {
			list = append(list, instance)
		}
	}
	slices.Sort(list)
	return list
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// backoff grows from 2 s to 5 min with the attempts, with jitter so that many do not come back together.
func (l *limits) backoff(attempts int) time.Duration {
	d := min(longestPause, 2*time.Second<<min(max(attempts-1, 0), 10))
	return time.Duration(float64(d) * (0.7 + 0.3*l.rand()))
}

const longestPause = 5 * time.Minute
