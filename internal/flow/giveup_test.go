package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
)

// hurried are settings with a clock that runs some hundred times as fast as others, and a checkpoint every second of it.
func hurried(t *testing.T) flow.Settings {
	t.Helper()
	fast := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	done := make(chan struct{})
	var ticking sync.WaitGroup
	machine := clock.System()
	ticking.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-machine.NewTimer(100 * time.Microsecond).C():
				fast.Advance(50 * time.Millisecond)
			}
		}
	})
	t.Cleanup(func() {
		close(done)
		ticking.Wait()
	})
	s := settings()
	s.Clock, s.EpochEvery, s.EpochBounded = fast, time.Second, true
	s.CheckpointTimeout, s.CheckpointFailures = 2*time.Second, 4
	return s
}

// calm are settings with the time of a synctest bubble, which passes when all wait for it, however fast the machine is, and a checkpoint every second of it.
// Sources have one lane: another would wait for a lock, which a bubble does not take for waiting.
func calm() flow.Settings {
	s := settings()
	s.EpochEvery, s.EpochBounded = time.Second, true
	s.CheckpointTimeout, s.CheckpointFailures = 2*time.Second, 4
	return s
}

// within waits until what holds.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	machine := clock.System()
	for !holds() {
		<-machine.NewTimer(time.Millisecond).C()
		if machine.Monotonic() > 5*time.Minute {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// begun is a run under way.
type begun struct {
	p       *flow.Pipeline
	stop    chan struct{}
	outcome flow.Outcome
	err     error
	over    chan struct{}
}

func begin(t *testing.T, plan *physical.Plan, s flow.Settings) *begun {
	t.Helper()
	p, err := flow.Build(t.Context(), plan, s)
	if err != nil {
		t.Fatal(err)
	}
	b := &begun{p: p, stop: make(chan struct{}), over: make(chan struct{})}
	go func() {
		b.outcome, b.err = p.Run(t.Context(), b.stop)
		close(b.over)
	}()
	t.Cleanup(func() {
		<-b.over
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *begun) wait(t *testing.T) flow.Outcome {
	t.Helper()
	<-b.over
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.outcome
}

// TestASlowPrepareIsGivenUp: what the sink had for the epochs that were given up goes with the next one.
func TestASlowPrepareIsGivenUp(t *testing.T) { synctest.Test(t, aSlowPrepareIsGivenUp) }

func aSlowPrepareIsGivenUp(t *testing.T) {
	t.Helper()
	for _, remote := range []bool{false, true} {
		for _, tasks := range []int{0, 2} {
			var slow atomic.Int64
			slow.Store(3)
			sink := &collector{onPrepare: func(ctx context.Context, _ int64) error {
				if remote || slow.Add(-1) < 0 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}}
			c := &counter{limit: 1000, block: 10, gate: 500, opened: make(chan struct{}), reached: make(chan struct{})}
			plan := pipe(c, sink, 1)
			if tasks > 0 {
				plan = tallied(c, sink, 7, 1, tasks)
			}
			s := calm()
			s.Keeper = &memoryKeeper{store: store.NewMemory()}
			run := begin(t, plan, s)
			if !remote {
				within(t, "three are given up, and then they are taken", func() bool {
					r := run.p.Report().Checkpoints
					return r.GivenUp == 3 && r.Published > 0
				})
			}
			close(c.opened)
			if !run.wait(t).Finished {
				t.Error("the run did not finish")
			}
			want := sorted(numbers(0, 1000))
			if tasks > 0 {
				want = expected(1000, 7)
			}
			if got := sorted(sink.published); !slices.Equal(got, want) {
				t.Errorf("%d tasks: %d rows, want %d", tasks, len(got), len(want))
			}
			if r := run.p.Report().Checkpoints; r.Unconfirmed != 0 || r.Failed != r.GivenUp {
				t.Errorf("%+v", r)
			}
		}
	}
}

// TestCheckpointsThatNeverComeEndTheRun: with the reason, and with longer and longer pauses before they are tried again.
func TestCheckpointsThatNeverComeEndTheRun(t *testing.T) {
	synctest.Test(t, checkpointsThatNeverComeEndTheRun)
}

func checkpointsThatNeverComeEndTheRun(t *testing.T) {
	t.Helper()
	s := calm()
	var began []time.Duration // of the bubble's time
	sink := &collector{onPrepare: func(ctx context.Context, _ int64) error {
		if began = append(began, s.Clock.Monotonic()); len(began) > 2*s.CheckpointFailures {
			return errors.New("nobody gives up")
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	c := &counter{limit: 1000, block: 10, gate: 500, opened: make(chan struct{})}
	run := begin(t, pipe(c, sink, 1), s)
	<-run.over
	for i := 2; i < len(began); i++ {
		if before, now := began[i-1]-began[i-2], began[i]-began[i-1]; now <= before {
			t.Errorf("attempt %d came %v after the one before, which had come %v after another", i+1, now, before)
		}
	}
	if run.err == nil || !strings.Contains(run.err.Error(), `4 attempts in a row have: it took too long: more than 2s`) || !strings.Contains(run.err.Error(), `still waited for: sink "out"`) {
		t.Errorf("%v", run.err)
	}
	if r := run.p.Report().Checkpoints; r.Failed != 4 || r.GivenUp != 3 || r.Published != 0 {
		t.Errorf("%+v", r)
	}
}

// TestASourceThatHangsHoldsNobodyUp: while it passes no barrier the rows of others go on between attempts, and once it does, it goes on itself.
func TestASourceThatHangsHoldsNobodyUp(t *testing.T) {
	for _, lanes := range []int{1, 2} {
		quick := &counter{limit: 1 << 40, block: 10, unbounded: true}
		hung := &counter{limit: 300, block: 10, gate: 100, deaf: true, opened: make(chan struct{})}
		sink := &collector{forget: true}
		plan := pipe(quick, sink, lanes)
		stage := &physical.Stage{Name: "pass", Tasks: 2, Inputs: 1, Head: &physical.Step{Name: "pass", New: newPass, Ports: one(plan.Sources[0].Next...)}}
		plan.Stages = []*physical.Stage{stage}
		plan.Sources = append(plan.Sources, &physical.Source{Name: "hung", Type: hung.sourceType(), Config: hung})
		for _, source := range plan.Sources {
			source.Next = []physical.Edge{edge(physical.Hash, stage, 0)}
		}
		s := hurried(t)
		s.QueueDepth, s.CheckpointFailures = 1, 1000
		s.Keeper = &memoryKeeper{store: store.NewMemory()}
		run := begin(t, plan, s)
		rows := func() int64 { return run.p.Report().Sources[0].Rows }
		within(t, "several are given up", func() bool { return run.p.Report().Checkpoints.GivenUp >= 2 })
		before, published := rows(), run.p.Report().Checkpoints.Published // one may have been before it hung
		within(t, "many more rows of the other source", func() bool { return rows() > before+10_000 })
		if r := run.p.Report().Checkpoints; r.Published != published {
			t.Errorf("%+v, and %d were published before", r, published)
		}
		close(hung.opened)
		within(t, "checkpoints", func() bool { return run.p.Report().Checkpoints.Published > published })
		close(run.stop)
		m := run.wait(t).Manifest
		want := 0
		for _, name := range []string{"numbers", "hung"} {
			var at counterPosition
			if err := json.Unmarshal(m.Sources[name][0].Position, &at); err != nil {
				t.Fatal(err)
			}
			want += int(at.Next)
		}
		if sink.forgotten != want {
			t.Errorf("%d rows, the positions say %d", sink.forgotten, want)
		}
	}
}

// TestBackPressureIsNoFailure: time in which a sink takes no rows does not count, whatever waits for it.
func TestBackPressureIsNoFailure(t *testing.T) {
	for _, remote := range []bool{false, true} {
		for _, tasks := range []int{0, 2} {
			sink := &collector{hold: make(chan struct{}), remote: remote}
			c := &counter{limit: 5000, block: 10}
			plan := pipe(c, sink, 2)
			if tasks > 0 {
				stage := &physical.Stage{Name: "pass", Tasks: tasks, Inputs: 1, Head: &physical.Step{Name: "pass", New: newPass, Ports: one(plan.Sources[0].Next...)}}
				plan.Stages = []*physical.Stage{stage}
				plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, stage, 0)}
			}
			s := hurried(t)
			s.QueueDepth, s.CheckpointFailures = 1, 1
			s.CheckpointTimeout = 30 * time.Second // several hundred ticks of the clock, which does not wait for a machine that is slow
			run := begin(t, plan, s)
			fast := s.Clock
			from := fast.Monotonic()
			within(t, "a time in which one would have failed", func() bool { return fast.Monotonic()-from > 2*s.CheckpointTimeout })
			close(sink.hold)
			run.wait(t)
			if r := run.p.Report().Checkpoints; r.Failed != 0 || len(sink.published) != 5000 {
				t.Errorf("remote %v, %d tasks: %+v, %d rows", remote, tasks, r, len(sink.published))
			}
		}
	}
}

// noting notes what was unconfirmed when each epoch was published.
type noting struct {
	memoryKeeper
	unconfirmed atomic.Pointer[[][]int64]
}

func (k *noting) Publish(ctx context.Context, m *flow.Manifest) error {
	all := [][]int64{}
	if before := k.unconfirmed.Load(); before != nil {
		all = slices.Clone(*before)
	}
	all = append(all, slices.Clone(m.Unconfirmed))
	k.unconfirmed.Store(&all)
	return k.memoryKeeper.Publish(ctx, m)
}

// TestASlowCommitDoesNotStopTheNextBarrier: three epochs are published and unconfirmed, and no more; they are committed in their order.
func TestASlowCommitDoesNotStopTheNextBarrier(t *testing.T) {
	synctest.Test(t, aSlowCommitDoesNotStopTheNextBarrier)
}

func aSlowCommitDoesNotStopTheNextBarrier(t *testing.T) {
	t.Helper()
	hold := make(chan struct{})
	var commits []int64
	sink := &collector{onCommit: func(ctx context.Context, epoch int64) error {
		select {
		case <-hold:
		case <-ctx.Done():
		}
		commits = append(commits, epoch)
		return ctx.Err()
	}}
	c := &counter{limit: 1000, block: 10, gate: 500, opened: make(chan struct{})}
	s := calm()
	keeper := &noting{memoryKeeper: memoryKeeper{store: store.NewMemory()}}
	s.Keeper = keeper
	run := begin(t, pipe(c, sink, 1), s)
	within(t, "three are published", func() bool { return run.p.Report().Checkpoints.Published == 3 })
	from := s.Clock.Monotonic()
	within(t, "the time of ten more", func() bool { return s.Clock.Monotonic()-from > 10*time.Second })
	if r := run.p.Report().Checkpoints; r.Published != 3 || r.Unconfirmed != 3 || r.Failed != 0 {
		t.Errorf("%+v", r)
	}
	if got := *keeper.unconfirmed.Load(); !slices.EqualFunc(got, [][]int64{{1}, {1, 2}, {1, 2, 3}}, slices.Equal) {
		t.Errorf("%v", got)
	}
	close(hold)
	within(t, "more of them", func() bool { return run.p.Report().Checkpoints.Published > 5 })
	close(c.opened)
	if !run.wait(t).Finished || len(sink.published) != 1000 {
		t.Errorf("%d rows", len(sink.published))
	}
	for i, epoch := range commits {
		if epoch != int64(i+1) {
			t.Errorf("committed in the order %v", commits)
		}
	}
}

// TestAStopWaitsForUnconfirmedEpochs: the last checkpoint comes when those before are committed.
func TestAStopWaitsForUnconfirmedEpochs(t *testing.T) {
	synctest.Test(t, aStopWaitsForUnconfirmedEpochs)
}

func aStopWaitsForUnconfirmedEpochs(t *testing.T) {
	t.Helper()
	hold := make(chan struct{})
	sink := &collector{onCommit: func(ctx context.Context, _ int64) error {
		select {
		case <-hold:
		case <-ctx.Done():
		}
		return ctx.Err()
	}}
	c := &counter{limit: 1000, block: 10, gate: 500, opened: make(chan struct{})}
	s := calm()
	run := begin(t, pipe(c, sink, 1), s)
	within(t, "three are published", func() bool { return run.p.Report().Checkpoints.Published == 3 })
	close(run.stop)
	close(hold)
	if outcome := run.wait(t); outcome.Finished || outcome.Manifest.Epoch < 4 || len(sink.published) != 500 {
		t.Errorf("%+v, %d rows", outcome, len(sink.published))
	}
}
