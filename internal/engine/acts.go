package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/text"
)

// What people and programs do on our own pages and through our own API is a delivery like any other: kept, decided
// once however often it is sent, and replayable. Its body is the event as JSON.

// own reports whether an instance name stands for our own doors: the API, the pages, and the pages of decision links.
func own(instance string) bool { return instance == "api" || instance == "web" || instance == "link" }

func parseOwn(d flow.Delivery) ([]flow.Event, error) {
	var ev flow.Event
	if err := json.Unmarshal(d.Body, &ev); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	return []flow.Event{ev}, nil
}

// IgnoredError says that an intake made no request, and why.
type IgnoredError struct{ Why string }

func (e *IgnoredError) Error() string { return "no request was made: " + e.Why }

// Submit opens a request. The same Intake.Delivery twice answers with the one request it made the first time; new is
// true only then. An intake that the rules ignore is an *IgnoredError.
func (e *Engine) Submit(ctx context.Context, in Intake) (r flow.Request, isNew bool, err error) {
	fields := map[string][]string{"source": {in.Source}}
	for name, v := range in.Fields {
		fields[name] = v
	}
	for name, v := range map[string]string{"title": in.Title, "type": in.Type} {
		if v != "" {
			fields[name] = []string{v}
		}
	}
	ev := flow.Event{Kind: flow.RequestSubmitted, Actor: in.Requester, Fields: fields, Body: text.Plain(in.Text)}
	got, err := e.act(ctx, in.Source, in.Delivery, ev)
	if err != nil {
		return r, false, err
	}
	if got.delivery.Request == "" {
		return r, false, &IgnoredError{Why: got.delivery.Why}
	}
	if got.first {
		return got.dec.Request, true, nil
	}
	r, err = e.mustRequest(ctx, got.delivery.Request)
	return r, false, err
}

// Vote casts a verdict given outside chat. Whether it counted, and why not, is in the result; an error means that it
// could not be judged or kept.
func (e *Engine) Vote(ctx context.Context, v VoteInput) (VoteResult, error) {
	fields := map[string][]string{"verdict": {string(v.Verdict)}, "via": {v.Via}}
	for name, value := range map[string]string{"stage": v.Stage, "version": v.Version} {
		if value != "" {
			fields[name] = []string{value}
		}
	}
	if len(v.Checked) > 0 {
		fields["checked"] = v.Checked
	}
	if v.Confirmed {
		fields["confirmed"] = []string{"yes"}
	}
	ev := flow.Event{Kind: flow.VoteCast, Request: v.Request, Actor: v.By, Fields: fields, Body: v.Note}
	r, why, err := e.apply(ctx, v.Via, v.Delivery, ev)
	if err != nil {
		return VoteResult{}, err
	}
	res := VoteResult{Code: code(why), Request: r}
	if len(why) > 0 {
		res.Why = why[0].Text
	}
	res.Counted = res.Code == flow.CodeRecorded
	return res, nil
}

// Act applies what somebody does on a page of ours: withdraw, edit, assign, send work to review, take back a vote.
// The event needs no ID and no time. The reasons say what became of it.
func (e *Engine) Act(ctx context.Context, ev flow.Event) (flow.Request, []flow.Reason, error) {
	return e.apply(ctx, "web", ev.ID, ev)
}

// Answer says what becomes of a delivery that is held back: "accept", "new" or "spam". Unknown ones are ErrUnknown; a
// *ReplayError says why it cannot be answered.
func (e *Engine) Answer(ctx context.Context, deliveryID, answer string, who flow.Actor) error {
	if _, _, err := e.Delivery(ctx, deliveryID); err != nil {
		return err
	}
	door := "web"
	if who.ID() == "" {
		door, who = "api", flow.Actor{Ref: flow.Ref{System: "api", Type: "token", Key: "api"}, Shown: "a program"}
	}
	got, err := e.act(ctx, door, "", flow.Event{
		Kind: flow.HeldAnswered, Actor: who, Fields: map[string][]string{"delivery": {deliveryID}, "answer": {answer}},
	})
	switch {
	case err != nil:
		return err
	case code(got.dec.Why) == flow.CodeRecorded:
		return nil
	case len(got.dec.Why) > 0:
		return &ReplayError{Why: got.dec.Why[0].Text}
	}
	return &ReplayError{Why: got.dec.Ignored}
}

// apply decides an event about a request that exists; sent again it answers as the first time.
func (e *Engine) apply(ctx context.Context, door, id string, ev flow.Event) (flow.Request, []flow.Reason, error) {
	r, err := e.named(ctx, string(ev.Request))
	if err != nil {
		return r, nil, err
	}
	ev.Request = r.ID
	got, err := e.act(ctx, door, id, ev)
	if err != nil {
		return r, nil, err
	}
	if got.first {
		return got.dec.Request, got.dec.Why, nil
	}
	return e.recorded(ctx, r.ID, got.delivery.ID)
}

// recorded answers with what an earlier delivery came to.
func (e *Engine) recorded(ctx context.Context, id flow.RequestID, event string) (r flow.Request, why []flow.Reason, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		var err error
		if r, _, err = tx.Request(id); err != nil {
			return err
		}
		records, err := tx.Records(id)
		if err != nil {
			return err
		}
		for _, rec := range records {
			if rec.Event.ID == event {
				why = rec.Why
			}
		}
		return nil
	})
	return r, why, err
}

// acted is what became of an act.
type acted struct {
	first    bool // this call decided it
	delivery flow.Delivery
	dec      decision
}

// act keeps and decides an event of our own doors in one transaction.
func (e *Engine) act(ctx context.Context, door, id string, ev flow.Event) (got acted, err error) {
	switch {
	case e.stopping.Load():
		return got, ErrStopping
	case !own(door):
		return got, fmt.Errorf("%q is no door of ours", door)
	}
	if id == "" {
		id = rand.Text()
	}
	ev.ID = "" // it is the delivery's
	body, err := json.Marshal(ev)
	if err != nil {
		return got, fmt.Errorf("keep event: %w", err)
	}
	sum := sha256.Sum256(body)
	d := flow.Delivery{
		ID: door + "/" + id, Instance: door, Kind: string(ev.Kind), Type: "application/json", At: e.o.Now().UTC(),
		Body: body, Hash: hex.EncodeToString(sum[:]), State: flow.Waiting,
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	stored, err := e.inbox.store(ctx, d, intake{now: true})
	if err != nil {
		return got, fmt.Errorf("keep %s: %w", d.ID, err)
	}
	e.met.deliveries.WithLabelValues(door, stored.outcome).Inc()
	if stored.outcome == "duplicate" {
		if stored.altered {
			e.met.alarm("altered_delivery")
			e.o.Log.Error("delivery id came again with another body, the first one stands", "instance", door, "delivery", d.ID)
		}
		got.delivery, _, err = e.inbox.delivery(ctx, d.ID)
		return got, err
	}
	e.inbox.report(stored.settled)
	got = acted{first: true, delivery: stored.settled.delivery}
	if n := len(stored.settled.decisions); n > 0 {
		got.dec = stored.settled.decisions[n-1]
	}
	return got, nil
}

// named finds a request by its id or its ticket's label, in any case.
func (e *Engine) named(ctx context.Context, id string) (r flow.Request, err error) {
	err = e.o.Store.View(ctx, func(tx store.Tx) error {
		var ok bool
		if r, ok, err = lookup(tx, id); err == nil && !ok {
			err = fmt.Errorf("request %s: %w", id, ErrUnknown)
		}
		return err
	})
	return r, err
}

func lookup(tx store.Tx, id string) (flow.Request, bool, error) {
	r, ok, err := tx.Request(flow.RequestID(strings.ToUpper(id)))
	if err != nil || ok {
		return r, ok, err
	}
	list, _, err := tx.Requests(store.Query{Terms: []string{"ticket:" + strings.ToLower(id)}, Limit: 1})
	return first(list), len(list) > 0, err
}

func (e *Engine) mustRequest(ctx context.Context, id flow.RequestID) (flow.Request, error) {
	return e.named(ctx, string(id))
}

// Replay gives a delivery or a parked job another try: a delivery that was dead, malformed or ignored is decided
// again from its raw body, a parked job is due at once. What has made its record already is not decided twice.
func (e *Engine) Replay(ctx context.Context, id string) error {
	return e.o.Store.Update(ctx, func(tx store.Tx) error {
		now := e.o.Now().UTC()
		j, ok, err := tx.Job(id)
		if err != nil {
			return err
		}
		if ok {
			return tx.Requeue(j.ID, now)
		}
		d, ok, err := tx.Delivery(id)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("%s: %w", id, ErrUnknown)
		case d.Request != "":
			return &ReplayError{Why: fmt.Sprintf("it was decided already: see %s", d.Request)}
		}
		d.State, d.Why, d.At = flow.Waiting, "", now
		if err := tx.PutDelivery(d); err != nil {
			return err
		}
		return tx.Enqueue(inboxJob(d, d.Learned == nil && !own(d.Instance)))
	})
}

// ReplayError says why something cannot be replayed.
type ReplayError struct{ Why string }

func (e *ReplayError) Error() string { return e.Why }
