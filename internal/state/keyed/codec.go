package keyed

import (
	"encoding/binary"
	"fmt"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// What stands before each value.
const (
	absentValue  = 0
	presentValue = 1
)

// appendExact appends row of c as it is: docs/format/state.md, "Values".
func appendExact(dst []byte, c *batch.Column, row int) []byte { return appendValue(dst, c, row, nil) }

// appendCanonical appends row of c so that values that are equal have equal bytes, whatever precision and scale their columns have: the form is
// that of typ, the type of the key.
func appendCanonical(dst []byte, c *batch.Column, row int, typ *schema.Type) []byte {
	return appendValue(dst, c, row, typ)
}

// appendValue appends row of c in the canonical form of typ; nil: as it is.
func appendValue(dst []byte, c *batch.Column, row int, typ *schema.Type) []byte {
	canonical := typ != nil
	if c == nil || c.Kind() == schema.Null || c.IsNull(row) {
		return append(dst, absentValue)
	}
	dst = append(dst, presentValue)
	switch c.Kind() {
	case schema.Bool:
		return append(dst, byte(fixedWord(c, row)))
	case schema.Int16:
		return binary.LittleEndian.AppendUint16(dst, uint16(c.Int16s()[row]))
	case schema.Int32, schema.Date:
		return binary.LittleEndian.AppendUint32(dst, uint32(c.Int32s()[row]))
	case schema.Float32:
		f := c.Float32s()[row]
		if canonical || math.IsNaN(float64(f)) {
			f = float32(math.Float64frombits(floatWord(float64(f))))
		}
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
	case schema.Float64:
		w := math.Float64bits(c.Float64s()[row])
		if canonical || math.IsNaN(c.Float64s()[row]) {
			w = floatWord(c.Float64s()[row])
		}
		return binary.LittleEndian.AppendUint64(dst, w)
	case schema.Numeric:
		d := c.Decimal(row)
		if canonical {
			d = canonicalDecimal(d, *typ)
		}
		dst = binary.LittleEndian.AppendUint64(dst, d.Coef.Lo)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(d.Coef.Hi))
		return binary.LittleEndian.AppendUint16(dst, uint16(d.Scale))
	case schema.Interval:
		v := c.Intervals()[row]
		if canonical {
			v = v.Canonical()
		}
		dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Months))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Days))
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Micros))
	case schema.UUID:
		return append(dst, c.UUIDs()[row][:]...)
	case schema.Text, schema.Bytes, schema.JSONB:
		b := c.Bytes(row)
		return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
	case schema.Array:
		from, to := int(c.Offsets()[row]), int(c.Offsets()[row+1])
		dst = binary.AppendUvarint(dst, uint64(to-from))
		var elem *schema.Type
		if canonical {
			elem = typ.Elem
		}
		for i := from; i < to; i++ {
			dst = appendValue(dst, c.Child(0), i, elem)
		}
		return dst
	case schema.Row:
		for i := range c.Type().Fields {
			var member *schema.Type
			if canonical {
				member = &typ.Fields[i].Type
			}
			dst = appendValue(dst, c.Child(i), row, member)
		}
		return dst
	default:
		return binary.LittleEndian.AppendUint64(dst, uint64(c.Int64s()[row]))
	}
}

// canonicalDecimal returns d at the scale of typ if it has one and d fits, else without trailing zeros.
func canonicalDecimal(d numeric.Decimal, typ schema.Type) numeric.Decimal {
	if typ.Precision > 0 && d.Scale == typ.Scale || !d.IsFinite() {
		return d
	}
	d = d.Canonical()
	if typ.Precision > 0 && d.Scale < typ.Scale {
		if coef, ok := numeric.Rescale10(d.Coef, int(typ.Scale-d.Scale)); ok {
			return numeric.Decimal{Coef: coef, Scale: typ.Scale}
		}
	}
	return d
}

// reader reads stored state, and remembers the first thing that was wrong with it.
type reader struct {
	what string
	data []byte
	at   int
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &CorruptError{What: r.what, Offset: r.at, Reason: fmt.Sprintf(format, args...)}
	}
}

// take returns the next n bytes, or nil after a failure.
func (r *reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.data)-r.at) {
		r.fail("%d bytes wanted, %d left", n, len(r.data)-r.at)
		return nil
	}
	b := r.data[r.at : r.at+int(n)]
	r.at += int(n)
	return b
}

func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.fail("a number has no end")
		return 0
	}
	r.at += n
	return v
}

// count reads how many things follow, each of which takes a byte at least.
func (r *reader) count() int {
	n := r.uvarint()
	if left := len(r.data) - r.at; r.err == nil && n > uint64(left) {
		r.fail("%d entries in %d bytes", n, left)
		return 0
	}
	return int(n)
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// value reads what appendValue wrote and makes it row of c, which has that many rows; rows are read in ascending order. After a failure
// row is NULL.
func (r *reader) value(c *batch.Column, row int) {
	tag := r.byte()
	if r.err == nil && tag > presentValue {
		r.at--
		r.fail("%d is neither a value nor NULL", tag)
	}
	switch {
	case c.Kind() == schema.Null:
		if tag == presentValue {
			r.fail("a value of no type")
		}
	case tag == absentValue || r.err != nil:
		c.PutNull(row)
	default:
		if r.present(c, row); r.err != nil {
			c.SetNull(row)
		}
	}
}

func (r *reader) present(c *batch.Column, row int) {
	switch c.Kind() {
	case schema.Bool:
		v := r.byte()
		if r.err == nil && v > 1 {
			r.at--
			r.fail("%d is no BOOLEAN", v)
		}
		c.Bits().Put(row, v != 0)
	case schema.Int16:
		c.Int16s()[row] = int16(r.uint16())
	case schema.Int32, schema.Date:
		c.Int32s()[row] = int32(r.uint32())
	case schema.Float32:
		c.Float32s()[row] = math.Float32frombits(r.uint32())
	case schema.Float64:
		c.Float64s()[row] = math.Float64frombits(r.uint64())
	case schema.Numeric:
		r.decimal(c, row)
	case schema.Interval:
		months, days := int32(r.uint32()), int32(r.uint32())
		c.Intervals()[row] = temporal.Interval{Months: months, Days: days, Micros: int64(r.uint64())}
	case schema.UUID:
		copy(c.UUIDs()[row][:], r.take(16))
	case schema.Text, schema.Bytes, schema.JSONB:
		c.SetBytes(row, r.take(r.uvarint()))
	case schema.Array:
		r.elements(c, row)
	case schema.Row:
		for i := range c.Type().Fields {
			r.value(c.Child(i), row)
		}
	default:
		c.Int64s()[row] = int64(r.uint64())
	}
}

// skip passes over what appendValue wrote of a column of a type.
func (r *reader) skip(typ *schema.Type) {
	if tag := r.byte(); tag == absentValue || typ.Kind == schema.Null {
		return
	}
	switch kind := typ.Kind; {
	case kind == schema.Bool:
		r.take(1)
	case kind == schema.Numeric:
		r.take(18)
	case kind.IsVariable():
		r.take(r.uvarint())
	case kind == schema.Array:
		for n := r.count(); n > 0 && r.err == nil; n-- {
			r.skip(typ.Elem)
		}
	case kind == schema.Row:
		for i := range typ.Fields {
			r.skip(&typ.Fields[i].Type)
		}
	default:
		r.take(uint64(kind.Width())) //nolint:gosec // a few bytes
	}
}

func (r *reader) decimal(c *batch.Column, row int) {
	lo, hi := r.uint64(), r.uint64()
	d := numeric.Decimal{Coef: numeric.Int128{Lo: lo, Hi: int64(hi)}, Scale: int16(r.uint16())}
	if d.Scale < numeric.ScaleNegInf || d.Scale > numeric.MaxDigits || !d.Coef.InRange() {
		r.fail("a NUMERIC of scale %d beyond 38 digits", d.Scale)
		return
	}
	c.SetDecimal(row, d)
}

func (r *reader) elements(c *batch.Column, row int) {
	n, elements := r.count(), c.Child(0)
	at := elements.Len()
	if at+n > math.MaxInt32 {
		r.fail("an array of %d elements", n)
	}
	if r.err == nil {
		elements.Resize(at + n)
	}
	for i := 0; i < n && r.err == nil; i++ {
		r.value(elements, at+i)
	}
	c.Offsets()[row+1] = int32(elements.Len())
}
