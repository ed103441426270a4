package keyed

import "slices"

// Shrink has a key group give what it does not use to others: whole blocks of slots, and memory of its index. It is for whoever goes through key groups one after the other and brings keys into
// memory for a while: without it each group keeps the room that it took, though only one needs it at a time. Not while the group's Slots are gone through. The error is SQLSTATE 53200.
func (t *Table) Shrink(groupNumber uint8) error {
	g := t.groups[groupNumber]
	if g == nil {
		return nil
	}
	if g.dead > 0 {
		if err := t.sweep(g); err != nil {
			return err
		}
	}
	if err := t.spareBlocks(g); err != nil {
		return t.refused(err)
	}
	return t.shrinkIndex(groupNumber, g)
}

// spareBlocks takes whole blocks of slots that are free from a group.
func (t *Table) spareBlocks(g *group) error {
	whole := (g.next + minBlock - 1) &^ (minBlock - 1)
	for ; whole < g.end; g.end -= minBlock {
		if err := t.spareBlock(g.end - minBlock); err != nil {
			return err
		}
	}
	slices.Sort(g.free)
	kept := g.free[:0]
	for i := 0; i < len(g.free); {
		block, n := g.free[i]/minBlock, i+1
		for n < len(g.free) && g.free[n]/minBlock == block {
			n++
		}
		if n-i < minBlock {
			kept = append(kept, g.free[i:n]...)
		} else if err := t.spareBlock(g.free[i]); err != nil {
			g.free = append(kept, g.free[i:]...)
			return err
		}
		i = n
	}
	g.free = kept
	return nil
}

// spareBlock notes that the block from slot on is no group's.
func (t *Table) spareBlock(slot uint32) error {
	if err := t.makeRoom(&t.spare); err != nil {
		return err
	}
	t.spare = append(t.spare, slot)
	return nil
}

// takeSpare gives a group a block that was another's, if there is one.
func (t *Table) takeSpare(g *group, number uint8) bool {
	last := len(t.spare) - 1
	if last < 0 {
		return false
	}
	g.next, t.spare = t.spare[last], t.spare[:last]
	g.end = g.next + minBlock
	*t.owners.At(g.next / minBlock) = number
	for slot := g.next; slot < g.end; slot++ {
		if t.gone != nil && int(slot) < t.gone.Len() {
			*t.gone.At(slot) = 0
		}
	}
	return true
}

// shrinkIndex gives back what the index and the lists of a group take, if that is far more than its keys need.
func (t *Table) shrinkIndex(number uint8, g *group) error {
	for _, list := range []*[]uint32{&g.order, &g.free} {
		if len(*list) == 0 {
			t.unreserve(int64(cap(*list)) * numberBytes)
			*list = nil
		}
	}
	old := t.heads[number]
	switch {
	case g.live == 0:
		t.heads[number] = t.none.head()
		t.dropIndex(old)
		return nil
	case old.size() <= minIndex || g.live*8 > old.size():
		return nil
	}
	places := minIndex
	for places < g.live*2 {
		places *= 2
	}
	return t.refused(t.reindex(uint64(number), places))
}
