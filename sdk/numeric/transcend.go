package numeric

import (
	"math"
	"math/big"

	"wire.example/wire/sdk/sqlstate"
)

// Sqrt returns the square root, rounded half away from zero at the scale that PostgreSQL chooses. A negative argument is 2201F.
func Sqrt(d Decimal) (Decimal, error) {
	if Sign(d) < 0 {
		return Decimal{}, sqlstate.New(sqlstate.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	if !d.IsFinite() {
		return d, nil
	}
	// The root of first * 10000^weight has 2*weight+1 digits before the point, if not one more.
	scale := resultScale(minSignificant-(2*leadingOf(d).weight+1), int(d.Scale), 0)
	u := bigMagnitude(d.Coef.magnitude())
	for ; scale >= 0; scale-- {
		n := new(big.Int).Set(u)
		if shift := 2*scale - int(d.Scale); shift >= 0 {
			n.Mul(n, bigPow10(shift))
		} else {
			n.Quo(n, bigPow10(-shift))
		}
		root := new(big.Int).Sqrt(n)
		// The root is above root+1/2 just if n > root*(root+1).
		if n.Cmp(new(big.Int).Mul(root, new(big.Int).Add(root, big.NewInt(1)))) > 0 {
			root.Add(root, big.NewInt(1))
		}
		if result, ok := bigToDecimal(root, scale); ok {
			return result, nil
		}
	}
	return Decimal{}, errOverflow()
}

// Exp returns e^d at the scale that PostgreSQL chooses.
func Exp(d Decimal) (Decimal, error) {
	switch {
	case d.Scale == ScaleNegInf:
		return Decimal{}, nil
	case !d.IsFinite():
		return d, nil
	}
	return expScale(realOf(d), int(d.Scale), 0)
}

// expScale returns e^x, with at least the two given scales.
func expScale(x *big.Float, a, b int) (Decimal, error) {
	const log10e = 0.434294481903252 // as PostgreSQL rounds it: it decides a scale
	approximate, _ := x.Float64()
	weight := approximate * log10e
	switch {
	case weight > MaxDigits+1:
		return Decimal{}, errOverflow()
	case weight < -2*MaxDigits:
		return Decimal{Scale: MaxDigits}, nil
	}
	return realToDecimal(realExp(x), resultScale(minSignificant-int(weight), a, b))
}

// Ln returns the natural logarithm at the scale that PostgreSQL chooses. Zero and negative arguments are 2201E.
func Ln(d Decimal) (Decimal, error) {
	if err := checkLogArgument(d); err != nil {
		return Decimal{}, err
	}
	if !d.IsFinite() {
		return d, nil
	}
	return realToDecimal(realLn(realOf(d)), resultScale(minSignificant-lnWeight(d), int(d.Scale), 0))
}

// Log returns the logarithm of x to the given base (10 for SQL's one-argument log) at the scale that PostgreSQL chooses. Zero and negative
// arguments are 2201E, base 1 is 22012.
func Log(base, x Decimal) (Decimal, error) {
	if base.IsNaN() || x.IsNaN() {
		return NaN(), nil
	}
	if err := checkLogArguments(base, x); err != nil {
		return Decimal{}, err
	}
	switch {
	case base.IsInf() && x.IsInf():
		return NaN(), nil
	case base.IsInf():
		return Decimal{}, nil
	case x.IsInf():
		return x, nil
	case Cmp(base, FromInt64(1)) == 0:
		return Decimal{}, errDivisionByZero()
	}
	scale := resultScale(minSignificant-(lnWeight(x)-lnWeight(base)), int(base.Scale), int(x.Scale))
	quotient := realLn(realOf(x))
	return realToDecimal(quotient.Quo(quotient, realLn(realOf(base))), scale)
}

// checkLogArguments names the mistake that PostgreSQL finds first: among finite arguments the base's, else a sign before a zero.
func checkLogArguments(base, x Decimal) error {
	if (base.IsInf() || x.IsInf()) && Sign(x) < 0 {
		base, x = x, base
	}
	if err := checkLogArgument(base); err != nil {
		return err
	}
	return checkLogArgument(x)
}

func checkLogArgument(d Decimal) error {
	switch {
	case Sign(d) < 0:
		return sqlstate.New(sqlstate.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
	case d.IsZero():
		return sqlstate.New(sqlstate.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
	default:
		return nil
	}
}

// lnWeight estimates the decimal weight of ln(d), d > 0, with the rules by which PostgreSQL decides scales: next to 1 from d-1, elsewhere from
// the leading eight digits.
func lnWeight(d Decimal) int {
	const ln10 = 2.302585092994046
	if Cmp(d, Decimal{Coef: Int128{Lo: 9}, Scale: 1}) >= 0 && Cmp(d, Decimal{Coef: Int128{Lo: 11}, Scale: 1}) <= 0 {
		x, err := Sub(d, FromInt64(1))
		if err != nil || x.IsZero() {
			return 0
		}
		head := leadingOf(x)
		return head.weight*4 + int(math.Log10(float64(head.first)))
	}
	head := leadingOf(d)
	ln := math.Log(float64(head.first*10_000+head.second)) + float64(head.weight*4-4)*ln10
	return int(math.Log10(math.Abs(ln)))
}
