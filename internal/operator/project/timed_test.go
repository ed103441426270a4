package project_test

import (
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/project"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestByTheTime: an operator whose expressions ask for the processing time is told it, others are not.
func TestByTheTime(t *testing.T) {
	clock := &builtin.Function{Name: "clock", Result: schema.Of(schema.TimestampTZ), Volatility: builtin.Volatile, Clock: true}
	column := batch.NewColumn(&batch.Pool{}, schema.Of(schema.TimestampTZ))
	column.Reset(2)
	copy(column.Int64s(), []int64{5, 8})
	in := &batch.Batch{Cols: []*batch.Column{column}, Len: 2}
	p, err := eval.Compile(&batch.Pool{}, &bind.Expr{Op: bind.Call, Type: clock.Result, Function: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	o := project.New(p)
	for _, micros := range []int64{4, 6} {
		o.(op.Timed).SetTime(micros)
		out := op.NewOutput(1)
		if _, err := o.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		if got := out.Ports[0].Cols[0].Int64s(); got[0] != micros || got[1] != micros {
			t.Errorf("at %d: %v", micros, got)
		}
	}
	plain, err := eval.Compile(&batch.Pool{})
	if err != nil {
		t.Fatal(err)
	}
	if _, timed := project.New(plain).(op.Timed); timed {
		t.Error("nobody asks for the time")
	}
}
