package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// Work is looked at when a request learns of it, and again as long as the request is open: what no webhook told of, a newer
// version or a comment, is found all the same. What is known already changes nothing.

const (
	assetsTable  = "assets" // asset -> looked
	briefPurpose = "brief"
	lookEvery    = 15 * time.Minute // unless a source says otherwise
	lookLeast    = time.Minute
	forgetLooks  = 30 * 24 * time.Hour
)

// looked is up to when an asset is known.
type looked struct {
	At time.Time `json:"at"`
}

// looking is what a job looks at.
type looking struct {
	Ref flow.Ref `json:"ref"`
}

// follow plans to look at the work and to read the brief that a request has just learned of.
func (d *decider) follow(tx store.Tx, before, after flow.Request, ev flow.Event) error {
	if after.Status == flow.Draft || after.Status.Closed() {
		return nil
	}
	began := before.Version == 0 || before.Status == flow.Draft
	for _, a := range after.Assets {
		if d.keep.sources[a.Ref.System] == nil || !began && followed(before, a.Ref) {
			continue
		}
		if err := planLook(tx, lookJob+"/"+a.Ref.String(), lookJob, "", a.Ref, ev.At); err != nil {
			return err
		}
	}
	if after.Brief != nil || !began && !briefs(after, ev) {
		return nil
	}
	var more text.Doc
	if began {
		more = after.Body
	}
	page, ok := d.keep.page(ev, more)
	if !ok {
		return nil
	}
	return planLook(tx, briefJob+"/"+string(after.ID), briefJob, after.ID, page, ev.At)
}

func followed(r flow.Request, ref flow.Ref) bool {
	return slices.ContainsFunc(r.Assets, func(a flow.Asset) bool { return a.Ref == ref })
}

// briefs reports whether the words of an event may bring the brief of a request that is under way: those of its requester.
func briefs(r flow.Request, ev flow.Event) bool {
	return links(ev.Kind) && ev.Actor.ID() != "" && (ev.Actor.ID() == r.Requester.ID() || ev.Actor.Ref == r.Requester.Ref)
}

// planLook makes a look due at an instant, or earlier where it is due already. One service is asked one thing at a time.
func planLook(tx store.Tx, id, kind string, request flow.RequestID, ref flow.Ref, at time.Time) error {
	j, ok, err := tx.Job(id)
	if err != nil || ok && j.State == store.JobReady && !j.At.After(at) {
		return err
	}
	payload, err := json.Marshal(looking{Ref: ref})
	if err != nil {
		return fmt.Errorf("plan to look at %s: %w", ref, err)
	}
	return tx.Enqueue(store.Job{ID: id, Kind: kind, Lane: lookJob + "/" + ref.System, Request: request, At: at, Created: at, Payload: payload})
}

// lookAtAsset asks a source how an asset is now, and what was said there.
func (e *Engine) lookAtAsset(ctx context.Context, j store.Job) error {
	var what looking
	if err := json.Unmarshal(j.Payload, &what); err != nil {
		return store.Park(err.Error())
	}
	source := e.decider.keep.sources[what.Ref.System]
	if source == nil {
		return nil
	}
	ids, asset, since, err := e.holders(ctx, what.Ref)
	if err != nil || len(ids) == 0 {
		return err
	}
	began := e.o.Now().UTC()
	list, err := ask(ctx, e, j, call{job: j.ID, instance: what.Ref.System, shape: "look"},
		func(ctx context.Context) ([]flow.Event, error) { return source.Look(ctx, asset, since) })
	if err != nil {
		return e.notSeen(ctx, j, what.Ref, err)
	}
	if err := e.seen(ctx, what.Ref, ids, list); err != nil {
		return err
	}
	kept, err := json.Marshal(looked{At: began})
	if err == nil {
		e.o.Store.Note(assetsTable, what.Ref.String(), kept) // lost with the process, it is asked for again
	}
	return err
}

// holders lists the open requests that are about an asset, the newest first, with what is known of it.
func (e *Engine) holders(ctx context.Context, ref flow.Ref) (ids []flow.RequestID, asset flow.Asset, since time.Time, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		list, err := concerned(tx, ref)
		if err != nil {
			return err
		}
		for _, r := range list {
			i := slices.IndexFunc(r.Assets, func(a flow.Asset) bool { return a.Ref == ref })
			if i < 0 || r.Status == flow.Draft {
				continue
			}
			if len(ids) == 0 || len(asset.Versions) == 0 {
				asset = r.Assets[i]
			}
			ids, since = append(ids, r.ID), r.Opened
		}
		var last looked
		known, err := row(tx, assetsTable, ref.String(), &last)
		if known {
			since = last.At.Add(-overlap)
		}
		return err
	})
	return ids, asset, since, err
}

// concerned lists the open requests that belong to something outside.
func concerned(tx store.Tx, ref flow.Ref) ([]flow.Request, error) {
	list, _, err := tx.Requests(store.Query{Terms: []string{"ref:" + ref.String(), "open:yes"}, Limit: pageMost})
	return list, err
}

// seen decides what a look found: versions concern every request that is about the asset, words the newest.
func (e *Engine) seen(ctx context.Context, ref flow.Ref, ids []flow.RequestID, list []flow.Event) error {
	return e.chores.decided(ctx, func(tx store.Tx) (all []decision, err error) {
		now := e.o.Now().UTC()
		for i, ev := range list {
			to := ids
			if ev.Kind != flow.AssetChanged && ev.Kind != flow.AssetGone {
				to = ids[:1]
			}
			for _, id := range to {
				one := ev
				one.ID = fmt.Sprintf("look/%s/%s/%d/%d/%s", ev.Kind, ref, now.UnixMilli(), i, id)
				one.At, one.Request, one.Delivery = now, id, ""
				dec, err := e.decider.received(tx, ref.System, one)
				if err != nil {
					return nil, err
				}
				all = append(all, dec)
			}
		}
		return all, nil
	})
}

// ask asks a service within its limits; what makes a job wait is a *store.LaterError.
func ask[T any](ctx context.Context, e *Engine, j store.Job, what call, f func(context.Context) (T, error)) (T, error) {
	var none T
	if err := e.whileStopped(j, what.instance); err != nil {
		return none, err
	}
	if err := e.whileLimited(j, what); err != nil {
		return none, err
	}
	v, err := guard(ctx, callTime, f)
	outcome := "done"
	if err != nil {
		outcome = string(classed(err).Class)
	}
	if ctx.Err() == nil {
		e.met.looks.WithLabelValues(what.instance, outcome).Inc()
	}
	return v, err
}

// notSeen says when something that could not be looked at is looked at again: where the service refuses, with the next round.
func (e *Engine) notSeen(ctx context.Context, j store.Job, ref flow.Ref, err error) error {
	if later := (*store.LaterError)(nil); errors.As(err, &later) {
		return err
	}
	if later := e.interrupted(ctx, err); later != nil {
		return later
	}
	ce := classed(err)
	e.o.Log.Warn("not looked at", "instance", ref.System, "what", ref.String(), "class", string(ce.Class), "error", err)
	if ce.Class == connectors.Rejected {
		return nil
	}
	return e.afterFailure(ctx, j, call{job: j.ID, instance: ref.System, shape: j.Kind}, ce)
}

// readBrief reads the page that briefs a request, unless it is known as it is.
func (e *Engine) readBrief(ctx context.Context, j store.Job) error {
	var what looking
	if err := json.Unmarshal(j.Payload, &what); err != nil {
		return store.Park(err.Error())
	}
	briefer := e.decider.keep.briefs[what.Ref.System]
	if briefer == nil {
		return nil
	}
	ev, err := ask(ctx, e, j, call{job: j.ID, instance: what.Ref.System, shape: "brief"},
		func(ctx context.Context) (flow.Event, error) { return briefer.ReadBrief(ctx, what.Ref) })
	if err != nil {
		return e.notSeen(ctx, j, what.Ref, err)
	}
	return e.chores.decided(ctx, func(tx store.Tx) ([]decision, error) {
		r, ok, err := tx.Request(j.Request)
		known := r.Brief != nil && r.Brief.Ref == what.Ref && r.Brief.Seq == ev.Seq && ev.Seq != ""
		if err != nil || !ok || known || r.Status.Closed() {
			return nil, err
		}
		now := e.o.Now().UTC()
		ev.ID, ev.At, ev.Request, ev.Delivery = fmt.Sprintf("brief/%s/%s/%d", r.ID, ev.Seq, now.UnixMilli()), now, r.ID, ""
		dec, err := e.decider.received(tx, what.Ref.System, ev)
		return []decision{dec}, err
	})
}

// lookEvery is how often an instance is asked about the work and the briefs it keeps.
func (c *chores) lookEvery(instance string) time.Duration {
	if s := c.e.decider.keep.sources[instance]; s != nil && s.LookEvery() > 0 {
		return max(s.LookEvery(), lookLeast)
	}
	return lookEvery
}

// planLooks spreads a look at everything an instance keeps for open requests over the time until the next round.
func (c *chores) planLooks(ctx context.Context, instance string) error {
	plan, err := c.toLookAt(ctx, instance)
	if err != nil || len(plan) == 0 {
		return err
	}
	now := c.e.o.Now().UTC()
	apart := c.lookEvery(instance) / time.Duration(len(plan)+1)
	return c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		for i, p := range plan {
			if _, waits, err := tx.Job(p.id); err != nil {
				return err
			} else if waits {
				continue // it is due or tried again already
			}
			if err := planLook(tx, p.id, p.kind, p.request, p.ref, now.Add(time.Duration(i)*apart)); err != nil {
				return err
			}
		}
		return nil
	})
}

// planned is a look that is due in this round.
type planned struct {
	id, kind string
	request  flow.RequestID
	ref      flow.Ref
}

// toLookAt lists what an instance keeps for open requests, each asset once.
func (c *chores) toLookAt(ctx context.Context, instance string) (plan []planned, err error) {
	known := map[flow.Ref]bool{}
	q := store.Query{Terms: []string{"open:yes"}, Limit: pageMost}
	for {
		var page []flow.Request
		err := c.e.o.Store.View(ctx, func(tx store.Tx) error {
			var err error
			page, q.After, err = tx.Requests(q)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			if r.Status == flow.Draft {
				continue
			}
			for _, a := range r.Assets {
				if a.Ref.System == instance && c.e.decider.keep.sources[instance] != nil && !known[a.Ref] {
					known[a.Ref] = true
					plan = append(plan, planned{id: lookJob + "/" + a.Ref.String(), kind: lookJob, ref: a.Ref})
				}
			}
			if b := r.Brief; b != nil && b.Ref.System == instance && c.e.decider.keep.briefs[instance] != nil {
				plan = append(plan, planned{id: briefJob + "/" + string(r.ID), kind: briefJob, request: r.ID, ref: b.Ref})
			}
		}
		if q.After == "" {
			return plan, nil
		}
	}
}
