package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

func TestAKeyedCountIsTheSameAtAnyParallelism(t *testing.T) {
	const limit, k = 20_000, 301
	want := expected(limit, k)
	for _, tasks := range []int{1, 2, 4, 256} {
		for _, lanes := range []int{1, 2, 4} {
			for _, depth := range []int{1, 0} {
				for _, remote := range []bool{false, true} {
					sink := &collector{remote: remote}
					s := settings()
					s.QueueDepth = depth
					r := account(t, tallied(&counter{limit: limit, block: 137}, sink, k, lanes, tasks), s)
					if !slices.Equal(sorted(sink.published), want) {
						t.Errorf("%d tasks, %d lanes, depth %d, remote %v: another answer of %d rows", tasks, lanes, depth, remote, len(sink.published))
					}
					key, count := r.Steps[0], r.Steps[1]
					if key.Emitted != limit || count.In != limit || count.Emitted != k || r.Sinks[0].In != k {
						t.Errorf("what leaves one must enter the next: %+v", r)
					}
					if r.Stages[0].Tasks != tasks || r.Stages[0].Queued != 0 {
						t.Errorf("%+v", r.Stages)
					}
				}
			}
		}
	}
}

// TestAnswersDependOnNoCuts draws blocks, tasks, lanes and queues.
func TestAnswersDependOnNoCuts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.Int64Range(0, 3000).Draw(rt, "limit")
		k := rapid.Int64Range(1, 100).Draw(rt, "k")
		c := &counter{limit: limit, block: rapid.Int64Range(1, 500).Draw(rt, "block")}
		sink := &collector{}
		s := settings()
		s.QueueDepth = rapid.IntRange(1, 4).Draw(rt, "depth")
		account(t, tallied(c, sink, k, rapid.IntRange(1, 3).Draw(rt, "lanes"), rapid.IntRange(1, 5).Draw(rt, "tasks")), s)
		if !slices.Equal(sorted(sink.published), expected(limit, k)) {
			rt.Errorf("another answer: %d rows", len(sink.published))
		}
	})
}

// TestStateGoesToOtherTasks stops a count in the middle and resumes it at another parallelism: the answer is that of a straight run.
func TestStateGoesToOtherTasks(t *testing.T) {
	const limit, k = 3000, 301
	for _, tasks := range [][3]int{{1, 1, 1}, {1, 4, 2}, {4, 1, 3}, {2, 3, 256}} {
		s := settings()
		s.StopAfter, s.QueueDepth = 9, 2
		for leg := range 2 {
			outcome, err := run(t, tallied(&counter{limit: limit, block: 100}, &collector{}, k, 1+leg, tasks[leg]), s, nil)
			if err != nil || outcome.Finished {
				t.Fatal(outcome, err)
			}
			s.Resume = outcome.Manifest
		}
		if n := len(s.Resume.Operators["count"]); n < 100 {
			t.Errorf("%d key groups are stored", n)
		}
		s.StopAfter = 0
		sink := &collector{}
		if outcome, err := run(t, tallied(&counter{limit: limit, block: 70}, sink, k, 2, tasks[2]), s, nil); err != nil || !outcome.Finished {
			t.Fatal(outcome, err)
		}
		if !slices.Equal(sorted(sink.published), expected(limit, k)) {
			t.Errorf("%v tasks: another answer", tasks)
		}
	}
}

// TestARunThatWasKilledGoesOnFromItsLastEpoch: whatever happened after that epoch is forgotten, in the state as in the position.
func TestARunThatWasKilledGoesOnFromItsLastEpoch(t *testing.T) {
	const limit, k = 200_000, 301
	for _, tasks := range []int{1, 3} {
		seen := &manifests{first: make(chan struct{})}
		s := settings()
		manual := clock.NewManual(clock.System().Now())
		s.Clock, s.EpochEvery, s.EpochBounded, s.ManifestPath = manual, 1, true, "/m"
		s.FS = seen.watch(t, s.FS, "/m")
		ctx, kill := context.WithCancel(t.Context())
		c := &counter{limit: limit, block: 50, gate: 100_000, opened: make(chan struct{})} // never opened
		p, err := flow.Build(t.Context(), tallied(c, &collector{}, k, 2, tasks), s)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				select {
				case <-seen.first:
					kill()
					return
				default:
					manual.Advance(1)
					runtime.Gosched()
				}
			}
		}()
		if _, err := p.Run(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		resume := settings()
		resume.Resume = seen.all[len(seen.all)-1]
		sink := &collector{}
		if _, err := run(t, tallied(&counter{limit: limit, block: 500}, sink, k, 2, 4-tasks), resume, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sorted(sink.published), expected(limit, k)) {
			t.Errorf("%d tasks: another answer after the kill", tasks)
		}
	}
}

// diamond is a plan in which the numbers of c reach a tally of two inputs by two ways, one of them through a stage of its own, and a sink
// besides.
func diamond(c *counter, s, direct *collector, k int64, lanes, tasks int) *physical.Plan {
	plan := pipe(c, s, lanes)
	count := &physical.Step{Name: "count", New: newTally(5, nil), Ports: one(plan.Sources[0].Next...)}
	join := &physical.Stage{Name: "join", Tasks: tasks, Inputs: 2, Head: count}
	pass := &physical.Step{Name: "pass", New: newModulo(k), Ports: one(edge(physical.Hash, join, 1))}
	way := &physical.Stage{Name: "way", Tasks: tasks, Inputs: 1, Head: pass}
	key := &physical.Step{Name: "key", New: newModulo(k), Ports: one(edge(physical.Hash, join, 0))}
	out := &physical.Sink{Name: "direct", Type: direct.sinkType("collector")}
	plan.Sources[0].Next = []physical.Edge{{Step: key}, edge(physical.Hash, way, 0), {Sink: out}}
	plan.Stages = []*physical.Stage{way, join}
	plan.Sinks = append(plan.Sinks, out)
	return plan
}

// TestADiamondDoesNotLockUp: both sides of a self-join, through queues of one entry, with barriers at any time.
func TestADiamondDoesNotLockUp(t *testing.T) {
	const limit, k = 30_000, 97
	var want []string
	for _, row := range expected(limit, k) {
		parts := strings.Split(row, ",")
		want = append(want, strings.Join(append(parts[:3], parts[1:3]...), ","))
	}
	for _, tasks := range []int{1, 2, 3} {
		for _, lanes := range []int{1, 3} {
			sink, direct := &collector{}, &collector{}
			s := settings()
			manual := clock.NewManual(clock.System().Now())
			s.QueueDepth, s.Clock, s.EpochEvery, s.EpochBounded, s.ManifestPath, s.EpochBlocks = 1, manual, 1, true, "/m", 200 // however slow the machine, there are epochs
			ended := make(chan struct{})
			go func() {
				for {
					select {
					case <-ended:
						return
					default:
						manual.Advance(1)
						spin(100)
						runtime.Gosched()
					}
				}
			}()
			r := account(t, diamond(&counter{limit: limit, block: 63}, sink, direct, k, lanes, tasks), s)
			close(ended)
			if !slices.Equal(sorted(sink.published), want) {
				t.Errorf("%d tasks, %d lanes: another answer: %v", tasks, lanes, sink.published[:3])
			}
			if !slices.Equal(direct.published, numbers(0, limit)) {
				t.Errorf("%d tasks, %d lanes: the direct way has %d rows, or another order", tasks, lanes, len(direct.published))
			}
			if r.Sinks[0].Epochs < 2 {
				t.Errorf("%d epochs", r.Sinks[0].Epochs)
			}
		}
	}
}

// TestTheStateOfADiamondIsOneMoment resumes the self-join from every epoch that was stored.
func TestTheStateOfADiamondIsOneMoment(t *testing.T) {
	const limit, k = 5000, 31
	straight := &collector{}
	account(t, diamond(&counter{limit: limit, block: 50}, straight, &collector{}, k, 1, 1), settings())
	for stop := int64(1); stop < 100; stop += 13 {
		s := settings()
		s.StopAfter, s.QueueDepth = stop, 1
		outcome, err := run(t, diamond(&counter{limit: limit, block: 50}, &collector{}, &collector{}, k, 2, 3), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		resume := settings()
		resume.Resume = outcome.Manifest
		sink := &collector{}
		if _, err := run(t, diamond(&counter{limit: limit, block: 40}, sink, &collector{}, k, 2, 2), resume, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sorted(sink.published), sorted(straight.published)) {
			t.Errorf("stopped after %d blocks: another answer", stop)
		}
	}
}

func TestOneTaskKeepsTheOrder(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		sink := &collector{}
		plan := staged(&counter{limit: 10_000, block: 137}, sink, lanes, &physical.Step{Name: "sums", New: newRunning})
		if _, err := run(t, plan, settings(), nil); err != nil {
			t.Fatal(err)
		}
		straight := &collector{}
		if _, err := run(t, staged(&counter{limit: 10_000, block: 10_000}, straight, 1, &physical.Step{Name: "sums", New: newRunning}), settings(), nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sink.published, straight.published) {
			t.Errorf("%d lanes: another order", lanes)
		}
	}
}

// broken fails at a row.
type broken struct{ running }

var errBroken = errors.New("the operator is broken")

func (b *broken) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	if in.Cols[0].Int64s()[0] > 500 {
		return false, errBroken
	}
	return b.running.Apply(in, out)
}

func TestAFailingTaskEndsTheRun(t *testing.T) {
	newBroken := func(b physical.Build) (op.Operator, error) {
		inner, err := newRunning(b)
		return &broken{running: *inner.(*running)}, err
	}
	for _, depth := range []int{1, 8} {
		s := settings()
		s.QueueDepth = depth
		_, err := run(t, staged(&counter{limit: 1 << 40, block: 50}, &collector{}, 2, &physical.Step{Name: "sums", New: newBroken}), s, nil)
		if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), `step "sums"`) {
			t.Error(err)
		}
	}
	full := errors.New("the disk is full")
	if _, err := run(t, tallied(&counter{limit: 1000, block: 50}, &collector{failWrite: full}, 10, 2, 3), settings(), nil); !errors.Is(err, full) {
		t.Error(err)
	}
	_, err := run(t, tallied(&counter{limit: 1000, block: 100, failAt: 300}, &collector{}, 10, 2, 3), settings(), nil)
	if err == nil || !strings.Contains(err.Error(), "the cable is out") {
		t.Error(err)
	}
}

func TestStagesThatAreToldToStop(t *testing.T) {
	c := &counter{limit: 1 << 40, block: 100}
	s := settings()
	s.QueueDepth = 1
	p, err := flow.Build(t.Context(), tallied(c, &collector{}, 10, 2, 3), s)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() {
		for p.Report().Steps[1].In < 10_000 {
			runtime.Gosched()
		}
		close(stop)
	}()
	outcome, err := p.Run(t.Context(), stop)
	if err := errors.Join(err, p.Close()); err != nil || outcome.Finished || len(outcome.Manifest.Operators["count"]) == 0 {
		t.Errorf("%+v, %v", outcome, err)
	}
	if r := p.Report(); r.Steps[1].In != r.Sources[0].Rows {
		t.Errorf("%d of %d rows are in the state", r.Steps[1].In, r.Sources[0].Rows)
	}
}

// TestAnAnswerThatHasBegunIsFinished: a stop that comes while a stage gives its answer waits for it, since its state is half gone.
func TestAnAnswerThatHasBegunIsFinished(t *testing.T) {
	sink := &collector{hold: make(chan struct{})}
	s := settings()
	s.QueueDepth = 1
	p, err := flow.Build(t.Context(), tallied(&counter{limit: 50_000, block: 1000}, sink, 40_000, 2, 2), s)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() {
		for p.Report().Steps[1].Emitted == 0 {
			runtime.Gosched()
		}
		close(stop)
		spin(100_000)
		close(sink.hold)
	}()
	outcome, err := p.Run(t.Context(), stop)
	if err := errors.Join(err, p.Close()); err != nil || !outcome.Finished || !slices.Equal(sorted(sink.published), expected(50_000, 40_000)) {
		t.Errorf("%v, %v, %d rows", outcome.Finished, err, len(sink.published))
	}
}

// TestASlowSinkHoldsStagesBack: while it writes nothing, only what the queues hold is read; and a cancelled run ends all the same.
func TestASlowSinkHoldsStagesBack(t *testing.T) {
	for _, remote := range []bool{false, true} {
		sink := &collector{hold: make(chan struct{}), remote: remote}
		s := settings()
		s.QueueDepth = 2
		plan := staged(&counter{limit: 1 << 40, block: 5000}, sink, 2, &physical.Step{Name: "sums", New: newRunning})
		p, err := flow.Build(t.Context(), plan, s)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := p.Run(ctx, nil)
			ended <- err
		}()
		still, blocks := 0, int64(0)
		for still < 3000 {
			if now := p.Report().Sources[0].Blocks; now != blocks || now == 0 {
				still, blocks = 0, now
			}
			still++
			runtime.Gosched()
		}
		if blocks > 100 {
			t.Errorf("remote %v: %d blocks were read while nothing was written", remote, blocks)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBadRowsInTasksObeyThePolicy(t *testing.T) {
	build := func(policy physical.OnError, dead *collector) (*physical.Plan, *collector) {
		sink := &collector{refuse: "666"}
		plan := staged(&counter{limit: 700, block: 64}, sink, 2, &physical.Step{Name: "picky", New: newPicky, OnError: policy})
		plan.Sinks[0].OnError = policy
		if dead != nil {
			plan.DeadLetters = deadSink(dead)
		}
		return plan, sink
	}
	plan, sink := build(physical.Fail, nil)
	_, err := run(t, plan, settings(), nil)
	var row *flow.RowError
	if !errors.As(err, &row) || row.Step != "picky" || len(sink.published) != 0 {
		t.Errorf("fail: %v, %d rows", err, len(sink.published))
	}
	plan, sink = build(physical.Drop, nil)
	if r := account(t, plan, settings()); len(sink.published) != 599 || r.Steps[0].Rejected != 100 || r.Sinks[0].Rejected != 1 {
		t.Errorf("drop: %d rows, %+v", len(sink.published), r)
	}
	dead := &collector{}
	plan, sink = build(physical.DeadLetter, dead)
	account(t, plan, settings())
	if len(sink.published) != 599 || len(dead.published) != 101 {
		t.Fatalf("dead letters: %d rows and %d letters", len(sink.published), len(dead.published))
	}
	if !strings.HasSuffix(dead.published[1], ",picky,22012,a multiple of seven,null,null,null,null,,null") {
		t.Errorf("dead letter %q", dead.published[1])
	}
}

// TestBlocksAreAnsweredWhenTheirEpochIsCommitted: rows that are in state alone would be lost to a restart before.
func TestBlocksAreAnsweredWhenTheirEpochIsCommitted(t *testing.T) {
	heard, sink := &answers{}, &collector{}
	early := 0
	c := &counter{limit: 1000, block: 100, acks: func(err error) {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		if sink.finals == 0 && len(sink.prepared) == 0 {
			early++
		}
		heard.ack(err)
	}}
	if _, err := report(t, tallied(c, sink, 10, 2, 2)); err != nil || heard.good != 10 || early > 0 {
		t.Errorf("%v; %d of 10 blocks were answered well, %d before an epoch", err, heard.good, early)
	}
	heard = &answers{}
	failing := &collector{failWrite: errors.New("refused")}
	c = &counter{limit: 1000, block: 100, acks: heard.ack, unbounded: true}
	s := settings()
	s.EpochEvery = 1 << 40 // none comes
	if _, err := run(t, tallied(c, failing, 10, 2, 2), s, nil); err == nil || heard.good != 0 || len(heard.all) != 10 {
		t.Errorf("%v; %d answers, %d good, of a run that failed", err, len(heard.all), heard.good)
	}
}

// TestExchangesObeyTheBudget: rows wait where there is no room for them, and all come through, whatever the number of producers and tasks.
func TestExchangesObeyTheBudget(t *testing.T) {
	s := settings()
	for _, memory := range []int64{1, 64 << 10, 256 << 10} {
		for lanes := 1; lanes < 4; lanes++ {
			s.Budget = limit.New("process", memory)
			if _, err := run(t, tallied(&counter{limit: 100_000, block: 50_000}, &collector{}, 10, lanes, 2), s, nil); err != nil {
				t.Error(err)
			}
			if s.Budget.Used() != 0 {
				t.Errorf("%d bytes are still reserved", s.Budget.Used())
			}
		}
	}
	s.Budget = limit.New("process", 64<<20)
	if _, err := run(t, tallied(&counter{limit: 100_000, block: 50_000}, &collector{}, 10, 2, 2), s, nil); err != nil {
		t.Error(err)
	}
	if s.Budget.Used() != 0 || s.Budget.Peak() < 64<<10 {
		t.Errorf("%d bytes are still reserved, %d were", s.Budget.Used(), s.Budget.Peak())
	}
}

func TestWrongPlansAreRefused(t *testing.T) {
	plan := tallied(&counter{limit: 10, block: 5}, &collector{}, 10, 1, 2)
	plan.Stages[0].Inputs = 2
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), "internal error: plan: nothing leads to input 1") {
		t.Error(err)
	}
	plan = tallied(&counter{limit: 10, block: 5}, &collector{}, 10, 1, 2)
	plan.Stages[0].Inputs = 2
	plan.Stages[0].Head.New = newRunning
	plan.Sources[0].Next = append(plan.Sources[0].Next, edge(physical.Single, plan.Stages[0], 1))
	plan.Stages[0].Tasks = 1
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), `internal error: step "count" has 2 inputs and does not tell them apart`) {
		t.Error(err)
	}
	plan = tallied(&counter{limit: 10, block: 5}, &collector{}, 10, 1, 2)
	plan.Sources[0].Next = []physical.Edge{edge(physical.Broadcast, plan.Stages[0], 0)}
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), `internal error: step "count" gets rows by broadcast`) {
		t.Error(err)
	}
	failing := func(physical.Build) (op.Operator, error) { return nil, fmt.Errorf("no such function") }
	plan = tallied(&counter{limit: 10, block: 5}, &collector{}, 10, 1, 2)
	plan.Stages[0].Head.New = failing
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), `step "count": no such function`) {
		t.Error(err)
	}
}
