package layout

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/store"
)

// TestTx_ReadsJobsOfTheFirstForm: a store that was written before payloads lay beside the rest opens and works.
func TestTx_ReadsJobsOfTheFirstForm(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 18, 14, 0, 0, 0, time.UTC)
	kv := newPlain()
	tx := New(kv, func() time.Time { return at }, nil)
	for name, payload := range map[string][]byte{"with": []byte(`{"id":"CR-1/1/1"}`), "without": nil} {
		want := store.Job{ID: name, Kind: "do", Lane: "l", Request: "CR-1", At: at, State: store.JobParked, Attempts: 2, Why: "no", Created: at, Payload: payload}
		old, err := sealJSON(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := kv.Put(jobs, []byte(name), old); err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"first", "present"} {
			got, ok, err := tx.Job(name)
			if diff := cmp.Diff(want, got); diff != "" || !ok || err != nil {
				t.Errorf("job %s payload in its %s form: %v, %v (-want +got)\n%s", name, form, ok, err, diff)
			}
			if err := tx.writeJob(got, got); err != nil {
				t.Fatal(err)
			}
		}
	}
}
