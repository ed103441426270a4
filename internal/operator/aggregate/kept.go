package aggregate

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// restVersion is the version of what Rest returns: docs/format/entries.md.
const restVersion = 1

// EntriesVersion is 2 where rows that are chained leave memory, and do not keep the lower half of their hash; those of version 1, and of memory without bounds, have it.
func (o *Operator) EntriesVersion() int {
	if o.chainsLeave() && slices.ContainsFunc(o.calls, func(c *call) bool { return c.ordered != nil }) {
		return 2
	}
	return 1
}

// OldestEntries is 1.
func (o *Operator) OldestEntries() int { return 1 }

// Kept are the table of the groups, if there is one, those of the values that calls have seen, and the rows of the calls that need them in order.
func (o *Operator) Kept() []keyed.Kept {
	if !o.keeps {
		o.keeps = true
		o.prepareKept()
	}
	var parts []keyed.Kept
	ranked := o.rowsLeave()
	if ranked {
		parts = append(parts, &o.groupPart)
	} else if o.table != nil {
		parts = append(parts, o.table)
	}
	for _, s := range o.seen {
		parts = append(parts, s.table)
	}
	for _, c := range o.calls {
		switch {
		case c.ordered == nil:
		case ranked:
			parts = append(parts, &c.ordered.part)
		case o.chainsLeave():
			parts = append(parts, &chainedPart{c.ordered.rows, c.ordered})
		default:
			parts = append(parts, c.ordered.rows)
		}
	}
	return parts
}

// prepareKept says how entries are written. Rows that are chained are stored with the number of their group, which is then numbered for that alone.
func (o *Operator) prepareKept() {
	for _, c := range o.calls {
		if c.ordered == nil || c.ordered.ranking != nil || o.table == nil {
			continue
		}
		o.numberStored()
		c.ordered.own(o.chainsLeave(), o.postpones())
	}
	if o.rowsLeave() {
		for _, ordered := range o.groupPart.ordered {
			ordered.part = rowsPart{Rows: ordered.rows, o: ordered}
			ordered.rows.SetExtras(keyed.Extras{Has: o.groupTable.present, Postpone: o.postpones(), Loaded: ordered.link})
		}
		o.joinRows()
	}
	if o.table != nil {
		o.table.SetValues(keyed.Values{Append: o.appendEntry, Restore: o.restoreEntry, Leave: o.leaves(), Postpone: o.postpones(), Free: o.leave, Vacate: o.vacate})
	}
	for _, s := range o.seen {
		s.table.SetValues(keyed.Values{Append: s.appendValue, Restore: s.restoreValue, Leave: o.seenLeave(), Postpone: o.postpones(), Vacate: s.vacate})
	}
}

// appendEntry appends what is known of a group, but for rows: those are stored by themselves.
func (o *Operator) appendEntry(dst []byte, slot uint32) []byte {
	dst = o.appendHead(dst, slot, o.numbers != nil)
	if o.config.pieced != nil {
		return dst // partial answers come out before each barrier
	}
	for _, c := range o.calls {
		if c.ordered == nil {
			dst = c.state.Append(slot, dst)
		}
	}
	return dst
}

// restoreEntry reads what appendEntry wrote.
func (o *Operator) restoreEntry(slot uint32, value []byte) error {
	if err := o.grow(int(slot) + 1); err != nil {
		return op.OutOfMemory(o.config.Name, err)
	}
	value, err := o.restoreHead(slot, value, o.numbers != nil)
	if err != nil {
		return err
	}
	for _, c := range o.calls {
		switch {
		case c.ordered != nil:
			if err := c.ordered.empty(slot); err != nil {
				return err
			}
		case o.config.pieced != nil:
			c.state.Free(slot)
		default:
			if value, err = c.state.Restore(slot, value); err != nil {
				return op.OutOfMemory(o.config.Name, err)
			}
		}
	}
	if len(value) > 0 {
		return o.corrupt("what is known of it does not end where it should")
	}
	return nil
}

// Rest returns the number of the next group of a key group, and whether the groups of empty sets were made; where there is one group, what is known of it.
func (o *Operator) Rest(group op.KeyGroup) ([]byte, error) {
	if o.table == nil {
		if group != 0 || !o.touched || o.over || o.walk.next > 0 {
			return nil, nil
		}
		return o.appendEntry([]byte{restVersion}, 0), nil
	}
	mark, next := byte(0), int64(0)
	if group == 0 && o.hasEmpty && slices.ContainsFunc(o.config.Sets, func(set []int) bool { return len(set) == 0 }) { // then the only instance
		mark = begun
	}
	if o.numbers != nil {
		next = o.numbers.next[group]
	}
	if mark == 0 && next == 0 || o.over {
		return nil, nil
	}
	return binary.AppendUvarint([]byte{restVersion, mark}, uint64(next)), nil
}

// RestoreRest puts in what Rest returned.
func (o *Operator) RestoreRest(group op.KeyGroup, data []byte) error {
	corrupt := &keyed.CorruptError{What: "the rest of a key group of " + o.config.Name, Reason: "it does not end where it should"}
	if len(data) == 0 || data[0] != restVersion {
		return corrupt
	}
	if o.table == nil { // nothing more is known of a group that nothing is asked of
		o.touched = true
		return o.restoreEntry(0, data[1:])
	}
	if len(data) < 2 {
		return corrupt
	}
	next, n := binary.Uvarint(data[2:])
	if n <= 0 || n < len(data)-2 || next > math.MaxInt64 || data[1] > begun {
		return corrupt
	}
	o.hasEmpty = o.hasEmpty || data[1] == begun
	if o.numbers != nil {
		o.numbers.next[group] = int64(next)
	}
	return nil
}

// Restored puts rows into the lists of their groups.
func (o *Operator) Restored() error {
	if e := o.expiry; e != nil {
		for group := range e.orphans { // what was known of groups that had expired
			e.orphans[group] = len(o.seen)
		}
	}
	if o.whole {
		return nil
	}
	read := o.groupPart.joint != nil && o.groupPart.joint.Postponed() // groups with their rows, which are in lists
	if o.table != nil && !read {
		if err := o.makeWhole(); err != nil {
			return op.OutOfMemory(o.config.Name, err)
		}
	}
	for _, c := range o.calls {
		if c.ordered == nil || c.ordered.rows.Len() == 0 || read {
			continue
		}
		if o.chainsLeave() && !c.ordered.stay() {
			c.ordered.rows.Leave()
			c.ordered.numberOf.Free()
			continue
		}
		for group := range op.KeyGroups {
			relist := c.ordered.rechain
			if c.ordered.ranking != nil {
				relist = c.ordered.relist
			}
			if err := relist(uint8(group)); err != nil { //nolint:gosec // below 256
				return op.OutOfMemory(o.config.Name, err)
			}
		}
	}
	return nil
}

// OnBarrier takes the groups out that were emitted, if that has begun.
func (o *Operator) OnBarrier(_ int64, _ *op.Output) (more bool, err error) {
	if !o.keeps || !o.ended || o.over {
		return false, nil
	}
	if o.table == nil {
		for _, c := range o.calls {
			if c.ordered != nil && o.walk.next > 0 {
				c.ordered.rows.Free()
			}
		}
		return false, nil
	}
	for group := range o.walk.next {
		if group == o.walk.group {
			err = o.forgetEmitted()
		} else {
			err = o.forgetAll(uint8(group)) //nolint:gosec // below 256
		}
		if err != nil {
			return false, op.OutOfMemory(o.config.Name, err)
		}
	}
	return false, nil
}

// forgetAll takes the groups of a key group out, all of which were emitted.
func (o *Operator) forgetAll(group uint8) error {
	for slot := range o.table.Slots(group) {
		if err := o.forgetSlot(slot); err != nil {
			return err
		}
	}
	return nil
}

// forgetSlot takes a group out that was emitted.
func (o *Operator) forgetSlot(slot uint32) error {
	if err := o.table.Delete(slot); err != nil {
		return err
	}
	for _, c := range o.calls {
		if c.ordered != nil && o.keeps {
			if err := c.ordered.discard(slot); err != nil {
				return err
			}
		}
		if err := c.drop(slot); err != nil {
			return err
		}
	}
	return nil
}

// own has the number of its group noted for each row that is chained. leaves: they may leave memory; postpones: and may stay unread.
func (o *ordered) own(leaves, postpones bool) {
	o.numberOf = keyed.NewSlab[int64](o.call.groups.budget)
	o.rows.SetExtras(keyed.Extras{
		Ranged: leaves, Postpone: leaves && postpones,
		Append: func(dst []byte, id uint32) []byte { return binary.AppendUvarint(dst, uint64(*o.numberOf.At(id))) },
		Restore: func(id uint32, value []byte) error {
			number, n := binary.Uvarint(value)
			if n <= 0 || n < len(value) || number > math.MaxInt64 {
				return &keyed.CorruptError{What: "a row of " + o.call.groups.config.Name, Reason: "the number of its group does not end where it should"}
			}
			if err := o.numberOf.Grow(o.rows.Limit()); err != nil {
				return op.OutOfMemory(o.call.groups.config.Name, err)
			}
			*o.numberOf.At(id) = int64(number)
			return nil
		},
	})
}

// owned notes which groups rows belong to.
func (o *ordered) owned(ids []uint32, rows *selection) error {
	if err := o.numberOf.Grow(o.rows.Limit()); err != nil {
		return err
	}
	of := o.call.groups.numbers.of
	for i, id := range ids {
		*o.numberOf.At(id) = *of.At(rows.slots[i])
	}
	return nil
}

// ownChains notes that for the rows of a key group that are chained already.
func (o *ordered) ownChains(group uint8) error {
	if err := o.numberOf.Grow(o.rows.Limit()); err != nil {
		return err
	}
	g := o.call.groups
	for slot := range g.table.Slots(group) {
		c := o.chains.At(slot)
		for n, id := uint32(0), c.first; n < c.n; n, id = n+1, *o.rows.Link(id, 0) {
			*o.numberOf.At(id) = *g.numbers.of.At(slot)
		}
	}
	return nil
}

// empty makes the place of a group that of one without rows.
func (o *ordered) empty(slot uint32) error {
	if o.ranking != nil {
		*o.ranking.heads.At(slot) = ranks{}
	} else {
		*o.chains.At(slot) = chain{}
	}
	return nil
}

// rechain chains the rows of a key group's groups, all of which are restored.
func (o *ordered) rechain(group uint8) error {
	slots, ids := o.call.groups.byNumber(group), o.rows.AppendGroup(nil, group)
	if o.numberOf != nil { // rows that have left memory are not in the order in which they came
		slices.SortFunc(ids, func(a, b uint32) int { return cmp.Compare(o.rows.NumberOf(a), o.rows.NumberOf(b)) })
	}
	for _, id := range ids {
		slot := uint32(0)
		if o.numberOf != nil {
			var known bool
			if slot, known = slots[*o.numberOf.At(id)]; !known {
				return o.ownerless()
			}
		}
		o.chain(slot, id)
	}
	return nil
}

// ownerless says that a stored row belongs to no stored group.
func (o *ordered) ownerless() error {
	return &keyed.CorruptError{What: "a row of " + o.call.groups.config.Name, Reason: "its group is not there"}
}

// byNumber are the slots of a key group's groups by their numbers.
func (g *groups) byNumber(group uint8) map[int64]uint32 {
	slots := map[int64]uint32{}
	if g.numbers != nil {
		for slot := range g.table.Slots(group) {
			slots[*g.numbers.of.At(slot)] = slot
		}
	}
	return slots
}

// discard deletes the chained rows of a group.
func (o *ordered) discard(slot uint32) error {
	if o.ranking != nil {
		return nil // drop does
	}
	c := o.chains.At(slot)
	if err := o.room(int(c.n)); err != nil {
		return err
	}
	ids := o.ids[:c.n]
	for i, id := 0, c.first; i < len(ids); i, id = i+1, *o.rows.Link(id, 0) {
		ids[i] = id
	}
	return o.rows.Delete(ids)
}
