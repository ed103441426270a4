package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// merge puts the result of CASE, COALESCE, GREATEST or LEAST together: for each row the value of one of several columns.
type merge struct {
	started bool
	nested  bool
	// values and rows are the parts of an ARRAY or ROW column, whose values have to be stored in the order of the rows.
	values []builtin.Arg
	rows   [][]uint16
}

func newMerge(typ schema.Type) merge { return merge{nested: typ.Kind.IsNested()} }

// add makes v the value of the rows in sel (nil: all), which replaces what an earlier call gave them. sel must stay as it is until finish.
func (m *merge) add(out *batch.Column, v builtin.Arg, sel []uint16) {
	if m.nested {
		m.values, m.rows = append(m.values, v), append(m.rows, sel)
		return
	}
	if !m.started && out.Kind() == schema.Numeric && out.Type().Precision == 0 {
		if scale, ok := uniform(v); ok {
			out.SetScale(scale)
		}
	}
	m.started = true
	copyRows(out, v, sel)
}

// finish stores what add left. A row that nothing was added for must be NULL already.
func (m *merge) finish(out *batch.Column) {
	if !m.nested {
		m.started = false
		return
	}
	for row := range out.Len() {
		if part := m.partOf(row); part >= 0 {
			out.CopyRow(row, m.values[part].Col, m.values[part].At(row))
		}
	}
	clear(m.values)
	m.values, m.rows = m.values[:0], m.rows[:0]
}

// partOf finds the last part that holds row, which comes in ascending order, and drops the row from all.
func (m *merge) partOf(row int) int {
	part := -1
	for i, sel := range m.rows {
		if sel == nil {
			part = i
		} else if len(sel) > 0 && int(sel[0]) == row {
			m.rows[i], part = sel[1:], i
		}
	}
	return part
}

// caseOf is CASE. The scope of a condition is the rows that no condition before it took, that of a result the rows that its condition took.
type caseOf struct {
	merge
	scopes []*scope // of each operand
	rest   scope    // rows that no condition took, where there is no ELSE
}

func (c *compiler) caseOf(n *node, e *bind.Expr) operation {
	for i := 0; i+1 < len(n.args); i += 2 {
		n.args[i] = c.spread(n.args[i])
	}
	return &caseOf{merge: newMerge(e.Type), scopes: c.operandScopes(e, c.id(e), n.scope)}
}

func (o *caseOf) run(p *Program, n *node) {
	out := n.begin(p)
	left := n.scope.count(p.rows)
	for i := 0; i+1 < len(n.args) && left > 0; i += 2 {
		in, result, next := o.scopes[i], o.scopes[i+1], &o.rest
		if i+2 < len(n.args) {
			next = o.scopes[i+2]
		}
		cond := n.args[i].get(p)
		if result.take(appendTrue(result.mem[:0], cond, in.sel, p.rows)) > 0 {
			o.add(out, n.args[i+1].get(p), result.sel)
		}
		left = next.take(appendNotTrue(next.mem[:0], cond, in.sel, p.rows))
	}
	if left > 0 {
		o.otherwise(p, n, out)
	}
	o.finish(out)
}

// otherwise deals with the rows that no condition took.
func (o *caseOf) otherwise(p *Program, n *node, out *batch.Column) {
	if last := len(n.args) - 1; last%2 == 0 {
		o.add(out, n.args[last].get(p), o.scopes[last].sel)
		return
	}
	for _, row := range o.rest.sel {
		out.SetNull(int(row))
	}
}

// coalesce is COALESCE. The scope of an operand is the rows in which all before it were NULL.
type coalesce struct {
	merge
	scopes []*scope
}

func (c *compiler) coalesce(n *node, e *bind.Expr) operation {
	return &coalesce{merge: newMerge(e.Type), scopes: c.operandScopes(e, c.id(e), n.scope)}
}

func (o *coalesce) run(p *Program, n *node) {
	first := n.args[0].get(p)
	if !first.Const && !first.Col.HasNulls() {
		n.value = first
		return
	}
	out := n.begin(p)
	for i, a := range n.args {
		in, v := o.scopes[i], a.get(p)
		if i > 0 {
			validate(out, in.sel)
		}
		o.add(out, v, in.sel)
		if i == len(n.args)-1 {
			break
		}
		next := o.scopes[i+1]
		if next.take(appendNull(next.mem[:0], v, in.sel, p.rows)) == 0 {
			break
		}
	}
	o.finish(out)
}

// validate makes rows valid that were NULL until now.
func validate(out *batch.Column, sel []uint16) {
	if out.HasNulls() {
		valid := out.MutableValid()
		for _, row := range sel {
			valid.Set(int(row))
		}
	}
}

// appendNotTrue appends to dst the rows of sel (nil: all of rows) for which v is false or NULL.
func appendNotTrue(dst []uint16, v builtin.Arg, sel []uint16, rows int) []uint16 {
	var trues [maxWords]uint64
	bits, valid := v.Col.Bits(), v.Col.Valid()
	words := batch.Words(rows)
	copy(trues[:words], bits)
	if valid != nil {
		for i := range words {
			trues[i] &= valid[i]
		}
	}
	return clearRows(dst, trues[:words], sel, rows)
}

// appendNull appends to dst the rows of sel (nil: all of rows) for which v is NULL.
func appendNull(dst []uint16, v builtin.Arg, sel []uint16, rows int) []uint16 {
	switch {
	case !v.Col.HasNulls():
		return dst
	case v.Const:
		if !v.Col.IsNull(0) {
			return dst
		}
		var none [maxWords]uint64
		return clearRows(dst, none[:batch.Words(rows)], sel, rows)
	}
	return clearRows(dst, v.Col.Valid(), sel, rows)
}
