package pebblestore_test

import (
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// TestFiltersSpareReads asks for hashes that the store does not have: next to none of them costs the read of a table.
func TestFiltersSpareReads(t *testing.T) {
	s := open(t, vfs.NewMem(), "/live")
	apply(t, s, epoch(1, 4000))
	r := s.Reader()
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	const asked = 1000
	hashes := make([]uint64, asked)
	for i := range hashes {
		hashes[i] = uint64(i)<<54 | 0x5a5a5a // all over the shards, and of no entry
	}
	before := s.Stats()
	if err := r.Lookup(space(), 1, hashes, func(hash uint64, _, _ []byte) error {
		t.Errorf("there is an entry of %x", hash)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	after := s.Stats()
	if spared := after.FilterHits - before.FilterHits; spared < asked*9/10 {
		t.Errorf("of %d reads for hashes that are not there %d were spared", asked, spared)
	}
}
