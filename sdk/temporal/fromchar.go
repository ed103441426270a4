package temporal

import (
	"bytes"
	"math"
	"strconv"

	"wire.example/wire/sdk/sqlstate"
)

// charFields is what the patterns of a template found. Zero means not given, as in PostgreSQL, so that "00" sets nothing.
type charFields struct {
	calendar                   calendar
	hour, minute, second       int
	secondsOfDay               int
	millis, micros             int
	century, year, yearDigits  int
	month, day, ordinal        int
	weekday, week, monthWeek   int // weekday: 1 is Sunday
	julian                     int
	pm, bc                     int
	offsetSign                 int
	offsetHours, offsetMinutes int
	precision                  int8 // of FF1 to FF6, to which to_timestamp rounds; 0 if absent
	twelve                     bool // the 12-hour clock
}

// scanner walks over the text by the nodes of a template.
type scanner struct {
	f     *Format
	text  []byte
	at    int // in text
	node  int // in f.nodes
	exact bool
	extra int // characters skipped beyond those of the template
	out   charFields
}

func (s *scanner) skipSpace() {
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
		s.extra++
	}
}

// scan reads text until it or the template ends; what is left of either is ignored.
func (s *scanner) scan() error {
	for ; s.node < len(s.f.nodes) && s.at < len(s.text); s.node++ {
		n := &s.f.nodes[s.node]
		isField := n.id > patSpace
		if !s.exact && n.id != patFX && (isField || s.node == 0) {
			s.skipSpace()
			if s.at == len(s.text) && !isField {
				continue
			}
		}
		if !isField {
			s.passLiteral(n)
			continue
		}
		if err := s.setCalendar(n); err != nil {
			return err
		}
		if err := s.field(n); err != nil {
			return err
		}
		if !s.exact {
			s.extra = 0
			s.skipSpace()
		}
	}
	return nil
}

// passLiteral skips what stands for a separator, space or text of the template; it need not be the same.
func (s *scanner) passLiteral(n *node) {
	switch {
	case s.exact:
		s.at += characterLength(s.text[s.at:])
	case n.id == patLiteral && s.extra > 0:
		s.extra--
	case n.id == patLiteral:
		s.at += characterLength(s.text[s.at:])
	default:
		s.extra--
		if c := s.text[s.at]; isSpace(c) || isPunct(c) {
			s.at++
			s.extra++
		}
	}
}

func (s *scanner) setCalendar(n *node) error {
	if n.calendar == calendarAny {
		return nil
	}
	if s.out.calendar != calendarAny && s.out.calendar != n.calendar {
		return sqlstate.New(sqlstate.InvalidDatetimeFormat, "invalid combination of date conventions").
			WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
	}
	s.out.calendar = n.calendar
	return nil
}

// set stores a field's value; a second, different one is a mistake.
func set(to *int, v int, n *node) error {
	if *to != 0 && *to != v {
		return sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "conflicting values for \"%s\" field in formatting string", n.name).
			WithHint("This value contradicts a previous setting for the same field type.")
	}
	*to = v
	return nil
}

// integer reads a number of at most width characters, or of any length where the next node cannot be a digit. It returns how many
// characters it used.
func (s *scanner) integer(to *int, width int, n *node) (used int, err error) {
	start := s.at
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
	}
	rest := s.text[s.at:]
	field := rest[:min(width, len(rest))]
	var v int64
	var over bool
	if n.fill || s.beforeSeparator() {
		var after []byte
		v, after, over = readInt64(rest)
		s.at += len(rest) - len(after)
		if len(after) == len(rest) {
			s.at = start
		}
	} else {
		if len(rest) < width {
			return 0, sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", n.name).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		var after []byte
		v, after, over = readInt64(field)
		got := len(field) - len(after)
		if got > 0 && got < width {
			return 0, errCharValue(field, n).WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		s.at += got
		if got == 0 {
			s.at = start
		}
	}
	if s.at == start {
		return 0, errCharValue(field, n)
	}
	if over || v > math.MaxInt32 || v < math.MinInt32 {
		return 0, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.name).
			WithHint("Value must be in the range " + strconv.Itoa(math.MinInt32) + " to " + strconv.Itoa(math.MaxInt32) + ".")
	}
	if to == nil {
		return s.at - start, nil
	}
	return s.at - start, set(to, int(v), n)
}

func errCharValue(text []byte, n *node) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", text, n.name)
}

// beforeSeparator reports whether the node after the current one cannot begin with a digit.
func (s *scanner) beforeSeparator() bool {
	if s.f.nodes[s.node].ordinal || s.node+1 == len(s.f.nodes) {
		return true
	}
	next := &s.f.nodes[s.node+1]
	if next.id > patSpace {
		return !next.numeric
	}
	return len(next.text) != 1 || !isDigit(next.text[0])
}

// choice reads the first of the names that the text begins with, in any case, and returns its index.
func (s *scanner) choice(names []string, width int, n *node) (int, error) {
	rest := s.text[s.at:]
	for i, name := range names {
		if width > 0 {
			name = name[:width]
		}
		if len(rest) >= len(name) && equalFold(string(rest[:len(name)]), name) {
			s.at += len(name)
			return i, nil
		}
	}
	if end := bytes.IndexAny(rest, " \t\n\r\v\f"); end >= 0 {
		rest = rest[:end]
	}
	return 0, errCharValue(rest, n)
}

// passOrdinal skips st, nd, rd, th after a number if the template has TH.
func (s *scanner) passOrdinal(n *node) {
	if n.ordinal {
		s.at = min(s.at+2, len(s.text))
	}
}
