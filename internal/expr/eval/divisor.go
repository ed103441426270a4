package eval

import "math/bits"

// divisor divides by a constant with a multiplication: T. Granlund and P. L. Montgomery, "Division by Invariant Integers using
// Multiplication" (1994), for 64 bits unsigned, with the sign put back.
type divisor struct {
	magic    uint64
	shift    uint
	negative bool
	power    bool // a power of two: the shift is all
}

func newDivisor(k int64) divisor {
	d := divisor{negative: k < 0}
	size := uint64(k) //nolint:gosec // the two's complement magnitude is what is wanted
	if k < 0 {
		size = -size
	}
	log := uint(bits.Len64(size) - 1) //nolint:gosec // size is not 0
	if size&(size-1) == 0 {
		d.power, d.shift = true, log
		return d
	}
	// magic = floor(2^64 * (2^(log+1) - size) / size) + 1, below 2^64; the quotient is ((n-q)/2 + q) >> log with q the high half of n*magic.
	high := uint64(1)<<(log+1) - size // wraps to the right value where log is 63
	magic, _ := bits.Div64(high, 0, size)
	d.magic, d.shift = magic+1, log
	return d
}

// quotient returns n divided by the constant, rounded towards zero.
func (d *divisor) quotient(n int64) int64 {
	sign := n >> 63
	size := uint64((n ^ sign) - sign) //nolint:gosec // |n|, 2^63 included
	if d.power {
		size >>= d.shift
	} else {
		high, _ := bits.Mul64(size, d.magic)
		size = ((size-high)>>1 + high) >> d.shift
	}
	if d.negative {
		sign = ^sign
	}
	return (int64(size) ^ sign) - sign //nolint:gosec // below 2^63 unless the divisor is 1
}
