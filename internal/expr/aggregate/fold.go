package aggregate

import "math/bits"

// Folder is a State whose slots can be added to each other: that of every Mergeable function.
type Folder interface {
	// Fold adds what the slots of from hold to the slots of into, one after the other; those of from stay as they are, unless something is added to them later. The two of a
	// place are not the same.
	Fold(into, from []uint32) error
}

// Fold adds slots to slots.
func (s *cells[T]) Fold(into, from []uint32) error {
	for i, slot := range from {
		copied := *s.at(slot)
		if s.free != nil { // it owns more than itself
			s.scratch = s.encode(s.scratch[:0], s.at(slot))
			var own T
			if _, err := s.decode(s.scratch, &own); err != nil {
				return err
			}
			copied = own
		}
		if err := s.merge(s.at(into[i]), &copied); err != nil {
			return err
		}
	}
	return nil
}

// Fold adds numbers.
func (s *count) Fold(into, from []uint32) error {
	slots := s.slots
	for i, slot := range from {
		*slots.At(into[i]) += *slots.At(slot)
	}
	return nil
}

// Fold adds sums.
func (s *intSum[T]) Fold(into, from []uint32) error {
	slots := s.slots
	for i, slot := range from {
		slots.At(into[i]).merge(slots.At(slot))
	}
	return nil
}

// Unfolder is a Folder that can take back what it has added.
type Unfolder interface {
	// Unfold takes what the slots of from hold, which were added to the slots of into, place by place, out of those.
	Unfold(into, from []uint32) error
}

// Unfold takes numbers out.
func (s *count) Unfold(into, from []uint32) error {
	slots := s.slots
	for i, slot := range from {
		*slots.At(into[i]) -= *slots.At(slot)
	}
	return nil
}

// Unfold takes sums out.
func (s *intSum[T]) Unfold(into, from []uint32) error {
	slots := s.slots
	for i, slot := range from {
		slots.At(into[i]).unmerge(slots.At(slot))
	}
	return nil
}

func (c *intCell) unmerge(o *intCell) {
	var borrow uint64
	c.lo, borrow = bits.Sub64(c.lo, o.lo, 0)
	c.hi -= o.hi + int64(borrow) //nolint:gosec // 0 or 1
	c.n -= o.n
}

// Unfold takes numbers of values out.
func (s *boolState) Unfold(into, from []uint32) error {
	for i, slot := range from {
		c, o := s.at(into[i]), s.at(slot)
		c.trues -= o.trues
		c.falses -= o.falses
	}
	return nil
}
