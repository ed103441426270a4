package dedupe

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// version is that of the state's layout: docs/format/state.md.
const version = 1

// Snapshot returns the kept rows of a key group.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	rows, err := o.rows.Snapshot(uint8(group))
	if rows == nil || err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, rows), nil
}

// Restore puts the rows of a snapshot in.
func (o *Operator) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(o.config.Name, data, version, 1)
	if err != nil {
		return err
	}
	if err := o.rows.Restore(uint8(group), parts[0]); err != nil {
		return err
	}
	return o.leadAll(o.rows.AppendGroup(nil, uint8(group)))
}

// leadAll makes rows that are stored the kept ones of their partitions.
func (o *Operator) leadAll(ids []uint32) error {
	columns := make([]*batch.Column, len(o.types))
	for i, typ := range o.types {
		columns[i] = batch.NewColumn(o.pool, typ)
	}
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for len(ids) > 0 {
		part := ids[:min(len(ids), batch.MaxRows)]
		ids = ids[len(part):]
		o.rows.Gather(part, columns)
		if err := o.lead(&batch.Batch{Cols: columns, Len: len(part)}, part); err != nil {
			return err
		}
	}
	return nil
}

// lead is leadAll for a batch of them.
func (o *Operator) lead(b *batch.Batch, ids []uint32) error {
	if _, err := o.find(b, b.Len); err != nil {
		return err
	}
	prefixes := make([]keyed.Prefix, b.Len)
	o.order.Prefixes(b.Cols, nil, prefixes)
	for i, slot := range o.slots {
		l := o.best.At(slot)
		if l.row != keyed.NoRow {
			return &keyed.CorruptError{What: o.config.Name, Reason: "a partition has two rows"}
		}
		*l = leader{row: ids[i], prefix: prefixes[i]}
		if o.config.Final && *o.rows.Mark(ids[i]) != final {
			if err := o.waiting.add(ids[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Kept are the rows: partitions follow from them.
func (o *Operator) Kept() []keyed.Kept {
	if !o.leaves() {
		return []keyed.Kept{o.rows}
	}
	return []keyed.Kept{&kept{Rows: o.rows, o: o}}
}

// kept are the rows as a part that may leave memory, partition by partition.
type kept struct {
	*keyed.Rows
	o     *Operator
	group int // of which partitions leave next
	ids   []uint32
	slots []uint32
}

// Evict has kept rows leave memory with their partitions; see keyed.Evictable. Nothing may be left to flush.
func (k *kept) Evict(want int, settled bool) (evicted int, err error) {
	o := k.o
	want, each := o.table.Leaving(want)
	for range keyed.Groups {
		if evicted >= want {
			break
		}
		k.ids, k.slots = k.ids[:0], k.slots[:0]
		for slot := range o.table.Slots(uint8(k.group)) { //nolint:gosec // below 256
			row := o.best.At(slot).row
			if row != keyed.NoRow && o.rows.Clean(row, settled) && o.table.Alone(slot) {
				k.ids, k.slots = append(k.ids, row), append(k.slots, slot)
			}
			if len(k.ids) >= each {
				break
			}
		}
		k.group = (k.group + 1) % keyed.Groups
		if err := o.rows.Expel(k.ids); err != nil {
			return evicted, err
		}
		for _, slot := range k.slots {
			if err := o.table.Delete(slot); err != nil {
				return evicted, err
			}
		}
		evicted += len(k.ids)
	}
	return evicted, nil
}

// Depart has all kept rows leave memory; see keyed.Departing. Nobody asks for ranges of them.
func (k *kept) Depart(bool) error {
	err := k.Rows.Depart()
	k.o.table.Free()
	k.o.best.Free()
	return err
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (k *kept) Adopt() error {
	o := k.o
	return o.rows.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range o.table.Slots(uint8(g)) { //nolint:gosec // below 256
				if row := o.best.At(slot).row; row != keyed.NoRow && !yield(row, o.table.HashOf(slot)) {
					return
				}
			}
		}
	})
}

// Leaves reports whether kept rows may leave memory: time alone finds none of them.
func (o *Operator) Leaves() bool { return o.leaves() }

// Rest returns nothing: the rows are all there is.
func (o *Operator) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (o *Operator) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (o *Operator) Restored() error { return nil }
