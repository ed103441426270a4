package setop

import (
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

// sweep forgets the rows of a key group that have expired, and returns how many it looked at.
func (s *SetOp) sweep(group uint8) (n int, err error) {
	e := s.expiry
	e.gone = e.gone[:0]
	for slot := range s.table.Slots(group) {
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
		if !e.expired(slot) {
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
