package temporal

import (
	"wire.example/wire/sdk/sqlstate"
)

//nolint:gochecknoglobals // immutable tables
var (
	romanSearch = [...]string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}
	halfNames   = [...]string{"am", "pm"}
	halfDotted  = [...]string{"a.m.", "p.m."}
	eraNames    = [...]string{"ad", "bc"}
	eraDotted   = [...]string{"a.d.", "b.c."}
)

// field reads one pattern.
func (s *scanner) field(n *node) error {
	o := &s.out
	switch n.id {
	case patFX:
		s.exact = true
		return nil
	case patAM, patAMDots:
		o.twelve = true
		return s.chosen(&o.pm, halfNames[:], halfDotted[:], n.id == patAMDots, n)
	case patAD, patADDots:
		return s.chosen(&o.bc, eraNames[:], eraDotted[:], n.id == patADDots, n)
	case patTZ, patOF:
		return sqlstate.Errorf(sqlstate.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.name)
	case patTZH:
		return s.offsetHours(n)
	case patTZM:
		if o.offsetSign == 0 {
			o.offsetSign = 1
		}
		return s.plain(&o.offsetMinutes, 2, n)
	case patMonth, patMon, patDay, patDy, patRM:
		return s.name(n)
	case patYComma:
		return s.commaYear(n)
	case patYYYY, patYYY, patYY, patY, patIYYY, patIYY, patIY, patI:
		return s.year(n)
	case patMS, patUS, patFF:
		return s.fraction(n)
	}
	if err := s.number(n); err != nil {
		return err
	}
	s.passOrdinal(n)
	return nil
}

// plain reads a number without an ordinal ending.
func (s *scanner) plain(to *int, width int, n *node) error {
	_, err := s.integer(to, width, n)
	return err
}

// number reads the patterns that are just numbers.
func (s *scanner) number(n *node) error {
	o := &s.out
	switch n.id {
	case patHH12:
		o.twelve = true
		return s.plain(&o.hour, 2, n)
	case patHH24:
		return s.plain(&o.hour, 2, n)
	case patMI:
		return s.plain(&o.minute, 2, n)
	case patSS:
		return s.plain(&o.second, 2, n)
	case patSSSS:
		return s.plain(&o.secondsOfDay, len(n.name), n)
	case patMM:
		return s.plain(&o.month, 2, n)
	case patDDD, patIDDD:
		return s.plain(&o.ordinal, 3, n)
	case patDD:
		return s.plain(&o.day, 2, n)
	case patD:
		return s.plain(&o.weekday, 1, n)
	case patID:
		if err := s.plain(&o.weekday, 1, n); err != nil {
			return err
		}
		if o.weekday++; o.weekday > 7 {
			o.weekday = 1
		}
		return nil
	case patWW, patIW:
		return s.plain(&o.week, 2, n)
	case patW:
		return s.plain(&o.monthWeek, 1, n)
	case patCC:
		return s.plain(&o.century, 2, n)
	case patJ:
		return s.plain(&o.julian, 1, n)
	}
	return s.plain(nil, 1, n) // Q: which day of the quarter is unknown, so it only has to be a number
}

// chosen reads one of two names; the second sets the field to 1.
func (s *scanner) chosen(to *int, plain, dotted []string, dots bool, n *node) error {
	if dots {
		plain = dotted
	}
	i, err := s.choice(plain, 0, n)
	if err != nil {
		return err
	}
	return set(to, i, n)
}

func (s *scanner) name(n *node) error {
	const short = 3
	var to *int
	var i int
	var err error
	switch n.id {
	case patMonth, patMon:
		width := 0
		if n.id == patMon {
			width = short
		}
		i, err = s.choice(monthNames[:], width, n)
		to = &s.out.month
	case patDay, patDy:
		width := 0
		if n.id == patDy {
			width = short
		}
		i, err = s.choice(dayNames[:], width, n)
		to = &s.out.weekday
	default:
		i, err = s.choice(romanSearch[:], 0, n)
		i = 11 - i
		to = &s.out.month
	}
	if err != nil {
		return err
	}
	return set(to, i+1, n)
}

// offsetHours reads TZH. A minus that was taken for a separator before it counts.
func (s *scanner) offsetHours(n *node) error {
	o := &s.out
	o.offsetSign = 1
	if s.at == len(s.text) {
		return errCharValue(nil, n)
	}
	switch c := s.text[s.at]; {
	case c == '+' || c == '-' || c == ' ':
		if c == '-' {
			o.offsetSign = -1
		}
		s.at++
	case s.extra > 0 && s.text[s.at-1] == '-':
		o.offsetSign = -1
	}
	return s.plain(&o.offsetHours, 2, n)
}

// commaYear reads 2,015.
func (s *scanner) commaYear(n *node) error {
	thousands, rest, over := readInt(s.text[s.at:])
	bad := sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
	if over || len(rest) == len(s.text)-s.at || len(rest) < 2 || rest[0] != ',' {
		return bad
	}
	end := 1
	for end < len(rest) && end <= 3 && isDigit(rest[end]) {
		end++
	}
	year, _, _ := readInt(rest[1:end])
	if end == 1 || thousands > 1<<20 || thousands < -1<<20 {
		return bad
	}
	s.at = len(s.text) - len(rest) + end
	s.out.yearDigits = 4
	if err := set(&s.out.year, thousands*1000+year, n); err != nil {
		return err
	}
	s.passOrdinal(n)
	return nil
}

// year reads a year of four digits or of fewer, which are completed to the one nearest 2020.
func (s *scanner) year(n *node) error {
	digits := len(n.name)
	used, err := s.integer(&s.out.year, digits, n)
	if err != nil {
		return err
	}
	if digits < 4 && used < 4 {
		s.out.year = nearest2020(s.out.year)
	}
	s.out.yearDigits = digits
	s.passOrdinal(n)
	return nil
}

// nearest2020 completes a year of up to three digits.
func nearest2020(year int) int {
	switch {
	case year < 70:
		return year + 2000
	case year < 100:
		return year + 1900
	case year < 520:
		return year + 2000
	case year < 1000:
		return year + 1000
	}
	return year
}

// fraction reads MS, US and FF: digits after a decimal point, however few.
func (s *scanner) fraction(n *node) error {
	to, width := &s.out.micros, 6
	switch n.id {
	case patMS:
		to, width = &s.out.millis, 3
	case patFF:
		width = int(n.digits)
		s.out.precision = int8(n.digits) //nolint:gosec // 1..6
	}
	used, err := s.integer(to, width, n)
	if err != nil {
		return err
	}
	places := 6
	if n.id == patMS {
		places = 3
	}
	for ; used < places; used++ {
		*to *= 10
	}
	s.passOrdinal(n)
	return nil
}
