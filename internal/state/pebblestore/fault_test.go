package pebblestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// A disk that has no direct writes, or that wants longer ones, gets others.
func TestDirectWritesRefused(t *testing.T) {
	if vfs.Direct == 0 {
		t.Skip("no direct writes here")
	}
	for name, rule := range map[string]vfs.Rule{
		"by open":                  {Call: vfs.CallOpen, Path: "new-*", Err: syscall.EINVAL},
		"by write":                 {Call: vfs.CallWrite, Path: "new-*", Err: syscall.EINVAL},
		"by the last write":        {Call: vfs.CallWrite, Path: "new-*", Err: syscall.EINVAL, Nth: 2},
		"in the middle of a write": {Call: vfs.CallWrite, Path: "new-*", Err: syscall.EINVAL, Keep: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			disk := vfs.Fail(vfs.NewMem())
			s := open(t, disk, "/live")
			disk.Add(rule)
			c := epoch(1, 8000)
			if err := s.Apply(t.Context(), []*store.Changes{c}); err != nil {
				t.Fatal(err)
			}
			if disk.Failed() != 1 {
				t.Errorf("%d calls failed", disk.Failed())
			}
			sound := open(t, vfs.NewMem(), "/live")
			apply(t, sound, c)
			if got, want := mustContent(t, s), mustContent(t, sound); got != want {
				t.Errorf("%s instead of %s", got, want)
			}
		})
	}
}

// A full disk or a failed sync refuses an epoch; nothing of it is applied, and the same changes go through once there is room.
func TestApplyFails(t *testing.T) {
	for name, rule := range map[string]vfs.Rule{
		"full disk":       {Call: vfs.CallWrite, AfterBytes: 100_000, Times: vfs.Forever, Err: syscall.ENOSPC},
		"no new file":     {Call: vfs.CallOpen, Path: "new-*", Err: syscall.ENOSPC},
		"failed sync":     {Call: vfs.CallSync},
		"failed ingest":   {Call: vfs.CallLink, Times: vfs.Forever, Err: syscall.ENOSPC},
		"failed close":    {Call: vfs.CallClose, Path: "new-*"},
		"nothing is read": {Call: vfs.CallRead, Times: vfs.Forever},
	} {
		t.Run(name, func(t *testing.T) {
			disk := vfs.Fail(vfs.NewMem())
			s := open(t, disk, "/live")
			apply(t, s, epoch(1, 100))
			want := mustContent(t, s)
			disk.Add(rule)
			c := epoch(2, 3000)
			err := s.Apply(t.Context(), []*store.Changes{c})
			disk.Heal()
			if err == nil && disk.Failed() > 0 && name != "failed ingest" { // where a link fails a copy may do
				t.Fatal("the fault was passed over")
			}
			if err == nil {
				return
			}
			if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EIO) {
				t.Errorf("apply: %v", err)
			}
			if got := mustContent(t, s); got != want {
				t.Errorf("%s instead of %s", got, want)
			}
			apply(t, s, c)
			entries, err := disk.ReadDir("/live")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), "new-") {
					t.Errorf("%s was left behind", e.Name())
				}
			}
		})
	}
}

// A compaction that has no room fails the next epoch or checkpoint, and goes on when there is room again.
func TestFullDiskInCompaction(t *testing.T) {
	disk := vfs.Fail(vfs.NewMem())
	s := open(t, disk, "/live")
	disk.Add(vfs.Rule{Call: vfs.CallWrite, Path: "[0-9]*.sst", Times: vfs.Forever, Err: syscall.ENOSPC})
	var failed error
	for i := 0; failed == nil; i++ { // a compaction comes when the machine has time
		failed = s.Apply(t.Context(), []*store.Changes{epoch(uint64(i), 50)})
	}
	if !errors.Is(failed, syscall.ENOSPC) {
		t.Fatal(failed)
	}
	disk.Heal()
	for {
		err := s.Apply(t.Context(), []*store.Changes{epoch(1, 50)})
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.ENOSPC) { // another one may have failed meanwhile
			t.Fatal(err)
		}
	}
	want := mustContent(t, s)
	var paths []string
	for paths == nil {
		files, err := s.Checkpoint(t.Context(), "/checkpoint")
		if err == nil {
			paths = keep(t, disk, files, "/kept")
		} else if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	if got := mustContent(t, open(t, disk, "/again", paths...)); got != want {
		t.Errorf("%s instead of %s", got, want)
	}
}

// Each step of a checkpoint may fail; then it fails, and the next one does not.
func TestCheckpointFails(t *testing.T) {
	for name, rule := range map[string]vfs.Rule{
		"directory": {Call: vfs.CallMkdirAll, Err: syscall.ENOSPC},
		"pack":      {Call: vfs.CallWrite, Path: "pack", Err: syscall.ENOSPC},
		"sync":      {Call: vfs.CallSync, Path: "pack"},
		"names":     {Call: vfs.CallSyncDir, Path: "/a"},
		"parent":    {Call: vfs.CallSyncDir, Path: "/"},
		"list":      {Call: vfs.CallReadDir, Path: "/a"},
		"look":      {Call: vfs.CallLstat, Path: "/a"},
	} {
		disk := vfs.Fail(vfs.NewMem())
		s := open(t, disk, "/live")
		apply(t, s, epoch(1, 100))
		disk.Add(rule)
		if _, err := s.Checkpoint(t.Context(), "/a"); !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v", name, err)
		}
		disk.Heal()
		if _, err := s.Checkpoint(t.Context(), "/b"); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
	}
}

// One flipped bit in any file of a checkpoint is told, with the file's name, or harmless.
func TestFlippedBits(t *testing.T) {
	for _, packs := range []store.Compression{store.Snappy, store.Zstd} {
		t.Run(packs.String(), func(t *testing.T) { flippedBits(t, packs) })
	}
}

func flippedBits(t *testing.T, packs store.Compression) {
	t.Helper()
	mask := byte(0xff)
	if packs == store.Zstd {
		mask = 3 // values compress
	}
	disk := vfs.NewMem()
	s := openAs(t, disk, packs, "/live")
	for i := range 6 {
		apply(t, s, maskedEpoch(uint64(i), 300, mask))
	}
	sound := open(t, vfs.NewMem(), "/live")
	for i := range 6 {
		apply(t, sound, maskedEpoch(uint64(i), 300, mask))
	}
	for i := range uint64(2) { // two logs of two calls each
		apply(t, s, logged(func(c *store.Changes) { c.Add(maskedEpoch(10*i, 30, mask)) }))
		apply(t, s, logged(func(c *store.Changes) { c.Add(maskedEpoch(10*i+1, 30, mask)) }))
		apply(t, sound, maskedEpoch(10*i, 30, mask))
		apply(t, sound, maskedEpoch(10*i+1, 30, mask))
		if _, err := s.Checkpoint(t.Context(), fmt.Sprint("/", i)); err != nil {
			t.Fatal(err)
		}
	}
	want := mustContent(t, sound)
	paths := checkpoint(t, disk, s, "/checkpoint")
	random := rand.New(rand.NewPCG(5, 5))
	told := 0
	for _, path := range paths {
		whole, err := vfs.ReadFile(disk, path)
		if err != nil {
			t.Fatal(err)
		}
		if packed := bytes.Contains(whole, []byte("ZSTD")) || bytes.HasPrefix(whole, []byte("WIRESTLG\x02")); filepath.Ext(path) != "" && packed != (packs == store.Zstd) {
			t.Errorf("%s is compressed by zstd: %t", path, packed)
		}
		trials := 60
		if testing.Short() {
			trials = 10
		}
		for range trials {
			bit := random.IntN(8 * len(whole))
			damaged := bytes.Clone(whole)
			damaged[bit/8] ^= 1 << (bit % 8)
			copied := damagedCopy(t, disk, paths, path, damaged)
			again, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: copied, Dir: "/fresh", From: paths, Memory: small})
			var got string
			if err == nil {
				got, err = content(again)
				_ = again.Close()
			}
			var corrupt *store.CorruptError
			switch {
			case err == nil && got != want:
				t.Errorf("bit %d of %s: %s instead of %s", bit, path, got, want)
			case err == nil:
			case errors.As(err, &corrupt) && strings.HasPrefix(corrupt.File, "/"):
				told++
			case filepath.Ext(path) != ".sst" && strings.Contains(err.Error(), "version") && strings.Contains(err.Error(), "/"):
				told++
			default:
				t.Errorf("bit %d of %s: %v", bit, path, err)
			}
		}
	}
	if told == 0 {
		t.Error("no damage was found")
	}
}

// A log that is shorter or longer than it was is told when the store is opened, one of another size of content when it is read; so are the counts of one.
func TestDamagedLogs(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	apply(t, s, loggedEpoch(1, 30))
	paths := checkpoint(t, disk, s, "/checkpoint")
	log := paths[0]
	whole, err := vfs.ReadFile(disk, log)
	if err != nil || filepath.Ext(log) != ".changes" {
		t.Fatal(log, err)
	}
	var corrupt *store.CorruptError
	for name, damaged := range map[string][]byte{
		"shorter": whole[:len(whole)-1], "a block shorter": whole[:len(whole)-4096], "nothing": nil, "longer": append(bytes.Clone(whole), 0),
	} {
		_, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: damagedCopy(t, disk, paths, log, damaged), Dir: "/fresh", From: paths, Memory: small})
		if !errors.As(err, &corrupt) || corrupt.File != log {
			t.Errorf("%s: %v", name, err)
		}
	}
	turned := bytes.Clone(whole)
	turned[len(whole)/2] ^= 1
	copied := damagedCopy(t, disk, paths, log, turned)
	again := open(t, copied, "/fresh", paths...)
	for range 2 { // it stays so
		corrupt = nil
		if _, err := content(again); !errors.As(err, &corrupt) || corrupt.File != "/fresh/log-1.changes" || corrupt.Offset <= 0 {
			t.Errorf("read: %v", err)
		}
	}
	for name, do := range map[string]func() error{
		"apply":      func() error { return again.Apply(t.Context(), []*store.Changes{epoch(1, 1)}) },
		"checkpoint": func() error { _, err := again.Checkpoint(t.Context(), "/of-damage"); return err },
		"count": func() error {
			_, err := pebblestore.Count(t.Context(), copied, store.File{Name: filepath.Base(log), Path: log, Size: int64(len(turned))})
			return err
		},
	} {
		corrupt = nil
		if err := do(); !errors.As(err, &corrupt) || corrupt.Offset <= 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pebblestore.Count(t.Context(), copied, store.File{Name: "x.changes", Path: "/none"}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// damagedCopy is a file system with the files, one of them another.
func damagedCopy(t *testing.T, from vfs.FS, paths []string, path string, damaged []byte) vfs.FS {
	t.Helper()
	to := vfs.NewMem()
	for _, p := range paths {
		content, err := vfs.ReadFile(from, p)
		if err != nil {
			t.Fatal(err)
		}
		if p == path {
			content = damaged
		}
		if err := errors.Join(to.MkdirAll(filepath.Dir(p), 0o777), vfs.WriteFile(to, p, content)); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// What is wrong with the files of a checkpoint is said by name.
func TestOpenRefuses(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	apply(t, s, epoch(1, 300))
	paths := checkpoint(t, disk, s, "/checkpoint")
	table, pack := paths[0], paths[len(paths)-1]
	short := damagedCopy(t, disk, paths, table, []byte("short"))
	for name, test := range map[string]struct {
		fs   vfs.FS
		dir  string
		from []string
		want string
	}{
		"no pack":         {disk, "/a", []string{table}, "no file named pack"},
		"no table":        {disk, "/b", []string{pack}, "is missing"},
		"one too many":    {disk, "/c", append([]string{"/other.sst"}, paths...), "is no part"},
		"no file":         {disk, "/d", []string{"/none/pack"}, "no such file"},
		"size":            {short, "/e", paths, "damaged: it has 5 bytes"},
		"live directory":  {disk, "/checkpoint", nil, "is not empty"},
		"no directory":    {disk, table, nil, "not a directory"},
		"a store in use":  {disk, "/live", paths, "is not empty"},
		"not a directory": {vfs.Fail(vfs.NewMem(), vfs.Rule{Call: vfs.CallMkdirAll}), "/f", nil, "input/output error"},
	} {
		_, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: test.fs, Dir: test.dir, From: test.from, Memory: small})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenFailsAnywhere fails one call after the other of those that an opening store makes: it says so, and leaves no goroutine behind, which TestMain looks for.
func TestOpenFailsAnywhere(t *testing.T) {
	disk := vfs.NewMem()
	s := open(t, disk, "/live")
	apply(t, s, epoch(1, 300))
	paths := checkpoint(t, disk, s, "/checkpoint")
	for _, from := range [][]string{nil, paths} {
		failed := 0
		for nth := 1; ; nth++ {
			dir := fmt.Sprintf("/%d/%d", len(from), nth)
			if err := disk.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
				t.Fatal(err)
			}
			failing := vfs.Fail(disk, vfs.Rule{Nth: nth})
			s, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: failing, Dir: dir, From: from, Memory: small})
			if err != nil {
				failed++
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if failing.Failed() == 0 {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		if failed == 0 {
			t.Errorf("nothing failed with %d files", len(from))
		}
	}
}

// Where files cannot be linked, from another file system for instance, they are copied.
func TestTablesAreCopied(t *testing.T) {
	disk := vfs.Fail(vfs.NewMem())
	s := open(t, disk, "/live")
	apply(t, s, epoch(1, 3000))
	want := mustContent(t, s)
	paths := checkpoint(t, disk, s, "/checkpoint")
	disk.Add(vfs.Rule{Call: vfs.CallLink, Times: vfs.Forever, Err: syscall.EXDEV})
	again := open(t, disk, "/again", paths...)
	if got := mustContent(t, again); got != want {
		t.Errorf("%s instead of %s", got, want)
	}
	disk.Heal()
	disk.Add(vfs.Rule{Call: vfs.CallLink, Times: vfs.Forever, Err: syscall.EXDEV}, vfs.Rule{Call: vfs.CallRead, Path: "*-*.sst", Times: vfs.Forever})
	if _, err := pebblestore.Open(t.Context(), pebblestore.Options{FS: disk, Dir: "/third", From: paths}); !errors.Is(err, syscall.EIO) {
		t.Errorf("a copy that cannot be read: %v", err)
	}
	if _, err := disk.Lstat("/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
