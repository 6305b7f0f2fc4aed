package background_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"signoff/internal/background"
)

func TestGroup_WaitsForWhatItTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g background.Group
		hold, done := make(chan struct{}), false
		if !g.Go(func() { <-hold; done = true }) {
			t.Fatal("Go before Wait = false, want true")
		}
		waited := make(chan struct{})
		go func() { g.Wait(); close(waited) }()
		synctest.Wait()
		select {
		case <-waited:
			t.Fatal("Wait returned while work was under way")
		default:
		}
		if g.Go(func() { t.Error("work brought after Wait was run") }) {
			t.Error("Go after Wait = true, want false")
		}
		close(hold)
		<-waited
		if !done {
			t.Error("Wait returned before the work had ended")
		}
	})
}

// TestGroup_WorkBroughtWhileTheOwnerWaits is for the race detector: every piece is refused or finished, none is lost between.
func TestGroup_WorkBroughtWhileTheOwnerWaits(t *testing.T) {
	t.Parallel()
	for range 200 {
		var g background.Group
		var took, finished atomic.Int32
		begin, gone := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(gone)
			<-begin
			for range 10 {
				if g.Go(func() { finished.Add(1) }) {
					took.Add(1)
				}
			}
		}()
		close(begin)
		g.Wait()
		atWait := finished.Load()
		<-gone
		if took.Load() != finished.Load() || atWait != finished.Load() {
			t.Fatalf("took %d, finished %d, of them before Wait returned %d; want all equal", took.Load(), finished.Load(), atWait)
		}
	}
}
