package join

import (
	"encoding/binary"
	"errors"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// Rows that have expired are taken out as time goes by. Those that have left memory are found in the store, all of which is gone through again and again, key group by key group; the keys that they have are loaded, and what is
// loaded is taken out if it has expired.

const (
	// gleanedParts: all that is away is gone through once in this part of the time for which rows live.
	gleanedParts = 4
)

// gleaning is how far the rows of a store that are away have been gone through.
type gleaning struct {
	// began is when the round began, 0 before the first one; sent is how many key groups were due since.
	began  int64
	sent   int
	patrol keyed.Patrol
}

// OnTime forgets rows that have expired, some at a time.
func (j *Changing) OnTime(micros int64, _ *op.Output) (more bool, err error) {
	j.now, j.asked = micros, j.asked[:0]
	for input, s := range j.stores {
		if s.ages == nil || j.free[input] || fault.Weak("ttl/sweep") {
			continue
		}
		if err := s.ages.bear(s.rows, micros); err != nil {
			return false, op.OutOfMemory(j.cfg.title(), err)
		}
		ids, some := s.ages.expired(micros-s.ttl, j.work.fresh[:0:len(j.work.fresh)])
		if err := j.expire(input, ids); err != nil {
			return false, op.OutOfMemory(j.cfg.title(), err)
		}
		more = more || some
	}
	for input, s := range j.stores {
		if more || s.ages == nil || j.free[input] || !s.rows.HasAway() {
			continue
		}
		if more, err = j.glean(s); err != nil {
			return false, err
		}
	}
	return more, nil
}

// expire takes rows out.
func (j *Changing) expire(input int, ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	s, w := j.stores[input], &j.work
	slots := w.slots[:len(ids)]
	if _, err := j.place(input, s.gather(ids), slots, false); err != nil {
		return err
	}
	for p, id := range ids {
		if err := j.detach(input, slots, p, id); err != nil {
			return err
		}
	}
	if err := j.tidyKeys(slots); err != nil {
		return err
	}
	return s.flush()
}

// lapsed returns those of ids, rows that were loaded, that have expired. Lent until the next call.
func (j *Changing) lapsed(s *store, ids []uint32) []uint32 {
	if j.now == unborn || fault.Weak("ttl/back") {
		return nil
	}
	gone, until := j.work.fresh[:0], max(j.now-s.ttl, s.ages.swept)
	for _, id := range ids {
		if born := *s.ages.born.At(id); born != unborn && born <= until {
			gone = append(gone, id)
		}
	}
	return gone
}

// glean goes on with the rows of s that are away, as far as it is time to, and has the next call need the keys of some that have expired. It reports whether there is more to do now.
func (j *Changing) glean(s *store) (more bool, err error) {
	g := &s.gleaning
	if g.began == 0 {
		g.began = j.now
	}
	due := int(min(max(j.now-g.began, 0)/max(s.ttl/gleanedParts/keyed.Groups, 1), keyed.Groups))
	g.patrol.Send(due - g.sent)
	if g.sent = due; due == keyed.Groups {
		g.began, g.sent = j.now, 0
	}
	var bad error
	more, err = g.patrol.Next(keyed.Lodgers{Rows: s.rows, Has: j.table.HasHash}, func(_, value []byte) bool {
		born, failed := s.bornOf(value)
		bad = errors.Join(bad, failed)
		return born == unborn || born <= j.now-s.ttl
	})
	j.asked = append(j.asked, g.patrol.Hashes()...)
	return more, errors.Join(err, bad)
}

// bornOf returns the age of a row that is stored as value.
func (s *store) bornOf(value []byte) (int64, error) {
	rest, err := s.rows.Beside(value)
	for _, slab := range [...]*keyed.Slab[uint32]{s.degrees, s.doubts} {
		if slab != nil {
			_, n := binary.Uvarint(rest)
			rest = rest[max(n, 0):]
		}
	}
	born, n := binary.Varint(rest)
	if err == nil && n <= 0 {
		err = &keyed.CorruptError{What: s.name, Reason: "a row has no age"}
	}
	return born, err
}
