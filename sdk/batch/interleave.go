package batch

import "wire.example/wire/sdk/schema"

// MaxInterleaved is how many columns Interleave takes.
const MaxInterleaved = 4

// Interleave makes row i of c what row rows[i] of the column from[i] of src is. Those of src, at most MaxInterleaved, that are named have c's type. c is reset first. Long text is
// not copied, but for that in arrays and rows: c borrows the buffers of src until its next Reset.
func (c *Column) Interleave(src []*Column, from []uint8, rows []uint16) {
	c.Reset(len(rows))
	if c.typ.Kind.IsNested() {
		for i, row := range rows {
			c.CopyRow(i, src[from[i]], int(row))
		}
		return
	}
	for _, s := range src {
		if s != nil && s.valid != nil {
			c.interleaveValid(src, from, rows)
			break
		}
	}
	switch kind := c.typ.Kind; {
	case kind == schema.Null:
	case kind == schema.Bool:
		to := c.Bits()
		for i, row := range rows {
			to.Put(i, src[from[i]].Bits().Get(int(row)))
		}
	case kind.IsVariable():
		c.interleaveText(src, from, rows)
	case kind == schema.Numeric:
		c.interleaveScales(src, from, rows)
		interleave[UUID](c, src, from, rows)
	default:
		switch kind.Width() {
		case 2:
			interleave[int16](c, src, from, rows)
		case 4:
			interleave[int32](c, src, from, rows)
		case 8:
			interleave[int64](c, src, from, rows)
		case 16:
			interleave[UUID](c, src, from, rows)
		}
	}
}

func (c *Column) interleaveValid(src []*Column, from []uint8, rows []uint16) {
	valid := c.MutableValid()
	for i, row := range rows {
		valid.Put(i, !src[from[i]].IsNull(int(row)))
	}
}

// interleave copies value memory, whatever the values mean.
func interleave[T Fixed](c *Column, src []*Column, from []uint8, rows []uint16) {
	var values [MaxInterleaved][]T
	for k, s := range src {
		if s != nil {
			values[k] = Values[T](s)
		}
	}
	to := Values[T](c)
	for i, row := range rows {
		to[i] = values[from[i]][row]
	}
}

func (c *Column) interleaveText(src []*Column, from []uint8, rows []uint16) {
	var views [MaxInterleaved][]View
	var base [MaxInterleaved]uint32
	for k, s := range src {
		if s != nil {
			views[k], base[k] = s.Views(), c.AddBuffers(s)
		}
	}
	to := c.Views()
	for i, row := range rows {
		v := views[from[i]][row]
		if v.Len > InlineLen {
			v.Buf += base[from[i]]
		}
		to[i] = v
	}
}

func (c *Column) interleaveScales(src []*Column, from []uint8, rows []uint16) {
	one := true
	for _, s := range src {
		one = one && (s == nil || len(s.scales) == 0 && s.scale == c.scale)
	}
	if one {
		return
	}
	scales := c.MutableScales()
	for i, row := range rows {
		scales[i] = src[from[i]].ScaleAt(int(row))
	}
}
