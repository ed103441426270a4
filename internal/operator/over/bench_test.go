package over_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkOver takes a million rows in and out; the numbers are for one row.
func BenchmarkOver(b *testing.B) {
	const rows = 1 << 20
	all, wide := over.DefaultFrame(), between(ast.FrameRows, ast.ExcludeNothing)
	for _, bench := range []struct {
		name  string
		parts int
		calls []over.Call
	}{
		{"sort alone, one partition", 0, nil},
		{"row_number, one partition", 0, []over.Call{call("row_number", all)}},
		{"row_number, a hundred thousand partitions", 100_000, []over.Call{call("row_number", all)}},
		{"rank and lag", 1000, []over.Call{call("rank", all), call("lag", all, amount)}},
		{"running sum", 1000, []over.Call{call("sum", all, amount)}},
		{"sum of a partition, a hundred thousand", 100_000, []over.Call{call("sum", over.Frame{End: ast.UnboundedFollowing}, amount)}},
		{"sliding sum of a thousand rows", 0, []over.Call{call("sum", wide, amount)}},
		{"sliding max of a thousand rows", 0, []over.Call{call("max", wide, amount)}},
		{"sliding bit_and of a thousand rows", 0, []over.Call{call("bit_and", wide, amount)}},
		{"range of five", 0, []over.Call{call("count", between(ast.FrameRange, ast.ExcludeNothing), amount)}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			pool := &batch.Pool{}
			offsets := [2]int64{500, 500}
			if bench.name == "range of five" {
				offsets = [2]int64{5, 5}
			}
			config := over.Config{Name: "over", Types: smallTypes, Order: []keyed.Key{{Column: key}}, Calls: bench.calls}
			if bench.parts > 0 {
				config.Partition = []int{amount}
			}
			for b.Loop() {
				took := time.Duration(0)
				o := over.New(pool, limit.New("test", 0), config)
				out := op.NewOutput(1)
				for range rows / batch.MaxRows {
					in := makeRows(pool, random, batch.MaxRows, 0, 1_000_000, offsets)
					if bench.parts > 0 {
						for i := range in.Len {
							in.Cols[amount].Int32s()[i] = random.Int32N(int32(bench.parts))
						}
					}
					from := sdktest.Spent(b)
					out.Reset()
					if _, err := o.Apply(in, out); err != nil {
						b.Fatal(err)
					}
					took += sdktest.Spent(b) - from
					for _, c := range in.Cols {
						c.Release()
					}
				}
				from := sdktest.Spent(b)
				for more := true; more; {
					out.Reset()
					var err error
					if more, err = o.OnEnd(out); err != nil {
						b.Fatal(err)
					}
				}
				took += sdktest.Spent(b) - from
				b.ReportMetric(float64(took.Nanoseconds())/rows, "ns/row")
			}
		})
	}
}
