package numeric

import (
	"math"
	"math/big"

	"wire.example/wire/sdk/sqlstate"
)

// Power returns base^exponent at the scale that PostgreSQL chooses. Zero to a negative power and a negative base with an exponent that is no
// integer are 2201F.
func Power(base, exponent Decimal) (Decimal, error) {
	if base.IsNaN() || exponent.IsNaN() {
		return powerNaN(base, exponent), nil
	}
	signBase, signExponent := Sign(base), Sign(exponent)
	if signBase == 0 && signExponent < 0 {
		return Decimal{}, sqlstate.New(sqlstate.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	}
	whole := exponent.Canonical()
	if signBase < 0 && whole.Scale > 0 {
		return Decimal{}, sqlstate.New(sqlstate.InvalidArgumentForPower,
			"a negative number raised to a non-integer power yields a complex result")
	}
	if !base.IsFinite() || !exponent.IsFinite() {
		return powerInf(base, exponent), nil
	}
	if n := whole.Coef.Int64(); whole.Scale == 0 && whole.Coef.FitsInt64() && n == int64(int32(n)) {
		return powerInt(base, n)
	}
	if signBase == 0 {
		return Decimal{Scale: minSignificant}, nil
	}
	return powerReal(base, exponent, signBase < 0 && whole.Coef.Lo&1 != 0)
}

// powerNaN decides powers in which a NaN occurs: NaN^0 and 1^NaN are 1, all others NaN.
func powerNaN(base, exponent Decimal) Decimal {
	one := FromInt64(1)
	if exponent.IsZero() || (base.IsFinite() && Cmp(base, one) == 0) {
		return one
	}
	return NaN()
}

// powerInf decides powers in which an infinity occurs and no rule of errors applies, as POSIX does for pow.
func powerInf(base, exponent Decimal) Decimal {
	one := FromInt64(1)
	switch {
	case base.IsFinite() && Cmp(base, one) == 0, exponent.IsZero():
		return one
	case base.IsZero():
		return Decimal{}
	case exponent.IsInf() && base.IsFinite() && Cmp(Abs(base), one) == 0:
		return one
	case exponent.IsInf() && (Cmp(Abs(base), one) > 0) == (Sign(exponent) > 0):
		return Inf(1)
	case exponent.IsInf() || Sign(exponent) < 0:
		return Decimal{}
	}
	if whole := exponent.Canonical(); Sign(base) < 0 && whole.Coef.Lo&1 != 0 {
		return Inf(-1)
	}
	return Inf(1)
}

// powerInt raises to a power that fits 32 bits. Small powers are exact before the one rounding.
func powerInt(base Decimal, n int64) (Decimal, error) {
	const exactPower = 64
	scale := resultScale(minSignificant, int(base.Scale), 0)
	if base.IsZero() {
		if n == 0 {
			return Round(FromInt64(1), scale)
		}
		return Decimal{Scale: int16(scale)}, nil
	}
	weight := float64(n) * math.Log10(math.Abs(base.Float64()))
	switch {
	case weight > MaxDigits+1:
		return Decimal{}, errOverflow()
	case weight < -2*MaxDigits:
		return Decimal{Scale: int16(scale)}, nil
	}
	magnitude := max(n, -n)
	if magnitude <= exactPower {
		num := new(big.Int).Exp(bigCoef(base), big.NewInt(magnitude), nil)
		den := bigPow10(int(base.Scale) * int(magnitude))
		if n < 0 {
			num, den = den, num
		}
		if den.Sign() < 0 {
			num.Neg(num)
			den.Neg(den)
		}
		return quoToDecimal(num, den, scale)
	}
	result := realPowInt(realOf(base), magnitude)
	if n < 0 {
		result.Quo(newReal().SetInt64(1), result)
	}
	return realToDecimal(result, scale)
}

// powerReal returns e^(exponent * ln|base|), negated if asked.
func powerReal(base, exponent Decimal, negative bool) (Decimal, error) {
	x := realLn(realOf(Abs(base)))
	x.Mul(x, realOf(exponent))
	d, err := expScale(x, int(base.Scale), int(exponent.Scale))
	if err == nil && negative {
		d = Neg(d)
	}
	return d, err
}
