package join

import (
	"math"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
)

// ages are the rows of a store by the processing time at which they came: in a wheel of periods, each with the rows of one, in no order.
type ages struct {
	born       *keyed.Slab[int64]
	next, prev *keyed.Slab[uint32]
	// period is how long a period is, in µs; firsts are the first rows of each, by the number of the period modulo how many there are.
	period int64
	firsts [periods]uint32
	// unborn is the first of the rows that came before it was known what time it is.
	unborn uint32
	// swept: no row is there that came then or before.
	swept int64
}

const (
	// unborn is the age of rows that came before it was known what time it is.
	unborn = 0
	// periods is how many periods there are, of which a row lives for all but one or two: at each time the rows of one are looked at in vain.
	periods = 1 << 10
)

func newAges(ttl int64, budget *limit.Budget) *ages {
	a := &ages{born: keyed.NewSlab[int64](budget), next: keyed.NewSlab[uint32](budget), prev: keyed.NewSlab[uint32](budget), period: max(ttl/(periods-2), 1)}
	a.forget()
	return a
}

func (a *ages) forget() {
	for i := range a.firsts {
		a.firsts[i] = keyed.NoRow
	}
	a.unborn, a.swept = keyed.NoRow, math.MinInt64
}

func (a *ages) grow(n int) error {
	if err := a.born.Grow(n); err != nil {
		return err
	}
	if err := a.next.Grow(n); err != nil {
		return err
	}
	return a.prev.Grow(n)
}

// periodOf is the number of the period of a time.
func (a *ages) periodOf(micros int64) int64 {
	n := micros / a.period
	if micros%a.period < 0 {
		n--
	}
	return n
}

// first is the first row of those that have an age's place.
func (a *ages) first(born int64) *uint32 {
	if born == unborn {
		return &a.unborn
	}
	return a.in(a.periodOf(born))
}

// in is the first row of a period, and of those with which it shares its place.
func (a *ages) in(period int64) *uint32 {
	return &a.firsts[uint64(period)%periods] //nolint:gosec // those before 1970 have a place, too
}

// push adds a row, that came at a time.
func (a *ages) push(id uint32, born int64) {
	*a.born.At(id) = born
	a.link(id)
}

// link adds a row that has its age.
func (a *ages) link(id uint32) {
	first := a.first(*a.born.At(id))
	*a.next.At(id), *a.prev.At(id) = *first, keyed.NoRow
	if *first != keyed.NoRow {
		*a.prev.At(*first) = id
	}
	*first = id
}

func (a *ages) remove(id uint32) {
	next, prev := *a.next.At(id), *a.prev.At(id)
	if prev == keyed.NoRow {
		*a.first(*a.born.At(id)) = next
	} else {
		*a.next.At(prev) = next
	}
	if next != keyed.NoRow {
		*a.prev.At(next) = prev
	}
}

// bear gives rows that are unborn an age.
func (a *ages) bear(rows *keyed.Rows, now int64) error {
	for id := a.unborn; id != keyed.NoRow; id = a.unborn {
		if err := rows.TouchOne(id); err != nil {
			return err
		}
		a.remove(id)
		a.push(id, now)
	}
	return nil
}

// expired appends to ids the rows that came at a time or before, at most some of them, and reports whether there may be more, once these are removed.
func (a *ages) expired(until int64, ids []uint32) (_ []uint32, more bool) {
	if until <= a.swept {
		return ids, false
	}
	last := a.periodOf(until)
	from := last - periods + 1
	if a.swept > math.MinInt64 {
		from = max(from, a.periodOf(a.swept))
	}
	for n := from; n <= last; n++ {
		for id := *a.in(n); id != keyed.NoRow; id = *a.next.At(id) {
			if *a.born.At(id) > until {
				continue
			}
			if len(ids) == cap(ids) {
				return ids, true
			}
			ids = append(ids, id)
		}
	}
	a.swept = until
	return ids, false
}

func (a *ages) free() {
	a.born.Free()
	a.next.Free()
	a.prev.Free()
	a.forget()
}
