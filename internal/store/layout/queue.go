package layout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"signoff/internal/store"
)

// Clock is how a queue knows the time and waits for it.
type Clock struct {
	Now func() time.Time
	// After returns a channel that receives once d of Now's time has passed; nil: the machine's own.
	After func(d time.Duration) <-chan time.Time
}

func (c Clock) after(d time.Duration) <-chan time.Time {
	if c.After == nil {
		return time.After(d)
	}
	return c.After(d)
}

const (
	workers  = 32
	crowd    = 10_000 // jobs held in memory; more stay in the store until there is room
	longest  = 5 * time.Minute
	recheck  = 30 * time.Second
	takeOnce = 500
)

// Queue hands the due jobs of one store to a handler.
type Queue struct {
	clock  Clock
	update func(context.Context, func(*Tx) error) error
	view   func(context.Context, func(*Tx) error) error

	mu      sync.Mutex
	taken   bool                   // somebody works on it
	working bool                   // and has recovered what an earlier process left
	runs    []store.Job            // may begin now
	lanes   map[string][]store.Job // present: the lane is busy; behind: what waits for it
	held    int
	waiting map[string]bool // careful jobs among them that have not begun
	ended   map[string]bool // jobs that are being done, and whether a commit has finished them meanwhile
	wake    chan struct{}   // something is due, or the clock has moved
	more    *sync.Cond
	closed  bool
}

// NewQueue returns a queue over a store's transactions.
func NewQueue(c Clock, update, view func(context.Context, func(*Tx) error) error) *Queue {
	q := &Queue{clock: c, update: update, view: view, lanes: map[string][]store.Job{}, waiting: map[string]bool{}, ended: map[string]bool{}, wake: make(chan struct{}, 1)}
	q.more = sync.NewCond(&q.mu)
	return q
}

// Takes reports whether jobs that are due when enqueued are to be taken at once.
func (q *Queue) Takes() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.working && q.held < crowd
}

// idle reports whether n more jobs, the last of them in a lane, would be begun at once.
func (q *Queue) idle(lane string, n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, busy := q.lanes[lane]
	return q.working && q.held+n <= workers && !busy
}

// Committed tells the queue what a committed transaction has put to work.
func (q *Queue) Committed(t *Tx) {
	if t.ready {
		q.Nudge()
	}
	q.finished(t.ended)
	q.pushAll(t.due)
}

func (q *Queue) finished(list []string) {
	if len(list) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range list {
		if _, running := q.ended[id]; running {
			q.ended[id] = true
		}
	}
}

// leaves takes a job that was done off the list and reports whether its end is committed already. When one of the same
// name has begun meanwhile it may say no: Settle looks again.
func (q *Queue) leaves(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	ended := q.ended[id]
	delete(q.ended, id)
	return ended
}

func (q *Queue) pushAll(list []store.Job) {
	if len(list) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range list {
		q.push(j)
	}
}

func (q *Queue) push(j store.Job) {
	q.held++
	if j.State == store.JobReady {
		q.waiting[j.ID] = true
	}
	if j.Lane != "" {
		if waiting, busy := q.lanes[j.Lane]; busy {
			q.lanes[j.Lane] = append(waiting, j)
			return
		}
		q.lanes[j.Lane] = nil
	}
	q.runs = append(q.runs, j)
	q.more.Signal()
}

// Nudge makes the queue look for due jobs now.
func (q *Queue) Nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Work implements store.Store.Work.
func (q *Queue) Work(ctx context.Context, h store.Handler) error {
	if err := q.start(ctx); err != nil {
		return err
	}
	var done sync.WaitGroup
	for range workers {
		done.Go(func() { q.worker(ctx, h) })
	}
	err := q.feed(ctx)
	left := q.stop()
	done.Wait()
	if rel := q.release(left); err == nil {
		err = rel
	}
	return err
}

func (q *Queue) start(ctx context.Context) error {
	q.mu.Lock()
	if q.taken {
		q.mu.Unlock()
		return fmt.Errorf("work: the queue has a handler already")
	}
	q.taken = true
	q.mu.Unlock()
	// Nothing is taken at Enqueue before this is done, so whatever runs was left by an earlier process.
	err := q.update(ctx, func(t *Tx) error { _, err := t.Recover(); return err })
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.taken = false
		return fmt.Errorf("recover running jobs: %w", err)
	}
	// What an earlier Work of this process still held was recovered just now; nothing of it may keep a lane busy.
	q.runs, q.lanes, q.held = nil, map[string][]store.Job{}, 0
	clear(q.waiting) // what was handed over while nobody worked is found in the store
	q.working, q.closed = true, false
	return nil
}

// feed takes due jobs from the store until ctx ends.
func (q *Queue) feed(ctx context.Context) error {
	for ctx.Err() == nil {
		wait := recheck
		if q.Takes() {
			next, full, err := q.take(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if full {
				continue
			}
			if !next.IsZero() {
				wait = min(recheck, max(0, next.Sub(q.clock.Now())))
			}
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-q.clock.after(wait):
		}
	}
	return nil
}

func (q *Queue) take(ctx context.Context) (next time.Time, full bool, err error) {
	idle := false
	held := q.unbegun()
	err = q.view(ctx, func(t *Tx) error { next, idle = t.NextDue(held); return nil })
	if err != nil || idle || next.After(q.clock.Now()) {
		return next, false, err
	}
	var got []store.Job
	err = q.update(context.WithoutCancel(ctx), func(t *Tx) error {
		var err error
		got, next, err = t.Take(q.clock.Now(), takeOnce, held)
		return err
	})
	if err != nil {
		return next, false, fmt.Errorf("take due jobs: %w", err)
	}
	q.pushAll(got)
	return next, len(got) == takeOnce, nil
}

// unbegun lists the careful jobs that the queue has and that are still ready in the store.
func (q *Queue) unbegun() map[string]bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.waiting)
}

func (q *Queue) worker(ctx context.Context, h store.Handler) {
	for {
		j, ok := q.next()
		if !ok {
			return
		}
		if !j.Careful || ctx.Err() == nil { // one that is still ready in the store does not begin at the end
			q.run(ctx, h, j)
		}
		q.leave(j)
	}
}

func (q *Queue) next() (store.Job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.runs) == 0 && !q.closed {
		q.more.Wait()
	}
	if q.closed {
		return store.Job{}, false
	}
	j := q.runs[0]
	q.runs = q.runs[1:]
	return j, true
}

// leave frees the job's lane and starts the next of it.
func (q *Queue) leave(j store.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held--
	if j.Lane != "" {
		if waiting := q.lanes[j.Lane]; len(waiting) > 0 {
			q.lanes[j.Lane] = waiting[1:]
			q.runs = append(q.runs, waiting[0])
			q.more.Signal()
		} else {
			delete(q.lanes, j.Lane)
		}
	}
	if q.held == crowd-1 {
		q.Nudge()
	}
}

func (q *Queue) run(ctx context.Context, h store.Handler, j store.Job) {
	id := j.ID
	j, ok := q.begin(ctx, j)
	q.mu.Lock()
	delete(q.waiting, id)
	if ok {
		q.ended[id] = false
	}
	q.mu.Unlock()
	if !ok {
		return
	}
	outcome := call(ctx, h, j)
	ended := q.leaves(id)
	if outcome != nil && ctx.Err() != nil && !said(outcome) {
		outcome = &store.LaterError{At: q.clock.Now(), Why: "stopped: " + outcome.Error(), Unsure: true}
	}
	if outcome == nil && ended {
		return // finished by its handler, in the commit that recorded the result
	}
	pause := pauseAfter(j.Attempts)
	keep := context.WithoutCancel(ctx)
	err := q.update(keep, func(t *Tx) error { return t.Settle(j, outcome, pause) })
	if err != nil || outcome != nil {
		// An unsettled job is found running at the next start.
		q.Nudge()
	}
}

// begin makes sure that j is still to be done; a careful job's attempt is counted now.
func (q *Queue) begin(ctx context.Context, j store.Job) (store.Job, bool) {
	if !j.Careful || j.State == store.JobRunning {
		return j, q.begun(ctx, j)
	}
	var ok bool
	err := q.update(context.WithoutCancel(ctx), func(t *Tx) error {
		var err error
		j, ok, err = t.Begin(j)
		return err
	})
	if err != nil {
		q.Nudge() // it is still ready, and found when the store answers again
	}
	return j, ok && err == nil
}

// begun reports whether j is still the attempt that was taken; when the store cannot say, it is.
func (q *Queue) begun(ctx context.Context, j store.Job) bool {
	is := true
	err := q.view(context.WithoutCancel(ctx), func(t *Tx) error {
		var err error
		is, err = t.Begun(j)
		return err
	})
	return err != nil || is
}

func call(ctx context.Context, h store.Handler, j store.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in job %s: %v\n%s", j.ID, p, debug.Stack())
		}
	}()
	return h(ctx, j)
}

// said reports whether a handler said itself what is to become of its job.
func said(outcome error) bool {
	var later *store.LaterError
	var park *store.ParkError
	return errors.As(outcome, &later) || errors.As(outcome, &park)
}

// pauseAfter grows from 2 s to 5 min, with jitter so that many do not come back at once.
func pauseAfter(attempts int) time.Duration {
	d := min(longest, 2*time.Second<<min(max(attempts-1, 0), 10))
	return time.Duration(float64(d) * (0.7 + 0.6*rand.Float64()))
}

// stop lets nothing begin any more and returns what was taken and not begun.
func (q *Queue) stop() []store.Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.runs
	for lane, waiting := range q.lanes {
		left = append(left, waiting...)
		q.lanes[lane] = nil
	}
	q.runs, q.held = nil, q.held-len(left)
	clear(q.waiting)
	q.closed, q.working, q.taken = true, false, false
	q.more.Broadcast()
	return left
}

func (q *Queue) release(left []store.Job) error {
	if len(left) == 0 {
		return nil
	}
	return q.update(context.Background(), func(t *Tx) error { return t.Release(left) })
}
