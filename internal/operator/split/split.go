package split

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Split is the operator.
type Split struct {
	ports []port
	rest  []uint16
	next  []uint16
	left  batch.Batch
	errs  builtin.Errors
}

type port struct {
	predicate *eval.Program // nil: all that is left
	kept      []uint16
	kinds     []batch.Change
	out       batch.Batch
}

// New returns a split with one port for each predicate, a program of one BOOLEAN expression that belongs to the split's lane; nil takes every
// row that is left.
//
// It is an op.Timed if a predicate asks for the processing time.
func New(predicates []*eval.Program) op.Operator {
	s := &Split{ // rest is never nil: that would select every row
		ports: make([]port, len(predicates)), rest: make([]uint16, 0, batch.MaxRows), next: make([]uint16, 0, batch.MaxRows),
	}
	asks := false
	for i, p := range predicates {
		s.ports[i].predicate = p
		asks = asks || p.Timed()
	}
	if asks {
		return timed{s}
	}
	return s
}

// timed is a split by what time it is.
type timed struct{ *Split }

// SetTime says what time it is for the next rows.
func (t timed) SetTime(micros int64) {
	for i := range t.ports {
		if p := t.ports[i].predicate; p != nil {
			p.SetTime(micros)
		}
	}
}

// Apply emits each row of in to at most one port.
func (s *Split) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	s.rest = s.rest[:0]
	for i := range in.Rows() {
		s.rest = append(s.rest, uint16(in.Row(i)))
	}
	out.Counts.In += int64(len(s.rest))
	for i := range s.ports {
		s.deal(in, i, out)
	}
	out.Counts.Filtered += int64(len(s.rest))
	return false, nil
}

// deal gives port i its rows of what is left.
func (s *Split) deal(in *batch.Batch, i int, out *op.Output) {
	p := &s.ports[i]
	p.kept = p.kept[:0]
	s.errs.Reset()
	if p.predicate == nil {
		p.kept = append(p.kept, s.rest...)
		s.rest = s.rest[:0]
	} else {
		s.left.View(in, s.rest)
		p.kept = p.predicate.Filter(&s.left, p.kept, &s.errs)
		s.subtract(p.kept)
	}
	for k, row := range s.errs.Rows {
		out.RejectOf(in, int(row), s.errs.Errs[k])
	}
	out.Counts.Forwarded += int64(len(p.kept))
	if len(p.kept) > 0 {
		p.out.View(in, p.kept)
		op.Mend(&p.out, &p.kinds)
		out.Emit(i, &p.out)
	}
}

// subtract takes the rows that were kept or failed out of what is left. All three are ascending.
func (s *Split) subtract(kept []uint16) {
	s.next = s.next[:0]
	bad := s.errs.Rows
	for _, row := range s.rest {
		switch {
		case len(kept) > 0 && kept[0] == row:
			kept = kept[1:]
		case len(bad) > 0 && bad[0] == row:
			bad = bad[1:]
		default:
			s.next = append(s.next, row)
		}
	}
	s.rest, s.next = s.next, s.rest
}
