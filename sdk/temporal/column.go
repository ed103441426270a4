package temporal

// Year is the calendar year of a finite timestamp; 1 BC is -1, as EXTRACT gives it.
func Year(t int64) int64 {
	days, _ := splitDay(t)
	year, _, _ := Civil(days)
	return displayYear(year)
}

// Month is the month, 1..12, of a finite timestamp.
func Month(t int64) int64 {
	days, _ := splitDay(t)
	_, month, _ := Civil(days)
	return int64(month)
}

// DayOfMonth is the day, 1..31, of a finite timestamp.
func DayOfMonth(t int64) int64 {
	days, _ := splitDay(t)
	_, _, day := Civil(days)
	return int64(day)
}

// HourOf is the hour, 0..23, of a finite timestamp.
func HourOf(t int64) int64 {
	_, micros := splitDay(t)
	return micros / Hour
}

// MinuteOf is the minute, 0..59, of a finite timestamp.
func MinuteOf(t int64) int64 {
	_, micros := floorDiv(t, Hour)
	return micros / Minute
}
