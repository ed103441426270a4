package flow_test

import (
	"context"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// weighing notes what is reserved while changes come to the store.
type weighing struct {
	memoryKeeper
	budget  *limit.Budget
	largest int64
	light   bool
}

func (k *weighing) Apply(ctx context.Context, epoch int64, changes []*store.Changes) error {
	bytes := int64(0)
	for _, c := range changes {
		bytes += c.Bytes()
	}
	k.largest = max(k.largest, bytes)
	k.light = k.light || k.budget.Used() < bytes
	return k.memoryKeeper.Apply(ctx, epoch, changes)
}

// slowPlan has two tasks whose state is written in many pieces.
func slowPlan() *physical.Plan {
	plan := pipe(&counter{limit: 5000, block: 100}, &collector{}, 1)
	stage := &physical.Stage{Name: "slow", Tasks: 2, Inputs: 1}
	stage.Head = &physical.Step{Name: "slow", New: func(physical.Build) (op.Operator, error) {
		var part keyed.Kept = &slowPart{pieces: 20}
		return &passing{part: part}, nil
	}, Ports: one(plan.Sources[0].Next...)}
	plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, stage, 0)}
	plan.Stages = []*physical.Stage{stage}
	return plan
}

// TestChangesForTheStoreAreInTheBudget: what tasks have written and the store does not have yet.
func TestChangesForTheStoreAreInTheBudget(t *testing.T) {
	plan := slowPlan()
	s := settings()
	s.Budget = limit.New("test", 64<<20)
	keeper := &weighing{memoryKeeper: memoryKeeper{store: store.NewMemory()}, budget: s.Budget}
	s.Keeper, s.EpochBlocks, s.EpochEvery, s.EpochBounded = keeper, 10, time.Hour, true
	if _, err := run(t, plan, s, nil); err != nil {
		t.Fatal(err)
	}
	if keeper.light || keeper.largest < 1<<20 {
		t.Errorf("changes of %d bytes, and fewer were reserved: %v", keeper.largest, keeper.light)
	}
	if used := s.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}
