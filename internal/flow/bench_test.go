package flow

import (
	"testing"
)

// BenchmarkStep measures one vote on a request that is shown in chat and in a tracker.
func BenchmarkStep(b *testing.B) {
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	ev := w.vote("ana", "Brand", Approve)
	b.ResetTimer()
	for b.Loop() {
		Step(w.p, w.r, ev, Facts{})
	}
}
