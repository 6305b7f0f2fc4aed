package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
	"signoff/internal/store"
)

// A person who has opened their own page in chat sees it change: after every commit that touched them it is built anew
// by a job, one for each page, so that many changes at once are few calls and the last one is what is seen.

const (
	homeTable = "home"                 // instance/person -> homeRow
	homeSoon  = 200 * time.Millisecond // what changes together is shown together
	homeApart = time.Second            // between two calls for one page
	homeMost  = 500                    // requests of one list
	homeAhead = 7 * 24 * time.Hour     // what counts as due soon
)

// homeRow is the page of somebody who has opened it.
type homeRow struct {
	Who   flow.Actor     `json:"who"`
	Pages map[string]int `json:"pages,omitempty"` // section -> the page they turned to
	At    time.Time      `json:"at"`              // opened
	Shown time.Time      `json:"shown,omitzero"`  // when it was last built
	Sum   string         `json:"sum,omitempty"`   // of what is shown
	Force bool           `json:"force,omitempty"` // somebody looks at it just now: shown even where nothing changed
}

// homes keeps the pages up to date.
type homes struct {
	o      Options
	homers []string // instances that have pages
}

func newHomes(o Options) *homes {
	h := &homes{o: o}
	for instance, c := range o.Connectors {
		if _, ok := c.(connectors.Homer); ok {
			h.homers = append(h.homers, instance)
		}
	}
	slices.Sort(h.homers)
	return h
}

// opened remembers that somebody looks at their page, and which part of it they turned to.
func (h *homes) opened(tx store.Tx, ev flow.Event) ([]flow.Reason, error) {
	instance := ev.Actor.Ref.System
	if !slices.Contains(h.homers, instance) {
		return []flow.Reason{{Code: flow.CodeNoted, Text: fmt.Sprintf("%s has no pages of people.", instance)}}, nil
	}
	if ev.Actor.Name != "" { // known by name since: the page is theirs, not an unknown account's
		if err := tx.DeleteRow(homeTable, instance+"/"+ev.Actor.Ref.String()); err != nil {
			return nil, err
		}
	}
	key := instance + "/" + ev.Actor.ID()
	var mine homeRow
	if _, err := row(tx, homeTable, key, &mine); err != nil {
		return nil, err
	}
	mine.Who, mine.At, mine.Force = ev.Actor, ev.At, true
	if section := ev.Field("section"); section != "" {
		if mine.Pages == nil {
			mine.Pages = map[string]int{}
		}
		page, _ := strconv.Atoi(ev.Field("page")) // what is no number is the first page
		mine.Pages[section] = max(page, 1)
	}
	if err := putRow(tx, homeTable, key, mine); err != nil {
		return nil, err
	}
	return []flow.Reason{{Code: flow.CodeRecorded, Text: "Their page is shown."}}, h.plan(tx, key, ev.At)
}

// touched plans the pages of people whom a commit touched.
func (h *homes) touched(tx store.Tx, now time.Time, people ...string) error {
	slices.Sort(people)
	for _, person := range slices.Compact(people) {
		if person == "" {
			continue
		}
		for _, instance := range h.homers {
			key := instance + "/" + person
			var mine homeRow
			known, err := row(tx, homeTable, key, &mine)
			if err != nil {
				return err
			}
			if !known {
				continue
			}
			if err := h.plan(tx, key, later(now.Add(homeSoon), mine.Shown.Add(homeApart))); err != nil {
				return err
			}
		}
	}
	return nil
}

// plan makes a page due at an instant, or earlier where it is due already.
func (h *homes) plan(tx store.Tx, key string, at time.Time) error {
	id := homeJob + "/" + key
	j, ok, err := tx.Job(id)
	if err != nil || ok && j.State == store.JobReady && !j.At.After(at) {
		return err
	}
	return tx.Enqueue(store.Job{ID: id, Kind: homeJob, Lane: id, At: at, Created: at, Payload: []byte(key)})
}

// changed lists whom a step touched: whom it waited and waits for, and whose it was and is.
func changed(before, after flow.Request) (people []string) {
	for _, r := range []flow.Request{before, after} {
		for _, who := range append(waiting(r), r.Requester, r.Assignee) {
			people = append(people, who.ID())
		}
	}
	return people
}

// show builds a page and shows it.
func (e *Engine) showHome(ctx context.Context, j store.Job) error {
	key := string(j.Payload)
	instance, _, _ := strings.Cut(key, "/")
	c, ok := e.o.Connectors[instance].(connectors.Homer)
	if !ok || e.o.Mode == "shadow" {
		return nil
	}
	if err := e.whileStopped(j, instance); err != nil {
		return err
	}
	mine, page, err := e.buildHome(ctx, key)
	if err != nil || mine.Who.Ref.Zero() {
		return err
	}
	sum, err := summed(page)
	if err != nil {
		return store.Park(err.Error())
	}
	if sum == mine.Sum && !mine.Force {
		return nil
	}
	what := call{job: j.ID, instance: instance, shape: "home"}
	if err := e.whileLimited(j, what); err != nil {
		return err
	}
	_, err = guard(ctx, callTime, func(ctx context.Context) (struct{}, error) { return struct{}{}, c.Home(ctx, mine.Who.Ref, page) })
	if err != nil {
		return e.homeFailed(ctx, j, what, err)
	}
	e.met.effects.WithLabelValues(instance, "home").Inc()
	return e.homeShown(ctx, key, mine.At, sum)
}

// buildHome reads what belongs on a page.
func (e *Engine) buildHome(ctx context.Context, key string) (mine homeRow, page flow.Home, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		known, err := row(tx, homeTable, key, &mine)
		if err != nil || !known {
			return err
		}
		in, err := e.homeInput(tx, mine)
		if err != nil {
			return err
		}
		page = flow.HomeOf(e.current(), in)
		return nil
	})
	return mine, page, err
}

func (e *Engine) homeInput(tx store.Tx, mine homeRow) (in flow.HomeInput, err error) {
	id := mine.Who.ID()
	in = flow.HomeInput{Who: mine.Who, Pages: mine.Pages, Settings: map[string]string{}}
	lists := map[string]*[]flow.Request{"waiting:": &in.Waiting, "requester:": &in.Asked}
	for term, list := range lists {
		if *list, _, err = tx.Requests(store.Query{Terms: []string{"open:yes", term + id}, Limit: homeMost}); err != nil {
			return in, err
		}
	}
	made, _, err := tx.Requests(store.Query{Terms: []string{"open:yes", "assignee:" + id}, Limit: homeMost})
	if err != nil {
		return in, err
	}
	in.Due = dueSoon(e.o.Now(), in.Waiting, in.Asked, made)
	mineChosen, err := prefs(tx, id)
	for name, p := range mineChosen {
		in.Settings[name] = p.Value
	}
	if err != nil {
		return in, err
	}
	if in.Notes, err = e.people.notes(tx, mine.Who); err != nil {
		return in, err
	}
	away, err := e.decider.awayNotes(tx, mine.Who.Name, e.o.Now())
	in.Notes = append(in.Notes, away...)
	return in, err
}

// dueSoon gathers what is overdue or due within a week, the earliest first, each once.
func dueSoon(now time.Time, lists ...[]flow.Request) (due []flow.Request) {
	seen := map[flow.RequestID]bool{}
	for _, r := range slices.Concat(lists...) {
		if !seen[r.ID] && !r.Due.IsZero() && r.Due.Before(now.Add(homeAhead)) && r.Status != flow.Draft {
			seen[r.ID] = true
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, func(a, b flow.Request) int { return a.Due.Compare(b.Due) })
	return due
}

func summed(h flow.Home) (string, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("page of %s: %w", h.Who.ID(), err)
	}
	sum := fnv.New128a()
	sum.Write(b) // a hash never fails
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// homeShown remembers what is shown. Somebody who looked again meanwhile is shown it again.
func (e *Engine) homeShown(ctx context.Context, key string, opened time.Time, sum string) error {
	return e.o.Store.Update(ctx, func(tx store.Tx) error {
		var mine homeRow
		known, err := row(tx, homeTable, key, &mine)
		if err != nil || !known {
			return err
		}
		mine.Shown, mine.Sum = e.o.Now().UTC(), sum
		mine.Force = mine.Force && !mine.At.Equal(opened)
		return putRow(tx, homeTable, key, mine)
	})
}

// homeFailed says when a page is tried again. What the service refuses is not shown until it changes.
func (e *Engine) homeFailed(ctx context.Context, j store.Job, what call, err error) error {
	if later := e.interrupted(ctx, err); later != nil {
		return later
	}
	ce := classed(err)
	e.o.Log.Warn("page not shown", "page", string(j.Payload), "class", string(ce.Class), "error", err)
	if ce.Class == connectors.Rejected {
		return nil
	}
	return e.afterFailure(ctx, j, what, ce)
}
