package engine

import (
	"maps"
	"sync"
)

// gate knows which instances are stopped because their credentials or rights are gone.
type gate struct {
	mu      sync.Mutex
	stopped map[string]string // instance -> why
	alarmed map[string]bool   // until a call has gone well again
	waiting map[string]chan struct{}
}

func newGate() *gate {
	return &gate{stopped: map[string]string{}, alarmed: map[string]bool{}, waiting: map[string]chan struct{}{}}
}

// stop stops an instance and reports whether an operator is to be told: once, until it works again.
func (g *gate) stop(instance, why string) (alarm bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	alarm = !g.alarmed[instance]
	g.stopped[instance], g.alarmed[instance] = why, true
	return alarm
}

func (g *gate) resume(instance string) (was bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, was = g.stopped[instance]
	delete(g.stopped, instance)
	if ch := g.waiting[instance]; ch != nil {
		close(ch)
		delete(g.waiting, instance)
	}
	return was
}

// open returns a channel that is closed once the instance is not stopped, at once where it is not.
func (g *gate) open(instance string) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, stopped := g.stopped[instance]; !stopped {
		open := make(chan struct{})
		close(open)
		return open
	}
	if g.waiting[instance] == nil {
		g.waiting[instance] = make(chan struct{})
	}
	return g.waiting[instance]
}

// works says that a call to an instance went well.
func (g *gate) works(instance string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.alarmed, instance)
}

func (g *gate) why(instance string) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	why, ok := g.stopped[instance]
	return why, ok
}

func (g *gate) all() map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.stopped)
}
