package optest

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/schema"
)

// emitter is an operator of stored state that emits rows when its input is over.
type emitter interface {
	op.Durable
	op.Operator
	op.Ender
}

// RowsThatAreEmittedStay fails unless rows stay in memory, however short it gets, while an operator emits them in order when its input is over: else all of them would come again. The operator is new, its one input is of a
// BIGINT, which is the first column of what it emits, and its budget is limited to some MB, which it does not need.
func RowsThatAreEmittedStay(t *testing.T, o emitter, budget *limit.Budget) {
	t.Helper()
	const rows, left = 20_000, 4096
	stored, types := Store(o), []schema.Type{schema.Of(schema.Int64)}
	values := make([][]any, rows)
	for i := range values {
		values[i] = []any{i * 7919 % rows}
	}
	for from := 0; from < rows; from += 1000 {
		if _, err := o.Apply(Make(types, values[from:from+1000]...), op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
	}
	next, held := int64(0), int64(0)
	for more := true; more; {
		out := op.NewOutput(1)
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			for _, n := range b.Cols[0].Int64s() {
				if n != next {
					t.Fatalf("behind %d comes %d", next-1, n)
				}
				next++
			}
		}
		if others := budget.Available() - left; more && others > 0 { // they take what is left
			held += others
			if err := budget.Reserve(others); err != nil {
				t.Fatal(err)
			}
		}
		if err := stored.Spill(false); err != nil {
			t.Fatal(err)
		}
	}
	if budget.Release(held); next != rows {
		t.Errorf("%d rows came, of %d", next, rows)
	}
}
