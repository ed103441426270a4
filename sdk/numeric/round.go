package numeric

import (
	"fmt"

	"wire.example/wire/sdk/sqlstate"
)

// Round rounds half away from zero to scale digits after the point, padding with zeros if d has fewer; a negative scale rounds before the
// point. NaN and the infinities are returned as they are.
func Round(d Decimal, scale int) (Decimal, error) { return toScale(d, scale, true) }

// Trunc is Round towards zero.
func Trunc(d Decimal, scale int) (Decimal, error) { return toScale(d, scale, false) }

func toScale(d Decimal, scale int, round bool) (Decimal, error) {
	if !d.IsFinite() {
		return d, nil
	}
	scale = min(max(scale, -2000), MaxDigits) // -2000 is PostgreSQL's bound
	shift := scale - int(d.Scale)
	result := Decimal{Coef: d.Coef, Scale: int16(max(scale, 0))}
	if shift < 0 {
		result.Coef = divPow10(d.Coef, -shift, round)
		shift = max(-scale, 0)
	}
	var ok bool
	if result.Coef, ok = Rescale10(result.Coef, shift); !ok {
		return Decimal{}, errOverflow()
	}
	return result, nil
}

// Ceil returns the smallest integer that is not less than d, with scale 0.
func Ceil(d Decimal) (Decimal, error) { return toInteger(d, 1) }

// Floor returns the largest integer that is not greater than d, with scale 0.
func Floor(d Decimal) (Decimal, error) { return toInteger(d, -1) }

// toInteger rounds towards the infinity of the given sign.
func toInteger(d Decimal, sign int) (Decimal, error) {
	if d.Scale <= 0 {
		return d, nil
	}
	whole, err := Trunc(d, 0)
	if err != nil || Sign(d) != sign || Cmp(whole, d) == 0 {
		return whole, err
	}
	return Add(whole, FromInt64(int64(sign)))
}

// Rescale applies the type NUMERIC(precision, scale): it rounds half away from zero to scale and fails with 22003 if more than precision-scale
// digits stand before the point. Infinities fit no such type; NaN fits every one.
func Rescale(d Decimal, precision, scale int) (Decimal, error) {
	if d.IsNaN() {
		return d, nil
	}
	if d.IsInf() {
		return Decimal{}, FieldOverflow(d, precision, scale)
	}
	r, err := Round(d, scale)
	if err != nil && precision > MaxDigits {
		return Decimal{}, err
	}
	if err != nil || (!r.IsZero() && r.Coef.magnitude().digits()-int(r.Scale) > precision-scale) {
		return Decimal{}, FieldOverflow(d, precision, scale)
	}
	return r, nil
}

// FieldOverflow is the error of a d that NUMERIC(precision, scale) does not hold. What PostgreSQL says in the error's DETAIL is the hint.
func FieldOverflow(d Decimal, precision, scale int) *sqlstate.Error {
	bad := sqlstate.New(sqlstate.NumericValueOutOfRange, "numeric field overflow")
	if d.IsInf() {
		return bad.WithHint(fmt.Sprintf("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale))
	}
	bound := "1"
	if precision != scale {
		bound = fmt.Sprintf("10^%d", precision-scale)
	}
	return bad.WithHint(fmt.Sprintf("A field with precision %d, scale %d must round to an absolute value less than %s.", precision, scale, bound))
}
