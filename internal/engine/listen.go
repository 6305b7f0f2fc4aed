package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"signoff/connectors"
)

// listeners keep the connections open through which deliveries come without a hook. Each is supervised by itself: one
// that ends is started again after a growing pause, one that is refused waits until its instance works again.
type listeners struct {
	e    *Engine
	ends sync.WaitGroup
}

const (
	steadyAfter = 5 * time.Minute // a connection that held so long starts its pauses anew
	goodbye     = 10 * time.Second
)

// start runs all listeners until ctx ends.
func (l *listeners) start(ctx context.Context) {
	for instance, c := range l.e.o.Connectors {
		if c, ok := c.(connectors.Listener); ok {
			l.ends.Go(func() { l.keep(ctx, instance, c) })
		}
	}
}

// wait lets every listener finish what it has taken, for a while; what hangs is left behind.
func (l *listeners) wait() { l.e.leave("listener", &l.ends) }

// wait lets every poller finish what it has begun, likewise.
func (p *pollers) wait() { p.e.leave("poller", &p.ends) }

func (e *Engine) leave(what string, ends *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { ends.Wait(); close(done) }()
	late := time.NewTimer(goodbye)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		e.o.Log.Error("a " + what + " did not stop in time and is left behind")
	}
}

// keep runs one listener again and again.
func (l *listeners) keep(ctx context.Context, instance string, c connectors.Listener) {
	for tries := 1; ctx.Err() == nil; tries++ {
		began := l.e.o.Now()
		err := l.listen(ctx, instance, c)
		if ctx.Err() != nil {
			return
		}
		if l.e.o.Now().Sub(began) >= steadyAfter {
			tries = 1
		}
		ce := classed(err)
		if err != nil && ce.Class == connectors.Denied {
			l.refused(ctx, instance, ce)
		} else {
			l.e.met.listens.WithLabelValues(instance, "ended").Inc()
			l.e.o.Log.Warn("connection ended and is opened again", "instance", instance, "try", tries, "error", err)
		}
		pause(ctx, l.e.limits.backoff(tries))
	}
}

// listen calls Listen once; a panic in it ends the connection and nothing else.
func (l *listeners) listen(ctx context.Context, instance string, c connectors.Listener) (err error) {
	defer func() {
		if p := recover(); p != nil {
			l.e.met.alarm("panic")
			l.e.o.Log.Error("panic in a listener", "instance", instance, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	l.e.met.listens.WithLabelValues(instance, "opened").Inc()
	return c.Listen(ctx, func(ctx context.Context, in connectors.Inbound) connectors.Reply { return l.e.bring(ctx, instance, in) })
}

// refused stops the instance and waits until a check of it is well again.
func (l *listeners) refused(ctx context.Context, instance string, ce *connectors.Error) {
	l.e.met.listens.WithLabelValues(instance, "denied").Inc()
	if err := l.e.outbox.halt(ctx, instance, ce); err != nil {
		l.e.o.Log.Error("stopped instance not planned to be looked at again", "instance", instance, "error", err)
		return // it is tried again after a pause, as after any other end
	}
	select {
	case <-l.e.gate.open(instance):
	case <-ctx.Done():
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Connection is how the standing connection of an instance is.
type Connection struct {
	Up  bool
	Why string // it does not stand
}

// connections tells of every listener that knows.
func (l *listeners) connections() map[string]Connection {
	all := map[string]Connection{}
	for instance, c := range l.e.o.Connectors {
		if c, ok := c.(connectors.Connectable); ok {
			up, why := c.Connected()
			all[instance] = Connection{Up: up, Why: why}
		}
	}
	return all
}

// down says which connections do not stand, in order.
func down(all map[string]Connection) (list []string) {
	for instance, c := range all {
		if !c.Up {
			list = append(list, fmt.Sprintf("%s is not connected: %s", instance, c.Why))
		}
	}
	slices.Sort(list)
	return list
}
