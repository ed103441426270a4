package keyed

import (
	"encoding/binary"

	"wire.example/wire/sdk/batch"
)

// EntryReader reads stored entries of a shape without the operator that wrote them. One goroutine uses it.
type EntryReader struct {
	shape Shape
	cols  []*batch.Column
}

// Rest is what an entry has beyond its columns, lent from it.
type Rest struct {
	// Key follows the columns of a key, or the number of a row.
	Key []byte
	// Value is that of a key, or what follows the columns of a row.
	Value []byte
	// Number and Mark are a row's.
	Number uint64
	Mark   uint8
	// Start is that of the window, in µs since 1970-01-01, if the shape has SliceWindow.
	Start int64
}

// NewEntryReader returns a reader of entries of a shape. Columns are of pool.
func NewEntryReader(pool *batch.Pool, shape Shape) *EntryReader {
	e := &EntryReader{shape: shape}
	for _, t := range shape.Columns {
		e.cols = append(e.cols, batch.NewColumn(pool, t))
	}
	return e
}

// Columns are where Read puts values: one a column of the shape, valid until the next Reset.
func (e *EntryReader) Columns() []*batch.Column { return e.cols }

// Reset begins a batch of rows, at most batch.MaxRows.
func (e *EntryReader) Reset(rows int) {
	for _, c := range e.cols {
		c.Reset(rows)
	}
}

// Read makes an entry the given row; rows come in ascending order. The error is a *CorruptError; the row is NULL then.
func (e *EntryReader) Read(row int, key, value []byte) (Rest, error) {
	if e.shape.Rows {
		return e.readRow(row, key, value)
	}
	in := &reader{what: "a key", data: key}
	for _, c := range e.cols {
		in.value(c, row)
	}
	rest := Rest{Value: value}
	if in.err == nil {
		rest.Key = key[in.at:]
	}
	return e.label(rest, in)
}

func (e *EntryReader) readRow(row int, key, value []byte) (Rest, error) {
	in := &reader{what: "a row", data: value}
	rest := Rest{Mark: in.byte()}
	for _, c := range e.cols {
		in.value(c, row)
	}
	if in.err == nil && len(key) < wordBytes {
		in.fail("a row without a number")
	}
	if in.err == nil {
		rest.Number, rest.Key, rest.Value = binary.BigEndian.Uint64(key), key[wordBytes:], value[in.at:]
	}
	return e.label(rest, in)
}

// label takes the start of a window from what is left of a key.
func (e *EntryReader) label(rest Rest, in *reader) (Rest, error) {
	if e.shape.Slice == SliceWindow && in.err == nil {
		if len(rest.Key) != wordBytes {
			in.fail("%d bytes instead of the start of a window", len(rest.Key))
		} else {
			rest.Start, rest.Key = int64(binary.BigEndian.Uint64(rest.Key)), nil
		}
	}
	if in.err != nil {
		return Rest{}, in.err
	}
	return rest, nil
}
