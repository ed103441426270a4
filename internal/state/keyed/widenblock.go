package keyed

import (
	"encoding/binary"
	"math"
	"math/bits"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// blockLen reads how many rows a block has.
func (r *reader) blockLen() uint64 {
	n := r.uvarint()
	if n > batch.MaxRows {
		r.fail("a block of %d rows", n)
	}
	return n
}

// widenColumn reads a column of n values of a block and appends it with wider ones. A NULL is a zero in both.
func (r *reader) widenColumn(dst []byte, old, now *schema.Type, n uint64) []byte {
	form := r.byte()
	switch dst = append(dst, form); {
	case r.err != nil || form == blockNulls:
		return dst
	case form == blockMixed:
		dst = append(dst, r.take((n+7)/8)...)
	case form != blockFull:
		r.at--
		r.fail("%d is no form of a column", form)
	}
	from := r.at
	switch kind := old.Kind; {
	case r.err != nil:
		return dst
	case kind == schema.Bool:
		r.take((n + 7) / 8)
	case kind.IsVariable():
		r.take(r.sizes(n))
	case kind == schema.Numeric:
		if scales := n; r.byte() == oneScale {
			r.take(2)
		} else {
			r.take(2 * scales)
		}
		r.take(16 * n)
	case kind == schema.Array:
		total := r.sizes(n)
		dst = append(dst, r.data[from:r.at]...)
		return r.widenColumn(dst, old.Elem, now.Elem, total)
	case kind == schema.Row:
		for i := range old.Fields {
			dst = r.widenColumn(dst, &old.Fields[i].Type, &now.Fields[i].Type, n)
		}
		return dst
	case kind != now.Kind:
		return r.widenFixed(dst, kind, now.Kind, n)
	default:
		r.take(uint64(kind.Width()) * n) //nolint:gosec // a width
	}
	return append(dst, r.data[from:r.at]...)
}

// sizes reads n lengths and returns their sum.
func (r *reader) sizes(n uint64) (total uint64) {
	for ; n > 0 && r.err == nil; n-- {
		size := r.uvarint()
		if size > math.MaxInt32 {
			r.fail("a value of length %d", size)
		}
		total += size
	}
	if left := uint64(len(r.data) - r.at); total > 8*left && total > mostNulls {
		r.fail("%d elements in %d bytes", total, left)
	}
	return total
}

// widenFixed reads n values of one kind and appends them as ones of a wider kind.
func (r *reader) widenFixed(dst []byte, old, now schema.Kind, n uint64) []byte {
	width := old.Width()
	hi, size := bits.Mul64(n, uint64(width)) //nolint:gosec // a width
	if hi > 0 {
		r.fail("%d values", n)
	}
	for data := r.take(size); r.err == nil && len(data) > 0; data = data[width:] {
		switch old {
		case schema.Int16:
			dst = appendWhole(dst, int64(int16(binary.LittleEndian.Uint16(data))), now)
		case schema.Int32:
			dst = appendWhole(dst, int64(int32(binary.LittleEndian.Uint32(data))), now)
		default:
			dst = appendWideFloat(dst, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
	}
	return dst
}
