package normalize

import (
	"encoding/binary"
	"fmt"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Kept are the rows: keys and chains follow from them. Where keys are forgotten, these come first, with the time at which each was last touched.
func (o *Operator) Kept() []keyed.Kept {
	if o.owners != nil {
		return []keyed.Kept{o.owners, o.leaving}
	}
	return []keyed.Kept{o.leaving}
}

// chains are the rows of keys, from the newest on, as keyed.Lists: the newest is the root.
type chains struct{ rows *keyed.Rows }

// First is the newest row.
func (chains) First(root uint32) uint32 { return root }

// Next is the row that came before one.
func (c chains) Next(id uint32) uint32 { return *c.rows.Link(id, 0) }

// kept are the rows as a part that may leave memory, key by key.
type kept struct {
	*keyed.Listed
	o   *Operator
	ids []uint32
}

// newKept returns the rows as such a part. A key of which something is left to flush stays.
func (o *Operator) newKept() *kept {
	return &kept{o: o, Listed: keyed.NewListed(keyed.ListedConfig{
		Rows: o.rows, Table: o.table, Lists: chains{o.rows}, Owned: o.cfg.TTL > 0, Free: o.entries.Free,
		Root: func(slot uint32) (uint32, bool) {
			e := o.entries.At(slot)
			return e.head, !e.touched
		},
	})}
}

// Adopt has the rows that are there count as changed; see keyed.Late. Chains begin with the newest row.
func (k *kept) Adopt() error {
	o := k.o
	return o.rows.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range o.table.Slots(uint8(g)) { //nolint:gosec // below 256
				k.ids = k.ids[:0]
				for id := o.entries.At(slot).head; id != keyed.NoRow; id = *o.rows.Link(id, 0) {
					k.ids = append(k.ids, id)
				}
				for _, id := range slices.Backward(k.ids) {
					if !yield(id, o.table.HashOf(slot)) {
						return
					}
				}
			}
		}
	})
}

// Leaves reports that keys may leave memory.
func (o *Operator) Leaves() bool { return true }

func (o *Operator) appendSeen(dst []byte, slot uint32) []byte {
	return binary.AppendVarint(dst, o.entries.At(slot).seen)
}

func (o *Operator) restoreSeen(slot uint32, value []byte) error {
	seen, n := binary.Varint(value)
	if n <= 0 || n != len(value) {
		return &keyed.CorruptError{What: o.name, Reason: fmt.Sprintf("%x is no time", value)}
	}
	if err := o.entries.Grow(o.table.Limit()); err != nil {
		return op.OutOfMemory(o.name, err)
	}
	*o.entries.At(slot) = entry{head: keyed.NoRow, before: keyed.NoRow, seen: seen}
	return nil
}

// chain puts rows that were put in, of each key in the order in which they came, in the chains of their keys.
func (o *Operator) chain(ids []uint32) error {
	if ids = o.leaving.Housed(ids); len(ids) == 0 {
		return nil
	}
	o.rows.Gather(ids, o.out.Cols)
	slots, err := o.find(&batch.Batch{Cols: o.out.Cols, Len: len(ids)})
	if err != nil {
		return err
	}
	for i, slot := range slots {
		e := o.entries.At(slot)
		*o.rows.Link(ids[i], 0) = e.head
		e.head = ids[i]
	}
	return nil
}

// Rest returns nothing: the parts are all there is.
func (o *Operator) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (o *Operator) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has keys leave memory that were restored in part.
func (o *Operator) Restored() error { return o.leaving.MakeWhole() }
