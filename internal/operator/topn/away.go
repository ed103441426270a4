package topn

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Rows leave memory with all others of their partition, and come back so: a partition that is in the table has all its rows in memory, and one that is not has none there. What has left was flushed,
// and so the first rows of a partition that comes back are those that were emitted.

// leaves reports whether rows may leave memory: nothing but their partition finds them.
func (o *Operator) leaves() bool { return o.table != nil && o.config.TTL == 0 }

// Leaves reports whether rows may leave memory.
func (o *Operator) Leaves() bool { return o.leaves() }

// rowsTable is the rows as one of an operator's tables: the partitions of what is loaded are as if they had never left.
type rowsTable struct {
	*keyed.Rows
	o *Operator
}

// Load makes rows resident.
func (t *rowsTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	o := t.o
	o.back, o.loading = o.back[:0], true
	err := t.Rows.Load(hashes, groups)
	o.loading = false
	if err != nil {
		return err
	}
	for _, slot := range o.back {
		o.emitted(o.parts.At(slot))
	}
	return nil
}

// link puts rows that have come back in their lists.
func (o *Operator) link(ids []uint32) error {
	touched, changed := len(o.touched), o.changed
	if err := o.restoreAll(ids); err != nil {
		return err
	}
	for _, t := range o.touched[touched:] {
		o.parts.At(t.slot).touched = 0
		o.back = append(o.back, t.slot)
	}
	o.touched, o.changed = o.touched[:touched], changed
	return nil
}

// leavingRows are the rows as a part that may leave memory.
type leavingRows struct {
	*keyed.Rows
	o      *Operator
	rounds keyed.Rounds
	ids    []uint32
	slots  []uint32
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (r *leavingRows) Room() int {
	if r.Len() < batch.MaxRows {
		return math.MaxInt
	}
	return r.Rows.Room()
}

// leastShare is which part of the rows leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// Evict has rows leave memory with all others of their partitions; see keyed.Evictable.
func (r *leavingRows) Evict(want int, settled bool) (evicted int, err error) {
	if !r.Settled() {
		return 0, nil
	}
	want = max(want, r.Len()/leastShare)
	return r.rounds.Evict(want, func(group uint8, most int) (int, error) { return r.evictGroup(group, most, settled) })
}

// evictGroup has about so many rows of a key group leave.
func (r *leavingRows) evictGroup(group uint8, want int, settled bool) (evicted int, err error) {
	o := r.o
	r.slots, r.ids = r.slots[:0], r.ids[:0]
	for slot := range o.table.Slots(group) {
		if len(r.ids) >= want {
			break
		}
		if r.collect(slot, settled) && o.table.Alone(slot) {
			r.slots = append(r.slots, slot)
		}
	}
	for _, slot := range r.slots {
		if err := o.table.Delete(slot); err != nil {
			return 0, err
		}
	}
	return len(r.ids), r.Expel(r.ids)
}

// collect adds the rows of a partition to ids, if the store has all of them as they are and nothing of it is left to flush.
func (r *leavingRows) collect(slot uint32, settled bool) bool {
	part, before := r.o.parts.At(slot), len(r.ids)
	if part.touched != 0 {
		return false
	}
	for id := r.o.lists.First(part.root); id != keyed.NoRow; id = r.o.lists.Next(id) {
		if !r.Clean(id, settled) {
			r.ids = r.ids[:before]
			return false
		}
		r.ids = append(r.ids, id)
	}
	return len(r.ids) > before
}

// Depart has all rows leave memory, with the memory; see keyed.Departing. Nobody asks for ranges of them.
func (r *leavingRows) Depart(bool) error {
	o := r.o
	o.table.Free()
	o.lists.Free()
	o.parts.Free()
	o.notes.Free()
	if o.twins != nil {
		o.twins.lists.Free()
	}
	return r.Rows.Depart()
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (r *leavingRows) Adopt() error {
	o := r.o
	return r.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range o.table.Slots(uint8(g)) { //nolint:gosec // below 256
				hash := o.table.HashOf(slot)
				for id := o.lists.First(o.parts.At(slot).root); id != keyed.NoRow; id = o.lists.Next(id) {
					if !yield(id, hash) {
						return
					}
				}
			}
		}
	})
}

// Pass leaves rows in the store; see keyed.Evictable. Those that come later have arrived behind them.
func (r *leavingRows) Pass(e *keyed.Entries) error {
	if arrival := r.o.extra.arrival; arrival >= 0 {
		columns := r.o.newColumns()
		defer release(columns)
		for from := 0; from < e.Len(); from += batch.MaxRows {
			to := min(from+batch.MaxRows, e.Len())
			if err := r.Decode(e.Keys[from:to], e.Values[from:to], columns); err != nil {
				return err
			}
			for _, number := range columns[arrival].Int64s()[:to-from] {
				r.o.extra.next = max(r.o.extra.next, number+1)
			}
		}
	}
	return r.Rows.Pass(e)
}
