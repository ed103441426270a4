package temporal

import (
	"math"

	"wire.example/wire/sdk/sqlstate"
)

// MakeDate builds a date; a negative year is BC, year 0 does not exist.
func MakeDate(year, month, day int) (int32, error) {
	y := year
	if y < 0 {
		y++
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || day > MonthDays(y, month) {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	d := int64(MaxDate) + 1
	if year >= math.MinInt32 && year <= math.MaxInt32 {
		d = Days(y, month, day)
	}
	if d < int64(MinDate) || d > int64(MaxDate) {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", y, month, day)
	}
	return int32(d), nil
}

// MakeTime builds a time of day; 24:00:00 and a second of 60 are allowed.
func MakeTime(hour, minute int, second float64) (int64, error) {
	micros := math.RoundToEven(second * 1e6)
	total := float64(hour)*float64(Hour) + float64(minute)*float64(Minute) + micros
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || math.IsNaN(micros) || micros < 0 || micros > 60e6 || total > float64(Day) {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%02g", hour, minute, second)
	}
	return int64(total), nil // below 2^37: exact
}

// MakeTimestamp builds a timestamp from MakeDate's and MakeTime's arguments.
func MakeTimestamp(year, month, day, hour, minute int, second float64) (int64, error) {
	d, err := MakeDate(year, month, day)
	if err != nil {
		return 0, err
	}
	micros, err := MakeTime(hour, minute, second)
	if err != nil {
		return 0, err
	}
	t, ok := mulInt64(int64(d), Day)
	t, ok2 := addInt64(t, micros)
	if !ok || !ok2 || !validTimestamp(t) {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%02g",
			year, month, day, hour, minute, second)
	}
	return t, nil
}

// MakeInterval builds an interval; every argument may be negative.
func MakeInterval(years, months, weeks, days, hours, minutes int32, seconds float64) (Interval, error) {
	m, ok1 := addInt32(months, int64(years)*monthsPerYear)
	d, ok2 := addInt32(days, int64(weeks)*7)
	micros := math.RoundToEven(seconds * 1e6)
	if !ok1 || !ok2 || math.IsNaN(micros) || math.Abs(micros) >= -math.MinInt64 {
		return Interval{}, errIntervalRange()
	}
	total, ok := addInt64(int64(hours)*Hour+int64(minutes)*Minute, int64(micros)) // both products are below 2^63
	if !ok {
		return Interval{}, errIntervalRange()
	}
	return Interval{m, d, total}, nil
}
