package flow_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
)

// emitting is a tally that has the run stopped when it has emitted the first piece at its end, and goes on when a barrier of the checkpoint which that makes has passed elsewhere.
type emitting struct {
	*tally
	begun, over bool
	stop        func()
	passed      <-chan struct{}
}

func (e *emitting) OnEnd(out *op.Output) (bool, error) {
	more, err := e.tally.OnEnd(out)
	if !e.begun {
		e.begun = true
		e.stop()
		<-e.passed
	}
	e.over = !more
	return more, err
}

func (e *emitting) OnBarrier(int64, *op.Output) (bool, error) { return false, e.whole() }

func (e *emitting) Snapshot(group op.KeyGroup) ([]byte, error) {
	if err := e.whole(); err != nil {
		return nil, err
	}
	return e.tally.Snapshot(group)
}

// whole refuses a checkpoint in the middle of the end.
func (e *emitting) whole() error {
	if e.begun && !e.over {
		return errors.New("a checkpoint in the middle of the end")
	}
	return nil
}

// passingBy is a tally that says when a barrier has passed.
type passingBy struct {
	*tally
	pass func()
}

func (p *passingBy) OnBarrier(int64, *op.Output) (bool, error) {
	p.pass()
	return false, nil
}

// TestNoCheckpointInTheMiddleOfTheEnd: what a step has emitted at its end, and what it has not, is never apart in a checkpoint. One that begins meanwhile waits, and knows of no state of the step. So an edit
// finds none of a step that has emitted some of its answers.
func TestNoCheckpointInTheMiddleOfTheEnd(t *testing.T) {
	for _, tasks := range []int{1, 3} {
		stop, passed := make(chan struct{}), make(chan struct{})
		stopOnce, passOnce := sync.OnceFunc(func() { close(stop) }), sync.OnceFunc(func() { close(passed) })
		of := func(wrap func(*tally) op.Operator) func(physical.Build) (op.Operator, error) {
			return func(b physical.Build) (op.Operator, error) {
				o, err := newTally(1, nil)(b)
				return wrap(o.(*tally)), err
			}
		}
		sink := &collector{}
		plan := tallied(&counter{limit: 1000, block: 100}, sink, 100, 2, tasks)
		other := tallied(&counter{limit: 500, block: 10, gate: 250, opened: make(chan struct{})}, sink, 7, 1, tasks)
		plan.Sources = append(plan.Sources, other.Sources...)
		plan.Stages = append(plan.Stages, other.Stages...)
		plan.Sources[1].Name, plan.Stages[1].Head.Name, plan.Stages[1].Head.Ports = "going", "other", plan.Stages[0].Head.Ports
		plan.Sources[1].Next[0].Step.Name = "other key"
		plan.Stages[0].Head.New = of(func(o *tally) op.Operator { return &emitting{tally: o, stop: stopOnce, passed: passed} })
		plan.Stages[1].Head.New = of(func(o *tally) op.Operator { return &passingBy{tally: o, pass: passOnce} })
		p, err := flow.Build(t.Context(), plan, settings())
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := p.Run(t.Context(), stop)
		if err := errors.Join(err, p.Close()); err != nil || outcome.Finished {
			t.Fatal(outcome, err)
		}
		if m := outcome.Manifest; !slices.Equal(m.Ended["count"], []int{0}) || len(m.Ended) != 1 || len(m.Operators["count"]) > 0 {
			t.Errorf("ended %v, with state of %d groups", m.Ended, len(m.Operators["count"]))
		}
		if !slices.Equal(sorted(sink.published), expected(1000, 100)) {
			t.Errorf("%d tasks: %d rows", tasks, len(sink.published))
		}
	}
}
