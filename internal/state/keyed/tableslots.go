package keyed

import (
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

const (
	wordBytes   = 8
	numberBytes = 4
	// maxSlots leaves NoSlot, and the slot+1 of an index, within 32 bits.
	maxSlots = 1<<32 - 2
)

// insert gives the key of hash h, at position i of the call, a slot; place is where findOne wants it. What the slot's key is, keep says.
func (t *Table) insert(h uint64, i int, place uint32) (uint32, error) {
	number := h >> groupShift
	g := t.groups[number]
	if g == nil {
		g = &group{}
		t.groups[number] = g
	}
	full := t.heads[number].full(g.live)
	if full {
		if err := t.grow(number); err != nil {
			return 0, err
		}
	}
	if err := t.makeRoom(&g.order); err != nil {
		return 0, err
	}
	slot, err := t.takeSlot(g, uint8(number))
	if err != nil {
		return 0, err
	}
	g.order = append(g.order, slot)
	if head := &t.heads[number]; full {
		head.put(entryOf(tagOf(h), slot))
	} else {
		*head.place(place) = entryOf(tagOf(h), slot)
	}
	g.live++
	t.len++
	t.fresh = append(t.fresh, uint16(i))
	return slot, nil
}

// makeRoom makes room for another number in a list of a group, whose memory is reserved.
func (t *Table) makeRoom(list *[]uint32) error {
	old := cap(*list)
	if len(*list) < old {
		return nil
	}
	room := max(minBlock, old+old/2)
	if err := t.reserve(int64(room) * numberBytes); err != nil {
		return err
	}
	grown := make([]uint32, len(*list), room)
	copy(grown, *list)
	t.unreserve(int64(old) * numberBytes)
	*list = grown
	return nil
}

// takeSlot returns an unused slot of a group: one that was deleted, or the next of a block that the group takes.
func (t *Table) takeSlot(g *group, number uint8) (uint32, error) {
	if last := len(g.free) - 1; last >= 0 {
		slot := g.free[last]
		g.free = g.free[:last]
		*t.gone.At(slot) = 0
		return slot, nil
	}
	if g.next == g.end {
		if err := t.takeBlock(g, number); err != nil {
			return 0, err
		}
	}
	g.next++
	return g.next - 1, nil
}

func (t *Table) takeBlock(g *group, number uint8) error {
	if t.takeSpare(g, number) {
		return nil
	}
	size := uint32(min(max(g.live/2, minBlock), maxBlock) &^ (minBlock - 1))
	if t.away.tight() {
		size = minBlock
	}
	if t.limit > maxSlots-size {
		return sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s has more keys than a table can hold", t.name)
	}
	limit := int(t.limit + size)
	if err := t.growKeys(limit); err != nil {
		return err
	}
	if err := t.owners.Grow(limit / minBlock); err != nil {
		return err
	}
	for b := t.limit / minBlock; b < uint32(limit/minBlock); b++ {
		*t.owners.At(b) = number
	}
	g.next, g.end = t.limit, t.limit+size
	t.limit += size
	return nil
}

func (t *Table) growKeys(n int) error {
	switch t.layout {
	case oneWord:
		return t.words.Grow(n)
	case twoWords:
		return t.pairs.Grow(n)
	case text:
		return t.views.Grow(n)
	default:
		return t.spans.Grow(n)
	}
}

// Reserve makes room for about as many slots as n keys take, or for those that would move while there come to be more: at once, not time and again. It does nothing where less than half of the budget is left.
func (t *Table) Reserve(n int) {
	if t.budget.Available() < t.budget.Limit()/2 {
		return
	}
	n += min(n, Groups) * minBlock / 2      // half of a block of each group is not in use
	_ = t.growKeys(min(n, memory.ChunkLen)) // whoever needs the room hears of it
}

// Has reports whether a key group has keys.
func (t *Table) Has(groupNumber uint8) bool {
	g := t.groups[groupNumber]
	return g != nil && g.live > 0
}

// LenOf returns the number of keys of a key group.
func (t *Table) LenOf(groupNumber uint8) int {
	if g := t.groups[groupNumber]; g != nil {
		return g.live
	}
	return 0
}

// GroupOf returns the key group of a slot in use.
func (t *Table) GroupOf(slot uint32) uint8 { return *t.owners.At(slot / minBlock) }

// Delete takes the key in slot out. The slot may be given to another key of its group by a later Upsert.
func (t *Table) Delete(slot uint32) error {
	number := t.GroupOf(slot)
	if t.guard != nil {
		if err := t.guard.group(number); err != nil {
			return err
		}
	}
	if t.kept != nil {
		if t.away != nil && t.kept.known(slot) {
			t.away.bury(t.fullHash(slot))
		}
		t.kept.leaveOne(slot)
	}
	if t.gone == nil {
		t.gone = NewSlab[uint8](t.budget)
	}
	if err := t.gone.Grow(int(t.limit)); err != nil {
		return t.refused(err)
	}
	g := t.groups[number]
	t.heads[number].remove(entryOf(tagOf(t.hashOf(slot)), slot))
	*t.gone.At(slot) = 1
	t.forgetBytes(slot)
	g.live--
	g.dead++
	t.len--
	if g.dead > g.live+minBlock {
		return t.sweep(g)
	}
	return nil
}

// sweep takes deleted slots out of the order and frees them for others. The old order stays as it is for whoever goes through it.
func (t *Table) sweep(g *group) error {
	order, free, room := make([]uint32, 0, g.live+minBlock), g.free, 0
	if cap(free)-len(free) < g.dead {
		free = append(make([]uint32, 0, len(free)+g.dead), free...)
		room = cap(free)
	}
	if err := t.reserve(int64(cap(order)+room) * numberBytes); err != nil {
		return t.refused(err)
	}
	for _, slot := range g.order {
		if *t.gone.At(slot) == 0 {
			order = append(order, slot)
		} else {
			free = append(free, slot)
		}
	}
	old := cap(g.order)
	if room > 0 {
		old += cap(g.free)
	}
	t.unreserve(int64(old) * numberBytes)
	g.order, g.free, g.dead = order, free, 0
	return nil
}

// hashOf returns the hash of the key in slot, but for its group.
func (t *Table) hashOf(slot uint32) uint64 {
	switch t.layout {
	case oneWord:
		return hashPacked(t.types, t.fields, [2]uint64{*t.words.At(slot)}, t.markOf(slot))
	case twoWords:
		return hashPacked(t.types, t.fields, *t.pairs.At(slot), t.markOf(slot))
	case text:
		switch v := t.views.At(slot); {
		case *v == nullView():
			return fold(mixParts^mixNull, mixTail) * mixEnd
		case v.Len > batch.InlineLen:
			return hashLong(mixParts, t.arena.get(v.Buf, v.Off, v.Len)) * mixEnd
		default:
			return hashInline(mixParts, v) * mixEnd
		}
	default:
		return t.spans.At(slot).hash
	}
}

// forgetBytes notes that the arena's bytes of a key are dead.
func (t *Table) forgetBytes(slot uint32) {
	switch t.layout {
	case text:
		if v := t.views.At(slot); v.Len > batch.InlineLen && *v != nullView() {
			t.arena.dead += int64(v.Len)
		}
	case encoded:
		s := t.spans.At(slot)
		t.arena.dead += int64(s.canonical) + int64(s.exact)
	default:
	}
}

// tidy moves the keys into a new arena when most of the old one is dead.
func (t *Table) tidy() error {
	if t.arena == nil || !t.arena.wasteful() || t.away != nil && t.budget.Available()-t.away.low/2 < t.arena.used-t.arena.dead {
		return nil // where keys may leave memory that is short, all do
	}
	fresh := newArena(t.pool, t.budget)
	for _, g := range &t.groups {
		if g == nil {
			continue
		}
		for _, slot := range g.order {
			if t.isGone(slot) { // of later slots it may have none
				continue
			}
			if err := t.moveBytes(slot, fresh); err != nil {
				return err
			}
		}
	}
	t.arena.free()
	t.arena = fresh
	return nil
}

func (t *Table) moveBytes(slot uint32, to *arena) (err error) {
	if t.layout == text {
		if v := t.views.At(slot); v.Len > batch.InlineLen && *v != nullView() {
			v.Buf, v.Off, err = to.add(t.arena.get(v.Buf, v.Off, v.Len))
		}
		return err
	}
	s := t.spans.At(slot)
	s.buf, s.off, err = to.add(t.arena.get(s.buf, s.off, s.canonical+s.exact))
	return err
}

// CountGroup returns how many keys of a key group are in memory.
func (t *Table) CountGroup(group uint8) int {
	if g := t.groups[group]; g != nil {
		return g.live
	}
	return 0
}
