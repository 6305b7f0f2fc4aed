package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

func edited(t *testing.T, pairs ...string) string {
	t.Helper()
	words := studio
	for pair := range slices.Chunk(pairs, 2) {
		if !strings.Contains(words, pair[0]) {
			t.Fatalf("the studio does not hold %q", pair[0])
		}
		words = strings.ReplaceAll(words, pair[0], pair[1])
	}
	return words
}

// TestMigrate_previewThenApply: looking changes nothing; moving changes what was said, and the journal says by which
// rules.
func TestMigrate_previewThenApply(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		w.hook(ask("1", "Old"))
		w.hook(ask("2", "Older"))
		w.settle()
		old := w.rules.Digest()
		w.rules = compile(t, edited(t, "needs: 1", "needs: 2\n        time_limit: 8 working hours"))
		w.engine.Swap(w.rules)
		list, err := w.engine.Rulesets(ctx)
		must(t, err)
		if len(list) != 2 || !list[0].Current || list[0].Open != 0 || list[1].Digest != old || list[1].Open != 2 {
			t.Fatalf("rulesets %+v, want the new one with none and the old with 2", list)
		}
		moves, err := w.engine.Migrate(ctx, engine.Migration{})
		must(t, err)
		want := []string{"Brand review needs 2 instead of 1.", "Brand review allows 8 working hours instead of any time."}
		if len(moves) != 2 || !cmp.Equal(moves[0].Changes, want) || moves[0].Refused != "" || moves[0].From != old || moves[0].To != w.rules.Digest() {
			t.Errorf("moves %+v, want two with %q", moves, want)
		}
		if r := w.request("CR-1"); r.Ruleset != old {
			t.Errorf("looking moved it to %s", r.Ruleset)
		}
		_, err = w.engine.Migrate(ctx, engine.Migration{Requests: []string{"CR-1"}, Apply: true, By: flow.Actor{Name: "dana", Shown: "Dana Wolf"}})
		must(t, err)
		w.settle()
		w.hook(press("3", "ana", "CR-1", flow.Approve))
		w.hook(press("4", "ana", "CR-2", flow.Approve))
		w.settle()
		if a, b := w.request("CR-1").Status, w.request("CR-2").Status; a != flow.InReview || b != flow.Approved {
			t.Errorf("one approval: %s and %s; want the moved one in review and the other approved", a, b)
		}
		d, err := w.engine.Request(ctx, "CR-1")
		must(t, err)
		last, moved := d.Records[len(d.Records)-1], 0
		for _, rec := range d.Records {
			if rec.Event.Kind == flow.RulesMoved {
				moved++
				if rec.Facts.Routing == nil || rec.Event.Actor.Name != "dana" {
					t.Errorf("record %+v, want the routing of the new rules and who moved it", rec)
				}
			}
		}
		if moved != 1 || d.Records[0].Ruleset != old || last.Ruleset != w.rules.Digest() {
			t.Errorf("%d moves; the first record is under %s, the last under %s", moved, d.Records[0].Ruleset, last.Ruleset)
		}
	})
}

// TestMigrate_allOrNone: a key that nothing bears moves nothing, and what is over stays under its own rules.
func TestMigrate_allOrNone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		w.hook(ask("1", "Old"))
		w.hook(ask("2", "Over"))
		w.settle()
		w.hook(press("3", "ana", "CR-2", flow.Approve))
		w.settle()
		old := w.rules.Digest()
		w.rules = compile(t, other(t))
		w.engine.Swap(w.rules)
		if _, err := w.engine.Migrate(ctx, engine.Migration{Requests: []string{"CR-1", "CR-9"}, Apply: true}); !errors.Is(err, engine.ErrUnknown) {
			t.Errorf("error %v, want that CR-9 is unknown", err)
		}
		if r := w.request("CR-1"); r.Ruleset != old {
			t.Errorf("CR-1 moved though CR-9 could not")
		}
		moves, err := w.engine.Migrate(ctx, engine.Migration{Requests: []string{"CR-1", "CR-2"}, Apply: true})
		must(t, err)
		if moves[0].Refused != "" || moves[1].Refused == "" || w.request("CR-2").Ruleset != old {
			t.Errorf("moves %+v, want CR-1 moved and CR-2 refused", moves)
		}
		want := []string{"Brand review is not asked any more.", "Other review is asked for now.", "Other review is new."}
		if diff := cmp.Diff(want, moves[0].Changes); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		if list, err := w.engine.Rulesets(ctx); err != nil || len(list) != 1 {
			t.Errorf("rulesets %+v, %v; want the current one alone", list, err)
		}
	})
}

// TestJournal_since: the place of an instant is found without reading all of the journal.
func TestJournal_since(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ctx := context.Background()
		if place, err := w.engine.JournalSince(ctx, time.Now()); err != nil || place != 0 {
			t.Errorf("an empty journal: %d, %v", place, err)
		}
		w.hook(ask("1", "Old"))
		w.settle()
		all, err := w.engine.Journal(ctx, 0, 1000)
		must(t, err)
		w.pass(time.Hour)
		middle := time.Now()
		w.hook(ask("2", "New"))
		w.settle()
		place, err := w.engine.JournalSince(ctx, middle)
		must(t, err)
		rest, err := w.engine.Journal(ctx, place, 1)
		must(t, err)
		if place < uint64(len(all)) || len(rest) != 1 || rest[0].Event.At.Before(middle) {
			t.Errorf("place %d after %d records, then %+v", place, len(all), rest)
		}
		if place, err = w.engine.JournalSince(ctx, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if rest, err := w.engine.Journal(ctx, place, 5); err != nil || len(rest) > 0 {
			t.Errorf("after everything: %+v, %v", rest, err)
		}
	})
}
