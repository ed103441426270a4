package keyed

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// What a column of a block begins with: docs/format/entries.md, "Blocks of rows".
const (
	blockNulls = 0 // all values are NULL
	blockFull  = 1 // none is
	blockMixed = 2 // a bitmap says which are not
)

// Whether the values of a NUMERIC column have one scale.
const (
	oneScale   = 0
	manyScales = 1
)

// mostNulls is how many elements are believed to be there without a bit for each.
const mostNulls = 1 << 24

// appendBlock appends n rows of columns of types, as a block. A nil column is one of NULLs. Arrays must have the elements of these rows alone, in their order.
func appendBlock(dst []byte, types []schema.Type, cols []*batch.Column, n int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n))
	for i, c := range cols {
		dst = appendBlockColumn(dst, types[i], c, n)
	}
	return dst
}

func appendBlockColumn(dst []byte, typ schema.Type, c *batch.Column, n int) []byte {
	if c == nil || c.Kind() == schema.Null {
		return append(dst, blockNulls)
	}
	switch valid := c.Valid(); {
	case valid == nil:
		dst = append(dst, blockFull)
	case valid.Count(n) == 0:
		return append(dst, blockNulls)
	default:
		dst = appendBits(append(dst, blockMixed), valid, n)
	}
	switch kind := c.Kind(); {
	case kind == schema.Bool:
		from := len(dst)
		dst = appendBits(dst, c.Bits(), n)
		for i := range n {
			if c.IsNull(i) {
				dst[from+i>>3] &^= 1 << (i & 7)
			}
		}
		return dst
	case kind.IsVariable():
		return appendTexts(dst, c, n)
	case kind == schema.Numeric:
		return appendDecimals(dst, c, n)
	case kind == schema.Array:
		return appendElements(dst, typ, c, n)
	case kind == schema.Row:
		for i, f := range typ.Fields {
			dst = appendBlockColumn(dst, f.Type, c.Child(i), n)
		}
		return dst
	default:
		return appendFixedBytes(dst, c, n)
	}
}

// appendBits appends the first n bits, in whole bytes.
func appendBits(dst []byte, bits batch.Bitmap, n int) []byte {
	for at := 0; at < n; at += 8 {
		dst = append(dst, byte(bits[at>>6]>>(at&63)))
	}
	if rest := n & 7; rest != 0 {
		dst[len(dst)-1] &= 1<<rest - 1
	}
	return dst
}

// appendFixedBytes appends values of 2, 4, 8 or 16 bytes, zeros for NULLs.
func appendFixedBytes(dst []byte, c *batch.Column, n int) []byte {
	from, width := len(dst), c.Kind().Width()
	switch {
	case c.Kind() == schema.Interval:
		for _, v := range c.Intervals()[:n] {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Months))
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Days))
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Micros))
		}
	case width == 2:
		for _, v := range c.Int16s()[:n] {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(v))
		}
	case width == 4:
		for _, v := range batch.Values[int32](c)[:n] {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		}
	case width == 8:
		for _, v := range batch.Values[int64](c)[:n] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
		}
	default:
		for i := range c.UUIDs()[:n] {
			dst = append(dst, c.UUIDs()[i][:]...)
		}
	}
	if c.HasNulls() {
		for i := range n {
			if c.IsNull(i) {
				clear(dst[from+i*width : from+(i+1)*width])
			}
		}
	}
	return dst
}

// appendTexts appends the lengths, and then all bytes.
func appendTexts(dst []byte, c *batch.Column, n int) []byte {
	for i := range n {
		length := uint64(0)
		if !c.IsNull(i) {
			length = uint64(c.Views()[i].Len)
		}
		dst = binary.AppendUvarint(dst, length)
	}
	for i := range n {
		if !c.IsNull(i) {
			dst = append(dst, c.Bytes(i)...)
		}
	}
	return dst
}

func appendDecimals(dst []byte, c *batch.Column, n int) []byte {
	if len(c.Scales()) == 0 {
		dst = binary.LittleEndian.AppendUint16(append(dst, oneScale), uint16(c.Scale()))
	} else {
		dst = append(dst, manyScales)
		for i, scale := range c.Scales()[:n] {
			if c.IsNull(i) {
				scale = 0
			}
			dst = binary.LittleEndian.AppendUint16(dst, uint16(scale))
		}
	}
	for i, v := range c.Coefs()[:n] {
		if c.IsNull(i) {
			v = numeric.Int128{}
		}
		dst = binary.LittleEndian.AppendUint64(dst, v.Lo)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Hi))
	}
	return dst
}

// appendElements appends the lengths of arrays, and then all elements as a column.
func appendElements(dst []byte, typ schema.Type, c *batch.Column, n int) []byte {
	offsets := c.Offsets()
	for i := range n {
		dst = binary.AppendUvarint(dst, uint64(offsets[i+1]-offsets[i]))
	}
	return appendBlockColumn(dst, *typ.Elem, c.Child(0), int(offsets[n]))
}

// block reads rows that appendBlock wrote into cols, and returns how many there are.
func (r *reader) block(cols []*batch.Column) int {
	n := r.uvarint()
	if n > batch.MaxRows {
		r.fail("a block of %d rows", n)
	}
	for _, c := range cols {
		if r.err != nil {
			return 0
		}
		c.Reset(int(n))
		r.blockColumn(c, int(n))
	}
	return int(n)
}

// blockColumn reads n values into c, which has as many rows.
func (r *reader) blockColumn(c *batch.Column, n int) {
	switch form := r.byte(); {
	case r.err != nil:
		return
	case form == blockNulls:
		setAllNull(c, n)
		return
	case form == blockMixed:
		r.bits(c.MutableValid(), n)
	case form != blockFull:
		r.at--
		r.fail("%d is no form of a column", form)
		return
	}
	switch kind := c.Kind(); {
	case kind == schema.Null:
		r.fail("values of no type")
	case kind == schema.Bool:
		r.bits(c.Bits(), n)
	case kind.IsVariable():
		r.texts(c, n)
	case kind == schema.Numeric:
		r.decimals(c, n)
	case kind == schema.Array:
		r.blockElements(c, n)
	case kind == schema.Row:
		for i := range c.Type().Fields {
			r.blockColumn(c.Child(i), n)
		}
	default:
		r.fixed(c, n)
	}
}

// setAllNull makes all n rows of c NULL, and those of its members.
func setAllNull(c *batch.Column, n int) {
	switch {
	case c.Kind() == schema.Null:
	case c.Kind().IsNested():
		for i := range n {
			c.PutNull(i)
		}
	default:
		c.SetAllNull()
	}
}

func (r *reader) bits(to batch.Bitmap, n int) {
	data := r.take(uint64(n+7) / 8)
	if r.err != nil {
		return
	}
	clear(to[:batch.Words(n)])
	for i, b := range data {
		to[i>>3] |= uint64(b) << (8 * (i & 7))
	}
}

func (r *reader) fixed(c *batch.Column, n int) {
	width := c.Kind().Width()
	data := r.take(uint64(n * width))
	if r.err != nil {
		return
	}
	switch {
	case c.Kind() == schema.Interval:
		for i := range c.Intervals() {
			c.Intervals()[i] = temporal.Interval{
				Months: int32(binary.LittleEndian.Uint32(data[16*i:])), Days: int32(binary.LittleEndian.Uint32(data[16*i+4:])),
				Micros: int64(binary.LittleEndian.Uint64(data[16*i+8:])),
			}
		}
	case width == 2:
		for i := range c.Int16s() {
			c.Int16s()[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
	case width == 4:
		values := batch.Values[int32](c)
		for i := range values {
			values[i] = int32(binary.LittleEndian.Uint32(data[4*i:]))
		}
	case width == 8:
		values := batch.Values[int64](c)
		for i := range values {
			values[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
	default:
		for i := range c.UUIDs() {
			copy(c.UUIDs()[i][:], data[16*i:])
		}
	}
}

// lengths reads n lengths and returns their sum.
func (r *reader) lengths(n int) (lengths []uint32, total uint64) {
	lengths = make([]uint32, n)
	for i := range lengths {
		length := r.uvarint()
		if length > math.MaxInt32 {
			r.fail("a value of length %d", length)
		}
		if r.err != nil {
			return nil, 0
		}
		lengths[i] = uint32(length)
		total += length
	}
	return lengths, total
}

func (r *reader) texts(c *batch.Column, n int) {
	lengths, total := r.lengths(n)
	data := r.take(total)
	if r.err != nil {
		return
	}
	if total > 0 {
		c.OwnBuffer(int(total))
	}
	for i, length := range lengths {
		c.SetBytes(i, data[:length])
		data = data[length:]
	}
}

func (r *reader) decimals(c *batch.Column, n int) {
	switch form := r.byte(); {
	case r.err != nil:
		return
	case form == oneScale:
		if scale := int16(r.uint16()); scale < 0 || scale > numeric.MaxDigits {
			r.fail("NUMERICs of scale %d", scale)
		} else {
			c.SetScale(scale)
		}
	case form == manyScales:
		scales := c.MutableScales()
		for i := range scales {
			if scales[i] = int16(r.uint16()); scales[i] < numeric.ScaleNegInf || scales[i] > numeric.MaxDigits {
				r.fail("a NUMERIC of scale %d", scales[i])
			}
		}
	default:
		r.at--
		r.fail("%d is no form of scales", form)
	}
	data := r.take(uint64(n) * 16)
	for i := 0; i < n && r.err == nil; i++ {
		v := numeric.Int128{Lo: binary.LittleEndian.Uint64(data[16*i:]), Hi: int64(binary.LittleEndian.Uint64(data[16*i+8:]))}
		if !v.InRange() {
			r.fail("a NUMERIC beyond 38 digits")
		}
		c.Coefs()[i] = v
	}
}

func (r *reader) blockElements(c *batch.Column, n int) {
	lengths, total := r.lengths(n)
	if r.err == nil && total > math.MaxInt32 {
		r.fail("%d elements", total)
	}
	if r.err != nil {
		return
	}
	offsets := c.Offsets()
	for i, length := range lengths {
		offsets[i+1] = offsets[i] + int32(length)
	}
	if left := uint64(len(r.data) - r.at); total > 8*left && total > mostNulls { // a value takes a bit at least, unless all are NULL
		r.fail("%d elements in %d bytes", total, left)
		return
	}
	c.Child(0).Resize(int(total))
	r.blockColumn(c.Child(0), int(total))
}
