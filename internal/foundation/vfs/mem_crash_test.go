package vfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
)

// onMem is a world in memory.
func onMem(t *testing.T) (world, *vfs.Mem) {
	m := vfs.NewMem()
	return world{t, m, "/"}, m
}

// crashed is the world after a power failure.
func crashed(t *testing.T, m *vfs.Mem, options vfs.CrashOptions) world {
	return world{t, m.CrashImage(options), "/"}
}

// create makes a file and leaves it open and unsynced.
func (w world) create(name, content string) vfs.File {
	w.Helper()
	f, err := vfs.Create(w, w.path(name))
	w.must(err)
	w.T.Cleanup(func() { _ = f.Close() })
	_, err = f.Write([]byte(content))
	w.must(err)
	return f
}

func TestNameNeedsSyncDir(t *testing.T) {
	w, m := onMem(t)
	w.must(w.create("f", "content").Sync())
	crashed(t, m, vfs.CrashOptions{}).wantNames()
	w.must(w.SyncDir("/"))
	crashed(t, m, vfs.CrashOptions{}).wantContent("f", "content")
}

func TestContentNeedsSync(t *testing.T) {
	w, m := onMem(t)
	f := w.create("f", "first")
	w.must(w.SyncDir("/"))
	crashed(t, m, vfs.CrashOptions{}).wantContent("f", "")
	w.must(f.Sync())
	_, err := f.Write([]byte(", second"))
	w.must(err)
	w.must(f.Close())
	crashed(t, m, vfs.CrashOptions{}).wantContent("f", "first")
	crashed(t, m, vfs.CrashOptions{Keep: 1}).wantContent("f", "first, second")
}

func TestTruncationNeedsSync(t *testing.T) {
	w, m := onMem(t)
	w.write("f", "long content")
	w.must(w.SyncDir("/"))
	f, err := w.OpenFile("f", os.O_RDWR|os.O_TRUNC, 0)
	w.must(err)
	defer f.Close()
	crashed(t, m, vfs.CrashOptions{}).wantContent("f", "long content")
	w.must(f.Sync())
	crashed(t, m, vfs.CrashOptions{}).wantContent("f", "")
}

func TestRemovalNeedsSyncDir(t *testing.T) {
	w, m := onMem(t)
	w.write("f", "content")
	w.must(w.SyncDir("/"))
	w.must(w.Remove("f"))
	crashed(t, m, vfs.CrashOptions{}).wantContent("f", "content")
	w.must(w.SyncDir("/"))
	crashed(t, m, vfs.CrashOptions{}).wantNames()
}

func TestDirectoryNeedsSyncOfItsParent(t *testing.T) {
	w, m := onMem(t)
	w.must(w.MkdirAll("a/b", 0o777))
	w.write("a/b/f", "content")
	w.must(w.SyncDir("a/b"))
	w.must(w.SyncDir("a"))
	crashed(t, m, vfs.CrashOptions{}).wantNames()
	w.must(w.SyncDir("/"))
	crashed(t, m, vfs.CrashOptions{}).wantContent("a/b/f", "content")
}

func TestRenameInOneDirectoryIsAtomic(t *testing.T) {
	w, m := onMem(t)
	w.write("old", "new content")
	w.write("target", "before")
	w.must(w.SyncDir("/"))
	w.must(w.Rename("old", "target"))
	seen := map[string]bool{}
	for seed := range uint64(50) {
		image := crashed(t, m, vfs.CrashOptions{Keep: 0.5, Rand: rand.New(rand.NewPCG(seed, 0))})
		if _, err := image.Stat("old"); err == nil {
			seen["before"] = true
			image.wantContent("target", "before")
		} else {
			seen["after"] = true
			image.wantContent("target", "new content")
		}
	}
	if len(seen) != 2 {
		t.Errorf("50 seeds gave only %v", seen)
	}
	w.must(w.SyncDir("/"))
	image := crashed(t, m, vfs.CrashOptions{})
	image.wantNames("target")
	image.wantContent("target", "new content")
}

func TestRenameAcrossDirectoriesNeedsBothSynced(t *testing.T) {
	for _, test := range []struct {
		name        string
		sync        []string
		here, moved bool
	}{
		{"none", nil, true, false},
		{"target", []string{"/d"}, true, true},
		{"source", []string{"/"}, false, false},
		{"both", []string{"/d", "/"}, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, m := onMem(t)
			w.must(w.MkdirAll("d", 0o777))
			w.write("f", "content")
			w.must(w.SyncDir("/"))
			w.must(w.Rename("f", "d/f"))
			for _, dir := range test.sync {
				w.must(w.SyncDir(dir))
			}
			image := crashed(t, m, vfs.CrashOptions{})
			for name, want := range map[string]bool{"f": test.here, "d/f": test.moved} {
				if _, err := image.Stat(name); (err == nil) != want || err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s after the crash: %v, want there: %v", name, err, want)
				}
			}
		})
	}
}

func TestLinksStayOneFile(t *testing.T) {
	w, m := onMem(t)
	w.write("a", "content")
	w.must(w.Link("a", "b"))
	w.must(w.SyncDir("/"))
	image := crashed(t, m, vfs.CrashOptions{})
	if image.identity("a") != image.identity("b") || image.identity("a") != w.identity("a") {
		t.Error("the image tore a file's names apart, or gave it another identity")
	}
}

func TestImageIsIndependentAndDurable(t *testing.T) {
	w, m := onMem(t)
	f := w.create("f", "one")
	w.must(f.Sync())
	w.must(w.SyncDir("/"))
	lock, err := w.Lock("f")
	w.must(err)
	defer lock.Close()
	image := m.CrashImage(vfs.CrashOptions{})
	after := world{t, image, "/"}
	second, err := after.Lock("f") // the holder died
	w.must(err)
	w.must(second.Close())
	after.write("f", "two")
	w.wantContent("f", "one")
	_, err = f.Write([]byte("!"))
	w.must(err)
	w.must(f.Sync())
	after.wantContent("f", "two")
	crashed(t, image, vfs.CrashOptions{}).wantContent("f", "two")
}

func TestTornWriteIsAPrefix(t *testing.T) {
	w, m := onMem(t)
	f := w.create("f", "0123456789")
	w.must(f.Sync())
	w.must(w.SyncDir("/"))
	_, err := f.Write([]byte("abcdefghij"))
	w.must(err)
	lengths := map[int]bool{}
	for seed := range uint64(200) {
		image := crashed(t, m, vfs.CrashOptions{Keep: 1, Tear: true, Rand: rand.New(rand.NewPCG(seed, 0))})
		got, err := vfs.ReadFile(image, "f")
		w.must(err)
		if !strings.HasPrefix("0123456789abcdefghij", string(got)) || len(got) < 10 {
			t.Fatalf("torn to %q", got)
		}
		lengths[len(got)] = true
	}
	if len(lengths) < 8 {
		t.Errorf("200 seeds tore at only %d places", len(lengths))
	}
}

func TestSeedRepeatsTheImage(t *testing.T) {
	w, m := onMem(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.create(name, "some content of "+name)
	}
	image := func(seed uint64) string {
		return tree(m.CrashImage(vfs.CrashOptions{Keep: 0.5, Tear: true, Rand: rand.New(rand.NewPCG(seed, 0))}), "/")
	}
	different := map[string]bool{}
	for seed := range uint64(20) {
		first, again := image(seed), image(seed)
		if first != again {
			t.Fatalf("seed %d gave two images", seed)
		}
		different[first] = true
	}
	if len(different) < 10 {
		t.Errorf("20 seeds gave only %d images", len(different))
	}
}

// Publishing by write, sync, rename, sync of the directory is safe at every step; without the sync of the file it is not. The second half
// is the negative control: the crash image must be able to show the damage.
func TestAtomicPublication(t *testing.T) {
	for _, syncs := range []bool{true, false} {
		broken := false
		m := vfs.NewMem()
		world{t, m, "/"}.write("final", "old")
		if err := m.SyncDir("/"); err != nil {
			t.Fatal(err)
		}
		seed := uint64(0)
		fsys := vfs.Watch(m, func(vfs.Op) {
			for range 20 {
				seed++
				image := m.CrashImage(vfs.CrashOptions{Keep: 0.5, Tear: true, Rand: rand.New(rand.NewPCG(seed, 0))})
				got, err := vfs.ReadFile(image, "final")
				broken = broken || err != nil || string(got) != "old" && string(got) != "new content"
			}
		})
		w := world{t, fsys, "/"}
		f := w.create("final.part", "new content")
		if syncs {
			w.must(f.Sync())
		}
		w.must(f.Close())
		w.must(w.Rename("final.part", "final"))
		w.must(w.SyncDir("/"))
		if broken == syncs {
			t.Errorf("with sync: %v; damage seen: %v", syncs, broken)
		}
	}
}

// What was synced survives whatever else a crash drops, keeps or tears.
func TestSyncedContentSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := vfs.NewMem()
		f, err := vfs.Create(m, "f")
		if err != nil {
			t.Fatal(err)
		}
		if err := m.SyncDir("/"); err != nil {
			t.Fatal(err)
		}
		var content, synced []byte
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "sync") {
				if err := f.Sync(); err != nil {
					t.Fatal(err)
				}
				synced = bytes.Clone(content)
				continue
			}
			data := rapid.SliceOfN(rapid.Byte(), 1, 10).Draw(t, "data")
			if _, err := f.Write(data); err != nil {
				t.Fatal(err)
			}
			content = append(content, data...)
		}
		seed := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		keep := rapid.Float64Range(0, 1).Draw(t, "keep")
		got, err := vfs.ReadFile(m.CrashImage(vfs.CrashOptions{Keep: keep, Tear: true, Rand: seed}), "f")
		if err != nil || !bytes.HasPrefix(got, synced) || len(got) > len(content) {
			t.Fatalf("synced %q, then wrote up to %q; the crash left %q (%v)", synced, content, got, err)
		}
	})
}

func TestMemIsDeterministic(t *testing.T) {
	run := func() fs.FileInfo {
		w, _ := onMem(t)
		w.write("a", "")
		w.write("b", "content")
		info, err := w.Stat("b")
		w.must(err)
		return info
	}
	if a, b := run(), run(); a != b || a.ModTime().Year() != 2000 {
		t.Errorf("two runs gave %v and %v", a, b)
	}
}

func TestIdentityOfForeignInfo(t *testing.T) {
	if _, ok := vfs.Identity(nil); ok {
		t.Error("nothing has an identity")
	}
	if _, ok := vfs.Identity(foreignInfo{}); ok {
		t.Error("a foreign description has an identity")
	}
}

type foreignInfo struct{ fs.FileInfo }

func (foreignInfo) Sys() any { return nil }
