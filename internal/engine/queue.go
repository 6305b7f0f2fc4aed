package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// Requests that the rules cannot place wait in a queue until people say what becomes of them.

// triageTerm is the index term of a request that waits for triage.
const triageTerm = "triage:yes"

// askedInTriage names who is asked about a new request: a channel, or the people of a group.
func (d *decider) askedInTriage(r *flow.Routing) []string {
	if r == nil || r.Triage == "" {
		return nil
	}
	if strings.HasPrefix(d.o.Triage, "#") {
		return []string{d.o.Triage}
	}
	var names []string
	for _, who := range d.triagers() {
		names = append(names, who.Name)
	}
	if len(names) == 0 {
		d.o.Log.Error("nobody is asked about requests that wait for triage: set triage to a channel or to a group that has somebody in it")
	}
	return names
}

// triages reports whether somebody may say what becomes of a request in triage: the group that is asked, anybody of the
// directory where that is a channel, and a program that stands for nobody.
func (d *decider) triages(ev flow.Event) bool {
	if instance, _, _ := strings.Cut(ev.Delivery, "/"); instance == "api" && ev.Actor.Name == "" {
		return true
	}
	return d.mayTriage(ev.Actor)
}

func (d *decider) mayTriage(who flow.Actor) bool {
	if who.Name == "" {
		return false
	}
	return strings.HasPrefix(d.o.Triage, "#") || slices.ContainsFunc(d.triagers(), func(a flow.Actor) bool { return a.Name == who.Name })
}

// decidesTriage reports whether an event may end the wait for triage.
func decidesTriage(k flow.Kind) bool {
	return slices.Contains([]flow.Kind{
		flow.RequestAccepted, flow.RequestDeclined, flow.RequestMerged, flow.RequestSnoozed, flow.RequestAssigned,
	}, k)
}

// conversation reports whether an event is something that was said or added.
func conversation(k flow.Kind) bool {
	return slices.Contains([]flow.Kind{flow.CommentAdded, flow.CommentEdited, flow.CommentRemoved, flow.FilesAdded}, k)
}

const mergedMost = 10 // merges in a row that are followed

// survivor is the request in which the conversation of r goes on: the one it was merged into, and so on.
func survivor(tx store.Tx, r flow.Request) (flow.Request, error) {
	for range mergedMost {
		if r.Into == "" {
			return r, nil
		}
		next, ok, err := tx.Request(r.Into)
		if err != nil || !ok {
			return r, err
		}
		r = next
	}
	return r, nil
}

// mergeable finds the request into which another is to be merged.
func mergeable(tx store.Tx, ev flow.Event) (flow.Request, error) {
	into := strings.TrimSpace(ev.Field("into"))
	if into == "" {
		return flow.Request{}, nil
	}
	r, _, err := lookup(tx, into)
	return r, err
}

// merge makes two requests one, in one transaction. Both are written in the order of their keys, whichever is merged.
func (d *decider) merge(tx store.Tx, gone stepped) (decision, error) {
	ev := gone.ev
	other, err := mergeable(tx, ev)
	if err != nil {
		return decision{}, err
	}
	p, err := d.book.policy(tx, other)
	if err != nil {
		return decision{}, err
	}
	joined := flow.Event{
		ID: ev.ID + "/joined", Kind: flow.RequestJoined, At: ev.At, Actor: ev.Actor, Request: other.ID,
		Fields: map[string][]string{"from": {string(gone.before.ID)}}, Body: gone.before.Body, Links: conversationLinks(gone.before),
	}
	f, err := d.facts(tx, other, joined)
	if err != nil {
		return decision{}, err
	}
	f.Other = flow.JointOf(gone.before)
	kept := stepped{p: p, before: other, ev: joined, f: f, out: flow.Step(p, other, joined, f)}
	var dec, beside decision
	for _, s := range inOrder(gone, kept) {
		one, err := d.write(tx, s)
		if err != nil {
			return decision{}, err
		}
		if s.before.ID == gone.before.ID {
			dec = one
		} else {
			beside = one
		}
	}
	dec.beside = &beside
	return dec, nil
}

// inOrder sorts what happens to two requests by their keys: the shorter number first.
func inOrder(a, b stepped) []stepped {
	x, y := string(a.before.ID), string(b.before.ID)
	if len(x) < len(y) || len(x) == len(y) && x < y {
		return []stepped{a, b}
	}
	return []stepped{b, a}
}

// conversationLinks are where a request is talked about.
func conversationLinks(r flow.Request) (list []flow.Link) {
	for _, l := range r.Links {
		own := l.Purpose == "thread" || l.Purpose == "card" || l.Purpose == "card/thread"
		if own || strings.HasPrefix(l.Purpose, "joined/") && !strings.HasSuffix(l.Purpose, "/ticket") {
			list = append(list, l)
		}
	}
	return list
}

// threads are where a request is talked about in its own thread and in those of requests that were merged into it.
func threads(r flow.Request) (list []flow.Ref) {
	for _, l := range r.Links {
		if l.Purpose == "thread" || strings.HasPrefix(l.Purpose, "joined/") && strings.Count(l.Purpose, "/") == 2 && strings.HasSuffix(l.Purpose, "/thread") {
			list = append(list, l.Ref)
		}
	}
	return list
}

// takesPart reports whether somebody takes part in a request, or in one that was merged into it.
func takesPart(tx store.Tx, r flow.Request, who flow.Actor) (bool, error) {
	if flow.TakesPart(r, who) {
		return true, nil
	}
	for _, id := range r.Joined {
		other, ok, err := tx.Request(id)
		if err != nil || ok && flow.TakesPart(other, who) {
			return err == nil, err
		}
	}
	return false, nil
}

const triageMost = 100

// Triage lists what waits for triage, oldest first, and the open requests into which others may be merged, newest first.
func (e *Engine) Triage(ctx context.Context) (waiting, open []flow.Request, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		if waiting, _, err = tx.Requests(store.Query{Terms: []string{triageTerm}, Limit: triageMost}); err != nil {
			return fmt.Errorf("list what waits for triage: %w", err)
		}
		slices.Reverse(waiting)
		open, _, err = tx.Requests(store.Query{Terms: []string{"open:yes"}, Limit: triageMost + 1})
		return err
	})
	open = slices.DeleteFunc(open, func(r flow.Request) bool { return r.Status == flow.Draft })
	return waiting, open, err
}

func (e *Engine) triageCount(ctx context.Context) (n int, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		n, err = tx.CountRequests(triageTerm)
		return err
	})
	return n, err
}

// Triage implements connectors.Query.
func (q query) Triage(ctx context.Context, who flow.Actor) (t connectors.Triage, err error) {
	if err = q.e.o.Store.View(ctx, func(tx store.Tx) error {
		who, err = q.e.people.recognise(tx, who, q.e.current())
		return err
	}); err != nil {
		return t, err
	}
	t.May = q.e.decider.mayTriage(who)
	t.Waiting, t.Open, err = q.e.Triage(ctx)
	return t, err
}

// MayTriage reports whether somebody may say what becomes of requests that wait for triage.
func (e *Engine) MayTriage(who flow.Actor) bool { return e.decider.mayTriage(who) }
