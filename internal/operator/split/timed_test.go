package split_test

import (
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/split"
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
	node, err := parse.Expr("v < v")
	if err != nil {
		t.Fatal(err)
	}
	less, err := bind.Condition(node, "WHERE", bind.FromSchema(schema.New(schema.Field{Name: "v", Type: schema.Of(schema.TimestampTZ)})))
	if err != nil {
		t.Fatal(err)
	}
	program := func(e *bind.Expr) *eval.Program {
		p, err := eval.Compile(&batch.Pool{}, e)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		return p
	}
	now := &bind.Expr{Op: bind.Call, Type: clock.Result, Function: clock}
	earlier := *less
	earlier.Args = []*bind.Expr{less.Args[0], now}
	if _, timed := split.New([]*eval.Program{program(less)}).(op.Timed); timed {
		t.Error("nobody asks for the time")
	}
	o := split.New([]*eval.Program{program(&earlier)})
	for micros, want := range map[int64]int64{4: 0, 6: 1, 9: 2} {
		o.(op.Timed).SetTime(micros)
		out := op.NewOutput(1)
		if _, err := o.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		if out.Counts.Forwarded != want {
			t.Errorf("at %d: %+v", micros, out.Counts)
		}
	}
}
