package dedupe

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// Kept rows leave memory with their partitions, but for those that wait for the watermark.

// Kept are the rows: partitions follow from them.
func (o *Operator) Kept() []keyed.Kept {
	if !o.leaves() {
		return []keyed.Kept{o.rows}
	}
	return []keyed.Kept{&kept{Rows: o.rows, o: o}}
}

// kept are the rows as a part that may leave memory, partition by partition.
type kept struct {
	*keyed.Rows
	o      *Operator
	rounds keyed.Rounds
	ids    []uint32
	slots  []uint32
}

// Evict has kept rows leave memory with their partitions; see keyed.Evictable. Nothing may be left to flush.
func (k *kept) Evict(want int, settled bool) (evicted int, err error) {
	return k.rounds.Evict(k.o.table.Leaving(want), func(group uint8, most int) (int, error) { return k.evictGroup(group, most, settled) })
}

// evictGroup has at most so many rows of a key group leave.
func (k *kept) evictGroup(group uint8, most int, settled bool) (evicted int, err error) {
	o := k.o
	k.ids, k.slots = k.ids[:0], k.slots[:0]
	for slot := range o.table.Slots(group) {
		row := o.best.At(slot).row
		if row != keyed.NoRow && !o.waits(row) && o.rows.Clean(row, settled) && o.table.Alone(slot) {
			k.ids, k.slots = append(k.ids, row), append(k.slots, slot)
		}
		if len(k.ids) >= most {
			break
		}
	}
	if err := o.rows.Expel(k.ids); err != nil {
		return 0, err
	}
	for _, slot := range k.slots {
		if err := o.table.Delete(slot); err != nil {
			return 0, err
		}
	}
	return len(k.ids), nil
}

// Depart has all kept rows leave memory; see keyed.Departing. Nobody asks for ranges of them. Those that wait come back at once.
func (k *kept) Depart(bool) error {
	o := k.o
	var waiting []uint64
	if o.config.Final {
		for group := range keyed.Groups {
			for slot := range o.table.Slots(uint8(group)) { //nolint:gosec // below 256
				if row := o.best.At(slot).row; row != keyed.NoRow && o.waits(row) {
					waiting = append(waiting, o.table.HashOf(slot))
				}
			}
		}
		o.waiting.free()
	}
	err := k.Rows.Depart()
	o.table.Free()
	o.best.Free()
	if err != nil {
		return err
	}
	return k.Load(waiting, [keyed.Groups / 64]uint64{})
}

// Pass leaves kept rows in the store, but for those that wait; see keyed.Evictable.
func (k *kept) Pass(e *keyed.Entries) error {
	if err := k.Rows.Pass(e); err != nil || !k.o.config.Final {
		return err
	}
	var waiting []uint64
	for i, value := range e.Values {
		if len(value) > 0 && value[0] != final {
			waiting = append(waiting, e.Hashes[i])
		}
	}
	return k.Load(waiting, [keyed.Groups / 64]uint64{})
}

// ReadOn reads unread rows; see keyed.Postponable. Partitions that were over when others were swept do not come back.
func (k *kept) ReadOn(most int, pass bool) (more bool, err error) {
	more, err = k.Rows.ReadOn(most, pass)
	if err != nil {
		return false, err
	}
	return more, k.o.forgetStale()
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (k *kept) Adopt() error {
	o := k.o
	return o.rows.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range o.table.Slots(uint8(g)) { //nolint:gosec // below 256
				if row := o.best.At(slot).row; row != keyed.NoRow && !yield(row, o.table.HashOf(slot)) {
					return
				}
			}
		}
	})
}

// Leaves reports whether kept rows may leave memory.
func (o *Operator) Leaves() bool { return o.leaves() }

// leaves reports whether kept rows may leave memory.
func (o *Operator) leaves() bool { return o.table != nil }

// waits reports whether a kept row waits for the watermark, which finds it by its time: so it stays in memory.
func (o *Operator) waits(row uint32) bool { return o.config.Final && *o.rows.Mark(row) != final }

// rowsTable is the rows as one of an operator's tables: partitions that were over when others were swept, while they were away, do not come back.
type rowsTable struct {
	*keyed.Rows
	o *Operator
}

// Load makes rows resident.
func (t *rowsTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	if err := t.Rows.Load(hashes, groups); err != nil {
		return err
	}
	return t.o.forgetStale()
}
