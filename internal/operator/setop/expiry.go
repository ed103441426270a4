package setop

import (
	"iter"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
)

// expiry forgets rows of which none has come in a while. A row that has expired is forgotten at the latest when the next one like it comes, so that it does not show
// when it was swept.
type expiry struct {
	timer.Sweep
	// last is when a row came last, 0 for before first.
	last *keyed.Slab[int64]
	gone []uint32
	// swept: the rows in memory of a key group are done, of which waking finds those that are away.
	swept  bool
	waking keyed.Waking
	slots  []uint32
}

// expired reports whether the row in slot is. One that waits for a flush is not: time does not pass before the flush.
func (e *expiry) expired(slot uint32) bool {
	return e.Expired(*e.last.At(slot))
}

// touch notes that rows came.
func (e *expiry) touch(slots []uint32) {
	for _, slot := range slots {
		*e.last.At(slot) = e.Now()
	}
}

// OnTime forgets rows that have expired. What has changed before is emitted first.
func (s *SetOp) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if s.expiry == nil {
		return false, nil
	}
	return s.expiry.Run(micros, func() (bool, error) { return s.OnFlush(out) }, s.sweep)
}

// Pauses reports that rows which may leave memory do so between two calls of a sweep, too: many come back to be forgotten.
func (s *SetOp) Pauses() bool { return s.expiry != nil && s.expiry.Running() && s.leaves() }

// sweep forgets the rows of a key group that have expired, those in memory and those that are away. It returns how many it looked at, and whether it waits for some that are away.
func (s *SetOp) sweep(group uint8) (n int, waits bool, err error) {
	e := s.expiry
	if !e.swept {
		e.swept = true
		if n, err = s.sweepSlots(s.table.Slots(group)); err != nil {
			return n, false, err
		}
	}
	for _, hash := range e.waking.Take() {
		e.slots = s.table.AppendHash(e.slots[:0], hash)
		if _, err := s.sweepSlots(slices.Values(e.slots)); err != nil {
			return n, false, err
		}
	}
	e.swept, err = e.waking.Next(group, s.table, func(_, value []byte) bool {
		_, last, ok := read(value)
		return !ok || e.Expired(last)
	})
	return n, e.swept, err
}

// sweepSlots forgets those of some rows that have expired, and returns how many it looked at.
func (s *SetOp) sweepSlots(slots iter.Seq[uint32]) (n int, err error) {
	e := s.expiry
	e.gone = e.gone[:0]
	for slot := range slots {
		if n++; e.expired(slot) {
			e.gone = append(e.gone, slot)
		}
	}
	for _, slot := range e.gone {
		if err := s.forget(slot); err != nil {
			return n, err
		}
	}
	return n, nil
}

// takeExpired forgets those rows in slots that have expired, and reports whether there were any.
func (s *SetOp) takeExpired(slots []uint32) (is bool, err error) {
	e := s.expiry
	for _, slot := range slots {
		if !e.expired(slot) || fault.Weak("ttl/read") {
			continue
		}
		is, *e.last.At(slot) = true, e.Now() // seen: the row may come again in this batch
		if err := s.forget(slot); err != nil {
			return is, err
		}
	}
	return is, nil
}

// forget takes a row out.
func (s *SetOp) forget(slot uint32) error {
	if err := s.table.TouchOne(slot); err != nil {
		return err
	}
	if s.counts.At(slot).stranger() {
		s.strangers--
	}
	*s.counts.At(slot), *s.changes.shown.At(slot) = counts{}, shown{}
	return s.table.Delete(slot)
}
