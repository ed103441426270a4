package temporal

// cycleShift moves every date that we can hold into positive numbers: whole 400-year cycles, so the calendar is unchanged.
const (
	cycleShift = 14700
	cycleDays  = 146097
	marchEpoch = 719468 // days from 0000-03-01 to 1970-01-01
)

// Civil returns the proleptic Gregorian date of a day number since 1970-01-01. Year 0 is 1 BC. Every int32 is exact.
//
// Algorithm: C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022).
func Civil(days int32) (year, month, day int) {
	n := uint64(int64(days) + marchEpoch + cycleShift*cycleDays)
	n1 := 4*n + 3
	century, ofCentury := n1/cycleDays, n1%cycleDays/4
	p := 2939745 * (4*ofCentury + 3)
	ofYear := uint64(uint32(p)) / 2939745 / 4 //nolint:gosec // the low half is meant
	n3 := 2141*ofYear + 197913
	year = int(100*century+p>>32) - 400*cycleShift //nolint:gosec // far below the limit
	month = int(n3 >> 16)                          //nolint:gosec // at most 14
	day = int(n3&0xffff)/2141 + 1                  //nolint:gosec // at most 31
	if ofYear >= 306 {
		year++
		month -= 12
	}
	return year, month, day
}

// Days returns the day number since 1970-01-01 of a proleptic Gregorian date; year 0 is 1 BC. The month must be in 1..12; a day
// outside its month counts on into the neighbours. The caller checks the range.
func Days(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	y += 400 * cycleShift * 100 // positive down to the year -588 million, far beyond every limit
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 1 -
		cycleShift*100*cycleDays - marchEpoch
}

// IsLeap reports whether the proleptic Gregorian year (0 is 1 BC) has 366 days.
func IsLeap(year int) bool { return year&3 == 0 && (year%100 != 0 || year%400 == 0) }

//nolint:gochecknoglobals // immutable table
var monthDays = [2][13]uint8{
	{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
	{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
}

// MonthDays returns the number of days of a month in 1..12.
func MonthDays(year, month int) int {
	if IsLeap(year) {
		return int(monthDays[1][month])
	}
	return int(monthDays[0][month])
}

// Weekday returns the day of the week of a day number: 0 is Sunday.
func Weekday(days int64) int {
	_, w := floorDiv(days+4, 7)
	return int(w)
}

// yearDay returns the ordinal in the year, from 1.
func yearDay(year, month, day int) int { return int(Days(year, month, day)-Days(year, 1, 1)) + 1 }

// isoWeekStart returns the day number of the Monday of ISO week 1 of a year.
func isoWeekStart(year int) int64 {
	fourth := Days(year, 1, 4)
	return fourth - int64((Weekday(fourth)+6)%7)
}

// isoWeek returns the ISO 8601 year and week of a date.
func isoWeek(year, month, day int) (isoYear, week int) {
	d := Days(year, month, day)
	start := isoWeekStart(year)
	switch {
	case d < start:
		year--
		start = isoWeekStart(year)
	default:
		if next := isoWeekStart(year + 1); d >= next {
			year++
			start = next
		}
	}
	return year, int((d-start)/7) + 1
}

// Fields is a timestamp taken apart. Year 0 is 1 BC. Micros is within the second.
type Fields struct {
	Year, Month, Day     int
	Hour, Minute, Second int
	Micros               int
}

// splitDay returns the day number and the microseconds since its midnight.
func splitDay(t int64) (days int32, micros int64) {
	d, m := floorDiv(t, Day)
	return int32(d), m //nolint:gosec // an int64 of microseconds has fewer than 2^27 days
}

// Split takes a finite timestamp apart.
func Split(t int64) Fields {
	days, micros := splitDay(t)
	var f Fields
	f.Year, f.Month, f.Day = Civil(days)
	f.setTime(micros)
	return f
}

func (f *Fields) setTime(micros int64) {
	f.Hour = int(micros / Hour)
	f.Minute = int(micros / Minute % 60)
	f.Second = int(micros / Second % 60)
	f.Micros = int(micros % Second)
}

// timeOfDay returns the microseconds since midnight of f's time fields.
func (f *Fields) timeOfDay() int64 {
	return int64(f.Hour)*Hour + int64(f.Minute)*Minute + int64(f.Second)*Second + int64(f.Micros)
}

// join puts f together; ok is false beyond the limits of a timestamp. The fields must be valid.
func (f *Fields) join() (t int64, ok bool) {
	d := Days(f.Year, f.Month, f.Day)
	if d < int64(MinDate) || d > MaxTimestamp/Day+1 {
		return 0, false
	}
	t, ok = mulInt64(d, Day)
	if !ok {
		return 0, false
	}
	t, ok = addInt64(t, f.timeOfDay())
	return t, ok && validTimestamp(t)
}
