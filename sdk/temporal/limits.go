package temporal

import (
	"math"

	"wire.example/wire/sdk/sqlstate"
)

// Units in microseconds.
const (
	Microsecond int64 = 1
	Millisecond       = 1000 * Microsecond
	Second            = 1000 * Millisecond
	Minute            = 60 * Second
	Hour              = 60 * Minute
	Day               = 24 * Hour
)

// Infinities, as dates and as timestamps (with or without time zone).
const (
	DateNegInfinity      int32 = math.MinInt32
	DateInfinity         int32 = math.MaxInt32
	TimestampNegInfinity int64 = math.MinInt64
	TimestampInfinity    int64 = math.MaxInt64
)

// Limits, both inclusive. A date ends where PostgreSQL's does. PostgreSQL counts timestamps from 2000 and reaches the end of
// 294276; counted from 1970 the same 64 bits end at 294247-01-10 04:00:54.775806.
const (
	MinDate      int32 = -2440588               // 4714-11-24 BC, Julian day 0
	MaxDate      int32 = 2145042905             // 5874897-12-31
	MinTimestamp int64 = -2440588 * 86400000000 // 4714-11-24 00:00:00 BC
	MaxTimestamp int64 = math.MaxInt64 - 1
	// MaxTime is 24:00:00, the largest time of day.
	MaxTime int64 = 86400000000
)

// julianEpoch is the Julian day number of 1970-01-01.
const julianEpoch = 2440588

// timeZoneDisplacement is PostgreSQL's 22009, invalid_time_zone_displacement_value.
const timeZoneDisplacement sqlstate.Code = "22009"

// FiniteTimestamp reports whether t is neither infinity.
func FiniteTimestamp(t int64) bool { return t != TimestampNegInfinity && t != TimestampInfinity }

// FiniteDate reports whether d is neither infinity.
func FiniteDate(d int32) bool { return d != DateNegInfinity && d != DateInfinity }

func validTimestamp(t int64) bool { return t >= MinTimestamp && t <= MaxTimestamp }

func errTimestampRange() error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range")
}

func errDateRange() error { return sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range") }

func errIntervalRange() error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "interval out of range")
}

// addInt64 is a+b; ok is false on overflow.
func addInt64(a, b int64) (sum int64, ok bool) {
	sum = a + b
	return sum, (a^sum)&(b^sum) >= 0
}

// mulInt64 is a*b; ok is false on overflow.
func mulInt64(a, b int64) (product int64, ok bool) {
	product = a * b
	if a == 0 || b == 0 {
		return 0, true
	}
	if (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return 0, false
	}
	return product, product/b == a
}

// addInt32 adds an int64 to an int32; ok is false if the sum leaves int32.
func addInt32(a int32, b int64) (sum int32, ok bool) {
	if b < -1<<33 || b > 1<<33 {
		return 0, false
	}
	s := int64(a) + b
	return int32(s), s == int64(int32(s)) //nolint:gosec // checked by the comparison
}

// floorDiv is a/b rounded towards minus infinity, with the remainder in [0, b). b is positive.
func floorDiv(a, b int64) (quotient, remainder int64) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		quotient--
		remainder += b
	}
	return quotient, remainder
}
