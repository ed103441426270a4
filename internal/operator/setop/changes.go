package setop

import (
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// mostTouched is how many rows may be touched before they are emitted without a flush.
const mostTouched = 8 * batch.MaxRows

// changes is what has happened since the last flush.
type changes struct {
	// shown is, by slot, how often a row was emitted and not taken back, and whether it is among slots.
	shown *keyed.Slab[shown]
	slots []uint32
	// at is the next of slots while flushing.
	at       int
	flushing bool
	kinds    []batch.Change
}

type shown struct {
	times   uint64
	touched bool
}

// touch notes that a row changes.
func (c *changes) touch(slot uint32) {
	if s := c.shown.At(slot); !s.touched {
		s.touched = true
		c.slots = append(c.slots, slot)
	}
}

// take counts a row of a kind that is there already, and reports whether it did: a row that is taken back must have come.
func (s *SetOp) take(input int, slot uint32, adds bool) bool {
	c := s.counts.At(slot)
	if c.stranger() {
		s.strangers--
	}
	defer func() {
		if c.stranger() {
			s.strangers++
		}
	}()
	side := &c.left
	if input == rightInput {
		side = &c.right
	}
	switch {
	case adds:
		*side++
	case *side == 0 && !fault.Weak("changes/known"):
		return false
	default:
		*side--
	}
	return true
}

// leaves reports whether rows may leave memory.
func (s *SetOp) leaves() bool { return len(s.cfg.Types) > 0 }

// vacate gives back the memory of what is kept beside rows, which have all left.
func (s *SetOp) vacate() {
	s.counts.Free()
	if s.changes != nil {
		s.changes.shown.Free()
	}
	if s.expiry != nil {
		s.expiry.last.Free()
	}
	s.strangers = 0
}

// leave forgets how often a row came that leaves memory, unless the next flush looks at it.
func (s *SetOp) leave(slot uint32) bool {
	c := s.counts.At(slot)
	if s.changes != nil && s.changes.shown.At(slot).touched {
		return false
	}
	if c.stranger() {
		s.strangers--
	}
	return true
}

// applyChanges counts rows that come and go.
func (s *SetOp) applyChanges(input int, in *batch.Batch, slots []uint32) (unmatched int) {
	for i, slot := range slots {
		s.changes.touch(slot)
		if !s.take(input, slot, len(in.Kinds) == 0 || op.Adds(in.Kinds[in.Row(i)])) {
			unmatched++
		}
	}
	return unmatched
}

// OnFlush emits what has changed since the last flush.
func (s *SetOp) OnFlush(out *op.Output) (more bool, err error) {
	c := s.changes
	if c == nil {
		return false, nil
	}
	if !c.flushing {
		c.flushing, c.at = true, 0
	}
	s.emitted, c.kinds = s.emitted[:0], c.kinds[:0]
	for c.at < len(c.slots) && len(s.emitted) < batch.MaxRows {
		slot := c.slots[c.at]
		if !s.change(slot) {
			continue
		}
		c.at++
		if *s.counts.At(slot) == (counts{}) {
			if err := s.table.Delete(slot); err != nil {
				return false, err
			}
		}
	}
	if more = c.at < len(c.slots); !more {
		c.flushing, c.slots = false, c.slots[:0]
	}
	if len(s.emitted) > 0 {
		s.table.GatherKeys(s.emitted, s.out.Cols)
		s.out.Len, s.out.Kinds = len(s.emitted), c.kinds
		out.Emit(0, &s.out)
	}
	return more, nil
}

// change emits a row as often as it has come to be, or ceased to be, and reports whether that was all.
func (s *SetOp) change(slot uint32) bool {
	shown, now := s.changes.shown.At(slot), s.times(s.counts.At(slot))
	kind := batch.Insert
	if now < shown.times {
		kind = batch.Delete
	}
	for shown.times != now {
		if len(s.emitted) == batch.MaxRows {
			return false
		}
		s.emitted, s.changes.kinds = append(s.emitted, slot), append(s.changes.kinds, kind)
		if kind == batch.Insert {
			shown.times++
		} else {
			shown.times--
		}
	}
	shown.touched = false
	return true
}
