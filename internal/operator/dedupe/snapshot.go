package dedupe

import (
	"wire.example/wire/internal/foundation/fault"
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
		if o.expiry.over(o, ids[i]) && !fault.Weak("ttl/back") {
			o.expiry.stale = append(o.expiry.stale, slot)
			continue
		}
		if o.config.Final && *o.rows.Mark(ids[i]) != final {
			if err := o.waiting.add(ids[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rest returns nothing: the rows are all there is.
func (o *Operator) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (o *Operator) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (o *Operator) Restored() error { return nil }
