package engine

import (
	"context"
	"fmt"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// Given opens a request as if rules had routed it so: for rehearsals whose cases begin in the middle. The event is a
// RequestSubmitted with an ID of its own; from then on everything goes its usual way.
func (e *Engine) Given(ctx context.Context, ev flow.Event, routing flow.Routing) (r flow.Request, err error) {
	ev.Kind = flow.RequestSubmitted
	var dec decision
	err = e.o.Store.Update(ctx, func(tx store.Tx) error {
		set := e.Rules()
		if err := e.book.keep(tx, set); err != nil {
			return err
		}
		n, err := tx.Seq("request")
		if err != nil {
			return err
		}
		id := flow.RequestID(fmt.Sprintf("%s-%d", set.Options().Workspace.KeyPrefix, n))
		ev.At = e.o.Now().UTC()
		f := flow.Facts{New: id, Routing: &routing, Places: e.decider.places(ev), Triage: e.decider.askedInTriage(&routing)}
		if err := e.decider.shareOut(tx, set, routing.Template, routing.Rule, &f.Answers); err != nil {
			return err
		}
		dec, err = e.decider.apply(tx, set.Policy(set), flow.Request{}, ev, f)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("open a given request: %w", err)
	}
	e.decider.report(dec)
	return dec.Request, nil
}
