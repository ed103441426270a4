package numeric

import (
	"encoding/binary"
	"math/bits"

	"wire.example/wire/sdk/sqlstate"
)

// sumLimbs is the accumulator's width in 64-bit words. A value aligned to scale 38 is below 10^76, so that 320 bits hold 2^63 of them.
const sumLimbs = 5

// SumSize is the length in bytes of a Sum's binary form.
const SumSize = 8*sumLimbs + 5*8

// Sum is an exact accumulator for SUM and AVG over up to 2^63 values of any scale. It cannot overflow, its answer does not depend on the order of
// calls, and Sub takes back what Add put in, NaN and infinities included. The result's scale is the largest one seen since the sum was last empty:
// after a Sub it may exceed PostgreSQL's, the value being equal. The zero value is empty and ready. It is flat, without pointers, and not safe for
// concurrent use.
type Sum struct {
	total  [sumLimbs]uint64 // two's complement, least significant first, scaled by scale
	count  int64            // values held, special ones included
	nan    int64            // of them NaN
	posInf int64            // of them Infinity
	negInf int64            // of them -Infinity
	scale  int64
}

// SumOf returns the sum of count finite values, which was kept elsewhere so far: coef * 10^-scale.
func SumOf(coef Int128, scale int, count int64) Sum {
	s := Sum{count: count, scale: int64(scale)}
	high := uint64(coef.Hi >> 63)
	s.total = [sumLimbs]uint64{coef.Lo, uint64(coef.Hi), high, high, high}
	return s
}

// Count returns how many values the sum holds.
func (s *Sum) Count() int64 { return s.count }

// Add puts d in.
func (s *Sum) Add(d Decimal) { s.apply(d, 1) }

// Sub takes d out, which must have been put in before.
func (s *Sum) Sub(d Decimal) { s.apply(d, -1) }

// AddCoef puts in a finite value whose scale the caller holds: the kernel for a column of one scale.
func (s *Sum) AddCoef(coef Int128, scale int) {
	s.count++
	s.accumulate(coef, int64(scale))
}

// apply adds d times n, which is 1 or -1.
func (s *Sum) apply(d Decimal, n int64) {
	s.count += n
	switch d.Scale {
	case ScaleNaN:
		s.nan += n
	case ScalePosInf:
		s.posInf += n
	case ScaleNegInf:
		s.negInf += n
	default:
		if n < 0 {
			d.Coef = d.Coef.Neg()
		}
		s.accumulate(d.Coef, int64(d.Scale))
	}
	if s.count == 0 && s.total == [sumLimbs]uint64{} { // as it is again, unless this is a difference
		s.scale = 0
	}
}

// accumulate adds coef * 10^-scale to the total, after bringing both to the larger scale.
func (s *Sum) accumulate(coef Int128, scale int64) {
	if scale > s.scale {
		s.total = mulPow10(s.total, int(scale-s.scale))
		s.scale = scale
	}
	high := uint64(coef.Hi >> 63)
	if scale == s.scale {
		var carry uint64
		t := &s.total
		t[0], carry = bits.Add64(t[0], coef.Lo, 0)
		t[1], carry = bits.Add64(t[1], uint64(coef.Hi), carry)
		t[2], carry = bits.Add64(t[2], high, carry)
		t[3], carry = bits.Add64(t[3], high, carry)
		t[4] += high + carry
		return
	}
	v := [sumLimbs]uint64{coef.Lo, uint64(coef.Hi), high, high, high}
	s.total = addLimbs(s.total, mulPow10(v, int(s.scale-scale)))
}

// Merge puts in all that other holds.
func (s *Sum) Merge(other *Sum) {
	total := other.total
	if other.scale > s.scale {
		s.total = mulPow10(s.total, int(other.scale-s.scale))
		s.scale = other.scale
	} else {
		total = mulPow10(total, int(s.scale-other.scale))
	}
	s.total = addLimbs(s.total, total)
	s.count += other.count
	s.nan += other.nan
	s.posInf += other.posInf
	s.negInf += other.negInf
}

// Reduce makes scale the scale of the sum if it is smaller: for whoever knows that no value with a larger one is left in it.
func (s *Sum) Reduce(scale int) {
	if int64(scale) >= s.scale {
		return
	}
	negative, m := s.magnitude()
	for drop := int(s.scale) - scale; drop > 0; drop -= 19 {
		m, _ = divCount(m, pow10u64[min(drop, 19)])
	}
	if negative {
		m = negated(m)
	}
	s.total, s.scale = m, int64(scale)
}

// Result returns the sum, 0 if empty (a caller that wants SQL's NULL asks Count). More than 38 digits are 22003.
func (s *Sum) Result() (Decimal, error) {
	if d, ok := s.special(); ok {
		return d, nil
	}
	negative, m := s.magnitude()
	u, ok := uint256{m[0], m[1], m[2], m[3]}.narrow()
	if !ok || m[4] != 0 {
		return Decimal{}, errOverflow()
	}
	return Decimal{Coef: signed(negative, u), Scale: int16(s.scale)}, nil
}

// Avg returns the sum divided by Count, at the scale of Div. It succeeds whenever the average fits, even if the sum does not. An empty sum is
// 22012.
func (s *Sum) Avg() (Decimal, error) {
	if s.count <= 0 {
		return Decimal{}, errDivisionByZero()
	}
	if total, err := s.Result(); err == nil {
		return Div(total, FromInt64(s.count))
	}
	// A sum of more than 38 digits over a count of at most 19: PostgreSQL's choice is the sum's own scale.
	negative, m := s.magnitude()
	quotient, rest := divCount(m, uint64(s.count))
	if rest >= uint64(s.count)-rest {
		rounded := addLimbs(quotient, [sumLimbs]uint64{1})
		if u, ok := divLimbs(rounded, uint128{lo: 1}); ok {
			return Decimal{Coef: signed(negative, u), Scale: int16(s.scale)}, nil
		}
	}
	// Dropping digits rounds up from half of an even power, so that the truncated quotient decides it as well as the exact one.
	for drop := 0; drop <= int(s.scale); drop++ {
		if u, ok := divLimbs(quotient, pow10[drop]); ok {
			return Decimal{Coef: signed(negative, u), Scale: int16(int(s.scale) - drop)}, nil
		}
	}
	return Decimal{}, errOverflow()
}

// divCount divides by n, which must not be 0.
func divCount(m [sumLimbs]uint64, n uint64) (quotient [sumLimbs]uint64, remainder uint64) {
	for i := sumLimbs - 1; i >= 0; i-- {
		quotient[i], remainder = bits.Div64(remainder, m[i], n)
	}
	return quotient, remainder
}

// special returns the answer if a value that is not finite decides it.
func (s *Sum) special() (Decimal, bool) {
	switch {
	case s.nan > 0 || (s.posInf > 0 && s.negInf > 0):
		return NaN(), true
	case s.posInf > 0:
		return Inf(1), true
	case s.negInf > 0:
		return Inf(-1), true
	default:
		return Decimal{}, false
	}
}

// magnitude returns the sign and the absolute value of the total.
func (s *Sum) magnitude() (negative bool, m [sumLimbs]uint64) {
	if s.total[sumLimbs-1]>>63 == 0 {
		return false, s.total
	}
	return true, negated(s.total)
}

func negated(a [sumLimbs]uint64) [sumLimbs]uint64 {
	var borrow uint64
	for i, limb := range a {
		a[i], borrow = bits.Sub64(0, limb, borrow)
	}
	return a
}

func addLimbs(a, b [sumLimbs]uint64) [sumLimbs]uint64 {
	var carry uint64
	for i := range a {
		a[i], carry = bits.Add64(a[i], b[i], carry)
	}
	return a
}

// mulPow10 multiplies by 10^digits modulo 2^320, which is right for two's complement too.
func mulPow10(a [sumLimbs]uint64, digits int) [sumLimbs]uint64 {
	for digits > 0 {
		step := min(digits, 19)
		var carry uint64
		for i, limb := range a {
			hi, lo := bits.Mul64(limb, pow10u64[step])
			var c uint64
			a[i], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		digits -= step
	}
	return a
}

// divLimbs divides by d, rounding half up, and reports whether the quotient has at most 38 digits.
func divLimbs(m [sumLimbs]uint64, d uint128) (uint128, bool) {
	top, rest := uint256{m[2], m[3], m[4]}.divMod(d)
	if top != (uint256{}) {
		return uint128{}, false
	}
	quotient, rest := uint256{m[0], m[1], rest.lo, rest.hi}.divMod(d)
	if !rest.add(rest).less(d) {
		quotient = quotient.add(uint256{1})
	}
	return quotient.narrow()
}

// AppendBinary appends the sum's binary form, SumSize bytes, little-endian. It never fails.
func (s *Sum) AppendBinary(b []byte) ([]byte, error) {
	for _, limb := range s.total {
		b = binary.LittleEndian.AppendUint64(b, limb)
	}
	for _, n := range [...]int64{s.count, s.nan, s.posInf, s.negInf, s.scale} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b, nil
}

// UnmarshalBinary restores what AppendBinary wrote.
func (s *Sum) UnmarshalBinary(b []byte) error {
	if len(b) != SumSize {
		return sqlstate.Errorf(sqlstate.InternalError, "numeric sum has %d bytes instead of %d", len(b), SumSize)
	}
	for i := range s.total {
		s.total[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	b = b[8*sumLimbs:]
	for i, field := range [...]*int64{&s.count, &s.nan, &s.posInf, &s.negInf, &s.scale} {
		*field = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	if s.scale < 0 || s.scale > MaxDigits {
		return sqlstate.Errorf(sqlstate.InternalError, "numeric sum has scale %d, not in 0..%d", s.scale, MaxDigits)
	}
	return nil
}
