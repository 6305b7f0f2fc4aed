package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

const (
	pageSize  = 50
	pageMost  = 200
	searchMax = 5000 // requests looked at for one page of a text search
)

// Requests lists requests, newest first.
func (e *Engine) Requests(ctx context.Context, f Filter) (page RequestPage, err error) {
	if f.Limit <= 0 {
		f.Limit = pageSize
	}
	f.Limit = min(f.Limit, pageMost)
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		var err error
		page, err = list(tx, f)
		return err
	})
	return page, err
}

func list(tx store.Tx, f Filter) (page RequestPage, err error) {
	terms := termsOf(f)
	if page.Total, err = total(tx, terms); err != nil {
		return page, err
	}
	if f.Text != "" {
		return search(tx, f, terms)
	}
	page.Requests, page.Next, err = tx.Requests(store.Query{Terms: terms, After: f.Page, Limit: f.Limit})
	page.Requests = slices.DeleteFunc(page.Requests, func(r flow.Request) bool { return !f.lists(r) })
	return page, err
}

// lists reports whether a request may stand in a list: a draft only where drafts are asked for.
func (f Filter) lists(r flow.Request) bool { return r.Offer == nil || f.Status == flow.Draft }

func termsOf(f Filter) []string {
	var terms []string
	add := func(prefix, v string) {
		if v != "" {
			terms = append(terms, prefix+v)
		}
	}
	add("status:", string(f.Status))
	add("stage:", f.Stage)
	add("waiting:", f.WaitingOn)
	if f.Open && (f.Status == "" || f.Status.Closed()) {
		add("open:", "yes")
	}
	return terms
}

// total counts what is under one term exactly; several together are not counted but estimated by the rarest.
func total(tx store.Tx, terms []string) (int, error) {
	if len(terms) == 0 {
		open, err := tx.CountRequests("open:yes")
		if err != nil {
			return 0, err
		}
		shut, err := tx.CountRequests("open:no")
		if err != nil {
			return 0, err
		}
		drafts, err := countDrafts(tx, "status:draft", "draft:closed")
		return max(open+shut-drafts, 0), err
	}
	least := -1
	for _, t := range terms {
		n, err := tx.CountRequests(t)
		if err != nil {
			return 0, err
		}
		if least < 0 || n < least {
			least = n
		}
	}
	if len(terms) == 1 && terms[0] == "open:yes" {
		drafts, err := countDrafts(tx, "status:draft")
		return max(least-drafts, 0), err
	}
	return least, nil
}

// countDrafts counts what no list of requests shows.
func countDrafts(tx store.Tx, terms ...string) (sum int, err error) {
	for _, t := range terms {
		n, err := tx.CountRequests(t)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// search goes through the requests under terms for words in key, title and ticket label, one bounded stretch a page.
func search(tx store.Tx, f Filter, terms []string) (RequestPage, error) {
	page := RequestPage{}
	q := store.Query{Terms: terms, After: f.Page, Limit: f.Limit}
	for seen := 0; seen < searchMax; {
		list, next, err := tx.Requests(q)
		if err != nil {
			return page, err
		}
		for _, r := range list {
			if f.lists(r) && matches(r, f.Text) {
				page.Requests = append(page.Requests, r)
			}
		}
		page.Next, q.After = next, next
		seen += len(list)
		if next == "" || len(page.Requests) >= f.Limit {
			break
		}
	}
	page.Total = len(page.Requests)
	return page, nil
}

func matches(r flow.Request, words string) bool {
	link, _ := r.Link("ticket")
	hay := strings.ToLower(string(r.ID) + " " + r.Title + " " + link.Label)
	for _, w := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(hay, w) {
			return false
		}
	}
	return true
}

// Request gives everything about one request, by its id or its ticket's label.
func (e *Engine) Request(ctx context.Context, id string) (d Detail, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		r, ok, err := lookup(tx, id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("request %s: %w", id, ErrUnknown)
		}
		d.Request = r
		if d.Records, err = tx.Records(r.ID); err != nil {
			return err
		}
		if d.Effects, err = effects(tx, r.ID); err != nil {
			return err
		}
		p, err := e.book.policy(tx, r)
		if err != nil {
			return err
		}
		if r.Workflow != "" {
			d.Stages = p.Stages(r)
		}
		d.Missing = missing(p, r)
		return nil
	})
	d.Waiting = waiting(d.Request)
	return d, err
}

// waiting lists whom a request's open stages wait for, as they were named when they were asked.
func waiting(r flow.Request) []flow.Actor {
	var who []flow.Actor
	if r.Status == flow.NeedsInfo {
		who = add(who, r.Requester)
	}
	for _, run := range r.Open() {
		for _, w := range run.Waiting {
			if !w.To.IsZero() {
				continue
			}
			for _, id := range w.On {
				who = add(who, askedAs(run, id))
			}
		}
	}
	return who
}

func askedAs(run flow.StageRun, id string) flow.Actor {
	for _, a := range run.Asked {
		if a.ID() == id {
			return a
		}
	}
	return flow.Actor{Name: id}
}

// effects lists what was asked of the outside for a request: what is finished by the kept fates, the rest by its jobs.
func effects(tx store.Tx, id flow.RequestID) ([]EffectState, error) {
	byID := map[string]EffectState{}
	from := string(id) + "/"
	err := tx.Rows(effectsTable, from, after(from), 0, func(key string, value []byte) error {
		var f fate
		if _, err := row(tx, effectsTable, key, &f); err != nil {
			return err
		}
		byID[key] = EffectState{ID: key, Purpose: f.Purpose, Target: f.Target, State: f.State, Attempts: f.Attempts, At: f.At, Why: f.Why}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q := store.JobQuery{Kind: doJob, Request: id, Limit: pageMost}
	for {
		jobs, next, err := tx.Jobs(q)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			byID[j.ID] = stateOf(j)
		}
		if next == "" {
			break
		}
		q.After = next
	}
	list := make([]EffectState, 0, len(byID))
	for _, s := range byID {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b EffectState) int { return order(a.ID, b.ID) })
	return list, nil
}

// order compares effect ids by version and number.
func order(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(x), len(y)) {
		m, errM := strconv.ParseFloat(x[i], 64)
		n, errN := strconv.ParseFloat(y[i], 64)
		switch {
		case errM == nil && errN == nil && m != n:
			if m < n {
				return -1
			}
			return 1
		case x[i] != y[i]:
			return strings.Compare(x[i], y[i])
		}
	}
	return len(x) - len(y)
}

// stateOf tells of an effect whose job is not finished.
func stateOf(j store.Job) EffectState {
	s := EffectState{ID: j.ID, Attempts: j.Attempts, Next: j.At, Why: j.Why, At: j.Tried, State: "waiting"}
	if s.At.IsZero() {
		s.At = j.Created
	}
	if e, err := effectOf(j); err == nil {
		s.Purpose, s.Target = e.Purpose(), e.Target
	}
	switch {
	case j.State == store.JobParked:
		s.State, s.Job, s.Next = "parked", j.ID, time.Time{}
	case j.Why != "":
		s.State = "retrying"
	}
	return s
}

// Parked lists the effects that wait for a person, oldest first.
func (e *Engine) Parked(ctx context.Context) (list []EffectState, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		q := store.JobQuery{State: store.JobParked, Limit: pageMost}
		jobs, _, err := tx.Jobs(q)
		for _, j := range jobs {
			list = append(list, stateOf(j))
		}
		return err
	})
	return list, err
}

// Deliveries lists what came from outside, newest first.
func (e *Engine) Deliveries(ctx context.Context, q store.DeliveryQuery) (list []flow.Delivery, next string, err error) {
	q.Limit = min(q.Limit, pageMost)
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		var err error
		list, next, err = tx.Deliveries(q)
		return err
	})
	return list, next, err
}

// Delivery gives one delivery and the records that came of it.
func (e *Engine) Delivery(ctx context.Context, id string) (d flow.Delivery, of []flow.Record, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		var ok bool
		if d, ok, err = tx.Delivery(id); err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("delivery %s: %w", id, ErrUnknown)
		}
		if d.Request == "" {
			return nil
		}
		records, err := tx.Records(d.Request)
		for _, rec := range records {
			if rec.Event.Delivery == id {
				of = append(of, rec)
			}
		}
		return err
	})
	return d, of, err
}
