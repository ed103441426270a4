package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// holding swallows its input and emits the number of rows it saw when a barrier or the end comes.
type holding struct {
	seen      int64
	atBarrier bool
	out       batch.Batch
}

func newHolding(atBarrier bool) func(physical.Build) (op.Operator, error) {
	return func(b physical.Build) (op.Operator, error) {
		column := batch.NewColumn(b.Pool, schema.Of(schema.Int64))
		return &holding{atBarrier: atBarrier, out: batch.Batch{Cols: []*batch.Column{column}}}, nil
	}
}

func (h *holding) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	h.seen += int64(in.Rows())
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	return false, nil
}

func (h *holding) emit(out *op.Output) {
	h.out.Len = 1
	h.out.Cols[0].Reset(1)
	h.out.Cols[0].Int64s()[0] = h.seen
	out.Counts.Emitted++
	out.Emit(0, &h.out)
}

func (h *holding) OnBarrier(_ int64, out *op.Output) (bool, error) {
	if h.atBarrier {
		h.emit(out)
	}
	return false, nil
}

func (h *holding) OnEnd(out *op.Output) (bool, error) {
	if !h.atBarrier {
		h.emit(out)
	}
	return false, nil
}

// runHolding counts 100 rows into a sink that refuses what the operator then emits, if refused is "100".
func runHolding(t *testing.T, atBarrier bool, refused string, policy physical.OnError, dead *collector) (*collector, error) {
	t.Helper()
	c := &counter{limit: 100, block: 10}
	var stop chan struct{}
	if atBarrier {
		c.limit, c.gate, c.reached, c.opened = 200, 100, make(chan struct{}), make(chan struct{})
		stop = make(chan struct{})
		reached := c.reached
		go func() {
			<-reached
			close(stop)
		}()
	}
	sink := &collector{refuse: refused}
	plan := staged(c, sink, 1, &physical.Step{Name: "count", New: newHolding(atBarrier)})
	plan.Sinks[0].OnError = policy
	if dead != nil {
		plan.DeadLetters = &physical.Sink{
			Name: "dead", Type: dead.sinkType("dead"), Encode: codec.EncodeSpec{Schema: logical.DeadLetterSchema()},
		}
	}
	_, err := run(t, plan, settings(), stop)
	return sink, err
}

func TestRowsEmittedAtABarrierOrTheEndArrive(t *testing.T) {
	for _, atBarrier := range []bool{false, true} {
		sink, err := runHolding(t, atBarrier, "", physical.Fail, nil)
		if err != nil || !slices.Equal(sink.published, []string{"100"}) {
			t.Errorf("at a barrier %v: %v, %v", atBarrier, sink.published, err)
		}
	}
}

// TestRowsEmittedAtABarrierOrTheEndObeyThePolicy: a row that no block carries must not vanish when the sink refuses it.
func TestRowsEmittedAtABarrierOrTheEndObeyThePolicy(t *testing.T) {
	for _, atBarrier := range []bool{false, true} {
		sink, err := runHolding(t, atBarrier, "100", physical.Fail, nil)
		var row *flow.RowError
		if !errors.As(err, &row) || row.Step != "out" || row.Line != 0 {
			t.Errorf("at a barrier %v, fail: %v", atBarrier, err)
		}
		if len(sink.published) != 0 {
			t.Errorf("at a barrier %v, fail: %v published", atBarrier, sink.published)
		}
		if sink, err = runHolding(t, atBarrier, "100", physical.Drop, nil); err != nil || len(sink.published) != 0 {
			t.Errorf("at a barrier %v, drop: %v, %v", atBarrier, sink.published, err)
		}
		dead := &collector{}
		if _, err = runHolding(t, atBarrier, "100", physical.DeadLetter, dead); err != nil {
			t.Fatal(err)
		}
		if len(dead.published) != 1 || !strings.Contains(dead.published[0], ",out,22P05,cannot be written,") {
			t.Errorf("at a barrier %v, dead letters: %q", atBarrier, dead.published)
		}
	}
}
