package numeric

// minSignificant is how many significant digits PostgreSQL aims at when it chooses a result's scale.
const minSignificant = 16

// Div returns a/b, rounded half away from zero at the scale that PostgreSQL chooses: at least 16 significant digits and neither operand's
// scale undercut, but fewer where 38 digits do not suffice. Division of anything but NaN by zero is 22012.
func Div(a, b Decimal) (Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return divSpecial(a, b)
	}
	if b.Coef.IsZero() {
		return Decimal{}, errDivisionByZero()
	}
	return divScale(a, b, divResultScale(a, b))
}

// divSpecial divides when at least one operand is not finite.
func divSpecial(a, b Decimal) (Decimal, error) {
	switch {
	case a.IsNaN() || b.IsNaN():
		return NaN(), nil
	case a.IsFinite():
		return Decimal{}, nil // x / Infinity is 0, without underflow
	case b.IsInf():
		return NaN(), nil
	case b.Coef.IsZero():
		return Decimal{}, errDivisionByZero()
	default:
		return Inf(Sign(a) * Sign(b)), nil
	}
}

// divResultScale chooses the scale of a/b as PostgreSQL does, from the leading base-10000 digits of the operands.
func divResultScale(a, b Decimal) int {
	la, lb := leadingOf(a), leadingOf(b)
	weight := la.weight - lb.weight
	if la.first <= lb.first {
		weight--
	}
	return resultScale(minSignificant-4*weight, int(a.Scale), int(b.Scale))
}

// resultScale returns the largest of the given scales, but at most 38.
func resultScale(wanted, a, b int) int { return min(max(wanted, a, b, 0), MaxDigits) }

// leading describes the head of a number written in base 10000, as PostgreSQL stores it.
type leading struct {
	weight int // position of the first digit: the number is about first * 10000^weight
	first  int // first base-10000 digit, 1..9999, or 0 for zero
	second int // the digit after it
}

// leadingOf returns the head of a finite value; zero has weight 0.
func leadingOf(d Decimal) leading {
	u := d.Coef.magnitude()
	digits := u.digits()
	if digits == 0 {
		return leading{}
	}
	weight := (digits - 1 - int(d.Scale)) >> 2 // floor
	inFirst := digits - int(d.Scale) - 4*weight
	// The first eight decimal digits of the base-10000 grid: inFirst of them and four more.
	drop := digits - inFirst - 4
	if drop > 0 {
		u, _ = u.divMod(pow10[drop])
	} else {
		u.lo *= pow10u64[-drop]
	}
	return leading{weight: weight, first: int(u.lo / 10_000), second: int(u.lo % 10_000)}
}

// divScale divides finite a by b, which is not zero, at the given scale (at least a.Scale), or at a smaller one if that needs more than 38
// digits.
func divScale(a, b Decimal, scale int) (Decimal, error) {
	ua, ub := a.Coef.magnitude(), b.Coef.magnitude()
	lowest := max(0, int(b.Scale)-int(a.Scale)) // the shift that makes the result's scale zero, or leaves a as it is
	shift := scale + int(b.Scale) - int(a.Scale)
	if a.Coef.IsZero() {
		return Decimal{Scale: int16(scale)}, nil
	}
	shift = min(shift, MaxDigits+ub.digits()-ua.digits())
	for ; shift >= lowest; shift-- {
		if q, ok := divShifted(ua, ub, shift); ok {
			result := signed(a.Coef.Hi^b.Coef.Hi < 0, q)
			return Decimal{Coef: result, Scale: a.Scale - b.Scale + int16(shift)}, nil
		}
	}
	return Decimal{}, errOverflow()
}

// divShifted returns a*10^shift/b rounded half up, and whether it has at most 38 digits. The dividend must be at most 10^76.
func divShifted(a, b uint128, shift int) (uint128, bool) {
	var quotient uint256
	var rest uint128
	switch {
	case a.hi == 0 && shift < len(pow10u64):
		n := a.mul(uint128{lo: pow10u64[shift]})
		q, r := uint128{hi: n[1], lo: n[0]}.divMod(b)
		quotient, rest = q.widen(), r
	case shift <= MaxDigits:
		quotient, rest = a.mul(pow10[shift]).divMod(b)
	default:
		n := a.mul(pow10[shift-MaxDigits])
		quotient, rest = uint128{hi: n[1], lo: n[0]}.mul(pow10[MaxDigits]).divMod(b)
	}
	if !rest.add(rest).less(b) {
		quotient = quotient.add(uint256{1})
	}
	return quotient.narrow()
}

// Mod returns the remainder of a/b truncated towards zero: it has a's sign and the larger of the two scales.
func Mod(a, b Decimal) (Decimal, error) {
	if !a.IsFinite() || !b.IsFinite() {
		return modSpecial(a, b)
	}
	if b.Coef.IsZero() {
		return Decimal{}, errDivisionByZero()
	}
	ua, ub := a.Coef.magnitude(), b.Coef.magnitude()
	scale := max(a.Scale, b.Scale)
	var rest uint128
	if b.Scale >= a.Scale {
		_, rest = ua.mul(pow10[b.Scale-a.Scale]).divMod(ub)
	} else if divisor, ok := ub.mul(pow10[a.Scale-b.Scale]).narrow(); ok {
		_, rest = ua.divMod(divisor)
	} else {
		rest = ua // the aligned divisor is beyond any coefficient
	}
	return Decimal{Coef: signed(a.Coef.Hi < 0, rest), Scale: scale}, nil
}

// modSpecial takes the remainder when at least one operand is not finite.
func modSpecial(a, b Decimal) (Decimal, error) {
	switch {
	case a.IsNaN() || b.IsNaN():
		return NaN(), nil
	case a.IsFinite():
		return a, nil // x mod Infinity
	case b.IsZero():
		return Decimal{}, errDivisionByZero()
	default:
		return NaN(), nil
	}
}
