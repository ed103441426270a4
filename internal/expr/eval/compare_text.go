package eval

import (
	"bytes"
	"encoding/binary"
	"math"
	"unsafe"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// viewWords are the 16 bytes of a view: length and prefix, then the rest of a short value or the place of a long one.
type viewWords [2]uint64

func words(v []batch.View) []viewWords {
	return unsafe.Slice((*viewWords)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// wanted returns the words of a bitmap of the rows whose bytes may be looked at: selected and not NULL.
func wanted(c *builtin.Call, into []uint64) []uint64 {
	into = into[:batch.Words(c.Rows)]
	if c.Sel == nil {
		for i := range into {
			into[i] = ^uint64(0)
		}
		if rest := uint(c.Rows) & 63; rest != 0 {
			into[len(into)-1] = 1<<rest - 1
		}
	} else {
		clear(into)
		for _, row := range c.Sel {
			into[row>>6] |= 1 << (row & 63)
		}
	}
	if valid := c.Out.Valid(); valid != nil {
		for i := range into {
			into[i] &= valid[i]
		}
	}
	return into
}

// equalText compares lengths and prefixes first. A short value lies in its view whole; the bytes of a long one are only looked at if the row
// is wanted, since the views of other rows are garbage.
func equalText(invert bool) kernel {
	var mask [maxWords]uint64
	return func(c *builtin.Call) {
		out := c.Out.Bits()
		a := c.Args[0].Col
		switch k := c.Args[1]; {
		case !dense(c):
			clear(out)
			live(c, func(row int) {
				out[row>>6] |= one(bytes.Equal(a.Bytes(row), k.Col.Bytes(k.At(row)))) << (uint(row) & 63)
			})
		case k.Const && k.Col.Views()[0].Len <= batch.InlineLen:
			equalShort(out, words(a.Views()), words(k.Col.Views())[0])
		case k.Const:
			equalLong(out, a, k.Col, wanted(c, mask[:]))
		default:
			equalColumns(out, a, k.Col, wanted(c, mask[:]))
		}
		flip(out, invert)
	}
}

func equalShort(out []uint64, a []viewWords, k viewWords) {
	for w := range out {
		var bits uint64
		part := a[w<<6 : min(w<<6+64, len(a))]
		for i := range part {
			bits |= one((part[i][0]^k[0])|(part[i][1]^k[1]) == 0) << (uint(i) & 63)
		}
		out[w] = bits
	}
}

func equalLong(out []uint64, a, k *batch.Column, mask []uint64) {
	views, head, text := words(a.Views()), words(k.Views())[0][0], k.Bytes(0)
	for w := range out {
		var bits uint64
		part := views[w<<6 : min(w<<6+64, len(views))]
		for i := range part {
			if part[i][0] == head && mask[w]>>(uint(i)&63)&1 != 0 {
				bits |= one(bytes.Equal(a.Bytes(w<<6+i), text)) << (uint(i) & 63)
			}
		}
		out[w] = bits
	}
}

func equalColumns(out []uint64, a, b *batch.Column, mask []uint64) {
	va, vb := words(a.Views()), words(b.Views())
	for w := range out {
		var bits uint64
		from, to := w<<6, min(w<<6+64, len(va))
		pa, pb := va[from:to], vb[from:to]
		for i := range pa {
			if pa[i][0] != pb[i][0] {
				continue
			}
			if pa[i][0]&math.MaxUint32 <= batch.InlineLen { // the length is the lower half
				bits |= one(pa[i][1] == pb[i][1]) << (uint(i) & 63)
			} else if mask[w]>>(uint(i)&63)&1 != 0 {
				bits |= one(bytes.Equal(a.Bytes(from+i), b.Bytes(from+i))) << (uint(i) & 63)
			}
		}
		out[w] = bits
	}
}

// orderText is < or > by bytes: the prefixes decide most pairs. Only where they do not is it looked at whether the row is wanted.
func orderText(r relation) kernel {
	var mask [maxWords]uint64
	return func(c *builtin.Call) {
		out := c.Out.Bits()
		a, k := c.Args[0].Col, c.Args[1]
		if !dense(c) {
			compareEach(c, r, func(row int) int { return bytes.Compare(a.Bytes(row), k.Col.Bytes(k.At(row))) })
			return
		}
		views, others, less := a.Views(), k.Col.Views(), r.base == bind.Less
		for w, wanted := range wanted(c, mask[:]) {
			var bits uint64
			part := views[w<<6 : min(w<<6+64, len(views))]
			for i := range part {
				at := k.At(w<<6 + i)
				x, y := binary.BigEndian.Uint32(part[i].Prefix[:]), binary.BigEndian.Uint32(others[at].Prefix[:])
				if !less {
					x, y = y, x
				}
				bits |= one(x < y) << (uint(i) & 63)
				if x == y && wanted>>(uint(i)&63)&1 != 0 {
					order := bytes.Compare(a.Bytes(w<<6+i), k.Col.Bytes(at))
					bits |= one(order != 0 && order < 0 == less) << (uint(i) & 63)
				}
			}
			out[w] = bits
		}
		flip(out, r.invert)
	}
}
