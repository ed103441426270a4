package keyed

import (
	"encoding/binary"
	"fmt"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Widener rewrites stored entries for a part whose columns have wider types. Hashes stay: those of a value are the same in all types that it has a place in. One goroutine uses it.
type Widener struct {
	from       *EntryReader
	to         Shape
	key, value []byte
}

// Widens reports whether values of the type from can be rewritten as ones of to, or are stored alike.
func Widens(from, to schema.Type) bool {
	switch {
	case from.Equal(to):
		return true
	case from.Kind == schema.Numeric && to.Kind == schema.Numeric:
		return to.Precision > 0 && from.Precision > 0 && to.Precision >= from.Precision && to.Scale == from.Scale
	case from.Kind == schema.Text && to.Kind == schema.Text:
		return to.Length == 0 || from.Length > 0 && to.Length >= from.Length
	}
	return from.Kind == schema.Int16 && (to.Kind == schema.Int32 || to.Kind == schema.Int64) || from.Kind == schema.Int32 && to.Kind == schema.Int64 ||
		from.Kind == schema.Float32 && to.Kind == schema.Float64
}

// NewWidener returns what rewrites entries of the shape from as ones of to. The error says why that cannot be.
func NewWidener(pool *batch.Pool, from, to Shape) (*Widener, error) {
	if from.Rows != to.Rows || from.Slice != to.Slice || from.Slice == SliceWindow || len(from.Columns) != len(to.Columns) {
		return nil, fmt.Errorf("%d columns stored otherwise than the %d of now", len(from.Columns), len(to.Columns))
	}
	for i, t := range from.Columns {
		if !Widens(t, to.Columns[i]) {
			return nil, fmt.Errorf("column %d is stored as %s, and is %s now", i+1, t, to.Columns[i])
		}
	}
	return &Widener{from: NewEntryReader(pool, from), to: to}, nil
}

// Entry returns an entry rewritten, valid until the next call. The error is a *CorruptError.
func (w *Widener) Entry(key, value []byte) (newKey, newValue []byte, err error) {
	w.from.Reset(1)
	rest, err := w.from.Read(0, key, value)
	if err != nil {
		return nil, nil, err
	}
	if w.to.Rows {
		w.value = append(w.columns(append(w.value[:0], rest.Mark)), rest.Value...)
		return key, w.value, nil
	}
	w.key = append(w.columns(w.key[:0]), rest.Key...)
	return w.key, value, nil
}

// columns appends the columns that were read.
func (w *Widener) columns(dst []byte) []byte {
	for i, c := range w.from.Columns() {
		dst = appendWider(dst, c, w.to.Columns[i].Kind)
	}
	return dst
}

// appendWider appends the first row of c as a value of kind.
func appendWider(dst []byte, c *batch.Column, kind schema.Kind) []byte {
	if c.Kind() == kind || c.IsNull(0) {
		return appendExact(dst, c, 0)
	}
	dst = append(dst, presentValue)
	var v int64
	switch c.Kind() {
	case schema.Float32:
		return binary.LittleEndian.AppendUint64(dst, floatBits(c.Float32s()[0]))
	case schema.Int16:
		v = int64(c.Int16s()[0])
	default:
		v = int64(c.Int32s()[0])
	}
	if kind == schema.Int32 {
		return binary.LittleEndian.AppendUint32(dst, uint32(v)) //nolint:gosec // of 16 bits
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(v)) //nolint:gosec // its bits
}

// floatBits are those of f as a double; a NaN is the quiet one.
func floatBits(f float32) uint64 {
	if f != f {
		return floatWord(math.NaN())
	}
	return math.Float64bits(float64(f))
}
