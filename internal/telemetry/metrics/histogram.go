package metrics

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// A histogram has subBuckets buckets for each doubling of the value, so that a quantile is at most 25 % too high.
const (
	subBits     = 2
	subBuckets  = 1 << subBits
	bucketCount = (64 - subBits + 1) * subBuckets
)

// Histogram counts values, such as nanoseconds or bytes, in buckets whose width grows with the value. Observe costs two atomic additions
// and never allocates. The zero value is ready, takes 2 KB and must not be copied. Safe for concurrent use; a snapshot taken meanwhile may
// miss the observations in flight.
type Histogram struct {
	sum     atomic.Uint64
	buckets [bucketCount]atomic.Uint64
}

// Observe counts v.
func (h *Histogram) Observe(v uint64) {
	h.buckets[bucketOf(v)].Add(1)
	h.sum.Add(v)
}

// ObserveSigned counts v, and 0 instead of what is negative: a duration measured over a clock that was set back.
func (h *Histogram) ObserveSigned(v int64) {
	h.Observe(uint64(max(v, 0)))
}

// Snapshot copies the counts.
func (h *Histogram) Snapshot() *HistogramSnapshot {
	s := &HistogramSnapshot{Sum: h.sum.Load()}
	for i := range h.buckets {
		n := h.buckets[i].Load()
		s.buckets[i] = n
		s.Count += n
	}
	return s
}

// bucketOf is the bucket of v. Buckets include their upper bound, as Prometheus' do, hence the v − 1: bucket 0 holds 0 and 1, and each
// power of two closes a bucket.
func bucketOf(v uint64) int {
	if v == 0 {
		return 0
	}
	v--
	if v < subBuckets {
		return int(v) //nolint:gosec // < 4
	}
	octave := bits.Len64(v) - 1 // ≥ subBits
	sub := v >> (octave - subBits) & (subBuckets - 1)
	return (octave-subBits+1)*subBuckets + int(sub) //nolint:gosec // < 4
}

// upperBound is the largest value of a bucket.
func upperBound(bucket int) uint64 {
	if bucket < subBuckets {
		return uint64(bucket) + 1 //nolint:gosec // not negative
	}
	octave := bucket/subBuckets + subBits - 1
	sub := uint64(bucket%subBuckets) + 1 //nolint:gosec // 1 to 4
	return 1<<octave + sub<<(octave-subBits)
}

// HistogramSnapshot is the state of a histogram at one time.
type HistogramSnapshot struct {
	Count   uint64
	Sum     uint64 // of the values; wraps beyond 2^64
	buckets [bucketCount]uint64
}

// Quantile returns a value that is at least as large as the share q (0 to 1) of all observed ones, and at most 25 % above the smallest such.
// It returns 0 when nothing was observed.
func (s *HistogramSnapshot) Quantile(q float64) uint64 {
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(s.Count)))
	rank = min(max(rank, 1), s.Count)
	seen := uint64(0)
	for i := range s.buckets {
		n := s.buckets[i]
		seen += n
		if n > 0 && seen >= rank {
			return upperBound(i)
		}
	}
	return 0
}

// AtMost is the number of observed values ≤ 2^power: exact, since powers of two close buckets.
func (s *HistogramSnapshot) AtMost(power int) uint64 {
	last := bucketOf(1 << power)
	total := uint64(0)
	for _, n := range s.buckets[:last+1] {
		total += n
	}
	return total
}
