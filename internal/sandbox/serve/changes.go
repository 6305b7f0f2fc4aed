package serve

import (
	"context"
	"sync"
	"time"
)

// Changes lets others wait for what happens in a service. The zero value is ready; it has a lock of its own.
type Changes struct {
	mu   sync.Mutex
	next chan struct{}
}

// Next is closed by the next Wake.
func (c *Changes) Next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

// Wake tells everybody who waits that something changed.
func (c *Changes) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// Wait returns once ok holds, or with the error of ctx. It looks again after every change. ok is called without a lock.
func (c *Changes) Wait(ctx context.Context, ok func() bool) error {
	for {
		changed := c.Next()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Sleep waits in real time, or until ctx ends.
func Sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
