package pebblestore_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// residentMB is what of the process is in memory, in MB; 0 where nobody says.
func residentMB() float64 {
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(content), &size, &resident); err != nil {
		return 0
	}
	return resident * float64(os.Getpagesize()) / (1 << 20)
}

// wide fills a store with n entries of 200 bytes in epochs of 50,000.
func wide(tb testing.TB, s store.Store, n int) {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	c := &store.Changes{}
	value := make([]byte, 160)
	for i := range n {
		for at := 0; at < len(value); at += 8 {
			binary.LittleEndian.PutUint64(value[at:], random.Uint64())
		}
		c.Put(space(), 0, uint64(i)*0x9e3779b97f4a7c15, fmt.Appendf(nil, "%016d", i), value)
		if c.Len() == 50_000 || i == n-1 {
			if err := s.Apply(tb.Context(), []*store.Changes{c}); err != nil {
				tb.Fatal(err)
			}
			c.Reset()
		}
	}
}

// readAtRandom looks up batches of hashes, most of which are not in the cache, and scans some.
func readAtRandom(tb testing.TB, s store.Store, n, batches int) {
	tb.Helper()
	random := rand.New(rand.NewPCG(2, 2))
	r := s.Reader()
	defer func() { _ = r.Close() }()
	hashes := make([]uint64, 4096)
	for range batches {
		for i := range hashes {
			hashes[i] = random.Uint64N(uint64(n)) * 0x9e3779b97f4a7c15
		}
		slices.Sort(hashes)
		if err := r.Lookup(space(), 0, hashes, func(uint64, []byte, []byte) error { return nil }); err != nil {
			tb.Fatal(err)
		}
	}
	if err := r.Scan(space(), 0, math.MaxUint64/8, func(int64, uint64, []byte, []byte) error { return nil }); err != nil {
		tb.Fatal(err)
	}
}

// What the store counts as its memory stays within what it was given, however much it holds.
func TestMemoryStaysWithinBudget(t *testing.T) {
	n := 500_000
	if testing.Short() {
		n = 200_000
	}
	s := open(t, vfs.OS(), filepath.Join(t.TempDir(), "live"))
	wide(t, s, n)
	readAtRandom(t, s, n, 5)
	stats := s.Stats()
	if stats.Disk < 2*small {
		t.Errorf("only %d bytes on disk: that proves nothing", stats.Disk)
	}
	if stats.Memory > small || stats.CacheHits == 0 {
		t.Errorf("%+v", stats)
	}
}

// BenchmarkResident tells what of the process is in memory while a store of a gigabyte is read with a budget of 64 MB, and what the same process had before.
func BenchmarkResident(b *testing.B) {
	const n, budget = 5_000_000, 64 << 20
	dir := b.TempDir()
	options := pebblestore.Options{Dir: filepath.Join(dir, "first"), Memory: budget}
	s, err := pebblestore.Open(b.Context(), options)
	if err != nil {
		b.Fatal(err)
	}
	wide(b, s, n)
	files, err := s.Checkpoint(b.Context(), filepath.Join(dir, "checkpoint"))
	if err != nil {
		b.Fatal(err)
	}
	disk := s.Stats().Disk
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(filepath.Dir(f.Path), f.Name)
		if err := os.Rename(f.Path, path); err != nil {
			b.Fatal(err)
		}
		options.From = append(options.From, path)
	}
	options.Dir = filepath.Join(dir, "second")
	debug.FreeOSMemory()
	idle := residentMB()
	if s, err = pebblestore.Open(b.Context(), options); err != nil {
		b.Fatal(err)
	}
	most := 0.0
	b.ResetTimer()
	for range b.N {
		readAtRandom(b, s, n, 20)
		most = max(most, residentMB())
	}
	b.StopTimer()
	b.ReportMetric(float64(disk)/(1<<20), "disk-MB")
	b.ReportMetric(idle, "idle-MB")
	b.ReportMetric(most-idle, "more-MB")
	b.ReportMetric(float64(s.Stats().Memory)/(1<<20), "counted-MB")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
