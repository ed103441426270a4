package numeric

import (
	"math"
	"strconv"

	"wire.example/wire/sdk/sqlstate"
)

// FromInt64 returns v with scale 0.
func FromInt64(v int64) Decimal { return Decimal{Coef: Int128FromInt64(v)} }

// FromFloat64 converts as PostgreSQL's cast does, keeping 15 significant digits. Digits beyond the 38th after the point are rounded away; a
// value of more than 38 digits before it is 22003.
func FromFloat64(f float64) (Decimal, error) { return fromFloat(f, 64, 15) }

// FromFloat32 is FromFloat64 for REAL, keeping 6 significant digits.
func FromFloat32(f float32) (Decimal, error) { return fromFloat(float64(f), 32, 6) }

func fromFloat(f float64, bitSize, significant int) (Decimal, error) {
	switch {
	case f != f:
		return NaN(), nil
	case math.IsInf(f, 0):
		return Inf(int(math.Copysign(1, f))), nil
	case f == 0:
		return Decimal{}, nil
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', significant-1, bitSize)
	negative, coef, exponent := splitFloat(text)
	// Value = coef * 10^exponent; trailing zeros go first, as %g drops them.
	coef, exponent = stripFloat(coef, exponent)
	if exponent < 0 {
		return roundedFloat(negative, coef, -exponent), nil
	}
	shifted, ok := Rescale10(Int128FromInt64(coef), exponent)
	if !ok {
		return Decimal{}, errOverflow()
	}
	if negative {
		shifted = shifted.Neg()
	}
	return Decimal{Coef: shifted}, nil
}

// splitFloat reads the d.ddde±xx form that strconv wrote.
func splitFloat(text []byte) (negative bool, coef int64, exponent int) {
	fraction, inFraction := 0, false
	for i, c := range text {
		switch c {
		case '-':
			negative = true
		case '.':
			inFraction = true
		case 'e':
			exponent, _ = parseExponent(text[i+1:])
			return negative, coef, exponent - fraction
		default:
			coef = coef*10 + int64(c-'0')
			if inFraction {
				fraction++
			}
		}
	}
	return negative, coef, -fraction
}

func stripFloat(coef int64, exponent int) (int64, int) {
	for coef%10 == 0 {
		coef, exponent = coef/10, exponent+1
	}
	return coef, exponent
}

// roundedFloat returns coef * 10^-scale, rounded to scale 38 if scale is larger.
func roundedFloat(negative bool, coef int64, scale int) Decimal {
	if negative {
		coef = -coef
	}
	d := Decimal{Coef: Int128FromInt64(coef)}
	if scale > MaxDigits {
		d.Coef = divPow10(d.Coef, scale-MaxDigits, true)
		scale = MaxDigits
	}
	d.Scale = int16(scale)
	return d
}

// Float64 returns the nearest double.
func (d Decimal) Float64() float64 {
	const exactInteger, exactPower = 1 << 53, 22 // both operands exact in a double: one correctly rounded division
	switch {
	case d.IsNaN():
		return math.NaN()
	case d.IsInf():
		return math.Inf(Sign(d))
	}
	if d.Coef.FitsInt64() && d.Scale <= exactPower {
		if v := d.Coef.Int64(); v <= exactInteger && v >= -exactInteger {
			return float64(v) / math.Pow10(int(d.Scale))
		}
	}
	f, _ := strconv.ParseFloat(d.String(), 64) // our own text is always well-formed and in range
	return f
}

// Int64 rounds half away from zero to a BIGINT. Errors are PostgreSQL's: 22003 when out of range, 0A000 for NaN and the infinities.
func (d Decimal) Int64() (int64, error) {
	switch {
	case d.IsNaN():
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "cannot convert NaN to bigint")
	case d.IsInf():
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "cannot convert infinity to bigint")
	}
	c, _ := Rescale10(d.Coef, -int(d.Scale))
	if !c.FitsInt64() {
		return 0, sqlstate.New(sqlstate.NumericValueOutOfRange, "bigint out of range")
	}
	return c.Int64(), nil
}
