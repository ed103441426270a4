package keyed

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// layout is how a table stores its keys.
type layout uint8

const (
	oneWord  layout = iota // columns of at most 8 bytes together
	twoWords               // columns of at most 16 bytes together, none across the words
	text                   // one TEXT, BYTEA or JSONB
	encoded                // anything else: the values in a row of bytes
)

// maxPacked is how many columns a packed key may have: the marks of a key have two bits for each.
const maxPacked = 8

// field is where a column lies in a packed key.
type field struct {
	word, shift, bits uint8
}

// layoutOf chooses the layout for keys of types, with the fields of packed ones.
func layoutOf(types []schema.Type) (layout, []field) {
	if len(types) == 1 && types[0].Kind.IsVariable() {
		return text, nil
	}
	if len(types) == 1 && types[0].Kind == schema.UUID {
		return twoWords, nil
	}
	if len(types) == 0 || len(types) > maxPacked {
		return encoded, nil
	}
	fields := make([]field, len(types))
	var used [2]uint8
	for i, t := range types {
		width := packedBits(t.Kind)
		word := uint8(0)
		if used[0]+width > 64 {
			word = 1
		}
		if width == 0 || used[word]+width > 64 {
			return encoded, nil
		}
		fields[i] = field{word: word, shift: used[word], bits: width}
		used[word] += width
	}
	if used[1] == 0 {
		return oneWord, fields
	}
	return twoWords, fields
}

// packedBits is how many bits a value of kind takes in a packed key; 0 if it cannot be packed.
func packedBits(kind schema.Kind) uint8 {
	switch kind {
	case schema.Bool:
		return 8
	case schema.Int16:
		return 16
	case schema.Int32, schema.Date, schema.Float32:
		return 32
	case schema.Int64, schema.Float64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return 64
	default:
		return 0
	}
}

// packed are the packed keys of the rows of a call.
type packed struct {
	words [2][]uint64
	own   [2][]uint64 // memory for words
	// marks are, for each row, which columns are NULL (the lower byte) and which are -0 (the upper); empty if there are none.
	marks []uint16
}

// pack makes the keys of n rows: those of rows, or all.
func (p *packed) pack(l layout, fields []field, cols []*batch.Column, rows []uint16, n int) {
	p.marks = p.marks[:0]
	if l == oneWord && n > 0 && rows == nil && packedBits(cols[0].Kind()) == 64 && !cols[0].Kind().IsFloat() && !cols[0].HasNulls() {
		p.words[0] = batch.Values[uint64](cols[0])[:n]
		return
	}
	p.own[0] = zeroed(p.own[0], n)
	p.words[0] = p.own[0]
	if l == twoWords {
		p.own[1] = zeroed(p.own[1], n)
		p.words[1] = p.own[1]
	}
	if fields == nil {
		p.packUUID(cols[0], rows, n)
		return
	}
	for i, c := range cols {
		f := fields[i]
		switch kind := c.Kind(); {
		case n == 0:
		case c.HasNulls() || kind == schema.Bool || kind.IsFloat():
			p.packEach(i, f, c, rows)
		case f.bits == 16:
			packIntegers(p.words[f.word], f, c.Int16s(), rows)
		case f.bits == 32:
			packIntegers(p.words[f.word], f, c.Int32s(), rows)
		default:
			packIntegers(p.words[f.word], f, c.Int64s(), rows)
		}
	}
}

func packIntegers[T int16 | int32 | int64](words []uint64, f field, values []T, rows []uint16) {
	mask := ^uint64(0) >> (64 - f.bits)
	if rows == nil {
		values = values[:len(words)]
		for i, v := range values {
			words[i] |= uint64(v) & mask << f.shift
		}
		return
	}
	for i, row := range rows {
		words[i] |= uint64(values[row]) & mask << f.shift
	}
}

// packEach packs column i with NULLs and -0.
func (p *packed) packEach(i int, f field, c *batch.Column, rows []uint16) {
	mask := ^uint64(0) >> (64 - f.bits)
	words := p.words[f.word]
	for j := range words {
		row := j
		if rows != nil {
			row = int(rows[j])
		}
		if c.IsNull(row) {
			p.mark(j, len(words), 1<<uint(i))
			continue
		}
		w := fixedWord(c, row)
		if c.Kind().IsFloat() {
			if w == 0 && isNegativeZero(c, row) {
				p.mark(j, len(words), 1<<uint(i+maxPacked))
			}
			w = narrowFloat(c.Kind(), w)
		}
		words[j] |= (w & mask) << f.shift
	}
}

func (p *packed) packUUID(c *batch.Column, rows []uint16, n int) {
	for j := range n {
		row := j
		if rows != nil {
			row = int(rows[j])
		}
		if c.IsNull(row) {
			p.mark(j, n, 1)
			continue
		}
		p.words[0][j], p.words[1][j] = uuidWords(&c.UUIDs()[row])
	}
}

func (p *packed) mark(j, n int, bits uint16) {
	if len(p.marks) == 0 {
		p.marks = zeroed(p.marks, n)
	}
	p.marks[j] |= bits
}

// zeroed returns n zeros, in the memory of s if it suffices.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, 2*cap(s)))
	}
	s = s[:n]
	clear(s)
	return s
}

// isNegativeZero reports whether the float in row is -0; it is known to be a zero.
func isNegativeZero(c *batch.Column, row int) bool {
	if c.Kind() == schema.Float32 {
		return math.Signbit(float64(c.Float32s()[row]))
	}
	return math.Signbit(c.Float64s()[row])
}

// narrowFloat makes the canonical word of a float what a packed key holds, and widenFloat makes it the word again.
func narrowFloat(kind schema.Kind, w uint64) uint64 {
	if kind == schema.Float32 {
		return uint64(math.Float32bits(float32(math.Float64frombits(w))))
	}
	return w
}

func widenFloat(kind schema.Kind, w uint64) uint64 {
	if kind == schema.Float32 {
		return floatWord(float64(math.Float32frombits(uint32(w))))
	}
	return w
}

func uuidWords(u *batch.UUID) (lo, hi uint64) {
	return binary.LittleEndian.Uint64(u[:]), binary.LittleEndian.Uint64(u[8:])
}

// field returns the value of a column in a packed key as its canonical word.
func (f field) value(kind schema.Kind, words [2]uint64) uint64 {
	w := words[f.word] >> f.shift
	unused := 64 - f.bits
	switch {
	case kind == schema.Bool:
		return w & 1
	case kind.IsFloat():
		return widenFloat(kind, w&(^uint64(0)>>unused))
	default:
		return uint64(int64(w<<unused) >> unused)
	}
}

// hashPacked is the hash of a packed key, the key group of a Place left aside.
func hashPacked(types []schema.Type, fields []field, words [2]uint64, marks uint16) uint64 {
	h := uint64(mixParts)
	for i, t := range types {
		switch {
		case marks>>i&1 != 0:
			h = fold(h^mixNull, mixTail)
		case fields == nil:
			h = hashPair(h, words[0], words[1])
		default:
			h = fold(h^fields[i].value(t.Kind, words), mixFixed)
		}
	}
	return h * mixEnd
}

// unpack makes c the values of a column in packed keys, whose words these are.
func (f field) unpack(c *batch.Column, words []uint64) {
	switch kind := c.Kind(); {
	case len(words) == 0:
	case kind == schema.Bool:
		bits := c.Bits()
		for i, w := range words {
			bits.Put(i, w>>f.shift&1 != 0)
		}
	case f.bits == 16:
		unpackBits(f, c.Int16s(), words)
	case f.bits == 32: // REAL, too, by its bits
		unpackBits(f, batch.Values[int32](c), words)
	default:
		unpackBits(f, batch.Values[int64](c), words)
	}
}

func unpackBits[T int16 | int32 | int64](f field, to []T, words []uint64) {
	for i, w := range words[:len(to)] {
		to[i] = T(w >> f.shift)
	}
}

// markAt returns the marks of the key at position i.
func (p *packed) markAt(i int) uint16 {
	if len(p.marks) == 0 {
		return 0
	}
	return p.marks[i]
}
