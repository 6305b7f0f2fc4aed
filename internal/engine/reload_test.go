package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
)

func other(t *testing.T) string {
	t.Helper()
	s := strings.Replace(studio, "name: Brand review", "name: Other review", 1)
	if s == studio {
		t.Fatal("nothing replaced")
	}
	return s
}

func TestReload_OpenRequestsFinishUnderTheirs(t *testing.T) {
	t.Parallel()
	for what, restart := range map[string]bool{"running": false, "after a restart": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.hook(ask("1", "Old"))
				w.settle()
				w.rules = compile(t, other(t))
				if restart {
					w.stop()
					w.start()
				} else {
					w.engine.Swap(w.rules)
				}
				w.hook(ask("2", "New"))
				w.settle()
				if got := w.request("CR-2").Stages[0].Name; got != "Other review" {
					t.Errorf("new request is in %q, want the new rules' stage", got)
				}
				w.hook(press("3", "ana", "CR-1", flow.Approve))
				w.settle()
				r := w.request("CR-1")
				if r.Status != flow.Approved || r.Stages[0].Name != "Brand review" {
					t.Errorf("old request is %s in %q, want approved in its own stage", r.Status, r.Stages[0].Name)
				}
				d, err := w.engine.Request(context.Background(), "CR-1")
				must(t, err)
				for _, rec := range d.Records {
					if rec.Ruleset != d.Records[0].Ruleset {
						t.Errorf("record %d is under %s, want the opening one %s", rec.Version, rec.Ruleset, d.Records[0].Ruleset)
					}
				}
			})
		})
	}
}

func TestReload_RefusedKeepsTheLastGood(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		before := w.engine.Rules().Digest()
		w.engine.SwapFailed("studio.yaml:3:1 error")
		if got := w.engine.Rules().Digest(); got != before {
			t.Errorf("rules are %s, want %s", got, before)
		}
		h := w.engine.Health(context.Background())
		if h.RulesError == "" || !h.Ready {
			t.Errorf("health %+v, want ready and the error told", h)
		}
		if got := w.metric("signoff_rules_reload_success"); got != 0 {
			t.Errorf("reload success %v, want 0", got)
		}
		w.hook(ask("1", "Banner"))
		w.settle()
		w.outsideShows("CR-1", flow.InReview)
		w.engine.Swap(w.rules)
		if got := w.metric("signoff_rules_reload_success"); got != 1 {
			t.Errorf("reload success %v after a good one, want 1", got)
		}
	})
}

// ops is told of a refused reload with its problems, once, and when the rules are in order again.
func TestReload_OpsIsTold(t *testing.T) {
	t.Parallel()
	withMail(t, func(w *world, _ *outside) {
		const problem = `rules/studio.yaml:39:9  error SO112  "quorom" is not a key of a stage`
		w.engine.SwapFailed(problem)
		w.engine.SwapFailed(problem)
		w.settle()
		told := titled(w.chat.told, "The rules were not taken over")
		if len(told) != 1 || !strings.Contains(told[0].Tell.View.Body.String(), problem) || told[0].Tell.To[0].Name != "dana" {
			t.Errorf("told %+v, want Dana once, with the problem", told)
		}
		w.engine.Swap(w.rules)
		w.engine.Swap(w.rules)
		w.settle()
		if told := titled(w.chat.told, "The rules are in order again"); len(told) != 1 {
			t.Errorf("told %d times that the rules are in order, want once", len(told))
		}
	})
}

func titled(all []flow.Effect, title string) (list []flow.Effect) {
	for _, e := range all {
		if e.Tell != nil && e.Tell.View.Title == title {
			list = append(list, e)
		}
	}
	return list
}

func TestPeople_UnresolvedReviewerParksAndHeals(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.stop()
		delete(w.chat.people, "ana@lumen.example")
		w.store = newWorld(t).store // nobody is known yet
		w.start()
		w.hook(ask("1", "Banner"))
		w.pass(time.Hour)
		parked, err := w.engine.Parked(context.Background())
		must(t, err)
		want := "No Slack account matches ana@lumen.example; pin people.ana.slack"
		if len(parked) != 1 || parked[0].Why != want {
			t.Fatalf("parked %+v, want one for: %s", parked, want)
		}
		if len(w.chat.of("CR-1/ask/1/Brand review/dana")) != 1 {
			t.Error("dana was not asked: one who cannot be reached holds up nobody else")
		}
		for _, p := range w.engine.People(context.Background()) {
			if got := p.Missing["slack"] != ""; got != (p.Name == "ana") {
				t.Errorf("%s missing on slack: %v", p.Name, got)
			}
		}
		w.engine.Swap(compile(t, strings.Replace(studio, "email: ana@lumen.example", "email: ana@lumen.example, slack: U0ANA0001", 1)))
		w.pass(time.Minute)
		asked := w.chat.of("CR-1/ask/1/Brand review/ana")
		if len(asked) != 1 {
			t.Fatalf("ana was asked %d times after the pin, want once", len(asked))
		}
		calls := w.chat.madeCalls()
		if ref := calls[len(calls)-1].effect.Known["ana"]; ref.Key != "U0ANA0001" {
			t.Errorf("ana was reached at %v, want the pinned account", ref)
		}
	})
}

func TestPeople_AReviewerWhoJoinsIsAsked(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Banner"))
		w.pass(time.Minute)
		w.engine.Swap(compile(t, strings.Replace(studio, "brand: [ana, dana]", "brand: [ana, ben]", 1)))
		w.pass(time.Minute)
		if n := len(w.chat.of("CR-1/ask/1/Brand review/ben")); n != 1 {
			t.Errorf("ben was asked %d times after joining, want once", n)
		}
		if got := strings.Join(w.request("CR-1").Stages[0].Waiting[1].On, ","); got != "ana,ben" {
			t.Errorf("waiting on %s, want ana,ben", got)
		}
		version := w.request("CR-1").Version
		w.engine.Swap(w.engine.Rules())
		w.pass(time.Minute)
		if got := w.request("CR-1").Version; got != version {
			t.Errorf("version %d after the same directory again, want %d", got, version)
		}
	})
}

func TestPeople_AccountsAreSomebodyByProofOnly(t *testing.T) {
	t.Parallel()
	user := func(key string) flow.Ref { return flow.Ref{System: "slack", Type: "user", Key: key} }
	for what, tc := range map[string]struct {
		who  flow.Actor
		want string // the name under which it counts
	}{
		"matched at start":             {flow.Actor{Ref: user("Uana")}, "ana"},
		"claims a name":                {flow.Actor{Ref: user("Ueve"), Name: "ana"}, ""},
		"second account, same e-mail":  {flow.Actor{Ref: user("Uana2"), Email: "ana@lumen.example"}, ""},
		"bot with the e-mail":          {flow.Actor{Ref: user("Ubot"), Email: "ana@lumen.example", Bot: true}, ""},
		"first account, other e-mail":  {flow.Actor{Ref: user("Uana"), Email: "dana@lumen.example"}, ""}, // see TestPeople_TakenAddress
		"outside the directory":        {flow.Actor{Ref: user("Umaya"), Email: "maya@lumen.example"}, ""},
		"upper case of a known e-mail": {flow.Actor{Ref: user("Uana"), Email: "ANA@Lumen.example"}, "ana"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				in := ask("1", "Banner")
				in.Event.Actor = tc.who
				w.hook(in)
				w.settle()
				if got := w.request("CR-1").Requester.Name; got != tc.want {
					t.Errorf("%+v counts as %q, want %q", tc.who, got, tc.want)
				}
			})
		})
	}
}

// The first look at a ticket comes after the move: there is nothing to compare with but what was written.
func TestTickets_AMoveBeforeTheFirstLookIsFound(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		status(t, "submit", w.hook(ask("1", "Banner")), http.StatusOK)
		w.pass(time.Minute)
		w.desk.set(func(o *outside) {
			for _, th := range o.things {
				th.view.Status = flow.Approved
			}
		})
		w.pass(time.Hour)
		if got := w.request("CR-1").Ticket; got.Word != flow.Approved || !got.Held {
			t.Errorf("the ticket counts as %+v, want it moved to approved by hand", got)
		}
	})
}

func TestTickets_AMoveWithoutAWebhookIsFound(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		status(t, "submit", w.hook(ask("1", "Banner")), http.StatusOK)
		w.pass(time.Hour)
		moves := func() (n int) {
			d, err := w.engine.Request(context.Background(), "CR-1")
			must(t, err)
			for _, rec := range d.Records {
				if rec.Event.Kind == flow.TicketMoved {
					n++
				}
			}
			return n
		}
		if n := moves(); n != 0 {
			t.Fatalf("%d moves found of our own doing, want none", n)
		}
		w.desk.set(func(o *outside) {
			for _, th := range o.things {
				th.view.Status = flow.Approved // Jon drags it to Done
			}
		})
		w.pass(time.Hour)
		if n := moves(); n != 1 {
			t.Errorf("%d moves recorded, want 1", n)
		}
	})
}
