package jsonfmt

import (
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
	coef, scale, end := shortDecimal(d.p, i)
	if end > 0 && d.storeShort(m, row, coef, scale) {
		return end
	}
	if end = d.numberEnd(i); end < 0 {
		return -1
	}
	if m.typ.Kind == schema.Text && !m.isOp {
		return d.keepText(m, i, end, row)
	}
	if bad := d.storeNumber(m, row, d.data[i:end]); bad != nil {
		return d.failAt(m.path, bad, i)
	}
	return end
}

// storeShort stores coef / 10^scale if that is simple.
func (d *decoder) storeShort(m *member, row int, coef int64, scale int) bool {
	switch m.typ.Kind {
	case schema.Float64:
		// Both are exact, so that one division rounds correctly (Clinger, "How to read floating point numbers accurately", 1990).
		if coef >= exactFloat || coef <= -exactFloat || coef == 0 {
			return false
		}
		*slotOf[float64](m.base, row) = float64(coef) / float64(pow10[scale])
	case schema.Numeric:
		if m.typ.Precision == 0 {
			m.col.SetDecimal(row, numeric.Decimal{Coef: numeric.Int128FromInt64(coef), Scale: int16(scale)}) //nolint:gosec // 0..17
			return true
		}
		up := int(m.typ.Scale) - scale
		if up < 0 || up > maxShort || abs(coef) >= pow10[maxShort]/pow10[up] || abs(coef)*pow10[up] >= pow10[min(int(m.typ.Precision), maxShort)] {
			return false
		}
		m.col.SetDecimal(row, numeric.Decimal{Coef: numeric.Int128FromInt64(coef * int64(pow10[up])), Scale: m.typ.Scale}) //nolint:gosec // below 10^18
	case schema.Timestamp, schema.TimestampTZ:
		unit := d.format.epoch
		if scale > 0 || unit == 0 || abs(coef) > uint64(temporal.MaxTimestamp/unit) { //nolint:gosec // positive
			return false
		}
		*slotOf[int64](m.base, row) = coef * unit
		return coef*unit >= temporal.MinTimestamp
	default:
		return false
	}
	return true
}

// exactFloat bounds the whole numbers that a float64 holds exactly, maxShort is the number of digits that an int64 surely holds.
const (
	exactFloat = 1 << 53
	maxShort   = 18
)

// abs returns |v|.
func abs(v int64) uint64 {
	if v < 0 {
		v = -v
	}
	return uint64(v) //nolint:gosec // not negative
}

func (d *decoder) storeNumber(m *member, row int, text []byte) *sqlstate.Error {
	switch m.typ.Kind {
	case schema.Int16, schema.Int32, schema.Int64:
		return storeInteger(m, row, text)
	case schema.Float32, schema.Float64:
		return codec.SetFloat(m.col, row, text)
	case schema.Numeric:
		return codec.SetNumeric(m.col, row, text)
	case schema.Timestamp, schema.TimestampTZ, schema.Date, schema.Time:
		return d.storeEpoch(m, row, text)
	default:
		if m.isOp {
			return d.readOp(m, row, text)
		}
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
	case d.Scale > 0 || hasFraction(text):
		return 0, codec.ErrSyntax(typ, text)
	case !d.Coef.FitsInt64():
		return 0, codec.ErrRange(typ, text)
	}
	return d.Coef.Int64(), nil
}

// hasFraction reports whether a JSON number is not whole. It counts digits, of which there may be more than a NUMERIC holds: that would round
// them away.
func hasFraction(text []byte) bool {
	nonzero, behind := false, 0
	last := 0 // place of the last digit other than 0: 1 is the first behind the point, 0 the last before it
	for i, c := range text {
		switch {
		case c == '.':
			behind = 1
			continue
		case c == 'e' || c == 'E':
			return nonzero && last > exponentOf(text[i+1:])
		case c < '0' || c > '9':
			continue
		case c != '0':
			nonzero, last = true, behind
		case behind == 0:
			last--
		}
		if behind > 0 {
			behind++
		}
	}
	return nonzero && last > 0
}

// maxExponent bounds exponentOf: no record has as many digits.
const maxExponent = 1 << 40

// exponentOf reads the exponent of a JSON number.
func exponentOf(text []byte) int {
	value, sign := 0, 1
	for _, c := range text {
		switch {
		case c == '-':
			sign = -1
		case c >= '0' && c <= '9':
			value = min(value*10+int(c-'0'), maxExponent)
		}
	}
	return sign * value
}

// storeEpoch stores a number that counts the option's unit: since 1970 for timestamps and dates, which are the day of that instant, since
// midnight for times. Parts of a microsecond are rounded.
func (d *decoder) storeEpoch(m *member, row int, text []byte) *sqlstate.Error {
	kind := m.typ.Kind
	if d.format.unit == 0 {
		return codec.ErrSyntax(m.typ, text).WithHint("Numbers as dates and times need the option epoch: s, ms, us or ns.")
	}
	v, bad := codec.ParseDecimal(text)
	if bad != nil || !v.IsFinite() {
		return errEpoch(m, text)
	}
	coef, ok := numeric.MulSmall(v.Coef, d.format.unit)
	if ok {
		coef, ok = numeric.Rescale10(coef, -int(v.Scale)-d.format.finer)
	}
	least, most := temporal.MinTimestamp, temporal.MaxTimestamp
	if kind == schema.Time {
		least, most = 0, temporal.MaxTime
	}
	if !ok || !coef.FitsInt64() || coef.Int64() < least || coef.Int64() > most {
		return errEpoch(m, text)
	}
	micros := coef.Int64()
	if kind != schema.Date {
		*slotOf[int64](m.base, row) = micros
		return nil
	}
	day := micros / temporal.Day
	if micros%temporal.Day < 0 {
		day--
	}
	*slotOf[int32](m.base, row) = int32(day) //nolint:gosec // within the range of timestamps
	return nil
}

func errEpoch(m *member, text []byte) *sqlstate.Error {
	name := "timestamp"
	switch m.typ.Kind {
	case schema.Date:
		name = "date"
	case schema.Time:
		name = "time"
	default:
	}
	return sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "%s out of range: \"%s\"", name, codec.Shown(text))
}
