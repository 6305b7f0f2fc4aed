package engine

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// What an event needs to know besides its request: what the tracker's settings want, what somebody chose for
// themselves, and what the rules make of a draft that has become a wish.

// facts answers for an event of a request that exists.
func (d *decider) facts(tx store.Tx, r flow.Request, ev flow.Event) (flow.Facts, error) {
	f, err := d.factsBut(tx, r, ev)
	if err == nil {
		f.Away, err = d.awayAt(tx, ev.At)
	}
	return f, err
}

// factsBut are the facts without those that every event has.
func (d *decider) factsBut(tx store.Tx, r flow.Request, ev flow.Event) (f flow.Facts, err error) {
	switch {
	case ev.Kind == flow.TicketMoved:
		f.Bypass = d.ways(r).Bypass
	case ev.Kind == flow.DraftConfirmed:
		return d.confirmed(tx, flow.Submission(r, ev))
	case ev.Kind == flow.RequestSubmitted && r.Status == flow.Draft && ev.Field("draft") == "":
		return d.confirmed(tx, ev)
	case ev.Kind == flow.RulesMoved && !r.Status.Closed() && r.Status != flow.Draft:
		if f.Routing, f.Answers, err = d.rerouted(tx, r); err != nil {
			return f, err
		}
	}
	if decidesTriage(ev.Kind) {
		f.Triager = d.triages(ev)
	}
	if ev.Kind == flow.RequestMerged {
		other, err := mergeable(tx, ev)
		if err != nil {
			return f, err
		}
		f.Other = flow.JointOf(other)
	}
	if len(ev.Files) > 0 {
		f.Attach = d.ways(r).Attach
	}
	return f, d.starting(tx, r, ev, &f)
}

// ways are what the settings of a request's tracker say.
func (d *decider) ways(r flow.Request) connectors.Ways {
	if w, ok := d.o.Connectors[r.Places.Tracker].(connectors.Wayward); ok {
		return w.Ways()
	}
	return connectors.Ways{}
}

// confirmed lets the rules in use route a draft as if it were submitted now.
func (d *decider) confirmed(tx store.Tx, submitted flow.Event) (flow.Facts, error) {
	set := d.book.current.Load()
	answers, needs, err := d.answers(tx, set, submitted)
	if err != nil {
		return flow.Facts{}, err
	}
	routing := set.Route(submitted, answers)
	if !routing.Ignore {
		if err := d.shareOut(tx, set, routing.Template, routing.Rule, &answers); err != nil {
			return flow.Facts{}, err
		}
		if err := takeTurn(tx, needs, answers, routing.Assignee); err != nil {
			return flow.Facts{}, err
		}
		if err := d.book.keep(tx, set); err != nil {
			return flow.Facts{}, err
		}
	}
	return flow.Facts{
		Routing: &routing, Places: d.places(submitted), Answers: answers, Attach: len(submitted.Files) > 0 && d.attaches(),
		Triage: d.askedInTriage(&routing),
	}, nil
}

// attaches says whether new requests carry the files of the ticket into the thread.
func (d *decider) attaches() bool {
	return d.ways(flow.Request{Places: flow.Places{Tracker: d.o.Tracker}}).Attach
}

// anew reports whether an event opens the request afresh, so that the rules in use count and not those it began with.
func anew(r flow.Request, ev flow.Event) bool {
	if ev.Kind == flow.RulesMoved {
		return true
	}
	return r.Status == flow.Draft && (ev.Kind == flow.DraftConfirmed || ev.Kind == flow.RequestSubmitted)
}

// known says what becomes of a submission about something that belongs to an open request already.
func knownAlready(r flow.Request, ev flow.Event) (flow.Event, string) {
	draft := ev.Field("draft")
	switch {
	case draft == "watch":
		return ev, fmt.Sprintf("its thread belongs to %s already", r.ID)
	case draft == "" && r.Status != flow.Draft:
		ev.Kind = flow.CommentAdded // words in the thread of an open request belong to it
	}
	return ev, ""
}

var keyInAddress = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_]*-[1-9][0-9]*`)

// apart takes a delivery's event about several requests apart: a message may show links to many.
func (b *inbox) each(tx store.Tx, ev flow.Event) ([]flow.Event, error) {
	if (ev.Kind == flow.AssetChanged || ev.Kind == flow.AssetGone) && ev.Request == "" {
		return eachHolder(tx, ev)
	}
	if ev.Kind != flow.LinkShared || ev.Request != "" {
		return []flow.Event{ev}, nil
	}
	urls, order := map[flow.RequestID][]string{}, []flow.RequestID{}
	for _, where := range slices.Concat(ev.Fields["url"], ev.Fields["key"]) {
		r, ok, err := shownBy(tx, where)
		if err != nil {
			return nil, err
		}
		if !ok || r.Status == flow.Draft {
			continue
		}
		if _, known := urls[r.ID]; !known {
			order = append(order, r.ID)
		}
		urls[r.ID] = append(urls[r.ID], where)
	}
	if len(order) == 0 {
		return []flow.Event{ev}, nil
	}
	var list []flow.Event
	for _, id := range order {
		one := ev
		one.Request, one.Fields = id, maps.Clone(ev.Fields)
		one.Fields["url"] = slices.DeleteFunc(urls[id], func(u string) bool { return !slices.Contains(ev.Fields["url"], u) })
		if ev.ID != "" {
			one.ID = ev.ID + "/" + string(id)
		}
		list = append(list, one)
	}
	return list, nil
}

// eachHolder lets an event about an asset reach every open request that is about it; where none is open, the last one was.
func eachHolder(tx store.Tx, ev flow.Event) (list []flow.Event, err error) {
	open, err := concerned(tx, ev.Subject)
	if err != nil || len(open) == 0 {
		return []flow.Event{ev}, err
	}
	for _, r := range open {
		one := ev
		one.Request, one.ID = r.ID, ev.ID+"/"+string(r.ID)
		list = append(list, one)
	}
	return list, nil
}

// shownBy finds the request an address is about: the last part of its path that is the key of one, or of its ticket.
func shownBy(tx store.Tx, address string) (flow.Request, bool, error) {
	path, _, _ := strings.Cut(address, "#")
	path, query, _ := strings.Cut(path, "?")
	for _, part := range []string{path, query} {
		keys := keyInAddress.FindAllString(part, -1)
		for _, key := range slices.Backward(keys) {
			if r, ok, err := lookup(tx, key); ok || err != nil {
				return r, ok, err
			}
		}
	}
	return flow.Request{}, false, nil
}
