package keyed

import "wire.example/wire/sdk/schema"

// Shape says how the entries of a part are written, for somebody who looks at them without its operator.
type Shape struct {
	// Rows says that entries are rows: their keys are numbers, and their values have a mark and then the columns. Otherwise the columns are the key.
	Rows bool
	// Columns are the types of the columns.
	Columns []schema.Type
	// Slice is what the number of an entry's slice says.
	Slice SliceOf
}

// SliceOf is what the number of a slice says. It is stored.
type SliceOf string

// What numbers of slices say.
const (
	SliceNothing SliceOf = ""       // all are 0
	SliceNumber  SliceOf = "number" // which piece of time the entries are of
	SliceTime    SliceOf = "time"   // a time, in µs since 1970-01-01
	SliceWindow  SliceOf = "window" // the end of a window, in µs since 1970-01-01; its start ends the key, 8 bytes, big endian
	SliceRun     SliceOf = "run"    // -1: what is known of runs; others: a run, whose entries are blocks of rows of the columns
)

// Shaped is a part that knows the shape of its entries.
type Shaped interface {
	Kept
	// Shape says how entries are written. The columns are lent.
	Shape() Shape
}

// Shape is that of keys, whose owner knows what the values are.
func (t *Table) Shape() Shape { return Shape{Columns: t.types} }

// Shape is that of rows.
func (r *Rows) Shape() Shape { return Shape{Rows: true, Columns: r.types} }

// Shape is that of blocks of rows.
func (r *Runs) Shape() Shape { return Shape{Columns: r.config.Types, Slice: SliceRun} }

// Shape is that of keys with something behind them; the number of a slice is a time.
func (c *Cells) Shape() Shape {
	if c.config.Table == nil {
		return Shape{Slice: SliceTime}
	}
	return Shape{Columns: c.config.Table.types, Slice: SliceTime}
}
