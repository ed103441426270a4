package temporal

import "wire.example/wire/sdk/sqlstate"

// Field is a part of a date, time or interval that EXTRACT and date_trunc name.
type Field uint8

// The fields, as PostgreSQL names them.
const (
	FieldMicroseconds Field = iota + 1
	FieldMilliseconds
	FieldSecond
	FieldMinute
	FieldHour
	FieldDay
	FieldWeek
	FieldMonth
	FieldQuarter
	FieldYear
	FieldDecade
	FieldCentury
	FieldMillennium
	FieldISOYear
	FieldDOW
	FieldISODOW
	FieldDOY
	FieldJulian
	FieldEpoch
	FieldTimezone
	FieldTimezoneHour
	FieldTimezoneMinute
)

//nolint:gochecknoglobals // immutable table
var fieldNames = [...]string{
	"", "microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
	"millennium", "isoyear", "dow", "isodow", "doy", "julian", "epoch", "timezone", "timezone_hour", "timezone_minute",
}

// String is the field's name in lower case.
func (f Field) String() string { return fieldNames[f] }

//nolint:gochecknoglobals // immutable table
var unitFields = [...]Field{
	unitMicrosecond: FieldMicroseconds, unitMillisecond: FieldMilliseconds, unitSecond: FieldSecond, unitMinute: FieldMinute,
	unitHour: FieldHour, unitDay: FieldDay, unitWeek: FieldWeek, unitMonth: FieldMonth, unitQuarter: FieldQuarter, unitYear: FieldYear,
	unitDecade: FieldDecade, unitCentury: FieldCentury, unitMillennium: FieldMillennium, unitJulian: FieldJulian, unitTime: 0, unitOther: 0,
}

// LookupField finds a field by its name in any case and any of PostgreSQL's spellings (hour, hours, hr). Resolve it once a query.
func LookupField(name string) (Field, bool) {
	low := make([]byte, 0, 16)
	for i := range len(name) {
		low = append(low, lower(name[i]))
	}
	switch string(low) {
	case "timezone":
		return FieldTimezone, true
	case "timezone_h", "timezone_hour":
		return FieldTimezoneHour, true
	case "timezone_m", "timezone_minute":
		return FieldTimezoneMinute, true
	case "dow":
		return FieldDOW, true
	case "isodow":
		return FieldISODOW, true
	case "doy":
		return FieldDOY, true
	case "isoyear":
		return FieldISOYear, true
	case "epoch":
		return FieldEpoch, true
	}
	w, ok := lookupUnit(low)
	if !ok {
		w, _ = labelWord(low)
	}
	if w.kind != wordUnit || unitFields[w.value] == 0 {
		return 0, false
	}
	return unitFields[w.value], true
}

// Kind names a type in errors and tells Extract what the integer is.
type Kind uint8

// The kinds of values with fields.
const (
	KindTimestamp Kind = iota + 1
	KindTimestampTZ
	KindDate
	KindTime
	KindInterval
)

//nolint:gochecknoglobals // immutable table
var kindNames = [...]string{
	"", "timestamp without time zone", "timestamp with time zone", "date", "time without time zone", "interval",
}

// String is the type's full SQL name.
func (k Kind) String() string { return kindNames[k] }

// ErrUnknownField is the error for a field name that LookupField does not know.
func ErrUnknownField(name string, k Kind) error {
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "unit \"%s\" not recognized for type %s", name, k)
}

// errTruncField is date_trunc's error: fields that are no units of length are not even recognized.
func errTruncField(f Field, k Kind) error {
	switch f {
	case FieldDOW, FieldISODOW, FieldDOY, FieldISOYear, FieldJulian, FieldEpoch:
		return ErrUnknownField(f.String(), k)
	}
	return errUnsupportedField(f, k)
}

func errUnsupportedField(f Field, k Kind) error {
	return sqlstate.Errorf(sqlstate.FeatureNotSupported, "unit \"%s\" not supported for type %s", f, k)
}

// NumberClass tells finite results of Extract from the rest.
type NumberClass uint8

// The classes.
const (
	NumberFinite NumberClass = iota
	NumberNull               // a field that an infinity does not have
	NumberPosInfinity
	NumberNegInfinity
)

// Number is a NUMERIC: the 128-bit two's complement coefficient Hi:Lo times 10^-Scale.
type Number struct {
	Hi    int64
	Lo    uint64
	Scale int8
	Class NumberClass
}

func number(v int64, scale int8) Number {
	return Number{Hi: v >> 63, Lo: uint64(v), Scale: scale} //nolint:gosec // two's complement
}
