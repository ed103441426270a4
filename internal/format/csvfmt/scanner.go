package csvfmt

import "bytes"

// state is where in a record a scanner stands.
type state uint8

const (
	recordStart    state = iota // before the first byte of a record
	fieldStart                  // before the first byte of a field
	unquoted                    // inside a field without quotes, or behind the closing one
	quoted                      // inside quotes
	quoteInQuotes               // behind a quote inside quotes: the next byte tells whether it closed them
	escapeInQuotes              // behind a backslash inside quotes
	commentLine                 // inside a line that is passed over
)

// scanner finds the ends of records in bytes fed in order, whatever the pieces.
type scanner struct {
	syntax
	state state
}

// isBlank reports whether c is a blank that trim takes off.
func (s *syntax) isBlank(c byte) bool { return s.trim && (c == ' ' || c == '\t') && c != s.delimiter }

// next passes over data up to and including the first end of a record, and reports whether there was one. An end of a comment counts.
func (s *scanner) next(data []byte) (n int, found bool) {
	for n < len(data) {
		switch s.state {
		case quoted:
			n += s.inQuotes(data[n:])
		case escapeInQuotes:
			s.state = quoted
			n++
		case quoteInQuotes:
			if data[n] == s.quote && !s.backslash {
				s.state = quoted
				n++
			} else {
				s.state = unquoted
			}
		case commentLine:
			i := bytes.IndexByte(data[n:], '\n')
			if i < 0 {
				return len(data), false
			}
			s.state = recordStart
			return n + i + 1, true
		default:
			var end bool
			if n, end = s.outside(data, n); end {
				return n, true
			}
		}
	}
	return n, false
}

// inQuotes passes over data, which is inside quotes, up to what may close them.
func (s *scanner) inQuotes(data []byte) int {
	if !s.backslash {
		i := indexByte(data, ones*uint64(s.quote))
		if i < 0 {
			return len(data)
		}
		s.state = quoteInQuotes
		return i + 1
	}
	for i, c := range data {
		switch c {
		case '\\':
			s.state = escapeInQuotes
			return i + 1
		case s.quote:
			s.state = quoteInQuotes
			return i + 1
		}
	}
	return len(data)
}

// outside passes over data from n on, which is outside quotes, until quotes or a comment open, or the record ends.
func (s *scanner) outside(data []byte, n int) (after int, end bool) {
	for ; n < len(data); n++ {
		switch c := data[n]; {
		case c == '\n':
			s.state = recordStart
			return n + 1, true
		case c == s.delimiter:
			s.state = fieldStart
		case s.state == unquoted:
		case c == s.quote && s.quote != 0:
			s.state = quoted
			return n + 1, false
		case s.state == recordStart && c == s.comment && s.comment != 0:
			s.state = commentLine
			return n + 1, false
		case s.isBlank(c):
			s.state = fieldStart
		default:
			s.state = unquoted
		}
	}
	return n, false
}
