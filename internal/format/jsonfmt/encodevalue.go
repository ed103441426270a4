package jsonfmt

import (
	"encoding/hex"
	"strconv"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// append appends value row of c, which is nil for a column that nothing filled: NULL.
func (w *writer) append(dst []byte, c *batch.Column, row int) []byte {
	if c == nil || c.IsNull(row) {
		return append(dst, "null"...)
	}
	switch w.typ.Kind {
	case schema.Int64:
		return strconv.AppendInt(dst, c.Int64s()[row], 10)
	case schema.Int32:
		return strconv.AppendInt(dst, int64(c.Int32s()[row]), 10)
	case schema.Text:
		return appendQuoted(dst, c.Bytes(row))
	case schema.Timestamp:
		return append(temporal.AppendTimestampISO(append(dst, '"'), c.Int64s()[row]), '"')
	case schema.Row:
		return w.appendMembers(dst, c, row)
	case schema.Array:
		return w.appendElements(dst, c, row)
	default:
		return appendOther(dst, c, row)
	}
}

func (w *writer) appendMembers(dst []byte, c *batch.Column, row int) []byte {
	if len(w.parts) == 0 {
		return append(dst, "{}"...)
	}
	for i := range w.parts {
		part := &w.parts[i]
		dst = append(dst, part.key...)
		dst = part.append(dst, c.Child(i), row)
	}
	return append(dst, '}')
}

func (w *writer) appendElements(dst []byte, c *batch.Column, row int) []byte {
	offsets := c.Offsets()
	dst = append(dst, '[')
	for i := offsets[row]; i < offsets[row+1]; i++ {
		if i > offsets[row] {
			dst = append(dst, ',')
		}
		dst = w.parts[0].append(dst, c.Child(0), int(i))
	}
	return append(dst, ']')
}

// appendOther appends values of the rarer types.
func appendOther(dst []byte, c *batch.Column, row int) []byte {
	switch c.Kind() {
	case schema.Null:
		return append(dst, "null"...)
	case schema.Bool:
		if c.Bits().Get(row) {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case schema.JSONB, schema.Int16:
		return codec.AppendText(dst, c, row)
	case schema.Float32, schema.Float64, schema.Numeric:
		return appendNumber(dst, c, row)
	case schema.Bytes:
		return append(hex.AppendEncode(append(dst, `"\\x`...), c.Bytes(row)), '"')
	case schema.TimestampTZ:
		return append(temporal.AppendTimestampTZISO(append(dst, '"'), c.Int64s()[row], nil), '"')
	default:
		return append(codec.AppendText(append(dst, '"'), c, row), '"')
	}
}

// appendNumber appends a number; NaN and the infinities, which JSON has no numbers for, become strings.
func appendNumber(dst []byte, c *batch.Column, row int) []byte {
	n := len(dst)
	dst = codec.AppendText(append(dst, '"'), c, row)
	if first := dst[n+1:]; first[0] == 'N' || first[0] == 'I' || first[0] == '-' && first[1] == 'I' {
		return append(dst, '"')
	}
	copy(dst[n:], dst[n+1:])
	return dst[:len(dst)-1]
}
