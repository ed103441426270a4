package flow_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// memoryKeeper keeps state in memory.
type memoryKeeper struct {
	mu     sync.Mutex
	store  *store.Memory
	epochs int
}

func (k *memoryKeeper) Reader(context.Context) (store.Reader, error) { return k.store.Reader(), nil }

func (k *memoryKeeper) Apply(ctx context.Context, _ int64, changes []*store.Changes) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.Apply(ctx, changes)
}

func (k *memoryKeeper) Spill(ctx context.Context, changes *store.Changes) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.Apply(ctx, []*store.Changes{changes})
}

func (k *memoryKeeper) Publish(context.Context, *flow.Manifest) error {
	k.epochs++
	return nil
}

func (k *memoryKeeper) Confirm(context.Context, *flow.Manifest) error { return nil }

// passing passes all rows on and has one part, whose sealed state takes many pieces to write, or which never has anything that may leave memory without having been stored.
type passing struct {
	part keyed.Kept
}

func (p *passing) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, in)
	return false, nil
}

func (p *passing) Snapshot(op.KeyGroup) ([]byte, error)  { return nil, nil }
func (p *passing) Restore(op.KeyGroup, []byte) error     { return nil }
func (p *passing) Kept() []keyed.Kept                    { return []keyed.Kept{p.part} }
func (p *passing) Rest(op.KeyGroup) ([]byte, error)      { return nil, nil }
func (p *passing) RestoreRest(op.KeyGroup, []byte) error { return nil }
func (p *passing) Restored() error                       { return nil }

// slowPart is a part of which much was changed in each epoch.
type slowPart struct {
	at           keyed.Home
	pieces, left int
}

func (p *slowPart) Keep(at keyed.Home)         { p.at = at }
func (p *slowPart) Seal()                      { p.left = p.pieces }
func (p *slowPart) Admit(*keyed.Entries) error { return nil }
func (p *slowPart) Drain(into *store.Changes, _ int64) (more bool, err error) {
	if p.left == 0 {
		return false, nil
	}
	p.left--
	into.Put(p.at.Space, 0, p.at.From, []byte{byte(p.left)}, make([]byte, 80<<10))
	return p.left > 0, nil
}

// fullPart is a part that is always full of what the store does not have.
type fullPart struct{ slowPart }

func (*fullPart) MayLeave() bool                   { return true }
func (*fullPart) Attach(store.Reader, int64)       {}
func (*fullPart) Room() int                        { return 0 }
func (*fullPart) Evict(int, bool) (int, error)     { return 0, nil }
func (*fullPart) Pass(*keyed.Entries) error        { return nil }
func (*fullPart) Spill(*store.Changes, int64) bool { return false }

var _ keyed.Evictable = (*fullPart)(nil)

func newPassing(part func() keyed.Kept) func(physical.Build) (op.Operator, error) {
	return func(physical.Build) (op.Operator, error) { return &passing{part: part()}, nil }
}

// TestWaitForTheStore: a task that waits until the store has what it sealed, since memory is tight, is not waited for by a task that has yet to write what it sealed itself.
func TestWaitForTheStore(t *testing.T) {
	for _, tasks := range []int{1, 2, 3} {
		var sink collector
		c := &counter{limit: 20_000, block: 100}
		plan := pipe(c, &sink, 1)
		second := &physical.Stage{Name: "second", Tasks: tasks, Inputs: 1}
		second.Head = &physical.Step{Name: "second", New: newPassing(func() keyed.Kept { return &fullPart{} }), Ports: one(plan.Sources[0].Next...)}
		first := &physical.Stage{Name: "first", Tasks: tasks, Inputs: 1}
		first.Head = &physical.Step{Name: "first", New: newPassing(func() keyed.Kept { return &slowPart{pieces: 50} }), Ports: one(edge(physical.Hash, second, 0))}
		plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, first, 0)}
		plan.Stages = []*physical.Stage{first, second}
		s := settings()
		s.Budget = limit.New("test", 256<<20)
		if err := s.Budget.Reserve(220 << 20); err != nil {
			t.Fatal(err)
		}
		keeper := &memoryKeeper{store: store.NewMemory()}
		s.Keeper, s.QueueDepth, s.EpochEvery, s.EpochBounded = keeper, 1, time.Millisecond, true
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		p, err := flow.Build(ctx, plan, s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Run(ctx, nil); err != nil {
			t.Fatalf("%d tasks, %d epochs: %v", tasks, keeper.epochs, err)
		}
		cancel()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if len(sink.published) != 20_000 {
			t.Errorf("%d tasks: %d rows", tasks, len(sink.published))
		}
		t.Logf("%d tasks: %d epochs", tasks, keeper.epochs)
	}
}

// largePart is a part with a value that no store takes.
type largePart struct{ slowPart }

func (p *largePart) Drain(into *store.Changes, _ int64) (more bool, err error) {
	into.Put(p.at.Space, 0, p.at.From, []byte("the key"), make([]byte, store.MaxValue+1))
	return false, nil
}

// TestAValueThatIsTooLargeIsAnError: it names step and key.
func TestAValueThatIsTooLargeIsAnError(t *testing.T) {
	plan := pipe(&counter{limit: 10, block: 10}, &collector{}, 1)
	stage := &physical.Stage{Name: "big", Tasks: 1, Inputs: 1}
	stage.Head = &physical.Step{Name: "big", New: newPassing(func() keyed.Kept { return &largePart{} }), Ports: one(plan.Sources[0].Next...)}
	plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, stage, 0)}
	plan.Stages = []*physical.Stage{stage}
	s := settings()
	s.Keeper, s.EpochEvery, s.EpochBounded = &memoryKeeper{store: store.NewMemory()}, time.Millisecond, true
	plan.Sources[0].Config.(*counter).gate, plan.Sources[0].Config.(*counter).opened = 5, make(chan struct{})
	_, err := run(t, plan, s, nil)
	var large *store.TooLargeError
	if !errors.As(err, &large) || !strings.Contains(err.Error(), `snapshot of step "big": the state of key "the key"`) {
		t.Error(err)
	}
}
