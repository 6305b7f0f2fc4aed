package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// When somebody's absence begins, changes or ends, every open request that it may concern looks at who is away now. One job
// does this: at once when an absence is said, at the instants at which absences begin and end, and after a start.

const (
	awayJob   = "away"
	awayKey   = "away" // who was away when the requests were told last
	awayEvery = 24 * time.Hour
)

// coverMoves tells the open requests who is away now and says in how long somebody's absence begins or ends.
func (c *chores) coverMoves(ctx context.Context) (time.Duration, error) {
	now := c.e.o.Now().UTC()
	var was, is []flow.Absence
	var ids []flow.RequestID
	next := now.Add(awayEvery)
	err := c.e.o.Store.View(ctx, func(tx store.Tx) error {
		set, list, err := c.e.decider.absences(tx)
		if err != nil {
			return err
		}
		if _, err := row(tx, stateTable, awayKey, &was); err != nil {
			return err
		}
		is = set.Away(list, now)
		if at, ok := set.AwayNext(list, now); ok && at.Before(next) {
			next = at
		}
		if slices.Equal(was, is) {
			return nil
		}
		ids, err = concernedBy(tx, append(slices.Clone(was), is...))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := c.coverChanged(ctx, id, now); err != nil {
			return 0, err
		}
	}
	err = c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		if !slices.Equal(was, is) {
			if err := putRow(tx, stateTable, awayKey, is); err != nil {
				return err
			}
		}
		return c.homesOf(tx, was, is, now)
	})
	return next.Sub(now), err
}

// homesOf shows the pages of those anew who are away, or were.
func (c *chores) homesOf(tx store.Tx, was, is []flow.Absence, now time.Time) error {
	var people []string
	for _, a := range slices.Concat(was, is) {
		if slices.Contains(was, a) != slices.Contains(is, a) {
			people = append(people, a.Person, a.Cover)
		}
	}
	return c.e.decider.home.touched(tx, now, people...)
}

// concernedBy lists the open requests that wait for somebody who is or was away, or for whoever stands in.
func concernedBy(tx store.Tx, away []flow.Absence) (ids []flow.RequestID, err error) {
	var terms []string
	for _, a := range away {
		terms = append(terms, "waiting:"+a.Person, "covered:"+a.Person, "assignee:"+a.Person, "requester:"+a.Person)
		if a.Cover != "" {
			terms = append(terms, "waiting:"+a.Cover)
		}
	}
	slices.Sort(terms)
	seen := map[flow.RequestID]bool{}
	for _, term := range slices.Compact(terms) {
		err := eachRequest(tx, []string{"open:yes", term}, func(r flow.Request) error {
			if !seen[r.ID] && r.Status != flow.Draft {
				seen[r.ID] = true
				ids = append(ids, r.ID)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (c *chores) coverChanged(ctx context.Context, id flow.RequestID, now time.Time) error {
	var dec decision
	err := c.e.o.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		dec, err = c.e.decider.event(tx, flow.Event{
			ID: fmt.Sprintf("cover/%d/%s", now.UnixMilli(), id), Kind: flow.CoverChanged, Request: id,
		}, c.e.o.Now())
		return err
	})
	if err == nil {
		c.e.decider.report(dec)
	}
	return err
}

// Leave is somebody's absence as pages, the API and the command line show it.
type Leave struct {
	First, Last string // days, both included
	Cover       string // who was named; empty: the backup
	StandsIn    string // who is asked now; empty: nobody, or it has not begun
	Filed       bool   // it stands in the people file
	Now         bool   // it lasts just now
	Until       time.Time
}

// leaves lists by person the absences that last or are to come, the first first.
func (d *decider) leaves(tx store.Tx, now time.Time) (map[string][]Leave, error) {
	set, list, err := d.absences(tx)
	if err != nil {
		return nil, err
	}
	covers := map[string]string{}
	for _, a := range set.Away(list, now) {
		covers[a.Person] = a.Cover
	}
	all := map[string][]Leave{}
	for _, a := range list {
		if !a.Until.After(now) {
			continue
		}
		l := Leave{First: a.First, Last: a.Last, Cover: a.Cover, Filed: a.Filed, Now: !a.From.After(now), Until: a.Until}
		if l.Now {
			l.StandsIn = covers[a.Person]
		}
		all[a.Person] = append(all[a.Person], l)
	}
	for _, mine := range all {
		slices.SortStableFunc(mine, func(a, b Leave) int { return strings.Compare(a.First, b.First) })
	}
	return all, nil
}

// awayNotes say to somebody when they are away, and for whom they stand in just now.
func (d *decider) awayNotes(tx store.Tx, person string, now time.Time) (notes []string, err error) {
	if person == "" {
		return nil, nil
	}
	set, list, err := d.absences(tx)
	if err != nil {
		return nil, err
	}
	all, err := d.leaves(tx, now)
	if err != nil {
		return nil, err
	}
	if mine := all[person]; len(mine) > 0 {
		notes = append(notes, leaveWords(set, person, mine)+" /signoff back ends it.")
	}
	for _, a := range set.Away(list, now) {
		if a.Cover != person {
			continue
		}
		for _, l := range all[a.Person] {
			if leave, err := set.Absence(a.Person, l.First, l.Last, ""); err == nil && l.Now {
				notes = append(notes, fmt.Sprintf("You stand in for %s: %s.", shownIn(set, a.Person), daysOf(leave)))
			}
		}
	}
	return notes, nil
}

// AwayInput is an absence that somebody says on a page of ours or through the API.
type AwayInput struct {
	By            flow.Actor // a token that stands for nobody has no name
	Person        string
	From, Until   string // days, both included: 2026-03-10; where they are empty, When is read
	When          string // days in words: 10-14 Mar
	Cover         string // empty: the backup; rules.Nobody: nobody
	Via, Delivery string
}

// SetAway keeps an absence; the reason says what became of it.
func (e *Engine) SetAway(ctx context.Context, in AwayInput) (flow.Reason, error) {
	fields := map[string][]string{}
	for name, value := range map[string]string{"person": in.Person, "from": in.From, "until": in.Until, "when": in.When, "cover": in.Cover} {
		if value != "" {
			fields[name] = []string{value}
		}
	}
	return e.ofPerson(ctx, in, flow.Event{Kind: flow.AwaySet, Fields: fields})
}

// EndAway ends the absence of somebody that lasts just now, or calls off what they planned.
func (e *Engine) EndAway(ctx context.Context, in AwayInput) (flow.Reason, error) {
	return e.ofPerson(ctx, in, flow.Event{Kind: flow.AwayEnded, Fields: map[string][]string{"person": {in.Person}}})
}

func (e *Engine) ofPerson(ctx context.Context, in AwayInput, ev flow.Event) (flow.Reason, error) {
	ev.Actor = in.By
	if ev.Actor.ID() == "" {
		ev.Actor = flow.Actor{Ref: flow.Ref{System: "api", Type: "token", Key: "api"}, Shown: "a program"}
	}
	got, err := e.act(ctx, firstOf(in.Via, "web"), in.Delivery, ev)
	switch {
	case err != nil:
		return flow.Reason{}, err
	case !got.first:
		return flow.Reason{Code: flow.CodeDuplicate, Text: "This has been said before."}, nil
	case len(got.dec.Why) > 0:
		return got.dec.Why[0], nil
	}
	return flow.Reason{Code: flow.CodeNoted, Text: got.dec.Ignored}, nil
}
