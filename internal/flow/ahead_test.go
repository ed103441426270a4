package flow_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// aheadKeeper notes how much it is given at once, and refuses pieces where it is told to.
type aheadKeeper struct {
	memoryKeeper
	largest atomic.Int64
	pieces  atomic.Int64
	refuse  func(piece int64) bool
}

func (k *aheadKeeper) note(changes *store.Changes) {
	for now := changes.Bytes(); ; {
		before := k.largest.Load()
		if before >= now || k.largest.CompareAndSwap(before, now) {
			return
		}
	}
}

func (k *aheadKeeper) Apply(ctx context.Context, epoch int64, changes []*store.Changes) error {
	for _, c := range changes {
		k.note(c)
	}
	return k.memoryKeeper.Apply(ctx, epoch, changes)
}

func (k *aheadKeeper) Spill(ctx context.Context, changes *store.Changes) error {
	if k.refuse(k.pieces.Add(1)) {
		return errors.New("the disk is full")
	}
	k.note(changes)
	return k.memoryKeeper.Spill(ctx, changes)
}

// TestPiecesGoAhead: of an epoch in which much has changed the store gets pieces ahead of the rest, and all of it even where it refuses one of them.
func TestPiecesGoAhead(t *testing.T) {
	const entries, bytes, piece = 500, 80 << 10, 12 << 20
	for name, test := range map[string]struct {
		refuse func(int64) bool
		most   int64
	}{
		"all taken":      {func(int64) bool { return false }, piece + 1<<20},
		"the first ones": {func(n int64) bool { return n < 3 }, entries * (bytes + 100)},
		"the third":      {func(n int64) bool { return n == 3 }, entries * (bytes + 100)},
	} {
		t.Run(name, func(t *testing.T) {
			var sink collector
			plan := pipe(&counter{limit: 1 << 40, block: 100}, &sink, 1)
			stage := &physical.Stage{Name: "only", Tasks: 2, Inputs: 1}
			stage.Head = &physical.Step{Name: "only", New: newPassing(func() keyed.Kept { return &widePart{slowPart{pieces: entries}} }), Ports: one(plan.Sources[0].Next...)}
			plan.Sources[0].Next, plan.Stages = []physical.Edge{edge(physical.Hash, stage, 0)}, []*physical.Stage{stage}
			keeper := &aheadKeeper{memoryKeeper: memoryKeeper{store: store.NewMemory()}, refuse: test.refuse}
			s := settings()
			s.Budget = limit.New("test", 1<<30)
			s.Keeper, s.QueueDepth = keeper, 1
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p, err := flow.Build(ctx, plan, s)
			if err != nil {
				t.Fatal(err)
			}
			stop := make(chan struct{})
			close(stop)
			if _, err := p.Run(ctx, stop); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if keeper.pieces.Load() == 0 || keeper.largest.Load() > test.most {
				t.Errorf("%d pieces; the largest has %d bytes, of at most %d", keeper.pieces.Load(), keeper.largest.Load(), test.most)
			}
			if used := s.Budget.Used(); used != 0 {
				t.Errorf("%d bytes are reserved still", used)
			}
			found := 0
			r := keeper.store.Reader()
			if err := r.Scan(store.Space{}, 0, 1<<64-1, func(int64, uint64, []byte, []byte) error { found++; return nil }); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if found != 2*entries {
				t.Errorf("%d entries are stored, of %d", found, 2*entries)
			}
		})
	}
}

// widePart is a slowPart with more entries than a byte counts.
type widePart struct{ slowPart }

func (p *widePart) Drain(into *store.Changes, _ int64) (more bool, err error) {
	if p.left == 0 {
		return false, nil
	}
	p.left--
	into.Put(p.at.Space, 0, p.at.From, []byte{byte(p.left >> 8), byte(p.left)}, make([]byte, 80<<10))
	return p.left > 0, nil
}
