package temporal

import "strconv"

// other writes the patterns that are not the commonest.
func (n *node) other(dst []byte, s *stamp) []byte {
	switch n.id {
	case patAM, patAMDots:
		return n.halfDay(dst, s)
	case patAD, patADDots:
		return n.era(dst, s)
	case patTZ, patTZH, patTZM, patOF:
		return n.zoned(dst, s)
	case patHH12, patMS, patUS, patFF, patSSSS:
		return n.clock(dst, s)
	case patMonth, patMon, patDay, patDy, patRM:
		return n.named(dst, s)
	case patFX:
		return dst
	case patIYYY, patIYY, patIY, patI, patIW, patIDDD, patID:
		return n.iso(dst, s)
	case patYComma, patYYY, patYY, patY, patCC:
		return n.year(dst, s)
	}
	return n.day(dst, s)
}

func (n *node) clock(dst []byte, s *stamp) []byte {
	switch n.id {
	case patHH12:
		h := s.Hour % 12
		if h == 0 {
			h = 12
		}
		return n.number(dst, h, 2)
	case patMS:
		return n.fixed(dst, s.Micros/1000, 3)
	case patUS:
		return n.fixed(dst, s.Micros, 6)
	case patFF:
		v := s.Micros
		for range 6 - n.digits {
			v /= 10
		}
		return n.fixed(dst, v, int(n.digits))
	}
	return n.ending(strconv.AppendInt(dst, s.seconds, 10))
}

// fixed writes v with so many digits, FM or not. C's %0*d counts the sign, so a negative number has one digit less.
func (n *node) fixed(dst []byte, v, width int) []byte {
	if v < 0 {
		width--
	}
	return n.ending(appendPadded(dst, v, width))
}

func (n *node) named(dst []byte, s *stamp) []byte {
	const short = 3
	switch n.id {
	case patMonth:
		return n.spell(dst, monthNames[s.Month-1], fullNameWidth)
	case patMon:
		return n.spell(dst, monthNames[s.Month-1][:short], 0)
	case patDay:
		return n.spell(dst, dayNames[Weekday(s.days)], fullNameWidth)
	case patDy:
		return n.spell(dst, dayNames[Weekday(s.days)][:short], 0)
	}
	return n.roman(dst, s)
}

func (n *node) zoned(dst []byte, s *stamp) []byte {
	east := s.offset
	if n.id == patTZ {
		if n.letters == caseLower {
			return n.spell(dst, s.zone, 0)
		}
		return append(dst, s.zone...)
	}
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	switch n.id {
	case patTZH:
		return appendPadded(append(dst, sign), east/3600, 2)
	case patTZM:
		return appendPadded(dst, east/60%60, 2)
	}
	width := 2
	if n.fill {
		width = 0
	}
	dst = appendPadded(append(dst, sign), east/3600, width)
	if east%3600 != 0 {
		dst = appendPadded(append(dst, ':'), east/60%60, 2)
	}
	return dst
}

func (n *node) iso(dst []byte, s *stamp) []byte {
	switch n.id {
	case patID:
		d := Weekday(s.days)
		if d == 0 {
			d = 7
		}
		return n.number(dst, d, 1)
	case patIDDD:
		return n.number(dst, s.isoOrdinal(), 3)
	}
	year, week := s.isoYearWeek()
	if n.id == patIW {
		return n.number(dst, week, 2)
	}
	year = s.displayYear(year)
	switch n.id {
	case patIYYY:
		return n.number(dst, year, 4)
	case patIYY:
		return n.number(dst, year%1000, 3)
	case patIY:
		return n.number(dst, year%100, 2)
	}
	return n.number(dst, year%10, 1)
}

func (n *node) year(dst []byte, s *stamp) []byte {
	year := s.displayYear(s.Year)
	switch n.id {
	case patCC:
		return n.century(dst, s)
	case patYComma:
		return n.commaYear(dst, s)
	case patYYY:
		return n.number(dst, year%1000, 3)
	case patYY:
		return n.number(dst, year%100, 2)
	}
	return n.number(dst, year%10, 1)
}

func (n *node) day(dst []byte, s *stamp) []byte {
	switch n.id {
	case patDDD:
		return n.signed(dst, s.ordinalDay(), 3)
	case patD:
		return n.number(dst, Weekday(s.days)+1, 1)
	case patWW:
		return n.signed(dst, (s.ordinalDay()-1)/7+1, 2)
	case patW:
		return n.number(dst, (s.Day-1)/7+1, 1)
	case patQ:
		if s.Month == 0 {
			return dst
		}
		return n.number(dst, (s.Month-1)/3+1, 1)
	}
	days := s.days
	if s.interval {
		days = Days(s.Year, s.Month, s.Day)
	}
	return n.number(dst, int(days)+julianEpoch, 0) // J
}
