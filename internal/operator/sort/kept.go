package sort

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Versions of what belongs to no part: docs/format/entries.md.
const (
	restVersion   = 1 // all rows of a key group are to be emitted
	passedVersion = 2 // so many rows of its runs have been passed
)

// Kept are the rows, and the runs of those that have left memory.
func (o *Operator) Kept() []keyed.Kept { return []keyed.Kept{o.rows, o.runs} }

// EntriesVersion is 2: in version 1 there were no runs.
func (o *Operator) EntriesVersion() int { return 2 }

// OldestEntries is 1; see op.Older.
func (o *Operator) OldestEntries() int { return 1 }

// Overflows says that rows leave memory in runs.
func (o *Operator) Overflows() bool { return true }

// load notes that there are rows of which leaders do not know.
func (o *Operator) load([]uint32) error {
	if o.leaders != nil {
		o.leaders.stale = true
	}
	return nil
}

// OnBarrier forgets the rows that have been emitted, and those that never will be.
func (o *Operator) OnBarrier(_ int64, out *op.Output) (more bool, err error) {
	o.account(out)
	if !o.ended || !o.rows.Noting() {
		return false, nil
	}
	wanted := make([]uint64, o.rows.Limit()/64+1)
	for _, id := range o.ids[o.next:] {
		wanted[id/64] |= 1 << (id % 64)
	}
	ids, gone := make([]uint32, batch.MaxRows), []uint32(nil)
	var c keyed.Cursor
	for n := o.rows.Scan(&c, ids); n > 0; n = o.rows.Scan(&c, ids) {
		for _, id := range ids[:n] {
			if wanted[id/64]&(1<<(id%64)) == 0 {
				gone = append(gone, id)
			}
		}
	}
	return false, o.rows.Delete(gone)
}

// Rest says that all rows of a key group are to be emitted, if that is known; or how many of those in its runs have been.
func (o *Operator) Rest(group op.KeyGroup) ([]byte, error) {
	if passed := max(o.merging.passed[group], o.merging.skip[group]); passed > 0 && o.runs.Len(uint8(group)) > 0 {
		return binary.AppendUvarint([]byte{passedVersion}, uint64(passed)), nil
	}
	if !o.ended && !o.chosen || o.rows.Len() == 0 || o.rows.At(uint8(group), 0) == keyed.NoRow {
		return nil, nil
	}
	return []byte{restVersion, chosen}, nil
}

// RestoreRest puts it in again.
func (o *Operator) RestoreRest(group op.KeyGroup, data []byte) error {
	if len(data) > 1 && data[0] == passedVersion {
		if passed, n := binary.Uvarint(data[1:]); n == len(data)-1 && passed <= math.MaxInt64 {
			o.merging.skip[group] = int64(passed)
			return nil
		}
	}
	if len(data) != 2 || data[0] != restVersion || data[1] != chosen {
		return &keyed.CorruptError{What: o.config.Name, Reason: "it is not known what was stored beside the rows"}
	}
	o.chosen = true
	return nil
}

// Restored has nothing to make.
func (o *Operator) Restored() error { return nil }

// Kept are the rows, and the runs of those that have left memory.
func (o *Timed) Kept() []keyed.Kept { return []keyed.Kept{o.rows, o.runs} }

// EntriesVersion is 2: in version 1 there were no runs.
func (o *Timed) EntriesVersion() int { return 2 }

// OldestEntries is 1; see op.Older.
func (o *Timed) OldestEntries() int { return 1 }

// load has rows that were put in wait.
func (o *Timed) load(ids []uint32) error {
	o.fresh = append(o.fresh, ids...)
	return o.reserve()
}

// Rest returns nothing: the rows are all there is.
func (o *Timed) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (o *Timed) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (o *Timed) Restored() error { return nil }
