//go:build unix && !race

package rules

import (
	"syscall"
	"testing"
	"time"
)

// CPU returns how much processor time f takes, the least of up to three runs: limits are about our work, not about what
// else the machine is doing. What takes no time at once is not run again.
func CPU(t testing.TB, f func()) time.Duration {
	t.Helper()
	best := time.Duration(1<<63 - 1)
	for range 3 {
		before := used(t)
		f()
		best = min(best, used(t)-before)
		if best < 5*time.Millisecond {
			break
		}
	}
	return best
}

func used(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
