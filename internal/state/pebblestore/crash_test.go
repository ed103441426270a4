package pebblestore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// What a checkpoint names survives a power failure right after it, whatever else was lost, while compactions ran beside it.
func TestCheckpointSurvivesCrash(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	for i := 0; i < 12 || s.Stats().Compacted == 0; i++ { // compactions come when the machine has time
		apply(t, s, epoch(uint64(i), 2000))
		want := mustContent(t, s)
		paths := checkpoint(t, disk, s, fmt.Sprintf("/checkpoint-%d", i))
		for name, options := range map[string]vfs.CrashOptions{
			"nothing unsynced stays": {},
			"some of it does":        {Keep: 0.5, Tear: true, Rand: rand.New(rand.NewPCG(uint64(i), 3))},
		} {
			image := disk.CrashImage(options)
			again, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: image, Dir: "/fresh", From: paths, Memory: small})
			if err != nil {
				t.Fatalf("epoch %d, %s: %v", i, name, err)
			}
			if got := mustContent(t, again); got != want {
				t.Errorf("epoch %d, %s: %s instead of %s", i, name, got, want)
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A checkpoint with logs survives as one of tables does, and none of its files ever changes: neither when the store goes on, nor when it folds what it has, nor when it removes logs unread.
func TestCheckpointOfLogsSurvivesCrash(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	sound, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: vfs.NewMem()}) // reading s would fold its logs
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]uint64{} // of files of checkpoints, by their path
	most, removed, seed := 0, 0, uint64(0)
	for i := range 14 {
		for range i%3 + 1 { // several calls are one log
			seed++
			c := loggedEpoch(seed, 200)
			if i == 9 {
				c.DropAll(space(), 0, 1<<63) // some is left of each log
			}
			if i == 11 {
				c.DropAll(space(), 0, math.MaxUint64)
			}
			apply(t, s, c)
			apply(t, sound, c)
		}
		want := mustContent(t, sound)
		files, err := s.Checkpoint(t.Context(), fmt.Sprintf("/checkpoint-%d", i))
		if err != nil {
			t.Fatal(err)
		}
		paths := keep(t, disk, files, fmt.Sprintf("/checkpoint-%d-kept", i))
		logs := 0
		for n, f := range files {
			content, err := vfs.ReadFile(disk, f.Path)
			if err != nil || f.Summed && f.Sum != xxh3.Hash(content) || int64(len(content)) != f.Size {
				t.Fatalf("%s has %d bytes with the checksum %016x instead of %d with %016x, %v", f.Path, len(content), xxh3.Hash(content), f.Size, f.Sum, err)
			}
			sums[f.Path], sums[paths[n]] = xxh3.Hash(content), xxh3.Hash(content)
			if filepath.Ext(f.Name) == ".changes" {
				logs++
			}
		}
		most, removed = max(most, logs), max(removed, most-logs)
		for name, options := range map[string]vfs.CrashOptions{
			"nothing unsynced stays": {},
			"some of it does":        {Keep: 0.5, Tear: true, Rand: rand.New(rand.NewPCG(uint64(i), 3))},
		} {
			image := disk.CrashImage(options)
			again, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: image, Dir: "/fresh", From: paths, Memory: small})
			if err != nil {
				t.Fatalf("epoch %d, %s: %v", i, name, err)
			}
			if got := mustContent(t, again); got != want {
				t.Errorf("epoch %d, %s: %s instead of %s", i, name, got, want)
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
		switch i {
		case 6: // it goes on from a checkpoint, whose logs it has
			s = open(t, disk, "/second", paths...)
		case 7, 13:
			if got := mustContent(t, s); got != want {
				t.Errorf("epoch %d: %s instead of %s", i, got, want)
			}
		}
	}
	if most < 4 || removed == 0 {
		t.Errorf("%d logs at most, and never fewer than before: not what is to be tried", most)
	}
	for path, sum := range sums {
		if content, err := vfs.ReadFile(disk, path); err != nil || xxh3.Hash(content) != sum {
			t.Errorf("%s has changed, %v", path, err)
		}
	}
}

// unsynced is a file system whose files are never synced.
type unsynced struct{ *vfs.Mem }

type unsyncedFile struct{ vfs.File }

func (unsyncedFile) Sync() error { return nil }

func (u unsynced) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	f, err := u.Mem.OpenFile(name, flag, perm)
	return unsyncedFile{f}, err
}

// Without the syncs the same checkpoint is lost, and that is said: what TestCheckpointSurvivesCrash shows is due to them.
func TestCheckpointNeedsSyncs(t *testing.T) {
	for name, c := range map[string]*store.Changes{"tables": epoch(1, 2000), "logs": loggedEpoch(1, 2000)} {
		disk := vfs.NewMem()
		s := open(t, unsynced{disk}, "/live")
		apply(t, s, c)
		paths := checkpoint(t, disk, s, "/checkpoint")
		_, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: disk.CrashImage(vfs.CrashOptions{}), Dir: "/fresh", From: paths, Memory: small})
		var damaged *store.CorruptError
		if !errors.As(err, &damaged) {
			t.Errorf("a checkpoint of %s without content was opened: %v", name, err)
		}
	}
}

// A checkpoint is made while compactions remove tables, epoch after epoch, and each is opened.
func TestCheckpointBesideCompactions(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	for i := range 40 {
		c := epoch(uint64(i), 500)
		if i%7 == 6 {
			c.Drop(space(), int64(i%3), 0, 1<<63)
		}
		apply(t, s, c)
		want := mustContent(t, s)
		paths := checkpoint(t, disk, s, fmt.Sprintf("/checkpoint-%d", i))
		again := open(t, disk, fmt.Sprintf("/live-%d", i), paths...)
		if got := mustContent(t, again); got != want {
			t.Fatalf("epoch %d: %s instead of %s", i, got, want)
		}
		if i%10 == 9 { // goes on from a checkpoint
			s = again
			continue
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Names of tables are never used twice, and only the pack changes when nothing was applied.
func TestOnlyThePackIsNew(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	apply(t, s, epoch(1, 3000))
	first, err := s.Checkpoint(t.Context(), "/a")
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Checkpoint(t.Context(), "/b")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range first {
		known[f.Name] = true
	}
	for _, f := range second {
		if !known[f.Name] {
			t.Errorf("%s is new", f.Name)
		}
		if f.Small != (f.Name == "pack") {
			t.Errorf("%+v", f)
		}
	}
	if len(first) != len(second) || len(first) < 2 {
		t.Errorf("%d and %d files", len(first), len(second))
	}
}

// A large epoch becomes tables of 8 MiB and more, but the last one; a small one a single table.
func TestLargeEpochsAreCutAtShards(t *testing.T) {
	for _, test := range []struct{ entries, least, most int }{{1000, 1, 1}, {80_000, 2, 3}, {400_000, 8, store.Shards}} {
		disk := vfs.NewMem()
		s := open(t, disk, "/live")
		c := &store.Changes{}
		value := make([]byte, 200)
		for i := range uint64(test.entries) {
			c.Put(space(), 0, i*0x9e3779b97f4a7c15, nil, value)
		}
		apply(t, s, c)
		if files := s.Stats().Files; files < test.least || files > test.most {
			t.Errorf("%d bytes became %d tables", c.Bytes(), files)
		}
	}
}
