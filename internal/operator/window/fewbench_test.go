package window_test

import (
	"runtime"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkWindowsOfOneRow measures a window that has a single row, from the row to the answer: those of sessions whose calls see values once, or in order, where each session has bounds of its own; and short ones of a stream with few rows.
// alive is what is reserved for a window that is open, heap what it takes in memory.
func BenchmarkWindowsOfOneRow(b *testing.B) {
	distinct := func(b *testing.B) aggregate.Call {
		c := call(b, "count", colOther)
		c.Args, c.Distinct = []int{2}, true
		return c
	}
	ordered := func(b *testing.B) aggregate.Call {
		c := call(b, "array_agg", colOther)
		c.Args, c.OrderBy = []int{2, 0}[:1], []keyed.Key{{Column: 0}}
		return c
	}
	for _, bm := range []struct {
		name  string
		calls []func(*testing.B) aggregate.Call
		open  int // batches whose windows are open at once
		kept  bool
	}{
		{"count, 1 open", nil, 0, false},
		{"distinct, 1k open", []func(*testing.B) aggregate.Call{distinct}, 1, false},
		{"ordered, 1k open", []func(*testing.B) aggregate.Call{ordered}, 1, false},
		{"distinct and ordered, 16k open", []func(*testing.B) aggregate.Call{distinct, ordered}, 16, false},
		{"distinct and ordered, 16k open, stored", []func(*testing.B) aggregate.Call{distinct, ordered}, 16, true},
	} {
		b.Run(bm.name, func(b *testing.B) {
			_, c := aggregated(b, window.Shape{Kind: window.Tumble, Size: second}, []int{2})
			for _, newCall := range bm.calls {
				c.Calls = append(c.Calls, newCall(b))
			}
			budget := limit.New("bench", 0)
			agg, err := window.NewAggregate(&batch.Pool{}, budget, c)
			if err != nil {
				b.Fatal(err)
			}
			if bm.kept {
				for _, part := range agg.Kept() {
					part.Keep(keyed.Home{To: 1<<64 - 1})
				}
			}
			in := &batch.Batch{Len: batch.MaxRows}
			for _, t := range c.Types {
				col := batch.NewColumn(&batch.Pool{}, t)
				col.Reset(in.Len)
				in.Cols = append(in.Cols, col)
			}
			at := int64(0)
			next := func() {
				for row := range in.Len {
					at++
					in.Cols[0].Int64s()[row], in.Cols[2].Int64s()[row] = at, at%1000
					in.Cols[1].SetBytes(row, []byte("key"))
					in.Cols[c.Start].Int64s()[row], in.Cols[c.End].Int64s()[row] = at, at+second
				}
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			alive := int64(0)
			b.ResetTimer()
			start, rows := int64(sdktest.Spent(b)), int64(0)
			for i := range b.N {
				next()
				pass(b, in, agg)
				rows += int64(in.Len)
				if i%max(bm.open, 1) != max(bm.open, 1)-1 {
					continue
				}
				if rows == int64(max(bm.open, 1)*in.Len) {
					b.StopTimer()
					runtime.GC()
					runtime.ReadMemStats(&after)
					alive = budget.Used()
					b.StartTimer()
				}
				told(b, at+second, op.WatermarkHandler(agg))
			}
			perRow(b, start, rows)
			if n := int64(max(bm.open, 1) * in.Len); alive > 0 {
				b.ReportMetric(float64(alive/n), "alive-B/window")
				b.ReportMetric(float64((int64(after.HeapAlloc)-int64(before.HeapAlloc))/n), "heap-B/window") //nolint:gosec // less than 2^63
			}
		})
	}
}
