package temporal

import (
	"bytes"
	"math"

	"wire.example/wire/sdk/sqlstate"
)

// ParseInterval reads an interval: "1 year 2 mons -3 days 04:05:06.789", "@ 1 day ago", SQL's "1-2 3 4:05", ISO 8601's "P1Y2M3DT4H5M6S" and
// "P0001-02-03T04:05:06". Fractions pass down: of years to months, of months and weeks to days, of days to time.
func ParseInterval(b []byte) (Interval, error) {
	var s intervalReader
	bad := s.read(b)
	if bad == faultFormat {
		if text := bytes.TrimRight(b, " \t\n\r\v\f"); len(text) > 0 && text[0] == 'P' {
			s = intervalReader{}
			bad = s.readISO(text)
		}
	}
	switch bad {
	case faultNone:
	case faultRange:
		return Interval{}, sqlstate.Errorf(sqlstate.IntervalFieldOverflow, "interval field value out of range: \"%s\"", b)
	case faultDateRange: // the sum of years and months
		return Interval{}, errIntervalRange()
	default:
		return Interval{}, sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "invalid input syntax for type interval: \"%s\"", b)
	}
	return s.result()
}

// intervalReader sums up what an interval's text says.
type intervalReader struct {
	years, months, days int32
	micros              int64
	seen                int
	unit                unit // of the number before, since the tokens are read from the right
	ago                 bool
	over                bool
}

// Bits of seen.
const (
	gotMicrosecond = 1 << iota
	gotMillisecond
	gotSecond
	gotMinute
	gotHour
	gotDay
	gotWeek
	gotMonth
	gotYear
	gotDecade
	gotCentury
	gotMillennium

	gotSeconds = gotSecond | gotMillisecond | gotMicrosecond
	gotClock   = gotHour | gotMinute | gotSeconds
)

func (s *intervalReader) result() (Interval, error) {
	if s.ago {
		s.years, s.months, s.days, s.micros = -s.years, -s.months, -s.days, -s.micros
	}
	months := int64(s.years)*monthsPerYear + int64(s.months)
	if months != int64(clampInt32(months)) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(months), s.days, s.micros}, nil //nolint:gosec // checked
}

// read reads any form but ISO 8601's.
func (s *intervalReader) read(b []byte) fault {
	var t tokens
	if !t.split(b) {
		return faultFormat
	}
	for i := t.n - 1; i >= 0; i-- {
		told, bad := s.token(t.list[i].kind, t.text(i))
		if bad != faultNone {
			return bad
		}
		if s.over {
			return faultRange
		}
		if told&s.seen != 0 {
			return faultFormat
		}
		s.seen |= told
	}
	if s.seen == 0 {
		return faultFormat
	}
	if s.ago && (s.years == math.MinInt32 || s.months == math.MinInt32 || s.days == math.MinInt32 || s.micros == math.MinInt64) {
		return faultRange
	}
	return faultNone
}

func (s *intervalReader) token(kind tokenKind, text []byte) (told int, bad fault) {
	switch kind {
	case tokenTime:
		s.unit = unitDay
		return s.clock(text, false)
	case tokenZone:
		if bytes.IndexByte(text[1:], ':') >= 0 {
			before := *s
			if told, bad = s.clock(text[1:], text[0] == '-'); bad == faultNone {
				s.unit = unitDay
				return told, bad
			}
			*s = before
		}
		return s.number(text)
	case tokenDate, tokenNumber:
		return s.number(text)
	}
	w, _ := lookupUnit(text)
	switch w.kind {
	case wordUnit:
		s.unit = unit(w.value)
	case wordAgo:
		s.ago = true
	default:
		return 0, faultFormat
	}
	return 0, faultNone
}

// clock reads h:mm, h:mm:ss, h:mm:ss.f or mm:ss.f; the hours are not limited.
func (s *intervalReader) clock(text []byte, negative bool) (told int, bad fault) {
	hours, rest, over := readInt64(text)
	if over {
		return 0, faultRange
	}
	if len(rest) == 0 || rest[0] != ':' {
		return 0, faultFormat
	}
	minutes, rest, over2 := readInt(rest[1:])
	seconds, micros, over3, ok := 0, 0, false, true
	if len(rest) > 0 {
		switch rest[0] {
		case '.':
			if hours > math.MaxInt32 {
				return 0, faultRange
			}
			seconds, minutes, hours = minutes, int(hours), 0
			micros, ok = fractionMicros(rest)
		case ':':
			seconds, rest, over3 = readInt(rest[1:])
			if len(rest) > 0 {
				micros, ok = fractionMicros(rest)
			}
		default:
			ok = false
		}
	}
	if !ok {
		return 0, faultFormat
	}
	if over2 || over3 || minutes > 59 || seconds > 60 || minutes < 0 || seconds < 0 {
		return 0, faultRange
	}
	total, fits := mulInt64(hours, Hour)
	total, fits2 := addInt64(total, int64(minutes)*Minute+int64(seconds)*Second+int64(micros))
	if !fits || !fits2 {
		return 0, faultRange
	}
	if negative {
		total = -total
	}
	s.addMicros(total)
	return gotClock, faultNone
}

// number reads digits with an optional fraction, or SQL's years-months.
func (s *intervalReader) number(text []byte) (told int, bad fault) {
	if s.unit == 0 {
		s.unit = unitSecond
	}
	negative := text[0] == '-'
	v, rest, over := readInt64(text)
	if over {
		return 0, faultRange
	}
	part := 0.0
	switch {
	case len(rest) == 0:
	case rest[0] == '-':
		months, tail, over := readInt(rest[1:])
		if over || months < 0 || months >= monthsPerYear {
			return 0, faultRange
		}
		if len(tail) > 0 {
			return 0, faultFormat
		}
		s.unit = unitMonth
		if negative {
			months = -months
		}
		years, fits := mulInt64(v, monthsPerYear)
		v = years + int64(months)
		if !fits {
			return 0, faultRange
		}
	case rest[0] == '.':
		var ok bool
		if part, ok = fraction(rest); !ok {
			return 0, faultFormat
		}
		if negative {
			part = -part
		}
	default:
		return 0, faultFormat
	}
	return s.add(v, part)
}
