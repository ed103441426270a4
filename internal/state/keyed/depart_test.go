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

// TestRangesOfKeysAndTheirRowsCoverAllHashes: keys and the rows that belong to them come back range by range, each once, though a range of the ones would have other bounds than one of the others.
func TestRangesOfKeysAndTheirRowsCoverAllHashes(t *testing.T) {
	const keys, at = 100_000, 1000
	pool, budget, kept := &batch.Pool{}, limit.New("test", 0), store.NewMemory()
	for _, long := range []int{20, 84, 200} { // how wide keys are: rows are narrow
		types := []schema.Type{schema.Of(schema.Text)}
		table := keyed.NewTable(pool, types, "texts", budget)
		table.SetValues(keyed.Values{Leave: true})
		table.Keep(keyed.Home{Space: store.Space{Operator: uint16(long)}, To: math.MaxUint64}) //nolint:gosec // small
		rows := keyed.NewRows(pool, []schema.Type{schema.Of(schema.Int64)}, 0, "numbers", budget)
		rows.SetExtras(keyed.Extras{Ranged: true})
		rows.Keep(keyed.Home{Space: store.Space{Operator: uint16(long), Table: 1}, To: math.MaxUint64}) //nolint:gosec // small
		table.Attach(kept.Reader(), 64<<10)
		rows.Attach(kept.Reader(), 64<<10)
		text, number := batch.NewColumn(pool, types[0]), batch.NewColumn(pool, schema.Of(schema.Int64))
		slots, hasher := make([]uint32, at), keyed.NewHasher([]int{0})
		for next := 0; next < keys; next += at {
			text.Reset(at)
			number.Reset(at)
			for i := range at {
				text.SetBytes(i, fmt.Appendf(nil, "%0*d", long, next+i))
				number.Int64s()[i] = int64(next + i)
			}
			hashes := hasher.Hash(&batch.Batch{Cols: []*batch.Column{text}, Len: at})
			if _, err := table.Upsert(hashes, []*batch.Column{text}, nil, slots); err != nil {
				t.Fatal(err)
			}
			if err := rows.Append([]*batch.Column{number}, hashes, nil, slots); err != nil {
				t.Fatal(err)
			}
		}
		changes := &store.Changes{}
		for _, part := range []interface {
			Spill(*store.Changes, int64) bool
		}{table, rows} {
			for part.Spill(changes, math.MaxInt64) {
			}
		}
		if err := kept.Apply(context.Background(), []*store.Changes{changes}); err != nil {
			t.Fatal(err)
		}
		if err := table.Depart(true); err != nil {
			t.Fatal(err)
		}
		rows.Leave()
		first, found, foundRows := uint64(0), 0, 0
		walk := table.Ranges(rows)
		for from, to, ok := walk.Next(); ok; from, to, ok = walk.Next() {
			if from != first || to < from {
				t.Fatalf("keys of %d bytes: behind %x comes the range from %x to %x", long, first-1, from, to)
			}
			first = to + 1
			if err := table.LoadRange(from, to); err != nil {
				t.Fatal(err)
			}
			if err := rows.LoadRange(from, to); err != nil {
				t.Fatal(err)
			}
			found, foundRows = found+table.Len(), foundRows+rows.Len()
		}
		if first != 0 || found != keys || foundRows != keys {
			t.Errorf("keys of %d bytes: %d keys and %d rows came back, of %d; the last range ended at %x", long, found, foundRows, keys, first-1)
		}
	}
}
