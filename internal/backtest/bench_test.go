package backtest_test

import (
	"testing"
	"time"

	"signoff/internal/backtest"
	"signoff/internal/bench/history"
)

// BenchmarkReplay measures a record on average, by what the new rules change.
func BenchmarkReplay(b *testing.B) {
	old := studio(b)
	list := history.Make(old, history.Options{Seed: 1, Requests: 200, From: monday, Every: time.Hour})
	for name, edit := range map[string][]string{
		"nothing":  nil,
		"rule":     {"contains: [banner, ad, display]", "contains: [banner, display]"},
		"workflow": {"needs: 1", "needs: 2"},
	} {
		now := studio(b, edit...)
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				r, err := backtest.Replay(backtest.Options{Old: old, New: now, Since: monday, Until: monday.AddDate(1, 0, 0)}, history.Repeat(list, 1), nil)
				if err != nil {
					b.Fatal(err)
				}
				n += int(r.Events)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
		})
	}
}
