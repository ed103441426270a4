package builtin

import (
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
)

// Errors are the rows that failed during one evaluation, each with its first error.
type Errors struct {
	Rows []uint16
	Errs []*sqlstate.Error
}

// Add records that row failed.
func (e *Errors) Add(row int, err *sqlstate.Error) {
	e.Rows = append(e.Rows, uint16(row)) //nolint:gosec // a row number of a batch
	e.Errs = append(e.Errs, err)
}

// Len returns how many failures are recorded.
func (e *Errors) Len() int {
	if e == nil {
		return 0
	}
	return len(e.Rows)
}

// Reset forgets all failures.
func (e *Errors) Reset() { e.Rows, e.Errs = e.Rows[:0], e.Errs[:0] }

// Normalize puts the failures in the order of their rows and keeps the first of each row.
func (e *Errors) Normalize() {
	if len(e.Rows) < 2 {
		return
	}
	order := make([]int, len(e.Rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(e.Rows[a]) - int(e.Rows[b]) })
	rows, errs := make([]uint16, 0, len(order)), make([]*sqlstate.Error, 0, len(order))
	for _, i := range order {
		if n := len(rows); n > 0 && rows[n-1] == e.Rows[i] {
			continue
		}
		rows, errs = append(rows, e.Rows[i]), append(errs, e.Errs[i])
	}
	e.Rows, e.Errs = rows, errs
}

// Arg is an argument: a column aligned with the batch's rows, or a column of one row that holds for all of them.
type Arg struct {
	Col   *batch.Column
	Const bool
}

// At returns the row of Col that belongs to row of the batch.
func (a Arg) At(row int) int {
	if a.Const {
		return 0
	}
	return row
}

// IsNull reports whether the argument is NULL at row.
func (a Arg) IsNull(row int) bool { return a.Col.IsNull(a.At(row)) }

// Call is one evaluation of a function over a batch. Out has Rows rows, all valid; rows outside Sel may be left undefined.
type Call struct {
	Args []Arg
	Rows int
	// Sel are the rows to compute, ascending; nil means all.
	Sel []uint16
	Out *batch.Column
	// Errs takes the failures; see Fail.
	Errs *Errors
	// State is kept between calls at the same place of an expression, for compiled patterns and scratch memory. Nil at first.
	State any
	// Strict skips, in Each, rows in which an argument is NULL; the machine sets it from the Function.
	Strict bool
}

// Fail records that row failed and makes it NULL.
func (c *Call) Fail(row int, err *sqlstate.Error) {
	c.Out.SetNull(row)
	c.Errs.Add(row, err)
}

// Check is Fail with any error, and reports whether err was nil.
func (c *Call) Check(row int, err error) bool {
	if err == nil {
		return true
	}
	c.Fail(row, codec.AsSQLState(err))
	return false
}

// Each calls f for every selected row. Under Strict, rows with a NULL argument become NULL instead.
func (c *Call) Each(f func(row int)) {
	nullable := false
	if c.Strict {
		for i := range c.Args {
			nullable = nullable || c.Args[i].Col.HasNulls()
		}
	}
	if c.Sel == nil {
		for row := range c.Rows {
			if !nullable || !c.nullAt(row) {
				f(row)
			}
		}
		return
	}
	for _, row := range c.Sel {
		if !nullable || !c.nullAt(int(row)) {
			f(int(row))
		}
	}
}

func (c *Call) nullAt(row int) bool {
	for i := range c.Args {
		if c.Args[i].IsNull(row) {
			c.Out.SetNull(row)
			return true
		}
	}
	return false
}

// Bytes returns argument k at row: TEXT, BYTEA or JSONB.
func (c *Call) Bytes(k, row int) []byte { return c.Args[k].Col.Bytes(c.Args[k].At(row)) }

// Bool returns argument k at row.
func (c *Call) Bool(k, row int) bool { return c.Args[k].Col.Bits().Get(c.Args[k].At(row)) }

// Int32 returns argument k at row: INTEGER or DATE.
func (c *Call) Int32(k, row int) int32 { return c.Args[k].Col.Int32s()[c.Args[k].At(row)] }

// Int64 returns argument k at row: BIGINT, TIME or a timestamp.
func (c *Call) Int64(k, row int) int64 { return c.Args[k].Col.Int64s()[c.Args[k].At(row)] }

// Float returns argument k at row: DOUBLE PRECISION.
func (c *Call) Float(k, row int) float64 { return c.Args[k].Col.Float64s()[c.Args[k].At(row)] }
