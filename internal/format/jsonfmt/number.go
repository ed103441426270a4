package jsonfmt

import (
	"math"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// numberEnd returns the byte after the number at i, by JSON's grammar, or -1.
func (d *decoder) numberEnd(i int) int {
	p, start := d.p, i
	if at(p, i) == '-' {
		i++
	}
	switch c := at(p, i); {
	case c == '0':
		i++
	case c >= '1' && c <= '9':
		i = d.digitsEnd(i)
	default:
		return d.syntax(start, "a value")
	}
	if at(p, i) == '.' {
		from := i + 1
		if i = d.digitsEnd(from); i == from {
			return d.syntax(i, "a digit")
		}
	}
	if at(p, i)|0x20 == 'e' {
		i++
		if c := at(p, i); c == '+' || c == '-' {
			i++
		}
		from := i
		if i = d.digitsEnd(from); i == from {
			return d.syntax(i, "a digit")
		}
	}
	return i
}

func (d *decoder) digitsEnd(i int) int {
	for at(d.p, i)-'0' <= 9 {
		i++
	}
	return i
}

// readNumber stores the number at i in a column of any type that takes one.
func (d *decoder) readNumber(m *member, i, row int) int {
	end := d.numberEnd(i)
	if end < 0 {
		return -1
	}
	if bad := d.storeNumber(m, row, d.data[i:end]); bad != nil {
		return d.fail(m.path, bad)
	}
	return end
}

func (d *decoder) storeNumber(m *member, row int, text []byte) *sqlstate.Error {
	switch m.typ.Kind {
	case schema.Int16, schema.Int32, schema.Int64:
		return storeInteger(m, row, text)
	case schema.Float32:
		return codec.SetFloat(m.col, row, text)
	case schema.Float64:
		if v, ok := shortFloat(text); ok {
			*slotOf[float64](m.base, row) = v
			return nil
		}
		return codec.SetFloat(m.col, row, text)
	case schema.Numeric:
		return codec.SetNumeric(m.col, row, text)
	case schema.Timestamp, schema.TimestampTZ:
		return d.storeEpoch(m, row, text)
	case schema.Text:
		if m.isOp {
			return d.readOp(m, row, text)
		}
		text, bad := codec.FitVarchar(text, m.typ)
		if bad == nil {
			m.col.SetBytes(row, text)
		}
		return bad
	default:
		return codec.ErrSyntax(m.typ, text)
	}
}

// storeInteger stores a number of any form whose value is whole: 1.0 and 1e3 are.
func storeInteger(m *member, row int, text []byte) *sqlstate.Error {
	v, bad := wholeNumber(m.typ, text)
	if bad == nil && !codec.PutInteger(m.col, row, v) {
		return codec.ErrRange(m.typ, text)
	}
	return bad
}

func wholeNumber(typ schema.Type, text []byte) (int64, *sqlstate.Error) {
	d, bad := codec.ParseDecimal(text)
	if bad != nil {
		return 0, codec.ErrRange(typ, text)
	}
	d = d.Canonical()
	switch {
	case d.Scale > 0:
		return 0, codec.ErrSyntax(typ, text)
	case !d.Coef.FitsInt64():
		return 0, codec.ErrRange(typ, text)
	}
	return d.Coef.Int64(), nil
}

// storeEpoch stores a number of seconds, ms or µs since 1970, rounded to µs.
func (d *decoder) storeEpoch(m *member, row int, text []byte) *sqlstate.Error {
	if d.format.epoch == 0 {
		return codec.ErrSyntax(m.typ, text).WithHint("Timestamps that are numbers need the option epoch: s, ms or us.")
	}
	v, bad := codec.ParseDecimal(text)
	if bad != nil {
		return bad
	}
	coef, ok := numeric.MulSmall(v.Coef, d.format.epoch)
	if ok {
		coef, ok = numeric.Rescale10(coef, -int(v.Scale))
	}
	if !ok || !coef.FitsInt64() || coef.Int64() < temporal.MinTimestamp || coef.Int64() > temporal.MaxTimestamp {
		return sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", codec.Shown(text))
	}
	*slotOf[int64](m.base, row) = coef.Int64()
	return nil
}

// floatPowers are the powers of ten that a float64 holds exactly, as far as shortFloat needs.
//
//nolint:gochecknoglobals // immutable table
var floatPowers = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortFloat reads a decimal of at most 15 digits without exponent: both the digits and the power of ten are exact, so that one division
// rounds correctly (Clinger, "How to read floating point numbers accurately", 1990).
func shortFloat(text []byte) (float64, bool) {
	mantissa, digits, fraction := int64(0), 0, 0
	negative, point := false, false
	for i, c := range text {
		switch {
		case c-'0' <= 9:
			mantissa = mantissa*10 + int64(c-'0')
			digits++
			if point {
				fraction++
			}
			if digits > 15 {
				return 0, false
			}
		case c == '.':
			point = true
		case c == '-' && i == 0:
			negative = true
		default:
			return 0, false
		}
	}
	v := float64(mantissa) / floatPowers[fraction]
	if negative {
		v = math.Copysign(v, -1)
	}
	return v, true
}
