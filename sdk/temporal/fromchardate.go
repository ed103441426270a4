package temporal

import "wire.example/wire/sdk/sqlstate"

// ParseTimestampTZ reads text by the template (to_timestamp): local time in zone unless the template has TZH. A nil zone is UTC.
func (f *Format) ParseTimestampTZ(text []byte, zone *Zone) (int64, error) {
	p, err := f.parse(text)
	if err != nil {
		return 0, err
	}
	t, ok := p.fields.join()
	if !ok {
		return 0, errTimestampRange()
	}
	t = roundFraction(t, p.precision)
	switch {
	case p.hasOffset:
		t, ok = addInt64(t, -int64(p.offset)*Second)
	case zone != nil:
		t = zone.ToUTC(t)
	}
	if !ok || !validTimestamp(t) {
		return 0, errTimestampRange()
	}
	return t, nil
}

// ParseDate reads text by the template (to_date).
func (f *Format) ParseDate(text []byte) (int32, error) {
	p, err := f.parse(text)
	if err != nil {
		return 0, err
	}
	d := Days(p.fields.Year, p.fields.Month, p.fields.Day)
	if d < int64(MinDate) || d > int64(MaxDate) {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date out of range: \"%s\"", text)
	}
	return int32(d), nil
}

// parsed is a text read by a template; what it does not say is 0001-01-01 00:00:00 BC.
type parsed struct {
	fields    Fields
	offset    int
	hasOffset bool
	precision int8
}

// roundFraction rounds to so many decimals of a second, halves away from 2000-01-01; a precision of 0 keeps all.
func roundFraction(t int64, precision int8) int64 {
	if precision <= 0 || precision >= 6 {
		return t
	}
	unit := int64(1)
	for range 6 - precision {
		unit *= 10
	}
	const millennium = 10957 * Day
	down, rest := floorDiv(t-millennium, unit)
	if rest*2 > unit || rest*2 == unit && t >= millennium {
		down++
	}
	return down*unit + millennium
}

func (f *Format) parse(text []byte) (parsed, error) {
	s := scanner{f: f, text: text}
	if err := s.scan(); err != nil {
		return parsed{}, err
	}
	p := parsed{fields: Fields{Month: 1, Day: 1}, precision: s.out.precision}
	if err := s.out.clock(&p.fields); err != nil {
		return parsed{}, err
	}
	known := s.out.date(&p.fields)
	if err := s.out.ordinalDay(&p.fields, &known); err != nil {
		return parsed{}, err
	}
	return p, s.out.check(&p, known, text)
}

// clock settles the hour, minute, second and fraction.
func (o *charFields) clock(f *Fields) error {
	if o.secondsOfDay != 0 {
		f.Hour, f.Minute, f.Second = o.secondsOfDay/3600, o.secondsOfDay/60%60, o.secondsOfDay%60
	}
	if o.second != 0 {
		f.Second = o.second
	}
	if o.minute != 0 {
		f.Minute = o.minute
	}
	if o.hour != 0 {
		f.Hour = o.hour
	}
	f.Micros = o.millis*1000 + o.micros
	if !o.twelve {
		return nil
	}
	if f.Hour < 1 || f.Hour > 12 {
		return sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", f.Hour).
			WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
	}
	if o.pm == 1 && f.Hour < 12 {
		f.Hour += 12
	} else if o.pm == 0 && f.Hour == 12 {
		f.Hour = 0
	}
	return nil
}

// date settles year, month and day but for the ordinal; known has the bits of what was given.
func (o *charFields) date(f *Fields) (known int) {
	if year, ok := o.calendarYear(); ok {
		f.Year = year
		known |= hasYear
	}
	if o.julian != 0 {
		f.Year, f.Month, f.Day = Civil(clampInt32(int64(o.julian) - julianEpoch))
		known |= hasDate
	}
	if o.week != 0 {
		if o.calendar == calendarISO {
			f.Year, f.Month, f.Day = o.isoDay(f.Year)
			known |= hasDate
		} else {
			o.ordinal = (o.week-1)*7 + 1
		}
	}
	if o.monthWeek != 0 {
		o.day = (o.monthWeek-1)*7 + 1
	}
	if o.day != 0 {
		f.Day = o.day
		known |= hasDay
	}
	if o.month != 0 {
		f.Month = o.month
		known |= hasMonth
	}
	return known
}

// isoDay is the date of an ISO week and day; Monday if no day was given.
func (o *charFields) isoDay(year int) (y, m, d int) {
	day := isoWeekStart(year) + 7*int64(o.week-1)
	if o.weekday > 1 {
		day += int64(o.weekday) - 2
	} else if o.weekday == 1 {
		day += 6
	}
	return Civil(clampInt32(day))
}

// calendarYear joins year and century; 0 is 1 BC.
func (o *charFields) calendarYear() (year int, ok bool) {
	century := o.century
	if o.bc == 1 {
		century = -century
	}
	if o.year == 0 {
		if century == 0 {
			return 0, false
		}
		if century > 0 {
			return (century-1)*100 + 1, true
		}
		return century*100 + 1, true
	}
	if o.century == 0 || o.yearDigits > 2 {
		year = o.year
		if o.bc == 1 {
			year = -year
		}
		if year < 0 {
			year++
		}
		return year, true
	}
	year = o.year % 100
	switch {
	case year != 0 && century >= 0:
		return year + (century-1)*100, true
	case year != 0:
		return (century+1)*100 - year + 1, true
	case century >= 0:
		return century * 100, true
	}
	return century*100 + 1, true
}

// ordinalDay settles month and day by the day of the year where they were not given.
func (o *charFields) ordinalDay(f *Fields, known *int) error {
	if o.ordinal == 0 || (f.Month > 1 && f.Day > 1) {
		return nil
	}
	if f.Year == 0 && o.bc == 0 {
		return sqlstate.New(sqlstate.InvalidDatetimeFormat, "cannot calculate day of year without year information")
	}
	if o.calendar == calendarISO {
		f.Year, f.Month, f.Day = Civil(clampInt32(isoWeekStart(f.Year) - 1 + int64(o.ordinal)))
		*known |= hasDate
		return nil
	}
	month, rest := 1, o.ordinal
	for month <= 12 && rest > MonthDays(f.Year, month) {
		rest -= MonthDays(f.Year, month)
		month++
	}
	if f.Month <= 1 {
		f.Month = month
	}
	if f.Day <= 1 {
		f.Day = rest
	}
	*known |= hasMonth | hasDay
	return nil
}

// check refuses fields out of range.
func (o *charFields) check(p *parsed, known int, text []byte) error {
	f := &p.fields
	bad := known&hasMonth != 0 && (f.Month < 1 || f.Month > 12) || known&hasDay != 0 && (f.Day < 1 || f.Day > 31)
	bad = bad || known&hasDate == hasDate && f.Day > MonthDays(f.Year, f.Month)
	bad = bad || f.Hour < 0 || f.Hour > 23 || f.Minute < 0 || f.Minute > 59 || f.Second < 0 || f.Second > 59
	if bad || f.Micros < 0 || f.Micros >= int(Second) {
		return sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	}
	if o.offsetSign == 0 {
		return nil
	}
	if o.offsetHours < 0 || o.offsetHours > 15 || o.offsetMinutes < 0 || o.offsetMinutes > 59 {
		return sqlstate.Errorf(timeZoneDisplacement, "time zone displacement out of range: \"%s\"", text)
	}
	p.hasOffset = true
	p.offset = o.offsetSign * (o.offsetHours*60 + o.offsetMinutes) * 60
	return nil
}
