package aggregate

import (
	"unsafe"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// account is what a state has reserved beside its slots.
type account struct {
	budget *limit.Budget
	used   int64
}

func (m *account) take(n int) error {
	if err := m.budget.Reserve(int64(n)); err != nil {
		return err
	}
	m.used += int64(n)
	return nil
}

func (m *account) give(n int) {
	m.budget.Release(int64(n))
	m.used -= int64(n)
}

// layout is what a kind of cell does with itself outside of the kernels.
type layout[T any] struct {
	// encode appends the cell; decode makes an empty cell what encode wrote.
	encode func(dst []byte, c *T) []byte
	decode func(src []byte, c *T) (rest []byte, err error)
	// merge adds from, which is then dropped, to into.
	merge func(into, from *T) error
	// free gives back what the cell owns outside of itself; nil if nothing.
	free func(c *T)
}

// cells holds a cell for each slot. It is the part of a State that does not depend on the function.
type cells[T any] struct {
	layout[T]
	account
	slots *memory.Slab[T]
	live  filter
	// scratch is the memory of Partial.
	scratch []byte
}

// mostShared is the largest cell, in bytes, that lies together with those of other calls.
const mostShared = 64

func newCells[T any](spec *Spec, l layout[T]) cells[T] {
	var zero T
	c := cells[T]{layout: l, account: account{budget: spec.Budget}}
	if spec.Record != nil && unsafe.Sizeof(zero) <= mostShared {
		c.slots = memory.Field[T](spec.Record)
	} else {
		c.slots = memory.NewSlab[T](spec.Budget)
	}
	return c
}

func (s *cells[T]) at(slot uint32) *T { return s.slots.At(slot) }

// Grow makes slots 0 to n-1 exist.
func (s *cells[T]) Grow(n int) error { return s.slots.Grow(n) }

// Append appends a slot's content.
func (s *cells[T]) Append(slot uint32, dst []byte) []byte { return s.encode(dst, s.at(slot)) }

// Restore makes an empty slot what Append wrote.
func (s *cells[T]) Restore(slot uint32, src []byte) ([]byte, error) { return s.decode(src, s.at(slot)) }

// Free makes a slot empty.
func (s *cells[T]) Free(slot uint32) {
	c := s.at(slot)
	if s.free != nil {
		s.free(c)
	}
	var zero T
	*c = zero
}

// PartialTypes is one column of bytes: what Append writes.
func (s *cells[T]) PartialTypes() []schema.Type { return []schema.Type{schema.Of(schema.Bytes)} }

// Partial stores what Append writes.
func (s *cells[T]) Partial(slots []uint32, out []*batch.Column) {
	out[0].Reset(len(slots))
	for i, slot := range slots {
		s.scratch = s.encode(s.scratch[:0], s.at(slot))
		out[0].SetBytes(i, s.scratch)
	}
}

// Merge adds what Partial stored.
func (s *cells[T]) Merge(in *Rows) error {
	for i := range in.N {
		row := in.Row(i)
		if in.Args[0].IsNull(row) {
			continue
		}
		var from T
		rest, err := s.decode(in.Args[0].Bytes(row), &from)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return errDamaged()
		}
		if err := s.merge(s.at(in.slot(i)), &from); err != nil {
			return err
		}
	}
	return nil
}

// Bytes is the memory reserved.
func (s *cells[T]) Bytes() int64 { return s.slots.Bytes() + s.used }

// Close gives the memory back.
func (s *cells[T]) Close() {
	s.give(int(s.used))
	s.slots.Free()
}

func errDamaged() error {
	return sqlstate.New(sqlstate.InternalError, "state of an aggregate is damaged: it does not end where it should")
}

// filter finds the rows in which no argument is NULL.
type filter struct {
	rows  Rows
	slots []uint32
	nums  []uint16
}

// present returns the rows of in in which none of its arguments is NULL: in itself if that is so everywhere, else rows lent until the next call.
func (f *filter) present(in *Rows) *Rows {
	for _, arg := range in.Args {
		if arg.Valid() != nil {
			in = f.drop(in, arg.Valid())
		}
	}
	return in
}

// drop keeps the rows of in that are valid. in may be what an earlier call returned.
func (f *filter) drop(in *Rows, valid batch.Bitmap) *Rows {
	if cap(f.nums) < in.N {
		f.nums, f.slots = make([]uint16, batch.MaxRows), make([]uint32, batch.MaxRows)
	}
	nums, k := f.nums[:in.N], 0
	if in.Slots == nil {
		k = keepRows(nums, in, valid)
	} else {
		slots := f.slots[:in.N]
		for i, slot := range in.Slots {
			row := in.Row(i)
			nums[k], slots[k] = uint16(row), slot //nolint:gosec // a row of a batch
			k += int(valid[row>>6] >> (uint(row) & 63) & 1)
		}
		f.rows.Slots = slots[:k]
	}
	if in.Slots == nil {
		f.rows.Slots = nil
	}
	f.rows.Slot, f.rows.Rows, f.rows.N, f.rows.Args = in.Slot, nums[:k], k, in.Args
	return &f.rows
}

func keepRows(nums []uint16, in *Rows, valid batch.Bitmap) int {
	if in.Rows == nil {
		return len(valid.AppendOnes(nums[:0], in.N))
	}
	k := 0
	for _, row := range in.Rows {
		nums[k] = row
		k += int(valid[row>>6] >> (row & 63) & 1)
	}
	return k
}
