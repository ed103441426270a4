package engine

import (
	"sync/atomic"

	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// counting is a store that may be opened while others ask what it counts.
type counting struct {
	opened atomic.Pointer[pebblestore.Store]
}

// Stats is what the store counts, or did when it was closed; zero while there is none. Any goroutine may call it.
func (c *counting) Stats() store.Stats {
	if s := c.opened.Load(); s != nil {
		return s.Stats()
	}
	return store.Stats{}
}
