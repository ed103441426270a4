package pebblestore_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// TestSumsAreOfWhatLiesThere checks that every table of a checkpoint comes with the checksum of its file, whoever wrote it: an epoch, or a merge; and that one which the store was opened from comes without.
func TestSumsAreOfWhatLiesThere(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	s, err := pebblestore.Open(ctx, pebblestore.Options{Dir: filepath.Join(dir, "live")})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	space := store.Space{Operator: 1}
	tables := map[string]bool{}
	var last []store.File
	for epoch := range 12 {
		c := &store.Changes{}
		for range 40_000 {
			hash := random.Uint64()
			value := make([]byte, 8+random.IntN(1000))
			binary.LittleEndian.PutUint64(value, hash)
			c.Put(space, 0, hash, []byte("key"), value)
		}
		if err := s.Apply(ctx, []*store.Changes{c}); err != nil {
			t.Fatal(err)
		}
		if last, err = s.Checkpoint(ctx, filepath.Join(dir, fmt.Sprint("checkpoint-", epoch))); err != nil {
			t.Fatal(err)
		}
		for _, f := range last {
			if f.Small {
				continue
			}
			content, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			if !f.Summed || f.Sum != xxh3.Hash(content) {
				t.Fatalf("epoch %d, %s: checksum %016x (known: %t), should be %016x", epoch, f.Name, f.Sum, f.Summed, xxh3.Hash(content))
			}
			tables[f.Name] = true
		}
	}
	if stats := s.Stats(); stats.Compacted == 0 || len(tables) < 12 {
		t.Fatalf("%d bytes were merged, %d tables: not what is to be tried", stats.Compacted, len(tables))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	from := make([]string, 0, len(last))
	for _, f := range last {
		path := filepath.Join(dir, "named", f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(f.Path, path); err != nil {
			t.Fatal(err)
		}
		from = append(from, path)
	}
	s, err = pebblestore.Open(ctx, pebblestore.Options{Dir: filepath.Join(dir, "live-again"), From: from})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Checkpoint(ctx, filepath.Join(dir, "again"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range again {
		if f.Summed {
			t.Errorf("%s has a checksum, though nobody wrote it", f.Name)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
