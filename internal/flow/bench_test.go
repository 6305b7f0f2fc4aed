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

// BenchmarkStep_Talked measures one vote on a request with 500 comments that are shown on the other side.
func BenchmarkStep_Talked(b *testing.B) {
	w := newWorld(twoStages())
	w.submit("maya", "")
	w.settle()
	for i := range 500 {
		w.step(w.message(CommentAdded, i, i, "Could the logo be a little larger, and is the claim final?"))
		w.settle()
	}
	ev := w.vote("ana", "Brand", Approve)
	b.ResetTimer()
	for b.Loop() {
		Step(w.p, w.r, ev, Facts{})
	}
	b.ReportMetric(float64(len(asJSON(b, w.r))), "bytes")
}
