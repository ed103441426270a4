package flow_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// forms notes in which form changes come to the store.
type forms struct {
	memoryKeeper
	mu             sync.Mutex
	logged, sorted int
	most           int64
}

func (k *forms) note(changes []*store.Changes) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range changes {
		switch most := c.Logged(); {
		case c.Len() == 0:
		case most > 0:
			k.logged++
			k.most = max(k.most, most)
		default:
			k.sorted++
		}
	}
}

func (k *forms) Apply(ctx context.Context, epoch int64, changes []*store.Changes) error {
	k.note(changes)
	return k.memoryKeeper.Apply(ctx, epoch, changes)
}

func (k *forms) Spill(ctx context.Context, changes *store.Changes) error {
	k.note([]*store.Changes{changes})
	return k.memoryKeeper.Spill(ctx, changes)
}

// TestWhatChangesIsLogged: while a quarter of the budget is left, and in pieces that are at hand.
func TestWhatChangesIsLogged(t *testing.T) {
	for name, test := range map[string]struct {
		limit, taken int64
		logged       bool
	}{
		"no bounds":              {limit.Unlimited, 0, true},
		"most of it left":        {64 << 20, 0, true},
		"less than a quarter":    {64 << 20, 49 << 20, false},
		"more than what changed": {1 << 30, 500 << 20, true},
	} {
		t.Run(name, func(t *testing.T) {
			plan := slowPlan()
			s := settings()
			s.Budget = limit.New("test", test.limit)
			if err := s.Budget.Reserve(test.taken); err != nil {
				t.Fatal(err)
			}
			keeper := &forms{memoryKeeper: memoryKeeper{store: store.NewMemory()}}
			s.Keeper, s.EpochBlocks, s.EpochEvery, s.EpochBounded = keeper, 10, time.Hour, true
			if _, err := run(t, plan, s, nil); err != nil {
				t.Fatal(err)
			}
			if logged := keeper.logged > 0; logged != test.logged || (keeper.sorted > 0) == logged {
				t.Errorf("%d changes were logged, and %d not", keeper.logged, keeper.sorted)
			}
			if test.logged && keeper.most < max(test.taken, 16<<20) {
				t.Errorf("logs may have %d bytes", keeper.most)
			}
		})
	}
}
