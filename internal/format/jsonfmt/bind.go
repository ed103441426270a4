package jsonfmt

import (
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// reset empties the columns for the next batch.
func (d *decoder) reset() {
	for i, m := range d.root.byField {
		if m != nil {
			d.cols[i].Reset(max(batchRows, len(d.kinds)))
			d.adopt(m, d.cols[i])
		}
	}
	d.times.Reset(max(batchRows, len(d.kinds)))
	o := &d.origin
	o.Starts, o.Ends, o.Lines = o.Starts[:0], o.Ends[:0], o.Lines[:0]
}

// adopt binds m and its descendants to freshly reset columns, in which the block's text becomes buffer 0.
func (d *decoder) adopt(m *member, c *batch.Column) {
	m.col = c
	m.base = values(c)
	m.nullFrom, m.nullTo = 0, 0
	switch m.typ.Kind {
	case schema.Text, schema.Bytes, schema.JSONB:
		c.AddBuffer(d.text)
	case schema.Row:
		for i, child := range m.object.byField {
			if child != nil {
				d.adopt(child, c.Child(i))
			}
		}
	case schema.Array:
		m.room = 0
		d.adopt(m.elem, c.Child(0))
	default:
	}
}

// rebind looks up where the values are after the columns grew.
func (m *member) rebind() {
	m.base = values(m.col)
	switch m.typ.Kind {
	case schema.Row:
		for _, child := range m.object.members {
			child.rebind()
		}
	default:
	}
}

// values returns the address of the value memory, nil for a ROW or an empty column.
func values(c *batch.Column) unsafe.Pointer {
	if c.Len() == 0 && c.Kind() != schema.Array {
		return nil
	}
	switch c.Kind() {
	case schema.Bool:
		return unsafe.Pointer(unsafe.SliceData(c.Bits()))
	case schema.Int16:
		return unsafe.Pointer(unsafe.SliceData(c.Int16s()))
	case schema.Int32, schema.Date:
		return unsafe.Pointer(unsafe.SliceData(c.Int32s()))
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return unsafe.Pointer(unsafe.SliceData(c.Int64s()))
	case schema.Float32:
		return unsafe.Pointer(unsafe.SliceData(c.Float32s()))
	case schema.Float64:
		return unsafe.Pointer(unsafe.SliceData(c.Float64s()))
	case schema.Text, schema.Bytes, schema.JSONB:
		return unsafe.Pointer(unsafe.SliceData(c.Views()))
	default:
		return nil
	}
}

// finish cuts the columns to the rows read and fills in the batch.
func (d *decoder) finish(rows int) {
	for i, m := range d.root.byField {
		if m != nil {
			m.settleNulls(rows)
			d.cols[i].Resize(rows)
			m.trim(rows)
		}
	}
	d.out.Len, d.out.Sel = rows, nil
	d.times.Finish(&d.out, rows, &d.res)
	if d.kinds != nil {
		d.out.Kinds = d.kinds[:rows]
		batch.PairKinds(d.out.Kinds)
	}
	d.out.Origin = nil
	if d.spec.Origin {
		d.origin.Block, d.origin.Name, d.origin.Offset = d.block.Buf, d.block.Name, d.block.Offset
		d.out.Origin = &d.origin
	}
}

// trim cuts the elements of arrays, whose columns grow in large steps, to those in use by the first rows.
func (m *member) trim(rows int) {
	switch m.typ.Kind {
	case schema.Row:
		for _, child := range m.object.members {
			child.trim(rows)
		}
	case schema.Array:
		used := int(m.col.Offsets()[rows])
		m.elem.col.Resize(used)
		m.elem.trim(used)
	default:
	}
}

// revive makes row of m, and of all below it, present again after a NULL.
func (d *decoder) revive(m *member, row int) {
	if m.isOp {
		return
	}
	if m.col.HasNulls() {
		m.col.MutableValid().Set(row)
	}
	if m.isTime {
		*slotOf[int64](m.base, row) = codec.NoTime
	}
	if m.object != nil {
		for _, child := range m.object.members {
			d.revive(child, row)
		}
	}
}

// setNull makes row of m, and of all below it, NULL.
func (d *decoder) setNull(m *member, row int) {
	if m.quiet {
		return
	}
	if m.late {
		if m.nullFrom > row || row > m.nullTo || m.nullTo == 0 {
			m.endNulls(row)
			m.nullFrom = row
		}
		m.nullTo = row + 1
		return
	}
	d.nulls = true
	m.setNulls(row, row+1)
}

// endNulls sets the NULLs of the run before row, if there is one.
func (m *member) endNulls(row int) {
	if to := min(m.nullTo, row); m.nullFrom < to {
		for _, child := range m.object.members {
			child.settleNulls(m.nullFrom) // offsets of arrays build on those before
		}
		m.setNulls(m.nullFrom, to)
	}
	m.nullFrom, m.nullTo = 0, 0
}

// settleNulls ends the runs of m and of all below it before row.
func (m *member) settleNulls(row int) {
	if !m.late {
		return
	}
	m.endNulls(row)
	for _, child := range m.object.members {
		child.settleNulls(row)
	}
}

// setNulls makes the rows from from to before to of m, and of all below it, NULL.
func (m *member) setNulls(from, to int) {
	valid := m.col.MutableValid()
	if to-from == 1 {
		valid.Clear(from)
	} else {
		clearBits(valid, from, to)
	}
	switch m.typ.Kind {
	case schema.Row:
		for _, child := range m.object.members {
			child.setNulls(from, to)
		}
	case schema.Array:
		offsets := m.col.Offsets()
		for row := from; row < to; row++ {
			offsets[row+1] = offsets[row]
		}
	default:
	}
}

// clearBits clears the bits from from to before to.
func clearBits(b batch.Bitmap, from, to int) {
	for from < to {
		n := min(64-from&63, to-from)
		b[from>>6] &^= (^uint64(0) >> (64 - uint(n))) << (uint(from) & 63) //nolint:gosec // 1..64
		from += n
	}
}
