package flow_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

func newLimit(n int64) func(physical.Build) (op.Operator, error) {
	return func(physical.Build) (op.Operator, error) { return limit.New("limit", n, 0), nil }
}

// endless emits its input again and again, for ever.
type endless struct{ out batch.Batch }

func (e *endless) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	e.out.View(in, in.Sel)
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &e.out)
	return true, nil
}

func newEndless(physical.Build) (op.Operator, error) { return &endless{}, nil }

// TestASourceEndsWhenNobodyNeedsMore: a limit behind a source without end, which may be asleep, straight and behind a stage of two tasks, and one
// that stands behind an operator without end.
func TestASourceEndsWhenNobodyNeedsMore(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		for _, n := range []int64{0, 1, 700} {
			for _, asleep := range []bool{false, true} {
				sink := &collector{}
				c := &counter{limit: 1 << 40, block: 100, unbounded: true}
				if asleep {
					c.gate, c.opened = 800, make(chan struct{}) // never opened
				}
				plan := staged(c, sink, lanes, &physical.Step{Name: "limit", New: newLimit(n)})
				r := account(t, plan, settings())
				if !slices.Equal(sink.published, numbers(0, n)) || sink.finals != 1 {
					t.Errorf("%d lanes, limit %d: %d rows, %d final commits", lanes, n, len(sink.published), sink.finals)
				}
				if in := r.Steps[0].In; in != r.Sources[0].Rows || asleep && in > 800 {
					t.Errorf("%d of %d rows came to the limit", in, r.Sources[0].Rows)
				}

				sink = &collector{}
				plan = staged(c, sink, lanes, &physical.Step{Name: "limit", New: newLimit(n)})
				way := &physical.Stage{Name: "way", Tasks: 2, Inputs: 1, Head: &physical.Step{Name: "pass", New: newPass, Ports: one(edge(physical.Single, plan.Stages[0], 0))}}
				plan.Stages = []*physical.Stage{way, plan.Stages[0]}
				plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, way, 0)}
				account(t, plan, settings())
				if int64(len(sink.published)) != n {
					t.Errorf("%d lanes, limit %d behind a stage: %d rows", lanes, n, len(sink.published))
				}
			}
		}
	}
	sink := &collector{}
	plan := staged(&counter{limit: 5, block: 5}, sink, 1, &physical.Step{Name: "endless", New: newEndless}, &physical.Step{Name: "limit", New: newLimit(12)})
	if _, err := run(t, plan, settings(), nil); err != nil || len(sink.published) != 12 {
		t.Errorf("%v, %d rows", err, len(sink.published))
	}
}

// TestAnAnswerThatNobodyNeedsIsNotGiven: a count of many keys whose answer goes through a limit in a stage of its own.
func TestAnAnswerThatNobodyNeedsIsNotGiven(t *testing.T) {
	sink := &collector{}
	plan := tallied(&counter{limit: 40_000, block: 1000}, sink, 40_000, 2, 3)
	last := &physical.Stage{Name: "limit", Tasks: 1, Inputs: 1, Head: &physical.Step{Name: "limit", New: newLimit(10), Ports: plan.Stages[0].Head.Ports}}
	plan.Stages[0].Head.Ports = one(edge(physical.Single, last, 0))
	plan.Stages = append(plan.Stages, last)
	s := settings()
	s.QueueDepth = 1
	r := account(t, plan, s)
	if len(sink.published) != 10 || r.Steps[1].Emitted >= 40_000 {
		t.Errorf("%d rows of %d emitted", len(sink.published), r.Steps[1].Emitted)
	}
}

// TestASourceThatOthersNeedGoesOn: one of its ways has enough, another has not.
func TestASourceThatOthersNeedGoesOn(t *testing.T) {
	few, all := &collector{}, &collector{}
	plan := staged(&counter{limit: 5000, block: 50}, few, 2, &physical.Step{Name: "limit", New: newLimit(3)})
	out := &physical.Sink{Name: "all", Type: all.sinkType("collector")}
	plan.Sinks = append(plan.Sinks, out)
	plan.Sources[0].Next = append(plan.Sources[0].Next, physical.Edge{Sink: out})
	r := account(t, plan, settings())
	if len(few.published) != 3 || !slices.Equal(all.published, numbers(0, 5000)) || r.Steps[0].In != 5000 {
		t.Errorf("%d and %d rows, %+v", len(few.published), len(all.published), r.Steps)
	}
}

// TestALimitGoesOnFromACheckpoint, reached or not when the run was stopped.
func TestALimitGoesOnFromACheckpoint(t *testing.T) {
	for stop := int64(1); stop < 30; stop += 4 {
		s := settings()
		s.StopAfter = stop
		sink := &collector{}
		plan := func(c *counter) *physical.Plan {
			return staged(c, sink, 2, &physical.Step{Name: "limit", New: newLimit(1000)})
		}
		outcome, err := run(t, plan(&counter{limit: 1 << 40, block: 50}), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !outcome.Finished {
			s.Resume, s.StopAfter = outcome.Manifest, 0
			if outcome, err = run(t, plan(&counter{limit: 1 << 40, block: 50}), s, nil); err != nil || !outcome.Finished {
				t.Fatal(outcome, err)
			}
		}
		if !slices.Equal(sink.published, numbers(0, 1000)) {
			t.Errorf("stopped after %d blocks: %d rows", stop, len(sink.published))
		}
	}
}

// TestAnOperatorHearsFirstOfInputsThatHadEnded: after a restart, before rows of the other input.
func TestAnOperatorHearsFirstOfInputsThatHadEnded(t *testing.T) {
	heard := &events{}
	build := func(probe *counter, tasks int) *physical.Plan {
		plan := tallied(probe, &collector{}, 10, 2, tasks)
		join := plan.Stages[0]
		join.Head.New, join.Inputs = newTally(100, heard), 2
		build := &counter{limit: 200, block: 50}
		key := &physical.Step{Name: "build key", New: newModulo(10), Ports: one(edge(physical.Hash, join, 1))}
		plan.Sources = append(plan.Sources, &physical.Source{Name: "build", Type: build.sourceType(), Config: build, Next: []physical.Edge{{Step: key}}})
		plan.Sources[0].After = []physical.Input{{Stage: join, Number: 1}}
		return plan
	}
	for _, tasks := range [][2]int{{1, 3}, {2, 1}} {
		c := &counter{limit: 1000, block: 50, gate: 500, opened: make(chan struct{})}
		p, err := flow.Build(t.Context(), build(c, tasks[0]), settings())
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		go func() {
			for p.Report().Sources[0].Rows < 500 {
				runtime.Gosched()
			}
			close(stop)
		}()
		outcome, err := p.Run(t.Context(), stop)
		if err := errors.Join(err, p.Close()); err != nil || !slices.Equal(outcome.Manifest.Ended["count"], []int{1}) {
			t.Fatal(outcome, err)
		}
		heard.all = nil
		s := settings()
		s.Resume = outcome.Manifest
		account(t, build(&counter{limit: 1000, block: 50}, tasks[1]), s)
		n := 0
		for _, e := range heard.all {
			if e == "end of input 1" {
				n++
			}
		}
		if n != tasks[1] || heard.all[0] != "end of input 1" {
			t.Errorf("%v", heard.all)
		}
	}
}
