package checkpoint

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// What is forgotten is all but whose it was: the next owner begins anew, with the same lineage and higher numbers, and a sleeper is fenced.
func TestForget(t *testing.T) {
	b, _ := memBed(t)
	a := b.open(as(7))
	b.checkpoint(a, 1, 2, 3)
	if _, err := Forget(t.Context(), b.options); wantAs[*HeldError](t, err).Holder.PID != 7 {
		t.Errorf("while it runs: %v", err)
	}
	c := b.open(takeOver, as(8))
	b.checkpoint(c, 4)
	b.must(c.Close())
	left, err := Forget(t.Context(), b.options)
	if b.must(err); !left {
		t.Fatal("nothing is left")
	}
	_ = wantAs[*FencedError](t, a.Check(t.Context()))
	if got := b.names("."); !slices.Equal(got, []string{"lock", "lock-1", "manifests"}) || len(b.names("manifests")) != 1 {
		t.Errorf("left: %q, %q", got, b.names("manifests"))
	}
	o := b.open(as(9))
	if o.Latest() != nil || o.LastEpoch() != 4 || o.Lineage() != c.Lineage() || o.Generation() <= c.Generation() {
		t.Errorf("goes on from %v, epoch %d, lineage %s, generation %d after %d", o.Latest(), o.LastEpoch(), o.Lineage(), o.Generation(), c.Generation())
	}
	b.checkpoint(o, 5)
	if names := b.names("manifests"); len(names) != 2 { // its claim and its checkpoint
		t.Errorf("manifests %q", names)
	}
	_ = wantAs[*FencedError](t, a.Publish(t.Context(), checkpointOf(4, nil)))
	b.must(o.Close())
	b.must(a.Close())
	b.must(RemoveAll(t.Context(), b.options))
	if _, err := b.fs.Stat(stateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// A removal that a power failure cuts short after any call leaves what there was, or nothing to go on from, and the next one ends it.
func TestForgetCutShort(t *testing.T) {
	b, mem := memBed(t)
	a := b.open(as(7))
	b.checkpoint(a, 1, 2, 3)
	b.must(a.Close())
	var images []*vfs.Mem
	o := b.options
	o.FS = vfs.Watch(mem, func(vfs.Op) {
		images = append(images, mem.CrashImage(vfs.CrashOptions{}), mem.CrashImage(vfs.CrashOptions{Keep: 1}))
	})
	_, err := Forget(t.Context(), o)
	b.must(err)
	went, stayed := 0, 0
	for n, image := range images {
		cut := newBed(t, image)
		i, err := Inspect(t.Context(), image, stateDir)
		b.must(err)
		if m := i.Find(0); m != nil && i.Entries[0].Manifest.HasState() && m.Epoch != 3 {
			t.Errorf("image %d: a start goes on from epoch %d", n, m.Epoch)
		}
		again := cut.open(as(9))
		switch m := again.Latest(); {
		case again.LastEpoch() != 3 || again.Lineage() != a.Lineage():
			t.Errorf("image %d: last epoch %d", n, again.LastEpoch())
		case m == nil:
			went++
		case m.Epoch == 3:
			stayed++
		default:
			t.Errorf("image %d: goes on from epoch %d", n, m.Epoch)
		}
		b.must(again.Close())
		left, err := Forget(t.Context(), cut.options)
		b.must(err)
		if names := cut.names("manifests"); !left || len(names) != 1 || len(cut.names(".")) != 2 {
			t.Errorf("image %d: the next removal leaves %q, %q", n, cut.names("."), names)
		}
	}
	if went < 4 || stayed < 2 {
		t.Errorf("in %d images there was nothing to go on from, in %d all", went, stayed)
	}
}

// Where no manifest can be read nothing is left.
func TestForgetWithoutManifests(t *testing.T) {
	b, _ := memBed(t)
	b.must(b.open(as(7)).Close())
	b.must(vfs.WriteFile(b.fs, stateDir+"/manifests/00000000000000000001.json", []byte("x")))
	left, err := Forget(t.Context(), b.options)
	if b.must(err); left {
		t.Error("something is left")
	}
	if _, err := b.fs.Stat(stateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// A lineage that was given up has hidden things, too, even if its successor has no checkpoint: the next owner, and the one after him, know of both.
func TestForgetNotesEveryLineage(t *testing.T) {
	b, _ := memBed(t)
	b.options.Random = nil
	a := b.open(as(7))
	b.checkpoint(a, 1)
	b.must(a.Close())
	c := b.open(as(8), fresh)
	b.must(c.Begin(t.Context()))
	b.must(c.Close())
	left, err := Forget(t.Context(), b.options)
	if b.must(err); !left || len(b.names("manifests")) != 2 {
		t.Fatalf("left: %t, %q", left, b.names("manifests"))
	}
	for pid := range 2 {
		o := b.open(as(9 + pid))
		if o.Latest() != nil || o.LastEpoch() != 1 || o.Lineage() != c.Lineage() || !slices.Equal(o.Abandoned(), []string{a.Lineage()}) {
			t.Errorf("goes on from %v, epoch %d, lineage %s beside %q; there were %s and %s", o.Latest(), o.LastEpoch(), o.Lineage(), o.Abandoned(), a.Lineage(), c.Lineage())
		}
		b.must(o.Close())
	}
}
