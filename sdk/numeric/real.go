package numeric

import (
	"math"
	"math/big"
)

// workingBits is the precision of intermediate results: about 96 decimal digits. The worst case needs 38 for the result, 38 that cancel in the
// logarithm of a number next to 1, and 8 that argument reduction costs.
const workingBits = 320

// newReal returns a zero of the working precision.
func newReal() *big.Float { return new(big.Float).SetPrec(workingBits) }

// bigCoef returns d's coefficient.
func bigCoef(d Decimal) *big.Int {
	n := bigMagnitude(d.Coef.magnitude())
	if d.Coef.Hi < 0 {
		n.Neg(n)
	}
	return n
}

func bigMagnitude(u uint128) *big.Int {
	n := new(big.Int).SetUint64(u.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(u.lo))
}

// bigPow10 returns 10^n.
func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// realOf returns a finite d at the working precision.
func realOf(d Decimal) *big.Float {
	x := newReal().SetInt(bigCoef(d))
	return x.Quo(x, newReal().SetInt(bigPow10(int(d.Scale))))
}

// realToDecimal rounds x half away from zero to scale digits after the point, or to as many as 38 digits leave room for.
func realToDecimal(x *big.Float, scale int) (Decimal, error) {
	whole := int(math.Ceil(float64(x.MantExp(nil)) * math.Log10(2))) // digits before the point, or one more
	if whole > MaxDigits+1 {
		return Decimal{}, errOverflow()
	}
	for scale = min(scale, MaxDigits, MaxDigits+1-whole); scale >= 0; scale-- {
		shifted := newReal().SetInt(bigPow10(scale))
		shifted.Mul(shifted, x)
		n, _ := shifted.Add(shifted, newReal().SetFloat64(math.Copysign(0.5, float64(x.Sign())))).Int(nil)
		if d, ok := bigToDecimal(n, scale); ok {
			return d, nil
		}
	}
	return Decimal{}, errOverflow()
}

// bigToDecimal returns n * 10^-scale, and whether n has at most 38 digits.
func bigToDecimal(n *big.Int, scale int) (Decimal, bool) {
	if n.BitLen() > 127 {
		return Decimal{}, false
	}
	var bytes [16]byte
	n.FillBytes(bytes[:])
	var u uint128
	for i, b := range bytes {
		if i < 8 {
			u.hi = u.hi<<8 | uint64(b)
		} else {
			u.lo = u.lo<<8 | uint64(b)
		}
	}
	return Decimal{Coef: signed(n.Sign() < 0, u), Scale: int16(scale)}, u.less(pow10[MaxDigits])
}

// quoToDecimal rounds num/den, den > 0, like realToDecimal, but exactly.
func quoToDecimal(num, den *big.Int, scale int) (Decimal, error) {
	for scale = min(scale, MaxDigits); scale >= 0; scale-- {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(num, bigPow10(scale)), den, new(big.Int))
		if r.Lsh(r, 1).CmpAbs(den) >= 0 {
			q.Add(q, big.NewInt(int64(num.Sign())))
		}
		if d, ok := bigToDecimal(q, scale); ok {
			return d, nil
		}
	}
	return Decimal{}, errOverflow()
}

// realExp returns e^x for |x| below some hundreds: the Taylor series of x/2^halvings, squared back.
func realExp(x *big.Float) *big.Float {
	const halvings = 24
	r := newReal().SetMantExp(x, -halvings)
	sum, term := newReal().SetInt64(1), newReal().SetInt64(1)
	for i := int64(1); term.Sign() != 0 && term.MantExp(nil) > -workingBits; i++ {
		term.Mul(term, r)
		term.Quo(term, newReal().SetInt64(i))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// realLn returns the natural logarithm of x > 0, from a double's guess by Halley's iteration y += 2(x-e^y)/(x+e^y), each round of which triples
// the number of right digits.
func realLn(x *big.Float) *big.Float {
	mantissa := newReal()
	exponent := x.MantExp(mantissa)
	guess, _ := mantissa.Float64()
	y := newReal().SetFloat64(math.Log(guess) + float64(exponent)*math.Ln2)
	for range 2 { // 14 digits to begin with, so that two rounds exceed the working precision
		e := realExp(y)
		step := newReal().Sub(x, e)
		step.Quo(step, e.Add(e, x))
		y.Add(y, step.SetMantExp(step, 1))
	}
	return y
}

// realPowInt returns x^n for n >= 0 by repeated squaring.
func realPowInt(x *big.Float, n int64) *big.Float {
	result, square := newReal().SetInt64(1), newReal().Set(x)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result.Mul(result, square)
		}
		square.Mul(square, square)
	}
	return result
}
