package keyed

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// HashVersion is the version of the hash of keys. State that was stored under another one lies in other key groups.
const HashVersion = 1

// Odd constants with well mixed bits: the fractional parts of square roots of primes, and in the end of the golden ratio. They are part of the hash.
const (
	mixFixed = 0x6a09e667f3bcc909
	mixNull  = 0xbb67ae8584caa73b
	mixText  = 0x3c6ef372fe94f82b
	mixTail  = 0xa54ff53a5f1d36f1
	mixLong  = 0x510e527fade682d1
	mixParts = 0x9b05688c2b3e6c1f
	mixEnd   = 0x9e3779b97f4a7c15
)

// fold multiplies to 128 bits and folds the halves: the mixing step of wyhash (Wang Yi, public domain).
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Hasher hashes the key columns of batches: equal keys hash alike, whatever way their values are written (docs/format/keyhash.md). Key columns
// are ordinals of the batch.
type Hasher struct {
	columns []int
	hashes  []uint64
	rows    []uint16
	nulls   []uint16
}

// NewHasher returns a hasher of the columns with these ordinals. Without columns every row has one and the same hash.
func NewHasher(columns []int) *Hasher { return &Hasher{columns: columns} }

// Hash returns a hash for each row of b that counts, in their order; a NULL is a value like others. Lent until the next call on h.
func (h *Hasher) Hash(b *batch.Batch) []uint64 {
	h.hashes = seeded(h.hashes, b.Rows())
	for _, c := range h.columns {
		hashColumn(h.hashes, b.Cols[c], b.Sel)
	}
	finish(h.hashes)
	return h.hashes
}

// HashPresent hashes only the rows of b that count and have no NULL in a key column: rows are their numbers, hashes their hashes, and nulls
// the numbers of the others. Lent until the next call on h.
func (h *Hasher) HashPresent(b *batch.Batch) (hashes []uint64, rows, nulls []uint16) {
	h.rows, h.nulls = h.rows[:0], h.nulls[:0]
	for i := range b.Rows() {
		row := b.Row(i)
		if h.anyNull(b, row) {
			h.nulls = append(h.nulls, uint16(row))
		} else {
			h.rows = append(h.rows, uint16(row))
		}
	}
	h.hashes = seeded(h.hashes, len(h.rows))
	for _, c := range h.columns {
		hashColumn(h.hashes, b.Cols[c], h.rows)
	}
	finish(h.hashes)
	return h.hashes, h.rows, h.nulls
}

func (h *Hasher) anyNull(b *batch.Batch, row int) bool {
	for _, c := range h.columns {
		if b.Cols[c].IsNull(row) || b.Cols[c].Kind() == schema.Null {
			return true
		}
	}
	return false
}

// Place gives hashes the key groups of partition, hash for hash: for a table whose keys have more columns than rows are exchanged by.
func Place(hashes, partition []uint64) {
	const group = 0xff << 56
	for i, p := range partition {
		hashes[i] = hashes[i]&^group | p&group
	}
}

// hashColumns hashes n rows of cols: those of rows, or all.
func hashColumns(hashes []uint64, cols []*batch.Column, rows []uint16, n int) []uint64 {
	hashes = seeded(hashes, n)
	for _, c := range cols {
		hashColumn(hashes, c, rows)
	}
	finish(hashes)
	return hashes
}

// finish carries what all bits say up to the top, where the key group and the tag of a table are taken from.
func finish(hashes []uint64) {
	for i := range hashes {
		hashes[i] *= mixEnd
	}
}

// seeded returns n hashes of nothing, in the memory of hashes if it suffices; never nil, which Rows takes for no hashes.
func seeded(hashes []uint64, n int) []uint64 {
	if cap(hashes) < n || hashes == nil {
		hashes = make([]uint64, max(n, 2*cap(hashes), 1))
	}
	hashes = hashes[:n]
	for i := range hashes {
		hashes[i] = mixParts
	}
	return hashes
}

// hashColumn mixes the values of c at rows (nil: all) into hashes.
func hashColumn(hashes []uint64, c *batch.Column, rows []uint16) {
	if len(hashes) == 0 {
		return
	}
	if c.HasNulls() {
		hashNullable(hashes, c, rows)
		return
	}
	switch c.Kind() {
	case schema.Int16:
		hashIntegers(hashes, c.Int16s(), rows)
	case schema.Int32, schema.Date:
		hashIntegers(hashes, c.Int32s(), rows)
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		hashIntegers(hashes, c.Int64s(), rows)
	case schema.Text, schema.Bytes, schema.JSONB:
		hashTexts(hashes, c, rows)
	default:
		hashNullable(hashes, c, rows)
	}
}

func hashIntegers[T int16 | int32 | int64](hashes []uint64, values []T, rows []uint16) {
	if rows == nil {
		values = values[:len(hashes)]
		for i, v := range values {
			hashes[i] = fold(hashes[i]^uint64(int64(v)), mixFixed)
		}
		return
	}
	for i, row := range rows {
		hashes[i] = fold(hashes[i]^uint64(int64(values[row])), mixFixed)
	}
}

func hashTexts(hashes []uint64, c *batch.Column, rows []uint16) {
	views := c.Views()
	if rows == nil {
		views = views[:len(hashes)]
		for i := range views {
			hashes[i] = hashView(hashes[i], c, &views[i], i)
		}
		return
	}
	for i, row := range rows {
		hashes[i] = hashView(hashes[i], c, &views[row], int(row))
	}
}

// hashView hashes what v, row i of c, stands for: a value that lies in the view by the view's two words.
func hashView(h uint64, c *batch.Column, v *batch.View, i int) uint64 {
	if v.Len <= batch.InlineLen {
		return hashInline(h, v)
	}
	return hashLong(h, c.Bytes(i))
}

func hashInline(h uint64, v *batch.View) uint64 {
	p := unsafe.Pointer(v)
	return fold(load(p, 0)^mixText^h, load(p, 8)^mixTail)
}

// hashLong hashes more than batch.InlineLen bytes: 16 at a time, and the last 16, which may have been read before. Two chains of
// multiplications run side by side.
func hashLong(h uint64, b []byte) uint64 {
	n := len(b)
	h ^= uint64(n) * mixLong
	if n < 16 {
		return fold(binary.LittleEndian.Uint64(b)^mixText^h, binary.LittleEndian.Uint64(b[n-8:])^mixTail)
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	last := unsafe.Add(p, n-16)
	if n > 32 {
		other := h ^ mixTail
		for ; n > 32; n -= 32 {
			h = fold(load(p, 0)^mixText^h, load(p, 8)^mixTail)
			other = fold(load(p, 16)^mixFixed^other, load(p, 24)^mixText)
			p = unsafe.Add(p, 32)
		}
		h ^= other
	}
	if n > 16 {
		h = fold(load(p, 0)^mixText^h, load(p, 8)^mixTail)
	}
	return fold(load(last, 0)^mixText^h, load(last, 8)^mixTail)
}

// load returns the 8 bytes at p plus off, little-endian.
func load(p unsafe.Pointer, off uintptr) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

func hashNullable(hashes []uint64, c *batch.Column, rows []uint16) {
	for i := range hashes {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		hashes[i] = hashValue(hashes[i], c, row)
	}
}

// hashValue mixes one value of any kind into h.
func hashValue(h uint64, c *batch.Column, row int) uint64 {
	if c == nil || c.Kind() == schema.Null || c.IsNull(row) {
		return fold(h^mixNull, mixTail)
	}
	switch c.Kind() {
	case schema.Text, schema.Bytes, schema.JSONB:
		return hashView(h, c, &c.Views()[row], row)
	case schema.Numeric:
		return fold(h^residue(c.Decimal(row)), mixFixed)
	case schema.Interval:
		v := c.Intervals()[row].Canonical()
		return hashPair(h, uint64(v.Micros), uint64(uint32(v.Months))<<32|uint64(uint32(v.Days)))
	case schema.UUID:
		u := &c.UUIDs()[row]
		return hashPair(h, binary.LittleEndian.Uint64(u[:]), binary.LittleEndian.Uint64(u[8:]))
	case schema.Array:
		from, to := c.Offsets()[row], c.Offsets()[row+1]
		h = fold(h^uint64(to-from), mixParts)
		for i := from; i < to; i++ {
			h = hashValue(h, c.Child(0), int(i))
		}
		return h
	case schema.Row:
		for i := range c.Type().Fields {
			h = hashValue(h, c.Child(i), row)
		}
		return fold(h, mixParts)
	default:
		return fold(h^fixedWord(c, row), mixFixed)
	}
}

// hashPair mixes a value of 16 bytes into h.
func hashPair(h, lo, hi uint64) uint64 { return fold(lo^mixText^h, hi^mixTail) }

// fixedWord returns the value in row of a column of at most 8 bytes in its canonical form: integers, dates and times widened with their sign,
// floats as a double without -0 and with one NaN.
func fixedWord(c *batch.Column, row int) uint64 {
	switch c.Kind() {
	case schema.Bool:
		if c.Bits().Get(row) {
			return 1
		}
		return 0
	case schema.Int16:
		return uint64(int64(c.Int16s()[row]))
	case schema.Int32, schema.Date:
		return uint64(int64(c.Int32s()[row]))
	case schema.Float32:
		return floatWord(float64(c.Float32s()[row]))
	case schema.Float64:
		return floatWord(c.Float64s()[row])
	default:
		return uint64(c.Int64s()[row])
	}
}

// canonicalNaN is the NaN that stands for all in hashes and stored state.
const canonicalNaN = 0x7ff8000000000001

// floatWord returns the bits of f, one for both zeros and one for all NaNs.
func floatWord(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case math.IsNaN(f):
		return canonicalNaN
	default:
		return math.Float64bits(f)
	}
}
