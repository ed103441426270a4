package setop

import (
	"cmp"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// sweptRows is about how many rows a call sweeps.
const sweptRows = 1 << 16

// expiry forgets rows of which none has come in a while. A row that has expired is forgotten at the latest when the next one like it comes, so that it does not show
// when it was swept.
type expiry struct {
	after int64 // µs
	// now is the processing time, 0 while it is not known; first is the first that was known.
	now, first int64
	// last is when a row came last, 0 for before first.
	last *keyed.Slab[int64]
	// group is the key group that is swept next, due how many are to be swept now.
	group, due int
	sweeping   bool
	gone       []uint32
}

// expired reports whether the row in slot is. One that waits for a flush is not: time does not pass before the flush.
func (e *expiry) expired(slot uint32) bool {
	return e.now > 0 && e.now-cmp.Or(*e.last.At(slot), e.first) > e.after
}

// touch notes that rows came.
func (e *expiry) touch(slots []uint32) {
	for _, slot := range slots {
		*e.last.At(slot) = e.now
	}
}

// OnTime forgets rows that have expired, some key groups at a time, so that all of them are looked at twice in the time after which they expire. What has changed
// before is emitted first.
func (s *SetOp) OnTime(micros int64, out *op.Output) (more bool, err error) {
	e := s.expiry
	if e == nil {
		return false, nil
	}
	if !e.sweeping {
		if more, err = s.OnFlush(out); more || err != nil {
			return more, err
		}
		e.advance(micros)
		e.sweeping = true
	}
	for swept := 0; e.due > 0; e.due-- {
		if swept > sweptRows {
			return true, nil
		}
		n, err := s.sweep(uint8(e.group)) //nolint:gosec // below 256
		if err != nil {
			return false, err
		}
		swept += n
		e.group = (e.group + 1) % keyed.Groups
	}
	e.sweeping = false
	return false, nil
}

// advance moves the processing time on.
func (e *expiry) advance(micros int64) {
	if e.now == 0 {
		e.first = micros
	} else if passed := max(micros-e.now, 0); passed >= e.after/2 {
		e.due = keyed.Groups
	} else {
		e.due = int(2*keyed.Groups*(passed/1000)/max(e.after/1000, 1)) + 1
	}
	e.now = max(e.now, micros)
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
		is, *e.last.At(slot) = true, e.now // seen: the row may come again in this batch
		if err := s.forget(slot); err != nil {
			return is, err
		}
	}
	return is, nil
}

// forget takes a row out.
func (s *SetOp) forget(slot uint32) error {
	if s.counts.At(slot).stranger() {
		s.strangers--
	}
	*s.counts.At(slot), *s.changes.shown.At(slot) = counts{}, shown{}
	return s.table.Delete(slot)
}
