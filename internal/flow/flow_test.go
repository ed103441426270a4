package flow_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

func TestOrderIsKeptAtAnyNumberOfLanes(t *testing.T) {
	for _, lanes := range []int{1, 2, 4} {
		for _, remote := range []bool{false, true} {
			sink := &collector{remote: remote}
			outcome, err := run(t, pipe(&counter{limit: 10_000, block: 137}, sink, lanes), settings(), nil)
			if err != nil || !outcome.Finished {
				t.Fatal(outcome, err)
			}
			if !slices.Equal(sink.published, numbers(0, 10_000)) || sink.finals != 1 {
				t.Errorf("%d lanes, remote %v: %d rows published, in another order or number; %d final commits",
					lanes, remote, len(sink.published), sink.finals)
			}
		}
	}
}

// stopInTheMiddle runs plan until the counter's gate, stops it, and returns the manifest as it was stored.
func stopInTheMiddle(t *testing.T, c *counter, plan *physical.Plan) *flow.Manifest {
	t.Helper()
	s := settings()
	s.ManifestPath = "/manifest.json"
	c.reached, c.opened = make(chan struct{}), make(chan struct{})
	reached, stop := c.reached, make(chan struct{})
	go func() {
		<-reached
		close(stop)
	}()
	outcome, err := run(t, plan, s, stop)
	if err != nil || outcome.Finished {
		t.Fatal(outcome, err)
	}
	m, err := flow.ReadManifest(s.FS, s.ManifestPath)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAChainGoesOnFromItsSnapshot(t *testing.T) {
	straight := &collector{}
	plan := func(c *counter, sink *collector) *physical.Plan {
		return staged(c, sink, 1, &physical.Step{Name: "sums", New: newRunning})
	}
	if _, err := run(t, plan(&counter{limit: 1000, block: 50}, straight), settings(), nil); err != nil {
		t.Fatal(err)
	}
	first := &counter{limit: 1000, block: 50, gate: 500}
	m := stopInTheMiddle(t, first, plan(first, &collector{}))

	resumed := &collector{}
	s := settings()
	s.Resume = m
	outcome, err := run(t, plan(&counter{limit: 1000, block: 70}, resumed), s, nil)
	if err != nil || outcome.Manifest.Epoch != m.Epoch+1 {
		t.Fatal(outcome, err)
	}
	if !slices.Equal(resumed.published, straight.published) {
		t.Errorf("the resumed run published %d rows, other than the straight run's %d", len(resumed.published), len(straight.published))
	}

	// The control: without the operator's state the answer is another.
	forgetful := &collector{}
	without := *m
	without.Operators = nil
	s.Resume = &without
	if _, err := run(t, plan(&counter{limit: 1000, block: 70}, forgetful), s, nil); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(forgetful.published, straight.published) {
		t.Error("the answer does not depend on the restored state, so this test proves nothing")
	}
}

func TestARunStopsAfterTheBlocksItWasGranted(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		s := settings()
		s.StopAfter = 4
		outcome, err := run(t, pipe(&counter{limit: 1000, block: 50}, &collector{}, lanes), s, nil)
		if err != nil || outcome.Finished {
			t.Fatal(outcome, err)
		}
		if got := string(outcome.Manifest.Sources["numbers"][0].Position); got != `{"next":200}` {
			t.Errorf("%d lanes stopped at %s", lanes, got)
		}
		s.Resume, s.StopAfter = outcome.Manifest, 1000
		if outcome, err = run(t, pipe(&counter{limit: 1000, block: 50}, &collector{}, lanes), s, nil); err != nil || !outcome.Finished {
			t.Errorf("the input ends before the grant does: %v, %v", outcome, err)
		}
	}
}

func TestStateForAStatelessStepIsRefused(t *testing.T) {
	c := &counter{limit: 10, block: 5, gate: 5}
	m := stopInTheMiddle(t, c, staged(c, &collector{}, 1, &physical.Step{Name: "a", New: newRunning}))
	s := settings()
	s.Resume = m
	build := func(plan *physical.Plan) error {
		_, err := flow.Build(t.Context(), plan, s)
		return err
	}
	again := &counter{limit: 10, block: 5}
	err := build(staged(again, &collector{}, 1, &physical.Step{Name: "a", New: newPicky}))
	if err == nil || !strings.Contains(err.Error(), "keeps no state") {
		t.Error(err)
	}
	for _, plan := range []*physical.Plan{
		pipe(again, &collector{}, 1, &physical.Step{Name: "a", New: newPicky}),
		staged(again, &collector{}, 1, &physical.Step{Name: "b", New: newRunning}),
	} {
		if err := build(plan); err == nil || !strings.Contains(err.Error(), `the checkpoint has state of step "a", which keeps none in the pipeline`) {
			t.Error(err)
		}
	}
}

func TestStateStandsOnlyInStages(t *testing.T) {
	for _, step := range []func(physical.Build) (op.Operator, error){newRunning, newHolding(false)} {
		_, err := flow.Build(t.Context(), pipe(&counter{limit: 10, block: 5}, &collector{}, 1, &physical.Step{Name: "a", New: step}), settings())
		if err == nil || !strings.Contains(err.Error(), `internal error: step "a" keeps state, or waits for marks, and does not stand in a stage`) {
			t.Error(err)
		}
	}
}

func TestTwoSourcesMeetAtOneSinkAndStayAligned(t *testing.T) {
	for _, remote := range []bool{false, true} {
		sink := &collector{remote: remote}
		a := &counter{limit: 3000, block: 10, gate: 1000, opened: make(chan struct{}), reached: make(chan struct{}), unbounded: true}
		b := &counter{limit: 2000, block: 30}
		plan := pipe(a, sink, 2)
		plan.Sources = append(plan.Sources, &physical.Source{Name: "more", Type: b.sourceType(), Config: b, Next: plan.Sources[0].Next})
		s := settings()
		manual := clock.NewManual(clock.System().Now())
		s.Clock, s.EpochEvery, s.ManifestPath = manual, 1, "/m"
		reached := a.reached
		opened := a.opened
		go func() {
			<-reached
			for range 5 {
				manual.Advance(1)
			}
			close(opened)
		}()
		outcome, err := run(t, plan, s, nil)
		if err != nil || !outcome.Finished {
			t.Fatal(outcome, err)
		}
		want := append(numbers(0, 3000), numbers(0, 2000)...)
		slices.Sort(want)
		got := slices.Sorted(slices.Values(sink.published))
		if !slices.Equal(got, want) {
			t.Errorf("remote %v: %d rows, want %d", remote, len(got), len(want))
		}
	}
}

func TestPoliciesForBadRows(t *testing.T) {
	build := func(policy physical.OnError, dead *collector) (*physical.Plan, *collector) {
		sink := &collector{refuse: "666"}
		plan := pipe(&counter{limit: 700, block: 64}, sink, 2, &physical.Step{Name: "picky", New: newPicky, OnError: policy})
		plan.Sinks[0].OnError = policy
		if dead != nil {
			plan.DeadLetters = &physical.Sink{
				Name: "dead", Type: dead.sinkType("dead"), Encode: codec.EncodeSpec{Schema: logical.DeadLetterSchema()},
			}
		}
		return plan, sink
	}
	t.Run("fail", func(t *testing.T) {
		plan, sink := build(physical.Fail, nil)
		_, err := run(t, plan, settings(), nil)
		var row *flow.RowError
		if !errors.As(err, &row) || row.Line != 1 || row.Step != "picky" {
			t.Fatalf("%v", err)
		}
		for _, part := range []string{"numbers:1", `step "picky"`, "a multiple of seven", "22012", "on_error"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q lacks %q", err, part)
			}
		}
		if len(sink.published) != 0 {
			t.Error("a failed run published rows")
		}
	})
	t.Run("drop", func(t *testing.T) {
		plan, sink := build(physical.Drop, nil)
		if _, err := run(t, plan, settings(), nil); err != nil {
			t.Fatal(err)
		}
		if len(sink.published) != 600-1 { // 666 is not a multiple of seven, but the sink refuses it
			t.Errorf("%d rows", len(sink.published))
		}
	})
	t.Run("dead letters", func(t *testing.T) {
		dead := &collector{}
		plan, sink := build(physical.DeadLetter, dead)
		if _, err := run(t, plan, settings(), nil); err != nil {
			t.Fatal(err)
		}
		if len(sink.published)+len(dead.published) != 700 || len(dead.published) != 101 {
			t.Fatalf("%d rows and %d dead letters", len(sink.published), len(dead.published))
		}
		if !strings.HasSuffix(dead.published[1], ",picky,22012,a multiple of seven,null,numbers,8,7,7,null") &&
			!strings.Contains(dead.published[1], ",picky,22012,a multiple of seven,null,numbers,8,") {
			t.Errorf("dead letter %q", dead.published[1])
		}
	})
}

func TestAFailingSinkOrSourceEndsTheRun(t *testing.T) {
	full := errors.New("the disk is full")
	for _, remote := range []bool{false, true} {
		sink := &collector{failWrite: full, remote: remote}
		if _, err := run(t, pipe(&counter{limit: 1 << 30, block: 100}, sink, 2), settings(), nil); !errors.Is(err, full) {
			t.Errorf("remote %v: %v", remote, err)
		}
	}
	_, err := run(t, pipe(&counter{limit: 1000, block: 100, failAt: 300}, &collector{}, 2), settings(), nil)
	if err == nil || !strings.Contains(err.Error(), `source "numbers": the cable is out`) {
		t.Error(err)
	}
}

func TestCancelStopsAtOnce(t *testing.T) {
	for _, remote := range []bool{false, true} {
		c := &counter{limit: 1 << 40, block: 100}
		sink := &collector{hold: make(chan struct{}), remote: remote}
		p, err := flow.Build(t.Context(), pipe(c, sink, 2), settings())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Run(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAcknowledgementsFollowDelivery(t *testing.T) {
	for _, remote := range []bool{false, true} {
		var good, bad atomic.Int64
		acks := func(err error) {
			if err != nil {
				bad.Add(1)
			} else {
				good.Add(1)
			}
		}
		sink := &collector{remote: remote}
		if _, err := run(t, pipe(&counter{limit: 1000, block: 100, acks: acks}, sink, 2), settings(), nil); err != nil {
			t.Fatal(err)
		}
		if good.Load() != 10 || bad.Load() != 0 || sink.flushes == 0 {
			t.Errorf("remote %v: %d good, %d bad, %d flushes", remote, good.Load(), bad.Load(), sink.flushes)
		}
		good.Store(0)
		failing := &collector{remote: remote, failWrite: errors.New("refused")}
		if _, err := run(t, pipe(&counter{limit: 1000, block: 100, acks: acks}, failing, 2), settings(), nil); err == nil {
			t.Error("no error")
		}
		if good.Load() != 0 || bad.Load() == 0 {
			t.Errorf("remote %v, failing: %d good, %d bad", remote, good.Load(), bad.Load())
		}
	}
}

// TestBlocksThatGoNowhereAreAnswered: a source may have no reader but branches that nothing reads.
func TestBlocksThatGoNowhereAreAnswered(t *testing.T) {
	heard := &answers{}
	plan := pipe(&counter{limit: 100, block: 10}, &collector{}, 2)
	mute := &counter{limit: 100, block: 10, acks: heard.ack}
	plan.Sources = append(plan.Sources, &physical.Source{Name: "mute", Type: mute.sourceType(), Config: mute})
	if _, err := run(t, plan, settings(), nil); err != nil || heard.good != 10 {
		t.Errorf("%v, %d of 10 blocks were answered", err, heard.good)
	}
}

func TestManifestsThatCannotBeTrusted(t *testing.T) {
	fsys := vfs.NewMem()
	m := &flow.Manifest{Pipeline: "p", Epoch: 3}
	if err := m.Write(fsys, "/m"); err != nil {
		t.Fatal(err)
	}
	text, err := vfs.ReadFile(fsys, "/m")
	if err != nil {
		t.Fatal(err)
	}
	for i := range text[:len(text)-1] {
		flipped := slices.Clone(text)
		flipped[i] ^= 1
		if err := vfs.WriteFile(fsys, "/bad", flipped); err != nil {
			t.Fatal(err)
		}
		got, err := flow.ReadManifest(fsys, "/bad")
		if err == nil && (got.Epoch != 3 || got.Pipeline != "p") {
			t.Fatalf("byte %d: %+v was believed", i, got)
		}
	}
	later := &flow.Manifest{Version: 99}
	if err := later.Write(fsys, "/later"); err != nil {
		t.Fatal(err)
	}
	if _, err := flow.ReadManifest(fsys, "/later"); err == nil || !strings.Contains(err.Error(), "later release") {
		t.Error(err)
	}
	if _, err := flow.ReadManifest(fsys, "/absent"); err == nil {
		t.Error("an absent manifest was read")
	}
}

func TestAManifestThatCannotBeStoredEndsTheRun(t *testing.T) {
	for _, call := range []vfs.Call{vfs.CallSync, vfs.CallRename, vfs.CallSyncDir} {
		s := settings()
		full := errors.New("no space")
		s.FS = vfs.Fail(vfs.NewMem(), vfs.Rule{Call: call, Err: full})
		s.ManifestPath = "/m"
		sink := &collector{}
		if _, err := run(t, pipe(&counter{limit: 10, block: 5}, sink, 1), s, nil); !errors.Is(err, full) {
			t.Errorf("%v: %v", call, err)
		}
		if len(sink.published) != 0 {
			t.Errorf("%v: rows were committed without a manifest", call)
		}
	}
}

func TestPlansPrintThemselves(t *testing.T) {
	plan := pipe(&counter{}, &collector{}, 2, &physical.Step{Name: "picky", Detail: "no sevens", Schema: schema.New(), New: newPicky})
	want := "source numbers (counter), 2 lanes\n  picky: no sevens\n    sink out: collector\n"
	if got := plan.String(); got != want {
		t.Errorf("%s", got)
	}
	if physical.DeadLetter.String() != "dead_letter" {
		t.Error(physical.DeadLetter)
	}
}

func TestTheAccountAddsUp(t *testing.T) {
	sink := &collector{refuse: "666"}
	dead := &collector{}
	plan := pipe(&counter{limit: 1000, block: 64}, sink, 2, &physical.Step{Name: "picky", New: newPicky, OnError: physical.DeadLetter})
	plan.Sources[0].EventTime, plan.Sinks[0].OnError = 0, physical.Drop
	plan.DeadLetters = &physical.Sink{Name: "dead", Type: dead.sinkType("dead"), Encode: codec.EncodeSpec{Schema: logical.DeadLetterSchema()}}
	p, err := flow.Build(t.Context(), plan, settings())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	r := p.Report()
	if !r.Balanced() {
		t.Errorf("%+v", r)
	}
	source, step, out := r.Sources[0], r.Steps[0], r.Sinks[0]
	if source.Rows != 1000 || source.MaxEventTime != 999 || !source.HasEventTime || source.Total != -1 {
		t.Errorf("source %+v", source)
	}
	if step.In != source.Rows || step.Rejected != 143 || step.Forwarded != out.In || out.Rejected != 1 || r.Sinks[1].Rows != 143 {
		t.Errorf("what leaves one must enter the next: %+v %+v %+v", step, out, r.Sinks[1])
	}
	r.Sinks[0].Rows--
	if r.Balanced() {
		t.Error("a lost row was not noticed")
	}
	r.Sources[0].Records++
	r.Steps[0].In++
	if r.Balanced() {
		t.Error("lost rows were not noticed")
	}
}

// TestAFullQueueIsFull: a sink that does not answer fills its queue, and never more than that; the chunk that it writes waits no longer.
func TestAFullQueueIsFull(t *testing.T) {
	sink := &collector{remote: true, hold: make(chan struct{})}
	p, err := flow.Build(t.Context(), pipe(&counter{limit: 5000, block: 5}, sink, 2), settings())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run(t.Context(), nil)
		ended <- err
	}()
	sinkReport := func() flow.SinkReport { return p.Report().Sinks[0] }
	for sinkReport().Queued < sinkReport().QueueEntries {
		runtime.Gosched()
	}
	for range 1000 {
		if r := sinkReport(); r.Queued > r.QueueEntries {
			t.Fatalf("%d of %d", r.Queued, r.QueueEntries)
		}
		runtime.Gosched()
	}
	close(sink.hold)
	if err := errors.Join(<-ended, p.Close()); err != nil {
		t.Fatal(err)
	}
	if r := sinkReport(); r.Queued != 0 {
		t.Errorf("%d chunks wait after the end", r.Queued)
	}
}

// TestEveryBlockIsAnswered: whenever the queue's writer fails, each block that was dealt gets its acknowledgement, good or bad.
func TestEveryBlockIsAnswered(t *testing.T) {
	for round := range 200 {
		var dealt, answered atomic.Int64
		sink := &collector{remote: true}
		c := &counter{limit: 5000, block: 50, acks: func(error) { answered.Add(1) }}
		plan := pipe(c, sink, 1+round%4)
		if round%2 == 0 {
			sink.failAfter = 100 * (round + 1)
		}
		p, err := flow.Build(t.Context(), plan, settings())
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(t.Context(), nil)
		if (err != nil) != (sink.failAfter > 0 && sink.failAfter < 5000) {
			t.Fatal(round, err)
		}
		dealt.Store(p.Report().Sources[0].Blocks)
		if dealt.Load() != answered.Load() {
			t.Fatalf("round %d: %d blocks dealt, %d answered", round, dealt.Load(), answered.Load())
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASinkThatNoSourceLeadsToIsRefused(t *testing.T) {
	plan := pipe(&counter{limit: 10, block: 5}, &collector{}, 1)
	plan.Sinks = append(plan.Sinks, &physical.Sink{Name: "lonely", Type: (&collector{}).sinkType("lonely")})
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), `sink "lonely": no source leads to it`) {
		t.Error(err)
	}
}
