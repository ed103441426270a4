package pebblestore_test

import (
	"math"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
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
	if spared := sparedFor(t, s, r, asked); spared < asked*9/10 {
		t.Errorf("of %d reads for hashes that are not there %d were spared", asked, spared)
	}
}

// TestFiltersOfMissesOnly asks for hashes that are there, for which filters of the lowest level are of no use: none is looked at until enough hashes are missed again.
func TestFiltersOfMissesOnly(t *testing.T) {
	s := open(t, vfs.NewMem(), "/live")
	apply(t, s, epoch(1, 4000))
	r := s.Reader()
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var there []uint64
	if err := r.ScanSlice(space(), 1, 0, math.MaxUint64, func(hash uint64, _, _ []byte) error {
		there = append(there, hash)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		found := 0
		if err := r.Lookup(space(), 1, there, func(uint64, []byte, []byte) error {
			found++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if found != len(there) {
			t.Fatalf("%d of %d entries were found", found, len(there))
		}
	}
	const asked = 1000
	if spared := sparedFor(t, s, r, asked); spared != 0 {
		t.Errorf("%d reads were spared by filters although all hashes had been found", spared)
	}
	for range 9 {
		sparedFor(t, s, r, asked)
	}
	if spared := sparedFor(t, s, r, asked); spared < asked*9/10 {
		t.Errorf("of %d reads for hashes that are not there %d were spared once most were not", asked, spared)
	}
}

// sparedFor asks for so many hashes that are not there, and returns how many reads filters spared.
func sparedFor(t *testing.T, s *pebblestore.Store, r store.Reader, asked int) int64 {
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
	return s.Stats().FilterHits - before.FilterHits
}
