package flow

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// filled are changes of so many entries of a kilobyte.
func filled(c *store.Changes, entries int) *store.Changes {
	for i := range uint64(entries) {
		c.Put(store.Space{}, 0, i*0x9e3779b97f4a7c15, nil, make([]byte, 1024))
	}
	return c
}

// TestSpareChanges: memory of one epoch serves the next, is booked while it lies, and does not stay for ever where epochs have become smaller.
func TestSpareChanges(t *testing.T) {
	budget := limit.New("test", 256<<20)
	s := &spareChanges{budget: budget, booked: budget.Child("changes", limit.Unlimited), most: 4}
	for range 4 {
		s.put(filled(&store.Changes{}, 20_000))
	}
	large := budget.Used()
	if large < 4*20<<20 {
		t.Fatalf("%d bytes are booked of four times 20 MB", large)
	}
	c, booked := s.get()
	if booked < 20<<20 || c.Memory() != booked || c.Len() != 0 || budget.Used() != large {
		t.Fatalf("%d entries of %d bytes, %d booked; %d in all, %d before", c.Len(), c.Memory(), booked, budget.Used(), large)
	}
	s.booked.Release(booked)
	s.put(c)
	for range 20 { // epochs of two small pieces
		for range 2 {
			c, booked := s.get()
			filled(c, 5000)
			s.booked.Release(booked)
			s.put(c)
		}
	}
	if small := budget.Used(); small > large/2 {
		t.Errorf("%d bytes are booked behind small epochs, %d behind a large one", small, large)
	}
	rest := budget.Available() - 10<<20
	if err := budget.Reserve(rest); err != nil {
		t.Fatal(err)
	}
	s.put(filled(&store.Changes{}, 5000))
	if used := budget.Used() - rest; used != 0 {
		t.Errorf("%d bytes are booked where memory is short", used)
	}
}
