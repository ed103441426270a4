package keyed_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// rowTypes are the columns of benchmarks of rows: key, amount, name of 20 bytes, time.
func rowTypes() []schema.Type {
	return []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Timestamp)}
}

func rowBatches(n int, pick func() uint64) [][]*batch.Column {
	k := keyKind{types: rowTypes(), set: func(cols []*batch.Column, i int, n uint64) {
		cols[0].Int64s()[i], cols[1].Int64s()[i], cols[3].Int64s()[i] = int64(n), int64(n>>7), int64(n)
		cols[2].SetBytes(i, longText(n))
	}}
	return k.batches(n, pick)
}

// fillRows appends batches until there are n rows.
func fillRows(b *testing.B, r *keyed.Rows, batches [][]*batch.Column, hashes [][]uint64, n int) []uint32 {
	ids := make([]uint32, n)
	for at := 0; at < n; at += batch.MaxRows {
		i := at / batch.MaxRows % len(batches)
		var h []uint64
		if hashes != nil {
			h = hashes[i]
		}
		if err := r.Append(batches[i], h, nil, ids[at:at+batch.MaxRows]); err != nil {
			b.Fatal(err)
		}
	}
	return ids
}

func BenchmarkRowsAppend(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	batches := rowBatches(64, random.Uint64)
	hashes := make([][]uint64, len(batches))
	for i, cols := range batches {
		hashes[i] = append(hashes[i], keyed.NewHasher([]int{0}).Hash(&batch.Batch{Cols: cols, Len: batch.MaxRows})...)
	}
	for name, h := range map[string][][]uint64{"one": nil, "groups": hashes, "noting": hashes} {
		b.Run(name, func(b *testing.B) {
			const rows = 1 << 20
			b.ReportAllocs()
			report := perRow(b)
			for range b.N {
				r := keyed.NewRows(&batch.Pool{}, rowTypes(), 1, "join", limit.New("bench", 0))
				if name == "noting" {
					r.Keep(keyed.Home{To: math.MaxUint64})
				}
				fillRows(b, r, batches, h, rows)
				b.ReportMetric(float64(r.Bytes())/rows, "B/row")
				r.Free()
			}
			report(rows)
		})
	}
}

func BenchmarkRowsGather(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, rows := range map[string]int{"100k": 100 << 10, "1M": 1 << 20, "10M": 10 << 20} {
		b.Run(name, func(b *testing.B) {
			r := keyed.NewRows(&batch.Pool{}, rowTypes(), 1, "join", limit.New("bench", 0))
			ids := fillRows(b, r, rowBatches(64, random.Uint64), nil, rows)
			random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			out := newColumns(&batch.Pool{}, rowTypes())
			report := perRow(b)
			for i := range b.N {
				at := i * batch.MaxRows % len(ids)
				r.Gather(ids[at:at+batch.MaxRows], out)
			}
			report(batch.MaxRows)
		})
	}
}

// BenchmarkSortByTwo sorts rows by a text of 20 bytes, of which 12 are the same in all, and a number.
func BenchmarkSortByTwo(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, bench := range []struct {
		name string
		rows int
	}{{"1M", 1 << 20}, {"10M", 10 << 20}} {
		b.Run(bench.name, func(b *testing.B) {
			r := keyed.NewRows(&batch.Pool{}, rowTypes(), 0, "sort", limit.New("bench", 0))
			var ids []uint32
			for len(ids) < bench.rows {
				step := fillRows(b, r, rowBatches(16, random.Uint64), nil, 16*batch.MaxRows)
				ids = append(ids, step...)
			}
			order := keyed.NewOrder(rowTypes(), []keyed.Key{{Column: 2}, {Column: 0}})
			sorted := make([]uint32, len(ids))
			report := perRow(b)
			for range b.N {
				copy(sorted, ids)
				if err := order.Sort(r, sorted); err != nil {
					b.Fatal(err)
				}
			}
			report(len(ids))
		})
	}
}
