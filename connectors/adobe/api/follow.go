package api

import (
	"context"

	"signoff/connectors"
	"signoff/internal/flow"
)

// Followed finds what a request knows of a thing outside: the open one that it belongs to. With signed it may also be the one that
// it was approved in, which hears of later versions and of nothing else.
func Followed(ctx context.Context, q *connectors.Query, ref flow.Ref, signed bool) (flow.Asset, bool, error) {
	if q == nil {
		return flow.Asset{}, false, nil
	}
	r, ok, err := (*q).Touching(ctx, ref)
	if err == nil && !ok && signed {
		r, ok, err = (*q).Signed(ctx, ref)
	}
	if err != nil || !ok {
		return flow.Asset{}, false, err
	}
	for _, a := range r.Assets {
		if a.Ref == ref {
			return a, true, nil
		}
	}
	return flow.Asset{Ref: ref}, true, nil
}
