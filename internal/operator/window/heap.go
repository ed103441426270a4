package window

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/foundation/limit"
)

// dueOf is a time at which an entry must be looked at, known by its number or by a hash.
type dueOf[N uint32 | uint64] struct {
	micros int64
	id     N
}

// due is a time at which an entry in memory must be looked at.
type due = dueOf[uint32]

// dues are such times.
type dues = duesOf[uint32]

// duesOf are times, of which the earliest comes out first: a heap with four branches. What is in it is not stored: it follows from the entries.
type duesOf[N uint32 | uint64] struct {
	list   []dueOf[N]
	budget *limit.Budget
	held   int64
}

const (
	branches = 4
	dueBytes = 16
)

// push adds a time.
func (d *duesOf[N]) push(t dueOf[N]) error {
	if len(d.list) == cap(d.list) {
		room := max(64, cap(d.list)*3/2)
		if err := d.budget.Reserve(int64(room) * dueBytes); err != nil {
			return err
		}
		grown := make([]dueOf[N], len(d.list), room)
		copy(grown, d.list)
		d.budget.Release(d.held)
		d.list, d.held = grown, int64(room)*dueBytes
	}
	d.list = append(d.list, t)
	at := len(d.list) - 1
	for at > 0 {
		up := (at - 1) / branches
		if d.list[up].micros <= t.micros {
			break
		}
		d.list[at] = d.list[up]
		at = up
	}
	d.list[at] = t
	return nil
}

// any reports whether there is a time at until or before.
func (d *duesOf[N]) any(until int64) bool { return len(d.list) > 0 && d.list[0].micros <= until }

// pop takes the earliest time out, if it is at until or before.
func (d *duesOf[N]) pop(until int64) (t dueOf[N], ok bool) {
	if len(d.list) == 0 || d.list[0].micros > until {
		return dueOf[N]{}, false
	}
	t = d.list[0]
	last := d.list[len(d.list)-1]
	d.list = d.list[:len(d.list)-1]
	n, at := len(d.list), 0
	for {
		least := at*branches + 1
		if least >= n {
			break
		}
		end := min(least+branches, n)
		for k := least + 1; k < end; k++ {
			if d.list[k].micros < d.list[least].micros {
				least = k
			}
		}
		if d.list[least].micros >= last.micros {
			break
		}
		d.list[at] = d.list[least]
		at = least
	}
	if n > 0 {
		d.list[at] = last
	}
	return t, true
}

func (d *duesOf[N]) free() {
	d.budget.Release(d.held)
	d.list, d.held = nil, 0
}

// keep forgets times for which wanted, which is asked of each in turn, says no, and gives back memory if few are left.
func (d *duesOf[N]) keep(wanted func(dueOf[N]) bool) {
	d.list = slices.DeleteFunc(d.list, func(t dueOf[N]) bool { return !wanted(t) })
	if room := len(d.list) * 3 / 2; cap(d.list) > 2*room && d.budget.TryReserve(int64(room)*dueBytes) {
		fewer := make([]dueOf[N], len(d.list), room)
		copy(fewer, d.list)
		d.budget.Release(d.held)
		d.list, d.held = fewer, int64(room)*dueBytes
	}
	slices.SortFunc(d.list, func(a, b dueOf[N]) int { return cmp.Compare(a.micros, b.micros) }) // in their order they are a heap
}
