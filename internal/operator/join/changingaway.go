package join

import (
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Rows of a Changing join leave memory with all rows of their key, of both inputs, and come back so: a key that is in the table has all its rows in memory, and one that is not has none there.

// leaves reports whether rows may leave memory: nothing but their keys finds them.
func (j *Changing) leaves() bool {
	return j.kin == nil && j.keys[LeftInput].dealer == nil && len(j.keys[LeftInput].dealt) > 0
}

// Leaves reports whether rows may leave memory.
func (j *Changing) Leaves() bool { return j.leaves() }

// Advice says what else can be asked for where rows stay in memory, and it does not suffice; see op.Adviser.
func (j *Changing) Advice() string {
	switch {
	case j.leaves():
		return ""
	case j.kin != nil:
		return "NOT IN has all rows stay in memory where a value may be NULL: write NOT EXISTS, for which NULLs are equal to nothing and whose rows leave it, or set a time to live."
	default:
		return "The rows of a join that compares no column of one side with one of the other by = stay in memory: compare one, or set a time to live."
	}
}

// missing notes which of the hashes that are about to be loaded have no key in memory. It is the first of the tables, so that it does so before the rows of either input are loaded.
type missing struct {
	j      *Changing
	hashes []uint64
	asked  []uint64
	// reading: what a restore has left unread is being put in, of keys none of which was in memory.
	reading bool
}

// Resident reports whether all rows are in memory.
func (m *missing) Resident() bool { return !m.j.someAway() }

// Load notes the hashes.
func (m *missing) Load(hashes []uint64, _ [op.KeyGroups / 64]uint64) error {
	m.hashes = m.hashes[:0]
	for _, h := range hashes {
		if !m.j.table.HasHash(h) {
			m.hashes = append(m.hashes, h)
		}
	}
	slices.Sort(m.hashes)
	return nil
}

// Absent is how many different ones of hashes have rows that may be in the store alone; see op.Counting.
func (m *missing) Absent(hashes []uint64) int {
	m.asked = m.asked[:0]
	for _, h := range hashes {
		if !m.j.table.HasHash(h) && m.j.mayBeAway(h) {
			m.asked = append(m.asked, h)
		}
	}
	slices.Sort(m.asked)
	return len(slices.Compact(m.asked))
}

// Separate returns the hashes of the keys of an input's rows, if they leave memory by these; see op.Separable.
func (j *Changing) Separate(input int, in *batch.Batch) []uint64 {
	if !j.leaves() {
		return nil
	}
	_, dealt := j.hash(input, in)
	return dealt
}

// present reports whether the rows of a hash are in memory, but for those that are being loaded.
func (m *missing) present(hash uint64) bool {
	if m.reading {
		return false
	}
	_, found := slices.BinarySearch(m.hashes, hash)
	return !found
}

// someAway reports whether some rows are not in memory.
func (j *Changing) someAway() bool {
	return j.table.HasAway() || j.stores[LeftInput].rows.HasAway() || j.stores[RightInput].rows.HasAway()
}

// mayBeAway reports whether some rows of a hash may not be in memory.
func (j *Changing) mayBeAway(hash uint64) bool {
	return j.stores[LeftInput].rows.MayBeAway(hash) || j.stores[RightInput].rows.MayBeAway(hash)
}

// changingRows are the rows of an input as a part that may leave memory. Those of the left input make those of the right one leave, too; passive ones leave with others.
type changingRows struct {
	*keyed.Rows
	j       *Changing
	input   int
	passive bool
	ids     [2][]uint32
	slots   []uint32
	rounds  keyed.Rounds
	// written: what changed of the right input was spilled.
	written bool
}

// Joint is what rows are restored with; see keyed.InJoint.
func (c *changingRows) Joint() *keyed.Joint { return c.j.joint }

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (c *changingRows) Room() int {
	room := math.MaxInt
	for _, s := range c.j.stores {
		if !c.passive && s.rows.Len() >= batch.MaxRows {
			room = min(room, s.rows.Room())
		}
	}
	return room
}

// Spill writes what changed of both inputs; see keyed.Evictable.
func (c *changingRows) Spill(into *durable.Changes, most int64) (more bool) {
	if c.passive {
		return c.Rows.Spill(into, most)
	}
	if !c.written {
		from := into.Bytes()
		if c.j.stores[RightInput].rows.Spill(into, most) {
			return true
		}
		c.written = true
		if most -= into.Bytes() - from; most <= 0 {
			return true
		}
	}
	more = c.Rows.Spill(into, most)
	c.written = more
	return more
}

// Evict has rows leave memory with all others of their keys; see keyed.Evictable.
func (c *changingRows) Evict(want int, settled bool) (evicted int, err error) {
	j := c.j
	if c.passive {
		return want, nil
	}
	if j.work.in != nil || !j.stores[LeftInput].rows.Settled() || !j.stores[RightInput].rows.Settled() {
		return 0, nil
	}
	rows := max(j.stores[LeftInput].rows.Len()+j.stores[RightInput].rows.Len(), 1)
	want = max(want, rows/leastShare)
	return c.rounds.Evict(want, func(group uint8, most int) (int, error) { return c.evictGroup(group, most, settled) })
}

// leastShare is which part of the rows leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// evictGroup has about so many rows of a key group leave.
func (c *changingRows) evictGroup(group uint8, want int, settled bool) (evicted int, err error) {
	j := c.j
	c.slots = c.slots[:0]
	c.ids[LeftInput], c.ids[RightInput] = c.ids[LeftInput][:0], c.ids[RightInput][:0]
	for slot := range j.table.Slots(group) {
		if len(c.ids[LeftInput])+len(c.ids[RightInput]) >= want {
			break
		}
		if c.collect(slot, settled) && j.table.Alone(slot) {
			c.slots = append(c.slots, slot)
			continue
		}
	}
	for _, slot := range c.slots {
		if err := c.expel(slot); err != nil {
			return 0, err
		}
	}
	for input, s := range j.stores {
		if err := s.expel(c.ids[input]); err != nil {
			return 0, err
		}
	}
	return len(c.ids[LeftInput]) + len(c.ids[RightInput]), nil
}

// collect adds the rows of a key to ids, if the store has all of them as they are.
func (c *changingRows) collect(slot uint32, settled bool) bool {
	j := c.j
	before := [2]int{len(c.ids[LeftInput]), len(c.ids[RightInput])}
	for input, s := range j.stores {
		r := &j.runs.At(slot)[input]
		for id := r.head; r.count > 0 && id != keyed.NoRow; id = *s.runs.next.At(id) {
			if !s.rows.Clean(id, settled) {
				c.ids[LeftInput], c.ids[RightInput] = c.ids[LeftInput][:before[LeftInput]], c.ids[RightInput][:before[RightInput]]
				return false
			}
			c.ids[input] = append(c.ids[input], id)
		}
	}
	return true
}

// expel takes a key out of what rows are found by.
func (c *changingRows) expel(slot uint32) error {
	j := c.j
	for input, s := range j.stores {
		if err := s.unindex(&j.runs.At(slot)[input], slot); err != nil {
			return err
		}
	}
	return j.table.Delete(slot)
}

// Depart has all rows of both inputs leave memory, with the memory; see keyed.Departing.
func (c *changingRows) Depart(bool) error {
	j := c.j
	if c.passive || j.work.in != nil {
		return nil
	}
	for input, s := range j.stores {
		if j.free[input] {
			continue
		}
		if err := s.depart(); err != nil {
			return err
		}
	}
	j.table.Free()
	j.runs.Free()
	return nil
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (c *changingRows) Adopt() error {
	j := c.j
	return c.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range j.table.Slots(uint8(g)) { //nolint:gosec // below 256
				r, hash := &j.runs.At(slot)[c.input], j.table.HashOf(slot)
				for id := r.head; r.count > 0 && id != keyed.NoRow; id = *j.stores[c.input].runs.next.At(id) {
					if !yield(id, hash) {
						return
					}
				}
			}
		}
	})
}

// restoreWhole has keys leave memory of which some rows were restored and others were not.
func (j *Changing) restoreWhole() error {
	if !j.leaves() || !j.someAway() || j.joint.Postponed() {
		return nil
	}
	if !j.plan.stores[RightInput] {
		return j.numbers.restoreWhole()
	}
	c := &changingRows{Rows: j.stores[LeftInput].rows, j: j, input: LeftInput}
	for g := range keyed.Groups {
		c.slots = c.slots[:0]
		c.ids[LeftInput], c.ids[RightInput] = c.ids[LeftInput][:0], c.ids[RightInput][:0]
		for slot := range j.table.Slots(uint8(g)) { //nolint:gosec // below 256
			hash := j.table.HashOf(slot)
			if (j.stores[LeftInput].rows.MayBeAway(hash) || j.stores[RightInput].rows.MayBeAway(hash)) && c.collect(slot, true) {
				c.slots = append(c.slots, slot)
			}
		}
		for _, slot := range c.slots {
			if err := c.expel(slot); err != nil {
				return err
			}
		}
		for input, s := range j.stores {
			if err := s.expel(c.ids[input]); err != nil {
				return err
			}
		}
	}
	return nil
}
