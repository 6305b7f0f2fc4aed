// Package background runs work that its starter does not wait for, and whose owner waits for it at the end.
package background

import "sync"

// Group is work under way. Unlike with a sync.WaitGroup, work may be brought by anybody at any time, also while the owner
// begins to wait: it is then either waited for or refused. The zero value takes work.
type Group struct {
	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

// Go runs f in a goroutine of its own and reports whether it does: once Close or Wait was called nothing is begun.
func (g *Group) Go(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.work.Go(f)
	return true
}

// Close refuses new work from now on and does not wait.
func (g *Group) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// Wait refuses new work and returns when none is under way.
func (g *Group) Wait() {
	g.Close()
	g.work.Wait()
}
