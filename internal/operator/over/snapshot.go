package over

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// version is that of the state's layout: docs/format/state.md.
const version = 1

// Snapshot returns the rows of a key group whose partitions are not through, and how many rows of the first of them have been emitted.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	if !o.ended {
		rows, err := o.rows.Snapshot(uint8(group))
		if rows == nil || err != nil {
			return nil, err
		}
		return keyed.AppendParts(nil, version, emitted(o.skip[group]), rows), nil
	}
	from, done := o.reached()
	rest := o.newRows()
	defer rest.Free()
	skip := o.skip[group]
	if from < len(o.ids) && done > 0 && o.rows.GroupOf(o.ids[from]) == uint8(group) {
		skip = max(done, o.part.skip)
	}
	var ids []uint32
	for _, id := range o.ids[from:] {
		if o.rows.GroupOf(id) == uint8(group) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		if err := o.keep(rest, &batch.Batch{Cols: o.gather(ids[:n]), Len: n}); err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	rows, err := rest.Snapshot(uint8(group))
	if err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, emitted(skip), rows), nil
}

func emitted(n int) []byte {
	if n == 0 {
		return nil
	}
	return binary.AppendUvarint(nil, uint64(n)) //nolint:gosec // not negative
}

// Restore puts the rows of a snapshot in.
func (o *Operator) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(o.config.Name, data, version, 2)
	if err != nil {
		return err
	}
	if parts[0] != nil {
		n, size := binary.Uvarint(parts[0])
		if size != len(parts[0]) {
			return &keyed.CorruptError{What: o.config.Name, Reason: "a number is expected"}
		}
		o.skip[group] = int(n) //nolint:gosec // fewer than there are rows
	}
	return o.rows.Restore(uint8(group), parts[1])
}
