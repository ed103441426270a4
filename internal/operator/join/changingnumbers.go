package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Where only the number of right rows of a key matters, the keys leave memory with these numbers, and have the left rows leave, too.

// numbers are the keys of a Changing join with how many right rows they have, as a part that may leave memory.
type numbers struct {
	*keyed.Table
	j *Changing
	// ids are left rows that leave; settled says, while they do, that no sealed epoch is still to be applied.
	ids     []uint32
	settled bool
	// written: what changed of the left rows was spilled.
	written bool
	// homeless are left rows that were restored although their keys were not.
	homeless []uint32
}

// Joint is what keys are restored with; see keyed.InJoint.
func (n *numbers) Joint() *keyed.Joint { return n.j.joint }

// Room is how many keys, or rows, can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (n *numbers) Room() int {
	room := n.Table.Room()
	if rows := n.j.stores[LeftInput].rows; rows.Len() >= batch.MaxRows {
		room = min(room, rows.Room())
	}
	return room
}

// Spill writes what changed of the left rows and of the keys; see keyed.Evictable.
func (n *numbers) Spill(into *durable.Changes, most int64) (more bool) {
	if !n.written {
		from := into.Bytes()
		if n.j.stores[LeftInput].rows.Spill(into, most) {
			return true
		}
		n.written = true
		if most -= into.Bytes() - from; most <= 0 {
			return true
		}
	}
	n.written = n.Table.Spill(into, most)
	return n.written
}

// Evict has keys leave memory with their left rows; see keyed.Evictable.
func (n *numbers) Evict(want int, settled bool) (evicted int, err error) {
	left := n.j.stores[LeftInput]
	if n.j.work.in != nil || !left.rows.Settled() {
		return 0, nil
	}
	n.ids, n.settled = n.ids[:0], settled
	if evicted, err = n.Table.Evict(want, settled); err != nil {
		return evicted, err
	}
	return evicted, left.expel(n.ids)
}

// let takes the left rows of a key out of what they are found by, to be expelled, if the store has all of them as they are.
func (n *numbers) let(slot uint32) bool {
	s, from := n.j.stores[LeftInput], len(n.ids)
	r := &n.j.runs.At(slot)[LeftInput]
	for id := r.head; r.count > 0 && id != keyed.NoRow; id = *s.runs.next.At(id) {
		if !s.rows.Clean(id, n.settled) {
			n.ids = n.ids[:from]
			return false
		}
		n.ids = append(n.ids, id)
	}
	return s.unindex(r, slot) == nil
}

// unindex takes the rows of a run out of the index.
func (s *store) unindex(r *run, slot uint32) error {
	for id := r.head; r.indexed && r.count > 0 && id != keyed.NoRow; id = *s.runs.next.At(id) {
		if err := s.index.remove(slot, *s.hashes.At(id), id, s.rows.GroupOf(id)); err != nil {
			return err
		}
	}
	return nil
}

// Depart has all keys leave memory with their left rows, and with the memory; see keyed.Departing.
func (n *numbers) Depart(bool) error {
	j := n.j
	if j.work.in != nil {
		return nil
	}
	if !j.free[LeftInput] {
		if err := j.stores[LeftInput].depart(); err != nil {
			return err
		}
	}
	return n.Table.Depart(false)
}

// depart has all rows leave memory, with the memory.
func (s *store) depart() error {
	s.freeBeside()
	return s.rows.Depart()
}

// housed returns those of ids, left rows that were put in, whose keys are in memory, and notes the others, of a restore. Where they are loaded their keys were, and one that is not there any more has gone with others of its
// rows, which have expired: it comes to be anew.
func (n *numbers) housed(ids []uint32) []uint32 {
	if !n.HasAway() {
		return ids
	}
	rows := n.j.stores[LeftInput].rows
	housed := make([]uint32, 0, len(ids))
	for _, id := range ids {
		if hash := rows.HashOf(id); n.HasHash(hash) || !n.j.missing.present(hash) {
			housed = append(housed, id)
		} else {
			n.homeless = append(n.homeless, id)
		}
	}
	return housed
}

// restoreWhole has keys leave memory of which the left rows were not restored, and left rows of which the keys were not.
func (n *numbers) restoreWhole() error {
	rows := n.j.stores[LeftInput].rows
	n.settled = true
	err := rows.Expel(n.homeless)
	n.homeless = nil
	var slots []uint32
	for g := 0; g < keyed.Groups && err == nil; g++ {
		slots, n.ids = slots[:0], n.ids[:0]
		for slot := range n.Slots(uint8(g)) { //nolint:gosec // below 256
			if rows.MayBeAway(n.HashOf(slot)) && n.let(slot) {
				slots = append(slots, slot)
			}
		}
		if err = n.Expel(slots); err == nil {
			err = n.j.stores[LeftInput].expel(n.ids)
		}
	}
	return op.OutOfMemory(n.j.cfg.title(), err)
}
