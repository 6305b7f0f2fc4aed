package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// Forecast is something that time alone will bring.
type Forecast struct {
	flow.Upcoming
	Request flow.RequestID
	Title   string
}

// Forecast lists what time alone will bring to the open requests until an instant, if nobody does anything until then.
func (e *Engine) Forecast(ctx context.Context, until time.Time) ([]Forecast, error) {
	now := e.o.Now().UTC()
	var all []Forecast
	err := e.eachOpen(ctx, func(r flow.Request) error {
		var p flow.Policy
		err := e.o.Store.View(ctx, func(tx store.Tx) (err error) {
			p, err = e.book.policy(tx, r)
			return err
		})
		if err != nil {
			return err
		}
		for _, u := range flow.Forecast(p, r, now, until) {
			all = append(all, Forecast{Upcoming: u, Request: r.ID, Title: r.Title})
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Forecast) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Request, b.Request), cmp.Compare(a.Name, b.Name))
	})
	return all, err
}
