package temporal

import (
	"math"
	"strconv"
)

// readISO reads P1Y2M3W4DT5H6M7S, P00010203T040506 and P0001-02-03T04:05:06. text begins with P.
func (s *intervalReader) readISO(text []byte) fault {
	if len(text) < 2 {
		return faultFormat
	}
	text = text[1:]
	clock, seen := false, false
	for len(text) > 0 {
		if text[0] == 'T' {
			clock, seen = true, false
			text = text[1:]
			continue
		}
		field := text
		v, part, rest, bad := isoNumber(text)
		if bad != faultNone {
			return bad
		}
		if len(rest) == 0 || rest[0] == '-' || rest[0] == ':' || (rest[0] == 'T' && !clock) {
			if seen {
				return faultFormat
			}
			if text, bad = s.isoAlternative(field, v, part, rest, clock); bad != faultNone {
				return bad
			}
		} else if text, bad = s.isoUnit(v, part, rest, clock); bad != faultNone {
			return bad
		}
		if s.over {
			return faultRange
		}
		seen = true
	}
	return faultNone
}

// isoNumber reads a signed decimal as an integer and a fraction of the same sign.
func isoNumber(b []byte) (whole int64, part float64, rest []byte, bad fault) {
	n := 0
	if len(b) > 0 && b[0] == '-' {
		n = 1
	}
	digits := 0
	for point := false; n < len(b) && (isDigit(b[n]) || (b[n] == '.' && !point)); n++ {
		if b[n] == '.' {
			point = true
		} else {
			digits++
		}
	}
	if digits == 0 {
		return 0, 0, b, faultFormat
	}
	x, err := strconv.ParseFloat(string(b[:n]), 64)
	if err != nil || math.Abs(x) > 1e15 {
		return 0, 0, b, faultRange
	}
	floor := math.Trunc(x)
	return int64(floor), x - floor, b[n:], faultNone
}

// isoUnit adds a number with its designator, rest[0].
func (s *intervalReader) isoUnit(v int64, part float64, rest []byte, clock bool) (after []byte, bad fault) {
	s.unit = 0
	switch {
	case !clock && rest[0] == 'Y':
		s.unit = unitYear
	case !clock && rest[0] == 'M':
		s.unit = unitMonth
	case !clock && rest[0] == 'W':
		s.unit = unitWeek
	case !clock && rest[0] == 'D':
		s.unit = unitDay
	case clock && rest[0] == 'H':
		s.unit = unitHour
	case clock && rest[0] == 'M':
		s.unit = unitMinute
	case clock && rest[0] == 'S':
		s.unit = unitSecond
	}
	_, bad = s.add(v, part)
	return rest[1:], bad
}

// isoAlternative adds numbers without designators: 8 or 6 digits run together, or separated by - and :. It returns what follows.
func (s *intervalReader) isoAlternative(field []byte, v int64, part float64, rest []byte, clock bool) (after []byte, bad fault) {
	units := [3]unit{unitYear, unitMonth, unitDay}
	separator := byte('-')
	if clock {
		units = [3]unit{unitHour, unitMinute, unitSecond}
		separator = ':'
	}
	if len(rest) == 0 || rest[0] == 'T' {
		if width := isoWidth(field); width == 8 && !clock || width == 6 && clock {
			s.isoTogether(v, part, clock)
			return rest, faultNone
		}
	}
	for i, u := range units {
		s.unit = u
		if _, bad = s.add(v, part); bad != faultNone {
			return nil, bad
		}
		if len(rest) == 0 || (rest[0] == 'T' && !clock) {
			return rest, faultNone
		}
		if i == len(units)-1 || rest[0] != separator {
			break
		}
		if v, part, rest, bad = isoNumber(rest[1:]); bad != faultNone {
			return nil, bad
		}
	}
	return nil, faultFormat
}

// isoTogether adds yyyymmdd or hhmmss.
func (s *intervalReader) isoTogether(v int64, part float64, clock bool) {
	if clock {
		s.addTime(v/10000, 0, Hour)
		s.addTime(v/100%100, 0, Minute)
		s.addTime(v%100, 0, Second)
		s.addFraction(part, Microsecond)
		return
	}
	s.addYears(v/10000, 0, 1)
	s.addMonths(v / 100 % 100)
	s.addDays(v%100, 1)
	s.addFraction(part, Day)
}

// isoWidth counts the leading digits after an optional minus sign.
func isoWidth(b []byte) int {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}
