package codec

import (
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

const (
	// chunkDigits is the most decimal digits that an int64 surely holds.
	chunkDigits = 18
	// maxDecimalText is the longest text of a NUMERIC, in bytes.
	maxDecimalText = numeric.MaxDigits + 3
	// maxExponent bounds what a text's exponent may say before it counts as out of range.
	maxExponent = 1 << 20
)

// ParseDecimal reads a NUMERIC as PostgreSQL's input function does, but for at most 38 digits: integer digits beyond are out of range,
// fractional ones are rounded.
func ParseDecimal(text []byte) (numeric.Decimal, *sqlstate.Error) {
	d, err := numeric.Parse(text)
	if err == nil {
		return d, nil
	}
	if sqlstate.Of(err) == sqlstate.InvalidTextRepresentation {
		return d, sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", Shown(text))
	}
	return roundDecimal(text)
}

// roundDecimal reads a number of more than 38 digits.
func roundDecimal(text []byte) (numeric.Decimal, *sqlstate.Error) {
	r := decimalReader{}
	if !r.read(trimSpace(text)) {
		return numeric.Decimal{}, sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", Shown(text))
	}
	d, ok := r.value()
	if !ok {
		return d, sqlstate.New(sqlstate.NumericValueOutOfRange, "value overflows numeric format")
	}
	return d, nil
}

// FitDecimal makes d a value of typ: rounded to its scale and checked against its precision.
func FitDecimal(d numeric.Decimal, typ schema.Type) (numeric.Decimal, *sqlstate.Error) {
	if typ.Precision == 0 || d.IsNaN() {
		return d, nil
	}
	if d.IsFinite() {
		coef, ok := numeric.Rescale10(d.Coef, int(typ.Scale-d.Scale))
		if ok && digitCount(coef) <= int(typ.Precision) {
			return numeric.Decimal{Coef: coef, Scale: typ.Scale}, nil
		}
	}
	return d, numeric.FieldOverflow(d, int(typ.Precision), int(typ.Scale))
}

// AppendDecimal appends d as PostgreSQL prints it, all digits of its scale shown.
func AppendDecimal(dst []byte, d numeric.Decimal) []byte { return numeric.Append(dst, d) }

// digitCount returns the number of decimal digits of |x|, 0 for 0.
func digitCount(x numeric.Int128) int {
	if x.IsZero() {
		return 0
	}
	if x.Sign() < 0 {
		x = x.Neg()
	}
	var room [maxDecimalText]byte
	return len(numeric.AppendCoef(room[:0], x, 0))
}

// decimalReader collects up to 38 significant digits.
type decimalReader struct {
	coef     numeric.Int128
	chunk    int64
	inChunk  int
	digits   int // significant ones kept
	scale    int // digits kept after the point; negative for integer digits dropped
	round    bool
	dropped  bool
	negative bool
}

// read takes apart sign, digits, point and exponent; false means that s is no number.
func (r *decimalReader) read(s []byte) bool {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		r.negative = s[0] == '-'
		s = s[1:]
	}
	seen, point, i := false, false, 0
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			seen = true
			r.digit(int64(c-'0'), point)
		case c == '.' && !point:
			point = true
		default:
			return seen && r.exponent(s[i:])
		}
	}
	return seen
}

func (r *decimalReader) digit(v int64, point bool) {
	if r.digits >= numeric.MaxDigits {
		if !r.dropped {
			r.round, r.dropped = v >= 5, true
		}
		if !point {
			r.scale--
		}
		return
	}
	if v != 0 || r.digits > 0 {
		r.digits++
	}
	if point {
		r.scale++
	}
	r.chunk = r.chunk*10 + v
	if r.inChunk++; r.inChunk == chunkDigits {
		r.flush()
	}
}

func (r *decimalReader) flush() {
	power := int64(1)
	for range r.inChunk {
		power *= 10
	}
	scaled, _ := numeric.MulSmall(r.coef, power)
	r.coef, _ = numeric.AddInt128(scaled, numeric.Int128FromInt64(r.chunk))
	r.chunk, r.inChunk = 0, 0
}

func (r *decimalReader) exponent(s []byte) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	exp := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
		exp = min(exp*10+int(c-'0'), maxExponent)
	}
	if negative {
		exp = -exp
	}
	r.scale -= exp
	return len(s) > 0
}

// value puts the digits together; ok is false beyond 38 digits.
func (r *decimalReader) value() (d numeric.Decimal, ok bool) {
	r.flush()
	coef := r.coef
	if r.round {
		coef, ok = numeric.AddInt128(coef, numeric.Int128FromInt64(1))
		if !ok {
			return d, false
		}
	}
	if r.negative {
		coef = coef.Neg()
	}
	switch {
	case coef.IsZero():
		return numeric.Decimal{Scale: int16(max(0, min(r.scale, numeric.MaxDigits)))}, true //nolint:gosec // 0..38
	case r.scale < -numeric.MaxDigits:
		return d, false
	case r.scale < 0:
		coef, ok = numeric.Rescale10(coef, -r.scale)
		return numeric.Decimal{Coef: coef}, ok
	case r.scale > 2*numeric.MaxDigits:
		return numeric.Decimal{Scale: numeric.MaxDigits}, true
	case r.scale > numeric.MaxDigits:
		coef, ok = numeric.Rescale10(coef, numeric.MaxDigits-r.scale)
		return numeric.Decimal{Coef: coef, Scale: numeric.MaxDigits}, ok
	}
	return numeric.Decimal{Coef: coef, Scale: int16(r.scale)}, true //nolint:gosec // 0..38
}
