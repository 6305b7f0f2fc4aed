package memstore_test

import (
	"sync"
	"testing"

	"signoff/internal/store"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
	"signoff/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened := map[string]bool{}
	storetest.Run(t, func(_ *testing.T, name string, c layout.Clock) store.Store {
		mu.Lock()
		defer mu.Unlock()
		if opened[name] {
			return nil
		}
		opened[name] = true
		return memstore.New(name, c)
	})
}
