package topn_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkTopN takes the bids of auctions, of which every second one is for the auction that is hot for a while, and the others for those of the last while: 15 for an auction on
// average, as in Nexmark. Flushed every eight batches; stored: an epoch ends with it, what writing it takes not counted. The numbers are for one row.
func BenchmarkTopN(b *testing.B) {
	kinds := []schema.Type{
		schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Text), schema.Of(schema.Timestamp), schema.Of(schema.Text),
	}
	byPrice := []keyed.Key{{Column: 2, Desc: true}, {Column: 5}}
	const batches, pieces = 8, 32
	for _, bench := range []struct {
		name   string
		config topn.Config
		churn  bool
	}{
		{"10 with ranks", topn.Config{Partition: []int{0}, Order: byPrice, Limit: 10, RankColumn: true}, false},
		{"10", topn.Config{Partition: []int{0}, Order: byPrice, Limit: 10}, false},
		{"1", topn.Config{Partition: []int{0}, Order: byPrice, Limit: 1}, false},
		{"1 of changes", topn.Config{Partition: []int{0}, Order: byPrice, Limit: 1, Changes: true}, true},
		{"10 with ranks of changes", topn.Config{Partition: []int{0}, Order: byPrice, Limit: 10, RankColumn: true, Changes: true}, true},
		{"100 of all", topn.Config{Order: byPrice, Limit: 100}, false},
		{"10000 of all", topn.Config{Order: byPrice, Limit: 10_000}, false},
	} {
		for _, stored := range []bool{false, true} {
			if bench.name += " stored"; !stored {
				bench.name = strings.TrimSuffix(bench.name, " stored")
			}
			b.Run(bench.name, func(b *testing.B) {
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
						in.Cols[0].Int64s()[i] = int64(at*batch.MaxRows+i) / 15
						if i%2 == 0 {
							in.Cols[0].Int64s()[i] = in.Cols[0].Int64s()[i] / 100 * 100
						}
						in.Cols[1].Int64s()[i] = random.Int64N(1000)
						in.Cols[2].Int64s()[i] = random.Int64N(1_000_000)
						in.Cols[3].SetBytes(i, []byte("channel"))
						in.Cols[4].SetBytes(i, []byte("https://www.nexmark.com/item.htm?query=1&channel_id=12345"))
						in.Cols[5].Int64s()[i] = int64(at*batch.MaxRows + i)
						in.Cols[6].SetBytes(i, extra[:random.IntN(len(extra))])
					}
					ins[at] = in
				}
				kinds, back := bench.config, make([]batch.Change, batch.MaxRows)
				for i := range back {
					back[i] = batch.Delete
				}
				emitted, fed, from, round := int64(0), 0, sdktest.Spent(b), int64(0)
				for b.Loop() {
					config := kinds
					config.Name, config.Types = "top", typesOf(ins[0])
					o := topn.New(pool, limit.New("test", 0), config)
					var keep *optest.Stored
					if stored {
						keep = optest.Store(o)
					}
					out := op.NewOutput(1)
					apply := func(in *batch.Batch) {
						fed += in.Rows()
						for more := true; more; {
							out.Reset()
							var err error
							if more, err = o.Apply(in, out); err != nil {
								b.Fatal(err)
							}
							emitted += out.Counts.Emitted
						}
					}
					for piece := range batches * pieces {
						in := ins[piece%batches]
						round++
						for i, k := range in.Cols[0].Int64s() { // other keys and prices each time
							in.Cols[0].Int64s()[i] = k + batches*batch.MaxRows/15
							in.Cols[2].Int64s()[i] = in.Cols[2].Int64s()[i]*5%1_000_003 + 1
							in.Cols[5].Int64s()[i] += batches * batch.MaxRows
						}
						apply(in)
						if bench.churn {
							some := *in
							some.Kinds, some.Sel = back, []uint16{}
							for i := 0; i < batch.MaxRows; i += 3 {
								some.Sel = append(some.Sel, uint16(i))
							}
							apply(&some)
						}
						for more := piece%batches == batches-1; more; {
							out.Reset()
							var err error
							if more, err = o.OnFlush(out); err != nil {
								b.Fatal(err)
							}
							emitted += out.Counts.Emitted
						}
						if stored && piece%batches == batches-1 {
							before := sdktest.Spent(b)
							if err := keep.Forget(); err != nil {
								b.Fatal(err)
							}
							from += sdktest.Spent(b) - before
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
}

func typesOf(b *batch.Batch) (types []schema.Type) {
	for _, c := range b.Cols {
		types = append(types, c.Type())
	}
	return types
}
