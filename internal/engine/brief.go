package engine

import (
	"context"
	"slices"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/rules"
)

// What a request still needs before it starts or is approved, and what must be known to share out its subtasks.

// Missing implements connectors.Query.
func (q query) Missing(ctx context.Context, id flow.RequestID) (fields []flow.Field, err error) {
	err = q.judged(ctx, id, func(p flow.Policy, r flow.Request) { fields = missing(p, r) })
	return fields, err
}

// missing are the fields that a request waits for.
func missing(p flow.Policy, r flow.Request) []flow.Field {
	if r.Status != flow.NeedsInfo {
		return nil
	}
	return p.Missing(r)
}

// Checklist implements connectors.Query.
func (q query) Checklist(ctx context.Context, id flow.RequestID, stage string) (lines []string, err error) {
	err = q.judged(ctx, id, func(p flow.Policy, r flow.Request) { lines = flow.Checklist(p, r, stage) })
	return lines, err
}

// judged reads a request with what it is judged by; one that does not exist is passed over.
func (q query) judged(ctx context.Context, id flow.RequestID, read func(flow.Policy, flow.Request)) error {
	return q.e.o.Store.View(ctx, func(tx store.Tx) error {
		r, ok, err := tx.Request(id)
		if err != nil || !ok {
			return err
		}
		p, err := q.e.book.policy(tx, r)
		if err != nil {
			return err
		}
		read(p, r)
		return nil
	})
}

// shareOut adds what must be known to share out the subtasks of a request that may start now.
func (d *decider) shareOut(tx store.Tx, set *rules.Set, template, rule string, a *flow.Answers) error {
	if set == nil {
		return nil
	}
	for _, n := range set.PartNeeds(template, rule) {
		if err := addLoads(tx, a, n.People); err != nil {
			return err
		}
	}
	return nil
}

// starting answers for an event that may let a request start which waits for its brief, or for triage.
func (d *decider) starting(tx store.Tx, r flow.Request, ev flow.Event, f *flow.Facts) error {
	may := slices.Contains([]flow.Kind{flow.RequestEdited, flow.RequestAccepted, flow.RulesMoved}, ev.Kind)
	if !may || len(r.Parts) > 0 {
		return nil
	}
	set, err := d.book.under(tx, r.Ruleset)
	if err != nil {
		return err
	}
	if err := d.addAway(tx, &f.Answers, nil, ev.At); err != nil {
		return err
	}
	return d.shareOut(tx, set, r.Template, r.Rule, &f.Answers)
}
