package nexmark

import "testing"

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
