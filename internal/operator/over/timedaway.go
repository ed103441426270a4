package over

import (
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Partitions of a Timed leave memory with all of their rows while none of these waits, and come back when a row comes for them: what a watermark answers is in memory. A partition that is in the
// table has all its rows in memory, and one that is not has none there. What is away is not trimmed by watermarks: that happens when its partition comes again.

// leaves reports whether partitions may leave memory.
func (t *Timed) leaves() bool { return t.table != nil }

// stored reports whether something is stored of partitions beside their rows.
func (t *Timed) stored() bool { return t.table != nil && (t.keeps || t.config.TTL > 0) }

// Leaves reports whether partitions may leave memory.
func (t *Timed) Leaves() bool { return t.leaves() }

// Advice says what else can be asked for where rows that wait do not fit into memory; see op.Adviser.
func (t *Timed) Advice() string {
	if !t.leaves() {
		return "Without PARTITION BY rows of window functions stay in memory while they wait for the watermark, and while frames see them: have a watermark that is less far behind (WATERMARK FOR), or shorter frames."
	}
	return "Rows of window functions stay in memory while they wait for the watermark: have one that is less far behind (WATERMARK FOR)."
}

// timedAway is what is known while partitions come back, and leave.
type timedAway struct {
	// missing are the hashes that are being loaded of which nothing was in memory, sorted.
	missing []uint64
	// loading says that rows come back; back are those.
	loading bool
	back    []uint32
	leaving []uint32 // rows that leave
	settled bool     // no sealed epoch is still to be applied
	// departing: what comes back was in memory a moment ago, and is forgotten when it would be there.
	departing bool
}

// present reports whether the rows of a hash are in memory, but for those that are being loaded.
func (a *timedAway) present(hash uint64) bool {
	_, found := slices.BinarySearch(a.missing, hash)
	return !found
}

// partitionTable is the partitions as the first of an operator's tables: it notes which hashes have none in memory before those are loaded, and so before their rows are.
type partitionTable struct {
	*keyed.Table
	t *Timed
}

// Resident reports whether everything is in memory, of the rows, too.
func (p *partitionTable) Resident() bool { return p.Table.Resident() && !p.t.e.rows.HasAway() }

// Load notes the hashes, and loads what is kept of their partitions.
func (p *partitionTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	a := &p.t.away
	a.missing = a.missing[:0]
	for _, h := range hashes {
		if !p.HasHash(h) {
			a.missing = append(a.missing, h)
		}
	}
	slices.Sort(a.missing)
	a.missing = slices.Compact(a.missing)
	return p.Table.Load(hashes, groups)
}

// timedRows is the rows as one of an operator's tables: what is loaded is put where it was.
type timedRows struct {
	*keyed.Rows
	t *Timed
}

// Load makes rows resident.
func (r *timedRows) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	a := &r.t.away
	a.back, a.loading = a.back[:0], true
	err := r.Rows.Load(hashes, groups)
	a.loading = false
	if err == nil && len(a.back) > 0 {
		err = r.t.requeueAll(a.back)
	}
	if err != nil {
		return err
	}
	return r.t.expireBack()
}

// load notes rows that were put in.
func (t *Timed) load(ids []uint32) error {
	if t.away.loading {
		t.away.back = append(t.away.back, ids...)
	} else {
		t.loaded = true
	}
	return nil
}

// idle reports whether all rows of a partition are answered.
func (t *Timed) idle(slot uint32) bool {
	part := t.parts.At(slot)
	return part.rows == part.answered+t.apart(part)
}

// apart is 1 if the head of a partition is not in its queue any more, else 0.
func (t *Timed) apart(part *queued) uint32 {
	if part.head != keyed.NoRow && *t.e.rows.Mark(part.head)&answered == 0 {
		return 1
	}
	return 0
}

// let takes a partition out of what rows are found by, and adds its rows to those that leave, if all are answered and the store has them as they are.
func (t *Timed) let(slot uint32) bool {
	a, part := &t.away, t.parts.At(slot)
	if !t.idle(slot) || t.over(part.stamp) { // it was not idle when others were swept
		return false
	}
	from := len(a.leaving)
	a.leaving = append(a.leaving, t.queues[slot].rows()...)
	if t.apart(part) > 0 {
		a.leaving = append(a.leaving, part.head)
	}
	for _, id := range a.leaving[from:] {
		if !t.e.rows.Clean(id, a.settled) {
			a.leaving = a.leaving[:from]
			return false
		}
	}
	t.forget(slot)
	return true
}

// forget empties what is kept of a partition beside its rows.
func (t *Timed) forget(slot uint32) {
	t.room -= t.queues[slot].pop(len(t.queues[slot].rows()))
	*t.parts.At(slot) = queued{head: keyed.NoRow}
	for _, r := range t.running {
		r.forget(slot)
	}
	for _, s := range t.sliding {
		s.forget(slot)
	}
}

// partitionPart is the partitions, of which something is kept beside their rows, as a part that may leave memory. They make their rows leave, too.
type partitionPart struct {
	*keyed.Table
	t *Timed
	// spilled: what changed of the rows is.
	spilled bool
}

// Room is how many partitions, or rows, can be put in before memory grows; see keyed.Evictable. A few are not worth it.
func (p *partitionPart) Room() int {
	room := roomOf(p.t.e.rows)
	if p.Len() >= batch.MaxRows {
		room = min(room, p.Table.Room())
	}
	return room
}

// roomOf is how many rows can be put in before memory grows. Few rows are not worth it.
func roomOf(rows *keyed.Rows) int {
	if rows.Len() < batch.MaxRows {
		return math.MaxInt
	}
	return rows.Room()
}

// Spill writes what changed of the partitions and of their rows; see keyed.Evictable.
func (p *partitionPart) Spill(into *store.Changes, most int64) (more bool) {
	if !p.spilled {
		from := into.Bytes()
		if p.t.e.rows.Spill(into, most) {
			return true
		}
		p.spilled = true
		if most -= into.Bytes() - from; most <= 0 {
			return true
		}
	}
	p.spilled = p.Table.Spill(into, most)
	return p.spilled
}

// Evict has partitions leave memory with their rows; see keyed.Evictable.
func (p *partitionPart) Evict(want int, settled bool) (evicted int, err error) {
	a := &p.t.away
	if !p.t.e.rows.Settled() {
		return 0, nil
	}
	a.settled, a.leaving = settled, a.leaving[:0]
	if evicted, err = p.Table.Evict(want, settled); err != nil {
		return evicted, err
	}
	return evicted, p.t.e.rows.Expel(a.leaving)
}

// Depart has all partitions leave memory, with the memory, but for those of which rows wait; see keyed.Departing. It is never for good.
func (p *partitionPart) Depart(bool) error {
	if p.t.working {
		_, err := p.Evict(p.Len(), true)
		return err
	}
	return p.t.depart(func() error { return p.Table.Depart(false) })
}

// besideRows is the rows as a part that may leave memory, which they do with their partitions.
type besideRows struct {
	*keyed.Rows
	t *Timed
}

// Room is left to the partitions; see keyed.Evictable.
func (r *besideRows) Room() int { return math.MaxInt }

// Evict is left to the partitions; see keyed.Evictable.
func (r *besideRows) Evict(want int, _ bool) (evicted int, err error) { return want, nil }

// Depart is left to the partitions; see keyed.Departing.
func (r *besideRows) Depart(bool) error { return nil }

// Adopt has the rows that are there count as changed; see keyed.Late.
func (r *besideRows) Adopt() error { return r.t.adopt() }

// Pass leaves rows in the store; see keyed.Evictable.
func (r *besideRows) Pass(e *keyed.Entries) error { return r.t.pass(e) }

// adopt has all rows count as changed.
func (t *Timed) adopt() error {
	return t.e.rows.AdoptAs(func(yield func(uint32, uint64) bool) {
		ids := make([]uint32, batch.MaxRows)
		for c := (keyed.Cursor{}); ; {
			n := t.e.rows.Scan(&c, ids)
			if n == 0 {
				return
			}
			for _, id := range ids[:n] {
				if !yield(id, t.table.HashOf(*t.slotOf.At(id))) {
					return
				}
			}
		}
	})
}

// aloneRows is the rows as a part that may leave memory, where nothing is kept beside them.
type aloneRows struct {
	*keyed.Rows
	t      *Timed
	rounds keyed.Rounds
	slots  []uint32
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable.
func (r *aloneRows) Room() int { return roomOf(r.Rows) }

// leastShare is which part of the rows leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// Evict has rows leave memory with all others of their partitions; see keyed.Evictable.
func (r *aloneRows) Evict(want int, settled bool) (evicted int, err error) {
	if !r.Settled() {
		return 0, nil
	}
	want = max(want, r.Len()/leastShare)
	r.t.away.settled = settled
	return r.rounds.Evict(want, r.evictGroup)
}

// evictGroup has about so many rows of a key group leave.
func (r *aloneRows) evictGroup(group uint8, want int) (evicted int, err error) {
	t := r.t
	r.slots, t.away.leaving = r.slots[:0], t.away.leaving[:0]
	for slot := range t.table.Slots(group) {
		if len(t.away.leaving) >= want {
			break
		}
		if t.table.Alone(slot) && t.let(slot) {
			r.slots = append(r.slots, slot)
		}
	}
	for _, slot := range r.slots {
		if err := t.table.Delete(slot); err != nil {
			return 0, err
		}
	}
	return len(t.away.leaving), r.Expel(t.away.leaving)
}

// Depart has all rows leave memory, with the memory, but for those of partitions of which rows wait; see keyed.Departing. It is never for good.
func (r *aloneRows) Depart(bool) error {
	if r.t.working {
		_, err := r.Evict(r.Len(), true)
		return err
	}
	return r.t.depart(func() error {
		r.t.table.Free()
		return nil
	})
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (r *aloneRows) Adopt() error { return r.t.adopt() }

// Pass leaves rows in the store; see keyed.Evictable.
func (r *aloneRows) Pass(e *keyed.Entries) error { return r.t.pass(e) }
