package chaos

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/sandbox"
)

// TestT126_SlackTokenRevoked: a token that is revoked in the middle stops what needs it, is told once, and loses nothing;
// with a good one everything is said exactly once, with or without a restart (F52).
func TestT126_SlackTokenRevoked(t *testing.T) {
	t.Parallel()
	for code, list := range map[string][]bool{"token_revoked": {false, true}, "account_inactive": {false}} {
		for _, restarts := range list {
			t.Run(fmt.Sprint(code, " restart ", restarts), func(t *testing.T) {
				t.Parallel()
				in(t, nil, func(w *world) {
					first := w.mention(launch, "The first banner")
					w.pass(time.Minute)
					w.slack.Revoke(code)
					second := w.mention(launch, "The second banner")
					third := w.mention(design, "The third banner")
					w.press(ana, "Approve", "first banner") // a vote comes in although nothing can be said
					w.pass(10 * time.Minute)
					if d, err := w.engine.Request(context.Background(), "CR-1"); err != nil || d.Request.Status != flow.Approved {
						t.Errorf("CR-1 is %s (%v), want the vote counted", d.Request.Status, err)
					}
					w.forget()
					w.pass(90 * time.Minute)
					if n := w.metric("signoff_alarms_total"); n != 1 {
						t.Errorf("%v alarms, want one:\n%s", n, w.errors())
					}
					if tries := len(w.made("auth.test")); tries < 80 || len(w.made("chat.postMessage"))+len(w.made("chat.update")) > 0 {
						t.Errorf("%d looks in an hour and a half, and %d messages tried: want a look a minute and nothing else", tries, len(w.made("chat.postMessage")))
					}
					if h := w.engine.Health(context.Background()); !strings.Contains(h.Stopped["slack"], "token") || !h.Ready {
						t.Errorf("stopped %v, ready %v; want Slack stopped and deliveries still taken", h.Stopped, h.Ready)
					}
					w.slack.Renew()
					if restarts {
						w.restart()
					}
					w.pass(15 * time.Minute)
					w.once("CR-1", launch, first, flow.Approved)
					w.once("CR-2", launch, second, flow.InReview)
					w.once("CR-3", design, third, flow.InReview)
					if h := w.engine.Health(context.Background()); len(h.Stopped) > 0 {
						t.Errorf("still stopped: %v", h.Stopped)
					}
					w.clean()
				})
			})
		}
	}
}

// TestT126_JiraTokenRevoked: the same for the tracker, though something else there was wrong before already.
func TestT126_JiraTokenRevoked(t *testing.T) {
	t.Parallel()
	for what, settings := range map[string]string{
		"all is well otherwise":      jiraSettings,
		"a status that is not there": strings.Replace(jiraSettings, "approved: Done", "approved: Done, withdrawn: Nowhere", 1),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			in(t, nil, func(w *world) {
				w.jiraY = settings
				w.restart()
				first := w.mention(launch, "The first banner")
				w.pass(time.Minute)
				w.instead(func(c call) (*http.Response, error) {
					if c.host == jiraHost {
						return says(http.StatusUnauthorized, ""), nil
					}
					return nil, nil //nolint:nilnil // the service itself answers
				})
				second := w.mention(launch, "The second banner")
				w.press(ana, "Approve", "first banner")
				w.pass(10 * time.Minute)
				w.forget()
				w.pass(90 * time.Minute)
				if n := w.metric("signoff_alarms_total"); n != 1 {
					t.Errorf("%v alarms, want one:\n%s", n, w.errors())
				}
				if n := len(w.made("POST /rest/api/2/issue")); n != 0 {
					t.Errorf("%d tickets were tried with a token that is no good", n)
				}
				if !strings.Contains(w.seen(launch), "The second banner") || len(w.slack.DMs(dana)) == 0 {
					t.Error("Slack waits for Jira")
				}
				w.instead(nil)
				w.pass(5 * time.Minute)
				w.once("CR-1", launch, first, flow.Approved)
				w.once("CR-2", launch, second, flow.InReview)
				w.clean()
			})
		})
	}
}

// TestF53_SecretRotated: while both secrets are known no delivery is refused, whoever changes first; the counter says which
// one is in use, so that the old one can be taken away. A change at one end only is told after ten refusals in a row (T09).
func TestF53_SecretRotated(t *testing.T) {
	t.Parallel()
	const only = "signing_secret: signing-secret-0123456789"
	both := slackSettings
	in(t, nil, func(w *world) {
		matched := func(which string) float64 {
			return w.metric("signoff_secret_matched_total", "instance=slack", "secret="+which)
		}
		refused := func() float64 { return w.metric("signoff_deliveries_rejected_total", "instance=slack") }
		said := 0
		speak := func(n int) {
			for range n {
				said++
				w.mention(launch, fmt.Sprint("Banner number ", said))
			}
			w.pass(time.Second)
		}
		// We know the new one first; Slack still signs with the old one, then with the new one.
		w.signs(oldSigning)
		speak(3)
		if old := matched("previous"); old < 3 || matched("current") != 0 || refused() != 0 {
			t.Errorf("signed with the old one: %v matched it, %v the new one, %v refused", old, matched("current"), refused())
		}
		w.signs(signing)
		before := matched("previous")
		speak(3)
		if got := matched("current"); got < 3 || matched("previous") != before || refused() != 0 {
			t.Errorf("signed with the new one: %v matched it, %v refused", got, refused())
		}
		// The old one is taken away, and counts for nothing.
		w.slackY = strings.Replace(both, "signing_secret: [signing-secret-0123456789, old-signing-secret-0123456]", only, 1)
		w.restart()
		w.signs(oldSigning)
		w.mention(launch, "Signed with the retired one")
		if refused() == 0 || matched("current")+matched("previous") != 0 {
			t.Error("the retired secret still counts")
		}
		// Slack changes first: refused and told once, after ten in a row; what Slack sends again later is taken.
		for i := range 12 {
			w.mention(launch, fmt.Sprint("While the secret is unknown ", i))
		}
		if n := w.metric("signoff_alarms_total", "what=signatures"); n != 1 {
			t.Errorf("%v alarms after %v refusals, want one", n, refused())
		}
		w.slackY = both
		w.restart()
		w.pass(10 * time.Minute) // Slack has sent everything again
		if refused() != 0 || matched("previous") < 13 {
			t.Errorf("after both are known %v were refused and %v matched, want everything taken that was sent again", refused(), matched("previous"))
		}
		for i := range 19 {
			if _, err := w.engine.Request(context.Background(), fmt.Sprint("CR-", i+1)); err != nil {
				t.Errorf("request %d: %v", i+1, err)
			}
		}
		w.clean()
	})
}

// TestF32_Refusals: each of Slack's words for no has its class: later, looked up, for a person, or for the operator.
func TestF32_Refusals(t *testing.T) {
	t.Parallel()
	const (
		passes  = "passes"  // done by itself, nobody is told
		parked  = "parked"  // set aside, the operator and the card say why
		stopped = "stopped" // everything for Slack waits
	)
	for code, want := range map[string]string{
		"ratelimited": passes, "fatal_error": passes, "internal_error": passes, "service_unavailable": passes,
		"channel_not_found": parked, "not_in_channel": parked, "is_archived": parked, "msg_too_long": parked, "invalid_blocks": parked,
		"token_revoked": stopped, "account_inactive": stopped, "missing_scope": stopped,
		"a_word_nobody_knows": parked,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			in(t, nil, func(w *world) {
				times := 1
				if want != passes {
					times = sandbox.UntilCleared
				}
				w.named("chat.postMessage", code, times)
				thread := w.mention(launch, "A banner for Nova")
				w.pass(50 * time.Second)
				h := w.engine.Health(context.Background())
				list, err := w.engine.Parked(context.Background())
				w.may(err)
				got := passes
				switch {
				case h.Stopped["slack"] != "":
					got = stopped
				case len(list) > 0:
					got = parked
				}
				if got != want {
					t.Fatalf("%s: %s (%v, %+v), want %s", code, got, h.Stopped, list, want)
				}
				if (w.metric("signoff_alarms_total") == 0) != (want == passes) {
					t.Errorf("%v alarms", w.metric("signoff_alarms_total"))
				}
				if n := len(w.made("chat.postMessage")); n > 12 {
					t.Errorf("%d messages were tried", n)
				}
				w.faults.Clear()
				for _, e := range list {
					w.may(w.engine.Replay(context.Background(), e.ID))
				}
				w.pass(10 * time.Minute)
				w.once("CR-1", launch, thread, flow.InReview)
			})
		})
	}
}
