package join

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// ages are the rows of a store by the processing time at which they came, the oldest first, in a list for each key group.
type ages struct {
	born           *keyed.Slab[int64]
	older, younger *keyed.Slab[uint32]
	lists          [keyed.Groups]struct{ first, last uint32 }
	// from is the key group to look at next.
	from int
}

// unborn is the age of rows that came before it was known what time it is.
const unborn = 0

func newAges(budget *limit.Budget) *ages {
	a := &ages{born: keyed.NewSlab[int64](budget), older: keyed.NewSlab[uint32](budget), younger: keyed.NewSlab[uint32](budget)}
	a.forget()
	return a
}

func (a *ages) forget() {
	for i := range a.lists {
		a.lists[i].first, a.lists[i].last = keyed.NoRow, keyed.NoRow
	}
}

func (a *ages) grow(n int) error {
	if err := a.born.Grow(n); err != nil {
		return err
	}
	if err := a.older.Grow(n); err != nil {
		return err
	}
	return a.younger.Grow(n)
}

// push appends a row, which is younger than all others.
func (a *ages) push(group uint8, id uint32, now int64) {
	l := &a.lists[group]
	*a.born.At(id), *a.older.At(id), *a.younger.At(id) = now, l.last, keyed.NoRow
	if l.last == keyed.NoRow {
		l.first = id
	} else {
		*a.younger.At(l.last) = id
	}
	l.last = id
}

func (a *ages) remove(group uint8, id uint32) {
	l := &a.lists[group]
	older, younger := *a.older.At(id), *a.younger.At(id)
	if older == keyed.NoRow {
		l.first = younger
	} else {
		*a.younger.At(older) = younger
	}
	if younger == keyed.NoRow {
		l.last = older
	} else {
		*a.older.At(younger) = older
	}
}

// line makes the rows of a key group, which have their ages, the list of it: the oldest first, those of one age in the order of ids, which is changed.
func (a *ages) line(group uint8, ids []uint32) {
	slices.SortStableFunc(ids, func(x, y uint32) int {
		switch x, y := *a.born.At(x), *a.born.At(y); {
		case x == y:
			return 0
		case y == unborn || x != unborn && x < y:
			return -1
		default:
			return 1
		}
	})
	a.lists[group].first, a.lists[group].last = keyed.NoRow, keyed.NoRow
	for _, id := range ids {
		a.push(group, id, *a.born.At(id))
	}
}

// bear gives rows that are unborn an age.
func (a *ages) bear(rows *keyed.Rows, now int64) error {
	for g := range a.lists {
		for id := a.lists[g].last; id != keyed.NoRow && *a.born.At(id) == unborn; id = *a.older.At(id) {
			if err := rows.TouchOne(id); err != nil {
				return err
			}
			*a.born.At(id) = now
		}
	}
	return nil
}

// expired appends to ids the rows that came at a time or before, at most some of them, and reports whether there may be more.
func (a *ages) expired(until int64, ids []uint32) (_ []uint32, more bool) {
	for ; a.from < len(a.lists); a.from++ {
		for id := a.lists[a.from].first; id != keyed.NoRow && *a.born.At(id) <= until; id = *a.younger.At(id) {
			if len(ids) == cap(ids) {
				return ids, true
			}
			ids = append(ids, id)
		}
	}
	a.from = 0
	return ids, false
}

func (a *ages) free() {
	a.born.Free()
	a.older.Free()
	a.younger.Free()
	a.forget()
}

// OnTime forgets rows that have expired, some at a time.
func (j *Changing) OnTime(micros int64, _ *op.Output) (more bool, err error) {
	known := j.now != unborn
	j.now = micros
	for input, s := range j.stores {
		if s.ages == nil || j.free[input] {
			continue
		}
		if !known {
			if err := s.ages.bear(s.rows, micros); err != nil {
				return false, op.OutOfMemory(j.cfg.title(), err)
			}
		}
		ids, some := s.ages.expired(micros-s.ttl, j.work.fresh[:0:len(j.work.fresh)])
		if err := j.expire(input, ids); err != nil {
			return false, op.OutOfMemory(j.cfg.title(), err)
		}
		more = more || some
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
