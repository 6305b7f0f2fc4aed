package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"signoff/internal/backtest"
	"signoff/internal/bench/history"
	"signoff/internal/flow"
	"signoff/rules"
	"signoff/rules/examples"
)

// backtest measures P15: how fast a history is replayed on one core, by what the new rules change, and whether what is
// held grows with the history. Records are in memory: reading them from a store is the store's part.
func (b *bench) backtest() ([]row, error) {
	old, err := studio()
	if err != nil {
		return nil, err
	}
	begins := time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)
	past := history.Make(old, history.Options{Seed: 1, Requests: 300, From: begins, Every: time.Hour})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	var rows []row
	for _, change := range []struct {
		what  string
		bound bound
		edit  []string
	}{
		{"one rule changed", atLeast(200_000), []string{"contains: [banner, ad, display]", "contains: [banner, display]"}},
		{"every approval changed", bound{}, []string{"needs: 1", "needs: 2"}},
	} {
		now, err := studio(change.edit...)
		if err != nil {
			return nil, err
		}
		var rates []float64
		for range b.rounds() {
			rates = append(rates, replayRate(old, now, past, pick(b, 10, 60)))
		}
		rows = append(rows, alone(row{Goal: "P15", What: "history replayed, " + change.what + ", one core", Unit: "/s", Bound: change.bound}, rates))
	}
	now, err := studio("needs: 1", "needs: 2")
	if err != nil {
		return nil, err
	}
	few, many := replayHeld(old, now, past, 2), replayHeld(old, now, past, pick(b, 12, 40))
	return append(rows, alone(row{Goal: "P15", What: fmt.Sprintf("what is held after %d times the history, more than after twice", pick(b, 12, 40)), Unit: "MiB", Bound: atMost(2)}, []float64{max(0, many-few)})), nil
}

// studio compiles the studio of the examples with some words replaced.
func studio(edits ...string) (*rules.Set, error) {
	files, err := examples.Files("studio")
	if err != nil {
		return nil, err
	}
	var sources []rules.Source
	for _, f := range files {
		if !strings.HasSuffix(f.Name, "_test.yaml") {
			sources = append(sources, rules.Source{Name: f.Name, Data: []byte(strings.NewReplacer(edits...).Replace(string(f.Data)))})
		}
	}
	set, found := rules.Compile(sources, rules.Options{
		Workspace: rules.Workspace{Zone: "Europe/London", Language: "en", KeyPrefix: "CR", Calendar: "london", DateOrder: "day-first"},
		Chat:      true, Tracker: true, Channels: []string{"slack", "email"},
	})
	if set == nil {
		return nil, fmt.Errorf("compile the studio: %s", found[0])
	}
	return set, nil
}

// replayRate is how many records a second are replayed, by the time that the processor works.
func replayRate(old, now *rules.Set, past []flow.Record, times int) float64 {
	r := backtest.New(backtest.Options{Old: old, New: now, Since: past[0].Event.At})
	began, n := worked(), 0
	for rec := range history.Repeat(past, times) {
		r.Add(rec)
		n++
	}
	r.Report()
	return float64(n) / (worked() - began).Seconds()
}

// worked is for how long the processors have worked for this process: what else runs on the machine does not count.
func worked() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for no valid argument
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// replayHeld is how much is on the heap, in MiB, after so many times the history.
func replayHeld(old, now *rules.Set, past []flow.Record, times int) float64 {
	r := backtest.New(backtest.Options{Old: old, New: now, Since: past[0].Event.At, Most: 10})
	for rec := range history.Repeat(past, times) {
		r.Add(rec)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(r)
	return float64(m.HeapAlloc) / (1 << 20)
}
