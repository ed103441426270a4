package topn

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// Kept are the rows: lists, and what was emitted, follow from them. Where partitions are forgotten after a time, these come first, with the time at which a row last came.
func (o *Operator) Kept() []keyed.Kept {
	if o.stamps() {
		return []keyed.Kept{o.owners, o.leaving}
	}
	if o.leaves() {
		return []keyed.Kept{o.leaving}
	}
	if o.tail.runs != nil {
		return []keyed.Kept{o.rows, o.tail.runs}
	}
	return []keyed.Kept{o.rows}
}

// EntriesVersion is 2 where rows may leave memory in runs: in version 1 there were none.
func (o *Operator) EntriesVersion() int {
	if o.tail.runs != nil {
		return 2
	}
	return 1
}

// OldestEntries is 1; see op.Older.
func (o *Operator) OldestEntries() int { return 1 }

// stamps reports whether it is stored when a row last came for a partition.
func (o *Operator) stamps() bool { return o.extra.stamp >= 0 && o.table != nil }

func (o *Operator) appendStamp(dst []byte, slot uint32) []byte {
	return binary.AppendVarint(dst, o.parts.At(slot).stamp)
}

func (o *Operator) restoreStamp(slot uint32, value []byte) error {
	stamp, n := binary.Varint(value)
	if n <= 0 || n != len(value) {
		return &keyed.CorruptError{What: o.config.Name, Reason: "it is not stored when a row last came for a partition"}
	}
	if err := o.parts.Grow(o.table.Limit()); err != nil {
		return op.OutOfMemory(o.config.Name, err)
	}
	part := o.parts.At(slot)
	*part = noRows()
	part.stamp = stamp
	return nil
}

// load puts rows that were put in in their lists. Restored says what of them was emitted.
func (o *Operator) load(ids []uint32) error {
	if o.loading {
		return o.link(ids)
	}
	o.loaded = true
	if o.leaves() {
		ids = o.leaving.Housed(ids)
	}
	if err := o.restoreAll(ids); err != nil {
		return err
	}
	for _, t := range o.touched {
		o.parts.At(t.slot).touched = 0
	}
	o.touched, o.changed = o.touched[:0], 0
	return nil
}

// Rest returns nothing: the parts are all there is.
func (o *Operator) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (o *Operator) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored takes the rows that are among the first for emitted.
func (o *Operator) Restored() error {
	if o.leaves() {
		if err := o.leaving.MakeWhole(); err != nil {
			return err
		}
	}
	switch {
	case o.tail.any():
		o.tail.stale = true
	case !o.loaded:
	case o.table == nil:
		o.emitted(o.parts.At(0))
	default:
		for g := range keyed.Groups {
			for slot := range o.table.Slots(uint8(g)) { //nolint:gosec // below Groups
				o.emitted(o.parts.At(slot))
			}
		}
	}
	return nil
}
