package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signoff/internal/engine"
	"signoff/internal/flow"
)

// inStorm runs a test in a world with a rule that takes everything and gives it to Ben, who is told each time.
func inStorm(t *testing.T, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rules = compile(t, strings.NewReplacer(
			"groups:\n", "groups:\n  ops: [dana]\n", "do: {project: DES, workflow: standard}", "do: {project: DES, assign: {to: ben}}",
		).Replace(studio))
		w.opts = func(o *engine.Options) { o.Limits = engine.Limits{Minute: 5, Hour: 10, Times: 5, Pause: 2 * time.Hour} }
		w.start()
		defer func() { w.stop() }()
		test(w)
	})
}

func (w *world) storm(from, n int) {
	for i := range n {
		w.hook(ask(fmt.Sprint("s", from+i), "Anything"))
	}
	w.settle()
}

// asked are the messages to ops about a rule that was paused.
func (w *world) asked() (n int) {
	for _, e := range w.tells("dana") {
		if strings.Contains(e.Tell.View.Headline, "is paused") {
			n++
		}
	}
	return n
}

func answer(id, who, rule, answer string) body {
	return triageSays(id, who, flow.RuleAnswered, "", "", "rule", rule, "answer", answer)
}

// TestBudget_AStormPausesTheRule: everything is made, the messages wait, ops is asked once, and nothing is lost.
func TestBudget_AStormPausesTheRule(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		answer string
		told   int
	}{"resumed": {"resume", 40}, "dropped": {"drop", 10}, "nobody answers": {"", 40}} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			inStorm(t, func(w *world) {
				w.storm(0, 40)
				w.pass(time.Minute)
				if got := len(w.tells("ben")); got != 10 {
					t.Errorf("%d messages to Ben in the storm, want the 10 that are let through", got)
				}
				if n := w.asked(); n != 1 {
					t.Errorf("ops was asked %d times, want once", n)
				}
				w.outsideShows("CR-40", flow.Intake)
				pauses, err := w.engine.Pauses(context.Background())
				if err != nil || len(pauses) != 1 || pauses[0].Rule != "Everything else" || pauses[0].Waiting != 30 {
					t.Fatalf("paused %+v, %v; want the rule, with 30 that wait", pauses, err)
				}
				if got := w.metric("signoff_rules_paused"); got != 1 {
					t.Errorf("the metric says %v rules are paused", got)
				}
				w.stop()
				w.start() // a pause outlives a restart
				w.pass(time.Minute)
				if got := len(w.tells("ben")); got != 10 {
					t.Errorf("%d messages after a restart, want 10 as before", got)
				}
				if tc.answer != "" {
					w.hook(answer("x", "ben", "Everything else", tc.answer)) // who does not look after it
					w.settle()
					w.hook(answer("y", "dana", "Everything else", tc.answer))
					w.pass(time.Minute)
				} else {
					w.pass(8 * time.Hour) // what is let go again is counted, and may pause it again
				}
				if got := len(w.tells("ben")); got != tc.told {
					t.Errorf("in the end %d messages to Ben, want %d", got, tc.told)
				}
				if pauses, _ := w.engine.Pauses(context.Background()); len(pauses) != 0 {
					t.Errorf("still paused: %+v", pauses)
				}
			})
		})
	}
}

// TestBudget_WhatIsUsualIsNoStorm: a rule that is busy every day is let be, also by an engine that has just been started.
func TestBudget_WhatIsUsualIsNoStorm(t *testing.T) {
	t.Parallel()
	inStorm(t, func(w *world) {
		for day := range 3 {
			w.storm(day*100, 9)
			w.pass(24 * time.Hour)
		}
		w.stop()
		w.start()
		w.storm(1000, 30) // more than three times as many as on other days
		w.pass(time.Minute)
		if got, n := len(w.tells("ben")), w.asked(); got != 3*9+30 || n != 0 {
			t.Errorf("%d messages and %d questions, want all 57 and none", got, n)
		}
	})
}

// TestPause_ByHand keeps what a rule has to say until its time is over; what people do is answered all the same.
func TestPause_ByHand(t *testing.T) {
	t.Parallel()
	inStorm(t, func(w *world) {
		dana := flow.Actor{Name: "dana", Shown: "Dana Wolf"}
		var refused *engine.PauseError
		for why, in := range map[string]engine.PauseInput{
			"no such rule": {Rule: "Everythin", For: time.Hour, Reason: "x"},
			"no reason":    {Rule: "Everything else", For: time.Hour},
			"for ever":     {Rule: "Everything else", For: 1000 * time.Hour, Reason: "x"},
		} {
			if _, err := w.engine.Pause(context.Background(), in); !errors.As(err, &refused) {
				t.Errorf("%s: %v, want a refusal", why, err)
			}
		}
		if _, err := w.engine.Pause(context.Background(), engine.PauseInput{Rule: "everything ELSE", For: 2 * time.Hour, Reason: "Ben is moving house", By: dana}); err != nil {
			t.Fatal(err)
		}
		w.storm(0, 3)
		h := w.engine.Health(context.Background())
		if len(w.tells("ben")) != 0 || len(h.Paused) != 1 || !h.Ready || !strings.Contains(strings.Join(h.Reasons, " "), "moving house") {
			t.Errorf("%d messages, paused %+v, reasons %v", len(w.tells("ben")), h.Paused, h.Reasons)
		}
		w.outsideShows("CR-3", flow.Intake)
		w.pass(2*time.Hour + time.Minute)
		if got := len(w.tells("ben")); got != 3 {
			t.Errorf("%d messages once it is over, want 3", got)
		}
		if err := w.engine.Unpause(context.Background(), "Everything else", false, dana); !errors.As(err, &refused) {
			t.Errorf("resumed what is not paused: %v", err)
		}
	})
}
