package keyed

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// encodedRows are the keys of the rows of a call as bytes: of each its canonical form and, if that differs, the key as it is.
type encodedRows struct {
	// plain says that the canonical form of a key is the key as it is, and has no parts within parts.
	plain bool
	types []schema.Type // of the key: columns of one kind may have another precision
	data  []byte
	ends  []int    // of the canonical form and of all, two a row; if plain one a row
	at    []int    // where the next value of a row goes, in the bytes of the row
	into  [][]byte // the bytes of rows, while they are written
	first []uint16 // the numbers from 0 on
	exact []byte
}

// isPlain reports whether values of a kind have one form only, and no parts.
func isPlain(kind schema.Kind) bool {
	switch kind {
	case schema.Numeric, schema.Interval, schema.Float32, schema.Float64, schema.Array, schema.Row, schema.Null:
		return false
	default:
		return true
	}
}

func (e *encodedRows) encode(cols []*batch.Column, rows []uint16, n int) {
	if e.plain {
		e.encodePlain(cols, rows, n)
		return
	}
	e.data, e.ends = e.data[:0], e.ends[:0]
	for i := range n {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		from := len(e.data)
		for k, c := range cols {
			e.data = appendCanonical(e.data, c, row, &e.types[k])
		}
		e.ends = append(e.ends, len(e.data))
		e.exact = e.exact[:0]
		for _, c := range cols {
			e.exact = appendExact(e.exact, c, row)
		}
		if string(e.exact) != string(e.data[from:]) {
			e.data = append(e.data, e.exact...)
		}
		e.ends = append(e.ends, len(e.data))
	}
}

// encodePlain encodes column by column: first how long the rows are, then the values.
func (e *encodedRows) encodePlain(cols []*batch.Column, rows []uint16, n int) {
	if rows == nil {
		rows = e.firstRows(n)
	}
	e.at = zeroed(e.at, n)
	for _, c := range cols {
		e.addLengths(c, rows)
	}
	e.ends = e.ends[:0]
	total := 0
	for _, length := range e.at {
		total += length
		e.ends = append(e.ends, total)
	}
	e.data = slices.Grow(e.data[:0], total)[:total]
	e.into = slices.Grow(e.into[:0], n)[:n]
	from := 0
	for i, end := range e.ends {
		e.into[i], e.at[i], from = e.data[from:end:end], 0, end
	}
	for _, c := range cols {
		e.addValues(c, rows)
	}
}

// firstRows returns the numbers from 0 to n-1.
func (e *encodedRows) firstRows(n int) []uint16 {
	for len(e.first) < n {
		e.first = append(e.first, uint16(len(e.first))) //nolint:gosec // below batch.MaxRows
	}
	return e.first[:n]
}

func uvarintLen(v uint32) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// addLengths adds the lengths of the values of c, a plain column; nil: all are NULL.
func (e *encodedRows) addLengths(c *batch.Column, rows []uint16) {
	switch {
	case c == nil:
		e.addLength(1)
	case c.Kind().IsVariable():
		e.addTextLengths(c, rows)
	default:
		width := c.Kind().Width()
		if c.Kind() == schema.Bool {
			width = 1
		}
		e.addLength(1 + width)
		if valid := c.Valid(); valid != nil {
			for i, row := range rows {
				if !valid.Get(int(row)) {
					e.at[i] -= width
				}
			}
		}
	}
}

// addLength adds the length of a value that is as long in all rows.
func (e *encodedRows) addLength(length int) {
	for i := range e.at {
		e.at[i] += length
	}
}

func (e *encodedRows) addTextLengths(c *batch.Column, rows []uint16) {
	views, valid := c.Views(), c.Valid()
	at := e.at[:len(rows)]
	for i, row := range rows {
		if valid != nil && !valid.Get(int(row)) {
			at[i]++
			continue
		}
		length := views[row].Len
		at[i] += 1 + uvarintLen(length) + int(length)
	}
}

// addValues writes the values of c, as appendExact does, where at says; nil: all are NULL.
func (e *encodedRows) addValues(c *batch.Column, rows []uint16) {
	switch {
	case c == nil:
		for i, at := range e.at {
			e.into[i][at] = absentValue
			e.at[i]++
		}
	case c.Kind().IsVariable():
		e.addTexts(c, rows)
	case c.Kind() != schema.Bool && c.Kind().Width() == wordBytes:
		e.addWords(c, rows)
	default:
		for i, at := range e.at {
			e.at[i] = putFixed(e.into[i], at, c, int(rows[i]))
		}
	}
}

// addWords writes values of 8 bytes.
func (e *encodedRows) addWords(c *batch.Column, rows []uint16) {
	values, valid := c.Int64s(), c.Valid()
	ends, into := e.at[:len(rows)], e.into[:len(rows)]
	for i, row := range rows {
		at := ends[i]
		if valid != nil && !valid.Get(int(row)) {
			into[i][at] = absentValue
			ends[i] = at + 1
			continue
		}
		dst := into[i][at : at+1+wordBytes]
		dst[0] = presentValue
		binary.LittleEndian.PutUint64(dst[1:], uint64(values[row]))
		ends[i] = at + 1 + wordBytes
	}
}

// addTexts writes text. What a few values follow is copied in pieces of a fixed size, past its end: that takes no call, and those values are written later.
func (e *encodedRows) addTexts(c *batch.Column, rows []uint16) {
	views, valid := c.Views(), c.Valid()
	ends, into := e.at[:len(rows)], e.into[:len(rows)]
	for i, row := range rows {
		at := ends[i]
		if valid != nil && !valid.Get(int(row)) {
			into[i][at] = absentValue
			ends[i] = at + 1
			continue
		}
		dst := into[i][at:]
		dst[0] = presentValue
		n := 2
		if length := views[row].Len; length < 1<<7 {
			dst[1] = byte(length)
		} else {
			n = 1 + binary.PutUvarint(dst[1:], uint64(length))
		}
		ends[i] = at + n + int(views[row].Len)
		switch v := &views[row]; {
		case v.Len > batch.InlineLen:
			copyText(dst[n:], c.Bytes(int(row)))
		case len(dst) >= n+batch.InlineLen: // what is behind the value is written later
			*(*[batch.InlineLen]byte)(dst[n:]) = *(*[batch.InlineLen]byte)(unsafe.Pointer(&v.Prefix))
		default:
			copy(dst[n:], c.Bytes(int(row)))
		}
	}
}

// copyText copies text of more than batch.InlineLen bytes. Up to 64 it takes no call: what overlaps is copied twice.
func copyText(dst, text []byte) {
	const small, large = 16, 32
	n := len(text)
	dst = dst[:n]
	switch {
	case n > 2*large || n < small:
		copy(dst, text)
	case n > 2*small:
		*(*[large]byte)(dst) = *(*[large]byte)(text)
		*(*[large]byte)(dst[n-large:]) = *(*[large]byte)(text[n-large:])
	default:
		*(*[small]byte)(dst) = *(*[small]byte)(text)
		*(*[small]byte)(dst[n-small:]) = *(*[small]byte)(text[n-small:])
	}
}

// putFixed writes what appendExact appends of a plain column without text at data[at], where there is room, and returns what is behind it.
func putFixed(data []byte, at int, c *batch.Column, row int) int {
	if c.IsNull(row) {
		data[at] = absentValue
		return at + 1
	}
	data[at] = presentValue
	dst := data[at+1:]
	kind := c.Kind()
	n := kind.Width()
	switch {
	case kind == schema.Bool:
		dst[0], n = byte(fixedWord(c, row)), 1
	case n == 2:
		binary.LittleEndian.PutUint16(dst, uint16(c.Int16s()[row]))
	case n == 4:
		binary.LittleEndian.PutUint32(dst, uint32(c.Int32s()[row]))
	case n == wordBytes:
		binary.LittleEndian.PutUint64(dst, uint64(c.Int64s()[row]))
	default:
		n = copy(dst, c.UUIDs()[row][:])
	}
	return at + 1 + n
}

// canonical returns the canonical form of the key at position i.
func (e *encodedRows) canonical(i int) []byte {
	if e.plain {
		return e.both(i)
	}
	return e.data[e.start(2*i):e.ends[2*i]]
}

// both returns the canonical form of the key at position i and what follows it.
func (e *encodedRows) both(i int) []byte {
	if e.plain {
		return e.data[e.start(i):e.ends[i]]
	}
	return e.data[e.start(2*i):e.ends[2*i+1]]
}

// start returns the end before end number i.
func (e *encodedRows) start(i int) int {
	if i == 0 {
		return 0
	}
	return e.ends[i-1]
}
