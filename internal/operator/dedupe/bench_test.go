package dedupe_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/dedupe"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkDedupe keeps the last of rows of seven columns, two of them long texts, that share keys with more or fewer others; flushed every eight batches. The numbers are for one row.
func BenchmarkDedupe(b *testing.B) {
	kinds := []schema.Type{
		schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Text), schema.Of(schema.Timestamp), schema.Of(schema.Text),
	}
	const batches, pieces = 8, 32
	for _, keys := range []int64{100, 100_000, 1 << 40} {
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			pool := &batch.Pool{}
			ins := make([]*batch.Batch, batches)
			extra := []byte(strings.Repeat("extra ", 20))
			for at := range ins {
				in := &batch.Batch{Len: batch.MaxRows}
				for _, typ := range kinds {
					c := batch.NewColumn(pool, typ)
					c.Reset(batch.MaxRows)
					in.Cols = append(in.Cols, c)
				}
				for i := range batch.MaxRows {
					in.Cols[0].Int64s()[i] = random.Int64N(keys)
					in.Cols[1].Int64s()[i] = in.Cols[0].Int64s()[i] % 7
					in.Cols[2].Int64s()[i] = random.Int64N(1000)
					in.Cols[3].SetBytes(i, []byte("channel"))
					in.Cols[4].SetBytes(i, []byte("https://www.nexmark.com/item.htm?query=1&channel_id=12345"))
					in.Cols[5].Int64s()[i] = int64(at*batch.MaxRows + i)
					in.Cols[6].SetBytes(i, extra[:random.IntN(len(extra))])
				}
				ins[at] = in
			}
			emitted, from, round := int64(0), sdktest.Spent(b), int64(0)
			for b.Loop() {
				o := dedupe.New(pool, limit.New("test", 0), dedupe.Config{
					Name: "dedupe", Types: kinds, Partition: []int{0, 1}, Order: []keyed.Key{{Column: 5, Desc: true}},
				})
				out := op.NewOutput(1)
				for piece := range batches * pieces {
					in := ins[piece%batches]
					round++
					for i, k := range in.Cols[0].Int64s() { // other keys each time
						in.Cols[0].Int64s()[i] = (k*5 + round) % keys
						in.Cols[5].Int64s()[i] += batch.MaxRows
					}
					out.Reset()
					if _, err := o.Apply(in, out); err != nil {
						b.Fatal(err)
					}
					emitted += out.Counts.Emitted
					for more := piece%batches == batches-1; more; {
						out.Reset()
						var err error
						if more, err = o.OnFlush(out); err != nil {
							b.Fatal(err)
						}
						emitted += out.Counts.Emitted
					}
				}
				out.Reset()
				if _, err := o.OnEnd(out); err != nil {
					b.Fatal(err)
				}
			}
			rows := float64(b.N) * batches * pieces * batch.MaxRows
			b.ReportMetric(float64((sdktest.Spent(b)-from).Nanoseconds())/rows, "ns/row")
			b.ReportMetric(float64(emitted)/rows, "emitted/row")
		})
	}
}
