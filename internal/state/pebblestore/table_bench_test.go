package pebblestore

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/sdktest"
)

// tableEntries is how many entries a table of BenchmarkTable has.
const tableEntries = 1 << 16

// tableInput are entries in order, with keys of 28 bytes and values of the given size, half of which repeats from one to the next as the text of rows does.
func tableInput(size int) []store.Entry {
	random := rand.New(rand.NewPCG(1, 2))
	entries := make([]store.Entry, 0, tableEntries)
	for i := range uint64(tableEntries) {
		key := binary.BigEndian.AppendUint64(nil, random.Uint64())
		value := fmt.Appendf(nil, "%08d", random.Uint64()%100_000_000)
		for len(value) < size/2 {
			value = append(value, "https://www.nexmark.com/item.htm?query=1&channel_id="...)
		}
		for len(value) < size {
			value = append(value, byte('a'+random.IntN(26)))
		}
		entries = append(entries, store.Entry{Space: store.Space{Operator: 1}, Hash: i<<44 | random.Uint64()>>20, Key: key, Value: value[:size]})
	}
	return entries
}

// BenchmarkTable says what a table costs that is written of entries which are sorted already, an entry: CPU time, and bytes in the file. Sizes are those of values: an element of a set, a row of Nexmark's bids,
// and one of an auction with its bid. It is the least that an entry costs that changed, beside being read and sorted.
func BenchmarkTable(b *testing.B) {
	for _, size := range []int{8, 182, 568} {
		entries := tableInput(size)
		for _, late := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/late=%v", size, late), func(b *testing.B) {
				s, err := Open(b.Context(), Options{Dir: b.TempDir(), Memory: 64 << 20, Late: late})
				if err != nil {
					b.Fatal(err)
				}
				var used, bytes int64
				for range b.N {
					began := int64(sdktest.Spent(b))
					if _, err := s.beginTable(); err != nil {
						b.Fatal(err)
					}
					for part := range slices.Chunk(entries, 64) {
						if err := s.writer.add(part); err != nil {
							b.Fatal(err)
						}
					}
					n, err := s.writer.finish()
					if err != nil {
						b.Fatal(err)
					}
					bytes += n
					used += int64(sdktest.Spent(b)) - began
				}
				b.ReportMetric(float64(used)/float64(b.N*tableEntries), "ns/entry")
				b.ReportMetric(float64(bytes)/float64(b.N*tableEntries), "B/entry")
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
