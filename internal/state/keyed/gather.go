package keyed

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// Gather makes out the rows with these numbers, in their order; NoRow becomes a row of NULLs, and a number may repeat. A nil column of out is not
// wanted. Long text is not copied: out borrows it until Free.
func (r *Rows) Gather(ids []uint32, out []*batch.Column) {
	if r.guard != nil {
		r.guardRows(ids)
	}
	for k, c := range out {
		if c != nil {
			c.Reset(len(ids))
			r.gatherColumn(k, c, ids)
		}
	}
}

func (r *Rows) gatherColumn(k int, out *batch.Column, ids []uint32) {
	r.gatherNulls(k, out, ids)
	switch kind := out.Kind(); {
	case kind == schema.Null:
	case kind == schema.Bool:
		bits := out.Bits()
		for i, id := range ids {
			if c := r.column(k, id); c != nil {
				bits.Put(i, c.Bits().Get(int(id&(chunkRows-1))))
			}
		}
	case kind.IsNested():
		r.gatherNested(k, out, ids)
	case kind.IsVariable():
		r.gatherText(k, out, ids)
	case kind == schema.Numeric:
		r.gatherScales(k, out, ids)
		gatherValues[numeric.Int128](r, k, out, ids)
	case kind.Width() == 2:
		gatherValues[int16](r, k, out, ids)
	case kind.Width() == 4:
		gatherValues[int32](r, k, out, ids)
	case kind.Width() == 8:
		gatherValues[int64](r, k, out, ids)
	default:
		gatherValues[batch.UUID](r, k, out, ids)
	}
}

// column returns column k of the chunk of a row, nil for NoRow and for columns that were not kept.
func (r *Rows) column(k int, id uint32) *batch.Column {
	if id == NoRow {
		return nil
	}
	return r.chunks[id>>chunkShift].cols[k]
}

// gatherNulls sets the validity of out.
func (r *Rows) gatherNulls(k int, out *batch.Column, ids []uint32) {
	for i, id := range ids {
		if c := r.column(k, id); c == nil || c.IsNull(int(id&(chunkRows-1))) {
			out.SetNull(i)
		}
	}
}

func gatherValues[T batch.Fixed](r *Rows, k int, out *batch.Column, ids []uint32) {
	to := batch.Values[T](out)
	for i, id := range ids {
		if c := r.column(k, id); c != nil {
			to[i] = batch.Values[T](c)[id&(chunkRows-1)]
		}
	}
}

// gatherText makes out borrow the buffers of all chunks: the number of a chunk is that of its buffer.
func (r *Rows) gatherText(k int, out *batch.Column, ids []uint32) {
	out.ShareBuffers(r.shared[k])
	to := out.Views()
	for i, id := range ids {
		c := r.column(k, id)
		if c == nil {
			to[i] = batch.View{}
			continue
		}
		v := c.Views()[id&(chunkRows-1)]
		if v.Len > batch.InlineLen {
			v.Buf = id >> chunkShift
		}
		to[i] = v
	}
}

func (r *Rows) gatherScales(k int, out *batch.Column, ids []uint32) {
	first := true
	for i, id := range ids {
		c := r.column(k, id)
		if c == nil {
			continue
		}
		scale := c.ScaleAt(int(id & (chunkRows - 1)))
		switch {
		case first:
			out.SetScale(max(scale, 0))
			first = false
			fallthrough
		default:
			if len(out.Scales()) > 0 || scale != out.Scale() {
				out.MutableScales()[i] = scale
			}
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
