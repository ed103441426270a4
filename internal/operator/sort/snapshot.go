package sort

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// version is that of the state's layout: docs/format/state.md.
const version = 1

// chosen marks state of rows of which all are to be emitted: those that no limit left out, without those that went before.
const chosen = 1

// Snapshot returns the rows of a key group that are still to be emitted, as far as that is known.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	if !o.ended {
		rows, err := o.rows.Snapshot(uint8(group))
		if rows == nil || err != nil {
			return nil, err
		}
		return keyed.AppendParts(nil, version, o.mark(), rows), nil
	}
	var ids []uint32
	for _, id := range o.ids[o.next:] {
		if o.rows.GroupOf(id) == uint8(group) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rest := o.newRows()
	defer rest.Free()
	if err := o.copyTo(rest, ids, func(int, *batch.Batch, []uint32) error { return nil }); err != nil {
		return nil, err
	}
	rows, err := rest.Snapshot(uint8(group))
	if err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, []byte{chosen}, rows), nil
}

func (o *Operator) mark() []byte {
	if o.chosen {
		return []byte{chosen}
	}
	return nil
}

// Restore puts the rows of a snapshot in.
func (o *Operator) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(o.config.Name, data, version, 2)
	if err != nil {
		return err
	}
	o.chosen = o.chosen || len(parts[0]) > 0
	if o.leaders != nil {
		o.leaders.stale = true
	}
	return o.rows.Restore(uint8(group), parts[1])
}
