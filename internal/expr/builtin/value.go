package builtin

import (
	"bytes"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// Decimal returns argument k at row: NUMERIC.
func (c *Call) Decimal(k, row int) numeric.Decimal { return c.Args[k].Col.Decimal(c.Args[k].At(row)) }

// AppendValue appends row of col, which is not NULL, as PostgreSQL's output functions print it, arrays and rows included.
func AppendValue(dst []byte, col *batch.Column, row int) []byte {
	switch col.Kind() {
	case schema.Array:
		offs, child := col.Offsets(), col.Child(0)
		dst = append(dst, '{')
		for i := int(offs[row]); i < int(offs[row+1]); i++ {
			if i > int(offs[row]) {
				dst = append(dst, ',')
			}
			dst = appendArrayElement(dst, child, i)
		}
		return append(dst, '}')
	case schema.Row:
		dst = append(dst, '(')
		for i := range col.Type().Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendRowMember(dst, col.Child(i), row)
		}
		return append(dst, ')')
	default:
		return codec.AppendText(dst, col, row)
	}
}

func appendArrayElement(dst []byte, col *batch.Column, row int) []byte {
	if col.IsNull(row) {
		return append(dst, "NULL"...)
	}
	start := len(dst)
	dst = AppendValue(dst, col, row)
	text := dst[start:]
	if col.Kind() == schema.Array || !arrayNeedsQuotes(text) {
		return dst
	}
	return appendBackslashed(dst[:start], bytes.Clone(text), '\\')
}

func arrayNeedsQuotes(text []byte) bool {
	return len(text) == 0 || bytes.EqualFold(text, []byte("null")) || bytes.ContainsAny(text, "{},\"\\ \t\n\r\v\f")
}

func appendRowMember(dst []byte, col *batch.Column, row int) []byte {
	if col.IsNull(row) {
		return dst
	}
	start := len(dst)
	dst = AppendValue(dst, col, row)
	text := dst[start:]
	if len(text) > 0 && !bytes.ContainsAny(text, "(),\"\\ \t\n\r\v\f") {
		return dst
	}
	return appendBackslashed(dst[:start], bytes.Clone(text), '"')
}

// appendBackslashed appends text in double quotes; a backslash is doubled, a quote has quote before it.
func appendBackslashed(dst, text []byte, quote byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		switch c {
		case '"':
			dst = append(dst, quote)
		case '\\':
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendElement makes child one row longer: row j of src.
func appendElement(child, src *batch.Column, j int) {
	n := child.Len()
	child.Resize(n + 1)
	child.CopyRow(n, src, j)
}

// equalValues compares row i of a and row j of b, which have one type: as =, but that NULLs are equal to each other.
func equalValues(a *batch.Column, i int, b *batch.Column, j int) bool {
	if a.IsNull(i) || b.IsNull(j) {
		return a.IsNull(i) && b.IsNull(j)
	}
	switch a.Kind() {
	case schema.Bool:
		return a.Bits().Get(i) == b.Bits().Get(j)
	case schema.Int16:
		return a.Int16s()[i] == b.Int16s()[j]
	case schema.Int32, schema.Date:
		return a.Int32s()[i] == b.Int32s()[j]
	case schema.Float32:
		return equalFloats(float64(a.Float32s()[i]), float64(b.Float32s()[j]))
	case schema.Float64:
		return equalFloats(a.Float64s()[i], b.Float64s()[j])
	case schema.Numeric:
		return numeric.Equal(a.Decimal(i), b.Decimal(j))
	case schema.Text, schema.Bytes:
		return bytes.Equal(a.Bytes(i), b.Bytes(j))
	case schema.JSONB:
		return equalJSON(a.Bytes(i), b.Bytes(j))
	case schema.Interval:
		return a.Intervals()[i].Compare(b.Intervals()[j]) == 0
	case schema.UUID:
		return a.UUIDs()[i] == b.UUIDs()[j]
	case schema.Array:
		return equalArrays(a, i, b, j)
	case schema.Row:
		for k := range a.Type().Fields {
			if !equalValues(a.Child(k), i, b.Child(k), j) {
				return false
			}
		}
		return true
	default:
		return a.Int64s()[i] == b.Int64s()[j]
	}
}

// equalFloats takes NaN as equal to itself.
func equalFloats(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func equalArrays(a *batch.Column, i int, b *batch.Column, j int) bool {
	from, to := int(a.Offsets()[i]), int(a.Offsets()[i+1])
	other := int(b.Offsets()[j])
	if to-from != int(b.Offsets()[j+1])-other {
		return false
	}
	for k := from; k < to; k++ {
		if !equalValues(a.Child(0), k, b.Child(0), other+k-from) {
			return false
		}
	}
	return true
}
