package flow_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

// slowFirst is a step that keeps its lane in the first block until another lane has begun the third: that lane must have finished the
// second and left it waiting. Then the first block goes on, or fails with failure.
type slowFirst struct {
	block   int64
	third   chan struct{}
	once    sync.Once
	failure error
}

func (s *slowFirst) step() *physical.Step {
	return &physical.Step{Name: "slow", New: func(physical.Build) (op.Operator, error) { return &slowFirstOperator{s: s}, nil }}
}

type slowFirstOperator struct {
	s   *slowFirst
	out batch.Batch
}

func (o *slowFirstOperator) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	switch n := in.Cols[0].Int64s()[0]; {
	case n == 0:
		<-o.s.third
		if o.s.failure != nil {
			return false, o.s.failure
		}
	case n >= 2*o.s.block:
		o.s.once.Do(func() { close(o.s.third) })
	}
	o.out.View(in, in.Sel)
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &o.out)
	return false, nil
}

// TestALaneWorksOnWhileItsBlockWaits would not end if a lane stood still until its block's turn came.
func TestALaneWorksOnWhileItsBlockWaits(t *testing.T) {
	for _, remote := range []bool{false, true} {
		sink := &collector{remote: remote}
		slow := &slowFirst{block: 50, third: make(chan struct{})}
		outcome, err := run(t, pipe(&counter{limit: 1000, block: 50}, sink, 2, slow.step()), settings(), nil)
		if err != nil || !outcome.Finished {
			t.Fatal(outcome, err)
		}
		if !slices.Equal(sink.published, numbers(0, 1000)) {
			t.Errorf("remote %v: %d rows published, in another order or number", remote, len(sink.published))
		}
	}
}

// TestBlocksThatWaitAreAnsweredWhenTheRunFails: the first block fails while the second is finished and waits for its turn.
func TestBlocksThatWaitAreAnsweredWhenTheRunFails(t *testing.T) {
	var mu sync.Mutex
	var answers []error
	failure := errors.New("the step is broken")
	slow := &slowFirst{block: 50, third: make(chan struct{}), failure: failure}
	c := &counter{limit: 150, block: 50, acks: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, err)
	}}
	if _, err := run(t, pipe(c, &collector{}, 2, slow.step()), settings(), nil); !errors.Is(err, failure) {
		t.Fatal(err)
	}
	if len(answers) != 3 {
		t.Fatalf("%d of 3 blocks were answered", len(answers))
	}
	for _, err := range answers {
		if err == nil {
			t.Error("a block was answered as delivered, but nothing was")
		}
	}
}

// TestABlockWrittenInPiecesIsAnsweredAfterItsFlush: when the last piece of a block was written before its end, nothing is left to write, but the
// block is delivered only with a flush.
func TestABlockWrittenInPiecesIsAnsweredAfterItsFlush(t *testing.T) {
	for _, remote := range []bool{false, true} {
		sink := &collector{remote: remote, weight: 1 << 20}
		early, answered := 0, 0
		c := &counter{limit: 600, block: 200, acks: func(err error) {
			sink.mu.Lock()
			defer sink.mu.Unlock()
			if answered++; err != nil || sink.unflushed > 0 || len(sink.written) < 200*answered {
				early++
			}
		}}
		if _, err := run(t, pipe(c, sink, 1), settings(), nil); err != nil {
			t.Fatal(err)
		}
		if answered != 3 || early > 0 {
			t.Errorf("remote %v: %d of %d answers came before the rows were delivered", remote, early, answered)
		}
	}
}
