package normalize

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// The version of the state's layout, and its parts: docs/format/state.md.
const (
	version   = 1
	partRows  = 0
	partTable = 1
	parts     = 2
)

// The tables, as Needs numbers them.
const (
	tableKeys = iota
	tableRows
)

// Tables are the state.
func (o *Operator) Tables() []op.Table {
	if o.owners != nil {
		return []op.Table{o.owners, o.rows}
	}
	return []op.Table{o.table, o.rows}
}

// Needs declares the keys of in; a flush goes through those that were touched, which have stayed where keys may leave memory.
func (o *Operator) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	leaving := o.rows.Noting()
	switch {
	case leaving && in == nil:
		return
	case leaving: // what Apply flushes is in memory
	case in == nil || len(o.touched) >= maxTouched:
		needs.All(tableKeys)
		needs.All(tableRows)
		return
	}
	hashes := o.hasher.Hash(in)
	needs.Keys(tableKeys, hashes)
	needs.Keys(tableRows, hashes)
}

// Snapshot returns the state of a key group. Nothing waits for a flush then.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	rows, err := o.rows.Snapshot(uint8(group))
	if err != nil {
		return nil, err
	}
	table, err := o.table.Snapshot(uint8(group), func(dst []byte, slot uint32) []byte {
		e := o.entries.At(slot)
		return binary.AppendVarint(binary.AppendUvarint(dst, uint64(o.rows.Ordinal(e.head))), e.seen)
	})
	if err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, rows, table), nil
}

// Restore puts the state of a key group in.
func (o *Operator) Restore(group op.KeyGroup, data []byte) error {
	p, err := keyed.Parts(o.name, data, version, parts)
	if err != nil {
		return err
	}
	if err := o.rows.Restore(uint8(group), p[partRows]); err != nil {
		return err
	}
	return o.table.Restore(uint8(group), p[partTable], func(slot uint32, value []byte) error {
		ordinal, n := binary.Uvarint(value)
		seen, m := binary.Varint(value[max(n, 0):])
		head := keyed.NoRow
		if ordinal < uint64(o.rows.Len()) {
			head = o.rows.At(uint8(group), uint32(ordinal))
		}
		if n <= 0 || m <= 0 || n+m != len(value) || head == keyed.NoRow {
			return &keyed.CorruptError{What: o.name, Reason: fmt.Sprintf("%x are not a row and a time", value)}
		}
		if err := o.entries.Grow(o.table.Limit()); err != nil {
			return op.OutOfMemory(o.name, err)
		}
		*o.entries.At(slot) = entry{head: head, before: keyed.NoRow, seen: seen}
		return nil
	})
}
