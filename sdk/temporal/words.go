package temporal

// wordKind says what a known word of a date/time text does.
type wordKind uint8

const (
	wordNone wordKind = iota
	wordIgnore
	wordReserved // value: one of the reserved* constants
	wordMonth    // value: 1..12
	wordWeekday
	wordHalfDay // value: halfAM or halfPM
	wordEra     // value: 0 AD, 1 BC
	wordUnit    // value: a unit; a label such as the y of y2001
	wordDST     // "dst" after a zone: one hour more
	wordISOTime // the T before a time
	wordAgo
)

type word struct {
	kind  wordKind
	value int8
}

const (
	reservedEpoch int8 = iota + 1
	reservedLate
	reservedEarly
	reservedAllBalls // '00:00:00 UTC'
	reservedClock    // now, today, tomorrow, yesterday: refused
)

const (
	halfNone int8 = iota
	halfAM
	halfPM
)

// unit is a unit of an interval, or a label in front of a number.
type unit int8

const (
	unitMicrosecond unit = iota + 1
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitJulian
	unitTime
	unitOther // known to the tables, meaningless here
)

// lookupWord finds a lower-cased word of a date or time.
func lookupWord(b []byte) (word, bool) { //nolint:gocyclo // a table
	if m := monthWord(b); m != 0 {
		return word{wordMonth, m}, true
	}
	switch string(b) {
	case "sun", "sunday", "mon", "monday", "tue", "tues", "tuesday", "wed", "weds", "wednesday",
		"thu", "thur", "thurs", "thursday", "fri", "friday", "sat", "saturday":
		return word{wordWeekday, 0}, true
	case "at", "on":
		return word{wordIgnore, 0}, true
	case "epoch":
		return word{wordReserved, reservedEpoch}, true
	case "infinity":
		return word{wordReserved, reservedLate}, true
	case "-infinity":
		return word{wordReserved, reservedEarly}, true
	case "allballs":
		return word{wordReserved, reservedAllBalls}, true
	case "now", "today", "tomorrow", "yesterday":
		return word{wordReserved, reservedClock}, true
	case "am":
		return word{wordHalfDay, halfAM}, true
	case "pm":
		return word{wordHalfDay, halfPM}, true
	case "ad":
		return word{wordEra, 0}, true
	case "bc":
		return word{wordEra, 1}, true
	case "dst":
		return word{wordDST, 0}, true
	case "t":
		return word{wordISOTime, int8(unitTime)}, true
	}
	return labelWord(b)
}

// labelWord finds the one-letter labels of numbers: y2001m02d04.
func labelWord(b []byte) (word, bool) {
	switch string(b) {
	case "y":
		return word{wordUnit, int8(unitYear)}, true
	case "m":
		return word{wordUnit, int8(unitMonth)}, true
	case "d":
		return word{wordUnit, int8(unitDay)}, true
	case "h":
		return word{wordUnit, int8(unitHour)}, true
	case "mm":
		return word{wordUnit, int8(unitMinute)}, true
	case "s":
		return word{wordUnit, int8(unitSecond)}, true
	case "j", "jd", "julian":
		return word{wordUnit, int8(unitJulian)}, true
	case "dow", "doy", "isodow", "isoyear":
		return word{wordUnit, int8(unitOther)}, true
	}
	return word{}, false
}

func monthWord(b []byte) int8 {
	switch string(b) {
	case "jan", "january":
		return 1
	case "feb", "february":
		return 2
	case "mar", "march":
		return 3
	case "apr", "april":
		return 4
	case "may":
		return 5
	case "jun", "june":
		return 6
	case "jul", "july":
		return 7
	case "aug", "august":
		return 8
	case "sep", "sept", "september":
		return 9
	case "oct", "october":
		return 10
	case "nov", "november":
		return 11
	case "dec", "december":
		return 12
	}
	return 0
}

// lookupUnit finds a unit of an interval, in any of the spellings that PostgreSQL knows.
func lookupUnit(b []byte) (word, bool) { //nolint:gocyclo // a table
	var u unit
	switch string(b) {
	case "us", "usec", "usecs", "usecond", "useconds", "microsecond", "microseconds":
		u = unitMicrosecond
	case "ms", "msec", "msecs", "msecond", "mseconds", "millisecond", "milliseconds":
		u = unitMillisecond
	case "s", "sec", "secs", "second", "seconds":
		u = unitSecond
	case "m", "min", "mins", "minute", "minutes":
		u = unitMinute
	case "h", "hr", "hrs", "hour", "hours":
		u = unitHour
	case "d", "day", "days":
		u = unitDay
	case "w", "week", "weeks":
		u = unitWeek
	case "mon", "mons", "month", "months":
		u = unitMonth
	case "qtr", "quarter":
		u = unitQuarter
	case "y", "yr", "yrs", "year", "years":
		u = unitYear
	case "dec", "decs", "decade", "decades":
		u = unitDecade
	case "c", "cent", "century", "centuries":
		u = unitCentury
	case "mil", "mils", "millennium", "millennia":
		u = unitMillennium
	case "timezone", "timezone_h", "timezone_m":
		u = unitOther
	case "ago":
		return word{wordAgo, 0}, true
	default:
		return word{}, false
	}
	return word{wordUnit, int8(u)}, true
}
