package timejoin_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// report reports the CPU time since start for each of rows.
func report(b *testing.B, start int64, rows int) {
	b.Helper()
	b.ReportMetric(float64(int64(sdktest.Spent(b))-start)/float64(b.N)/float64(rows), "cpu-ns/row")
}

// drive calls until the operator has no more.
func drive(b *testing.B, out *op.Output, call func(*op.Output) (bool, error)) (rows int64) {
	b.Helper()
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = call(out); err != nil {
			b.Fatal(err)
		}
		rows += out.Counts.Emitted
	}
	return rows
}

// column makes a column of numbers or of text.
func column(typ schema.Type, n int, value func(i int) int64) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(n)
	for i := range n {
		if typ.Kind == schema.Text {
			c.SetBytes(i, fmt.Appendf(nil, "%d and some more text", value(i)))
		} else {
			c.Int64s()[i] = value(i)
		}
	}
	return c
}

const (
	second = int64(1_000_000)
	// benchBatches of bids come in a run, 10,000 bids a second of event time.
	benchBatches = 64
	bidEvery     = 100
	// perAuction is how many bids there are for an auction.
	perAuction = 16
)

// bids are batches of auction, time, price, bidder; a bid is for one of the auctions of the last seconds.
func bids() (all []*batch.Batch) {
	random := rand.New(rand.NewPCG(1, 2))
	number, when := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	for n := range benchBatches {
		from := n * batch.MaxRows
		all = append(all, &batch.Batch{Len: batch.MaxRows, Cols: []*batch.Column{
			column(number, batch.MaxRows, func(i int) int64 { return int64((from+i)/perAuction) - int64(random.IntN(2000)) }),
			column(when, batch.MaxRows, func(i int) int64 { return int64(from+i) * bidEvery }),
			column(number, batch.MaxRows, func(i int) int64 { return int64(random.IntN(1000)) }),
			column(number, batch.MaxRows, func(i int) int64 { return int64(random.IntN(1000)) }),
		}})
	}
	return all
}

// auctions are batches of id, time, seller: one a batch of bids, with a sixteenth of its rows.
func auctions() (all []*batch.Batch) {
	number, when := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	for n := range benchBatches {
		from, rows := n*batch.MaxRows/perAuction, batch.MaxRows/perAuction
		all = append(all, &batch.Batch{Len: rows, Cols: []*batch.Column{
			column(number, rows, func(i int) int64 { return int64(from + i) }),
			column(when, rows, func(i int) int64 { return int64(from+i) * perAuction * bidEvery }),
			column(number, rows, func(i int) int64 { return int64(from + i) }),
		}})
	}
	return all
}

// BenchmarkInterval joins bids with the auctions of the last 10 seconds, stored: with an epoch every 16 batches, what writing takes not counted; cpu-ns/row is for a row of either input.
func BenchmarkInterval(b *testing.B) {
	left, right := bids(), auctions()
	number, when := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	for n := range 6 {
		kind, stored := []timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Semi}[n/2], n%2 > 0
		name := kind.String()
		if stored {
			name += " stored"
		}
		b.Run(name, func(b *testing.B) {
			c := timejoin.IntervalConfig{
				Config: timejoin.Config{
					Kind: kind, Left: []schema.Type{number, when, number, number}, Right: []schema.Type{number, when, number},
					Keys: []timejoin.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
				},
				LeftTime: 1, RightTime: 1, Lower: 0, Upper: 10 * second,
			}
			out := op.NewOutput(1)
			start := int64(sdktest.Spent(b))
			rows := int64(0)
			for b.Loop() {
				j, err := timejoin.NewInterval(&c)
				if err != nil {
					b.Fatal(err)
				}
				var keep *optest.Stored
				if stored {
					keep = optest.Store(j)
				}
				for i := range left {
					if stored && i%16 == 15 {
						before := int64(sdktest.Spent(b))
						if err := keep.Forget(); err != nil {
							b.Fatal(err)
						}
						start += int64(sdktest.Spent(b)) - before
					}
					rows += drive(b, out, func(out *op.Output) (bool, error) { return j.ApplyInput(1, right[i], out) })
					rows += drive(b, out, func(out *op.Output) (bool, error) { return j.ApplyInput(0, left[i], out) })
					watermark := int64(i*batch.MaxRows) * bidEvery
					for input := range 2 {
						rows += drive(b, out, func(out *op.Output) (bool, error) { return j.OnInputWatermark(input, watermark, out) })
					}
				}
				for input := range 2 {
					rows += drive(b, out, func(out *op.Output) (bool, error) { return j.OnInputEnd(input, out) })
				}
			}
			report(b, start, benchBatches*(batch.MaxRows+batch.MaxRows/perAuction))
			b.ReportMetric(float64(c.Budget.Peak())/(1<<20), "MB")
			b.ReportMetric(float64(rows)/float64(b.N)/float64(benchBatches*batch.MaxRows), "out/bid")
		})
	}
}

// windows turns the time of batches, column 1, into the end of the window that it lies in.
func windows(all []*batch.Batch, size int64) []*batch.Batch {
	for _, b := range all {
		micros := b.Cols[1].Int64s()
		for i, v := range micros {
			micros[i] = v - v%size + size
		}
	}
	return all
}

// BenchmarkWindow joins bids and auctions of the same 2 seconds; cpu-ns/row is for a row of either input.
func BenchmarkWindow(b *testing.B) {
	left, right := windows(bids(), 2*second), windows(auctions(), 2*second)
	number, when := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Semi} {
		b.Run(kind.String(), func(b *testing.B) {
			c := timejoin.WindowConfig{
				Config: timejoin.Config{
					Kind: kind, Left: []schema.Type{number, when, number, number}, Right: []schema.Type{number, when, number},
					Keys: []timejoin.Key{{}, {Left: 1, Right: 1}}, Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
				},
				LeftEnd: 1, RightEnd: 1, Width: 2 * second,
			}
			out := op.NewOutput(1)
			start := int64(sdktest.Spent(b))
			rows := int64(0)
			for b.Loop() {
				w, err := timejoin.NewWindow(&c)
				if err != nil {
					b.Fatal(err)
				}
				for i := range left {
					rows += drive(b, out, func(out *op.Output) (bool, error) { return w.ApplyInput(1, right[i], out) })
					rows += drive(b, out, func(out *op.Output) (bool, error) { return w.ApplyInput(0, left[i], out) })
					watermark := int64(i*batch.MaxRows) * bidEvery
					rows += drive(b, out, func(out *op.Output) (bool, error) { return w.OnWatermark(watermark, out) })
				}
				rows += drive(b, out, w.OnEnd)
			}
			report(b, start, benchBatches*(batch.MaxRows+batch.MaxRows/perAuction))
			b.ReportMetric(float64(c.Budget.Peak())/(1<<20), "MB")
			b.ReportMetric(float64(rows)/float64(b.N)/float64(benchBatches*batch.MaxRows), "out/bid")
		})
	}
}

// rates are batches of key, time, value: one a batch of bids, with a sixteenth of its rows, of 1,000 keys.
func rates() (all []*batch.Batch) {
	number, when := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	for n := range benchBatches {
		from, rows := n*batch.MaxRows/perAuction, batch.MaxRows/perAuction
		all = append(all, &batch.Batch{Len: rows, Cols: []*batch.Column{
			column(number, rows, func(i int) int64 { return int64((from + i) * 7 % 1000) }),
			column(when, rows, func(i int) int64 { return int64(from+i) * perAuction * bidEvery }),
			column(number, rows, func(i int) int64 { return int64(from + i) }),
		}})
	}
	return all
}

// BenchmarkTemporal joins bids with the rates of their time; cpu-ns/row is for a row of either input.
func BenchmarkTemporal(b *testing.B) {
	left, right := bids(), rates()
	for _, in := range left {
		for i, v := range in.Cols[0].Int64s() {
			in.Cols[0].Int64s()[i] = v & 511
		}
	}
	number, when := schema.Of(schema.Int64), schema.Of(schema.Timestamp)
	for _, processing := range []bool{false, true} {
		b.Run(map[bool]string{false: "event", true: "processing"}[processing], func(b *testing.B) {
			c := timejoin.TemporalConfig{
				Config: timejoin.Config{
					Kind: timejoin.Left, Left: []schema.Type{number, when, number, number}, Right: []schema.Type{number, when, number},
					Keys: []timejoin.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
				},
				LeftTime: 1, RightTime: 1, Processing: processing,
			}
			out := op.NewOutput(1)
			start := int64(sdktest.Spent(b))
			for b.Loop() {
				t, err := timejoin.NewTemporal(&c)
				if err != nil {
					b.Fatal(err)
				}
				for i := range left {
					drive(b, out, func(out *op.Output) (bool, error) { return t.ApplyInput(1, right[i], out) })
					drive(b, out, func(out *op.Output) (bool, error) { return t.ApplyInput(0, left[i], out) })
					watermark := int64(i*batch.MaxRows) * bidEvery
					for input := range 2 {
						drive(b, out, func(out *op.Output) (bool, error) { return t.OnInputWatermark(input, watermark, out) })
					}
				}
				for input := range 2 {
					drive(b, out, func(out *op.Output) (bool, error) { return t.OnInputEnd(input, out) })
				}
			}
			report(b, start, benchBatches*(batch.MaxRows+batch.MaxRows/perAuction))
			b.ReportMetric(float64(c.Budget.Peak())/(1<<20), "MB")
		})
	}
}

// BenchmarkIntervalFew joins bids, with a text, with one row for each 10 seconds that has the key of one of them; cpu-ns/row is for a bid.
func BenchmarkIntervalFew(b *testing.B) {
	number, when, text := schema.Of(schema.Int64), schema.Of(schema.Timestamp), schema.Of(schema.Text)
	random := rand.New(rand.NewPCG(1, 2))
	const batches = 256
	var left, right []*batch.Batch
	for n := range batches {
		from := n * batch.MaxRows
		left = append(left, &batch.Batch{Len: batch.MaxRows, Cols: []*batch.Column{
			column(number, batch.MaxRows, func(int) int64 { return int64(random.IntN(10_000_000)) }),
			column(when, batch.MaxRows, func(i int) int64 { return int64(from+i) * bidEvery }),
			column(number, batch.MaxRows, func(i int) int64 { return int64(i) }),
			column(text, batch.MaxRows, func(i int) int64 { return int64(i) }),
		}})
		right = append(right, nil)
		if end := int64(from+batch.MaxRows) * bidEvery / (10 * second); end > int64(from)*bidEvery/(10*second) {
			key := left[n].Cols[0].Int64s()[random.IntN(100)]
			right[n] = &batch.Batch{Len: 1, Cols: []*batch.Column{
				column(number, 1, func(int) int64 { return key }), column(when, 1, func(int) int64 { return end * 10 * second }),
			}}
		}
	}
	c := timejoin.IntervalConfig{
		Config: timejoin.Config{
			Kind: timejoin.Inner, Left: []schema.Type{number, when, number, text}, Right: []schema.Type{number, when}, Keys: []timejoin.Key{{}},
			Pool: &batch.Pool{}, Budget: limit.New("bench", 0),
		},
		LeftTime: 1, RightTime: 1, Lower: -10 * second, Upper: 0,
	}
	out := op.NewOutput(1)
	start := int64(sdktest.Spent(b))
	rows := int64(0)
	for b.Loop() {
		j, err := timejoin.NewInterval(&c)
		if err != nil {
			b.Fatal(err)
		}
		for i := range left {
			rows += drive(b, out, func(out *op.Output) (bool, error) { return j.ApplyInput(0, left[i], out) })
			if right[i] != nil {
				rows += drive(b, out, func(out *op.Output) (bool, error) { return j.ApplyInput(1, right[i], out) })
			}
			watermark := int64(i*batch.MaxRows) * bidEvery
			for input := range 2 {
				rows += drive(b, out, func(out *op.Output) (bool, error) { return j.OnInputWatermark(input, watermark, out) })
			}
		}
		for input := range 2 {
			rows += drive(b, out, func(out *op.Output) (bool, error) { return j.OnInputEnd(input, out) })
		}
	}
	report(b, start, batches*batch.MaxRows)
	b.ReportMetric(float64(c.Budget.Peak())/(1<<20), "MB")
	b.ReportMetric(float64(rows)/float64(b.N), "out")
}
