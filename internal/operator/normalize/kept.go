package normalize

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Kept are the rows: keys and chains follow from them. Where keys are forgotten, these come first, with the time at which each was last touched.
func (o *Operator) Kept() []keyed.Kept {
	if o.cfg.TTL > 0 {
		return []keyed.Kept{o.table, o.rows}
	}
	return []keyed.Kept{o.rows}
}

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
