package keyed

import (
	"math"
	"slices"

	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Owners are the keys of a table with values of their own, as a part that may leave memory: each with the rows of its list. The rows, a Listed that is Owned, are another part, which comes behind this one and leaves with it. Among
// the tables of an operator the Owners come before the rows, too: they note which keys are not in memory as these are loaded. The table's Values must have Leave, Listed.Leaves as Free, and a Vacate. It is Evictable, Departing and
// Late.
type Owners struct {
	*Table
	rows *Listed
	// written: what changed of the rows was spilled.
	written bool
}

// NewOwners returns the keys of rows, which are Owned.
func NewOwners(rows *Listed) *Owners {
	rows.came = rows.forgetThere
	return &Owners{Table: rows.config.Table, rows: rows}
}

// Resident reports whether everything is in memory, of the rows, too.
func (o *Owners) Resident() bool { return o.Table.Resident() && !o.rows.HasAway() }

// Load makes keys resident, and has the rows of those that were not in memory come back with the next Load of theirs.
func (o *Owners) Load(hashes []uint64, groups [Groups / 64]uint64) error {
	l := o.rows
	if !o.HasAway() && !l.HasAway() {
		return o.Table.Load(hashes, groups)
	}
	l.there.Free()
	l.missing, l.groups = l.missing[:0], groups
	for _, h := range hashes {
		if !o.HasHash(h) {
			l.missing = append(l.missing, h)
		}
	}
	slices.Sort(l.missing)
	for g := range Groups {
		if groups[g>>6]>>(g&63)&1 == 0 || !l.HasAway() { // without rows that are away nobody asks
			continue
		}
		for slot := range o.Slots(uint8(g)) { //nolint:gosec // below 256
			if err := l.there.Append(o.HashOf(slot)); err != nil {
				l.forgetThere()
				return o.refused(err)
			}
		}
	}
	slices.Sort(l.there.Items())
	err := o.Table.Load(hashes, groups)
	if err != nil { // the rows are not loaded
		l.forgetThere()
	}
	return err
}

// Room is how many keys, or rows, can be put in before memory grows; see Evictable. A few are not worth it.
func (o *Owners) Room() int {
	room := math.MaxInt
	if o.Len() >= batch.MaxRows {
		room = o.Table.Room()
	}
	if o.rows.Len() >= batch.MaxRows {
		room = min(room, o.rows.Rows.Room())
	}
	return room
}

// Spill writes what changed of the rows and of the keys; see Evictable.
func (o *Owners) Spill(into *store.Changes, most int64) (more bool) {
	if !o.written {
		from := into.Bytes()
		if o.rows.Spill(into, most) {
			return true
		}
		o.written = true
		if most -= into.Bytes() - from; most <= 0 {
			return true
		}
	}
	o.written = o.Table.Spill(into, most)
	return o.written
}

// Evict has keys leave memory with their rows; see Evictable.
func (o *Owners) Evict(want int, settled bool) (evicted int, err error) {
	l := o.rows
	if !l.Settled() {
		return 0, nil
	}
	l.ids, l.settled = l.ids[:0], settled
	if evicted, err = o.Table.Evict(want, settled); err != nil {
		return evicted, err
	}
	return evicted, l.let()
}

// Depart has all keys leave memory with their rows, and with the memory; see Departing. Nobody asks for ranges of them.
func (o *Owners) Depart(bool) error {
	if err := o.rows.Rows.Depart(); err != nil {
		return err
	}
	o.rows.config.Free()
	return o.Table.Depart(false)
}

// Leaves collects the rows of a key that is to leave memory, if nothing of it is left to do and the store has all of them as they are: the Free of the Values of Owners.
func (l *Listed) Leaves(slot uint32) bool {
	from := len(l.ids)
	return l.collect(slot, l.settled) && len(l.ids) > from
}

// Present reports whether the rows of a hash are in memory, but for those that are being loaded: the Has of the Extras of rows that are Owned.
func (l *Listed) Present(hash uint64) bool {
	if g := hash >> groupShift; l.groups[g>>6]>>(g&63)&1 != 0 {
		_, found := slices.BinarySearch(l.there.Items(), hash)
		return found
	}
	_, found := slices.BinarySearch(l.missing, hash)
	return !found
}

// forgetThere forgets which keys were there before a load, which is over.
func (l *Listed) forgetThere() {
	l.there.Free()
	l.groups = [Groups / 64]uint64{}
}

// Housed returns those of ids, rows that were put in, whose keys are in memory. A restore may put rows in of which the keys are not: those leave with MakeWhole.
func (l *Listed) Housed(ids []uint32) []uint32 {
	if !l.config.Owned || !l.config.Table.HasAway() {
		return ids
	}
	housed := make([]uint32, 0, len(ids))
	for _, id := range ids {
		if l.config.Table.HasHash(l.HashOf(id)) {
			housed = append(housed, id)
		} else {
			l.homeless = append(l.homeless, id)
		}
	}
	return housed
}

// MakeWhole has keys leave memory of which rows were not restored, and rows of which the keys were not. The error is SQLSTATE 53200.
func (l *Listed) MakeWhole() error {
	t := l.config.Table
	if !l.config.Owned || !t.HasAway() && !l.HasAway() {
		return nil
	}
	err := l.Expel(l.homeless)
	l.homeless, l.settled = nil, true
	for g := 0; g < Groups && err == nil; g++ {
		l.slots, l.ids = l.slots[:0], l.ids[:0]
		for slot := range t.Slots(uint8(g)) { //nolint:gosec // below 256
			if l.MayBeAway(t.HashOf(slot)) && l.collect(slot, true) {
				l.slots = append(l.slots, slot)
			}
		}
		if err = t.Expel(l.slots); err == nil {
			err = l.let()
		}
	}
	return err
}

// let has the rows leave that were collected.
func (l *Listed) let() error {
	if l.config.Let != nil {
		l.config.Let(l.ids)
	}
	return l.Expel(l.ids)
}
