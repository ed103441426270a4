package eval

import (
	"wire.example/wire/internal/expr/builtin"
)

// makeArray is ARRAY[…].
type makeArray struct{}

func (c *compiler) makeArray(n *node) operation {
	n.call.Args = make([]builtin.Arg, len(n.args))
	return makeArray{}
}

func (makeArray) run(p *Program, n *node) {
	if !n.prepare(p) {
		return
	}
	out, args := n.call.Out, n.call.Args
	elems, offsets := out.Child(0), out.Offsets()
	elems.Reset(n.scope.count(p.rows) * len(args))
	at := 0
	each(n.scope.sel, p.rows, func(row int) {
		offsets[row] = int32(at) //nolint:gosec // bounded by the memory of a batch
		for _, a := range args {
			elems.CopyRow(at, a.Col, a.At(row))
			at++
		}
		offsets[row+1] = int32(at) //nolint:gosec // bounded by the memory of a batch
	})
}

// makeRow is ROW(…): a header over the columns of its members.
type makeRow struct{}

func (c *compiler) makeRow(n *node) operation {
	for i, a := range n.args {
		n.args[i] = c.spread(a)
		n.call.Out.Child(i).Release()
		n.call.Out.SetChild(i, nil)
	}
	n.borrows = true
	return makeRow{}
}

func (makeRow) run(p *Program, n *node) {
	for _, a := range n.args {
		a.get(p)
	}
	out := n.begin(p)
	for i, a := range n.args {
		out.SetChild(i, a.value.Col)
	}
}

// rowMember is (row).member.
type rowMember struct{ path []int }

func (o *rowMember) run(p *Program, n *node) { passMember(n, p, n.args[0].get(p).Col, o.path) }

// subscript is array[index], counted from 1; NULL beyond the array.
func subscript(c *builtin.Call) {
	array, index := c.Args[0].Col, c.Args[1].Col.Int32s()
	offsets, elems := array.Offsets(), array.Child(0)
	live(c, func(row int) {
		from, to := offsets[row], offsets[row+1]
		if i := index[row]; i >= 1 && i <= to-from {
			c.Out.CopyRow(row, elems, int(from+i-1))
		} else {
			c.Out.SetNull(row)
		}
	})
}
