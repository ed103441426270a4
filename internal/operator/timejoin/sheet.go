package timejoin

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// sheet is columns of left rows beside columns of right rows: what comes out, or what a condition reads.
type sheet struct {
	b    batch.Batch
	cols []*batch.Column
	// own are the wanted columns of each input, in its order; nil is not wanted.
	own    [2][]*batch.Column
	places [2]int // where the columns of an input begin among cols
	origin []uint16
}

// newSheet returns a sheet of the columns that are wanted, by their place among the first n of those of both inputs.
func newSheet(c *Config, n int, wanted func(place int) bool) *sheet {
	s := &sheet{cols: make([]*batch.Column, n), places: [2]int{0, len(c.Left)}}
	for input := range s.own {
		types := c.types(input)
		s.own[input] = make([]*batch.Column, len(types))
		for i, typ := range types {
			if place := c.place(input, i); place < n && wanted(place) {
				s.own[input][i] = batch.NewColumn(c.Pool, typ)
			}
		}
	}
	return s
}

// begin makes the sheet one of n rows, of which those of sel count.
func (s *sheet) begin(n int, sel []uint16) {
	clear(s.cols)
	s.b = batch.Batch{Cols: s.cols, Len: n, Sel: sel}
}

// gather takes an input's columns from rows of a batch.
func (s *sheet) gather(input int, in *batch.Batch, rows []uint16) {
	for i, own := range s.own[input] {
		if own != nil && in.Cols[i] != nil {
			own.Gather(in.Cols[i], rows)
			s.cols[s.places[input]+i] = own
		}
	}
	if s.b.Origin = in.Origin; in.Origin != nil {
		s.origin = s.origin[:0]
		for _, row := range rows {
			s.origin = append(s.origin, uint16(in.OriginRow(int(row)))) //nolint:gosec // a row number of a batch
		}
		s.b.OriginRows = s.origin
	}
}

// share takes an input's columns from a batch as they are.
func (s *sheet) share(input int, in *batch.Batch) {
	for i, own := range s.own[input] {
		if own != nil {
			s.cols[s.places[input]+i] = in.Cols[i]
		}
	}
	s.b.Origin, s.b.OriginRows = in.Origin, in.OriginRows
}

// stored takes an input's columns from rows that are stored; keyed.NoRow is NULLs.
func (s *sheet) stored(input int, rows *keyed.Rows, ids []uint32) {
	rows.Gather(ids, s.own[input])
	s.put(input)
}

// nulls makes an input's columns NULL.
func (s *sheet) nulls(input int) {
	for _, own := range s.own[input] {
		if own != nil {
			own.Reset(s.b.Len)
			own.SetAllNull()
		}
	}
	s.put(input)
}

func (s *sheet) put(input int) {
	for i, own := range s.own[input] {
		if own != nil {
			s.cols[s.places[input]+i] = own
		}
	}
}

// newOutput returns the sheet of what comes out.
func newOutput(c *Config) *sheet { return newSheet(c, c.outputs(), c.needs) }

// condition evaluates the residual on a sheet.
type condition struct {
	*sheet
	cfg    *Config
	result []*batch.Column
	errs   builtin.Errors
	truth  []bool
}

// newCondition returns nil if there is none.
func newCondition(c *Config) *condition {
	if c.Residual == nil {
		return nil
	}
	read := make([]bool, len(c.Left)+len(c.Right))
	for _, place := range c.Reads {
		read[place] = true
	}
	return &condition{sheet: newSheet(c, len(read), func(place int) bool { return read[place] }), cfg: c}
}

// eval returns for each row of the sheet whether the condition is TRUE, and reports those for which it fails. Lent until the next call.
func (c *condition) eval(out *op.Output) []bool {
	c.errs.Reset()
	c.b.Origin, c.b.OriginRows = nil, nil
	c.result = c.cfg.Residual.Eval(&c.b, c.result[:0], &c.errs)
	values, bits := c.result[0], c.result[0].Bits()
	c.truth = c.truth[:0]
	for i := range c.b.Len {
		c.truth = append(c.truth, !values.IsNull(i) && bits.Get(i))
	}
	for i, row := range c.errs.Rows {
		c.truth[row] = false
		out.Rejects = append(out.Rejects, op.Reject{Row: op.NoRow, Err: c.errs.Errs[i]})
	}
	return c.truth
}
