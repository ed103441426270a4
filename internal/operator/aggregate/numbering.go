package aggregate

import (
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// numbering gives each group a number that no other group of its key group has or had: what is kept beside the groups is known by it, which takes less room than
// the keys, and what a group leaves behind is never taken for that of the next one with the same keys.
type numbering struct {
	of   *keyed.Slab[int64]
	next [keyed.Groups]int64
	// stored: groups have numbers for what is stored entry by entry alone, which may be from some time on; they lie by themselves. named: those that were there before have theirs.
	stored, named bool
	// column has the numbers of the groups of a batch's rows, for the rows that count.
	column *batch.Column
}

// numberGroups has groups numbered from now on, if there are more than one.
func (g *groups) numberGroups() {
	if g.table != nil && g.numbers == nil {
		g.numbers = &numbering{of: memory.Field[int64](g.record), column: batch.NewColumn(g.pool, schema.Of(schema.Int64))}
	}
}

// numberStored has groups numbered from now on for what is stored alone.
func (g *groups) numberStored() {
	if g.table != nil && g.numbers == nil {
		g.numbers = &numbering{of: keyed.NewSlab[int64](g.budget), column: batch.NewColumn(g.pool, schema.Of(schema.Int64)), stored: true, named: g.table.Len() == 0}
	}
}

// nameAll gives groups numbers that were there before they were numbered.
func (g *groups) nameAll() error {
	n := g.numbers
	if n.named {
		return nil
	}
	n.named = true
	if err := n.of.Grow(g.table.Limit()); err != nil {
		return err
	}
	for group := range keyed.Groups {
		for slot := range g.table.Slots(uint8(group)) { //nolint:gosec // below 256
			*n.of.At(slot) = n.next[group]
			n.next[group]++
		}
	}
	return nil
}

// name gives the groups at fresh positions of slots numbers.
func (n *numbering) name(fresh []uint16, slots []uint32, hashes []uint64) {
	for _, i := range fresh {
		next := &n.next[hashes[i]>>56]
		*n.of.At(slots[i]) = *next
		*next++
	}
}

// fill makes the column, of length rows, for the rows of a selection.
func (n *numbering) fill(rows *selection, length int) {
	n.column.Reset(length)
	to, of := n.column.Int64s(), n.of
	if rows.rows == nil {
		for i, slot := range rows.slots {
			to[i] = *of.At(slot)
		}
		return
	}
	for i, slot := range rows.slots {
		to[rows.rows[i]] = *of.At(slot)
	}
}
