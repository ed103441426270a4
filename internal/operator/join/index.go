package join

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// index finds the rows of long runs by the slot of their key and the hash of their image.
type index struct {
	name   string
	table  *keyed.Table
	lists  *keyed.Slab[[2]uint32] // by slot of table: the first row and the last
	next   *keyed.Slab[uint32]    // by row
	hasher *keyed.Hasher
	b      batch.Batch
	slot   [1]uint32
}

func newIndex(pool *batch.Pool, name string, budget *limit.Budget) *index {
	types := []schema.Type{schema.Of(schema.Int64)}
	x := &index{
		name: name, table: keyed.NewTable(pool, types, name, budget), lists: keyed.NewSlab[[2]uint32](budget), next: keyed.NewSlab[uint32](budget),
		hasher: keyed.NewHasher([]int{0}), b: batch.Batch{Len: 1, Cols: []*batch.Column{batch.NewColumn(pool, types[0])}},
	}
	x.b.Cols[0].Reset(1)
	return x
}

// hash makes b the key of a slot and an image, and returns its hash in a key group.
func (x *index) hash(slot, image uint32, group uint8) []uint64 {
	x.b.Cols[0].Int64s()[0] = int64(slot)<<32 | int64(image)
	hashes := x.hasher.Hash(&x.b)
	place := [1]uint64{uint64(group) << 56}
	keyed.Place(hashes, place[:])
	return hashes
}

func (x *index) add(slot, image, id uint32, group uint8) error {
	fresh, err := x.table.Upsert(x.hash(slot, image, group), x.b.Cols, nil, x.slot[:])
	if err != nil {
		return err
	}
	if err := x.next.Grow(int(id) + 1); err != nil {
		return err
	}
	*x.next.At(id) = keyed.NoRow
	if len(fresh) > 0 {
		if err := x.lists.Grow(x.table.Limit()); err != nil {
			return err
		}
		*x.lists.At(x.slot[0]) = [2]uint32{id, id}
		return nil
	}
	list := x.lists.At(x.slot[0])
	*x.next.At(list[1]) = id
	list[1] = id
	return nil
}

// first returns the first of the rows, keyed.NoRow if there is none; after the one behind another.
func (x *index) first(slot, image uint32, group uint8) uint32 {
	if err := x.table.Find(x.hash(slot, image, group), x.b.Cols, nil, x.slot[:]); err != nil || x.slot[0] == keyed.NoSlot {
		return keyed.NoRow
	}
	return x.lists.At(x.slot[0])[0]
}

func (x *index) after(id uint32) uint32 { return *x.next.At(id) }

func (x *index) remove(slot, image, id uint32, group uint8) error {
	before := keyed.NoRow
	for at := x.first(slot, image, group); at != id; at = *x.next.At(at) {
		before = at
	}
	list, next := x.lists.At(x.slot[0]), *x.next.At(id)
	switch {
	case before != keyed.NoRow:
		*x.next.At(before) = next
		if next == keyed.NoRow {
			list[1] = before
		}
	case next != keyed.NoRow:
		list[0] = next
	default:
		return x.table.Delete(x.slot[0])
	}
	return nil
}

func (x *index) free() {
	x.table.Free()
	x.lists.Free()
	x.next.Free()
}
