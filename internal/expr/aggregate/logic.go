package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// boolCell counts the values of each kind.
type boolCell struct {
	trues, falses int64
}

// boolState is bool_and, every and bool_or.
type boolState struct {
	cells[boolCell]
	or bool
}

// newBool returns the constructor of bool_or, or of bool_and.
func newBool(or bool) func(*Spec) State {
	return func(spec *Spec) State {
		return &boolState{or: or, cells: newCells(spec, layout[boolCell]{
			encode: func(dst []byte, c *boolCell) []byte { return appendInt(appendInt(dst, c.trues), c.falses) },
			decode: func(src []byte, c *boolCell) ([]byte, error) {
				src, err := readInt(src, &c.trues)
				if err != nil {
					return nil, err
				}
				return readInt(src, &c.falses)
			},
			merge: func(into, from *boolCell) error {
				into.trues += from.trues
				into.falses += from.falses
				return nil
			},
		})}
	}
}

// Add counts the values.
func (s *boolState) Add(in *Rows) error {
	s.apply(in, 1)
	return nil
}

// Retract takes values back.
func (s *boolState) Retract(in *Rows) error {
	s.apply(in, -1)
	return nil
}

func (s *boolState) apply(in *Rows, n int64) {
	in = s.live.present(in)
	v := in.Args[0].Bits()
	for i := range in.N {
		if c := s.at(in.slot(i)); v.Get(in.Row(i)) {
			c.trues += n
		} else {
			c.falses += n
		}
	}
}

// Result stores the answers.
func (s *boolState) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	v := out.Bits()
	for i, slot := range slots {
		c := s.at(slot)
		if c.trues|c.falses == 0 {
			out.SetNull(i)
			continue
		}
		v.Put(i, s.or && c.trues > 0 || !s.or && c.falses == 0)
	}
}

// bitOp is what a bitState does with two values.
type bitOp uint8

const (
	bitAnd bitOp = iota
	bitOr
	bitXor
)

// bitCell is the result so far and the number of values in it.
type bitCell struct {
	v, n int64
}

// bitState is bit_and, bit_or and bit_xor of integers of type T.
type bitState[T int16 | int32 | int64] struct {
	cells[bitCell]
	op bitOp
}

// bitXorState can take values back.
type bitXorState[T int16 | int32 | int64] struct {
	bitState[T]
}

// newBits returns the constructor of the state of op.
func newBits[T int16 | int32 | int64](op bitOp) func(*Spec) State {
	return func(spec *Spec) State {
		s := bitState[T]{op: op}
		s.cells = newCells(spec, layout[bitCell]{
			encode: func(dst []byte, c *bitCell) []byte { return appendInt(appendInt(dst, c.v), c.n) },
			decode: func(src []byte, c *bitCell) ([]byte, error) {
				src, err := readInt(src, &c.v)
				if err != nil {
					return nil, err
				}
				return readInt(src, &c.n)
			},
			merge: func(into, from *bitCell) error {
				if from.n > 0 || op == bitXor { // of which there may be fewer than none, where rows are taken back
					op.put(into, from.v, from.n)
				}
				return nil
			},
		})
		if op == bitXor {
			return &bitXorState[T]{s}
		}
		return &s
	}
}

// put joins v, which stands for n values, to c.
func (op bitOp) put(c *bitCell, v, n int64) {
	switch {
	case op == bitXor:
		c.v ^= v
	case c.n == 0:
		c.v = v
	case op == bitAnd:
		c.v &= v
	default:
		c.v |= v
	}
	c.n += n
}

// Add joins the values.
func (s *bitState[T]) Add(in *Rows) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		s.op.put(s.at(in.slot(i)), int64(v[in.Row(i)]), 1)
	}
	return nil
}

// Retract takes values back: what is joined twice is gone.
func (s *bitXorState[T]) Retract(in *Rows) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		s.op.put(s.at(in.slot(i)), int64(v[in.Row(i)]), -1)
	}
	return nil
}

// Result stores the answers.
func (s *bitState[T]) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	v := batch.Values[T](out)
	for i, slot := range slots {
		if c := s.at(slot); c.n != 0 {
			v[i] = T(c.v)
		} else {
			out.SetNull(i)
		}
	}
}
