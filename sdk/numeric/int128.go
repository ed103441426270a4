package numeric

import "math/bits"

// MaxDigits is the largest number of significant decimal digits of a Decimal, and its largest scale.
const MaxDigits = 38

// Int128 is a signed 128-bit integer in two's complement: the value is Hi*2^64 + Lo. It has the memory layout of an Arrow decimal128 on a
// little-endian machine. Coefficients of finite decimals stay within ±(10^38-1), well inside its range.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Int128FromInt64 widens v.
func Int128FromInt64(v int64) Int128 { return Int128{Lo: uint64(v), Hi: v >> 63} }

// FitsInt64 reports whether x is representable as an int64, which Int64 then returns.
func (x Int128) FitsInt64() bool { return x.Hi == int64(x.Lo)>>63 }

// Int64 returns the low 64 bits as a signed number: the value itself if FitsInt64.
func (x Int128) Int64() int64 { return int64(x.Lo) }

// IsZero reports whether x is 0.
func (x Int128) IsZero() bool { return x.Lo == 0 && x.Hi == 0 }

// Sign returns -1, 0 or 1.
func (x Int128) Sign() int {
	if x.Hi < 0 {
		return -1
	}
	if x.IsZero() {
		return 0
	}
	return 1
}

// Cmp returns -1, 0 or 1 as x is less than, equal to or greater than y.
func (x Int128) Cmp(y Int128) int {
	switch {
	case x == y:
		return 0
	case x.Hi < y.Hi || (x.Hi == y.Hi && x.Lo < y.Lo):
		return -1
	default:
		return 1
	}
}

// Neg returns -x, wrapping for the smallest value, which no Decimal holds.
func (x Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, x.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(x.Hi), borrow)
	return Int128{Lo: lo, Hi: int64(hi)}
}

// The words of 10^38-1 and 2*10^38-1.
const (
	maxCoefHi, maxCoefLo   = 0x4b3b4ca85a86c47a, 0x098a223fffffffff
	rangeEndHi, rangeEndLo = 0x96769950b50d88f4, 0x1314447fffffffff
)

// InRange reports whether x has at most 38 decimal digits.
func (x Int128) InRange() bool {
	// -(10^38-1) <= x <= 10^38-1, moved up so that one unsigned comparison decides.
	lo, carry := bits.Add64(x.Lo, maxCoefLo, 0)
	hi := uint64(x.Hi) + maxCoefHi + carry
	_, borrow := bits.Sub64(lo, rangeEndLo, 0)
	_, borrow = bits.Sub64(hi, rangeEndHi, borrow)
	return borrow != 0
}

// magnitude returns |x|, which is exact for every x.
func (x Int128) magnitude() uint128 {
	if x.Hi < 0 {
		x = x.Neg()
	}
	return uint128{hi: uint64(x.Hi), lo: x.Lo}
}

// signed returns u, or -u if neg. u must be below 2^127.
func signed(neg bool, u uint128) Int128 {
	x := Int128{Lo: u.lo, Hi: int64(u.hi)}
	if neg {
		return x.Neg()
	}
	return x
}
