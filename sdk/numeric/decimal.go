package numeric

import (
	"cmp"
	"math/bits"
)

// The scales of values that are not finite. Their coefficient is zero.
const (
	// ScaleNaN marks "not a number", which equals itself and is greater than everything else.
	ScaleNaN int16 = -1 - iota
	// ScalePosInf marks positive infinity.
	ScalePosInf
	// ScaleNegInf marks negative infinity.
	ScaleNegInf
)

// Decimal is a NUMERIC value: Coef * 10^-Scale, where |Coef| < 10^38 and 0 <= Scale <= 38, or one of the three special values that negative
// scales mark. The zero value is 0. Go's == distinguishes 1.0 from 1.00; Equal does not.
type Decimal struct {
	Coef  Int128
	Scale int16
}

// NaN returns "not a number".
func NaN() Decimal { return Decimal{Scale: ScaleNaN} }

// Inf returns positive infinity if sign >= 0, else negative infinity.
func Inf(sign int) Decimal {
	if sign < 0 {
		return Decimal{Scale: ScaleNegInf}
	}
	return Decimal{Scale: ScalePosInf}
}

// IsFinite reports whether d is neither NaN nor infinite.
func (d Decimal) IsFinite() bool { return d.Scale >= 0 }

// IsNaN reports whether d is NaN.
func (d Decimal) IsNaN() bool { return d.Scale == ScaleNaN }

// IsInf reports whether d is positive or negative infinity.
func (d Decimal) IsInf() bool { return d.Scale <= ScalePosInf }

// IsZero reports whether d is a zero of any scale.
func (d Decimal) IsZero() bool { return d.Scale >= 0 && d.Coef.IsZero() }

// Sign returns -1, 0 or 1; infinities have theirs, NaN has 0.
func Sign(d Decimal) int {
	switch d.Scale {
	case ScalePosInf:
		return 1
	case ScaleNegInf:
		return -1
	default:
		return d.Coef.Sign()
	}
}

// Neg returns -d.
func Neg(d Decimal) Decimal {
	switch d.Scale {
	case ScalePosInf:
		d.Scale = ScaleNegInf
	case ScaleNegInf:
		d.Scale = ScalePosInf
	default:
		d.Coef = d.Coef.Neg()
	}
	return d
}

// Abs returns |d|.
func Abs(d Decimal) Decimal {
	if Sign(d) < 0 {
		return Neg(d)
	}
	return d
}

// rank orders the kinds of values: -Infinity, finite, Infinity, NaN.
func (d Decimal) rank() int {
	switch d.Scale {
	case ScaleNegInf:
		return 0
	case ScalePosInf:
		return 2
	case ScaleNaN:
		return 3
	default:
		return 1
	}
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b by value, whatever their scales. NaN equals NaN and is the largest.
func Cmp(a, b Decimal) int {
	if a.Scale == b.Scale {
		return a.Coef.Cmp(b.Coef)
	}
	if !a.IsFinite() || !b.IsFinite() {
		return cmp.Compare(a.rank(), b.rank())
	}
	if a.Scale > b.Scale {
		return -cmpScaled(b, a)
	}
	return cmpScaled(a, b)
}

// cmpScaled compares finite values with a.Scale < b.Scale.
func cmpScaled(a, b Decimal) int {
	shift := int(b.Scale - a.Scale)
	if a.Coef.FitsInt64() && shift <= 18 {
		return MulInt64(int64(a.Coef.Lo), int64(pow10u64[shift])).Cmp(b.Coef)
	}
	if sa, sb := a.Coef.Sign(), b.Coef.Sign(); sa != sb {
		if sa < sb {
			return -1
		}
		return 1
	}
	return a.Coef.magnitude().mul(pow10[shift]).cmp(b.Coef.magnitude().widen()) * a.Coef.Sign()
}

// Equal reports whether a and b are the same value: 1.0 equals 1.00, NaN equals NaN.
func Equal(a, b Decimal) bool { return a == b || (a.Scale != b.Scale && Cmp(a, b) == 0) }

// Canonical returns d without trailing zeros after the point, so that equal values become identical.
func (d Decimal) Canonical() Decimal {
	if d.Scale <= 0 {
		return d
	}
	if d.Coef.IsZero() {
		return Decimal{}
	}
	u, scale := d.Coef.magnitude(), int(d.Scale)
	for u.hi != 0 && scale > 0 {
		q, r := u.divMod64(10)
		if r != 0 {
			return Decimal{Coef: signed(d.Coef.Hi < 0, u), Scale: int16(scale)}
		}
		u, scale = q, scale-1
	}
	u.lo, scale = stripZeros(u.lo, scale, u.hi == 0)
	return Decimal{Coef: signed(d.Coef.Hi < 0, u), Scale: int16(scale)}
}

// stripZeros divides v by ten while that is exact and scale allows; it does nothing unless active.
func stripZeros(v uint64, scale int, active bool) (uint64, int) {
	if !active {
		return v, scale
	}
	for scale >= 4 && v%10_000 == 0 {
		v, scale = v/10_000, scale-4
	}
	for scale > 0 && v%10 == 0 {
		v, scale = v/10, scale-1
	}
	return v, scale
}

// Hash64 returns a hash of d's value under seed: equal values have equal hashes whatever their scales. The function may be stored: it does not
// change between releases.
func (d Decimal) Hash64(seed uint64) uint64 {
	c := d.Canonical()
	hi, lo := bits.Mul64(c.Coef.Lo^seed^0x9e3779b97f4a7c15, uint64(c.Coef.Hi)^0xbf58476d1ce4e5b9)
	hi, lo = bits.Mul64(hi^lo^uint64(uint16(c.Scale))^c.Coef.Lo, 0x94d049bb133111eb)
	return hi ^ lo
}
