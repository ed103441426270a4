package eval

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// Program computes the expressions it was compiled from. It belongs to one lane; Close gives its memory back.
type Program struct {
	pool  *batch.Pool
	roots []*node
	base  *scope
	nodes []*node // all, for Close

	// The batch of the current call.
	in   *batch.Batch
	rows int
	errs *builtin.Errors
	// tick numbers the calls, so that a node knows whether its column is of this one.
	tick uint64
	// timed says that an expression asks for the processing time, which is clock, in µs.
	timed bool
	clock int64
}

// Timed reports whether an expression asks for the processing time.
func (p *Program) Timed() bool { return p != nil && p.timed }

// SetTime says what processing time it is in the calls that follow, in µs since 1970-01-01. Before the first call it is 1970-01-01.
func (p *Program) SetTime(micros int64) { p.clock = micros }

// node computes one expression in one scope.
type node struct {
	scope *scope
	args  []*node
	// op is nil for a constant, whose value is fixed.
	op    operation
	call  builtin.Call
	tick  uint64
	value builtin.Arg
	// borrows tells that the children of the node's column, a ROW, belong to others.
	borrows bool
}

// operation fills in a node's value; the node's column is n.call.Out.
type operation interface {
	run(p *Program, n *node)
}

// Eval appends to cols one column for each expression: values at the physical rows of b that count, good until the next call of Eval or
// Filter and as long as b is lent. A plain column reference is passed on, not copied. Rows for which an expression fails are added to errs,
// once each with their first error; no column means anything there.
func (p *Program) Eval(b *batch.Batch, cols []*batch.Column, errs *builtin.Errors) []*batch.Column {
	before := p.begin(b, errs)
	for _, root := range p.roots {
		cols = append(cols, root.get(p).Col)
	}
	if errs.Len() > before {
		errs.Normalize()
	}
	p.end()
	return cols
}

// Filter appends to kept the rows of b that count for which the program's only expression, a BOOLEAN, is true, ascending. Rows for which it
// fails are added to errs, once each, and are not kept.
func (p *Program) Filter(b *batch.Batch, kept []uint16, errs *builtin.Errors) []uint16 {
	before, start := p.begin(b, errs), len(kept)
	root := p.roots[0]
	if and, ok := root.op.(*logic); ok && !and.or {
		kept = and.filter(p, root, kept)
	} else {
		kept = appendTrue(kept, root.get(p), b.Sel, b.Len)
	}
	if errs.Len() > before {
		errs.Normalize()
		kept = withoutFailed(kept, start, errs)
	}
	p.end()
	return kept
}

// Close gives the program's memory back. Columns that it returned must not be used any more.
func (p *Program) Close() {
	for _, n := range p.nodes {
		if n.call.Out != nil {
			n.returnChildren()
			n.call.Out.Release()
		}
	}
	p.nodes, p.roots = nil, nil
}

func (p *Program) begin(b *batch.Batch, errs *builtin.Errors) int {
	p.tick++
	p.in, p.rows, p.errs = b, b.Len, errs
	p.base.sel = b.Sel
	return errs.Len()
}

func (p *Program) end() { p.in, p.errs, p.base.sel = nil, nil, nil }

// get returns the node's value for the current call, computing it if nobody has yet.
func (n *node) get(p *Program) builtin.Arg {
	if n.tick != p.tick && n.op != nil {
		n.tick = p.tick
		n.op.run(p, n)
	}
	return n.value
}

// begin empties the node's column for the rows of the batch.
func (n *node) begin(p *Program) *batch.Column {
	n.returnChildren()
	out := n.call.Out
	out.Reset(p.rows)
	n.value = builtin.Arg{Col: out}
	return out
}

// returnChildren forgets the children that the node's column has from others.
func (n *node) returnChildren() {
	if n.borrows {
		for i := range n.call.Out.Type().Fields {
			n.call.Out.SetChild(i, nil)
		}
	}
}

// withoutFailed drops from kept[start:] the rows in errs, which are sorted.
func withoutFailed(kept []uint16, start int, errs *builtin.Errors) []uint16 {
	out := kept[:start]
	for _, row := range kept[start:] {
		if _, failed := slices.BinarySearch(errs.Rows, row); !failed {
			out = append(out, row)
		}
	}
	return out
}

// Compile makes a program of exprs. Columns take their memory from pool. Equal sub-expressions are computed once, but never outside the
// guard they stand in. The error is for expressions that still hold an Opaque node.
func Compile(pool *batch.Pool, exprs ...*bind.Expr) (*Program, error) {
	folded := make([]*bind.Expr, len(exprs))
	for i, e := range exprs {
		folded[i] = Fold(e)
	}
	return compile(pool, folded...)
}
