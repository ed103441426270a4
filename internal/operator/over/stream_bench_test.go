package over_test

import (
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// streamTypes are a partition, a time, a value, and an offset of frames.
func streamTypes() []schema.Type {
	return []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Timestamp), schema.Of(schema.Int64), schema.Of(schema.Int64)}
}

func streamBatch(pool *batch.Pool, random *rand.Rand, parts int64, disorder int) *batch.Batch {
	in := &batch.Batch{Len: batch.MaxRows}
	for _, typ := range streamTypes() {
		c := batch.NewColumn(pool, typ)
		c.Reset(batch.MaxRows)
		in.Cols = append(in.Cols, c)
	}
	for i := range batch.MaxRows {
		in.Cols[0].Int64s()[i] = random.Int64N(parts)
		in.Cols[1].Int64s()[i] = int64(i + random.IntN(disorder))
		in.Cols[2].Int64s()[i] = random.Int64N(1_000_000)
		in.Cols[3].Int64s()[i] = 10
	}
	return in
}

// streamCall returns avg of the value over a frame.
func streamCall(frame over.Frame) over.Call {
	c := timedCall("avg", frame, timedCount) // of a BIGINT, too
	c.Args = []int{2}
	return c
}

func lastTen() over.Frame {
	return over.Frame{Unit: ast.FrameRows, Start: ast.Preceding, StartOffset: 3, End: ast.CurrentRow, EndOffset: over.NoColumn}
}

// BenchmarkUpdating replaces a fifth of the rows that come by others a little later, as a maximum does that grows; flushed after each batch. The numbers are for one row in, taken back or
// not.
func BenchmarkUpdating(b *testing.B) {
	for _, bench := range []struct {
		name string
		call over.Call
	}{
		{"avg of the last ten", streamCall(lastTen())},
		{"avg so far", streamCall(over.DefaultFrame())},
	} {
		b.Run(bench.name, func(b *testing.B) {
			pool, random := &batch.Pool{}, rand.New(rand.NewPCG(1, 2))
			in := streamBatch(pool, random, 1000, 100)
			back := *in
			back.Kinds, back.Sel = make([]batch.Change, batch.MaxRows), []uint16{}
			for i := range batch.MaxRows {
				if back.Kinds[i] = batch.Delete; i%5 == 0 {
					back.Sel = append(back.Sel, uint16(i))
				}
			}
			fed, emitted, from := 0, int64(0), sdktest.Spent(b)
			for b.Loop() {
				o := over.NewUpdating(pool, limit.New("test", 0), over.Config{
					Name: "over", Types: streamTypes(), Partition: []int{0}, Order: []keyed.Key{{Column: 1}}, Calls: []over.Call{bench.call}, Changes: true,
				})
				out := op.NewOutput(1)
				for range 20 {
					for _, part := range []*batch.Batch{in, &back} {
						out.Reset()
						if _, err := o.Apply(part, out); err != nil {
							b.Fatal(err)
						}
						fed += part.Rows()
						for more := true; more; {
							out.Reset()
							var err error
							if more, err = o.OnFlush(out); err != nil {
								b.Fatal(err)
							}
							emitted += out.Counts.Emitted
						}
					}
					for i := range in.Cols[1].Int64s() {
						in.Cols[1].Int64s()[i] += batch.MaxRows
					}
				}
				for more := true; more; {
					out.Reset()
					var err error
					if more, err = o.OnEnd(out); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64((sdktest.Spent(b)-from).Nanoseconds())/float64(fed), "ns/row")
			b.ReportMetric(float64(emitted)/float64(fed), "emitted/row")
		})
	}
}

// BenchmarkTimed takes rows a hundred places out of order at most, with a watermark after each batch. The numbers are for one row.
func BenchmarkTimed(b *testing.B) {
	for _, bench := range []struct {
		name string
		call over.Call
		back int64
	}{
		{"avg of the last ten", streamCall(lastTen()), 10},
		{"avg of the last thousand", streamCall(lastTen()), 1000},
		{"avg so far", streamCall(over.DefaultFrame()), 0},
		{"row_number", timedCall("row_number", over.DefaultFrame()), 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			pool, random := &batch.Pool{}, rand.New(rand.NewPCG(1, 2))
			in := streamBatch(pool, random, 1000, 100)
			for i := range in.Cols[3].Int64s() {
				in.Cols[3].Int64s()[i] = bench.back
			}
			o := over.NewTimed(pool, limit.New("test", 0), over.Config{
				Name: "over", Types: streamTypes(), Partition: []int{0}, Order: []keyed.Key{{Column: 1}}, Calls: []over.Call{bench.call},
			})
			out := op.NewOutput(1)
			from, watermark := sdktest.Spent(b), int64(0)
			for b.Loop() {
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
				for i := range in.Cols[1].Int64s() {
					in.Cols[1].Int64s()[i] += batch.MaxRows
				}
			}
			b.ReportMetric(float64((sdktest.Spent(b)-from).Nanoseconds())/float64(b.N)/batch.MaxRows, "ns/row")
		})
	}
}
