package engine

import (
	"testing"
	"time"

	"signoff/connectors"
	"signoff/internal/flow"
)

func TestLimits_PlacesAreHeldInOrder(t *testing.T) {
	t.Parallel()
	l := newLimits(func() float64 { return 0 })
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	pace := []connectors.Pace{{Key: "post/C1", PerMinute: 60, Burst: 1}}
	for i := range 3 {
		if got := l.admit(call{job: "before", instance: "slack", paces: pace}, now); !got.Equal(now) {
			t.Errorf("call %d waits before any trouble: %v", i, got.Sub(now))
		}
	}
	day := []connectors.Pace{{Key: "day", PerMinute: 1, Burst: 2, Budget: true}}
	for i, want := range []time.Duration{0, 0, time.Minute} {
		c := call{job: "budget" + string(rune('a'+i)), instance: "jira", paces: day}
		if got := l.admit(c, now).Sub(now); got != want {
			t.Errorf("write %d of the day's budget waits %v, want %v without any trouble", i, got, want)
		}
	}
	l.trouble("slack", now)
	for i, want := range []time.Duration{0, time.Second, 2 * time.Second} {
		c := call{job: string(rune('a' + i)), instance: "slack", paces: pace}
		if got := l.admit(c, now).Sub(now); got != want {
			t.Errorf("call %d waits %v, want %v", i, got, want)
		}
	}
	// Come back at its place, a call goes; come back early, it keeps it.
	if got := l.admit(call{job: "c", instance: "slack", paces: pace}, now.Add(time.Second)).Sub(now); got != 2*time.Second {
		t.Errorf("early: at %v, want its place at 2s", got)
	}
	if got := l.admit(call{job: "b", instance: "slack", paces: pace}, now.Add(time.Second)); got.After(now.Add(time.Second)) {
		t.Errorf("on time: not before %v, want at once", got)
	}
}

func TestLimits_RefusalHoldsWhatItCovers(t *testing.T) {
	t.Parallel()
	show := func(key string) flow.Effect {
		return flow.Effect{ID: "CR-1/1/1", Show: &flow.Show{
			View: flow.View{Kind: flow.CardView}, Link: &flow.Link{Ref: flow.Ref{System: "slack", Type: "message", Key: key}},
		}}
	}
	post := []connectors.Pace{{Key: "chat.update", PerMinute: 6000, Burst: 100}}
	other := []connectors.Pace{{Key: "chat.postMessage", PerMinute: 6000, Burst: 100}}
	for what, tc := range map[string]struct {
		refusal connectors.Error
		call    call
		held    bool
	}{
		"whole instance":          {connectors.Error{Scope: connectors.ScopeInstance}, call{effect: show("T1/C2/1.1"), paces: other}, true},
		"no scope named":          {connectors.Error{}, call{effect: show("T1/C2/1.1"), paces: other}, true},
		"method, same":            {connectors.Error{Scope: connectors.ScopeMethod, Op: "chat.update"}, call{effect: show("T1/C2/1.1"), paces: post}, true},
		"method, another":         {connectors.Error{Scope: connectors.ScopeMethod, Op: "chat.update"}, call{effect: show("T1/C2/1.1"), paces: other}, false},
		"method, nothing named":   {connectors.Error{Scope: connectors.ScopeMethod, Op: "chat.update"}, call{effect: show("T1/C2/1.1")}, true},
		"channel, same":           {connectors.Error{Scope: connectors.ScopeChannel, Op: "chat.update", Key: "C1"}, call{effect: show("T1/C1/2.2"), paces: post}, true},
		"channel, another":        {connectors.Error{Scope: connectors.ScopeChannel, Op: "chat.update", Key: "C1"}, call{effect: show("T1/C2/2.2"), paces: post}, false},
		"ticket, same":            {connectors.Error{Scope: connectors.ScopeIssue, Key: "10042"}, call{effect: show("10042")}, true},
		"ticket, another":         {connectors.Error{Scope: connectors.ScopeIssue, Key: "10042"}, call{effect: show("10043")}, false},
		"ticket, part of a name":  {connectors.Error{Scope: connectors.ScopeIssue, Key: "1004"}, call{effect: show("10042")}, false},
		"a call without an order": {connectors.Error{Scope: connectors.ScopeMethod, Op: "chat.update"}, call{shape: "identify"}, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			l := newLimits(func() float64 { return 0 })
			now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
			tc.refusal.Class, tc.refusal.Wait = connectors.Limited, time.Minute
			l.limited(call{instance: "slack", shape: "refused one"}, &tc.refusal, now)
			tc.call.instance, tc.call.job = "slack", "j"
			if got := l.admit(tc.call, now).After(now); got != tc.held {
				t.Errorf("held %v, want %v", got, tc.held)
			}
			if l.admit(tc.call, now.Add(2*time.Minute)).After(now.Add(2 * time.Minute)) {
				t.Error("still held after its time")
			}
			if elsewhere := (call{instance: "jira", job: "k"}); l.admit(elsewhere, now).After(now) {
				t.Error("another instance is held too")
			}
		})
	}
}

func TestLimits_LoopIsSlowedDown(t *testing.T) {
	t.Parallel()
	l := newLimits(func() float64 { return 0 })
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	e := flow.Effect{Request: "CR-1", Show: &flow.Show{Purpose: "card"}}
	n := 0
	for !l.calm(e, now).After(now) && n < 10_000 {
		n++
	}
	if n != loopBurst {
		t.Errorf("%d writes at once, want %d", n, loopBurst)
	}
	if l.calm(flow.Effect{Request: "CR-2", Show: &flow.Show{Purpose: "card"}}, now).After(now) {
		t.Error("another card is slowed down too")
	}
}

func TestApart(t *testing.T) {
	t.Parallel()
	ana, ben := flow.Actor{Name: "ana"}, flow.Actor{Name: "ben"}
	for what, tc := range map[string]struct {
		tell flow.Tell
		want []string
	}{
		"to two":      {flow.Tell{To: []flow.Actor{ana, ben}}, []string{"CR-1/2/3.1", "CR-1/2/3.2"}},
		"to one":      {flow.Tell{To: []flow.Actor{ana}}, []string{"CR-1/2/3"}},
		"in a thread": {flow.Tell{To: []flow.Actor{ana, ben}, Where: flow.Ref{System: "slack", Key: "C1"}}, []string{"CR-1/2/3"}},
	} {
		var got []string
		for _, e := range apart(flow.Effect{ID: "CR-1/2/3", Tell: &tc.tell}) {
			got = append(got, e.ID)
		}
		if len(got) != len(tc.want) || got[0] != tc.want[0] {
			t.Errorf("%s: %v, want %v", what, got, tc.want)
		}
	}
}
