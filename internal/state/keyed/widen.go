package keyed

import (
	"fmt"

	"wire.example/wire/sdk/schema"
)

// Widener rewrites stored entries for a part whose columns have wider types. Hashes stay: those of a value are the same in all types that it has a place in. One goroutine uses it.
type Widener struct {
	from, to Shape
	out      []byte
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
func NewWidener(from, to Shape) (*Widener, error) {
	if from.Rows != to.Rows || from.Slice != to.Slice || from.Slice == SliceWindow || len(from.Columns) != len(to.Columns) {
		return nil, fmt.Errorf("%d columns stored otherwise than the %d of now", len(from.Columns), len(to.Columns))
	}
	for i, t := range from.Columns {
		if !Widens(t, to.Columns[i]) {
			return nil, fmt.Errorf("column %d is stored as %s, and is %s now", i+1, t, to.Columns[i])
		}
	}
	return &Widener{from: from, to: to}, nil
}

// Entry returns an entry of a slice rewritten, valid until the next call. The error is a *CorruptError.
func (w *Widener) Entry(slice int64, key, value []byte) (newKey, newValue []byte, err error) {
	in := &reader{what: "a stored entry", data: key}
	w.out = w.out[:0]
	if w.to.Slice == SliceRun {
		if slice == indexSlice {
			return key, value, nil
		}
		in.data = value
		w.out = in.widenBlock(w.out, w.from.Columns, w.to.Columns)
		return key, w.out, in.end()
	}
	if w.to.Rows { // a mark stands before the columns
		in.data = value
		w.out = append(w.out, in.byte())
	}
	for i := range w.to.Columns {
		w.out = in.widen(w.out, &w.from.Columns[i], &w.to.Columns[i])
	}
	if in.err != nil {
		return nil, nil, in.err
	}
	w.out = append(w.out, in.data[in.at:]...)
	if w.to.Rows {
		return key, w.out, nil
	}
	return w.out, value, nil
}
