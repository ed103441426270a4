package eval

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// copyRows stores src in the rows of sel (nil: all) of out, which has its type. Rows that are NULL in src become NULL; none becomes valid.
// Into an ARRAY column, or a ROW with one, rows can be copied once only: the others then hold nothing sensible.
func copyRows(out *batch.Column, src builtin.Arg, sel []uint16) {
	nullRows(out, src, sel)
	switch out.Kind() {
	case schema.Bool:
		copyBits(out, src, sel)
	case schema.Int16:
		copyFixed[int16](out, src, sel)
	case schema.Int32, schema.Date:
		copyFixed[int32](out, src, sel)
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		copyFixed[int64](out, src, sel)
	case schema.Float32:
		copyFixed[float32](out, src, sel)
	case schema.Float64:
		copyFixed[float64](out, src, sel)
	case schema.Interval:
		copyFixed[temporal.Interval](out, src, sel)
	case schema.UUID:
		copyFixed[batch.UUID](out, src, sel)
	case schema.Numeric:
		copyScales(out, src, sel)
		copyFixed[numeric.Int128](out, src, sel)
	case schema.Text, schema.Bytes, schema.JSONB:
		copyViews(out, src, sel)
	case schema.Row:
		for i := range out.Type().Fields {
			if src.Col.Child(i) != nil && out.Child(i) != nil {
				copyRows(out.Child(i), builtin.Arg{Col: src.Col.Child(i), Const: src.Const}, sel)
			}
		}
	case schema.Array:
		copyArrays(out, src, sel)
	default:
	}
}

// nullRows makes NULL what is NULL in src.
func nullRows(out *batch.Column, src builtin.Arg, sel []uint16) {
	switch {
	case !src.Col.HasNulls():
	case src.Const:
		if !src.Col.IsNull(0) {
			return
		}
		if sel == nil {
			out.SetAllNull()
			return
		}
		for _, row := range sel {
			out.SetNull(int(row))
		}
	case sel == nil:
		out.AndValid(src.Col)
	default:
		valid := src.Col.Valid()
		for _, row := range sel {
			if !valid.Get(int(row)) {
				out.SetNull(int(row))
			}
		}
	}
}

func copyFixed[T batch.Fixed](out *batch.Column, src builtin.Arg, sel []uint16) {
	dst, from := batch.Values[T](out), batch.Values[T](src.Col)
	switch {
	case src.Const && sel == nil:
		v := from[0]
		for i := range dst {
			dst[i] = v
		}
	case src.Const:
		v := from[0]
		for _, row := range sel {
			dst[row] = v
		}
	case sel == nil:
		copy(dst, from)
	default:
		for _, row := range sel {
			dst[row] = from[row]
		}
	}
}

func copyBits(out *batch.Column, src builtin.Arg, sel []uint16) {
	dst, from := out.Bits(), src.Col.Bits()
	switch {
	case src.Const && sel == nil:
		word := uint64(0)
		if from.Get(0) {
			word = ^word
		}
		for i := range dst {
			dst[i] = word
		}
	case sel == nil:
		copy(dst, from)
	default:
		for _, row := range sel {
			dst.Put(int(row), from.Get(src.At(int(row))))
		}
	}
}

// copyScales gives out the scales of src in the rows of sel; out keeps one shared scale where it can.
func copyScales(out *batch.Column, src builtin.Arg, sel []uint16) {
	shared := len(src.Col.Scales()) == 0 || src.Const
	scale := src.Col.ScaleAt(0)
	switch {
	case shared && len(out.Scales()) == 0 && scale == out.Scale():
	case shared && sel == nil && scale >= 0:
		out.SetScale(scale)
	case sel == nil:
		scales := out.MutableScales()
		for i := range scales {
			scales[i] = src.Col.ScaleAt(src.At(i))
		}
	default:
		scales := out.MutableScales()
		for _, row := range sel {
			scales[row] = src.Col.ScaleAt(src.At(int(row)))
		}
	}
}

func copyViews(out *batch.Column, src builtin.Arg, sel []uint16) {
	base := out.AddBuffers(src.Col)
	copyFixed[batch.View](out, src, sel)
	if base == 0 {
		return
	}
	views := out.Views()
	if sel == nil {
		for i := range views {
			if views[i].Len > batch.InlineLen {
				views[i].Buf += base
			}
		}
		return
	}
	for _, row := range sel {
		if views[row].Len > batch.InlineLen {
			views[row].Buf += base
		}
	}
}

func copyArrays(out *batch.Column, src builtin.Arg, sel []uint16) {
	if sel == nil {
		for row := range out.Len() {
			if !out.IsNull(row) {
				out.CopyRow(row, src.Col, src.At(row))
			}
		}
		return
	}
	for _, row := range sel {
		if !out.IsNull(int(row)) {
			out.CopyRow(int(row), src.Col, src.At(int(row)))
		}
	}
}
