package pebblestore_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// TestCounts compares what tables say of themselves with what is in them, over epochs, compactions and a restore.
func TestCounts(t *testing.T) {
	mem := vfs.NewMem()
	s := open(t, mem, "/live")
	random := rand.New(rand.NewPCG(3, 3))
	total := func(s store.Store, dir string) (puts, deletes int64, paths []string) {
		files, err := s.Checkpoint(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			counted, err := pebblestore.Count(t.Context(), mem, f)
			if err != nil || !reflect.DeepEqual(counted, f.Counts) {
				t.Fatalf("%s says %v, and has %v (%v)", f.Name, f.Counts, counted, err)
			}
			if !f.Small && len(counted) == 0 {
				t.Errorf("%s has no counts", f.Name)
			}
			for _, n := range counted {
				puts, deletes = puts+n.Puts, deletes+n.Deletes
			}
			name := filepath.Join(dir+"-as", f.Name)
			if err := errors.Join(mem.MkdirAll(dir+"-as", 0o755), mem.Link(f.Path, name)); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, name)
		}
		return puts, deletes, paths
	}
	first := &store.Changes{}
	first.Put(store.Space{Operator: 1}, 0, 1, []byte("a"), []byte("A"))
	first.Put(store.Space{Operator: 300, Table: 7}, 4, 1<<63, []byte("a"), nil)
	first.Put(store.Space{Operator: 1}, 0, 1<<60, []byte("b"), []byte("B"))
	first.Delete(store.Space{Operator: 1, Table: 255}, -9, 1<<61, []byte("c"))
	first.Drop(store.Space{Operator: 1, Table: 2}, 0, 0, 1<<62)
	apply(t, s, first)
	// A compaction may have dropped the delete already, which is above nothing.
	if puts, deletes, _ := total(s, "/c0"); puts != 3 || deletes > 1 {
		t.Errorf("%d puts, %d deletes", puts, deletes)
	}
	for round := range uint64(12) {
		c := epoch(round, 300)
		for range 50 {
			number := random.Uint64N(10_000)
			c.Delete(space(), int64(number%3), number*0x9e3779b97f4a7c15, []byte{byte(number)})
		}
		apply(t, s, c)
		if round%4 != 3 {
			continue
		}
		dir := filepath.Join("/", "c"+string(rune('a'+round)))
		puts, deletes, paths := total(s, dir)
		again := open(t, mem, dir+"-live", paths...)
		// A compaction behind the opening may have merged puts and dropped deletes already; it never makes more of them.
		if p, d, _ := total(again, dir+"-again"); p == 0 || p > puts || d > deletes {
			t.Errorf("restored: %d puts, %d deletes, were %d and %d", p, d, puts, deletes)
		}
	}
}

// TestCountOfWhatIsNoTable names the file.
func TestCountOfWhatIsNoTable(t *testing.T) {
	mem := vfs.NewMem()
	if err := vfs.WriteFile(mem, "/x.sst", make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	var corrupt *store.CorruptError
	if _, err := pebblestore.Count(t.Context(), mem, store.File{Name: "x.sst", Path: "/x.sst", Size: 1000}); !errors.As(err, &corrupt) {
		t.Error(err)
	}
	if _, err := pebblestore.Count(t.Context(), mem, store.File{Name: "y.sst", Path: "/y.sst"}); err == nil || errors.As(err, &corrupt) {
		t.Error(err)
	}
}
