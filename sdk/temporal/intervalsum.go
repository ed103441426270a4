package temporal

import "math"

// add adds v units and a fraction of one.
func (s *intervalReader) add(v int64, part float64) (told int, bad fault) {
	switch s.unit {
	case unitMicrosecond:
		s.addTime(v, part, Microsecond)
		return gotMicrosecond, faultNone
	case unitMillisecond:
		s.addTime(v, part, Millisecond)
		return gotMillisecond, faultNone
	case unitSecond:
		s.addTime(v, part, Second)
		if part != 0 {
			return gotSeconds, faultNone
		}
		return gotSecond, faultNone
	case unitMinute:
		s.addTime(v, part, Minute)
		return gotMinute, faultNone
	case unitHour:
		s.addTime(v, part, Hour)
		s.unit = unitDay
		return gotHour, faultNone
	case unitDay:
		s.addDays(v, 1)
		s.addFraction(part, Day)
		return gotDay, faultNone
	case unitWeek:
		s.addDays(v, 7)
		s.addDayFraction(part, 7)
		return gotWeek, faultNone
	case unitMonth:
		s.addMonths(v)
		s.addDayFraction(part, daysPerMonth)
		return gotMonth, faultNone
	case unitYear:
		s.addYears(v, part, 1)
		return gotYear, faultNone
	case unitDecade:
		s.addYears(v, part, 10)
		return gotDecade, faultNone
	case unitCentury:
		s.addYears(v, part, 100)
		return gotCentury, faultNone
	case unitMillennium:
		s.addYears(v, part, 1000)
		return gotMillennium, faultNone
	}
	return 0, faultFormat
}

func (s *intervalReader) addMicros(v int64) {
	sum, ok := addInt64(s.micros, v)
	s.micros, s.over = sum, s.over || !ok
}

func (s *intervalReader) addTime(v int64, part float64, scale int64) {
	product, ok := mulInt64(v, scale)
	s.over = s.over || !ok
	s.addMicros(product)
	s.addFraction(part, scale)
}

// addFraction adds part of a unit of scale microseconds, rounded half towards zero.
func (s *intervalReader) addFraction(part float64, scale int64) {
	x := part * float64(scale)
	whole := math.Trunc(x)
	if rest := x - whole; rest > 0.5 {
		whole++
	} else if rest < -0.5 {
		whole--
	}
	s.addMicros(int64(whole))
}

func (s *intervalReader) addDays(v, scale int64) {
	product, ok := mulInt64(v, scale)
	sum, ok2 := addInt32(s.days, product)
	s.days, s.over = sum, s.over || !ok || !ok2
}

func (s *intervalReader) addDayFraction(part float64, scale int64) {
	x := part * float64(scale)
	whole := math.Trunc(x)
	s.addDays(int64(whole), 1)
	s.addFraction(x-whole, Day)
}

func (s *intervalReader) addMonths(v int64) {
	sum, ok := addInt32(s.months, v)
	s.months, s.over = sum, s.over || !ok
}

func (s *intervalReader) addYears(v int64, part float64, scale int64) {
	product, ok := mulInt64(v, scale)
	sum, ok2 := addInt32(s.years, product)
	s.years, s.over = sum, s.over || !ok || !ok2
	s.addMonths(int64(math.RoundToEven(part * float64(scale) * monthsPerYear)))
}
