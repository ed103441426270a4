package http

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// maxDepth bounds how deeply objects and arrays may nest; it is that of the format json.
const maxDepth = 512

// splitError says where a body is no JSON. Line and Byte count from 1, Byte within the line.
type splitError struct {
	Line, Byte, Record int
	Reason             string
	TooLong            bool // the record is well-formed as far as it goes, but over the limit
}

// Error says what is wrong and where.
func (e *splitError) Error() string {
	return fmt.Sprintf("line %d, byte %d: %s", e.Line, e.Byte, e.Reason)
}

// splitter cuts a body of JSON values into records, one a line, in place: a bracket or comma of the array becomes a line end, a line end
// within a record becomes a blank. Nothing is decoded and no byte moves. It checks structure as RFC 8259 has it; what strings hold beyond
// escapes and control characters is for the decoder.
type splitter struct {
	data  []byte // the body and a line feed behind it, which no value can pass
	size  int    // of the body
	limit int    // bytes of a record
	line  int    // of the place reached, from 1
	start int    // where that line starts
	lines []uint32
	bad   *splitError
}

// split checks body and frames its records. With array, a body that begins with a bracket is one array of records; else a body is values
// between blanks or line ends. The result is body with a line feed added; lines gets the line of each record, from 1.
func split(body []byte, array bool, limit int64, lines []uint32) (framed []byte, _ []uint32, err *splitError) {
	s := splitter{data: append(body, '\n'), size: len(body), limit: int(min(limit, maxBodyLimit)), line: 1, lines: lines[:0]}
	i := s.between(s.mark())
	if array && s.data[i] == '[' {
		s.array(i)
	} else {
		s.sequence(i)
	}
	return s.data, s.lines, s.bad
}

// mark blanks a byte order mark at the beginning, which some clients send and no JSON text may have.
func (s *splitter) mark() int {
	if len(s.data) > 3 && s.data[0] == 0xef && s.data[1] == 0xbb && s.data[2] == 0xbf {
		copy(s.data, "   ")
		return 3
	}
	return 0
}

// sequence reads records with blanks or line ends between them.
func (s *splitter) sequence(i int) {
	for i < s.size {
		end := s.record(i)
		if end < 0 {
			return
		}
		switch c := s.data[end]; {
		case c == '\n':
		case c == ' ' || c == '\t' || c == '\r':
			s.endLine(end)
		default:
			s.fail(end, "expected the end of the line after the record")
			return
		}
		i = s.between(end)
	}
}

// endLine makes sure that the blanks from i on are followed by a line end, if need be by making one of the first.
func (s *splitter) endLine(i int) {
	for j := i + 1; ; j++ {
		switch s.data[j] {
		case ' ', '\t', '\r':
		case '\n':
			return
		default:
			s.data[i] = '\n'
			s.line-- // passed as a line end soon, but there is none in the body
			return
		}
	}
}

// array reads the elements of the array whose bracket is i.
func (s *splitter) array(i int) {
	s.data[i] = ' '
	i = s.between(i)
	for first := true; ; first = false {
		if first && s.data[i] == ']' {
			break
		}
		if i = s.record(i); i < 0 {
			return
		}
		if i = s.between(i); s.data[i] == ']' {
			break
		}
		if s.data[i] != ',' {
			s.fail(i, `expected "," or "]" after the record`)
			return
		}
		s.data[i] = ' ' // a line end would be counted by between
		next := s.between(i)
		s.data[i] = '\n'
		i = next
	}
	s.data[i] = ' '
	if next := s.between(i); next < s.size {
		s.fail(next, "expected nothing behind the array")
		return
	}
	s.data[i] = '\n'
}

// record reads the record at i and returns its end.
func (s *splitter) record(i int) int {
	s.lines = append(s.lines, uint32(s.line)) //nolint:gosec // a body is below 1 GiB
	end := s.value(i, 0)
	if end > i+s.limit {
		s.fail(i, fmt.Sprintf("the record has %d bytes, more than max_record_bytes (%d)", end-i, s.limit))
		s.bad.TooLong = true
		return -1
	}
	return end
}

// between passes over what may stand between records: blanks and line ends.
func (s *splitter) between(i int) int {
	for i < s.size {
		switch s.data[i] {
		case ' ', '\t', '\r':
		case '\n':
			s.line++
			s.start = i + 1
		default:
			return i
		}
		i++
	}
	return i
}

// inside passes over blanks within a record. Line ends become blanks.
func (s *splitter) inside(i int) int {
	for i < s.size {
		switch s.data[i] {
		case ' ', '\t', '\r':
		case '\n':
			s.data[i] = ' '
			s.line++
			s.start = i + 1
		default:
			return i
		}
		i++
	}
	return i
}

// value returns the end of the value at i, or -1.
func (s *splitter) value(i, depth int) int {
	if depth > maxDepth {
		return s.fail(i, fmt.Sprintf("more than %d levels of objects and arrays", maxDepth))
	}
	switch c := s.data[i]; c {
	case '{':
		return s.members(i+1, depth)
	case '[':
		return s.elements(i+1, depth)
	case '"':
		return s.text(i + 1)
	case 't':
		return s.word(i, "true")
	case 'f':
		return s.word(i, "false")
	case 'n':
		return s.word(i, "null")
	default:
		if c == '-' || isDigit(c) {
			return s.number(i)
		}
		return s.fail(i, "expected a value")
	}
}

// members reads the rest of an object.
func (s *splitter) members(i, depth int) int {
	for first := true; ; first = false {
		i = s.inside(i)
		switch {
		case s.data[i] == '"':
		case first && s.data[i] == '}':
			return i + 1
		default:
			return s.fail(i, "expected a member name in quotes")
		}
		if i = s.text(i + 1); i < 0 {
			return -1
		}
		if i = s.inside(i); s.data[i] != ':' {
			return s.fail(i, `expected ":"`)
		}
		if i = s.value(s.inside(i+1), depth+1); i < 0 {
			return -1
		}
		i = s.inside(i)
		switch s.data[i] {
		case ',':
			i++
		case '}':
			return i + 1
		default:
			return s.fail(i, `expected "," or "}"`)
		}
	}
}

// elements reads the rest of an array within a record.
func (s *splitter) elements(i, depth int) int {
	if i = s.inside(i); s.data[i] == ']' {
		return i + 1
	}
	for {
		if i = s.value(s.inside(i), depth+1); i < 0 {
			return -1
		}
		i = s.inside(i)
		switch s.data[i] {
		case ',':
			i++
		case ']':
			return i + 1
		default:
			return s.fail(i, `expected "," or "]"`)
		}
	}
}

// Words of eight equal bytes, for work on eight bytes at a time.
const (
	ones     = 0x0101010101010101
	highBits = 0x8080808080808080
	quotes   = 0x2222222222222222
	slashes  = 0x5c5c5c5c5c5c5c5c
	controls = 0x2020202020202020
)

// plain returns the first byte from i on that may end a run of plain text.
func (s *splitter) plain(i int) int {
	for ; i+8 <= len(s.data); i += 8 {
		x := binary.LittleEndian.Uint64(s.data[i:])
		// A byte below 0x20, a quote or a backslash leaves its high bit; so may a byte above such a one, which text looks at again.
		found := ((x - controls) | ((x ^ quotes) - ones) | ((x ^ slashes) - ones)) &^ x & highBits
		if found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	return i
}

// text returns the end of the string whose first byte is i.
func (s *splitter) text(i int) int {
	for {
		i = s.plain(i)
		switch c := s.data[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = s.escape(i + 1); i < 0 {
				return -1
			}
		case c < ' ':
			return s.fail(i, "a control character, such as a line end, must be escaped in a string")
		default:
			i++
		}
	}
}

// escape returns the end of the escape whose letter is i.
func (s *splitter) escape(i int) int {
	switch s.data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for j := i + 1; j <= i+4; j++ {
			if j >= s.size || !isHex(s.data[j]) {
				return s.fail(i, `expected four hexadecimal digits after \u`)
			}
		}
		return i + 5
	default:
		return s.fail(i, "no such escape")
	}
}

// number returns the end of the number at i.
func (s *splitter) number(i int) int {
	if s.data[i] == '-' {
		i++
	}
	switch {
	case s.data[i] == '0':
		i++
	case isDigit(s.data[i]):
		i = s.digits(i)
	default:
		return s.fail(i, "expected a digit")
	}
	if s.data[i] == '.' {
		if !isDigit(s.data[i+1]) {
			return s.fail(i+1, "expected a digit")
		}
		i = s.digits(i + 1)
	}
	if s.data[i]|0x20 == 'e' {
		i++
		if s.data[i] == '+' || s.data[i] == '-' {
			i++
		}
		if !isDigit(s.data[i]) {
			return s.fail(i, "expected a digit")
		}
		i = s.digits(i)
	}
	return i
}

func (s *splitter) digits(i int) int {
	for isDigit(s.data[i]) {
		i++
	}
	return i
}

func (s *splitter) word(i int, word string) int {
	if i+len(word) > s.size || string(s.data[i:i+len(word)]) != word {
		return s.fail(i, "expected a value")
	}
	return i + len(word)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// fail notes what is wrong at i and returns -1.
func (s *splitter) fail(i int, reason string) int {
	if i >= s.size {
		reason = "the body ends within a record"
	}
	s.bad = &splitError{Line: s.line, Byte: i - s.start + 1, Record: len(s.lines), Reason: reason}
	return -1
}
