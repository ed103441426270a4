package checkpoint

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"wire.example/wire/internal/foundation/vfs"
)

func TestInspect(t *testing.T) {
	b, _ := memBed(t)
	if _, err := Inspect(t.Context(), b.fs, stateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	o := b.open()
	if i, err := Inspect(t.Context(), b.fs, stateDir); err != nil || i.Find(0) != nil {
		t.Errorf("no state yet: %v %v", i.Find(0), err)
	}
	b.checkpoint(o, 1, 2)
	if _, err := b.stage(o, 3); err != nil {
		t.Fatal(err)
	}
	i, err := Inspect(t.Context(), b.fs, stateDir)
	b.must(err)
	if len(i.Entries) != 3 || i.Entries[0].Number != 3 || i.Find(0).Epoch != 2 || i.Find(1).Epoch != 1 || i.Find(7) != nil || i.Owners[1].PID != 7 {
		t.Errorf("%+v", i)
	}
	if len(i.Files) != 6 || len(i.Unneeded) != 2 || i.Bytes() == 0 {
		t.Errorf("%d files, unneeded %q", len(i.Files), i.Unneeded)
	}
	b.must(vfs.WriteFile(b.fs, filepath.Join(stateDir, manifestName(4)), []byte("x")))
	if i, err := Inspect(t.Context(), b.fs, stateDir); err != nil || i.Find(0) != nil || i.Find(2) == nil {
		t.Errorf("the newest is damaged: %v", err)
	}
}

func TestExtract(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1)
	paths, err := Extract(t.Context(), b.fs, NewDirectory(b.fs, stateDir, 0), o.Latest().Files, "/scratch/deep")
	b.must(err)
	want := epochFiles(1)
	for _, path := range paths {
		if got, err := vfs.ReadFile(b.fs, path); err != nil || string(got) != want[filepath.Base(path)] {
			t.Errorf("%s holds %q: %v", path, got, err)
		}
	}
	if len(paths) != len(want) {
		t.Errorf("%q", paths)
	}
}

// Its waiting for a lock of somebody who starts takes no time.
func TestRemove(t *testing.T) { synctest.Test(t, removes) }

func removes(t *testing.T) {
	b, _ := memBed(t)
	if _, err := Remove(t.Context(), b.options, []int64{1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	o := b.open()
	b.checkpoint(o, 1, 2, 3)
	if _, err := Remove(t.Context(), b.options, []int64{1}); wantAs[*HeldError](t, err).Holder.PID != 7 {
		t.Errorf("while it runs: %v", err)
	}
	b.must(o.Close())
	for epoch, want := range map[int64]string{3: "goes on from epoch 3", 4: "no checkpoint of epoch 4"} {
		if _, err := Remove(t.Context(), b.options, []int64{1, epoch}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("epoch %d: %v", epoch, err)
		}
	}
	garbage, err := Remove(t.Context(), b.options, []int64{2, 1})
	b.must(err)
	if !slices.Equal(garbage.Manifests, []int64{2, 3}) || len(garbage.Files) != 2 {
		t.Errorf("%+v", garbage)
	}
	b.must(complete(b))
	start, err := takeLock(b.fs, filepath.Join(stateDir, startLock), Holder{PID: 9})
	b.must(err)
	if err := RemoveAll(t.Context(), b.options); wantAs[*HeldError](t, err).Holder.PID != 9 {
		t.Errorf("while it starts: %v", err)
	}
	if _, err := b.try(); wantAs[*HeldError](t, err).Holder.PID != 9 {
		t.Errorf("while it starts: %v", err)
	}
	o = b.open(takeOver) // does not wait for a start that hangs
	b.must(o.Close())
	b.must(start.release(false))
	b.must(vfs.WriteFile(b.fs, filepath.Join(stateDir, "notes.txt"), nil))
	if err := RemoveAll(t.Context(), b.options); err == nil || !strings.Contains(err.Error(), "it holds notes.txt") {
		t.Errorf("with something else: %v", err)
	}
	b.must(b.fs.Remove(filepath.Join(stateDir, "notes.txt")))
	b.must(RemoveAll(t.Context(), b.options))
	if _, err := b.fs.Stat(stateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// What is damaged is removed when it is named, unless the run goes on from it, or it may be another epoch.
func TestRemoveDamaged(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2, 3, 4, 6, 9)
	b.must(o.Close())
	damage := func(epoch int64) {
		t.Helper()
		i, err := Inspect(t.Context(), b.fs, stateDir)
		b.must(err)
		b.must(vfs.WriteFile(b.fs, filepath.Join(stateDir, manifestName(i.Find(epoch).Number)), []byte("{}")))
	}
	remove := func(want string, epochs ...int64) {
		t.Helper()
		if _, err := Remove(t.Context(), b.options, epochs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("epochs %v: %v", epochs, err)
		}
	}
	damage(2)
	remove("there is no checkpoint of epoch 5", 5)
	remove("there is no checkpoint of epoch 5", 2, 5)
	garbage, err := Remove(t.Context(), b.options, []int64{2})
	b.must(err)
	if !slices.Equal(garbage.Manifests, []int64{3}) {
		t.Errorf("%+v", garbage)
	}
	b.must(complete(b))
	damage(3)
	damage(4)
	remove("Nobody can tell which of these it is", 3)
	remove("Nobody can tell which of these it is", 3, 3)
	_, err = b.try(func(o *Options) { o.AcceptSince = 3 })
	if unusable := wantAs[*UnusableError](t, err); !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "the checkpoint of epoch 3 in "+stateDir+" cannot be used: ") ||
		len(unusable.Intact) != 3 || strings.Contains(err.Error(), "the newest") {
		t.Errorf("%v", err)
	}
	garbage, err = Remove(t.Context(), b.options, []int64{4, 3})
	b.must(err)
	if !slices.Equal(garbage.Manifests, []int64{4, 5}) {
		t.Errorf("%+v", garbage)
	}
	damage(9)
	remove("It is the newest: sinks may have committed its epoch", 9)
	remove("goes on from epoch 6, the newest", 6)
	_, err = b.try()
	if unusable := wantAs[*UnusableError](t, err); len(unusable.Intact) != 2 {
		t.Errorf("%v", err)
	}
	o = b.open(func(o *Options) { o.AcceptSince = 6 })
	b.must(o.Close())
	_, err = Remove(t.Context(), b.options, []int64{9})
	b.must(err)
	o = b.open()
	b.must(b.restoreAndCompare(o, o.Latest()))
	b.must(o.Close())

	// A file of the one that is asked for is damaged: that is not the newest.
	i, err := Inspect(t.Context(), b.fs, stateDir)
	b.must(err)
	b.must(b.fs.Remove(filepath.Join(stateDir, fileFolder+i.Find(1).Files[0].Stored)))
	o = b.open(func(o *Options) { o.AcceptSince = 1 })
	err = b.restoreAndCompare(o, o.Latest())
	if _ = wantAs[*UnusableError](t, err); !strings.HasPrefix(err.Error(), "the checkpoint of epoch 1 in "+stateDir+" cannot be used: ") || strings.Contains(err.Error(), "newest") {
		t.Errorf("%v", err)
	}
	b.must(o.Close())
}

// A removal that is cut short leaves whole checkpoints, whatever of it was kept.
func TestCrashesOfRemove(t *testing.T) {
	for _, keep := range []float64{0, 1} {
		mem := vfs.NewMem()
		var failure error
		var mu sync.Mutex
		b := newBed(t, vfs.Watch(mem, func(op vfs.Op) {
			mu.Lock()
			defer mu.Unlock()
			if !op.Changes() || failure != nil {
				return
			}
			after := newBed(t, mem.CrashImage(vfs.CrashOptions{Keep: keep}))
			if failure = complete(after); failure != nil {
				return
			}
			if o, err := after.try(); err != nil {
				failure = err
			} else {
				failure = after.restoreAndCompare(o, o.Latest())
			}
		}))
		o := b.open()
		b.checkpoint(o, 1, 2, 3, 4)
		b.must(o.Close())
		_, err := Remove(t.Context(), b.options, []int64{1, 2, 3})
		b.must(err)
		if failure != nil {
			t.Errorf("keep %v: %v", keep, failure)
		}
	}
}
