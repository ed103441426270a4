package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// count is count(*), count(x) and regr_count.
type count struct {
	cells[int64]
}

func newCount(spec *Spec) State {
	return &count{newCells(spec, layout[int64]{
		encode: func(dst []byte, c *int64) []byte { return appendInt(dst, *c) },
		decode: func(src []byte, c *int64) ([]byte, error) { return readInt(src, c) },
		merge: func(into, from *int64) error {
			*into += *from
			return nil
		},
	})}
}

// Add counts rows in which no argument is NULL.
func (s *count) Add(in *Rows) error {
	s.apply(in, 1)
	return nil
}

// Retract takes rows back.
func (s *count) Retract(in *Rows) error {
	s.apply(in, -1)
	return nil
}

func (s *count) apply(in *Rows, n int64) {
	in = s.live.present(in)
	if in.Slots == nil {
		*s.at(in.Slot) += n * int64(in.N)
		return
	}
	slots := s.slots
	for _, slot := range in.Slots {
		*slots.At(slot) += n
	}
}

// PartialTypes is the number itself.
func (s *count) PartialTypes() []schema.Type { return []schema.Type{schema.Of(schema.Int64)} }

// Partial stores the numbers.
func (s *count) Partial(slots []uint32, out []*batch.Column) { s.Result(slots, out[0], nil) }

// Merge adds numbers.
func (s *count) Merge(in *Rows) error {
	in = s.live.present(in)
	numbers := in.Args[0].Int64s()
	for i := range in.N {
		*s.at(in.slot(i)) += numbers[in.Row(i)]
	}
	return nil
}

// Result stores the numbers.
func (s *count) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	numbers := out.Int64s()
	for i, slot := range slots {
		numbers[i] = *s.at(slot)
	}
}
