package keyed

import (
	"iter"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Groups is the number of key groups, and of the values of the top 8 bits of a hash.
const Groups = 256

// Slab is an array that an operator addresses by slots, without pointers and within its budget.
type Slab[T any] = memory.Slab[T]

// List is memory.List.
type List[T any] = memory.List[T]

// NewList is memory.NewList.
func NewList[T any](budget *limit.Budget) *List[T] { return memory.NewList[T](budget) }

// NewSlab returns an empty slab; see memory.NewSlab. Grow it to the table's Limit after each Upsert that put keys in.
func NewSlab[T any](budget *limit.Budget) *Slab[T] { return memory.NewSlab[T](budget) }

// Table maps keys, the values of key columns, to slots: small numbers, reused after a Delete, that stay while the key is there. Two keys are one
// if they are equal by PostgreSQL's rules for grouping: NULLs are equal, and so are 1.0 and 1.00, -0 and 0, NaN and NaN, '30 days' and '1 mon'.
// The table keeps the key as it first came.
//
// Hashes come from a Hasher over the key columns, perhaps after Place. Where a call takes rows, they are the rows of cols that it is about, in the
// order of hashes and slots; nil means the first len(hashes).
type Table struct {
	name   string
	types  []schema.Type
	budget *limit.Budget
	pool   *batch.Pool
	layout layout
	fields []field

	heads  [Groups]head
	groups [Groups]*group
	none   nowhere
	blocks *memory.Blocks
	len    int
	limit  uint32
	bytes  int64        // of heads and groups, without blocks
	owners *Slab[uint8] // group of each minBlock slots
	gone   *Slab[uint8] // 1: deleted; nil until something was
	spare  []uint32     // the first slots of blocks that are no group's

	words  *Slab[uint64]     // oneWord
	pairs  *Slab[[2]uint64]  // twoWords
	marks  *Slab[uint16]     // packed keys with NULLs or -0; nil until there is one
	views  *Slab[batch.View] // text: as in a column whose buffers are the arena's
	spans  *Slab[span]       // encoded
	arena  *arena
	packed packed
	rows   encodedRows

	fresh []uint16
	probe probe
	guard *Guard

	values Values
	slice  int64
	label  []byte
	kept   *keptTable // nil: changes are not noted
	away   *away      // nil: all keys are in memory
	hand   int        // the key group of which keys leave memory next
}

// span is where an encoded key lies: its canonical form, and behind it the key as it came if that differs.
type span struct {
	hash             uint64
	buf, off         uint32
	canonical, exact uint32
}

// NewTable returns an empty table for keys of types. name is the operator's, for errors.
func NewTable(pool *batch.Pool, types []schema.Type, name string, budget *limit.Budget) *Table {
	t := &Table{name: name, types: types, budget: budget, pool: pool}
	t.layout, t.fields = layoutOf(types)
	t.rows.types = types
	t.rows.plain = !slices.ContainsFunc(types, func(t schema.Type) bool { return !isPlain(t.Kind) })
	t.blocks = memory.NewBlocks(budget)
	t.forgetHeads()
	t.owners = NewSlab[uint8](t.budget)
	switch t.layout {
	case oneWord:
		t.words = NewSlab[uint64](t.budget)
	case twoWords:
		t.pairs = NewSlab[[2]uint64](t.budget)
	case text:
		t.views = NewSlab[batch.View](t.budget)
		t.arena = newArena(t.pool, t.budget)
	case encoded:
		t.spans = NewSlab[span](t.budget)
		t.arena = newArena(t.pool, t.budget)
	}
	return t
}

func (t *Table) forgetHeads() {
	for i := range t.heads {
		t.heads[i] = t.none.head()
	}
}

// Len returns the number of keys.
func (t *Table) Len() int { return t.len }

// Limit returns a number above every slot in use: what slabs beside the table must have room for.
func (t *Table) Limit() int { return int(t.limit) }

// Bytes returns the memory in use, as reserved.
func (t *Table) Bytes() int64 {
	total := t.bytes + t.blocks.Bytes() + t.owners.Bytes() + t.gone.Bytes() + t.marks.Bytes()
	total += t.words.Bytes() + t.pairs.Bytes() + t.views.Bytes() + t.spans.Bytes()
	if t.arena != nil {
		total += t.arena.bytes
	}
	return total
}

// Free drops all keys and gives the memory back. The table may be used again. What GatherKeys lent is void.
func (t *Table) Free() {
	if t.kept != nil {
		t.kept.clear()
	}
	if t.away != nil {
		t.away.forget()
	}
	t.release()
}

// Empty drops all keys and keeps the memory for others, but that of long keys. It is for a table that notes no changes and whose keys stay in memory. What GatherKeys lent is void.
func (t *Table) Empty() {
	for number, g := range &t.groups {
		if g == nil {
			continue
		}
		h := &t.heads[number]
		for at := uint32(0); h.size() >= minIndex && at < uint32(h.size()); at++ {
			*h.place(at) = 0
		}
		*g = group{order: g.order[:0], free: g.free[:0]}
	}
	t.gone.Free()
	t.marks.Free()
	if t.arena != nil {
		t.arena.free()
	}
	t.len, t.limit, t.gone, t.spare, t.marks = 0, 0, nil, nil, nil
}

// release gives the memory of all keys back.
func (t *Table) release() {
	t.owners.Free()
	t.gone.Free()
	t.words.Free()
	t.pairs.Free()
	t.marks.Free()
	t.views.Free()
	t.spans.Free()
	if t.arena != nil {
		t.arena.free()
	}
	t.budget.Release(t.bytes)
	t.blocks.Free()
	t.forgetHeads()
	t.groups, t.len, t.limit, t.bytes, t.gone, t.spare, t.marks = [Groups]*group{}, 0, 0, 0, nil, nil, nil
}

// Upsert finds the slots of keys and gives new keys one. fresh are the positions in slots, ascending, where a key is new: the slot's entries in
// the operator's slabs are then whatever they were and must be set. Lent until the next call. After an error, SQLSTATE 53200, the keys that were
// put in stay.
func (t *Table) Upsert(hashes []uint64, cols []*batch.Column, rows []uint16, slots []uint32) (fresh []uint16, err error) {
	if t.guard != nil {
		if err := t.guard.keys(hashes); err != nil {
			return nil, err
		}
	}
	t.fresh = t.fresh[:0]
	if err := t.tidy(); err != nil {
		return nil, t.refused(err)
	}
	if t.lookup(hashes, cols, rows, slots) == 0 {
		return nil, nil
	}
	for i, slot := range slots[:len(hashes)] {
		if slot != NoSlot {
			continue
		}
		slot, place := t.findOne(hashes[i], i)
		if slot == NoSlot { // it did not come earlier in this call, either
			if slot, err = t.insert(hashes[i], i, place); err == nil {
				err = t.keep(slot, hashes[i], i)
			}
			if err != nil {
				return nil, t.refused(err)
			}
		}
		slots[i] = slot
	}
	if t.kept != nil && !t.kept.loading {
		if err := t.enterFresh(t.fresh, slots); err != nil {
			return nil, t.refused(err)
		}
	}
	return t.fresh, nil
}

// Find finds the slots of keys: NoSlot where there is none.
func (t *Table) Find(hashes []uint64, cols []*batch.Column, rows []uint16, slots []uint32) error {
	if t.guard != nil {
		if err := t.guard.keys(hashes); err != nil {
			return err
		}
	}
	t.lookup(hashes, cols, rows, slots)
	return nil
}

// Slots goes through the slots of a group in the order in which their keys were put in. The loop may delete, but not put in.
func (t *Table) Slots(groupNumber uint8) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if t.guard != nil && t.guard.group(groupNumber) != nil {
			return
		}
		g := t.groups[groupNumber]
		if g == nil {
			return
		}
		for _, slot := range g.order {
			if !t.isGone(slot) && !yield(slot) {
				return
			}
		}
	}
}

// Cursor is a place in a walk over a table or rows, by key group; the zero Cursor is the beginning.
type Cursor struct {
	// Group is the key group whose entries come next.
	Group int
	at    int
}

// Scan fills slots with the next slots, by key group and in each in the order of insertion, and returns how many; 0 is the end. Nothing may be
// put in or deleted between the calls of one walk.
func (t *Table) Scan(c *Cursor, slots []uint32) int { return t.ScanGroups(c, Groups, slots) }

// ScanGroups is Scan for the key groups before end.
func (t *Table) ScanGroups(c *Cursor, end int, slots []uint32) int {
	n := 0
	for c.Group < end {
		if g := t.groups[c.Group]; g != nil {
			for c.at < len(g.order) {
				if n == len(slots) {
					return n
				}
				if slot := g.order[c.at]; !t.isGone(slot) {
					slots[n] = slot
					n++
				}
				c.at++
			}
		}
		c.Group, c.at = c.Group+1, 0
	}
	return n
}

func (t *Table) isGone(slot uint32) bool {
	return t.gone != nil && int(slot) < t.gone.Len() && *t.gone.At(slot) != 0
}

func (t *Table) refused(err error) error { return outOfMemory(t.name, err) }
