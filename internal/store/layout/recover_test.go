package layout

import (
	"testing"
	"time"

	"signoff/internal/store"
)

// What was running again and again when the process ended waits longer each time; what ran once goes on at once.
func TestTx_RecoverLetsRepeatedWorkRest(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 18, 14, 0, 0, 0, time.UTC)
	tx := New(newPlain(), func() time.Time { return at }, nil)
	want := map[string]time.Duration{"first": 0, "second": 0, "third": time.Second, "sixth": 8 * time.Second, "twentieth": 32 * time.Second}
	for id, attempts := range map[string]int{"first": 1, "second": 2, "third": 3, "sixth": 6, "twentieth": 20} {
		j := store.Job{ID: id, At: at, Created: at, State: store.JobRunning, Attempts: attempts, Tried: at}
		if err := tx.writeJob(store.Job{}, j); err != nil {
			t.Fatalf("writeJob(%s): %v", id, err)
		}
	}
	if n, err := tx.Recover(); n != len(want) || err != nil {
		t.Fatalf("Recover = %d, %v; want %d jobs", n, err, len(want))
	}
	for id, rest := range want {
		j, ok, err := tx.Job(id)
		if err != nil || !ok || j.State != store.JobReady || !j.Unsure || j.At.Sub(at) != rest {
			t.Errorf("%s: %+v (%v, %v), want it ready and unsure after %v", id, j, ok, err, rest)
		}
	}
}
