package keyed

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/sdk/schema"
)

// Widener rewrites stored entries for a part whose columns have wider types. Hashes stay: those of a value are the same in all types that it has a place in. One goroutine uses it.
type Widener struct {
	from, to Shape
	pick     []int // of each column of to, which one of from it is, or NoTime; nil: there are as many
	places   []place
	scratch  []byte
	out      []byte
}

// place is where a column lies in an entry.
type place struct{ from, to int }

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

// NoTime stands for a column of times that there was none of: they are the least.
const NoTime = -1

// Waiting is a part of rows that wait. The last of their columns may be a time, which is not theirs.
type Waiting interface {
	Kept
	Waits()
}

// NewWidener returns what rewrites entries of the shape from as ones of to. pick says of each column of to which one of from it is, for rows of which columns are left out, or NoTime; nil: all are there, in their order. The error says
// why that cannot be.
func NewWidener(from, to Shape, pick []int) (*Widener, error) {
	columns := from.Columns
	if pick != nil && (from.Rows || from.Slice == SliceRun) {
		columns = nil
		for _, c := range pick {
			column := schema.Of(schema.Int64)
			if c != NoTime {
				column = from.Columns[c]
			}
			columns = append(columns, column)
		}
	}
	if from.Rows != to.Rows || from.Slice != to.Slice || from.Slice == SliceWindow || len(columns) != len(to.Columns) {
		return nil, fmt.Errorf("%d columns stored otherwise than the %d of now", len(from.Columns), len(to.Columns))
	}
	for i, t := range columns {
		if !Widens(t, to.Columns[i]) {
			return nil, fmt.Errorf("column %d is stored as %s, and is %s now", i+1, t, to.Columns[i])
		}
	}
	return &Widener{from: from, to: to, pick: pick}, nil
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
		w.block(in)
		return key, w.out, in.end()
	}
	if w.to.Rows { // a mark stands before the columns
		in.data = value
		w.out = append(w.out, in.byte())
	}
	w.columns(in, 0, (*reader).widen)
	if in.err != nil {
		return nil, nil, in.err
	}
	w.out = append(w.out, in.data[in.at:]...)
	if w.to.Rows {
		return key, w.out, nil
	}
	return w.out, value, nil
}

// block rewrites a block of rows.
func (w *Widener) block(in *reader) {
	n := in.blockLen()
	w.out = binary.AppendUvarint(w.out, n)
	w.columns(in, n, func(r *reader, dst []byte, old, now *schema.Type) []byte { return r.widenColumn(dst, old, now, n) })
}

// columns rewrites columns, each by widen, in the order of those of now: of a row, or of n rows of a block.
func (w *Widener) columns(in *reader, n uint64, widen func(r *reader, dst []byte, old, now *schema.Type) []byte) {
	if w.pick == nil {
		for i := range w.to.Columns {
			w.out = widen(in, w.out, &w.from.Columns[i], &w.to.Columns[i])
		}
		return
	}
	w.places = w.places[:0]
	for i := range w.from.Columns {
		from := in.at
		w.scratch = widen(in, w.scratch[:0], &w.from.Columns[i], &w.from.Columns[i])
		w.places = append(w.places, place{from, in.at})
	}
	if in.err != nil {
		return
	}
	for i, c := range w.pick {
		if c == NoTime {
			w.noTimes(n)
			continue
		}
		one := &reader{what: in.what, data: in.data[:w.places[c].to], at: w.places[c].from}
		w.out = widen(one, w.out, &w.from.Columns[c], &w.to.Columns[i])
		if one.err != nil {
			in.err = one.err
			return
		}
	}
}

// noTimes appends a column of the least times, as it is stored of a row, or of a block of n.
func (w *Widener) noTimes(n uint64) {
	const least = 1 << 63 // the bits of it
	if w.to.Slice != SliceRun {
		w.out = binary.LittleEndian.AppendUint64(append(w.out, presentValue), least)
		return
	}
	w.out = append(w.out, blockFull)
	for range n {
		w.out = binary.LittleEndian.AppendUint64(w.out, least)
	}
}
