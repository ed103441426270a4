package sort_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/sort"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkSort takes ten million rows of a BIGINT, a TEXT and a BIGINT, in and out; the numbers are for one row.
func BenchmarkSort(b *testing.B) {
	const rows = 10_000_000
	kinds := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, bench := range []struct {
		name   string
		types  []schema.Type
		config sort.Config
	}{
		{"int64 and payload", []schema.Type{kinds[0], kinds[2]}, sort.Config{Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit}},
		{"int64, text and payload", kinds, sort.Config{Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit}},
		{"text of 16, int64 and payload", kinds, sort.Config{Keys: []keyed.Key{{Column: 1}}, Limit: sort.NoLimit}},
		{"top 100", kinds, sort.Config{Keys: []keyed.Key{{Column: 0}}, Limit: 100}},
		{"top 1 of a million", kinds, sort.Config{Keys: []keyed.Key{{Column: 0}}, Limit: 1, Partition: []int{len(kinds) - 1}}},
		{"top 3 of a thousand", kinds, sort.Config{Keys: []keyed.Key{{Column: 0}}, Limit: 3, Partition: []int{len(kinds) - 1}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			spread := int64(1_000_000)
			if bench.name == "top 3 of a thousand" {
				spread = 1000
			}
			for b.Loop() {
				took := time.Duration(0)
				random := rand.New(rand.NewPCG(1, 2))
				pool := &batch.Pool{}
				bench.config.Types, bench.config.Name = bench.types, "sort"
				o := sort.New(pool, limit.New("test", 0), bench.config)
				in := &batch.Batch{Len: batch.MaxRows}
				for _, typ := range bench.types {
					in.Cols = append(in.Cols, batch.NewColumn(pool, typ))
				}
				out := op.NewOutput(1)
				for at := 0; at < rows; at += batch.MaxRows {
					for _, c := range in.Cols {
						c.Reset(batch.MaxRows)
					}
					for i := range batch.MaxRows {
						in.Cols[0].Int64s()[i] = int64(random.Uint64())
						if len(in.Cols) == 3 {
							in.Cols[1].SetBytes(i, fmt.Appendf(nil, "k%015d", random.IntN(1e15)))
						}
						in.Cols[len(in.Cols)-1].Int64s()[i] = random.Int64N(spread)
					}
					from := sdktest.Spent(b)
					out.Reset()
					if _, err := o.Apply(in, out); err != nil {
						b.Fatal(err)
					}
					took += sdktest.Spent(b) - from
				}
				from := sdktest.Spent(b)
				emitted := int64(0)
				for more := true; more; {
					out.Reset()
					var err error
					if more, err = o.OnEnd(out); err != nil {
						b.Fatal(err)
					}
					emitted += out.Counts.Emitted
				}
				took += sdktest.Spent(b) - from
				b.ReportMetric(float64(took.Nanoseconds())/rows, "ns/row")
				b.ReportMetric(float64(emitted), "emitted")
			}
		})
	}
}

// BenchmarkTimed takes rows that are a hundred places out of order at most, with a watermark after each batch; the numbers are for one row.
func BenchmarkTimed(b *testing.B) {
	types := []schema.Type{schema.Of(schema.Timestamp), schema.Of(schema.Text), schema.Of(schema.Int64)}
	random := rand.New(rand.NewPCG(1, 2))
	pool := &batch.Pool{}
	in := &batch.Batch{Len: batch.MaxRows}
	for _, typ := range types {
		c := batch.NewColumn(pool, typ)
		c.Reset(batch.MaxRows)
		in.Cols = append(in.Cols, c)
	}
	for i := range batch.MaxRows {
		in.Cols[0].Int64s()[i] = int64(i + random.IntN(100))
		in.Cols[1].SetBytes(i, fmt.Appendf(nil, "k%015d", random.IntN(1e15)))
	}
	o := sort.NewTimed(pool, limit.New("test", 0), sort.TimedConfig{Name: "sort", Types: types, Keys: []keyed.Key{{Column: 0}}})
	out := op.NewOutput(1)
	from, watermark := sdktest.Spent(b), int64(batch.MaxRows)
	for b.Loop() {
		for i := range in.Cols[0].Int64s() {
			in.Cols[0].Int64s()[i] += batch.MaxRows
		}
		watermark += batch.MaxRows
		out.Reset()
		if _, err := o.Apply(in, out); err != nil {
			b.Fatal(err)
		}
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = o.OnWatermark(watermark, out); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64((sdktest.Spent(b)-from).Nanoseconds())/float64(b.N)/batch.MaxRows, "ns/row")
}
