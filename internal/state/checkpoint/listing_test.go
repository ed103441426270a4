package checkpoint

import (
	"context"
	"io"
	"testing"
)

// hastyTarget does something before the first manifest is read.
type hastyTarget struct {
	Target
	before func()
}

func (h *hastyTarget) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	if do := h.before; do != nil {
		h.before = nil
		do()
	}
	return h.Target.Get(ctx, name)
}

// TestAPipelineThatFinishesWhileSomebodyLooks: he sees its last checkpoint, although those that he has listed are gone.
func TestAPipelineThatFinishesWhileSomebodyLooks(t *testing.T) {
	b, _ := memBed(t)
	o := b.open(as(7))
	b.checkpoint(o, 1, 2)
	target := &hastyTarget{Target: NewDirectory(b.fs, stateDir, 0), before: func() {
		b.checkpoint(o, 3)
		done := checkpointOf(4, nil)
		done.Kind, done.Unconfirmed = KindFinished, nil
		b.must(o.Publish(t.Context(), done))
		b.must(o.Retain(t.Context()))
		if names := b.names("manifests"); len(names) != 1 {
			t.Fatalf("kept are %q", names)
		}
	}}
	entries, err := readEntries(t.Context(), target, nil)
	b.must(err)
	if len(entries) != 1 || entries[0].Manifest.Epoch != 4 {
		t.Errorf("found are %+v", entries)
	}
	b.must(o.Close())
}
