package aggregate_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// The columns of bids: day, channel, auction, bidder, price, and the three ranks of a price.
const (
	bidDay = iota
	bidChannel
	bidAuction
	bidBidder
	bidPrice
	bidRank1
	bidRank2
	bidRank3
)

func bidTypes() []schema.Type {
	var list []schema.Type
	for _, k := range []schema.Kind{schema.Text, schema.Text, schema.Int64, schema.Int64, schema.Int64, schema.Bool, schema.Bool, schema.Bool} {
		list = append(list, schema.Of(k))
	}
	return list
}

// bids are batches of bids on n auctions by as many bidders, in no order.
func bids(batches, n int) []*batch.Batch {
	var list []*batch.Batch
	random := uint64(1)
	next := func(n int) int {
		random = random*6364136223846793005 + 1442695040888963407
		return int(random >> 33 % uint64(n))
	}
	for range batches {
		b := &batch.Batch{Len: batch.MaxRows}
		for _, t := range bidTypes() {
			c := batch.NewColumn(&batch.Pool{}, t)
			c.Reset(b.Len)
			b.Cols = append(b.Cols, c)
		}
		for i := range b.Len {
			price := next(2_000_000)
			b.Cols[bidDay].SetBytes(i, []byte("2024-01-01"))
			b.Cols[bidChannel].SetBytes(i, []byte("channel-"+string(rune('a'+next(20)))))
			b.Cols[bidAuction].Int64s()[i] = int64(next(n))
			b.Cols[bidBidder].Int64s()[i] = int64(next(n))
			b.Cols[bidPrice].Int64s()[i] = int64(price)
			b.Cols[bidRank1].Bits().Put(i, price < 10_000)
			b.Cols[bidRank2].Bits().Put(i, price >= 10_000 && price < 1_000_000)
			b.Cols[bidRank3].Bits().Put(i, price >= 1_000_000)
		}
		list = append(list, b)
	}
	return list
}

// callOf is call over other columns.
func callOf(tb testing.TB, types []schema.Type, name string, filter int, column ...int) aggregate.Call {
	tb.Helper()
	c := callOver(tb, types, name, column...)
	c.Filter = filter
	return c
}

// ranked are a call over all bids and over those of each rank.
func ranked(tb testing.TB, name string, isDistinct bool, column ...int) []aggregate.Call {
	var list []aggregate.Call
	for _, filter := range []int{aggregate.NoColumn, bidRank1, bidRank2, bidRank3} {
		c := callOf(tb, bidTypes(), name, filter, column...)
		c.Distinct = isDistinct
		list = append(list, c)
	}
	return list
}

// percentileCall is the median of prices, whose fraction is a constant.
func percentileCall(tb testing.TB) aggregate.Call {
	tb.Helper()
	types := append(bidTypes(), schema.Of(schema.Float64))
	c := callOf(tb, types, "percentile_disc", aggregate.NoColumn, len(types)-1, within, bidPrice)
	half := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Float64))
	half.Reset(1)
	half.Float64s()[0] = 0.5
	c.Direct, c.Args = []*batch.Column{half}, []int{bidPrice, bidPrice} // a constant needs no column of its own
	return c
}

// BenchmarkChanges measures a row of a stream of batches of which each is flushed, with what comes out; groups and values are there before.
func BenchmarkChanges(b *testing.B) {
	q15 := append(append(ranked(b, "count", false), ranked(b, "count", true, bidBidder)...), ranked(b, "count", true, bidAuction)...)
	q17 := append(ranked(b, "count", false), callOf(b, bidTypes(), "min", aggregate.NoColumn, bidPrice), callOf(b, bidTypes(), "max", aggregate.NoColumn, bidPrice),
		callOf(b, bidTypes(), "avg", aggregate.NoColumn, bidPrice), callOf(b, bidTypes(), "sum", aggregate.NoColumn, bidPrice))
	for _, bm := range []struct {
		name     string
		keys     []int
		n        int
		calls    []aggregate.Call
		upsert   bool
		retracts bool
	}{
		{"running count/100k keys", []int{bidAuction}, 100_000, ranked(b, "count", false)[:1], false, false},
		{"running count, upsert/100k keys", []int{bidAuction}, 100_000, ranked(b, "count", false)[:1], true, false},
		{"running count, counted rows/100k keys", []int{bidAuction}, 100_000, ranked(b, "count", false)[:1], false, true},
		{"running count/1k keys", []int{bidAuction}, 1000, ranked(b, "count", false)[:1], false, false},
		{"one group", nil, 1000, ranked(b, "count", false)[:1], false, false},
		{"q15", []int{bidDay}, 100_000, q15, false, false},
		{"q16", []int{bidChannel, bidDay}, 100_000, q15, false, false},
		{"q17", []int{bidAuction, bidDay}, 100_000, q17, false, false},
		{"percentiles/1k groups", []int{bidAuction}, 1000, []aggregate.Call{percentileCall(b)}, false, false},
		{"max, taken back/100k keys", []int{bidAuction}, 100_000, []aggregate.Call{callOf(b, bidTypes(), "max", aggregate.NoColumn, bidPrice)}, false, true},
		{"q17 without day", []int{bidAuction}, 100_000, q17, false, false},
	} {
		b.Run(bm.name, func(b *testing.B) {
			config := aggregate.Config{Name: "bench", Types: bidTypes(), Keys: bm.keys, Calls: bm.calls, Changes: true, Upsert: bm.upsert, Retracts: bm.retracts}
			batches := bids(100, bm.n)
			o := aggregate.New(&batch.Pool{}, limit.New("bench", 0), config)
			run := func() {
				out := op.NewOutput(1)
				for _, in := range batches {
					out.Reset()
					more, err := o.Apply(in, out)
					for ; more && err == nil; more, err = o.Apply(in, out) {
						out.Reset()
					}
					for more = true; more && err == nil; {
						out.Reset()
						more, err = o.OnFlush(out)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			run()
			b.ResetTimer()
			start := int64(sdktest.Spent(b))
			for range b.N {
				run()
			}
			perRow(b, start, b.N*len(batches)*batch.MaxRows)
		})
	}
}

// BenchmarkSplit measures a row of q15 that goes through all operators of a split aggregate, one of each, without what exchanges cost; and by itself what the last one,
// which all rows of a day come to, has to do.
func BenchmarkSplit(b *testing.B) {
	q15 := append(append(ranked(b, "count", false), ranked(b, "count", true, bidBidder)...), ranked(b, "count", true, bidAuction)...)
	config := aggregate.Config{Name: "bench", Types: bidTypes(), Keys: []int{bidDay}, Calls: q15, Split: true}
	batches := bids(100, 100_000)
	combiner := aggregate.NewCombiner(&batch.Pool{}, limit.New("bench", 0), config)
	scatter := aggregate.NewScatter(&batch.Pool{}, config)
	known := aggregate.NewDistinct(&batch.Pool{}, limit.New("bench", 0), config)
	last := merging(config)
	last.Changes = true
	final := aggregate.New(&batch.Pool{}, limit.New("bench", 0), last)
	spent := int64(0)
	drain := func(event func(out *op.Output) (bool, error), next func(in *batch.Batch)) {
		out := op.NewOutput(1)
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = event(out); err != nil {
				b.Fatal(err)
			}
			if out.Ports[0] != nil {
				next(out.Ports[0])
			}
		}
	}
	merge := func(in *batch.Batch) {
		from := int64(sdktest.Spent(b))
		drain(func(out *op.Output) (bool, error) { return final.Apply(in, out) }, func(*batch.Batch) {})
		spent += int64(sdktest.Spent(b)) - from
	}
	run := func() {
		for _, in := range batches {
			drain(func(out *op.Output) (bool, error) { return combiner.Apply(in, out) }, merge)
			drain(combiner.OnFlush, merge)
			drain(func(out *op.Output) (bool, error) { return scatter.Apply(in, out) }, func(in *batch.Batch) {
				drain(func(out *op.Output) (bool, error) { return known.Apply(in, out) }, merge)
			})
			drain(known.OnFlush, merge)
			from := int64(sdktest.Spent(b))
			drain(final.OnFlush, func(*batch.Batch) {})
			spent += int64(sdktest.Spent(b)) - from
		}
	}
	run()
	b.ResetTimer()
	spent = 0
	start := int64(sdktest.Spent(b))
	for range b.N {
		run()
	}
	perRow(b, start, b.N*len(batches)*batch.MaxRows)
	b.ReportMetric(float64(spent)/float64(b.N*len(batches)*batch.MaxRows), "last-cpu-ns/row")
}
