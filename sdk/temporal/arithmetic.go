package temporal

import "wire.example/wire/sdk/sqlstate"

// AddInterval adds the months first (a day beyond the month's end becomes its last day), then the days, then the microseconds.
// Infinities stay.
func AddInterval(t int64, v Interval) (int64, error) {
	if !FiniteTimestamp(t) {
		return t, nil
	}
	t, ok := addCalendar(t, v)
	if !ok {
		return 0, errTimestampRange()
	}
	return addMicros(t, v.Micros)
}

func addMicros(t, micros int64) (int64, error) {
	t, ok := addInt64(t, micros)
	if !ok || !validTimestamp(t) {
		return 0, errTimestampRange()
	}
	return t, nil
}

// addCalendar adds months and days.
func addCalendar(t int64, v Interval) (int64, bool) {
	if v.Months != 0 {
		f := Split(t)
		f.addMonths(int(v.Months))
		var ok bool
		if t, ok = f.join(); !ok {
			return 0, false
		}
	}
	if v.Days != 0 {
		by, ok := mulInt64(int64(v.Days), Day)
		if !ok {
			return 0, false
		}
		if t, ok = addInt64(t, by); !ok || !validTimestamp(t) {
			return 0, false
		}
	}
	return t, true
}

// addMonths moves f by n months; the day is cut to the month's length.
func (f *Fields) addMonths(n int) {
	year, month := floorDiv(int64(f.Year)*monthsPerYear+int64(f.Month)-1+int64(n), monthsPerYear)
	f.Year, f.Month = int(year), int(month)+1
	f.Day = min(f.Day, MonthDays(f.Year, f.Month))
}

// AddIntervalTZ is AddInterval for a timestamptz: months and days move the local clock of the zone, microseconds the universal one.
func AddIntervalTZ(t int64, v Interval, zone *Zone) (int64, error) {
	if !FiniteTimestamp(t) {
		return t, nil
	}
	if v.Months != 0 {
		local, ok := addCalendar(zone.ToLocal(t), Interval{Months: v.Months})
		if !ok {
			return 0, errTimestampRange()
		}
		t = zone.ToUTC(local)
	}
	if v.Days != 0 {
		local, ok := addCalendar(zone.ToLocal(t), Interval{Days: v.Days})
		if !ok {
			return 0, errTimestampRange()
		}
		t = zone.ToUTC(local)
	}
	return addMicros(t, v.Micros)
}

// SubInterval subtracts v field by field, in AddInterval's order.
func SubInterval(t int64, v Interval) (int64, error) {
	negative, err := v.Neg()
	if err != nil {
		return 0, err
	}
	return AddInterval(t, negative)
}

// SubIntervalTZ is SubInterval for a timestamptz.
func SubIntervalTZ(t int64, v Interval, zone *Zone) (int64, error) {
	negative, err := v.Neg()
	if err != nil {
		return 0, err
	}
	return AddIntervalTZ(t, negative, zone)
}

// SubTimestamps returns a-b in days of 24 hours and time.
func SubTimestamps(a, b int64) (Interval, error) {
	if !FiniteTimestamp(a) || !FiniteTimestamp(b) {
		return Interval{}, sqlstate.New(sqlstate.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	diff := a - b
	if (a^b)&(a^diff) < 0 {
		return Interval{}, errIntervalRange()
	}
	return Interval{Micros: diff}.JustifyHours()
}

// AddDays adds whole days to a date (DateAdd of SQL's date + integer). Infinities stay.
func AddDays(d int32, n int32) (int32, error) {
	if !FiniteDate(d) {
		return d, nil
	}
	sum, ok := addInt32(d, int64(n))
	if !ok || sum < MinDate || sum > MaxDate {
		return 0, errDateRange()
	}
	return sum, nil
}

// SubDates returns the days from b to a.
func SubDates(a, b int32) (int32, error) {
	if !FiniteDate(a) || !FiniteDate(b) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "cannot subtract infinite dates")
	}
	return a - b, nil // both are within 2.2 thousand million days of each other, as the limits are
}

// DateAdd adds an interval to a date: a timestamp.
func DateAdd(d int32, v Interval) (int64, error) {
	t, err := DateToTimestamp(d)
	if err != nil {
		return 0, err
	}
	return AddInterval(t, v)
}

// DateToTimestamp returns the midnight that begins a date.
func DateToTimestamp(d int32) (int64, error) {
	switch {
	case d == DateInfinity:
		return TimestampInfinity, nil
	case d == DateNegInfinity:
		return TimestampNegInfinity, nil
	}
	t, ok := mulInt64(int64(d), Day)
	if !ok || !validTimestamp(t) {
		return 0, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return t, nil
}

// TimestampToDate returns the date of a timestamp.
func TimestampToDate(t int64) int32 {
	switch t {
	case TimestampInfinity:
		return DateInfinity
	case TimestampNegInfinity:
		return DateNegInfinity
	}
	days, _ := splitDay(t)
	return days
}

// TimestampToTime returns the time of day of a finite timestamp.
func TimestampToTime(t int64) int64 {
	_, micros := splitDay(t)
	return micros
}

// AddTime adds an interval's microseconds to a time of day, going round at midnight; its months and days do not count.
func AddTime(micros int64, v Interval) int64 {
	_, r := floorDiv(micros+v.Micros%Day, Day)
	return r
}

// IntervalToTime returns the time of day within an interval, months and days left out.
func IntervalToTime(v Interval) int64 {
	_, r := floorDiv(v.Micros, Day)
	return r
}

// Age returns a-b in years, months, days and time, as one would count on a calendar.
func Age(a, b int64) (Interval, error) {
	if !FiniteTimestamp(a) || !FiniteTimestamp(b) {
		return Interval{}, errTimestampRange()
	}
	return age(Split(a), Split(b), a < b), nil
}

// AgeTZ is Age of the local times of a zone.
func AgeTZ(a, b int64, zone *Zone) (Interval, error) {
	return Age(zone.ToLocal(a), zone.ToLocal(b))
}

// age counts upwards from the earlier one; a borrowed month has the length of the earlier one's month.
func age(a, b Fields, negative bool) Interval {
	first, last := b, a
	if negative {
		first, last = a, b
	}
	micros := last.timeOfDay() - first.timeOfDay()
	days := last.Day - first.Day
	months := (last.Year-first.Year)*monthsPerYear + last.Month - first.Month
	if micros < 0 {
		micros += Day
		days--
	}
	for days < 0 {
		days += MonthDays(first.Year, first.Month)
		months--
	}
	v := Interval{int32(months), int32(days), micros} //nolint:gosec // limited by a timestamp's range
	if negative {
		v.Months, v.Days, v.Micros = -v.Months, -v.Days, -v.Micros
	}
	return v
}
