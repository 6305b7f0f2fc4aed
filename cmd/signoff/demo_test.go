package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"signoff/internal/sandbox/jira"
	"signoff/internal/sandbox/slack"
)

// TestDemo_PlaysItself starts the demo as the README does, without a browser: it is ready within two seconds, and its
// three requests come to three different stages over real HTTP, seen on the pretend board, with a conversation around
// one and a draft that waits; and it has nothing to complain about.
func TestDemo_PlaysItself(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), &journal{}
	a := &app{in: strings.NewReader(""), out: io.Discard, err: log, getenv: func(string) (string, bool) { return "", false }, now: time.Now, output: "json"}
	began := time.Now()
	l, err := a.demoListen("127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	d, err := newDemo(a, demoOptions{speed: 1, bypass: "flag"}, l, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	h, err := d.hub()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.announce(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("ready after %v, want two seconds at most", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx, h) }()
	waiting, stop := patient()
	defer stop()
	err = d.world.jira.Wait(waiting, func(s *jira.Server) bool {
		at, n := map[string]int{}, 0
		for _, i := range s.Issues() {
			if i.Parent == "" {
				at[i.Status]++
				n++
			}
		}
		return n == 4 && at["Done"] == 1 && at["In Review"] == 1 && at["In Progress"] == 1 && at["To Do"] == 1
	})
	if err != nil {
		t.Errorf("the board never had one ticket done, one in review, one in progress and one that waits for triage: %+v", d.world.jira.Issues())
	}
	for what, seen := range map[string]func(*slack.Server) bool{
		"Jon's comment in the thread": func(s *slack.Server) bool {
			_, ok := find(everything(s, demoRequest), "The publisher needs it below 150 kB.")
			return ok
		},
		"a draft for Tom": func(s *slack.Server) bool {
			m, ok := find(s.Ephemerals("U0TOM0001"), "trade fair")
			return ok && has(m, "Create request")
		},
	} {
		if err := d.world.slack.Wait(waiting, seen); err != nil {
			t.Errorf("there never was %s", what)
		}
	}
	t.Logf("played after %v", time.Since(began))
	cancel()
	if err := <-done; err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if said := log.String(); said != "" {
		t.Errorf("the demo complains although nothing is wrong:\n%s", said)
	}
}

func TestDemoClock_MovesForwardByWorkingTime(t *testing.T) {
	t.Parallel()
	real := time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC) // a Friday night
	c := newDemoClock(func() time.Time { return real }, 60)
	if got, want := c.Now(), time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("begins at %v, want the Wednesday morning before, %v", got, want)
	}
	real = real.Add(time.Minute)
	if got, want := c.Now(), time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("a minute later at speed 60 it is %v, want %v", got, want)
	}
	if err := c.Step("8 working hours"); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Now(), time.Date(2026, 11, 19, 10, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("after 8 working hours it is %v, want %v", got, want)
	}
	for _, words := range []string{"", "8h", "0 days", "yesterday"} {
		if c.Step(words) == nil {
			t.Errorf("Step(%q) was taken", words)
		}
	}
}
