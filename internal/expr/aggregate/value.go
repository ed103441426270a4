package aggregate

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// appendValue appends row of col, which may be NULL, so that readValue can read it: a byte that tells NULL, then the value. Equal values of most types
// have equal bytes; values that are equal but look different (1.0 and 1.00) have not.
func appendValue(dst []byte, col *batch.Column, row int) []byte {
	if col.IsNull(row) {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	switch col.Kind() {
	case schema.Bool:
		if col.Bits().Get(row) {
			return append(dst, 1)
		}
		return append(dst, 0)
	case schema.Numeric:
		d := col.Decimal(row)
		return appendWide(appendInt(dst, int64(d.Scale)), d.Coef)
	case schema.Text, schema.Bytes, schema.JSONB:
		return appendBytes(dst, col.Bytes(row))
	case schema.Interval:
		v := col.Intervals()[row]
		return appendInt(appendInt(appendInt(dst, int64(v.Months)), int64(v.Days)), v.Micros)
	case schema.UUID:
		u := col.UUIDs()[row]
		return append(dst, u[:]...)
	case schema.Array:
		from, to := int(col.Offsets()[row]), int(col.Offsets()[row+1])
		dst = appendInt(dst, int64(to-from))
		for i := from; i < to; i++ {
			dst = appendValue(dst, col.Child(0), i)
		}
		return dst
	case schema.Row:
		for i := range col.Type().Fields {
			dst = appendValue(dst, col.Child(i), row)
		}
		return dst
	default:
		return appendFixed(dst, col, row)
	}
}

func appendFixed(dst []byte, col *batch.Column, row int) []byte {
	switch col.Kind().Width() {
	case 2:
		return appendInt(dst, int64(col.Int16s()[row]))
	case 4:
		if col.Kind() == schema.Float32 {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(col.Float32s()[row]))
		}
		return appendInt(dst, int64(col.Int32s()[row]))
	default:
		if col.Kind() == schema.Float64 {
			return binary.LittleEndian.AppendUint64(dst, math.Float64bits(col.Float64s()[row]))
		}
		return appendInt(dst, col.Int64s()[row])
	}
}

// readValue stores as row of col what appendValue wrote at the beginning of src, and returns what follows. Rows of an array column are stored in
// ascending order.
func readValue(src []byte, col *batch.Column, row int) ([]byte, error) {
	if len(src) == 0 || src[0] > 1 {
		return nil, errDamaged()
	}
	null := src[0] == 0
	if src = src[1:]; null {
		setNull(col, row)
		return src, nil
	}
	switch col.Kind() {
	case schema.Bool:
		if len(src) == 0 {
			return nil, errDamaged()
		}
		col.Bits().Put(row, src[0] != 0)
		return src[1:], nil
	case schema.Numeric:
		return readDecimal(src, col, row)
	case schema.Text, schema.Bytes, schema.JSONB:
		b, rest, err := readBytes(src)
		if err == nil {
			col.SetBytes(row, b)
		}
		return rest, err
	case schema.Interval:
		return readInterval(src, &col.Intervals()[row])
	case schema.UUID:
		if len(src) < 16 {
			return nil, errDamaged()
		}
		return src[copy(col.UUIDs()[row][:], src):], nil
	case schema.Array:
		return readArray(src, col, row)
	case schema.Row:
		var err error
		for i := range col.Type().Fields {
			if src, err = readValue(src, col.Child(i), row); err != nil {
				return nil, err
			}
		}
		return src, nil
	default:
		return readFixed(src, col, row)
	}
}

// setNull makes row of col NULL, and in all members of a ROW; an array's offsets stay in order.
func setNull(col *batch.Column, row int) {
	col.SetNull(row)
	switch col.Kind() {
	case schema.Array:
		n := int32(col.Child(0).Len()) //nolint:gosec // offsets are 32 bits wide
		col.Offsets()[row], col.Offsets()[row+1] = n, n
	case schema.Row:
		for i := range col.Type().Fields {
			setNull(col.Child(i), row)
		}
	default:
	}
}

func readDecimal(src []byte, col *batch.Column, row int) ([]byte, error) {
	d, rest, err := readNumeric(src)
	if err == nil {
		col.SetDecimal(row, d)
	}
	return rest, err
}

func readNumeric(src []byte) (d numeric.Decimal, rest []byte, err error) {
	var scale int64
	if rest, err = readInt(src, &scale); err != nil {
		return d, nil, err
	}
	if scale < int64(numeric.ScaleNegInf) || scale > numeric.MaxDigits {
		return d, nil, errDamaged()
	}
	d.Scale = int16(scale)
	if d.Coef, rest, err = readWide(rest); err == nil && !d.Coef.InRange() {
		err = errDamaged()
	}
	return d, rest, err
}

func readInterval(src []byte, v *temporal.Interval) ([]byte, error) {
	var months, days int64
	src, err := readInt(src, &months)
	if err == nil {
		src, err = readInt(src, &days)
	}
	if err == nil {
		src, err = readInt(src, &v.Micros)
	}
	v.Months, v.Days = int32(months), int32(days) //nolint:gosec // written from 32 bits
	return src, err
}

func readArray(src []byte, col *batch.Column, row int) ([]byte, error) {
	n, src, err := readCount(src, int64(len(src)))
	if err != nil {
		return nil, err
	}
	elements := col.Child(0)
	from := elements.Len()
	elements.Resize(from + int(n))
	for i := range int(n) {
		if src, err = readValue(src, elements, from+i); err != nil {
			return nil, err
		}
	}
	col.Offsets()[row], col.Offsets()[row+1] = int32(from), int32(from+int(n)) //nolint:gosec // offsets are 32 bits wide
	return src, nil
}

func readFixed(src []byte, col *batch.Column, row int) ([]byte, error) {
	var word [1]uint64
	switch col.Kind() {
	case schema.Float64:
		rest, err := readUint64s(src, word[:])
		col.Float64s()[row] = math.Float64frombits(word[0])
		return rest, err
	case schema.Float32:
		if len(src) < 4 {
			return nil, errDamaged()
		}
		col.Float32s()[row] = math.Float32frombits(binary.LittleEndian.Uint32(src))
		return src[4:], nil
	default:
	}
	var v int64
	rest, err := readInt(src, &v)
	switch col.Kind().Width() {
	case 2:
		col.Int16s()[row] = int16(v) //nolint:gosec // written from 16 bits
	case 4:
		col.Int32s()[row] = int32(v) //nolint:gosec // written from 32 bits
	default:
		col.Int64s()[row] = v
	}
	return rest, err
}
