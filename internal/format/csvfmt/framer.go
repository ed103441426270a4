package csvfmt

import "bytes"

// byteOrderMark may stand at the beginning of a file.
const byteOrderMark = "\xef\xbb\xbf"

// framer cuts a stream at the ends of records.
type framer struct {
	scanner
	seen     int // bytes of the record begun that Cut has seen
	begun    bool
	segments []segment
	pairs    bool // CutPairs will be called
	opField  string
	op       int // the field of a record that has its kind of change, -1 if none has
	held     int // bytes of whole records at the beginning of what Cut is called with next, which CutPairs left
}

// headedFramer is a framer of files that begin with a header.
type headedFramer struct{ framer }

// segment is bytes outside quotes, in which line feeds end records.
type segment struct{ from, to int }

// Cut finds the end of the last whole record. What it has seen of the record after that it does not look at again.
func (f *framer) Cut(data []byte, last bool) int {
	if last {
		f.state, f.seen, f.held = recordStart, 0, 0
		return len(data)
	}
	end := f.find(data)
	if end == 0 {
		end = f.held
	}
	f.seen, f.held = len(data)-end, 0
	return end
}

// find returns the end of the last record that ends in what has not been seen of data, 0 if none does.
func (f *framer) find(data []byte) (end int) {
	if f.seen > len(data) {
		f.state, f.seen, f.held = recordStart, 0, 0
	}
	from := f.seen
	if !f.begun && from == 0 {
		if len(data) < len(byteOrderMark) && bytes.HasPrefix([]byte(byteOrderMark), data) {
			return 0
		}
		if bytes.HasPrefix(data, []byte(byteOrderMark)) {
			from = len(byteOrderMark)
		}
	}
	f.begun = true
	f.segments = f.segments[:0]
	if f.comment != 0 || f.trim || f.backslash {
		return f.cutByRecord(data, from)
	}
	return f.cutByQuotes(data, from)
}

// cutByRecord goes from record to record.
func (f *framer) cutByRecord(data []byte, from int) (end int) {
	for from < len(data) {
		n, found := f.next(data[from:])
		from += n
		if found {
			end = from
			if f.pairs {
				f.segments = append(f.segments, segment{end - 1, end})
			}
		}
	}
	return end
}

// cutByQuotes goes from quote to quote and looks for line feeds only where the last one must be.
func (f *framer) cutByQuotes(data []byte, from int) (end int) {
	for from < len(data) {
		switch f.state {
		case quoted, quoteInQuotes:
			from = f.passQuotes(data, from)
		default:
			start := from
			from = f.findQuotes(data, from)
			f.segments = append(f.segments, segment{start, from})
		}
	}
	for i := len(f.segments) - 1; i >= 0; i-- {
		s := f.segments[i]
		if n := bytes.LastIndexByte(data[s.from:s.to], '\n'); n >= 0 {
			return s.from + n + 1
		}
	}
	return 0
}

// passQuotes goes on inside quotes and returns where they are closed.
func (f *framer) passQuotes(data []byte, from int) int {
	for from < len(data) {
		if f.state == quoteInQuotes {
			if data[from] != f.quote {
				f.state = unquoted
				return from
			}
			f.state = quoted
			from++
		}
		from += f.inQuotes(data[from:])
	}
	return from
}

// findQuotes goes on outside quotes and returns the byte behind the next one that opens some.
func (f *framer) findQuotes(data []byte, from int) int {
	start := from
	for from < len(data) && f.quote != 0 {
		i := indexByte(data[from:], ones*uint64(f.quote))
		if i < 0 {
			break
		}
		from += i + 1
		if f.opens(data, start, from-1) {
			f.state = quoted
			return from
		}
	}
	switch c := data[len(data)-1]; c {
	case '\n':
		f.state = recordStart
	case f.delimiter:
		f.state = fieldStart
	default:
		f.state = unquoted
	}
	return len(data)
}

// opens reports whether the quote at i stands where a field begins; start is where the state is that of f.
func (f *framer) opens(data []byte, start, i int) bool {
	if i == start {
		return f.state != unquoted
	}
	return data[i-1] == f.delimiter || data[i-1] == '\n'
}

// Skip finds the end of the record that Cut saw the beginning of.
func (f *framer) Skip(data []byte) (n int, found bool) {
	f.begun = true
	n, found = f.next(data)
	if found {
		f.seen, f.held = 0, 0
	}
	return n, found
}

// CutHeader finds the end of the first record that is neither blank nor a comment.
func (f *headedFramer) CutHeader(data []byte, last bool) (n int, whole bool) {
	f.begun = true
	if len(data) < len(byteOrderMark) && !last {
		return 0, false
	}
	n = len(data) - len(bytes.TrimPrefix(data, []byte(byteOrderMark)))
	for n < len(data) {
		s := scanner{syntax: f.syntax, state: recordStart}
		size, found := s.next(data[n:])
		line := bytes.TrimRight(data[n:n+size], "\r\n")
		n += size
		if !found {
			break
		}
		if len(line) > 0 && (f.comment == 0 || line[0] != f.comment) {
			if f.pairs {
				f.findOp(data[:n])
			}
			return n, true
		}
	}
	return len(data), last
}
