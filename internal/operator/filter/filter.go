package filter

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Predicate tests rows. Filter appends to kept the rows of sel (nil: all of b) for which it holds, ascending, and to bad those it cannot
// be evaluated for; no row is in both. It belongs to one lane.
type Predicate interface {
	Filter(b *batch.Batch, kept []uint16, bad []op.Reject) ([]uint16, []op.Reject)
}

// Filter is the operator.
type Filter struct {
	predicate Predicate
	out       batch.Batch
	kept      []uint16
	bad       []op.Reject
}

// New returns a filter by predicate.
func New(predicate Predicate) *Filter {
	return &Filter{predicate: predicate, kept: make([]uint16, 0, batch.MaxRows)}
}

// Apply emits the rows of in for which the predicate holds.
func (f *Filter) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	f.kept, f.bad = f.predicate.Filter(in, f.kept[:0], f.bad[:0])
	rows := int64(in.Rows())
	out.Counts.In += rows
	for _, r := range f.bad {
		out.Reject(r.Row, r.Err)
	}
	out.Counts.Forwarded += int64(len(f.kept))
	out.Counts.Filtered += rows - int64(len(f.kept)) - int64(len(f.bad))
	if len(f.kept) > 0 {
		f.out.View(in, f.kept)
		out.Emit(0, &f.out)
	}
	return false, nil
}
