package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"signoff/internal/store"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

// desk is a store whose work is done one job at a time, in the order in which it falls due, and only when it is told to.
// So a test takes the same course every time, and time passes between jobs alone.
type desk struct {
	*memstore.Store
	clock   *clock
	handler chan store.Handler
	done    store.Handler
	around  func(j store.Job, do func() error) error // every job goes through it
}

// clock is the time of one test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time of the test.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// never is the waiting of somebody whose clock is moved by hand.
func never(time.Duration) <-chan time.Time { return nil }

func newDesk(start time.Time) *desk {
	c := &clock{now: start}
	return &desk{
		Store: memstore.New("rehearsal", layout.Clock{Now: c.Now, After: never}), clock: c, handler: make(chan store.Handler, 1),
	}
}

// Work implements store.Store: it hands the handler over and waits for the end.
func (d *desk) Work(ctx context.Context, h store.Handler) error {
	d.handler <- h
	<-ctx.Done()
	return nil
}

// ready waits until the engine has begun to work.
func (d *desk) ready(ctx context.Context) error {
	select {
	case d.done = <-d.handler:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("start the engine: %w", ctx.Err())
	}
}

// mostJobs is how many jobs one move of the clock may take: more is a loop.
const mostJobs = 200_000

// pass does everything that falls due until an instant, each at its own time, and leaves the clock there.
func (d *desk) pass(ctx context.Context, until time.Time) error {
	for range mostJobs {
		j, ok, err := d.take(ctx, until)
		if err != nil {
			return err
		}
		if !ok {
			d.clock.set(until)
			return nil
		}
		if err := d.do(ctx, j); err != nil {
			return err
		}
	}
	return fmt.Errorf("the work until %s does not come to an end", until.Format(time.DateTime))
}

// gathered is how long at most what is said together is gathered.
const gathered = 10 * time.Second

// settle does what is due now, and what is being gathered to be said together.
func (d *desk) settle(ctx context.Context) error {
	for {
		now := d.clock.Now()
		if err := d.pass(ctx, now); err != nil {
			return err
		}
		next, waits, err := d.gathering(ctx)
		if err != nil || !waits || next.After(now.Add(gathered)) {
			return err
		}
		if err := d.pass(ctx, next); err != nil {
			return err
		}
	}
}

// gathering returns when the first digest goes out.
func (d *desk) gathering(ctx context.Context) (at time.Time, waits bool, err error) {
	err = d.View(ctx, func(tx store.Tx) error {
		list, _, err := tx.Jobs(store.JobQuery{State: store.JobReady, Kind: "bundle", Limit: 1})
		if len(list) > 0 {
			at, waits = list[0].At, true
		}
		return err
	})
	return at, waits, err
}

// take takes the first job that is due until an instant, and sets the clock to its time.
func (d *desk) take(ctx context.Context, until time.Time) (j store.Job, ok bool, err error) {
	err = d.Update(ctx, func(tx store.Tx) error {
		t := tx.(*layout.Tx)
		next, idle := t.NextDue(nil)
		if idle || next.After(until) {
			return nil
		}
		d.clock.set(next)
		list, _, err := t.Take(next, 1, nil)
		if err != nil || len(list) == 0 {
			return err
		}
		j, ok = list[0], true
		if j.Careful {
			j, ok, err = t.Begin(j)
		}
		return err
	})
	return j, ok, err
}

const mostTries = 8

func (d *desk) do(ctx context.Context, j store.Job) error {
	err := d.around(j, func() error { return d.done(ctx, j) })
	var later *store.LaterError
	var park *store.ParkError
	if err != nil && !errors.As(err, &later) && !errors.As(err, &park) && j.Attempts >= mostTries {
		return fmt.Errorf("%s: %w", j.Kind, err)
	}
	return d.Update(ctx, func(tx store.Tx) error { return tx.(*layout.Tx).Settle(j, err, time.Minute) })
}
