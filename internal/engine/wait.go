package engine

import (
	"context"
	"errors"

	"signoff/connectors"
	"signoff/internal/store"
)

// Some jobs call a service without an effect of a request: they tell a person, show a page, read a thread. They wait for
// the same things as effects do, and keep no fate.

// whileStopped makes a job wait while its instance is stopped; nil lets it go on.
func (e *Engine) whileStopped(j store.Job, instance string) error {
	why, stopped := e.gate.why(instance)
	if !stopped {
		return nil
	}
	return &store.LaterError{At: e.o.Now().Add(closed), Free: true, Unsure: j.Unsure, Why: instance + " is stopped: " + why}
}

// whileLimited makes a job wait until its call is admitted; nil lets it go on.
func (e *Engine) whileLimited(j store.Job, what call) error {
	at := e.limits.admit(what, e.o.Now())
	if !at.After(e.o.Now()) {
		return nil
	}
	return &store.LaterError{At: at, Free: true, Unsure: j.Unsure, Why: "waiting for a rate limit of " + what.instance}
}

// interrupted makes a job whose call was cut off by the end of the process run again; nil when that is not why it failed.
func (e *Engine) interrupted(ctx context.Context, err error) error {
	if !errors.Is(err, context.Canceled) || ctx.Err() == nil {
		return nil
	}
	return &store.LaterError{At: e.o.Now(), Unsure: true, Why: "stopped"}
}

// afterFailure says when a job whose call failed is done again: never by itself where it was rejected.
func (e *Engine) afterFailure(ctx context.Context, j store.Job, what call, ce *connectors.Error) error {
	wait := e.o.Now().Add(max(ce.Wait, e.limits.backoff(j.Attempts)))
	switch ce.Class {
	case connectors.Rejected:
		return store.Park(reason(ce))
	case connectors.Denied:
		if err := e.outbox.halt(ctx, what.instance, ce); err != nil {
			return err
		}
		return &store.LaterError{At: e.o.Now().Add(closed), Free: true, Unsure: j.Unsure, Why: reason(ce)}
	case connectors.Limited:
		return &store.LaterError{At: e.limits.limited(what, ce, e.o.Now()), Free: true, Unsure: j.Unsure, Why: reason(ce)}
	}
	return &store.LaterError{At: wait, Unsure: j.Unsure || ce.Class == connectors.Unsure, Why: reason(ce)}
}
