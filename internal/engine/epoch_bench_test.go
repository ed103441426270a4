package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// Sizes of BenchmarkEpoch: rows that are kept, those of an epoch that changed, which lie anywhere among them, and pieces.
const (
	epochRows    = 1 << 20
	epochChanged = 1 << 17
	epochPiece   = 12 << 20 // bytes that go to the store at once
	loggedPiece  = 4 << 20  // the same, of what is logged
)

// bids are rows as Nexmark's bids, of about 120 bytes.
func bids(b *testing.B) (rows *keyed.Rows, ids []uint32) {
	kinds := []schema.Kind{schema.Int64, schema.Int64, schema.Int64, schema.Text, schema.Text, schema.Timestamp}
	types, cols, pool := make([]schema.Type, len(kinds)), make([]*batch.Column, len(kinds)), &batch.Pool{}
	for i, kind := range kinds {
		types[i] = schema.Of(kind)
		cols[i] = batch.NewColumn(pool, types[i])
	}
	rows = keyed.NewRows(pool, types, 1, "bids", limit.New("bench", limit.Unlimited))
	rows.Keep(keyed.Home{To: math.MaxUint64})
	ids, hashes := make([]uint32, epochRows), make([]uint64, batch.MaxRows)
	for at := 0; at < epochRows; at += batch.MaxRows {
		for _, c := range cols {
			c.Reset(batch.MaxRows)
		}
		for i := range batch.MaxRows {
			n := int64(at + i)
			hashes[i] = xxh3.HashString(fmt.Sprint(n))
			for _, c := range []int{0, 1, 2, 5} {
				cols[c].Int64s()[i] = n
			}
			cols[3].SetBytes(i, fmt.Appendf(nil, "channel-%d", n%10_000))
			cols[4].SetBytes(i, fmt.Appendf(nil, "https://www.nexmark.com/%016x/item.htm?query=1&channel_id=%d", hashes[i], n))
		}
		if err := rows.Append(cols, hashes, nil, ids[at:at+batch.MaxRows]); err != nil {
			b.Fatal(err)
		}
	}
	return rows, ids
}

// BenchmarkEpoch has epochs drained and stored in which one of eight rows changed, and says what a changed row costs: CPU time, and bytes written. "floor" is what no store can do without: the rows are read where
// they lie, in the order of memory, and their bytes written to one file that is synced.
func BenchmarkEpoch(b *testing.B) {
	rows, ids := bids(b)
	defer rows.Free()
	random := rand.New(rand.NewPCG(1, 2))
	changed := make([]uint32, epochChanged)
	drain := func(b *testing.B, into *store.Changes, full func()) {
		for i := range changed {
			changed[i] = ids[random.IntN(len(ids))]
		}
		if err := rows.Touch(changed); err != nil {
			b.Fatal(err)
		}
		rows.Seal()
		for more := true; more; {
			var err error
			if more, err = rows.Drain(into, 64<<10); err != nil {
				b.Fatal(err)
			}
			if most := int64(epochPiece); into.Bytes() >= most && more || into.Logged() > 0 && into.Bytes() >= loggedPiece && more {
				full()
			}
		}
	}
	drain(b, &store.Changes{}, func() {})
	run := func(b *testing.B, logged int64, write func(c *store.Changes)) {
		var c store.Changes
		c.Log(logged)
		from, entries, bytes := int64(0), 0, int64(0)
		full := func() {
			if write != nil {
				write(&c)
			}
			entries, bytes = entries+c.Len(), bytes+c.Bytes()
			c.Reset()
		}
		for range b.N {
			began := int64(sdktest.Spent(b))
			drain(b, &c, full)
			full()
			from += int64(sdktest.Spent(b)) - began
		}
		b.ReportMetric(float64(from)/float64(entries), "ns/entry")
		b.ReportMetric(float64(bytes)/float64(entries), "B/entry")
	}
	b.Run("drain", func(b *testing.B) { run(b, 0, nil) })
	b.Run("drain/logged", func(b *testing.B) { run(b, math.MaxInt64, nil) })
	for _, way := range []string{"store", "store/late", "store/logged"} {
		b.Run(way, func(b *testing.B) {
			logged := int64(0)
			if way == "store/logged" {
				logged = math.MaxInt64
			}
			s, err := pebblestore.Open(b.Context(), pebblestore.Options{Dir: filepath.Join(b.TempDir(), "store"), Memory: 64 << 20, Late: way != "store"})
			if err != nil {
				b.Fatal(err)
			}
			run(b, logged, func(c *store.Changes) {
				if err := s.Apply(b.Context(), []*store.Changes{c}); err != nil {
					b.Fatal(err)
				}
			})
			stats := s.Stats()
			b.ReportMetric(float64(stats.Flushed+stats.Compacted)/float64(stats.Applied), "B/B")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		used := int64(0)
		f, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		entries, buffer := 0, make([]byte, 0, 1<<20)
		flush := func() {
			if _, err := f.Write(buffer); err != nil {
				b.Fatal(err)
			}
			buffer = buffer[:0]
		}
		for range b.N {
			for i := range changed {
				changed[i] = ids[random.IntN(len(ids))]
			}
			slices.Sort(changed)
			began := int64(sdktest.Spent(b))
			for _, id := range changed {
				cols, row := rows.Row(id)
				for _, c := range cols {
					if c.Kind().IsVariable() {
						buffer = append(buffer, c.Bytes(row)...)
					} else {
						buffer = append(buffer, byte(c.Int64s()[row]), 0, 0, 0, 0, 0, 0, 0)
					}
				}
				if len(buffer) > cap(buffer)-1<<10 {
					flush()
				}
			}
			flush()
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			used += int64(sdktest.Spent(b)) - began
			entries += epochChanged
		}
		b.ReportMetric(float64(used)/float64(entries), "ns/entry")
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	})
}
