//go:build unix

package backtest_test

import (
	"syscall"
	"testing"
	"time"

	"signoff/internal/backtest"
	"signoff/internal/bench/history"
)

// spent is the time that the processors have worked for this process.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for no valid argument
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

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
			n, began := 0, spent()
			for b.Loop() {
				r, err := backtest.Replay(backtest.Options{Old: old, New: now, Since: monday, Until: monday.AddDate(1, 0, 0)}, history.Repeat(list, 1), nil)
				if err != nil {
					b.Fatal(err)
				}
				n += int(r.Events)
			}
			b.ReportMetric(float64((spent()-began).Nanoseconds())/float64(n), "cpu-ns/event")
		})
	}
}
