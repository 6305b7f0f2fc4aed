package serve

import (
	"context"
	"slices"
	"sync"

	"signoff/internal/background"
)

// Queue sends webhooks one after another. It has a lock of its own, which is never held while something is sent.
type Queue[D any] struct {
	ctx     context.Context
	stop    context.CancelFunc
	running background.Group
	more    chan struct{} // has room for one: something may be sent
	changes *Changes

	mu      sync.Mutex
	waiting []D
	held    bool
	open    int // deliveries that are not finished
}

// NewQueue returns an empty queue, which wakes changes whenever a delivery is finished.
func NewQueue[D any](changes *Changes) *Queue[D] {
	ctx, stop := context.WithCancel(context.Background())
	return &Queue[D]{ctx: ctx, stop: stop, more: make(chan struct{}, 1), changes: changes}
}

// Context ends with Close.
func (q *Queue[D]) Context() context.Context { return q.ctx }

// Run begins to send. send says whether the delivery is finished; of one that is not, whoever goes on with it calls Finished.
func (q *Queue[D]) Run(send func(D) (finished bool)) {
	q.running.Go(func() {
		for {
			if d, ok := q.next(); ok {
				if send(d) {
					q.Finished()
				}
				continue
			}
			select {
			case <-q.more:
			case <-q.ctx.Done():
				return
			}
		}
	})
}

func (q *Queue[D]) next() (d D, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held || len(q.waiting) == 0 || q.ctx.Err() != nil {
		return d, false
	}
	d, q.waiting = q.waiting[0], q.waiting[1:]
	q.open++
	return d, true
}

// Go does something beside the queue for which Close waits, as a repetition after a pause.
func (q *Queue[D]) Go(f func()) { q.running.Go(f) }

// Finished ends a delivery that Run had begun.
func (q *Queue[D]) Finished() {
	q.mu.Lock()
	q.open--
	q.mu.Unlock()
	q.changes.Wake()
}

// Push puts deliveries at the end.
func (q *Queue[D]) Push(list ...D) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, list...)
	q.signal()
}

func (q *Queue[D]) signal() {
	select {
	case q.more <- struct{}{}:
	default: // somebody will look anyway
	}
}

// Hold keeps deliveries back until Release.
func (q *Queue[D]) Hold() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = true
}

// Held reports whether deliveries are kept back.
func (q *Queue[D]) Held() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

// Release sends what was held back, and no longer holds. arrange decides what goes out and in which order; nil leaves it.
func (q *Queue[D]) Release(arrange func([]D) []D) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = false
	if arrange != nil {
		q.waiting = arrange(slices.Clone(q.waiting))
	}
	q.signal()
}

// Quiet reports whether nothing is queued or under way.
func (q *Queue[D]) Quiet() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open == 0 && len(q.waiting) == 0
}

// Close stops sending, drops what is queued and waits for what is under way.
func (q *Queue[D]) Close() {
	q.stop()
	q.running.Wait()
}
