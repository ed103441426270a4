package sort_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/sort"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestRowsThatAreEmittedStay: where memory gets short while rows are emitted they do not leave it, since all of them would come again.
func TestRowsThatAreEmittedStay(t *testing.T) {
	const memory, rows = 64 << 20, 20_000
	budget := limit.New("test", memory)
	o := sort.New(&batch.Pool{}, budget, sort.Config{Name: "sort 1", Types: []schema.Type{schema.Of(schema.Int64)}, Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit})
	stored := optest.Store(o)
	values := make([][]any, rows)
	for i := range values {
		values[i] = []any{i * 7919 % rows}
	}
	for from := 0; from < rows; from += 1000 {
		if _, err := o.Apply(optest.Make([]schema.Type{schema.Of(schema.Int64)}, values[from:from+1000]...), op.NewOutput(1)); err != nil {
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
		if left := budget.Available(); more && left > 4096 { // others take what is left
			held += left - 4096
			if err := budget.Reserve(left - 4096); err != nil {
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
