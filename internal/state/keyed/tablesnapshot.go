package keyed

import (
	"encoding/binary"
	"slices"

	"wire.example/wire/sdk/batch"
)

// tableVersion is the version of a table's layout in docs/format/state.md.
const tableVersion = 1

// Snapshot returns the state of a key group, nil if it has no keys: the keys in the order of insertion, each with what appendValue appends for
// its slot.
func (t *Table) Snapshot(groupNumber uint8, appendValue func(dst []byte, slot uint32) []byte) ([]byte, error) {
	if t.guard != nil {
		if err := t.guard.group(groupNumber); err != nil {
			return nil, err
		}
	}
	g := t.groups[groupNumber]
	if g == nil || g.live == 0 {
		return nil, nil
	}
	dst := appendTypes([]byte{kindTable, tableVersion, HashVersion}, t.types)
	dst = binary.AppendUvarint(dst, uint64(g.live))
	cols := t.keyColumns()
	var value []byte
	for slots := range slices.Chunk(slices.Collect(t.Slots(groupNumber)), batch.MaxRows) {
		t.GatherKeys(slots, cols)
		for i, slot := range slots {
			for _, c := range cols {
				dst = appendExact(dst, c, i)
			}
			value = appendValue(value[:0], slot)
			dst = append(binary.AppendUvarint(dst, uint64(len(value))), value...)
		}
	}
	release(cols)
	return seal(dst), nil
}

// Restore puts the keys of a snapshot in, in their order, and hands the value of each to restoreValue with the key's slot; the value is lent.
// The operator's slabs must be grown there. The group must be empty. The error is a *CorruptError, SQLSTATE 53200, or restoreValue's.
func (t *Table) Restore(groupNumber uint8, data []byte, restoreValue func(slot uint32, value []byte) error) error {
	r, err := unseal(t.name, data, kindTable, tableVersion)
	if err != nil {
		return err
	}
	if v := r.byte(); r.err == nil && v != HashVersion {
		r.at--
		r.fail("the keys were hashed by version %d; this program has version %d", v, HashVersion)
	}
	r.types(t.types)
	n := r.count()
	if g := t.groups[groupNumber]; g != nil && g.live > 0 {
		r.fail("key group %d has keys already", groupNumber)
	}
	cols := t.keyColumns()
	defer release(cols)
	values := make([][]byte, 0, min(n, batch.MaxRows))
	var hashes []uint64
	slots := make([]uint32, batch.MaxRows)
	for n > 0 && r.err == nil {
		rows := min(n, batch.MaxRows)
		for _, c := range cols {
			c.Reset(rows)
		}
		values = values[:0]
		for i := range rows {
			for _, c := range cols {
				r.value(c, i)
			}
			values = append(values, r.take(r.uvarint()))
		}
		if r.err != nil {
			return r.err
		}
		hashes = hashColumns(hashes, cols, nil, rows)
		for i := range hashes {
			hashes[i] = hashes[i]&^(0xff<<groupShift) | uint64(groupNumber)<<groupShift
		}
		fresh, err := t.Upsert(hashes, cols, nil, slots[:rows])
		if err != nil {
			return err
		}
		if len(fresh) != rows {
			r.fail("a key stands there twice")
			return r.err
		}
		for i, v := range values {
			if err := restoreValue(slots[i], v); err != nil {
				return err
			}
		}
		n -= rows
	}
	return r.end()
}

func (t *Table) keyColumns() []*batch.Column {
	cols := make([]*batch.Column, len(t.types))
	for i, typ := range t.types {
		cols[i] = batch.NewColumn(t.pool, typ)
	}
	return cols
}

func release(cols []*batch.Column) {
	for _, c := range cols {
		c.Release()
	}
}
