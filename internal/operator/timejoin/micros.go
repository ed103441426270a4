package timejoin

import "math"

// Times are µs; the first and the last of all are -infinity and infinity.
const (
	past   = math.MinInt64
	future = math.MaxInt64
)

// add is a + b, past and future staying what they are, and other times staying other times.
func add(a, b int64) int64 {
	switch {
	case a == past || a == future:
		return a
	case b > 0 && a > future-1-b:
		return future - 1
	case b < 0 && a < past+1-b:
		return past + 1
	default:
		return a + b
	}
}

// floorDiv is the number of the piece of width that a lies in.
func floorDiv(a, width int64) int64 {
	q := a / width
	if a%width < 0 {
		q--
	}
	return q
}
