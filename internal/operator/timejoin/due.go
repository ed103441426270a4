package timejoin

import (
	"math/bits"
	"unsafe"

	"wire.example/wire/internal/foundation/limit"
)

// due is rows that may come out when a time has come, known by their numbers, or where they have left memory by their hashes. It is made of the rows again after a restore.
//
// It is a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan 1990): times only go up, and a row lies in the level of the highest bit in which its time differs from the
// time that was reached. When that goes on, the rows of lower levels have come, those of the level where it differs are looked at, and others are not touched: a row
// moves to a lower level a few times, and is never compared with another one.
type due[N uint32 | uint64] struct {
	budget  *limit.Budget
	reached uint64 // by ordered
	levels  [][]dueRow[N]
	bytes   int64
	waiting int // how many have not come
	// ready are rows that have come, those from next on have not been taken.
	ready []N
	next  int
}

// dueRow is a row and its time, by ordered.
type dueRow[N uint32 | uint64] struct {
	at uint64
	id N
}

const (
	// dueBytes is the size of a dueRow.
	dueBytes = 16
	// dueKept is how many rows a level without any keeps room for.
	dueKept = 1 << 9
)

func newDue[N uint32 | uint64](budget *limit.Budget) due[N] { return due[N]{budget: budget} }

// ordered makes times numbers without a sign that are ordered as they are.
func ordered(micros int64) uint64 { return uint64(micros) ^ 1<<63 } //nolint:gosec // the sign is turned

// push adds a row. The error is a *limit.ExceededError.
func (d *due[N]) push(micros int64, id N) error {
	at := ordered(micros)
	if at < d.reached {
		return d.come(id)
	}
	d.waiting++
	return d.place(dueRow[N]{at, id})
}

func (d *due[N]) place(r dueRow[N]) error {
	if d.levels == nil {
		d.levels = make([][]dueRow[N], 65) // which is too little to be reserved
	}
	level := &d.levels[bits.Len64(r.at^d.reached)]
	if len(*level) == cap(*level) {
		room := max(2*cap(*level), 16)
		if err := d.reserve(int64(room-cap(*level)) * dueBytes); err != nil {
			return err
		}
		grown := make([]dueRow[N], len(*level), room)
		copy(grown, *level)
		*level = grown
	}
	*level = append(*level, r)
	return nil
}

// come adds a row to those that have come.
func (d *due[N]) come(id N) error {
	if d.next == len(d.ready) {
		d.ready, d.next = d.ready[:0], 0
	}
	if len(d.ready) == cap(d.ready) {
		room := max(2*cap(d.ready), 16)
		if err := d.reserve(int64(room-cap(d.ready)) * int64(unsafe.Sizeof(id))); err != nil {
			return err
		}
		grown := make([]N, len(d.ready), room)
		copy(grown, d.ready)
		d.ready = grown
	}
	d.ready = append(d.ready, id)
	return nil
}

// advance makes the rows before a time ready.
func (d *due[N]) advance(micros int64) error {
	at := ordered(micros)
	if at <= d.reached {
		return nil
	}
	if d.waiting == 0 {
		d.reached = at
		return nil
	}
	top := bits.Len64(at ^ d.reached)
	d.reached = at
	for l := range top + 1 {
		rows := d.levels[l]
		d.levels[l] = rows[:0]
		for _, r := range rows {
			if r.at >= at {
				if err := d.place(r); err != nil {
					return err
				}
				continue
			}
			d.waiting--
			if err := d.come(r.id); err != nil {
				return err
			}
		}
		d.shrink(l)
	}
	return nil
}

// shrink gives up the memory of a level that has no rows.
func (d *due[N]) shrink(l int) {
	if rows := d.levels[l]; len(rows) == 0 && cap(rows) > dueKept {
		d.release(int64(cap(rows)) * dueBytes)
		d.levels[l] = nil
	}
}

// flush makes all rows ready.
func (d *due[N]) flush() error {
	for l, rows := range d.levels {
		d.levels[l] = rows[:0]
		for _, r := range rows {
			d.waiting--
			if err := d.come(r.id); err != nil {
				return err
			}
		}
		d.shrink(l)
	}
	return nil
}

// take takes up to n rows that are ready. Lent until the next call on d.
func (d *due[N]) take(n int) []N {
	from := d.next
	d.next = min(from+n, len(d.ready))
	return d.ready[from:d.next]
}

// takeAll takes all rows that are ready. Lent until the next call on d.
func (d *due[N]) takeAll() []N { return d.take(len(d.ready) - d.next) }

// any reports whether rows are ready.
func (d *due[N]) any() bool { return d.next < len(d.ready) }

// empty reports whether there are no rows, ready or not.
func (d *due[N]) empty() bool { return d.waiting == 0 && !d.any() }

func (d *due[N]) reserve(bytes int64) error {
	if err := d.budget.Reserve(bytes); err != nil {
		return err
	}
	d.bytes += bytes
	return nil
}

func (d *due[N]) release(bytes int64) {
	d.budget.Release(bytes)
	d.bytes -= bytes
}

// free gives the memory back.
func (d *due[N]) free() {
	d.budget.Release(d.bytes)
	*d = newDue[N](d.budget)
}
