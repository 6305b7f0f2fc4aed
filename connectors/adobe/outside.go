package adobe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"signoff/connectors"
	"signoff/connectors/adobe/api"
	"signoff/internal/flow"
)

const pollEvery = 15 * time.Minute

// Recognize implements connectors.Source.
func (c *Connector) Recognize(address string) (flow.Asset, bool) {
	if c.frameio != nil {
		if a, ok := c.frameio.Recognize(address); ok {
			return a, true
		}
	}
	if c.workfront != nil {
		if a, ok := c.workfront.Recognize(address); ok {
			return a, true
		}
	}
	if c.events != nil {
		return c.events.Recognize(address)
	}
	return flow.Asset{}, false
}

// Look implements connectors.Source.
func (c *Connector) Look(ctx context.Context, a flow.Asset, since time.Time) ([]flow.Event, error) {
	switch {
	case c.frameio != nil && c.frameio.Mine(a.Ref):
		return c.frameio.Look(ctx, a, since)
	case c.events != nil && c.events.Mine(a.Ref):
		return c.events.Look(ctx, a, since)
	case c.workfront != nil && c.workfront.Mine(a.Ref):
		return c.workfront.Look(ctx, a, since)
	}
	return nil, c.none("read the asset", a.Ref)
}

// LookEvery implements connectors.Source.
func (c *Connector) LookEvery() time.Duration {
	if c.frameio != nil {
		return c.frameio.LookEvery()
	}
	return 0
}

func (c *Connector) none(op string, ref flow.Ref) error {
	person := fmt.Sprintf("signoff is not connected to what keeps %q at Adobe. An administrator has to look at connectors.%s.", ref.Key, c.deps.Instance)
	return &connectors.Error{Op: op, Class: connectors.Rejected, Person: person, Err: errors.New(person)}
}

// Do implements connectors.Doer.
func (c *Connector) Do(ctx context.Context, e flow.Effect) ([]flow.Link, error) {
	at := api.Place(e)
	switch {
	case c.frameio != nil && c.frameio.Mine(at):
		return c.frameio.Do(ctx, e)
	case c.workfront != nil && c.workfront.Mine(at):
		return c.workfront.Do(ctx, e)
	case c.events != nil && c.events.Mine(at):
		return nil, nil // these services have no place for words
	case c.frameio != nil:
		return c.frameio.Do(ctx, e) // it says why not
	}
	return nil, c.none("write at Adobe", at)
}

// Find implements connectors.Doer.
func (c *Connector) Find(ctx context.Context, e flow.Effect, tried time.Time) ([]flow.Link, bool, error) {
	at := api.Place(e)
	switch {
	case c.frameio != nil && c.frameio.Mine(at):
		return c.frameio.Find(ctx, e, tried)
	case c.workfront != nil && c.workfront.Mine(at):
		return c.workfront.Find(ctx, e, tried)
	}
	return nil, false, nil
}

// Pace implements connectors.Pacer.
func (c *Connector) Pace(e flow.Effect) []connectors.Pace {
	at := api.Place(e)
	if c.frameio != nil && c.frameio.Mine(at) {
		return c.frameio.Pace(e)
	}
	return []connectors.Pace{{Key: at.Type, PerMinute: 60, Burst: 10}, {Key: at.Type + "/" + at.Key, PerMinute: 30, Burst: 5, Alone: true}}
}

// Open implements connectors.Opener.
func (c *Connector) Open(ctx context.Context, ref flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	if c.frameio != nil && c.frameio.Mine(ref) {
		return c.frameio.Open(ctx, ref)
	}
	return nil, connectors.FileMeta{}, c.none("read a file", ref)
}

// Register implements connectors.Registrar. What goes wrong with one part does not keep the others from being looked after.
func (c *Connector) Register(ctx context.Context) ([]connectors.Finding, error) {
	var out []connectors.Finding
	var all []error
	if c.frameio != nil {
		f, err := c.frameio.Register(ctx)
		out, all = append(out, f...), append(all, err)
	}
	if c.events != nil {
		out = append(out, c.events.Register(ctx)...)
	}
	if c.workfront != nil {
		f, err := c.workfront.Register(ctx)
		out, all = append(out, f...), append(all, err)
	}
	return out, first(all)
}

// first is the first error: only one crosses the boundary.
func first(all []error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// Poll implements connectors.Poller.
func (c *Connector) Poll(ctx context.Context, deliver func(context.Context, connectors.Inbound) connectors.Reply) (time.Duration, error) {
	next := pollEvery
	var all []error
	if c.events != nil {
		wait, err := c.events.Poll(ctx, deliver)
		if all = append(all, err); wait > 0 {
			next = min(next, wait)
		}
	}
	if c.frameio != nil && c.frameio.Due() {
		all = append(all, c.frameio.Poll(ctx, deliver))
	}
	return next, first(all)
}

// Check implements connectors.Connector.
func (c *Connector) Check(ctx context.Context) []connectors.Finding {
	var out []connectors.Finding
	if c.frameio != nil {
		out = append(out, c.frameio.Check(ctx)...)
	}
	if c.events != nil {
		out = append(out, c.events.Check(ctx)...)
	}
	if c.workfront != nil {
		out = append(out, c.workfront.Check(ctx)...)
	}
	return out
}

// Probe implements connectors.Prober: a connection goes on only with all of its credentials.
func (c *Connector) Probe(ctx context.Context) error {
	var all []error
	if c.frameio != nil {
		all = append(all, c.frameio.Probe(ctx))
	}
	if c.events != nil {
		all = append(all, c.events.Probe(ctx))
	}
	if c.workfront != nil {
		all = append(all, c.workfront.Probe(ctx))
	}
	return first(all)
}
