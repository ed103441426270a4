package keyed_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestDepartsThoughFiltersGrow: keys leave memory of which little is left, until some forty times as many have left as fit, although what notes them grows by more than is left.
func TestDepartsThoughFiltersGrow(t *testing.T) {
	const memory, keys = 2 << 20, 500_000
	pool, budget := &batch.Pool{}, limit.New("test", memory)
	types := []schema.Type{schema.Of(schema.Text)}
	table := keyed.NewTable(pool, types, "texts", budget)
	table.SetValues(keyed.Values{Leave: true})
	table.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	kept := store.NewMemory()
	table.Attach(kept.Reader(), memory/6)
	column := batch.NewColumn(pool, types[0])
	in := &batch.Batch{Cols: []*batch.Column{column}, Len: 64}
	hasher, slots := keyed.NewHasher([]int{0}), make([]uint32, in.Len)
	next := 0
	for next < keys {
		for budget.Available() > memory/12 {
			column.Reset(in.Len)
			for i := range in.Len {
				column.SetBytes(i, fmt.Appendf(nil, "%084d", next+i))
			}
			if _, err := table.Upsert(hasher.Hash(in), in.Cols, nil, slots); err != nil {
				t.Fatal(err)
			}
			next += in.Len
		}
		changes := &store.Changes{}
		for table.Spill(changes, math.MaxInt64) {
		}
		if err := kept.Apply(context.Background(), []*store.Changes{changes}); err != nil {
			t.Fatal(err)
		}
		if err := table.Depart(false); err != nil {
			t.Fatalf("after %d keys: %v", next, err)
		}
	}
	if table.Len() != 0 || table.Away() < next*9/10 {
		t.Errorf("%d keys in memory and %d away, want about %d away", table.Len(), table.Away(), next)
	}
}
