package numeric

// Add returns a+b at the larger of the two scales.
func Add(a, b Decimal) (Decimal, error) {
	if a.Scale == b.Scale && a.Scale >= 0 {
		if c, ok := AddInt128(a.Coef, b.Coef); ok {
			return Decimal{Coef: c, Scale: a.Scale}, nil
		}
		return Decimal{}, errOverflow()
	}
	if !a.IsFinite() || !b.IsFinite() {
		return addSpecial(a, b), nil
	}
	if a.Scale > b.Scale {
		a, b = b, a
	}
	return addAligned(a, b)
}

// Sub returns a-b at the larger of the two scales.
func Sub(a, b Decimal) (Decimal, error) { return Add(a, Neg(b)) }

// addSpecial adds when at least one operand is not finite.
func addSpecial(a, b Decimal) Decimal {
	switch {
	case a.IsNaN() || b.IsNaN():
		return NaN()
	case a.IsFinite():
		return b
	case b.IsFinite() || a == b:
		return a
	default:
		return NaN() // Infinity - Infinity
	}
}

// addAligned adds finite values with a.Scale < b.Scale.
func addAligned(a, b Decimal) (Decimal, error) {
	shift := int(b.Scale - a.Scale)
	if aligned, ok := Rescale10(a.Coef, shift); ok {
		if c, ok := AddInt128(aligned, b.Coef); ok {
			return Decimal{Coef: c, Scale: b.Scale}, nil
		}
		return Decimal{}, errOverflow()
	}
	// The aligned coefficient has more than 38 digits, yet the sum may have fewer if the signs differ.
	wide, small := a.Coef.magnitude().mul(pow10[shift]), b.Coef.magnitude().widen()
	if a.Coef.Hi^b.Coef.Hi >= 0 {
		return Decimal{}, errOverflow()
	}
	return fit(a.Coef.Hi < 0, wide.sub(small), int(b.Scale))
}

// fit makes a Decimal of an exact result; scale is at most 76. Zeros that a scale beyond 38 leaves over are dropped.
func fit(negative bool, n uint256, scale int) (Decimal, error) {
	if scale > MaxDigits {
		q, r := n.divMod(pow10[scale-MaxDigits])
		if !r.isZero() {
			return Decimal{}, errOverflow()
		}
		n, scale = q, MaxDigits
	}
	u, ok := n.narrow()
	if !ok {
		return Decimal{}, errOverflow()
	}
	return Decimal{Coef: signed(negative, u), Scale: int16(scale)}, nil
}

// Mul returns a*b at the sum of the two scales.
func Mul(a, b Decimal) (Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return mulSpecial(a, b), nil
	}
	scale := a.Scale + b.Scale
	if scale <= MaxDigits && a.Coef.FitsInt64() && b.Coef.FitsInt64() {
		return Decimal{Coef: MulInt64(a.Coef.Int64(), b.Coef.Int64()), Scale: scale}, nil
	}
	return fit(a.Coef.Hi^b.Coef.Hi < 0, a.Coef.magnitude().mul(b.Coef.magnitude()), int(scale))
}

// mulSpecial multiplies when at least one operand is not finite.
func mulSpecial(a, b Decimal) Decimal {
	sign := Sign(a) * Sign(b)
	if a.IsNaN() || b.IsNaN() || sign == 0 {
		return NaN() // 0 * Infinity is NaN too
	}
	return Inf(sign)
}
