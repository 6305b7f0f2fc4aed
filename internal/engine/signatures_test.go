package engine_test

import (
	"context"
	"net/http"
	"testing"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

func TestSignatures_TheSecretThatFitIsCounted(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		for i, secret := range []string{"current", "previous", "previous", "", "made up"} {
			w.chat.set(func(o *outside) { o.secret = secret })
			w.hook(ask(name("%d", i), "Banner"))
		}
		w.settle()
		for secret, want := range map[string]float64{"current": 1, "previous": 2} {
			if got := w.metric("signoff_secret_matched_total", "instance=slack", "secret="+secret); got != want {
				t.Errorf("%s matched %v times, want %v", secret, got, want)
			}
		}
		if got := w.metric("signoff_secret_matched_total"); got != 3 {
			t.Errorf("%v in all, want no other label", got)
		}
	})
}

// Ten refusals in a row are an alarm, once; a good signature in between starts anew.
func TestSignatures_ManyWrongInARow(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		wrong, right, more int
		want               float64
	}{
		"nine": {9, 0, 0, 0}, "ten": {10, 0, 0, 1}, "thirty": {30, 0, 0, 1}, "nine and nine": {9, 1, 9, 0}, "ten and ten": {10, 1, 10, 2},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.chat.set(func(o *outside) { o.secret = "current" })
				forged := wire(ask("x", "Banner"))
				forged.Header = http.Header{"X-Signature": {"wrong"}}
				for range tc.wrong {
					status(t, "forged", w.engine.Hook(context.Background(), "slack", forged), http.StatusUnauthorized)
				}
				for i := range tc.right {
					w.hook(ask(name("%d", i), "Banner"))
				}
				for range tc.more {
					w.engine.Hook(context.Background(), "slack", forged)
				}
				if got := w.metric("signoff_alarms_total", "what=signatures"); got != tc.want {
					t.Errorf("%v alarms, want %v", got, tc.want)
				}
			})
		})
	}
}

// What is about nothing of ours leaves only its name; what is about a request is decided.
func TestAbout_NothingOfOursIsNotKept(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Banner"))
		w.settle()
		said := func(id, thread string) body {
			ref := flow.Ref{System: "slack", Type: "thread", Key: thread}
			return body{ID: id, About: ref, Event: &flow.Event{Kind: flow.CommentAdded, Subject: ref, Said: flow.Ref{System: "slack", Type: "message", Key: id}, Actor: flow.Actor{Ref: slackUser("Uben")}}}
		}
		before := w.request("CR-1").Version
		for range 2 {
			status(t, "chatter", w.hook(said("chatter", "C1/9")), http.StatusOK)
		}
		w.hook(said("reply", "C1/1"))
		w.settle()
		if _, _, err := w.engine.Delivery(context.Background(), "slack/chatter"); err == nil {
			t.Error("chatter is kept")
		}
		if n := w.metric("signoff_deliveries_total", "outcome=duplicate"); n != 1 {
			t.Errorf("%v duplicates, want the second chatter known by its name", n)
		}
		if got := w.request("CR-1").Version; got == before {
			t.Error("the reply in the request's thread was not decided")
		}
	})
}

// Slack sends again while the first is still being decided: one request.
func TestHook_RetriesWhileTheFirstIsStillRunning(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		release := make(chan struct{})
		w.chat.set(func(o *outside) {
			o.enrich = func(flow.Delivery) ([]byte, error) { <-release; return []byte("Maya"), nil }
		})
		first := ask("e1", "Banner")
		first.Enrich = true
		for range 4 { // the first and X-Slack-Retry-Num 1, 2, 3
			status(t, "delivery", w.hook(first), http.StatusOK)
			w.settle()
		}
		close(release)
		w.settle()
		page, err := w.engine.Requests(context.Background(), engine.Filter{})
		must(t, err)
		if len(page.Requests) != 1 || len(w.chat.of("CR-1/card")) != 1 {
			t.Errorf("%d requests and %d cards, want one", len(page.Requests), len(w.chat.of("CR-1/card")))
		}
	})
}

// Changes of our own account that no receipt explains are counted and decide nothing.
func TestEcho_UnexplainedIsCounted(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.hook(ask("1", "Banner"))
		w.settle()
		for i, receipt := range []string{"no", "", "no"} {
			w.hook(body{ID: name("c%d", i), Event: &flow.Event{
				Kind: flow.CommentAdded, Request: "CR-1", Echo: true, Fields: map[string][]string{"receipt": {receipt}},
				Said: flow.Ref{System: "slack", Type: "message", Key: name("%d", i)},
			}})
		}
		w.settle()
		if got := w.metric("signoff_unexplained_writes_total", "instance=slack"); got != 2 {
			t.Errorf("%v unexplained writes, want 2", got)
		}
	})
}

// What is signed well and meant for another workspace says nothing of the secret.
func TestSignatures_AnotherTenantIsNoWrongSignature(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		foreign := wire(ask("x", "Banner"))
		foreign.Header.Set("X-Tenant", "other")
		for range 12 {
			status(t, "of another tenant", w.engine.Hook(context.Background(), "slack", foreign), http.StatusUnauthorized)
		}
		if n := w.metric("signoff_alarms_total"); n != 0 {
			t.Errorf("%v alarms, want none", n)
		}
		if n := w.metric("signoff_deliveries_rejected_total", "reason=other_tenant"); n != 12 {
			t.Errorf("%v refused for their tenant, want 12", n)
		}
	})
}
