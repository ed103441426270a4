package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// kernel fills c.Out, which has c.Rows rows, at the rows of c.Sel (nil: all). Rows that are NULL already stay so.
type kernel func(c *builtin.Call)

// native runs a kernel of this package. NULLs are settled before: the result is NULL where an operand is, and the kernel may store there
// what it likes. Only operands that the kernel expects as constants are.
type native struct{ eval kernel }

func (o *native) run(p *Program, n *node) {
	if !n.prepare(p) {
		return
	}
	out := n.call.Out
	for i := range n.call.Args {
		if a := &n.call.Args[i]; !a.Const {
			out.AndValid(a.Col)
		} else if a.Col.IsNull(0) {
			out.SetAllNull()
			return
		}
	}
	o.eval(&n.call)
}

// prepare computes the operands and describes the call; false if no row is wanted.
func (n *node) prepare(p *Program) bool {
	for i, a := range n.args {
		n.call.Args[i] = a.get(p)
	}
	n.begin(p)
	n.call.Rows, n.call.Sel, n.call.Errs = p.rows, n.scope.sel, p.errs
	return n.scope.count(p.rows) > 0
}

// native makes the operation of a kernel. The first operand is never a constant; others are only if the kernel takes them so.
func (c *compiler) native(n *node, k kernel, constRight bool) operation {
	if k == nil {
		return nil
	}
	for i, a := range n.args {
		if i == 0 || !constRight {
			n.args[i] = c.spread(a)
		}
	}
	n.call.Args = make([]builtin.Arg, len(n.args))
	return &native{k}
}

// clocked is the processing time, in every row.
type clocked struct{}

func (clocked) run(p *Program, n *node) {
	micros := n.begin(p).Int64s()
	for row := range micros {
		micros[row] = p.clock
	}
}

// function runs a function of the library.
type function struct{ eval func(*builtin.Call) }

func newCall(n *node, e *bind.Expr) operation {
	n.call.Args = make([]builtin.Arg, len(n.args))
	n.call.Strict = e.Function.Strict
	return &function{e.Function.Eval}
}

func (o *function) run(p *Program, n *node) {
	if !n.prepare(p) {
		return
	}
	if n.call.Strict {
		for i := range n.call.Args {
			if a := &n.call.Args[i]; a.Const && a.Col.IsNull(0) {
				n.call.Out.SetAllNull()
				return
			}
		}
	}
	o.eval(&n.call)
}

// live calls f for every wanted row that is not NULL yet.
func live(c *builtin.Call, f func(row int)) {
	if c.Sel == nil {
		for row := range c.Rows {
			if !c.Out.IsNull(row) {
				f(row)
			}
		}
		return
	}
	for _, row := range c.Sel {
		if !c.Out.IsNull(int(row)) {
			f(int(row))
		}
	}
}

// dense reports whether a kernel that cannot fail had better compute all rows than only the selected ones.
func dense(c *builtin.Call) bool { return c.Sel == nil || len(c.Sel) >= c.Rows>>2 }

// column passes a column of the batch on.
type column struct{ path []int }

func (c *compiler) column(n *node, e *bind.Expr) {
	n.op = &column{e.Path}
	if len(e.Path) > 1 {
		n.op = &member{path: e.Path}
		c.output(n, e.Type)
	}
}

func (o *column) run(p *Program, n *node) { n.value = builtin.Arg{Col: p.in.Cols[o.path[0]]} }

// member passes a member of a ROW column on; where one of the rows around it is NULL it has to be copied, to become NULL too.
type member struct{ path []int }

func (o *member) run(p *Program, n *node) {
	passMember(n, p, p.in.Cols[o.path[0]], o.path[1:])
}

// passMember makes a member of around, or a member of that, the node's value.
func passMember(n *node, p *Program, around *batch.Column, path []int) {
	col, nullable := around, false
	for _, i := range path {
		nullable = nullable || col.HasNulls()
		col = col.Child(i)
	}
	if !nullable {
		n.value = builtin.Arg{Col: col}
		return
	}
	out := n.begin(p)
	for _, i := range path {
		out.AndValid(around)
		around = around.Child(i)
	}
	out.AndValid(col)
	copyRows(out, builtin.Arg{Col: col}, n.scope.sel)
}

// spread stores a constant in every row. The column is kept from call to call.
type spread struct{ filled int }

func (o *spread) run(p *Program, n *node) {
	out := n.call.Out
	switch {
	case p.rows < o.filled:
		out.Resize(p.rows)
	case p.rows > o.filled:
		out.Reset(p.rows)
		copyRows(out, n.args[0].value, nil)
	}
	o.filled = p.rows
	n.value = builtin.Arg{Col: out}
}
