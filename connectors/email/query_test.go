package email_test

import (
	"context"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/text"
)

// asked is a connectors.Query that knows some requests and who takes part in them.
type asked struct {
	requests map[string]flow.Request
	part     map[string][]string // by request: addresses
}

var _ connectors.Query = asked{}

func (asked) Types() []flow.RequestType                           { return nil }
func (asked) Prefill(flow.Form) flow.Prefill                      { return flow.Prefill{} }
func (asked) Validate(flow.Form) map[string]string                { return nil }
func (asked) Why(context.Context, string) (text.Doc, bool, error) { return nil, false, nil }

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

func (asked) Of(context.Context, flow.Actor) (a, w []flow.Request, err error) { return nil, nil, nil }

func (q asked) TakesPart(_ context.Context, id flow.RequestID, who flow.Actor) (bool, error) {
	for _, a := range q.part[string(id)] {
		if who.Ref == (flow.Ref{System: "email", Type: "address", Key: a}) {
			return true, nil
		}
	}
	return false, nil
}

func (asked) May(context.Context, connectors.Action) (bool, string, error) { return false, "", nil }
