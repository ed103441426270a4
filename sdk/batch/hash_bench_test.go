package batch_test

import (
	"bytes"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// BenchmarkHashRows hashes rows shaped like Nexmark's bids: three numbers, a time, texts of 8, 60 and 60 bytes.
func BenchmarkHashRows(b *testing.B) {
	pool := &batch.Pool{}
	in := &batch.Batch{Len: 512}
	for range 4 {
		c := batch.NewColumn(pool, schema.Of(schema.Int64))
		c.Reset(in.Len)
		for i := range c.Int64s() {
			c.Int64s()[i] = int64(i) * 7919
		}
		in.Cols = append(in.Cols, c)
	}
	for _, n := range []int{8, 60, 60} {
		c := batch.NewColumn(pool, schema.Of(schema.Text))
		c.Reset(in.Len)
		for i := range in.Len {
			c.SetBytes(i, bytes.Repeat([]byte{byte('a' + i%26)}, n-i%3))
		}
		in.Cols = append(in.Cols, c)
	}
	var hashes []uint64
	for b.Loop() {
		hashes = batch.HashRows(hashes, in)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(in.Len), "ns/row")
}
