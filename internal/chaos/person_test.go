package chaos

import (
	"context"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/sandbox/slack"
)

// TestT45_AddressTakenOver: an account that takes the address of somebody else, and one of a guest that has it, decide
// nothing; the operator hears of it once.
func TestT45_AddressTakenOver(t *testing.T) {
	t.Parallel()
	person := func(id, name, mail string) slack.User {
		return slack.User{ID: id, Name: name, RealName: name, Email: mail, TZ: "Europe/London"}
	}
	guest := person(maya, "maya", "dana@lumen.example")
	guest.Guest = true
	stranger := person(maya, "maya", "ana@lumen.example")
	stranger.Team = "T0AGENCY1"
	for what, tc := range map[string]struct {
		who     string
		changed slack.User
		alarms  float64
		counts  bool
	}{
		"nothing changed":               {ana, person(ana, "ana", "ana@lumen.example"), 0, true},
		"another address of her own":    {ana, person(ana, "ana", "ana.reyes@lumen.example"), 0, true},
		"the address of somebody else":  {ana, person(ana, "ana", "dana@lumen.example"), 1, false},
		"a guest with somebody's":       {maya, guest, 0, false},
		"somebody of another workspace": {maya, stranger, 0, false},
		"a second account with a known": {maya, person(maya, "maya", "ana@lumen.example"), 1, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			in(t, nil, func(w *world) {
				w.mention(launch, "A banner for Nova")
				w.may(w.slack.SetUser(person(dana, "dana", "wolf@lumen.example")))
				w.may(w.slack.SetUser(tc.changed))
				w.pass(61 * time.Minute) // what Slack said of people is used for an hour
				for _, m := range w.slack.Messages(launch) {
					for _, card := range w.slack.Thread(launch, m.TS) {
						if markOf(card) == "CR-1/card" {
							_, err := w.slack.PressButton(tc.who, launch, card.TS, "Approve")
							w.may(err)
						}
					}
				}
				w.pass(time.Minute)
				want := flow.InReview
				if tc.counts {
					want = flow.Approved
				}
				if d, err := w.engine.Request(context.Background(), "CR-1"); err != nil || d.Request.Status != want {
					t.Errorf("CR-1 is %s (%v), want %s", d.Request.Status, err, want)
				}
				if n := w.metric("signoff_alarms_total", "what=identity"); n != tc.alarms {
					t.Errorf("%v alarms, want %v", n, tc.alarms)
				}
			})
		})
	}
}
