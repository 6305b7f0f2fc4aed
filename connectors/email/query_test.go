package email_test

import (
	"context"

	"signoff/connectors"
	"signoff/internal/flow"
)

// asked is a connectors.Query that knows some requests and who takes part in them.
type asked struct {
	connectors.Query // what mail never asks
	requests         map[string]flow.Request
	part             map[string][]string // by request: addresses
}

var _ connectors.Query = asked{}

func (q asked) Request(_ context.Context, id string) (flow.Request, bool, error) {
	r, ok := q.requests[id]
	return r, ok, nil
}

func (q asked) Touching(_ context.Context, ref flow.Ref) (flow.Request, bool, error) {
	for _, r := range q.requests {
		for _, l := range r.Links {
			if l.Ref == ref {
				return r, true, nil
			}
		}
	}
	return flow.Request{}, false, nil
}

func (q asked) TakesPart(_ context.Context, id flow.RequestID, who flow.Actor) (bool, error) {
	for _, a := range q.part[string(id)] {
		if who.Ref == (flow.Ref{System: "email", Type: "address", Key: a}) {
			return true, nil
		}
	}
	return false, nil
}
