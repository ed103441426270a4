package checkpoint

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// Where all manifests are gone, and files are not, a start says so and leaves them, unless it is to begin anew.
func TestLostManifests(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2)
	b.must(o.Close())
	for _, name := range b.names("manifests") {
		b.must(b.fs.Remove(filepath.Join(stateDir, manifestFolder, name)))
	}
	before := b.names("files")
	for range 2 {
		_, err := b.try()
		if lost := wantAs[*LostError](t, err); lost.Files != len(before) || lost.Bytes == 0 || !strings.Contains(err.Error(), stateDir+" holds files of checkpoints (") || !strings.Contains(err.Error(), "--fresh") {
			t.Errorf("%v", err)
		}
	}
	if files := b.names("files"); len(files) != len(before) || len(b.names("manifests")) != 0 {
		t.Errorf("a start that was refused left %q of %q", files, before)
	}
	i, err := Inspect(t.Context(), b.fs, stateDir)
	b.must(err)
	_ = wantAs[*LostError](t, i.Lost())
	o = b.open(fresh)
	b.checkpoint(o, 1)
	b.must(o.Retain(t.Context()))
	if files := b.names("files"); len(files) != 2 {
		t.Errorf("left: %q", files)
	}
	b.must(o.Close())
	b.must(b.open().Close())
}

// A first run that was killed before it had a checkpoint has lost nothing, whatever it had stored and whatever of that was kept; nor has who removes everything.
func TestNothingIsLostByACrash(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 1))
		mem, images := vfs.NewMem(), 0
		removing := false
		var mu sync.Mutex
		b := newBed(t, vfs.Watch(mem, func(op vfs.Op) {
			mu.Lock()
			defer mu.Unlock()
			if !op.Changes() {
				return
			}
			images++
			after := newBed(t, mem.CrashImage(vfs.CrashOptions{Keep: float64(seed%4) / 3, Rand: random}))
			o, err := after.try()
			var lost *LostError
			if errors.As(err, &lost) || err != nil && !removing {
				t.Errorf("seed %d, image %d, %s: %v", seed, images, op, err)
			}
			if err == nil {
				after.must(o.Close())
			}
		}))
		o := b.open()
		_, err := b.stage(o, 1)
		b.must(err)
		b.must(o.Close())
		mu.Lock()
		removing = true // half a removal may leave a manifest without its files, which a start refuses
		mu.Unlock()
		b.must(RemoveAll(t.Context(), b.options))
		if images < 20 {
			t.Errorf("%d images", images)
		}
	}
}
