package topn

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// version is that of the state's layout: docs/format/state.md.
const version = 1

// Snapshot returns the rows of a key group.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	if o.extra.stamp >= 0 && o.table != nil {
		for slot := range o.table.Slots(uint8(group)) {
			part := o.parts.At(slot)
			for id := o.lists.First(part.root); id != keyed.NoRow; id = o.lists.Next(id) {
				cols, row := o.rows.Row(id)
				cols[o.extra.stamp].Int64s()[row] = part.stamp
			}
		}
	}
	rows, err := o.rows.Snapshot(uint8(group))
	if rows == nil || err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, rows), nil
}

// Restore puts the rows of a snapshot in, and takes those that are among the first for emitted.
func (o *Operator) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(o.config.Name, data, version, 1)
	if err != nil {
		return err
	}
	if err := o.rows.Restore(uint8(group), parts[0]); err != nil {
		return err
	}
	ids := o.rows.AppendGroup(nil, uint8(group))
	if o.extra.arrival >= 0 {
		if err := keyed.NewOrder(o.types, []keyed.Key{{Column: o.extra.arrival}}).Sort(o.rows, ids); err != nil {
			return err
		}
	}
	touched := len(o.touched)
	if err := o.restoreAll(ids); err != nil {
		return err
	}
	for i := touched; i < len(o.touched); i++ {
		t := &o.touched[i]
		part := o.parts.At(t.slot)
		part.touched = 0
		o.emitted(part)
	}
	o.touched, o.changed = o.touched[:touched], 0
	return nil
}

// restoreAll puts rows of the store in their lists.
func (o *Operator) restoreAll(ids []uint32) error {
	columns := o.newColumns()
	defer release(columns)
	for len(ids) > 0 {
		part := ids[:min(len(ids), batch.MaxRows)]
		ids = ids[len(part):]
		o.rows.Gather(part, columns)
		if err := o.restore(&batch.Batch{Cols: columns, Len: len(part)}, part); err != nil {
			return err
		}
	}
	return nil
}

// newColumns returns a column for each of the rows'.
func (o *Operator) newColumns() []*batch.Column {
	columns := make([]*batch.Column, len(o.types))
	for i, typ := range o.types {
		columns[i] = batch.NewColumn(o.pool, typ)
	}
	return columns
}

func release(columns []*batch.Column) {
	for _, c := range columns {
		c.Release()
	}
}

// restore is restoreAll for a batch of them.
func (o *Operator) restore(b *batch.Batch, ids []uint32) error {
	if _, err := o.find(b, b.Len); err != nil {
		return err
	}
	o.prefixes = make([]keyed.Prefix, b.Len)
	o.order.Prefixes(b.Cols, nil, o.prefixes)
	if o.twins != nil {
		o.twins.see(b.Cols, nil, b.Len)
	}
	if err := o.noteRows(ids); err != nil {
		return err
	}
	out := op.NewOutput(1)
	for i, id := range ids {
		if o.extra.arrival >= 0 {
			o.extra.next = max(o.extra.next, b.Cols[o.extra.arrival].Int64s()[i]+1)
		}
		if o.extra.stamp >= 0 {
			part := o.parts.At(o.slots[i])
			part.stamp = max(part.stamp, b.Cols[o.extra.stamp].Int64s()[i])
		}
		if err := o.restoreRow(id, i, out); err != nil {
			return err
		}
	}
	return nil
}

// restoreRow puts a row, the i-th of those that are put in, where it was.
func (o *Operator) restoreRow(id uint32, i int, out *op.Output) (err error) {
	slot := o.slots[i]
	switch {
	case o.tail.runs == nil:
		return o.add(slot, id, i, out)
	case *o.rows.Mark(id)&behindList == 0:
		return o.enter(slot, o.parts.At(slot), id, i)
	}
	o.tail.root, err = o.lists.Insert(o.tail.root, id, o.prefixes[i])
	return err
}

// emitted notes that the first rows of a partition have been emitted.
func (o *Operator) emitted(part *partitionState) {
	t := touch{gone: keyed.NoRow}
	part.emitted = 0
	w := newWalk(o, part, &t)
	for place := uint32(0); w.next(); {
		if !w.inside {
			continue
		}
		n := o.notes.At(w.id)
		switch {
		case !o.config.RankColumn:
			n.place = 0
		case o.config.Function == RowNumber:
			n.place = place
			place++
		default:
			n.place = w.rank
		}
	}
	part.emitted = uint32(w.emitted) //nolint:gosec // fewer rows than numbers
}
