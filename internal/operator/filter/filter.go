package filter

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Filter is the operator.
type Filter struct {
	predicate *eval.Program
	out       batch.Batch
	kept      []uint16
	kinds     []batch.Change
	errs      builtin.Errors
}

// New returns a filter by predicate: a program of one BOOLEAN expression, which belongs to the filter's lane. It is an op.Timed if the predicate asks for the
// processing time.
func New(predicate *eval.Program) op.Operator {
	f := &Filter{predicate: predicate, kept: make([]uint16, 0, batch.MaxRows)}
	if predicate.Timed() {
		return timed{f}
	}
	return f
}

// timed is a filter by what time it is.
type timed struct{ *Filter }

// SetTime says what time it is for the next rows.
func (t timed) SetTime(micros int64) { t.predicate.SetTime(micros) }

// Apply emits the rows of in for which the predicate holds.
func (f *Filter) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	f.errs.Reset()
	f.kept = f.predicate.Filter(in, f.kept[:0], &f.errs)
	rows := int64(in.Rows())
	out.Counts.In += rows
	for i, row := range f.errs.Rows {
		out.RejectOf(in, int(row), f.errs.Errs[i])
	}
	out.Counts.Forwarded += int64(len(f.kept))
	out.Counts.Filtered += rows - int64(len(f.kept)) - int64(f.errs.Len())
	if len(f.kept) > 0 {
		f.out.View(in, f.kept)
		op.Mend(&f.out, &f.kinds)
		out.Emit(0, &f.out)
	}
	return false, nil
}
