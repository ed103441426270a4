package project

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Expression computes a column. Eval returns values for the rows of b that count, at their physical places, good until the next call, and
// appends to bad the rows it cannot be computed for. It belongs to one lane.
type Expression interface {
	Eval(b *batch.Batch, bad []op.Reject) (*batch.Column, []op.Reject)
}

// Project is the operator.
type Project struct {
	expressions []Expression
	out         batch.Batch
	kept        []uint16
	bad         []op.Reject
}

// New returns a projection to the values of expressions, in order.
func New(expressions []Expression) *Project { return &Project{expressions: expressions} }

// Apply emits in's rows with the new columns.
func (p *Project) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	p.out.View(in, in.Sel)
	p.out.Cols = p.out.Cols[:0]
	p.bad = p.bad[:0]
	for _, e := range p.expressions {
		var c *batch.Column
		c, p.bad = e.Eval(in, p.bad)
		p.out.Cols = append(p.out.Cols, c)
	}
	out.Counts.In += int64(in.Rows())
	if len(p.bad) > 0 {
		p.reject(in, out)
	}
	if rows := p.out.Rows(); rows > 0 {
		out.Counts.Forwarded += int64(rows)
		out.Emit(0, &p.out)
	}
	return false, nil
}

// reject takes the bad rows out of the selection.
func (p *Project) reject(in *batch.Batch, out *op.Output) {
	slices.SortStableFunc(p.bad, func(a, b op.Reject) int { return a.Row - b.Row })
	p.bad = slices.CompactFunc(p.bad, func(a, b op.Reject) bool { return a.Row == b.Row })
	p.kept = p.kept[:0]
	next := 0
	for i := range in.Rows() {
		row := in.Row(i)
		if next < len(p.bad) && p.bad[next].Row == row {
			out.Reject(row, p.bad[next].Err)
			next++
			continue
		}
		p.kept = append(p.kept, uint16(row))
	}
	p.out.Sel = p.kept
}
