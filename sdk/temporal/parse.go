package temporal

import "wire.example/wire/sdk/sqlstate"

// ParseTimestamp reads a timestamp without time zone as PostgreSQL's input function does, with the date order month-day-year. A zone or
// offset in the text is checked and then ignored.
func ParseTimestamp(b []byte) (int64, error) {
	if t, ok := FastTimestamp(b); ok {
		return t, nil
	}
	var p TimestampParser
	return p.parse(b, nil, nameTimestamp, true)
}

// ParseTimestampUTC reads a timestamp and applies an offset or zone that the text gives; text without one is UTC already. This is what
// decoders use.
func ParseTimestampUTC(b []byte) (int64, error) {
	if t, ok := FastTimestamp(b); ok {
		return t, nil
	}
	var p TimestampParser
	return p.parse(b, nil, nameTimestamp, false)
}

// ParseTimestampTZ reads a timestamp with time zone; text without an offset or zone is local time in loc. A nil loc is UTC.
func ParseTimestampTZ(b []byte, loc *Zone) (int64, error) {
	var p TimestampParser
	return p.parse(b, loc, nameTimestampTZ, false)
}

// timestamp reads b and ignores its zone.
func (d *decoder) timestamp(b []byte, typeName string) (int64, error) {
	bad := d.run(b)
	if bad == faultNone && d.reserved == 0 && d.seen&hasDate != hasDate {
		bad = faultFormat
	}
	if bad != faultNone {
		return 0, d.fail(bad, typeName, b)
	}
	switch d.reserved {
	case reservedEpoch:
		return 0, nil
	case reservedLate:
		return TimestampInfinity, nil
	case reservedEarly:
		return TimestampNegInfinity, nil
	}
	t, ok := d.f.join()
	if !ok {
		return 0, errTimestampText(b)
	}
	return t, nil
}

func errTimestampText(b []byte) error {
	return sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", b)
}

func parseZoned(b []byte, loc *Zone, typeName string) (int64, error) {
	var d decoder
	t, err := d.timestamp(b, typeName)
	if err != nil || d.reserved != 0 {
		return t, err
	}
	switch {
	case d.zone != nil:
		t = d.zone.ToUTC(t)
	case d.seen&hasZone != 0:
		var ok bool
		if t, ok = addInt64(t, -int64(d.offset)*Second); !ok || !validTimestamp(t) {
			return 0, errTimestampText(b)
		}
	case loc != nil:
		t = loc.ToUTC(t)
	}
	if !validTimestamp(t) {
		return 0, errTimestampText(b)
	}
	return t, nil
}

// ParseDate reads a date; a time of day and a zone in the text are checked and ignored.
func ParseDate(b []byte) (int32, error) {
	if days, ok := fastDate(b); ok {
		return days, nil
	}
	var d decoder
	bad := d.run(b)
	if bad == faultNone && d.reserved == 0 && d.seen&hasDate != hasDate {
		bad = faultFormat
	}
	if bad != faultNone {
		return 0, d.fail(bad, "date", b)
	}
	switch d.reserved {
	case reservedEpoch:
		return 0, nil
	case reservedLate:
		return DateInfinity, nil
	case reservedEarly:
		return DateNegInfinity, nil
	}
	days := Days(d.f.Year, d.f.Month, d.f.Day)
	if days < int64(MinDate) || days > int64(MaxDate) {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date out of range: \"%s\"", b)
	}
	return int32(days), nil
}

// fastDate reads exactly YYYY-MM-DD.
func fastDate(b []byte) (int32, bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	for i, c := range b {
		if !isDigit(c) && i != 4 && i != 7 {
			return 0, false
		}
	}
	year := twoDigits(b)*100 + twoDigits(b[2:])
	month, day := twoDigits(b[5:]), twoDigits(b[8:])
	if year == 0 || month-1 < 0 || month > 12 || day < 1 || day > MonthDays(year, month) {
		return 0, false
	}
	return int32(Days(year, month, day)), true //nolint:gosec // year has four digits
}

// ParseTime reads a time of day; a date is allowed before it, an offset after it is ignored.
func ParseTime(b []byte) (int64, error) {
	d := decoder{noDate: true}
	bad := d.run(b)
	switch {
	case bad != faultNone:
	case d.seen&hasTime != hasTime,
		d.reserved != 0,
		d.zone != nil && !d.zone.isFixed() && d.seen&hasDate != hasDate:
		bad = faultFormat
	}
	if bad != faultNone {
		return 0, d.fail(bad, "time", b)
	}
	return d.f.timeOfDay(), nil
}
