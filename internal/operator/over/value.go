package over

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// picker gathers, for each row of a batch, the value of a column in another row.
type picker struct {
	o       *Operator
	column  int
	out     *batch.Column
	picked  [batch.MaxRows]uint32
	columns []*batch.Column // out alone, where the store has column
}

func newPicker(o *Operator, c *Call, column int) picker {
	p := picker{o: o, column: column, out: batch.NewColumn(o.pool, c.Result), columns: make([]*batch.Column, len(o.config.Types))}
	p.columns[column] = p.out
	return p
}

func (p *picker) begin() error { return nil }

func (p *picker) close() {}

// pick makes row i of the piece that in a position of the partition, NULL if position is negative.
func (p *picker) pick(i, position int) {
	id := keyed.NoRow
	if position >= 0 {
		id = p.o.part.ids[position]
	}
	p.picked[p.o.piece.at+i] = id
}

func (p *picker) finish(n int) *batch.Column {
	p.o.rows.Gather(p.picked[:n], p.columns)
	return p.out
}

// offset is lag and lead.
type offset struct {
	picker
	sign int
	args []int
	// instead are the rows of the batch that take the third argument.
	instead []uint16
	merged  *batch.Column
}

func newOffset(o *Operator, c *Call) *offset {
	f := &offset{picker: newPicker(o, c, c.Args[0]), sign: 1, args: c.Args, merged: batch.NewColumn(o.pool, c.Result)}
	if c.Function.Kind == window.Lag {
		f.sign = -1
	}
	return f
}

func (f *offset) fill() error {
	p := &f.o.piece
	if p.at == 0 {
		f.instead = f.instead[:0]
	}
	for i := range p.len() {
		by := 1
		if len(f.args) > 1 {
			c := f.o.columns[f.args[1]]
			if c.IsNull(p.at + i) {
				f.pick(i, -1)
				continue
			}
			by = int(c.Int32s()[p.at+i])
		}
		position := p.from + i + f.sign*by
		if position < 0 || position >= len(f.o.part.ids) {
			position = -1
			if len(f.args) > 2 {
				f.instead = append(f.instead, uint16(p.at+i)) //nolint:gosec // a row number of a batch
			}
		}
		f.pick(i, position)
	}
	return nil
}

// finish puts the third argument where there is no row.
func (f *offset) finish(n int) *batch.Column {
	values := f.picker.finish(n)
	if len(f.instead) == 0 {
		return values
	}
	f.merged.Reset(n)
	other, left := f.o.columns[f.args[2]], f.instead
	for i := range n {
		from := values
		if len(left) > 0 && int(left[0]) == i {
			from, left = other, left[1:]
		}
		copyRow(f.merged, i, from)
	}
	return f.merged
}

// copyRow makes row i of c what it is in src.
func copyRow(c *batch.Column, i int, src *batch.Column) {
	if src.IsNull(i) {
		c.PutNull(i)
	} else {
		c.CopyRow(i, src, i)
	}
}

// value is first_value, last_value and nth_value.
type value struct {
	picker
	frame *framing
	last  bool
	nth   int // the column that says which, or NoColumn: the first or last
}

func newValue(o *Operator, c *Call) *value {
	v := &value{picker: newPicker(o, c, c.Args[0]), frame: o.framing(c.Frame), last: c.Function.Kind == window.LastValue, nth: NoColumn}
	if c.Function.Kind == window.NthValue {
		v.nth = c.Args[1]
	}
	return v
}

func (v *value) fill() error {
	p := &v.o.piece
	for i := range p.len() {
		steps := 0
		if v.nth != NoColumn {
			c, row := v.o.columns[v.nth], p.at+i
			if c.IsNull(row) {
				v.pick(i, -1)
				continue
			}
			if steps = int(c.Int32s()[row]) - 1; steps < 0 {
				return sqlstate.New(sqlstate.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
			}
		}
		position := v.frame.fromHead(i, steps)
		if v.last {
			position = v.frame.lastRow(i)
		}
		if position < 0 || position >= len(v.o.part.ids) || !v.frame.has(i, position) {
			position = -1
		}
		v.pick(i, position)
	}
	return nil
}

// fromHead returns the position of the row that many steps behind the first of the frame of row i, as PostgreSQL's WinGetFuncArgInFrame finds it: it
// may be one that is not in the frame, and the answer is NULL then.
func (f *framing) fromHead(i, steps int) int {
	p := &f.o.piece
	head, at := f.heads[i], p.from+i
	position := head + steps
	switch f.Exclude {
	case ast.ExcludeCurrentRow:
		if position >= at && at >= head {
			position++
		}
	case ast.ExcludeGroup, ast.ExcludeTies:
		if position < p.first[i] || p.last[i] <= head {
			break
		}
		overlap := p.last[i] - max(p.first[i], head)
		switch {
		case f.Exclude == ast.ExcludeGroup:
			position += overlap
		case position == max(p.first[i], head):
			position = at
		default:
			position += overlap - 1
		}
	default:
	}
	return position
}

// lastRow returns the position of the last row of the frame of row i, in the way of fromHead.
func (f *framing) lastRow(i int) int {
	p := &f.o.piece
	tail, at := f.tails[i], p.from+i
	position := tail - 1
	switch f.Exclude {
	case ast.ExcludeCurrentRow:
		if position <= at && at < tail {
			position--
		}
	case ast.ExcludeGroup, ast.ExcludeTies:
		if position >= p.last[i] || p.first[i] >= tail {
			break
		}
		end := min(p.last[i], tail)
		switch {
		case f.Exclude == ast.ExcludeGroup:
			position -= end - p.first[i]
		case position == end-1:
			position = at
		default:
			position -= end - 1 - p.first[i]
		}
	default:
	}
	return position
}
