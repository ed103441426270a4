package keyed

import (
	"encoding/binary"
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// encodedRows are the keys of the rows of a call as bytes: of each its canonical form and, if that differs, the key as it is.
type encodedRows struct {
	// plain says that the canonical form of a key is the key as it is, and has no parts within parts.
	plain bool
	types []schema.Type // of the key: columns of one kind may have another precision
	data  []byte
	ends  []int // of the canonical form and of all, two a row; if plain one a row
	at    []int // where the next value of a row goes
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
	e.at = zeroed(e.at, n)
	for _, c := range cols {
		e.addLengths(c, rows)
	}
	e.ends = e.ends[:0]
	total := 0
	for i, length := range e.at {
		e.at[i] = total
		total += length
		e.ends = append(e.ends, total)
	}
	e.data = slices.Grow(e.data[:0], total)[:total]
	for _, c := range cols {
		e.addValues(c, rows)
	}
}

func uvarintLen(v uint32) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// addLengths adds the lengths of the values of c; nil: all are NULL.
func (e *encodedRows) addLengths(c *batch.Column, rows []uint16) {
	if c == nil {
		for i := range e.at {
			e.at[i]++
		}
		return
	}
	width := 1 + c.Kind().Width()
	if c.Kind() == schema.Bool {
		width = 2
	}
	variable := c.Kind().IsVariable()
	for i := range e.at {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		switch {
		case c.IsNull(row):
			e.at[i]++
		case variable:
			length := c.Views()[row].Len
			e.at[i] += 1 + uvarintLen(length) + int(length)
		default:
			e.at[i] += width
		}
	}
}

// addValues writes the values of c, as appendExact does; nil: all are NULL.
func (e *encodedRows) addValues(c *batch.Column, rows []uint16) {
	for i, at := range e.at {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		e.at[i] = putExact(e.data, at, c, row)
	}
}

// putExact writes what appendExact appends of a plain column, nil for NULL, at data[at], where there is room, and returns what is behind it.
func putExact(data []byte, at int, c *batch.Column, row int) int {
	if c == nil || c.IsNull(row) {
		data[at] = absentValue
		return at + 1
	}
	data[at] = presentValue
	dst := data[at+1:]
	kind := c.Kind()
	var n int
	switch {
	case kind.IsVariable():
		b := c.Bytes(row)
		n = binary.PutUvarint(dst, uint64(len(b)))
		n += copy(dst[n:], b)
	case kind == schema.Bool:
		dst[0], n = byte(fixedWord(c, row)), 1
	case kind.Width() == 2:
		binary.LittleEndian.PutUint16(dst, uint16(c.Int16s()[row]))
		n = 2
	case kind.Width() == 4:
		binary.LittleEndian.PutUint32(dst, uint32(c.Int32s()[row]))
		n = 4
	case kind.Width() == 8:
		binary.LittleEndian.PutUint64(dst, uint64(c.Int64s()[row]))
		n = 8
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
