package nexmark

import (
	"io"
	"testing"
)

// BenchmarkAppendJSON makes and encodes one event an iteration, of each kind and in the benchmark's mix.
func BenchmarkAppendJSON(b *testing.B) {
	cases := []struct {
		name   string
		number func(i uint64) uint64
	}{
		{"person", func(i uint64) uint64 { return i * eventsPerEpoch }},
		{"auction", func(i uint64) uint64 { return i*eventsPerEpoch + 1 + i%auctionsPerEpoch }},
		{"bid", func(i uint64) uint64 { return i*eventsPerEpoch + 4 + i%46 }},
		{"mix", func(i uint64) uint64 { return i }},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			g := generator(b, DefaultConfig())
			var buffer []byte
			var total int64
			b.ReportAllocs()
			for i := uint64(0); b.Loop(); i++ {
				buffer = AppendJSON(buffer[:0], g.At(c.number(i)))
				total += int64(len(buffer))
			}
			b.SetBytes(total / int64(b.N))
		})
	}
}

// BenchmarkAt makes events without encoding them, out of order.
func BenchmarkAt(b *testing.B) {
	c := DefaultConfig()
	c.GroupSize = 10_000
	g := generator(b, c)
	b.ReportAllocs()
	for k := uint64(0); b.Loop(); k++ {
		g.At(k)
	}
}

func BenchmarkAppendTimestamp(b *testing.B) {
	var buffer []byte
	for i := int64(0); b.Loop(); i++ {
		buffer = AppendTimestamp(buffer[:0], defaultBaseTime+i*100)
	}
}

// BenchmarkAtWanting makes the events of which a query reads a few members.
func BenchmarkAtWanting(b *testing.B) {
	cases := []struct {
		name string
		want Want
	}{
		{"all", WantAll()},
		{"auction and price of bids", Want{KindBid: Members(0).With(BidAuction).With(BidPrice)}},
		{"all of bids but extra", Want{KindBid: WantAll()[KindBid] &^ (1 << BidExtra)}},
		{"nothing", Want{}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			g := generator(b, DefaultConfig())
			g.Want(c.want)
			for k := uint64(0); b.Loop(); k++ {
				g.At(k)
			}
		})
	}
}

// BenchmarkWriteJSON writes a run of a million events an iteration.
func BenchmarkWriteJSON(b *testing.B) {
	c := DefaultConfig()
	c.Events = million
	for b.Loop() {
		n, err := WriteJSON(io.Discard, c)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/million, "ns/event")
}
