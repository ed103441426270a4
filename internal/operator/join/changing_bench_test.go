package join_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// auctionTypes and bidTypes are those of Nexmark's events. A batch of the mix of events has about this many of each.
const (
	auctionsInBatch = 246
	bidsInBatch     = 3768
)

func auctionTypes() []schema.Type {
	n, text, at := schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Timestamp)
	return []schema.Type{n, text, text, n, n, at, at, n, n, text} // id, name, description, initial bid, reserve, time, expires, seller, category, extra
}

func bidTypes() []schema.Type {
	n, text, at := schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Timestamp)
	return []schema.Type{n, n, n, text, text, at, text} // auction, bidder, price, channel, url, time, extra
}

// nexmarkBatch makes n rows; the first column is the key.
func nexmarkBatch(types []schema.Type, n int, key func(i int) int) *batch.Batch {
	pool := &batch.Pool{}
	b := &batch.Batch{Len: n}
	for k, typ := range types {
		c := batch.NewColumn(pool, typ)
		c.Reset(n)
		for i := range n {
			switch {
			case k == 0:
				c.Int64s()[i] = int64(key(i))
			case typ.Kind == schema.Text:
				c.SetBytes(i, fmt.Appendf(nil, "https://www.nexmark.com/%d/item.htm", i*k))
			default:
				c.Int64s()[i] = int64(i * k)
			}
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

// nexmarkJoin is a join of bids, on the left, with auctions.
type nexmarkJoin struct {
	name     string
	kind     join.Kind
	residual string
	need     []int // columns of both; nil is all
	hot      bool
	changing bool
	stored   bool // entry by entry, an epoch every 16 batches
}

// BenchmarkChanging joins bids with auctions as they come, with ever more of both; cpu-ns/row is for a row of either, with all that comes out of it.
func BenchmarkChanging(b *testing.B) {
	const batches = 256 // about a million rows
	tests := []nexmarkJoin{
		{name: "q20", kind: join.Inner},
		{name: "q4", kind: join.Inner, residual: "l5 >= r5 AND l5 <= r6 + INTERVAL '1 day'", need: []int{2, 7, 15}},
		{name: "q9", kind: join.Inner, residual: "l5 >= r5 AND l5 <= r6 + INTERVAL '1 day'"},
		{name: "narrow", kind: join.Inner, need: []int{0, 2, 7, 15}},
		{name: "left", kind: join.Left, need: []int{0, 2, 7, 15}},
		{name: "semi", kind: join.Semi, need: []int{0, 2}},
		{name: "hot", kind: join.Inner, need: []int{0, 2, 7, 15}, hot: true},
		{name: "changelog", kind: join.Inner, need: []int{0, 2, 7, 15}, changing: true},
		{name: "hot-changelog", kind: join.Inner, need: []int{0, 2, 7, 15}, hot: true, changing: true},
		{name: "changelog-left", kind: join.Left, need: []int{0, 2, 7, 15}, changing: true},
	}
	for _, test := range tests {
		test.name, test.stored = test.name+"-stored", true
		tests = append(tests, test)
	}
	for _, test := range tests {
		b.Run(test.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			var auctions, bids []*batch.Batch
			for i := range batches {
				first := i * auctionsInBatch
				auctions = append(auctions, nexmarkBatch(auctionTypes(), auctionsInBatch, func(k int) int { return first + k }))
				bids = append(bids, nexmarkBatch(bidTypes(), bidsInBatch, func(int) int {
					if test.hot && random.IntN(2) == 0 {
						return 7
					}
					return max(0, first+auctionsInBatch-random.IntN(1000))
				}))
			}
			c := join.Config{Name: "j", Kind: test.kind, Left: bidTypes(), Right: auctionTypes(), Keys: []join.Key{{}}, Pool: &batch.Pool{}}
			c.Inputs[join.LeftInput].AppendOnly = !test.changing
			c.Inputs[join.RightInput].AppendOnly = !test.changing
			if test.residual != "" {
				c.Residual, c.Reads = program(b, c.Left, c.Right, test.residual)
			}
			if test.need != nil {
				c.Need = make([]bool, len(c.Left)+len(c.Right))
				if test.kind == join.Semi {
					c.Need = make([]bool, len(c.Left))
				}
				for _, k := range test.need {
					c.Need[k] = true
				}
			}
			out := op.NewOutput(1)
			start := int64(sdktest.Spent(b))
			var used int64
			rows := 0
			for b.Loop() {
				c.Budget = limit.New("bench", 0)
				j, err := join.NewChanging(&c)
				if err != nil {
					b.Fatal(err)
				}
				var stored *optest.Stored
				if test.stored {
					stored = optest.Store(j)
				}
				rows = 0
				for i := range batches {
					apply(b, j, join.RightInput, auctions[i:i+1], out)
					apply(b, j, join.LeftInput, bids[i:i+1], out)
					rows += auctionsInBatch + bidsInBatch
					if test.changing && i >= 8 {
						kinds := make([]batch.Change, bidsInBatch)
						for k := range kinds {
							kinds[k] = batch.Delete
						}
						old := *bids[i-8]
						old.Kinds = kinds
						apply(b, j, join.LeftInput, []*batch.Batch{&old}, out)
						rows += bidsInBatch
					}
					if test.stored && i%16 == 15 {
						b.StopTimer()
						before := int64(sdktest.Spent(b))
						if err := stored.Forget(); err != nil {
							b.Fatal(err)
						}
						start += int64(sdktest.Spent(b)) - before
						b.StartTimer()
					}
				}
				used = c.Budget.Used()
				for input := range 2 {
					if _, err := j.OnInputEnd(input, out); err != nil {
						b.Fatal(err)
					}
				}
			}
			report(b, start, rows)
			b.ReportMetric(float64(used)/float64(batches*(auctionsInBatch+bidsInBatch)), "B/row")
		})
	}
}
