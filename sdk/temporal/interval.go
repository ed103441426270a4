package temporal

import (
	"math"
	"math/bits"

	"wire.example/wire/sdk/sqlstate"
)

// Interval is a span of months, days and microseconds, each with its own sign: a month has no fixed number of days, nor a day of hours.
// Sixteen bytes, as a column stores it.
type Interval struct {
	Months int32
	Days   int32
	Micros int64
}

const (
	monthsPerYear = 12
	daysPerMonth  = 30
)

// span is the interval's length with months of 30 days and days of 24 hours, as a 128-bit number of microseconds.
func (v Interval) span() (hi int64, lo uint64) {
	days := int64(v.Months)*daysPerMonth + int64(v.Days)
	negative := days < 0
	if negative {
		days = -days
	}
	h, l := bits.Mul64(uint64(days), uint64(Day)) //nolint:gosec // days is positive
	if negative {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	l, carry := bits.Add64(l, uint64(v.Micros), 0)    //nolint:gosec // two's complement
	h, _ = bits.Add64(h, uint64(v.Micros>>63), carry) //nolint:gosec // sign extension
	return int64(h), l                                //nolint:gosec // two's complement
}

// Compare orders intervals by their length with months of 30 days and days of 24 hours: -1, 0 or +1. '1 mon' equals '30 days'.
func (v Interval) Compare(w Interval) int {
	vh, vl := v.span()
	wh, wl := w.span()
	switch {
	case vh < wh, vh == wh && vl < wl:
		return -1
	case vh == wh && vl == wl:
		return 0
	}
	return 1
}

// Canonical returns the same length in one form, so that intervals which compare equal have equal bytes, for hashing: 24-hour days
// first, then 30-day months, what does not fit staying in the smaller unit.
func (v Interval) Canonical() Interval {
	days := int64(v.Months)*daysPerMonth + int64(v.Days) + v.Micros/Day
	micros := v.Micros % Day
	if days > 0 && micros < 0 {
		days, micros = days-1, micros+Day
	} else if days < 0 && micros > 0 {
		days, micros = days+1, micros-Day
	}
	months := days / daysPerMonth
	if months > math.MaxInt32 || months < math.MinInt32 {
		months = int64(clampInt32(months))
	}
	days -= months * daysPerMonth
	return Interval{int32(months), int32(days), micros} //nolint:gosec // the rest beyond the clamp is below 2^31
}

func clampInt32(v int64) int32 {
	return int32(max(min(v, math.MaxInt32), math.MinInt32)) //nolint:gosec // clamped
}

// Neg returns -v.
func (v Interval) Neg() (Interval, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return Interval{}, errIntervalRange()
	}
	return Interval{-v.Months, -v.Days, -v.Micros}, nil
}

// Add returns v+w, field by field.
func (v Interval) Add(w Interval) (Interval, error) {
	months, ok1 := addInt32(v.Months, int64(w.Months))
	days, ok2 := addInt32(v.Days, int64(w.Days))
	micros, ok3 := addInt64(v.Micros, w.Micros)
	if !ok1 || !ok2 || !ok3 {
		return Interval{}, errIntervalRange()
	}
	return Interval{months, days, micros}, nil
}

// Sub returns v-w, field by field.
func (v Interval) Sub(w Interval) (Interval, error) {
	months, ok1 := addInt32(v.Months, -int64(w.Months))
	days, ok2 := addInt32(v.Days, -int64(w.Days))
	micros := v.Micros - w.Micros
	if !ok1 || !ok2 || (v.Micros^w.Micros)&(v.Micros^micros) < 0 {
		return Interval{}, errIntervalRange()
	}
	return Interval{months, days, micros}, nil
}

// Mul returns v*factor. The fraction of a month becomes days (30 a month), the fraction of a day time; the result is rounded to
// microseconds, half to even.
func (v Interval) Mul(factor float64) (Interval, error) {
	return v.scale(func(x float64) float64 { return x * factor })
}

// Div returns v/divisor, with the fractions passed down as by Mul.
func (v Interval) Div(divisor float64) (Interval, error) {
	if divisor == 0 {
		return Interval{}, sqlstate.New(sqlstate.DivisionByZero, "division by zero")
	}
	return v.scale(func(x float64) float64 { return x / divisor })
}

// roundMicros rounds a number of seconds or days to six places, which hides the error of binary fractions.
func roundMicros(x float64) float64 { return math.RoundToEven(x*1e6) / 1e6 }

func (v Interval) scale(by func(float64) float64) (Interval, error) {
	months, ok1 := truncInt32(by(float64(v.Months)))
	days, ok2 := truncInt32(by(float64(v.Days)))
	if !ok1 || !ok2 {
		return Interval{}, errIntervalRange()
	}
	monthDays := roundMicros((by(float64(v.Months)) - float64(months)) * daysPerMonth)
	wholeDays := math.Trunc(monthDays)
	const daySeconds = 86400
	seconds := roundMicros((by(float64(v.Days)) - float64(days) + monthDays - wholeDays) * daySeconds)
	if math.Abs(seconds) >= daySeconds { // rounding, or both fractions together
		carry := math.Trunc(seconds / daySeconds)
		wholeDays += carry
		seconds -= carry * daySeconds
	}
	days, ok1 = addInt32(days, int64(wholeDays))
	micros := math.RoundToEven(by(float64(v.Micros)) + seconds*1e6)
	if !ok1 || math.IsNaN(micros) || micros < math.MinInt64 || micros >= -math.MinInt64 {
		return Interval{}, errIntervalRange()
	}
	return Interval{months, days, int64(micros)}, nil
}

func truncInt32(x float64) (int32, bool) {
	if math.IsNaN(x) || x <= math.MinInt32-1 || x >= math.MaxInt32+1 {
		return 0, false
	}
	return int32(x), true
}

// JustifyHours turns every 24 hours into a day and gives both the same sign.
func (v Interval) JustifyHours() (Interval, error) {
	carry := v.Micros / Day
	v.Micros %= Day
	days, ok := addInt32(v.Days, carry)
	if !ok {
		return Interval{}, errIntervalRange()
	}
	if days > 0 && v.Micros < 0 {
		days, v.Micros = days-1, v.Micros+Day
	} else if days < 0 && v.Micros > 0 {
		days, v.Micros = days+1, v.Micros-Day
	}
	v.Days = days
	return v, nil
}

// JustifyDays turns every 30 days into a month and gives both the same sign.
func (v Interval) JustifyDays() (Interval, error) {
	carry := v.Days / daysPerMonth
	v.Days %= daysPerMonth
	months, ok := addInt32(v.Months, int64(carry))
	if !ok {
		return Interval{}, errIntervalRange()
	}
	if months > 0 && v.Days < 0 {
		months, v.Days = months-1, v.Days+daysPerMonth
	} else if months < 0 && v.Days > 0 {
		months, v.Days = months+1, v.Days-daysPerMonth
	}
	v.Months = months
	return v, nil
}

// JustifyInterval does both and gives all three fields the same sign.
func (v Interval) JustifyInterval() (Interval, error) {
	days := int64(v.Days) + v.Micros/Day
	micros := v.Micros % Day
	months := int64(v.Months) + days/daysPerMonth
	days %= daysPerMonth
	switch {
	case months > 0 && (days < 0 || (days == 0 && micros < 0)):
		months, days = months-1, days+daysPerMonth
	case months < 0 && (days > 0 || (days == 0 && micros > 0)):
		months, days = months+1, days-daysPerMonth
	}
	switch {
	case days > 0 && micros < 0:
		days, micros = days-1, micros+Day
	case days < 0 && micros > 0:
		days, micros = days+1, micros-Day
	}
	if months != int64(clampInt32(months)) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(months), int32(days), micros}, nil //nolint:gosec // checked, and days below 31
}
