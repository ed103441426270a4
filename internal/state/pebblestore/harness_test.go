package pebblestore_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// small is the memory of stores in tests.
const small = pebblestore.MinMemory

func space() store.Space { return store.Space{Operator: 2, Table: 1} }

// open opens a store that is closed with the test.
func open(t *testing.T, fsys vfs.FS, dir string, from ...string) *pebblestore.Store {
	t.Helper()
	return openAs(t, fsys, store.Snappy, dir, from...)
}

// openAs is open for a store that compresses so.
func openAs(t *testing.T, fsys vfs.FS, packs store.Compression, dir string, from ...string) *pebblestore.Store {
	t.Helper()
	s, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: small, Compression: packs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// epoch is a change of n of 10,000 entries, whose values do not compress.
func epoch(seed uint64, n int) *store.Changes { return maskedEpoch(seed, n, 0xff) }

// maskedEpoch is epoch with values of some bits of each byte.
func maskedEpoch(seed uint64, n int, mask byte) *store.Changes {
	random := rand.New(rand.NewPCG(seed, 7))
	c := &store.Changes{}
	value := make([]byte, 200)
	for range n {
		for i := range value {
			value[i] = byte(random.Uint32()) & mask
		}
		number := random.Uint64N(10_000)
		c.Put(space(), int64(number%3), number*0x9e3779b97f4a7c15, fmt.Append(nil, number), value)
	}
	return c
}

func apply(t *testing.T, s store.Store, changes ...*store.Changes) {
	t.Helper()
	if err := s.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

// content is a digest of all entries.
func content(s store.Store) (string, error) {
	r := s.Reader()
	defer func() { _ = r.Close() }()
	n, sum := 0, uint64(0)
	err := r.Scan(space(), 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		n++
		sum = sum*31 + hash + uint64(slice)
		for _, b := range key {
			sum = sum*31 + uint64(b)
		}
		for _, b := range value {
			sum = sum*31 + uint64(b)
		}
		return nil
	})
	return fmt.Sprintf("%d entries, %016x", n, sum), err
}

func mustContent(t *testing.T, s store.Store) string {
	t.Helper()
	c, err := content(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// checkpoint makes one and links its files under their names into a directory beside it.
func checkpoint(t *testing.T, fsys vfs.FS, s store.Store, dir string) []string {
	t.Helper()
	files, err := s.Checkpoint(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return keep(t, fsys, files, dir+"-kept")
}

// keep links files under their names, durably.
func keep(t *testing.T, fsys vfs.FS, files []store.File, dir string) []string {
	t.Helper()
	if err := fsys.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := fsys.Link(f.Path, path); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	if err := errors.Join(fsys.SyncDir(dir), fsys.SyncDir(filepath.Dir(dir))); err != nil {
		t.Fatal(err)
	}
	return paths
}
