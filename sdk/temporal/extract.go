package temporal

import "math/bits"

// Extract returns a field of a timestamp, timestamptz (as UTC), date or time, as PostgreSQL 15's EXTRACT: seconds and epochs have six
// decimals, milliseconds three. Infinities give ±infinity for fields that grow without end and NULL for the others.
func Extract(f Field, k Kind, value int64) (Number, error) {
	switch k {
	case KindTimestampTZ:
		return ExtractTZ(f, value, UTC())
	case KindDate:
		return extractDate(f, int32(value)) //nolint:gosec // a date is 32 bits
	case KindTime:
		return extractTime(f, value)
	}
	return extractStamp(f, KindTimestamp, value, value, 0)
}

// ExtractTZ returns a field of a timestamptz's local time in zone.
func ExtractTZ(f Field, utc int64, zone *Zone) (Number, error) {
	if !FiniteTimestamp(utc) {
		return extractInfinity(f, utc < 0)
	}
	offset, _ := zone.offsetAt(utc)
	return extractStamp(f, KindTimestampTZ, zone.ToLocal(utc), utc, int(offset))
}

// extractInfinity decides what an infinity's field is.
func extractInfinity(f Field, negative bool) (Number, error) {
	switch f {
	case FieldYear, FieldDecade, FieldCentury, FieldMillennium, FieldJulian, FieldISOYear, FieldEpoch:
		if negative {
			return Number{Class: NumberNegInfinity}, nil
		}
		return Number{Class: NumberPosInfinity}, nil
	}
	return Number{Class: NumberNull}, nil
}

func extractStamp(f Field, k Kind, local, utc int64, offset int) (Number, error) {
	if !FiniteTimestamp(local) {
		return extractInfinity(f, local < 0)
	}
	days, micros := splitDay(local)
	switch f {
	case FieldEpoch:
		return number(utc, 6), nil
	case FieldJulian:
		return julianNumber(days, micros), nil
	case FieldTimezone, FieldTimezoneHour, FieldTimezoneMinute:
		if k != KindTimestampTZ {
			return Number{}, errUnsupportedField(f, k)
		}
		return number(zoneField(f, offset), 0), nil
	}
	if n, ok := clockField(f, micros); ok {
		return n, nil
	}
	v, ok := dateField(f, days)
	if !ok {
		return Number{}, errUnsupportedField(f, k)
	}
	return number(v, 0), nil
}

func zoneField(f Field, offset int) int64 {
	switch f {
	case FieldTimezoneHour:
		return int64(offset / 3600)
	case FieldTimezoneMinute:
		return int64(offset / 60 % 60)
	}
	return int64(offset)
}

// clockField is a field of a time of day.
func clockField(f Field, micros int64) (Number, bool) {
	switch f {
	case FieldMicroseconds:
		return number(micros%Minute, 0), true
	case FieldMilliseconds:
		return number(micros%Minute, 3), true
	case FieldSecond:
		return number(micros%Minute, 6), true
	case FieldMinute:
		return number(micros/Minute%60, 0), true
	case FieldHour:
		return number(micros/Hour, 0), true
	}
	return Number{}, false
}

// dateField is a whole-number field of a day.
func dateField(f Field, days int32) (int64, bool) {
	switch f {
	case FieldDOW:
		return int64(Weekday(int64(days))), true
	case FieldISODOW:
		return int64(Weekday(int64(days)+6)) + 1, true
	}
	year, month, day := Civil(days)
	switch f {
	case FieldDay:
		return int64(day), true
	case FieldWeek:
		_, week := isoWeek(year, month, day)
		return int64(week), true
	case FieldMonth:
		return int64(month), true
	case FieldQuarter:
		return int64((month-1)/3 + 1), true
	case FieldDOY:
		return int64(yearDay(year, month, day)), true
	case FieldISOYear:
		year, _ = isoWeek(year, month, day)
		return displayYear(year), true
	}
	return yearField(f, year)
}

// displayYear turns year 0 into -1: there is none between 1 BC and 1 AD.
func displayYear(year int) int64 {
	if year > 0 {
		return int64(year)
	}
	return int64(year) - 1
}

func yearField(f Field, year int) (int64, bool) {
	switch f {
	case FieldYear:
		return displayYear(year), true
	case FieldDecade:
		q, _ := floorDiv(int64(year), 10)
		return q, true
	case FieldCentury:
		return era(year, 100), true
	case FieldMillennium:
		return era(year, 1000), true
	}
	return 0, false
}

// era numbers centuries or millennia: the first begins in the year 1, the one before is -1.
func era(year, length int) int64 {
	if year > 0 {
		return int64((year + length - 1) / length)
	}
	return -int64((length - year) / length)
}

func extractDate(f Field, d int32) (Number, error) {
	switch f {
	case FieldEpoch, FieldJulian:
		switch {
		case !FiniteDate(d):
			return extractInfinity(f, d < 0)
		case f == FieldJulian:
			return number(int64(d)+julianEpoch, 0), nil
		}
		return number(int64(d)*86400, 0), nil
	case FieldMicroseconds, FieldMilliseconds, FieldSecond, FieldMinute, FieldHour,
		FieldTimezone, FieldTimezoneHour, FieldTimezoneMinute:
		return Number{}, errUnsupportedField(f, KindDate)
	}
	if !FiniteDate(d) {
		return extractInfinity(f, d < 0)
	}
	v, ok := dateField(f, d)
	if !ok {
		return Number{}, errUnsupportedField(f, KindDate)
	}
	return number(v, 0), nil
}

func extractTime(f Field, micros int64) (Number, error) {
	if f == FieldEpoch {
		return number(micros, 6), nil
	}
	n, ok := clockField(f, micros)
	if !ok {
		return Number{}, errUnsupportedField(f, KindTime)
	}
	return n, nil
}

// julianNumber is the Julian day with the time as its fraction, to as many decimals as PostgreSQL's division of NUMERICs gives: 20, and
// four more for each group of four digits that the dividend is shorter than the divisor 864|0000|0000.
func julianNumber(days int32, micros int64) Number {
	scale := int8(28)
	switch {
	case micros == 0:
	case micros < 1_0000:
		scale = divisionScale(micros, 0)
	case micros < 1_0000_0000:
		scale = divisionScale(micros/1_0000, 1)
	default:
		scale = divisionScale(micros/1_0000_0000, 2)
	}
	power := [...]uint64{20: 1e10, 24: 1e12, 28: 1e14}[scale] // half of the digits: 10^scale is its square
	hi, lo := bits.Mul64(power, power)
	wholeHi, wholeLo := mul128(hi, lo, uint64(int64(days)+julianEpoch)) //nolint:gosec // not negative
	partHi, partLo := mulDiv(hi, lo, uint64(micros), uint64(Day))       //nolint:gosec // not negative
	sum, carry := bits.Add64(wholeLo, partLo, 0)
	top, _ := bits.Add64(wholeHi, partHi, carry)
	return Number{Hi: int64(top), Lo: sum, Scale: scale} //nolint:gosec // at most 10^37
}

// divisionScale is the number of decimals of a quotient by 864|0000|0000, given the dividend's first group and its weight.
func divisionScale(first int64, weight int8) int8 {
	weight -= 2
	if first <= 864 {
		weight--
	}
	return 16 - 4*weight
}

// mul128 is (hi:lo)*m, which must fit.
func mul128(hi, lo, m uint64) (h, l uint64) {
	h, l = bits.Mul64(lo, m)
	return h + hi*m, l
}

// mulDiv is (hi:lo)*m/d rounded half up, where m < d.
func mulDiv(hi, lo, m, d uint64) (h, l uint64) {
	c, p0 := bits.Mul64(lo, m)
	p2, p1 := bits.Mul64(hi, m)
	p1, carry := bits.Add64(p1, c, 0)
	p2 += carry
	_, rest := bits.Div64(0, p2, d)
	h, rest = bits.Div64(rest, p1, d)
	l, rest = bits.Div64(rest, p0, d)
	if rest >= d-rest {
		l, carry = bits.Add64(l, 1, 0)
		h += carry
	}
	return h, l
}

// ExtractInterval returns a field of an interval. Its epoch counts years of 365.25 days and months of 30.
func ExtractInterval(f Field, v Interval) (Number, error) {
	years, months := int64(v.Months/monthsPerYear), int64(v.Months%monthsPerYear)
	switch f {
	case FieldHour:
		return number(v.Micros/Hour, 0), nil
	case FieldDay:
		return number(int64(v.Days), 0), nil
	case FieldMonth:
		return number(months, 0), nil
	case FieldQuarter:
		return number(months/3+1, 0), nil
	case FieldYear:
		return number(years, 0), nil
	case FieldDecade:
		return number(years/10, 0), nil
	case FieldCentury:
		return number(years/100, 0), nil
	case FieldMillennium:
		return number(years/1000, 0), nil
	case FieldEpoch:
		seconds := (1461*years + 120*months + 4*int64(v.Days)) * (86400 / 4)
		return secondsAndMicros(seconds, v.Micros), nil
	}
	n, ok := clockField(f, v.Micros)
	if !ok {
		return Number{}, errUnsupportedField(f, KindInterval)
	}
	return n, nil
}

// secondsAndMicros is seconds*10^6 + micros in 128 bits, scale 6.
func secondsAndMicros(seconds, micros int64) Number {
	n := number(seconds, 6)
	h, l := bits.Mul64(n.Lo, uint64(Second))
	h += uint64(n.Hi) * uint64(Second) //nolint:gosec // two's complement
	l, carry := bits.Add64(l, uint64(micros), 0)
	h, _ = bits.Add64(h, uint64(micros>>63), carry) //nolint:gosec // sign extension
	n.Hi, n.Lo = int64(h), l                        //nolint:gosec // two's complement
	return n
}
