package flow

import (
	"slices"
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

// get returns changes without entries, and how much memory of theirs is booked, which is the caller's then. Those that lie longest come first, so that memory which the epochs of today do not need is looked at again.
func (s *spareChanges) get() (c *store.Changes, booked int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == 0 {
		return &store.Changes{}, 0
	}
	one := s.all[0]
	s.all = slices.Delete(s.all, 0, 1)
	return one.changes, one.memory
}

// put takes changes that nobody needs any more, and of which nothing is booked. Where memory is short it gives back what it has.
func (s *spareChanges) put(c *store.Changes) {
	c.Reset()
	memory := c.Memory()
	s.mu.Lock()
	defer s.mu.Unlock()
	least := s.budget.Limit() / spareShare
	for len(s.all) > 0 && s.budget.Available() < least {
		s.booked.Release(s.all[0].memory)
		s.all = slices.Delete(s.all, 0, 1)
	}
	if memory == 0 || len(s.all) >= s.most || s.budget.Available()-memory < least || !s.booked.TryReserve(memory) {
		return
	}
	s.all = append(s.all, spareOne{c, memory})
}
