package metrics

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestBucketsTileTheValues(t *testing.T) {
	previous := uint64(0)
	for i := range bucketCount {
		upper := upperBound(i)
		if i == bucketCount-1 {
			if upper != 0 { // 2^64, beyond uint64
				t.Errorf("the last bucket ends at %d", upper)
			}
			break
		}
		if upper <= previous || bucketOf(upper) != i || bucketOf(upper+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, after %d; the bound is in %d, the next value in %d", i, upper, previous,
				bucketOf(upper), bucketOf(upper+1))
		}
		previous = upper
	}
	if bucketOf(0) != 0 || bucketOf(math.MaxUint64) != bucketCount-1 {
		t.Errorf("ends are in buckets %d and %d", bucketOf(0), bucketOf(math.MaxUint64))
	}
}

func TestHistogramCountsAndSums(t *testing.T) {
	var h Histogram
	for _, v := range []uint64{0, 1, 2, 1024, 1025, 4096} {
		h.Observe(v)
	}
	h.ObserveSigned(-5) // counts as 0
	s := h.Snapshot()
	if s.Count != 7 || s.Sum != 6148 {
		t.Errorf("count %d, sum %d", s.Count, s.Sum)
	}
	for power, want := range map[int]uint64{0: 3, 1: 4, 9: 4, 10: 5, 11: 6, 12: 7, 63: 7} {
		if got := s.AtMost(power); got != want {
			t.Errorf("at most 2^%d: %d, want %d", power, got, want)
		}
	}
}

func TestQuantileOfNothing(t *testing.T) {
	if got := new(Histogram).Snapshot().Quantile(0.99); got != 0 {
		t.Errorf("got %d", got)
	}
}

// A quantile is never below the exact one and at most a quarter above it.
func TestQuantileBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Uint64Range(0, 1<<40), 1, 50).Draw(t, "values")
		q := rapid.Float64Range(-0.1, 1.1).Draw(t, "q")
		var h Histogram
		for _, v := range values {
			h.Observe(v)
		}
		slices.Sort(values)
		rank := int(math.Ceil(min(max(q, 0), 1) * float64(len(values))))
		exact := values[max(rank, 1)-1]
		got := h.Snapshot().Quantile(q)
		if got < exact || float64(got) > max(1.25*float64(exact), 1) {
			t.Fatalf("quantile %v of %v = %d, exact %d", q, values, got, exact)
		}
	})
}

func TestConcurrentRecordingLosesNothing(t *testing.T) {
	const goroutines, rounds = 4, 5000
	var h Histogram
	var c Counter
	var g Gauge
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for i := range uint64(rounds) {
				h.Observe(i)
				c.Inc()
				c.Add(2)
				g.Add(1)
				g.Add(-2)
			}
		})
	}
	group.Wait()
	if n := h.Snapshot().Count; n != goroutines*rounds {
		t.Errorf("histogram counted %d", n)
	}
	if c.Value() != 3*goroutines*rounds || g.Value() != -goroutines*rounds {
		t.Errorf("counter %d, gauge %d", c.Value(), g.Value())
	}
}

func TestGaugeSet(t *testing.T) {
	var g Gauge
	g.Set(7)
	g.Add(-10)
	if g.Value() != -3 {
		t.Errorf("got %d", g.Value())
	}
}

func TestValuesFillTheirCacheLine(t *testing.T) {
	if unsafe.Sizeof(Counter{}) != cacheLine || unsafe.Sizeof(Gauge{}) != cacheLine {
		t.Errorf("sizes %d and %d", unsafe.Sizeof(Counter{}), unsafe.Sizeof(Gauge{}))
	}
	scope := NewRegistry().Scope()
	for i := range 8 { // the allocator aligns what is exactly a line long
		c := scope.Counter(Desc{Name: "wire_rows_total", Help: "Rows."}, Label{"step", strconv.Itoa(i)})
		if p := uintptr(unsafe.Pointer(c)); p%cacheLine != 0 {
			t.Errorf("a counter at %x straddles two lines", p)
		}
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	var h Histogram
	var c Counter
	if n := testing.AllocsPerRun(100, func() { h.Observe(123); c.Add(1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	var h Histogram
	for i := uint64(0); b.Loop(); i++ {
		h.Observe(i)
	}
}

func BenchmarkCounterAdd(b *testing.B) {
	var c Counter
	for b.Loop() {
		c.Add(3)
	}
}
