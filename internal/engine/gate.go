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
}

func newGate() *gate { return &gate{stopped: map[string]string{}, alarmed: map[string]bool{}} }

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
	return was
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
