package storetest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/sdktest"
)

// Benchmarks have entries with keys of 16 bytes and values of 32, of which half are regular.
const (
	benchValue   = 32
	benchEntry   = store.PrefixLen + 16 + benchValue
	benchEntries = 1 << 20
	benchBatch   = 4096
	benchEpoch   = 100_000
	benchSlices  = 64
)

// Benchmark measures a store: applying, looking up, scanning, dropping slices, checkpoints, restores, and checkpoints of a store of size bytes of which a
// hundredth changes each time. cpu-ns are of the whole process, what runs in the background included.
func Benchmark(b *testing.B, open Open, size int64) {
	for _, test := range []struct {
		name string
		run  func(*bench)
	}{
		{"Apply", benchApply},
		{"LookupHit", func(m *bench) { benchLookup(m, 0) }},
		{"LookupMiss", func(m *bench) { benchLookup(m, 1<<40) }},
		{"Scan", benchScan},
		{"DropSlice", benchDropSlice},
		{"Checkpoint", benchCheckpoint},
		{"Restore", func(m *bench) { benchRestore(m, size) }},
		{"Churn", func(m *bench) { benchChurn(m, size) }},
	} {
		b.Run(test.name, func(b *testing.B) {
			test.run(&bench{B: b, open: open, fs: vfs.OS(), root: b.TempDir(), clock: clock.System(), random: rand.New(rand.NewPCG(1, 2))})
		})
	}
}

// bench is one benchmark's.
type bench struct {
	*testing.B
	open   Open
	fs     vfs.FS
	root   string
	dirs   int
	clock  clock.Reader
	random *rand.Rand
	began  time.Duration // CPU time when the timer started
	used   time.Duration // CPU time while it ran
}

func (m *bench) dir() string {
	m.dirs++
	return filepath.Join(m.root, fmt.Sprint(m.dirs))
}

func (m *bench) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *bench) start(from ...string) store.Store {
	m.Helper()
	s, err := m.open(m.Context(), m.fs, m.dir(), from)
	m.must(err)
	return s
}

// reset begins to measure; pause and resume leave out what is between them.
func (m *bench) reset() {
	m.ResetTimer()
	m.used, m.began = 0, sdktest.Spent(m)
}

func (m *bench) pause() {
	m.StopTimer()
	m.used += sdktest.Spent(m) - m.began
}

func (m *bench) resume() {
	m.began = sdktest.Spent(m)
	m.StartTimer()
}

// per reports the time of one of n things in all.
func (m *bench) per(n int, unit string) {
	m.pause()
	m.ReportMetric(float64(m.used.Nanoseconds())/float64(n), "cpu-ns/"+unit)
	m.ReportMetric(float64(m.Elapsed().Nanoseconds())/float64(n), "ns/"+unit)
}

// benchSpace is where all entries are.
func benchSpace() store.Space { return store.Space{Operator: 3, Table: 1} }

// put puts the entry of a number.
func put(c *store.Changes, slice int64, number uint64, version uint64) {
	var key [16]byte
	binary.BigEndian.PutUint64(key[8:], number)
	var value [benchValue]byte
	binary.LittleEndian.PutUint64(value[:], number)
	binary.LittleEndian.PutUint64(value[8:], version)
	binary.LittleEndian.PutUint64(value[16:], xxh3.HashSeed(key[:], version))
	c.Put(benchSpace(), slice, hashOf(number), key[:], value[:])
}

// hashOf is the hash of a number's key.
func hashOf(number uint64) uint64 {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], number)
	return xxh3.Hash(key[:])
}

// fill applies entries with the numbers below n, some at a time.
func (m *bench) fill(s store.Store, n int) {
	m.Helper()
	c := &store.Changes{}
	for i := range n {
		put(c, 0, uint64(i), 0) //nolint:gosec // not negative
		if c.Len() == 4*benchEpoch || i == n-1 {
			m.must(s.Apply(m.Context(), []*store.Changes{c}))
			c.Reset()
		}
	}
}

// some are changes of n of the entries below all.
func (m *bench) some(c *store.Changes, n, all int, version uint64) {
	c.Reset()
	for range n {
		put(c, 0, m.random.Uint64N(uint64(all)), version) //nolint:gosec // not negative
	}
}

func benchApply(m *bench) {
	s := m.start()
	m.fill(s, benchEntries)
	before := s.Stats()
	c := &store.Changes{}
	m.reset()
	for i := range m.N {
		m.pause()
		m.some(c, benchEpoch, benchEntries, uint64(i)) //nolint:gosec // not negative
		m.resume()
		m.must(s.Apply(m.Context(), []*store.Changes{c}))
	}
	m.per(m.N*benchEpoch, "entry")
	m.wrote(before, s.Stats())
	m.must(s.Close())
}

// wrote reports what was written for what was applied, and what is held.
func (m *bench) wrote(before, after store.Stats) {
	applied := float64(after.Applied - before.Applied)
	m.ReportMetric(float64(after.Flushed-before.Flushed)/applied, "flushed/changed")
	m.ReportMetric(float64(after.Flushed+after.Compacted-before.Flushed-before.Compacted)/applied, "written/changed")
	m.ReportMetric(float64(after.Disk)/(1<<20), "disk-MB")
	m.ReportMetric(float64(after.Memory)/(1<<20), "memory-MB")
}

func benchLookup(m *bench, from uint64) {
	s := m.start()
	m.fill(s, benchEntries)
	r := s.Reader()
	hashes := make([]uint64, benchBatch)
	found := 0
	m.reset()
	for range m.N {
		m.pause()
		for i := range hashes {
			hashes[i] = hashOf(from + m.random.Uint64N(benchEntries))
		}
		slices.Sort(hashes)
		m.resume()
		m.must(r.Lookup(benchSpace(), 0, hashes, func(uint64, []byte, []byte) error {
			found++
			return nil
		}))
	}
	m.per(m.N*benchBatch, "hash")
	if (found == 0) != (from > 0) {
		m.Fatalf("%d were found", found)
	}
	m.must(r.Close())
	m.must(s.Close())
}

func benchScan(m *bench) {
	s := m.start()
	m.fill(s, benchEntries)
	r := s.Reader()
	m.reset()
	n := 0
	for range m.N {
		m.must(r.Scan(benchSpace(), 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error {
			n++
			return nil
		}))
	}
	m.per(n, "entry")
	m.must(r.Close())
	m.must(s.Close())
}

// benchDropSlice drops windows of a sixty-fourth of the entries each and puts new ones.
func benchDropSlice(m *bench) {
	s := m.start()
	fill := func(slice int64) {
		c := &store.Changes{}
		for i := range uint64(benchEntries / benchSlices) {
			put(c, slice, i, 0)
		}
		m.must(s.Apply(m.Context(), []*store.Changes{c}))
	}
	for slice := range int64(benchSlices) {
		fill(slice)
	}
	c := &store.Changes{}
	m.reset()
	for i := range m.N {
		c.Reset()
		c.Drop(benchSpace(), int64(i), 0, math.MaxUint64)
		m.must(s.Apply(m.Context(), []*store.Changes{c}))
		m.pause()
		fill(int64(benchSlices + i))
		m.resume()
	}
	m.StopTimer()
	m.ReportMetric(float64(s.Stats().Disk)/(1<<20), "disk-MB")
	m.must(s.Close())
}

func benchCheckpoint(m *bench) {
	s := m.start()
	m.fill(s, benchEntries)
	c := &store.Changes{}
	m.reset()
	for i := range m.N {
		m.pause()
		m.some(c, benchEntries/100, benchEntries, uint64(i)) //nolint:gosec // not negative
		m.must(s.Apply(m.Context(), []*store.Changes{c}))
		m.resume()
		_, err := s.Checkpoint(m.Context(), m.dir())
		m.must(err)
	}
	m.must(s.Close())
}

// benchRestore opens a store of size bytes from a checkpoint, looks up a batch, and reads a quarter of the hashes.
func benchRestore(m *bench, size int64) {
	s := m.start()
	n := int(size / benchEntry)
	m.fill(s, n)
	files, err := s.Checkpoint(m.Context(), m.dir())
	m.must(err)
	m.must(s.Close())
	kept := m.dir()
	m.must(m.fs.MkdirAll(kept, 0o777))
	var from []string
	for _, f := range files {
		from = append(from, filepath.Join(kept, f.Name))
		m.must(m.fs.Link(f.Path, from[len(from)-1]))
	}
	hashes := make([]uint64, benchBatch)
	for i := range hashes {
		hashes[i] = hashOf(m.random.Uint64N(uint64(n))) //nolint:gosec // not negative
	}
	slices.Sort(hashes)
	var opened, looked, read time.Duration
	entries := 0
	m.reset()
	for range m.N {
		began := m.clock.Now()
		s := m.start(from...)
		opened += m.clock.Now().Sub(began)
		began = m.clock.Now()
		r := s.Reader()
		m.must(r.Lookup(benchSpace(), 0, hashes, func(uint64, []byte, []byte) error { return nil }))
		looked += m.clock.Now().Sub(began)
		began = m.clock.Now()
		m.must(r.Scan(benchSpace(), 0, math.MaxUint64/4, func(int64, uint64, []byte, []byte) error {
			entries++
			return nil
		}))
		read += m.clock.Now().Sub(began)
		m.pause()
		m.must(r.Close())
		m.must(s.Close())
		m.resume()
	}
	m.StopTimer()
	m.ReportMetric(float64(opened.Microseconds())/1000/float64(m.N), "ms/open")
	m.ReportMetric(float64(looked.Microseconds())/1000/float64(m.N), "ms/first-batch")
	m.ReportMetric(float64(read.Nanoseconds())/float64(entries), "ns/entry-of-a-quarter")
}

// benchChurn changes a hundredth of a store of size bytes twenty times, with a checkpoint each time.
func benchChurn(m *bench, size int64) {
	for range m.N {
		s := m.start()
		n := int(size / benchEntry)
		m.fill(s, n)
		before := s.Stats()
		c := &store.Changes{}
		var applied, linked []time.Duration
		m.reset()
		for i := range 20 {
			m.some(c, n/100, n, uint64(i+1)) //nolint:gosec // not negative
			began := m.clock.Now()
			m.must(s.Apply(m.Context(), []*store.Changes{c}))
			applied = append(applied, m.clock.Now().Sub(began))
			began = m.clock.Now()
			_, err := s.Checkpoint(m.Context(), m.dir())
			m.must(err)
			linked = append(linked, m.clock.Now().Sub(began))
		}
		m.per(20*(n/100), "entry")
		m.wrote(before, s.Stats())
		slices.Sort(applied)
		slices.Sort(linked)
		m.ReportMetric(float64(applied[10].Microseconds())/1000, "ms/apply")
		m.ReportMetric(float64(linked[10].Microseconds())/1000, "ms/checkpoint")
		m.ReportMetric(float64(linked[19].Microseconds())/1000, "ms/worst-checkpoint")
		m.must(s.Close())
	}
}
