package project

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Project is the operator.
type Project struct {
	columns *eval.Program
	out     batch.Batch
	kept    []uint16
	kinds   []batch.Change
	errs    builtin.Errors
}

// New returns a projection to the values of a program's expressions, in order. The program belongs to the projection's lane. It is an
// op.Timed if an expression asks for the processing time.
func New(columns *eval.Program) op.Operator {
	p := &Project{columns: columns, kept: make([]uint16, 0, batch.MaxRows)} // never nil: that would select every row
	if columns.Timed() {
		return timed{p}
	}
	return p
}

// timed is a projection that puts the time into rows.
type timed struct{ *Project }

// SetTime says what time it is for the next rows.
func (t timed) SetTime(micros int64) { t.columns.SetTime(micros) }

// Apply emits in's rows with the new columns.
func (p *Project) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	p.errs.Reset()
	p.out.View(in, in.Sel)
	p.out.Cols = p.columns.Eval(in, p.out.Cols[:0], &p.errs)
	out.Counts.In += int64(in.Rows())
	if p.errs.Len() > 0 {
		p.reject(in, out)
	}
	if rows := p.out.Rows(); rows > 0 {
		out.Counts.Forwarded += int64(rows)
		out.Emit(0, &p.out)
	}
	return false, nil
}

// reject takes the failed rows, which are in order, out of the selection.
func (p *Project) reject(in *batch.Batch, out *op.Output) {
	p.kept = p.kept[:0]
	next := 0
	for i := range in.Rows() {
		row := uint16(in.Row(i)) //nolint:gosec // a row number of a batch
		if next < p.errs.Len() && p.errs.Rows[next] == row {
			out.RejectOf(in, int(row), p.errs.Errs[next])
			next++
			continue
		}
		p.kept = append(p.kept, row)
	}
	p.out.Sel = p.kept
	op.Mend(&p.out, &p.kinds)
}
