package flow

import (
	"sync"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// spareShare: changes are kept while one part in so many of the memory is left beside them.
const spareShare = 4

// sparePerTask: a task writes one piece of an epoch while another one is on its way.
const sparePerTask = 2

// spareChanges keeps the memory of changes that the store has for the next epoch: memory that is new costs as much as what is written into it. It keeps some only while enough is left beside it (spareShare), and books it. All methods are safe for concurrent use.
type spareChanges struct {
	budget *limit.Budget // whose room counts
	booked *limit.Budget // where the memory is reserved
	most   int           // how many are kept

	mu  sync.Mutex
	all []spareOne // guarded by mu
}

// spareOne are changes without entries, and the size of their memory.
type spareOne struct {
	changes *store.Changes
	memory  int64
}

// get returns changes without entries.
func (s *spareChanges) get() *store.Changes {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.all) - 1
	if last < 0 {
		return &store.Changes{}
	}
	one := s.all[last]
	s.all = s.all[:last]
	s.booked.Release(one.memory)
	return one.changes
}

// put takes changes that nobody needs any more.
func (s *spareChanges) put(c *store.Changes) {
	c.Reset()
	memory := c.Memory()
	s.mu.Lock()
	defer s.mu.Unlock()
	if memory == 0 || len(s.all) >= s.most || s.budget.Available()-memory < s.budget.Limit()/spareShare || !s.booked.TryReserve(memory) {
		return
	}
	s.all = append(s.all, spareOne{c, memory})
}
