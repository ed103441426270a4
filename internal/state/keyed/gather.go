package keyed

import (
	"slices"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Gather makes out the rows with these numbers, in their order; NoRow becomes a row of NULLs, and a number may repeat. A nil column of out is not
// wanted. Long text is not copied: out borrows it until Free.
func (r *Rows) Gather(ids []uint32, out []*batch.Column) {
	if r.guard != nil {
		r.guardRows(ids)
	}
	some := slices.Contains(ids, NoRow)
	for k, c := range out {
		if c == nil {
			continue
		}
		c.Reset(len(ids))
		g := gathering{values: r.where.values[k], ids: ids, some: some || r.where.nullable[k]}
		if c.Kind().IsNested() {
			r.gatherNested(k, c, ids)
			continue
		}
		if g.some {
			g.nulls(r.where.valid[k], c)
		}
		r.gatherColumn(k, c, g)
	}
}

// gathering are values to be gathered: where they lie, by chunk, and which.
type gathering struct {
	values []unsafe.Pointer
	ids    []uint32
	some   bool // some may not be there: of NoRow, or in a chunk without the column
}

func (r *Rows) gatherColumn(k int, out *batch.Column, g gathering) {
	switch kind := out.Kind(); {
	case kind == schema.Bool:
		g.bools(out.Bits())
	case kind.IsVariable():
		out.ShareBuffers(r.shared[k])
		g.views(out.Views())
	case kind == schema.Numeric:
		r.gatherScales(k, out, g.ids)
		gatherValues(g, out.Coefs())
	case kind.Width() == 2:
		gatherValues(g, out.Int16s())
	case kind.Width() == 4:
		gatherValues(g, batch.Values[int32](out))
	case kind.Width() == 8:
		gatherValues(g, batch.Values[int64](out))
	case kind.Width() == 16:
		gatherValues(g, out.UUIDs())
	}
}

// nulls sets the validity of out; valid are the bitmaps by chunk, nil where there is none.
func (g gathering) nulls(valid []unsafe.Pointer, out *batch.Column) {
	bits := out.MutableValid()
	for i, id := range g.ids {
		if !g.has(id) {
			bits.Clear(i)
			continue
		}
		if words := valid[id>>chunkShift]; words != nil {
			at := id & (chunkRows - 1)
			word := *(*uint64)(unsafe.Add(words, uintptr(at/64)*wordBytes))
			bits[i>>6] &^= (^word >> (at % 64) & 1) << (i & 63)
		}
	}
}

// has reports whether there is a value for id.
func (g gathering) has(id uint32) bool { return id != NoRow && g.values[id>>chunkShift] != nil }

func gatherValues[T batch.Fixed](g gathering, to []T) {
	var zero T
	to = to[:len(g.ids)]
	if g.some {
		for i, id := range g.ids {
			if to[i] = zero; g.has(id) {
				to[i] = *(*T)(unsafe.Add(g.values[id>>chunkShift], uintptr(id&(chunkRows-1))*unsafe.Sizeof(zero)))
			}
		}
		return
	}
	for i, id := range g.ids {
		to[i] = *(*T)(unsafe.Add(g.values[id>>chunkShift], uintptr(id&(chunkRows-1))*unsafe.Sizeof(zero)))
	}
}

func (g gathering) bools(to batch.Bitmap) {
	for i, id := range g.ids {
		bit := false
		if g.has(id) {
			at := id & (chunkRows - 1)
			bit = *(*uint64)(unsafe.Add(g.values[id>>chunkShift], uintptr(at/64)*wordBytes))>>(at%64)&1 != 0
		}
		to.Put(i, bit)
	}
}

// views reads text that is to borrow the buffers of all chunks: the number of a chunk is that of its buffer.
func (g gathering) views(to []batch.View) {
	gatherValues(g, to)
	for i, id := range g.ids {
		if to[i].Len > batch.InlineLen {
			to[i].Buf = id >> chunkShift
		}
	}
}

// column returns column k of the chunk of a row, nil for NoRow and for columns that were not kept.
func (r *Rows) column(k int, id uint32) *batch.Column {
	if id == NoRow {
		return nil
	}
	return r.chunks[id>>chunkShift].cols[k]
}

// gatherScales gives out the scales of the rows of a NUMERIC column: one for all as long as that is true.
func (r *Rows) gatherScales(k int, out *batch.Column, ids []uint32) {
	if out.Type().Precision > 0 && !r.where.scaled[k] {
		return
	}
	first := true
	for i, id := range ids {
		c := r.column(k, id)
		if c == nil {
			continue
		}
		scale := c.ScaleAt(int(id & (chunkRows - 1)))
		if first {
			out.SetScale(max(scale, 0))
			first = false
		}
		if len(out.Scales()) > 0 || scale != out.Scale() {
			out.MutableScales()[i] = scale
		}
	}
}

// gatherNested copies row by row.
func (r *Rows) gatherNested(k int, out *batch.Column, ids []uint32) {
	out.Resize(0)
	var one [1]uint16
	for _, id := range ids {
		c := r.column(k, id)
		if c == nil {
			appendRows[uint16](out, nil, one[:])
			continue
		}
		one[0] = uint16(id & (chunkRows - 1))
		appendRows(out, c, one[:])
	}
}
