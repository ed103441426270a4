package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// nullIf is its first operand, but NULL where the third, which compares the first two, is true.
type nullIf struct{}

func (c *compiler) nullIf(n *node) operation {
	n.args[2] = c.spread(n.args[2])
	return nullIf{}
}

func (nullIf) run(p *Program, n *node) {
	x, equal := n.args[0].get(p), n.args[2].get(p).Col
	out := n.begin(p)
	copyRows(out, x, n.scope.sel)
	valid, bits := out.MutableValid(), equal.Bits()
	if known := equal.Valid(); known != nil {
		for i := range valid {
			valid[i] &^= bits[i] & known[i]
		}
		return
	}
	for i := range valid {
		valid[i] &^= bits[i]
	}
}

// distinct is IS DISTINCT FROM: a comparison that takes NULL for a value.
type distinct struct {
	equal   kernel
	negated bool
}

func (c *compiler) distinct(n *node, e *bind.Expr) operation {
	n.args[0], n.args[1] = c.spread(n.args[0]), c.spread(n.args[1])
	n.call.Args = make([]builtin.Arg, 2)
	return &distinct{compareKernel(e.Args[0].Type, bind.Equal), e.Negated}
}

func (o *distinct) run(p *Program, n *node) {
	if !n.prepare(p) {
		return
	}
	a, b, out := n.call.Args[0].Col, n.call.Args[1].Col, n.call.Out
	out.AndValid(a)
	out.AndValid(b)
	o.equal(&n.call)
	out.DropValid()
	bits := out.Bits()
	for i := range bits {
		x, y := validWord(a, i), validWord(b, i)
		w := x ^ y | x&y&^bits[i]
		if o.negated {
			w = ^w
		}
		bits[i] = w
	}
}

func validWord(c *batch.Column, i int) uint64 {
	if valid := c.Valid(); valid != nil {
		return valid[i]
	}
	return ^uint64(0)
}
