package keyed_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// keyKind is a shape of keys: key n of it in row i of columns.
type keyKind struct {
	name  string
	types []schema.Type
	set   func(cols []*batch.Column, i int, n uint64)
}

// longText is a text of 20 bytes.
func longText(n uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte("customer/eu/"), n)
}

func keyKinds() []keyKind {
	number, text := schema.Of(schema.Int64), schema.Of(schema.Text)
	word := func(n uint64) int64 { return int64(n*0x9e3779b97f4a7c15) >> 8 }
	return []keyKind{
		{"bigint", []schema.Type{number}, func(cols []*batch.Column, i int, n uint64) { cols[0].Int64s()[i] = word(n) }},
		{"text20", []schema.Type{text}, func(cols []*batch.Column, i int, n uint64) { cols[0].SetBytes(i, longText(n)) }},
		{"text8", []schema.Type{text}, func(cols []*batch.Column, i int, n uint64) { cols[0].SetBytes(i, longText(n)[12:]) }},
		{"bigint_bigint", []schema.Type{number, number}, func(cols []*batch.Column, i int, n uint64) {
			cols[0].Int64s()[i], cols[1].Int64s()[i] = word(n>>3), int64(n&7)
		}},
		{"bigint_text20", []schema.Type{number, text}, func(cols []*batch.Column, i int, n uint64) {
			cols[0].Int64s()[i] = word(n)
			cols[1].SetBytes(i, longText(n))
		}},
	}
}

// keyBatches returns batches of keys that pick names.
func (k keyKind) batches(n int, pick func() uint64) [][]*batch.Column {
	pool := &batch.Pool{}
	all := make([][]*batch.Column, n)
	for b := range all {
		all[b] = newColumns(pool, k.types)
		for _, c := range all[b] {
			c.Reset(batch.MaxRows)
		}
		for i := range batch.MaxRows {
			k.set(all[b], i, pick())
		}
	}
	return all
}

func keyCounts() map[string]int {
	return map[string]int{"1k": 1 << 10, "100k": 100 << 10, "1M": 1 << 20, "10M": 10 << 20}
}

// counting is a table with a count for each key.
type counting struct {
	table  *keyed.Table
	counts *keyed.Slab[int64]
	hasher *keyed.Hasher
	slots  []uint32
}

func newCounting(types []schema.Type) *counting {
	columns := make([]int, len(types))
	for i := range columns {
		columns[i] = i
	}
	budget := limit.New("bench", 0)
	return &counting{
		table: keyed.NewTable(&batch.Pool{}, types, "count", budget), counts: keyed.NewSlab[int64](budget),
		hasher: keyed.NewHasher(columns), slots: make([]uint32, batch.MaxRows),
	}
}

func (c *counting) add(b *testing.B, cols []*batch.Column) {
	in := batch.Batch{Cols: cols, Len: cols[0].Len()}
	slots := c.slots[:in.Len]
	fresh, err := c.table.Upsert(c.hasher.Hash(&in), cols, nil, slots)
	if err == nil && len(fresh) > 0 {
		err = c.counts.Grow(c.table.Limit())
	}
	if err != nil {
		b.Fatal(err)
	}
	for _, slot := range slots {
		*c.counts.At(slot)++
	}
}

// fill puts keys 0 to n-1 in.
func (c *counting) fill(b *testing.B, k keyKind, n int) {
	next := uint64(0)
	for next < uint64(n) {
		c.add(b, k.batches(1, func() uint64 { next++; return next - 1 })[0])
	}
}

// perRow measures a loop in CPU time, which other programs on the machine disturb less than they do the clock. It is called before the loop;
// what it returns reports the time a row.
func perRow(b *testing.B) func(rows int) {
	b.Helper()
	b.ResetTimer()
	from := int64(sdktest.Spent(b))
	return func(rows int) {
		b.ReportMetric(float64(int64(sdktest.Spent(b))-from)/float64(b.N)/float64(rows), "cpu-ns/row")
	}
}

// keysAndCounts runs a benchmark for each kind and number of keys.
func keysAndCounts(b *testing.B, run func(b *testing.B, k keyKind, n int)) {
	for _, k := range keyKinds() {
		for _, name := range []string{"1k", "100k", "1M", "10M"} {
			n := keyCounts()[name]
			b.Run(fmt.Sprintf("%s/%s", k.name, name), func(b *testing.B) { run(b, k, n) })
		}
	}
}

// BenchmarkCount hashes, finds and counts keys that are there.
func BenchmarkCount(b *testing.B) {
	keysAndCounts(b, func(b *testing.B, k keyKind, n int) {
		c := newCounting(k.types)
		c.fill(b, k, n)
		random := rand.New(rand.NewPCG(1, 2))
		batches := k.batches(min(256, max(n>>10, 4)), func() uint64 { return random.Uint64N(uint64(n)) })
		report := perRow(b)
		for i := range b.N {
			c.add(b, batches[i%len(batches)])
		}
		report(batch.MaxRows)
		b.ReportMetric(float64(c.table.Bytes()+c.counts.Bytes())/float64(n), "B/key")
	})
}

// BenchmarkInsert puts new keys in, from an empty table to a full one.
func BenchmarkInsert(b *testing.B) {
	keysAndCounts(b, func(b *testing.B, k keyKind, n int) {
		if n > 1<<20 {
			b.Skip("takes too long")
		}
		next := uint64(0)
		batches := k.batches((n+batch.MaxRows-1)/batch.MaxRows, func() uint64 { next++; return next % uint64(n) })
		report := perRow(b)
		for range b.N {
			c := newCounting(k.types)
			for _, cols := range batches {
				c.add(b, cols)
			}
			c.table.Free()
		}
		report(len(batches) * batch.MaxRows)
	})
}

// BenchmarkFind looks keys up that are there, and keys that are not.
func BenchmarkFind(b *testing.B) {
	keysAndCounts(b, func(b *testing.B, k keyKind, n int) {
		c := newCounting(k.types)
		c.fill(b, k, n)
		for name, from := range map[string]int{"hit": 0, "miss": n} {
			b.Run(name, func(b *testing.B) {
				random := rand.New(rand.NewPCG(1, 2))
				batches := k.batches(min(256, max(n>>10, 4)), func() uint64 { return uint64(from) + random.Uint64N(uint64(n)) })
				report := perRow(b)
				for i := range b.N {
					in := batch.Batch{Cols: batches[i%len(batches)], Len: batch.MaxRows}
					if err := c.table.Find(c.hasher.Hash(&in), in.Cols, nil, c.slots); err != nil {
						b.Fatal(err)
					}
				}
				report(batch.MaxRows)
			})
		}
	})
}

// BenchmarkGoMap counts in Go's own map, for comparison.
func BenchmarkGoMap(b *testing.B) {
	for _, name := range []string{"1k", "100k", "1M", "10M"} {
		n := keyCounts()[name]
		b.Run("bigint/"+name, func(b *testing.B) {
			k := keyKinds()[0]
			m := map[int64]*int64{}
			random := rand.New(rand.NewPCG(1, 2))
			batches := k.batches(min(256, max(n>>10, 4)), func() uint64 { return random.Uint64N(uint64(n)) })
			for i := range n {
				m[int64(uint64(i)*0x9e3779b97f4a7c15)>>8] = new(int64)
			}
			report := perRow(b)
			for i := range b.N {
				for _, v := range batches[i%len(batches)][0].Int64s() {
					*m[v]++
				}
			}
			report(batch.MaxRows)
		})
	}
}
