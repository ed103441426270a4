package aggregate

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Groups leave memory by their hashes, and so do, each by itself, the values that calls have seen. Values are known by the number of their group, and so are looked for when the group is there.

// leaves reports whether groups may leave memory, with the rows that are kept for them.
func (o *Operator) leaves() bool { return o.table != nil && o.seenLeave() }

// chainsLeave reports whether the rows that calls keep in chains may leave memory.
func (o *Operator) chainsLeave() bool { return o.leaves() && !o.ranks() }

// ranks reports whether the rows that calls keep are ranked: else they are chained.
func (o *Operator) ranks() bool { return o.config.Changes || o.config.Retracts }

// seenLeave reports whether values that calls have seen may leave memory.
func (o *Operator) seenLeave() bool {
	return o.changes == nil || !o.changes.patient || o.changes.leaving
}

// postpones reports whether groups, and values that calls have seen, may stay in the store unread when others are restored: a flush without rows finds none, time finds them where they are, and rows that belong to them
// stay there, too, and are read with them, or at the end.
func (o *Operator) postpones() bool {
	return !slices.ContainsFunc(o.config.Sets, func(places []int) bool { return len(places) == 0 }) &&
		(o.leaves() || !slices.ContainsFunc(o.calls, func(c *call) bool { return c.ordered != nil }))
}

// partLeaves reports whether the table with number i among Tables may leave memory.
func (o *Operator) partLeaves(i int) bool {
	if o.table != nil {
		if i == 0 {
			return o.leaves()
		}
		i--
	}
	if i < len(o.seen) {
		return o.seenLeave()
	}
	return o.leaves()
}

// Leaves reports whether any part may leave memory.
func (o *Operator) Leaves() bool { return o.leaves() || len(o.seen) > 0 && o.seenLeave() }

// leave forgets a group that leaves memory, unless the next flush looks at it.
func (o *Operator) leave(slot uint32) bool {
	if o.changes != nil && *o.changes.marks.At(slot)&touched != 0 || o.stays != nil && o.stays(slot) || o.lasting(slot) || !o.groupPart.let(slot) {
		return false
	}
	return o.clear(slot) == nil
}

// hasEmptySet reports whether there are groups without rows.
func (o *Operator) hasEmptySet() bool {
	return slices.ContainsFunc(o.config.Sets, func(places []int) bool { return len(places) == 0 })
}

// needLasting declares the groups that are there without rows, as long as it is not known where they are.
func (o *Operator) needLasting(needs *op.Needs) {
	if o.changes == nil || o.table == nil || o.started && !o.lost {
		return
	}
	for i, places := range o.config.Sets {
		if len(places) > 0 {
			continue
		}
		hashes := o.emptyKey(i)[:1]
		needs.Keys(0, hashes)
		for k := 1 + len(o.seen); k < len(o.tables); k++ {
			needs.Keys(k, hashes)
		}
		o.releaseEmptyKey()
	}
}

// findLasting finds the groups that are there without rows, once they have come back.
func (o *Operator) findLasting() error {
	if !o.lost {
		return nil
	}
	o.counted.always, o.lost = nil, false
	for i, places := range o.config.Sets {
		if len(places) > 0 {
			continue
		}
		slots := o.slots[:1]
		err := o.table.Find(o.emptyKey(i), o.view.Cols, nil, slots)
		o.releaseEmptyKey()
		if err != nil {
			return err
		}
		if o.counted.always = append(o.counted.always, slots[0]); slots[0] == keyed.NoSlot {
			o.lost = true
		}
	}
	return nil
}

// vacate gives back the memory of what is kept for groups, which have all left.
func (o *Operator) vacate() {
	o.record.Free()
	o.counted.always, o.lost = nil, o.changes != nil && o.hasEmptySet()
	for _, c := range o.calls {
		if c.ordered != nil {
			c.ordered.vacate()
		} else {
			c.free()
		}
	}
	o.remake()
}

// asked are the rows that needs were declared for, and their groups.
type asked struct {
	in    *batch.Batch // nil: an event
	slots []uint32
	// present are rows of one set whose groups are in memory, absent the key groups of the others, which nothing is kept for yet.
	present selection
	rows    []uint16
	owners  []uint64
	absent  [op.KeyGroups / 64]uint64
	hashes  []uint64
}

// seenTable is a table of values as one of an operator's tables: what is loaded of it are the values of the rows at hand in their groups, which are loaded before.
type seenTable struct {
	*keyed.Table
	s *seen
	o *Operator
}

// Load makes the values resident that the rows at hand may have had in their groups; without rows, what is declared.
func (t *seenTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	a := &t.o.asked
	if a.in == nil || a.in.Rows() == 0 {
		return t.Table.Load(hashes, groups)
	}
	a.hashes, a.absent = a.hashes[:0], [op.KeyGroups / 64]uint64{}
	if t.o.table == nil {
		a.present = selection{n: a.in.Rows(), rows: a.in.Sel}
		a.hashes = append(a.hashes, t.s.hashValues(a.in, &a.present)...)
	} else if err := t.hashAll(a); err != nil {
		return err
	}
	t.Table.Expect(a.absent)
	return t.Table.Load(a.hashes, [op.KeyGroups / 64]uint64{})
}

// hashAll appends the hashes of the values of all rows whose groups are there.
func (t *seenTable) hashAll(a *asked) error {
	o := t.o
	partition := o.placesOf(a.in)
	for i := range o.sets {
		hashes := o.hashes(a.in, i, partition)
		a.slots = slices.Grow(a.slots[:0], len(hashes))[:len(hashes)]
		if err := o.table.Find(hashes, o.view.Cols, a.in.Sel, a.slots); err != nil {
			return err
		}
		a.rows, a.owners = a.rows[:0], a.owners[:0]
		found := a.slots[:0]
		for k, slot := range a.slots {
			row := a.in.Row(k)
			switch g := op.GroupOf(hashes[k]); {
			case slot == keyed.NoSlot:
				a.absent[g>>6] |= 1 << (g & 63)
			case o.config.pieced == nil || int(a.in.Cols[o.config.pieced.number].Int16s()[row]) == t.s.number:
				a.rows, a.owners, found = append(a.rows, uint16(row)), append(a.owners, hashes[k]), append(found, slot) //nolint:gosec // a row number of a batch
			}
		}
		if len(found) == 0 {
			continue
		}
		a.present = selection{n: len(found), rows: a.rows, slots: found, hashes: a.owners}
		o.numbers.fill(&a.present, a.in.Len)
		a.hashes = append(a.hashes, t.s.hashValues(a.in, &a.present)...)
	}
	return nil
}

// hashValues hashes the values of rows, whose groups have their numbers in the column of numbers.
func (s *seen) hashValues(in *batch.Batch, rows *selection) []uint64 {
	s.view(in)
	return s.hash(in.Len, rows)
}
