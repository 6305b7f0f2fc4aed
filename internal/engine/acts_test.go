package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/engine"
	"signoff/internal/flow"
	"signoff/internal/text"
)

func intake(id, words string) engine.Intake {
	return engine.Intake{Delivery: id, Source: "api", Title: words, Text: words, Requester: flow.Actor{Name: "ben", Shown: "Ben Osei"}}
}

func vote(id, who string, v flow.Verdict) engine.VoteInput {
	return engine.VoteInput{Delivery: id, Request: "CR-1", Verdict: v, By: flow.Actor{Name: who}, Via: "api"}
}

func TestSubmit_IsIdempotent(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		first, isNew, err := w.engine.Submit(ctx, intake("key-1", "Spring banner"))
		must(t, err)
		if !isNew || first.ID != "CR-1" || first.Source != "api" {
			t.Errorf("first: %s new %v from %s, want CR-1, new, from api", first.ID, isNew, first.Source)
		}
		again, isNew, err := w.engine.Submit(ctx, intake("key-1", "Spring banner"))
		must(t, err)
		if isNew || again.ID != "CR-1" {
			t.Errorf("again: %s new %v, want CR-1, not new", again.ID, isNew)
		}
		next, isNew, err := w.engine.Submit(ctx, intake("", "Spring banner"))
		must(t, err)
		if !isNew || next.ID != "CR-2" {
			t.Errorf("without a key: %s new %v, want CR-2, new", next.ID, isNew)
		}
		var ignored *engine.IgnoredError
		if _, _, err := w.engine.Submit(ctx, intake("key-2", "thanks!")); !errors.As(err, &ignored) {
			t.Errorf("small talk: %v, want an IgnoredError", err)
		}
		w.settle()
		w.outsideShows("CR-1", flow.InReview)
	})
}

func TestVote_Codes(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		before []engine.VoteInput
		vote   engine.VoteInput
		want   string
	}{
		"counts":        {nil, vote("", "ana", flow.Approve), "recorded"},
		"sent again":    {[]engine.VoteInput{vote("k", "ana", flow.Approve)}, vote("k", "ana", flow.Approve), "recorded"},
		"too late":      {[]engine.VoteInput{vote("", "ana", flow.Approve)}, vote("", "dana", flow.Decline), "closed"},
		"no reviewer":   {nil, vote("", "eve", flow.Approve), "not_reviewer"},
		"own work":      {nil, vote("", "ben", flow.Approve), "four_eyes"},
		"no note":       {nil, vote("", "ana", flow.RequestChanges), "note_needed"},
		"unknown stage": {nil, func() engine.VoteInput { v := vote("", "ana", flow.Approve); v.Stage = "Legal"; return v }(), "unknown_stage"},
		"changes, a note": {nil, func() engine.VoteInput {
			v := vote("", "ana", flow.RequestChanges)
			v.Note = text.Plain("Logo")
			return v
		}(), "recorded"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				ctx := context.Background()
				_, _, err := w.engine.Submit(ctx, intake("", "Spring banner"))
				must(t, err)
				for _, v := range tc.before {
					_, err := w.engine.Vote(ctx, v)
					must(t, err)
				}
				got, err := w.engine.Vote(ctx, tc.vote)
				must(t, err)
				if got.Code != tc.want || got.Why == "" || got.Counted != (tc.want == "recorded") {
					t.Errorf("result %q (%s) counted %v, want %q with a sentence", got.Code, got.Why, got.Counted, tc.want)
				}
			})
		})
	}
}

func TestVote_UnknownRequest(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		if _, err := w.engine.Vote(context.Background(), vote("", "ana", flow.Approve)); !errors.Is(err, engine.ErrUnknown) {
			t.Errorf("vote on nothing: %v, want ErrUnknown", err)
		}
	})
}

// both casts two opposite votes on one request at the same instant.
func both(e *engine.Engine, id string) (results [2]engine.VoteResult) {
	var pair sync.WaitGroup
	for k, v := range []engine.VoteInput{vote("", "ana", flow.Approve), vote("", "dana", flow.Decline)} {
		pair.Go(func() {
			v.Request = flow.RequestID(id)
			results[k], _ = e.Vote(context.Background(), v)
		})
	}
	pair.Wait()
	return results
}

func TestVote_AThousandOppositePairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	e, err := engine.New(engine.Options{Store: w.store, Rules: w.rules, Now: time.Now})
	must(t, err)
	const pairs = 1000
	for range pairs {
		_, _, err := e.Submit(ctx, intake("", "Banner"))
		must(t, err)
	}
	var all sync.WaitGroup
	var results [pairs][2]engine.VoteResult
	for i := range pairs {
		all.Go(func() { results[i] = both(e, name("CR-%d", i+1)) })
	}
	all.Wait()
	for i, pair := range results {
		if pair[0].Counted == pair[1].Counted {
			t.Fatalf("pair %d: %+v, want exactly one counted", i, pair)
		}
		d, err := e.Request(ctx, name("CR-%d", i+1))
		must(t, err)
		votes := 0
		for _, rec := range d.Records {
			if rec.Event.Kind == flow.VoteCast {
				votes++
			}
		}
		if votes != 2 || len(d.Request.Votes) != 1 || !d.Request.Status.Closed() {
			t.Fatalf("%s: %d attempts recorded, %d votes, %s; want 2, 1 and one end", d.Request.ID, votes, len(d.Request.Votes), d.Request.Status)
		}
	}
}

func TestVote_OppositeVotesEndInOneOutside(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		for i := range 20 {
			_, _, err := w.engine.Submit(ctx, intake("", "Banner"))
			must(t, err)
			both(w.engine, name("CR-%d", i+1))
		}
		w.pass(time.Minute)
		for i := range 20 {
			id := name("CR-%d", i+1)
			w.outsideShows(id, w.request(id).Status)
		}
	})
}

func TestAct_Withdraw(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		_, _, err := w.engine.Submit(ctx, intake("", "Spring banner"))
		must(t, err)
		r, why, err := w.engine.Act(ctx, flow.Event{Kind: flow.RequestWithdrawn, Request: "CR-1", Actor: flow.Actor{Name: "ben"}})
		must(t, err)
		if r.Status != flow.Withdrawn || len(why) == 0 {
			t.Errorf("%s with %v, want withdrawn with a reason", r.Status, why)
		}
		w.settle()
		w.outsideShows("CR-1", flow.Withdrawn)
	})
}

func TestQuery(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		w.hook(ask("1", "Spring banner"))
		w.settle()
		q := w.engine.Query()
		ana := flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "Uana"}}
		_, waiting, err := q.Of(ctx, ana)
		must(t, err)
		if len(waiting) != 1 {
			t.Errorf("%d requests wait for ana, want 1", len(waiting))
		}
		ok, why, err := q.May(ctx, connectors.Action{Who: ana, Request: "CR-1", Do: "approve", Stage: "Brand review", Round: 1})
		must(t, err)
		if !ok {
			t.Errorf("ana may not approve: %s", why)
		}
		maya := flow.Actor{Ref: flow.Ref{System: "slack", Type: "user", Key: "Umaya"}}
		ok, why, err = q.May(ctx, connectors.Action{Who: maya, Request: "CR-1", Do: "approve", Stage: "Brand review", Round: 1})
		must(t, err)
		if ok || why == "" {
			t.Errorf("maya may approve (%v, %q), want no, with a sentence", ok, why)
		}
		for _, id := range []string{"CR-1", "cr-1", "J-1", "j-1"} {
			if r, ok, err := q.Request(ctx, id); err != nil || !ok || r.ID != "CR-1" {
				t.Errorf("Request(%s) = %s %v %v, want CR-1", id, r.ID, ok, err)
			}
		}
		thread := flow.Ref{System: "slack", Type: "thread", Key: "C1/1"}
		if r, ok, err := q.Touching(ctx, thread); err != nil || !ok || r.ID != "CR-1" {
			t.Errorf("Touching the thread = %s %v %v, want CR-1", r.ID, ok, err)
		}
		if r, ok, err := q.Signed(ctx, thread); err != nil || ok {
			t.Errorf("Signed while it is open = %s %v %v, want none", r.ID, ok, err)
		}
		doc, ok, err := q.Why(ctx, "CR-1")
		must(t, err)
		if want := "Brand review is open and waits for Ana Reyes or Dana Wolf, since Sat 1 Jan, 00:00 London."; !ok || !strings.Contains(doc.String(), want) {
			t.Errorf("Why(CR-1) = %q, want it to hold %q", doc, want)
		}
	})
}

func TestRequests_Filter(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		for i, words := range []string{"Spring banner", "Summer video", "Spring copy"} {
			w.hook(ask(fmt.Sprint(i), words))
		}
		w.settle()
		_, err := w.engine.Vote(ctx, engine.VoteInput{Request: "CR-2", Verdict: flow.Approve, By: flow.Actor{Name: "ana"}, Via: "web"})
		must(t, err)
		w.settle()
		approved, _, err := w.engine.Query().Request(ctx, "CR-2")
		must(t, err)
		if r, ok, err := w.engine.Query().Signed(ctx, approved.Links[0].Ref); err != nil || !ok || r.ID != "CR-2" {
			t.Errorf("Signed of %v = %s %v %v, want CR-2", approved.Links[0].Ref, r.ID, ok, err)
		}
		for what, tc := range map[string]struct {
			f    engine.Filter
			want int
		}{
			"all":             {engine.Filter{}, 3},
			"open":            {engine.Filter{Open: true}, 2},
			"approved":        {engine.Filter{Status: flow.Approved}, 1},
			"stage":           {engine.Filter{Stage: "Brand review"}, 2},
			"waiting on ana":  {engine.Filter{WaitingOn: "ana"}, 2},
			"words":           {engine.Filter{Text: "spring"}, 2},
			"words and open":  {engine.Filter{Text: "SPRING copy", Open: true}, 1},
			"by ticket":       {engine.Filter{Text: "j-"}, 3},
			"nothing like it": {engine.Filter{Text: "autumn"}, 0},
		} {
			page, err := w.engine.Requests(ctx, tc.f)
			must(t, err)
			if len(page.Requests) != tc.want || page.Total != tc.want {
				t.Errorf("%s: %d requests, total %d, want %d", what, len(page.Requests), page.Total, tc.want)
			}
		}
	})
}

func TestKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	k, other := engine.NewKeep(w.store, "slack"), engine.NewKeep(w.store, "slack-emea")
	must(t, k.Put(ctx, "a/1", nil, []byte("x")))
	must(t, k.Put(ctx, "a/2", nil, []byte("y")))
	must(t, other.Put(ctx, "a/3", nil, []byte("z")))
	if err := k.Put(ctx, "a/1", nil, []byte("again")); !errors.Is(err, connectors.ErrChanged) {
		t.Errorf("Put over a value: %v, want ErrChanged", err)
	}
	must(t, k.Put(ctx, "a/1", []byte("x"), []byte("x2")))
	var got []string
	must(t, k.Scan(ctx, "a/", func(key string, v []byte) error {
		got = append(got, key+"="+string(v))
		return nil
	}))
	if fmt.Sprint(got) != "[a/1=x2 a/2=y]" {
		t.Errorf("Scan found %v, want its own two", got)
	}
	must(t, k.Put(ctx, "a/1", []byte("x2"), nil))
	if v, err := k.Get(ctx, "a/1"); v != nil || err != nil {
		t.Errorf("Get of a deleted value = %q, %v", v, err)
	}
}
