package aggregate_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkAggregate measures a row of a stream of batches that is grouped; groups are made before. Keys come in no order.
func BenchmarkAggregate(b *testing.B) {
	for _, bm := range []struct {
		name  string
		keys  []int
		n     int // different keys
		calls []aggregate.Call
	}{
		{"count/1M keys", []int{keyInt}, 1_000_000, []aggregate.Call{call(b, "count")}},
		{"count/1k keys", []int{keyInt}, 1000, []aggregate.Call{call(b, "count")}},
		{"sum and avg/1k keys", []int{keyInt}, 1000, []aggregate.Call{call(b, "sum", argInt), call(b, "avg", argInt)}},
		{"float sum and avg/1k keys", []int{keyInt}, 1000, []aggregate.Call{call(b, "sum", argFloat), call(b, "avg", argFloat)}},
		{"stddev/1k keys", []int{keyInt}, 1000, []aggregate.Call{call(b, "stddev", argFloat)}},
		{"min and max/1k keys", []int{keyInt}, 1000, []aggregate.Call{call(b, "min", argInt), call(b, "max", argFloat)}},
		{"count/1k texts", []int{keyText}, 1000, []aggregate.Call{call(b, "count")}},
		{"count distinct/1k keys", []int{keyInt}, 1000, []aggregate.Call{distinct(call(b, "count", argInt))}},
		{"count/one group", nil, 1000, []aggregate.Call{call(b, "count")}},
		{"sum/one group", nil, 1000, []aggregate.Call{call(b, "sum", argInt)}},
		{"float sum/one group", nil, 1000, []aggregate.Call{call(b, "sum", argFloat)}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			config := aggregate.Config{Name: "bench", Types: types(), Keys: bm.keys, Calls: bm.calls}
			batches := stream(bm.n)
			o := aggregate.New(&batch.Pool{}, limit.New("bench", 0), config)
			feed(b, o, batches)
			b.ResetTimer()
			start := int64(sdktest.Spent(b))
			rows := 0
			for range b.N {
				feed(b, o, batches)
				rows += len(batches) * batch.MaxRows
			}
			perRow(b, start, rows)
		})
	}
}

// BenchmarkBuild measures a row where every row is a new group, and what comes out of it.
func BenchmarkBuild(b *testing.B) {
	const n = 1_000_000
	batches := stream(n)
	b.ResetTimer()
	start := int64(sdktest.Spent(b))
	for range b.N {
		o := aggregate.New(&batch.Pool{}, limit.New("bench", 0), aggregate.Config{Name: "bench", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(b, "count")}})
		feed(b, o, batches)
		out := op.NewOutput(1)
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = o.OnEnd(out); err != nil {
				b.Fatal(err)
			}
		}
	}
	perRow(b, start, b.N*len(batches)*batch.MaxRows)
}

// BenchmarkCombine measures a row that is combined and flushed with others of a block of 16 batches.
func BenchmarkCombine(b *testing.B) {
	for _, keys := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(keys, " keys"), func(b *testing.B) {
			config := aggregate.Config{Name: "bench", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(b, "count"), call(b, "sum", argInt)}}
			batches := stream(keys)
			c := aggregate.NewCombiner(&batch.Pool{}, limit.New("bench", 0), config)
			out := op.NewOutput(1)
			rows := 0
			b.ResetTimer()
			start := int64(sdktest.Spent(b))
			for range b.N {
				for i, in := range batches[:16] {
					out.Reset()
					if _, err := c.Apply(in, out); err != nil {
						b.Fatal(err)
					}
					for more := i == 15; more; {
						out.Reset()
						more, _ = c.OnFlush(out)
					}
				}
				rows += 16 * batch.MaxRows
			}
			perRow(b, start, rows)
		})
	}
}

// perRow reports the processor time of a row, which others on the machine change less than the time of the clock.
func perRow(b *testing.B, start int64, rows int) {
	b.ReportMetric(float64(int64(sdktest.Spent(b))-start)/float64(rows), "cpu-ns/row")
}

func feed(b *testing.B, o *aggregate.Operator, batches []*batch.Batch) {
	out := op.NewOutput(1)
	for _, in := range batches {
		if _, err := o.Apply(in, out); err != nil {
			b.Fatal(err)
		}
	}
}

// stream is a million rows, or somewhat more, with n different keys that follow each other as if at random.
func stream(n int) []*batch.Batch {
	var batches []*batch.Batch
	state := uint64(1)
	for row := 0; row < 1_000_000; row += batch.MaxRows {
		in := &batch.Batch{Len: batch.MaxRows}
		values := make([]int, batch.MaxRows)
		for i := range values {
			state = state*6364136223846793005 + 1442695040888963407
			values[i] = int((state >> 33) % uint64(n))
		}
		for _, typ := range types() {
			c := batch.NewColumn(&batch.Pool{}, typ)
			c.Reset(in.Len)
			for i, v := range values {
				switch typ.Kind {
				case schema.Int64:
					c.Int64s()[i] = int64(v)
				case schema.Int32:
					c.Int32s()[i] = int32(v % 100)
				case schema.Float64:
					c.Float64s()[i] = float64(v) / 7
				case schema.Text:
					c.SetBytes(i, fmt.Appendf(nil, "customer %d", v))
				case schema.Bool:
					c.Bits().Put(i, v%2 == 0)
				default:
					c.SetNull(i)
				}
			}
			in.Cols = append(in.Cols, c)
		}
		batches = append(batches, in)
	}
	return batches
}
