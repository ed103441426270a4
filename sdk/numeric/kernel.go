package numeric

import "math/bits"

// AddInt128 returns a+b, and whether it has at most 38 digits; both operands must. If not, the sum is meaningless.
func AddInt128(a, b Int128) (Int128, bool) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	sum := Int128{Lo: lo, Hi: a.Hi + b.Hi + int64(carry)}
	return sum, sum.InRange() // a sum that wrapped is beyond 1.4e38 in magnitude
}

// SubInt128 returns a-b under the same contract as AddInt128.
func SubInt128(a, b Int128) (Int128, bool) {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	difference := Int128{Lo: lo, Hi: a.Hi - b.Hi - int64(borrow)}
	return difference, difference.InRange()
}

// MulInt64 returns the full product, which always has at most 38 digits.
func MulInt64(a, b int64) Int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The unsigned product counts 2^64*b too much when a is negative, and likewise for b.
	return Int128{Lo: lo, Hi: int64(hi) - (a>>63)&b - (b>>63)&a}
}

// MulSmall returns a*m, and whether it has at most 38 digits; a must.
func MulSmall(a Int128, m int64) (Int128, bool) {
	if a.FitsInt64() {
		return MulInt64(int64(a.Lo), m), true
	}
	return mulWide(a, Int128FromInt64(m))
}

func mulWide(a, b Int128) (Int128, bool) {
	u, ok := a.magnitude().mul(b.magnitude()).narrow()
	return signed(a.Hi^b.Hi < 0, u), ok
}

// Rescale10 moves coef by digits decimal places: it multiplies by 10^digits, or divides by 10^-digits, rounding half away from zero. It reports
// false if the result has more than 38 digits.
func Rescale10(coef Int128, digits int) (Int128, bool) {
	switch {
	case digits == 0:
		return coef, true
	case digits < 0:
		return divPow10(coef, -digits, true), true
	case digits <= 18 && coef.FitsInt64():
		return MulInt64(int64(coef.Lo), int64(pow10u64[digits])), true
	case digits <= MaxDigits:
		u, ok := coef.magnitude().mul(pow10[digits]).narrow()
		return signed(coef.Hi < 0, u), ok
	default:
		return Int128{}, coef.IsZero()
	}
}

// divPow10 divides by 10^digits (digits >= 1), towards zero or, if round is set, to the nearest with halves away from zero.
func divPow10(coef Int128, digits int, round bool) Int128 {
	if digits > MaxDigits {
		return Int128{} // below a tenth, since a coefficient has at most 38 digits
	}
	q, r := coef.magnitude().divMod(pow10[digits])
	if round && !r.add(r).less(pow10[digits]) {
		q = q.add(uint128{lo: 1})
	}
	return signed(coef.Hi < 0, q)
}

// MulInt64Slice sets dst[i] = a[i]*m: a BIGINT column times a literal such as 0.908 (m = 908, scale 3). dst must be at least as long as a. It
// cannot overflow.
func MulInt64Slice(dst []Int128, a []int64, m int64) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = MulInt64(v, m)
	}
}

// WidenSlice sets dst[i] = a[i]. dst must be at least as long as a.
func WidenSlice(dst []Int128, a []int64) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = Int128FromInt64(v)
	}
}

// MulSmallSlice sets dst[i] = a[i]*m and returns the index of the first element that does not fit, where it stops, or -1. dst may be a.
func MulSmallSlice(dst, a []Int128, m int64) int {
	dst = dst[:len(a)]
	for i, v := range a {
		r, ok := MulSmall(v, m)
		if !ok {
			return i
		}
		dst[i] = r
	}
	return -1
}

// AddSlice sets dst[i] = a[i]+b[i], all of one scale, and returns the index of the first sum that does not fit, where it stops, or -1. dst may
// be a or b.
func AddSlice(dst, a, b []Int128) int {
	dst, b = dst[:len(a)], b[:len(a)]
	for i, v := range a {
		r, ok := AddInt128(v, b[i])
		if !ok {
			return i
		}
		dst[i] = r
	}
	return -1
}

// SubSlice sets dst[i] = a[i]-b[i] under the same contract as AddSlice.
func SubSlice(dst, a, b []Int128) int {
	dst, b = dst[:len(a)], b[:len(a)]
	for i, v := range a {
		r, ok := SubInt128(v, b[i])
		if !ok {
			return i
		}
		dst[i] = r
	}
	return -1
}

// Rescale10Slice applies Rescale10 to each element and returns the index of the first that does not fit, where it stops, or -1. dst may be a.
func Rescale10Slice(dst, a []Int128, digits int) int {
	dst = dst[:len(a)]
	for i, v := range a {
		r, ok := Rescale10(v, digits)
		if !ok {
			return i
		}
		dst[i] = r
	}
	return -1
}
