package boltstore_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
	"signoff/internal/store/boltstore"
)

// BenchmarkAccept is what one accepted delivery costs: the row, its dedupe key, its job.
func BenchmarkAccept(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := boltstore.Open(filepath.Join(b.TempDir(), "signoff.db"), boltstore.Options{Clock: machine()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			body := make([]byte, 4096)
			var n atomic.Int64
			b.SetParallelism(max(1, writers/2)) // 2 cores
			if writers == 1 {
				b.SetParallelism(1)
			}
			accept := func() error {
				id := fmt.Sprintf("slack/Ev%d", n.Add(1))
				now := time.Now()
				return s.Update(b.Context(), func(tx store.Tx) error {
					if _, _, err := tx.Seen(id, "hash", now.Add(720*time.Hour)); err != nil {
						return err
					}
					if err := tx.PutDelivery(flow.Delivery{ID: id, Instance: "slack", At: now, Body: body, State: flow.Waiting}); err != nil {
						return err
					}
					return tx.Enqueue(store.Job{ID: "decide/" + id, Kind: "decide", At: now.Add(time.Hour), Payload: []byte(id)})
				})
			}
			b.ResetTimer()
			if writers == 1 {
				for range b.N {
					if err := accept(); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := accept(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
