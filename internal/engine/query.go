package engine

import (
	"context"
	"fmt"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// Query returns what responders may ask while a person waits.
func (e *Engine) Query() connectors.Query { return query{e} }

type query struct{ e *Engine }

// Types implements connectors.Query.
func (q query) Types() []flow.RequestType { return q.e.Rules().Types() }

// Prefill implements connectors.Query.
func (q query) Prefill(d flow.Form) flow.Prefill { return q.e.Rules().Prefill(d, q.e.o.Now()) }

// Validate implements connectors.Query.
func (q query) Validate(d flow.Form) map[string]string {
	return q.e.Rules().Validate(d, q.e.o.Now())
}

// Request implements connectors.Query.
func (q query) Request(ctx context.Context, id string) (r flow.Request, ok bool, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		r, ok, err = lookup(tx, id)
		return err
	})
	return r, ok, err
}

// Touching implements connectors.Query.
func (q query) Touching(ctx context.Context, ref flow.Ref) (r flow.Request, ok bool, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		if r, ok, err = touching(tx, ref); err == nil && ok && r.Status.Closed() {
			r, ok = flow.Request{}, false
		}
		return err
	})
	return r, ok, err
}

// Signed implements connectors.Query.
func (q query) Signed(ctx context.Context, ref flow.Ref) (r flow.Request, ok bool, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		if r, ok, err = touching(tx, ref); err == nil && ok && r.Status != flow.Approved {
			r, ok = flow.Request{}, false
		}
		return err
	})
	return r, ok, err
}

const ofMost = 50

// Of implements connectors.Query.
func (q query) Of(ctx context.Context, who flow.Actor) (asked, waiting []flow.Request, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		id, err := q.id(tx, who)
		if err != nil || id == "" {
			return err
		}
		if asked, _, err = tx.Requests(store.Query{Terms: []string{"open:yes", "requester:" + id}, Limit: ofMost}); err != nil {
			return err
		}
		waiting, _, err = tx.Requests(store.Query{Terms: []string{"open:yes", "waiting:" + id}, Limit: ofMost})
		return err
	})
	return asked, waiting, err
}

// id is by what name somebody is counted: reading only, nothing is kept.
func (q query) id(tx store.Tx, who flow.Actor) (string, error) {
	a, err := q.e.people.recognise(tx, who, q.e.current())
	return a.ID(), err
}

// May implements connectors.Query.
func (q query) May(ctx context.Context, a connectors.Action) (ok bool, why string, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		r, found, err := tx.Request(a.Request)
		if err != nil {
			return err
		}
		if !found {
			why = fmt.Sprintf("There is no request %s.", a.Request)
			return nil
		}
		p, err := q.e.book.policy(tx, r)
		if err != nil {
			return err
		}
		who, err := q.e.people.recognise(tx, a.Who, q.e.current())
		if err != nil {
			return err
		}
		ok, _, why = flow.May(p, r, flow.Attempt{
			Who: who, Do: a.Do, Stage: a.Stage, Round: a.Round, Version: a.Version, Via: a.Who.Ref.System, At: q.e.o.Now(),
			Triager: q.e.decider.mayTriage(who),
		})
		return nil
	})
	return ok, why, err
}

// Why implements connectors.Query.
func (q query) Why(ctx context.Context, id string) (doc text.Doc, ok bool, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		var r flow.Request
		if r, ok, err = lookup(tx, id); err != nil || !ok {
			return err
		}
		records, err := tx.Records(r.ID)
		if err != nil {
			return err
		}
		p, err := q.e.book.policy(tx, r)
		if err != nil {
			return err
		}
		doc = explain(p, r, records, q.e.Rules().Digest())
		return nil
	})
	return doc, ok, err
}

// explain says in a few lines why a request is where it is: the rule, the stages, who is waited on, what is wrong.
func explain(p flow.Policy, r flow.Request, records []flow.Record, now string) text.Doc {
	lines := []string{fmt.Sprintf("%s is %s, revision %d.", r.ID, r.Status.Words(), max(r.Round, 1))}
	lines = append(lines, flow.Standing(p, r)...)
	for _, problem := range r.Problems {
		lines = append(lines, problem.Text)
	}
	if last := lastDeed(records); last != "" {
		lines = append(lines, "Last: "+last)
	}
	lines = append(lines, routedBy(r, records, now)...)
	list := text.Node{Kind: text.Bullets}
	for _, l := range lines {
		list.Kids = append(list.Kids, item(l))
	}
	return text.Doc{list}
}

// lastDeed is the newest thing that counted, leaving out receipts of our own and the opening, which has lines of its own.
func lastDeed(records []flow.Record) string {
	for i := len(records) - 1; i > 0; i-- {
		r := records[i]
		own := r.Event.Echo || r.Event.Kind == flow.EffectDone || r.Event.Kind == flow.EffectParked
		if !own && len(r.Why) > 0 && r.Why[0].Code == flow.CodeRecorded {
			return r.Why[0].Text
		}
	}
	return ""
}

// current is today's rules with today's directory.
func (e *Engine) current() flow.Policy {
	set := e.Rules()
	return set.Policy(set)
}

// TakesPart implements connectors.Query.
func (q query) TakesPart(ctx context.Context, id flow.RequestID, who flow.Actor) (part bool, err error) {
	err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		r, ok, err := tx.Request(id)
		if err != nil || !ok {
			return err
		}
		known, err := q.e.people.recognise(tx, who, q.e.current())
		if err == nil {
			part, err = takesPart(tx, r, known)
		}
		return err
	})
	return part, err
}
