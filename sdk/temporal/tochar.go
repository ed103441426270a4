package temporal

import (
	"strconv"

	"wire.example/wire/sdk/sqlstate"
)

//nolint:gochecknoglobals // immutable tables
var (
	monthNames = [12]string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
	}
	dayNames   = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	romanMonth = [12]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
)

// Widths of padded names.
const (
	fullNameWidth = 9
	romanWidth    = 4
)

// stamp is a value taken apart for a template.
type stamp struct {
	Fields
	days     int64 // day number since 1970-01-01
	seconds  int64 // of the day, or of the interval's time
	zone     string
	offset   int
	interval bool
}

// Append writes a finite timestamp by the template. (to_char of an infinity, or with an empty template, is NULL: the caller's affair.)
func (f *Format) Append(dst []byte, t int64) []byte {
	var s stamp
	f.takeApart(&s, t)
	return f.write(dst, &s)
}

// AppendTZ writes a finite timestamptz as local time of zone.
func (f *Format) AppendTZ(dst []byte, t int64, zone *Zone) []byte {
	offset, name := zone.offsetAt(t)
	s := stamp{offset: int(offset), zone: name}
	f.takeApart(&s, shift(t, int64(offset)*Second))
	return f.write(dst, &s)
}

func (f *Format) takeApart(s *stamp, t int64) {
	days, micros := splitDay(t)
	s.days = int64(days)
	if f.needDate {
		s.Year, s.Month, s.Day = Civil(days)
	}
	s.setTime(micros)
	s.seconds = micros / Second
}

// AppendInterval writes an interval; patterns that need a calendar day are an error.
func (f *Format) AppendInterval(dst []byte, v Interval) ([]byte, error) {
	s := stamp{interval: true, seconds: v.Micros / Second}
	s.Year, s.Month, s.Day = int(v.Months/monthsPerYear), int(v.Months%monthsPerYear), int(v.Days)
	s.Hour = int(v.Micros / Hour)
	s.Minute = int(v.Micros / Minute % 60)
	s.Second = int(v.Micros / Second % 60)
	s.Micros = int(v.Micros % Second)
	for i := range f.nodes {
		switch f.nodes[i].id {
		case patAD, patADDots, patMonth, patMon, patDay, patDy, patD, patID, patTZ, patTZH, patTZM, patOF:
			return dst, sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid format specification for an interval value").
				WithHint("Intervals are not tied to specific calendar dates.")
		}
	}
	return f.write(dst, &s), nil
}

func (f *Format) write(dst []byte, s *stamp) []byte {
	for i := range f.nodes {
		n := &f.nodes[i]
		switch n.id {
		case patLiteral, patSeparator, patSpace:
			dst = append(dst, n.text...)
		case patYYYY:
			dst = n.number(dst, s.displayYear(s.Year), 4)
		case patMM:
			dst = n.number(dst, s.Month, 2)
		case patDD:
			dst = n.signed(dst, s.Day, 2)
		case patHH24:
			dst = n.number(dst, s.Hour, 2)
		case patMI:
			dst = n.number(dst, s.Minute, 2)
		case patSS:
			dst = n.number(dst, s.Second, 2)
		default:
			dst = n.other(dst, s)
		}
	}
	return dst
}

// number writes v padded with zeros, and its ordinal ending.
func (n *node) number(dst []byte, v, width int) []byte {
	if uint(v) < 100 && width == 2 && !n.fill && !n.ordinal { //nolint:gosec // negative numbers become large
		return append(dst, digitPairs[2*v], digitPairs[2*v+1])
	}
	if uint(v) < 10000 && width == 4 && !n.fill && !n.ordinal { //nolint:gosec // negative numbers become large
		h, l := v/100*2, v%100*2
		return append(dst, digitPairs[h], digitPairs[h+1], digitPairs[l], digitPairs[l+1])
	}
	if n.fill {
		width = 0
	}
	return n.ending(appendPadded(dst, v, width))
}

// signed is number where C's %0*d lets the sign take the place of a zero.
func (n *node) signed(dst []byte, v, width int) []byte {
	if v < 0 {
		width--
	}
	return n.number(dst, v, width)
}

// ending appends st, nd, rd or th where the template asks for it.
func (n *node) ending(dst []byte) []byte {
	if !n.ordinal {
		return dst
	}
	last := dst[len(dst)-1]
	if len(dst) > 1 && dst[len(dst)-2] == '1' {
		last = '0'
	}
	text := "TH"
	switch last {
	case '1':
		text = "ST"
	case '2':
		text = "ND"
	case '3':
		text = "RD"
	}
	if n.lowerTH {
		return append(dst, text[0]|0x20, text[1]|0x20)
	}
	return append(dst, text...)
}

// spell writes a name in the pattern's case, padded on the right.
func (n *node) spell(dst []byte, name string, width int) []byte {
	for i := range len(name) {
		c := name[i]
		switch {
		case n.letters == caseUpper && c-'a' <= 25:
			c &^= 0x20
		case n.letters == caseLower:
			c = lower(c)
		}
		dst = append(dst, c)
	}
	for i := len(name); i < width && !n.fill; i++ {
		dst = append(dst, ' ')
	}
	return dst
}

// displayYear is the year as people count it: 1 BC for 0, but an interval's as it is.
func (s *stamp) displayYear(year int) int {
	if s.interval || year > 0 {
		return year
	}
	return 1 - year
}

// ordinalDay is the day of the year; of an interval, all its months of 30 days and its days.
func (s *stamp) ordinalDay() int {
	if s.interval {
		return (s.Year*monthsPerYear+s.Month)*daysPerMonth + s.Day
	}
	return yearDay(s.Year, s.Month, s.Day)
}

func (s *stamp) isoYearWeek() (year, week int) {
	return isoWeek(s.Year, s.Month, s.Day)
}

func (s *stamp) isoOrdinal() int {
	year, _ := s.isoYearWeek()
	return int(Days(s.Year, s.Month, s.Day)-isoWeekStart(year)) + 1
}

// halfDay is AM or PM with or without dots.
func (n *node) halfDay(dst []byte, s *stamp) []byte {
	letter := "A"
	if s.Hour%24 >= 12 {
		letter = "P"
	}
	if n.id == patAMDots {
		return n.spell(dst, letter+".M.", 0)
	}
	return n.spell(dst, letter+"M", 0)
}

func (n *node) era(dst []byte, s *stamp) []byte {
	letters := "AD"
	if s.Year <= 0 {
		letters = "BC"
	}
	if n.id == patADDots {
		return n.spell(dst, letters[:1]+"."+letters[1:]+".", 0)
	}
	return n.spell(dst, letters, 0)
}

func (n *node) century(dst []byte, s *stamp) []byte {
	if s.interval {
		return n.number(dst, s.Year/100, 2)
	}
	if s.Year > 0 {
		return n.number(dst, (s.Year-1)/100+1, 2)
	}
	return n.number(dst, s.Year/100-1, 2)
}

func (n *node) roman(dst []byte, s *stamp) []byte {
	month := s.Month
	switch {
	case month == 0 && s.Year == 0:
		return dst
	case month == 0 && s.Year > 0:
		month = 12
	case month == 0:
		month = 1
	case month < 0:
		month += 13
	}
	return n.spell(dst, romanMonth[month-1], romanWidth)
}

// commaYear writes 2,015.
func (n *node) commaYear(dst []byte, s *stamp) []byte {
	year := s.displayYear(s.Year)
	dst = strconv.AppendInt(dst, int64(year/1000), 10)
	dst = append(dst, ',')
	return n.ending(appendPadded(dst, year%1000, 3))
}
