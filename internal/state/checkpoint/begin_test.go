package checkpoint

import (
	"errors"
	"path/filepath"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// TestAFreshStartThatEndsBeforeItBegins leaves the state that there was: the next start goes on from it.
func TestAFreshStartThatEndsBeforeItBegins(t *testing.T) {
	b, _ := memBed(t)
	b.options.Random = nil
	a := b.open()
	b.checkpoint(a, 1, 2)
	b.must(a.Close())
	for range 3 {
		o := b.open(fresh)
		if !o.Begins() || o.Latest() != nil || o.LastEpoch() != 2 || o.Lineage() == a.Lineage() {
			t.Fatalf("begins %t, latest %v, last epoch %d", o.Begins(), o.Latest(), o.LastEpoch())
		}
		b.must(o.Close())
	}
	o := b.open()
	if o.Latest() == nil || o.Latest().Epoch != 2 || o.Lineage() != a.Lineage() {
		t.Fatalf("went on from %+v", o.Latest())
	}
	b.must(b.restoreAndCompare(o, o.Latest()))
	b.must(o.Close())

	o = b.open(fresh)
	b.must(errors.Join(o.Begin(t.Context()), o.Begin(t.Context()), o.Close()))
	lineage := o.Lineage()
	if o = b.open(); o.Latest() != nil || o.Lineage() != lineage {
		t.Errorf("a start after that which had begun: %v", o.Latest())
	}
	b.checkpoint(o, 3)
	b.must(o.Close())
}

// TestAFreshStartBesideDamage: where the newest checkpoint is damaged, a fresh start that ends before it begins leaves the damage to be seen.
func TestAFreshStartBesideDamage(t *testing.T) {
	b, mem := memBed(t)
	b.options.Random = nil
	a := b.open()
	b.checkpoint(a, 1, 2)
	newest := filepath.Join(stateDir, manifestName(a.Latest().Number))
	b.must(a.Close())
	b.must(vfs.WriteFile(mem, newest, []byte("x")))
	b.must(b.open(fresh).Close())
	_, err := b.try()
	var unusable *UnusableError
	if !errors.As(err, &unusable) || len(unusable.Intact) != 1 {
		t.Fatalf("a start after that: %v", err)
	}
	o := b.open(fresh)
	b.must(o.Begin(t.Context()))
	last := o.LastEpoch()
	b.checkpoint(o, last+1)
	b.must(o.Close())
	o = b.open()
	if o.Latest() == nil || o.Latest().Epoch != last+1 {
		t.Errorf("went on from %+v", o.Latest())
	}
	b.must(o.Close())
}

// TestAFreshStartIsFencedAsAnyOther: somebody who takes over between the start and its beginning is not overtaken.
func TestAFreshStartIsFencedAsAnyOther(t *testing.T) {
	b, _ := memBed(t)
	b.options.Random = nil
	a := b.open()
	b.checkpoint(a, 1)
	b.must(a.Close())
	first := b.open(fresh)
	second := b.open(func(o *Options) { o.TakeOver = true })
	var fenced *FencedError
	if err := first.Begin(t.Context()); !errors.As(err, &fenced) {
		t.Errorf("begun: %v", err)
	}
	if second.Latest() == nil || second.Latest().Epoch != 1 {
		t.Errorf("went on from %+v", second.Latest())
	}
	b.checkpoint(second, 2)
	b.must(errors.Join(first.Close(), second.Close()))
}

// TestWhoAcceptsRepeatsIsKnown: until something is published after what was gone on from, by him or by who comes after him.
func TestWhoAcceptsRepeatsIsKnown(t *testing.T) {
	b, mem := memBed(t)
	a := b.open()
	b.checkpoint(a, 1, 2, 3)
	newest := filepath.Join(stateDir, manifestName(a.Latest().Number))
	b.must(a.Close())
	o := b.open()
	if o.Repeats() {
		t.Error("going on from the newest repeats nothing")
	}
	b.must(o.Close())
	o = b.open(func(o *Options) { o.AcceptSince = 3 })
	if o.Repeats() {
		t.Error("the newest epoch repeats nothing")
	}
	b.must(o.Close())
	b.must(vfs.WriteFile(mem, newest, []byte("x")))
	o = b.open(func(o *Options) { o.AcceptSince = 2 })
	if !o.Repeats() || o.Latest().Epoch != 2 {
		t.Errorf("an older epoch: %t, %+v", o.Repeats(), o.Latest())
	}
	b.must(o.Close())
	if o = b.open(); !o.Repeats() {
		t.Error("the run after that forgets it")
	}
	b.checkpoint(o, o.LastEpoch()+1)
	b.must(o.Close())
	if o = b.open(); o.Repeats() {
		t.Error("a checkpoint later it is over")
	}
	b.must(o.Close())
}
