package flow_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/state/store"
)

// fullKeeper publishes nothing while it is full.
type fullKeeper struct {
	*memoryKeeper
	full  atomic.Bool
	tries atomic.Int32 // while it was full
}

func (k *fullKeeper) Publish(ctx context.Context, m *flow.Manifest) error {
	if k.full.Load() {
		k.tries.Add(1)
		return errors.New("no room")
	}
	return k.memoryKeeper.Publish(ctx, m)
}

// TestAStopWhileCheckpointsFail: a run that is told to stop reads nothing any more, though an epoch under way fails again and again; it tries a few times, without a long pause before, and ends with the reason, or with a last checkpoint if there is room by then.
func TestAStopWhileCheckpointsFail(t *testing.T) {
	for _, room := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := calm()
			s.CheckpointFailures = 1000
			keeper := &fullKeeper{memoryKeeper: &memoryKeeper{store: store.NewMemory()}}
			keeper.full.Store(true)
			s.Keeper = keeper
			c := &counter{limit: 1000, block: 10, gate: 500, unbounded: true, opened: make(chan struct{})}
			run := begin(t, pipe(c, &collector{}, 1), s)
			<-s.Clock.NewTimer(5 * time.Minute).C() // pauses are long by now
			synctest.Wait()
			if failed := run.p.Report().Checkpoints.Failed; failed < 5 {
				t.Fatalf("%d checkpoints have failed", failed)
			}
			told := s.Clock.Monotonic()
			close(run.stop)
			synctest.Wait()
			close(c.opened)
			synctest.Wait()
			keeper.full.Store(!room)
			<-run.over
			if rows := run.p.Report().Sources[0].Rows; rows != 500 {
				t.Errorf("room %v: %d rows were read, and 500 before the stop", room, rows)
			}
			if took := s.Clock.Monotonic() - told; took > 10*time.Second {
				t.Errorf("room %v: it took %v to stop", room, took)
			}
			switch {
			case room && run.err != nil:
				t.Errorf("with room: %v", run.err)
			case !room && (run.err == nil || !strings.Contains(run.err.Error(), "since the run was told to stop: no room")):
				t.Errorf("without room: %v", run.err)
			}
		})
	}
}

// TestAStopBeforeCheckpointsFail: as many attempts are made of the last checkpoint as of one that failed before.
func TestAStopBeforeCheckpointsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := calm()
		s.CheckpointFailures, s.EpochEvery = 1000, 0
		keeper := &fullKeeper{memoryKeeper: &memoryKeeper{store: store.NewMemory()}}
		keeper.full.Store(true)
		s.Keeper = keeper
		c := &counter{limit: 1000, block: 10, gate: 500, unbounded: true, opened: make(chan struct{})}
		run := begin(t, pipe(c, &collector{}, 1), s)
		synctest.Wait()
		close(run.stop)
		synctest.Wait()
		close(c.opened)
		<-run.over
		if run.err == nil || !strings.Contains(run.err.Error(), "3 attempts have since the run was told to stop: no room") || keeper.tries.Load() != 3 {
			t.Errorf("after %d attempts: %v", keeper.tries.Load(), run.err)
		}
	})
}
