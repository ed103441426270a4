package keyed_test

import (
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestFewRowsTakeLittle: a join by time has hundreds of stores of few rows, one for each span of time. What is noted of rows for checkpoints takes about as much as they do.
func TestFewRowsTakeLittle(t *testing.T) {
	const (
		stores, rows = 100, 60
		most         = 8 << 10
	)
	pool, budget := &batch.Pool{}, limit.New("few", 64<<20)
	col := batch.NewColumn(pool, schema.Of(schema.Int64))
	col.Resize(rows)
	hashes, ids := make([]uint64, rows), make([]uint32, rows)
	for i := range rows {
		col.Int64s()[i], hashes[i] = int64(i), uint64(i)<<56
	}
	all := make([]*keyed.Rows, stores)
	for i := range all {
		r := keyed.NewRows(pool, []schema.Type{schema.Of(schema.Int64)}, 0, "few", budget)
		r.SetSlice(int64(i), nil)
		r.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
		if err := r.Append([]*batch.Column{col}, hashes, nil, ids); err != nil {
			t.Fatal(err)
		}
		all[i] = r
	}
	if each := budget.Used() / stores; each > most {
		t.Errorf("%d rows take %d bytes, should take %d at most", rows, each, most)
	}
	for _, r := range all {
		r.Seal()
		if _, err := r.Drain(&store.Changes{}, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
		r.Free()
	}
	if used := budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}
