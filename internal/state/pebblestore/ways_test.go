package pebblestore

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/state/store"
)

// wayEntries is the size of an epoch in BenchmarkWays.
const wayEntries = 100_000

// wayChanges is an epoch of entries with keys of 16 bytes and values of 32.
func wayChanges(seed int) *store.Changes {
	c := &store.Changes{}
	for i := range wayEntries {
		number := xxh3.HashString(fmt.Sprint(seed, i)) % 1_000_000
		key := fmt.Appendf(nil, "%016x", number)
		c.Put(store.Space{Operator: 1}, 0, xxh3.Hash(key), key, append(fmt.Appendf(nil, "%016x", number*number), "0000000000000000"...))
	}
	return c
}

// BenchmarkWays compares the two ways in which an epoch could become a table: written and ingested, as Apply does, or put into Pebble's table in memory,
// in the order of keys or as they came, and flushed.
func BenchmarkWays(b *testing.B) {
	start := func(b *testing.B) *Store {
		s, err := Open(b.Context(), Options{Dir: b.TempDir(), Memory: 64 << 20})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	end := func(b *testing.B, s *Store) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*wayEntries), "ns/entry")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Ingest", func(b *testing.B) {
		s := start(b)
		for i := range b.N {
			b.StopTimer()
			c := wayChanges(i)
			b.StartTimer()
			if err := s.Apply(b.Context(), []*store.Changes{c}); err != nil {
				b.Fatal(err)
			}
		}
		end(b, s)
	})
	for _, sorted := range []bool{true, false} {
		b.Run(fmt.Sprintf("Memtable/sorted=%v", sorted), func(b *testing.B) {
			s := start(b)
			for i := range b.N {
				b.StopTimer()
				c := wayChanges(i)
				b.StartTimer()
				if err := s.flushed(c, sorted); err != nil {
					b.Fatal(err)
				}
			}
			end(b, s)
		})
	}
}

// flushed puts an epoch through the table in memory.
func (s *Store) flushed(c *store.Changes, sorted bool) error {
	s.sorted.Sort([]*store.Changes{c})
	var entries []store.Entry
	for shard := range store.Shards {
		err := s.sorted.Each(shard, func(some []store.Entry) error {
			entries = append(entries, some...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	if !sorted {
		for i := range order { // a fixed permutation stands for the order of arrival
			j := int(xxh3.HashString(fmt.Sprint(i)) % uint64(len(order)))
			order[i], order[j] = order[j], order[i]
		}
	}
	batch := s.db.NewBatch()
	var key []byte
	for _, i := range order {
		e := entries[i]
		key = store.AppendKey(key[:0], e.Space, e.Slice, e.Hash, e.Key)
		if err := batch.Set(key, e.Value, nil); err != nil {
			return err
		}
	}
	if err := batch.Commit(pebble.NoSync); err != nil {
		return err
	}
	return s.db.Flush()
}

// BenchmarkOpen tells what opening a store of a million keys waits for: with a log, all that was not flushed is replayed into tables in memory.
func BenchmarkOpen(b *testing.B) {
	for _, memtable := range []uint64{4 << 20, 64 << 20, 256 << 20} {
		b.Run(fmt.Sprintf("Log/memtable=%dMB", memtable>>20), func(b *testing.B) {
			dir := b.TempDir()
			options := func() *pebble.Options {
				return &pebble.Options{MemTableSize: memtable, Logger: newFailures(nil), FormatMajorVersion: formatVersion}
			}
			db, err := pebble.Open(dir, options())
			if err != nil {
				b.Fatal(err)
			}
			for i := range 1_000_000 {
				key := fmt.Appendf(nil, "%020d", xxh3.HashString(fmt.Sprint(i)))
				if err := db.Set(key, make([]byte, 64), pebble.NoSync); err != nil {
					b.Fatal(err)
				}
			}
			copied := b.TempDir()
			b.ResetTimer()
			for i := range b.N {
				b.StopTimer()
				dir := fmt.Sprintf("%s/%d", copied, i)
				if err := db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				again, err := pebble.Open(dir, options())
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := again.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.StopTimer()
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
