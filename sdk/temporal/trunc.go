package temporal

import "wire.example/wire/sdk/sqlstate"

// Trunc cuts a timestamp down to the beginning of its field (date_trunc). Weeks begin on Monday, centuries with the year 1. Infinities
// stay, for any field.
func Trunc(f Field, t int64) (int64, error) { return truncStamp(f, KindTimestamp, t) }

// clockUnit is the length of a field that never spans a day, else 0.
func clockUnit(f Field) int64 {
	switch f {
	case FieldMicroseconds:
		return Microsecond
	case FieldMilliseconds:
		return Millisecond
	case FieldSecond:
		return Second
	case FieldMinute:
		return Minute
	case FieldHour:
		return Hour
	}
	return 0
}

func truncStamp(f Field, k Kind, t int64) (int64, error) {
	if !FiniteTimestamp(t) {
		return t, nil
	}
	if size := clockUnit(f); size != 0 {
		_, rest := floorDiv(t, size)
		return t - rest, nil
	}
	days, _ := splitDay(t)
	start, ok := truncDay(f, days)
	if !ok {
		return 0, errTruncField(f, k)
	}
	if start < int64(MinDate) {
		return 0, errTimestampRange()
	}
	return start * Day, nil
}

// truncDay is the first day of the field's stretch.
func truncDay(f Field, days int32) (start int64, ok bool) {
	if f == FieldDay {
		return int64(days), true
	}
	if f == FieldWeek {
		return int64(days) - int64(Weekday(int64(days)+6)), true
	}
	year, month, _ := Civil(days)
	switch f {
	case FieldMonth:
	case FieldQuarter:
		month -= (month - 1) % 3
	case FieldYear:
		month = 1
	case FieldDecade:
		q, _ := floorDiv(int64(year), 10)
		year, month = int(q)*10, 1
	case FieldCentury:
		year, month = truncEra(year, 100), 1
	case FieldMillennium:
		year, month = truncEra(year, 1000), 1
	default:
		return 0, false
	}
	return Days(year, month, 1), true
}

// truncEra is the first year of a century or millennium.
func truncEra(year, length int) int {
	q, _ := floorDiv(int64(year)-1, int64(length))
	return int(q)*length + 1
}

// TruncTZ cuts a timestamptz down on the local clock of zone. The offset is looked up again for what begins at midnight; within a day
// the offset of t holds, as in PostgreSQL.
func TruncTZ(f Field, t int64, zone *Zone) (int64, error) {
	if !FiniteTimestamp(t) {
		return t, nil
	}
	offset, _ := zone.offsetAt(t)
	local, err := truncStamp(f, KindTimestampTZ, shift(t, int64(offset)*Second))
	if err != nil {
		return 0, err
	}
	utc := shift(local, -int64(offset)*Second)
	if clockUnit(f) == 0 {
		utc = zone.ToUTC(local)
	}
	if !validTimestamp(utc) {
		return 0, errTimestampRange()
	}
	return utc, nil
}

// TruncInterval cuts an interval towards zero to whole units of the field.
func TruncInterval(f Field, v Interval) (Interval, error) {
	if size := clockUnit(f); size != 0 {
		v.Micros -= v.Micros % size
		return v, nil
	}
	var months int32
	switch f {
	case FieldDay:
		v.Micros = 0
		return v, nil
	case FieldMonth:
		months = 1
	case FieldQuarter:
		months = 3
	case FieldYear:
		months = monthsPerYear
	case FieldDecade:
		months = 10 * monthsPerYear
	case FieldCentury:
		months = 100 * monthsPerYear
	case FieldMillennium:
		months = 1000 * monthsPerYear
	default:
		return Interval{}, errTruncField(f, KindInterval)
	}
	return Interval{Months: v.Months - v.Months%months}, nil
}

// DateBin returns the start of the bin of width stride that holds t, where one bin starts at origin. The stride must be positive and
// have no months. It serves timestamps and timestamptz alike: its days have 24 hours.
func DateBin(stride Interval, t, origin int64) (int64, error) {
	if !FiniteTimestamp(t) {
		return t, nil
	}
	if !FiniteTimestamp(origin) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "origin out of range")
	}
	if stride.Months != 0 {
		return 0, sqlstate.New(sqlstate.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	width, ok := mulInt64(int64(stride.Days), Day)
	width, ok2 := addInt64(width, stride.Micros)
	if !ok || !ok2 {
		return 0, errIntervalRange()
	}
	if width <= 0 {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := t - origin
	if (t^origin)&(t^diff) < 0 {
		return 0, errIntervalRange()
	}
	_, rest := floorDiv(diff, width)
	start := t - rest
	if start > t || !validTimestamp(start) {
		return 0, errTimestampRange()
	}
	return start, nil
}
