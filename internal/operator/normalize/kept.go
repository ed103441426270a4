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
	if o.cfg.TTL > 0 {
		return []keyed.Kept{o.table, o.rows}
	}
	return []keyed.Kept{&kept{Rows: o.rows, o: o}}
}

// leaves reports whether keys may leave memory: time alone finds none.
func (o *Operator) leaves() bool { return o.cfg.TTL == 0 }

// kept are the rows as a part that may leave memory, key by key.
type kept struct {
	*keyed.Rows
	o      *Operator
	rounds keyed.Rounds
	ids    []uint32
	slots  []uint32
}

// Evict has rows leave memory with their keys; see keyed.Evictable. Nothing may be left to flush.
func (k *kept) Evict(want int, settled bool) (evicted int, err error) {
	return k.rounds.Evict(k.o.table.Leaving(want), func(group uint8, most int) (int, error) { return k.evictGroup(group, most, settled) })
}

// evictGroup has about most rows of a key group leave, with their keys.
func (k *kept) evictGroup(group uint8, most int, settled bool) (evicted int, err error) {
	o := k.o
	k.ids, k.slots = k.ids[:0], k.slots[:0]
	for slot := range o.table.Slots(group) {
		k.take(slot, settled)
		if len(k.ids) >= most {
			break
		}
	}
	if err := o.rows.Expel(k.ids); err != nil {
		return 0, err
	}
	for _, slot := range k.slots {
		if err := o.table.Delete(slot); err != nil {
			return 0, err
		}
	}
	return len(k.ids), nil
}

// take adds a key and its rows to those that leave, if the store has all of them as they are.
func (k *kept) take(slot uint32, settled bool) {
	e := k.o.entries.At(slot)
	if e.touched || e.head == keyed.NoRow || !k.o.table.Alone(slot) {
		return
	}
	from := len(k.ids)
	for id := e.head; id != keyed.NoRow; id = *k.o.rows.Link(id, 0) {
		if !k.o.rows.Clean(id, settled) {
			k.ids = k.ids[:from]
			return
		}
		k.ids = append(k.ids, id)
	}
	k.slots = append(k.slots, slot)
}

// Depart has all keys leave memory; see keyed.Departing. Nobody asks for ranges of them.
func (k *kept) Depart(bool) error {
	err := k.Rows.Depart()
	k.o.table.Free()
	k.o.entries.Free()
	return err
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

// Leaves reports whether keys may leave memory: time alone finds none.
func (o *Operator) Leaves() bool { return o.leaves() }

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

// Restored has nothing to make.
func (o *Operator) Restored() error { return nil }
