package over

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Versions of what belongs to no part of an Operator: docs/format/entries.md.
const (
	restVersion   = 1 // how many rows of the first partition have been emitted
	passedVersion = 2 // how many rows are of partitions that are through, and the same of the next one
)

// Kept are the rows, and the runs of those that have left memory.
func (o *Operator) Kept() []keyed.Kept { return []keyed.Kept{o.stored, o.runs} }

// Overflows says that rows leave memory in runs.
func (o *Operator) Overflows() bool { return true }

// EntriesVersion is 2: in version 1 there were no runs.
func (o *Operator) EntriesVersion() int { return 2 }

// OldestEntries is 1; see op.Older.
func (o *Operator) OldestEntries() int { return 1 }

// OnBarrier forgets the rows of the partitions that are through.
func (o *Operator) OnBarrier(int64, *op.Output) (more bool, err error) {
	if !o.ended || !o.rows.Noting() || len(o.ids) == 0 {
		return false, nil
	}
	from, _ := o.reached()
	gone := o.ids[o.dropped:from]
	o.dropped = from
	for len(gone) > 0 {
		n := min(len(gone), batch.MaxRows)
		if err := o.rows.Delete(gone[:n]); err != nil {
			return false, err
		}
		gone = gone[n:]
	}
	return false, nil
}

// reached is where the partition begins that is being emitted, and how many of its rows were.
func (o *Operator) reached() (from, done int) {
	if o.next < o.part.end {
		return o.part.start, o.next - o.part.start
	}
	return o.next, 0
}

// Rest returns how many rows of the first partition of a key group have been emitted.
func (o *Operator) Rest(group op.KeyGroup) ([]byte, error) {
	if o.runs.Len(uint8(group)) > 0 {
		passed, done := o.passed(int(group))
		if passed == 0 && done == 0 {
			return nil, nil
		}
		return binary.AppendUvarint(binary.AppendUvarint([]byte{passedVersion}, uint64(passed)), uint64(done)), nil //nolint:gosec // not negative
	}
	n := o.skip[group]
	if o.ended {
		if from, done := o.reached(); done > 0 && o.rows.GroupOf(o.ids[from]) == uint8(group) {
			n = max(done, o.part.skip)
		}
	}
	if n == 0 {
		return nil, nil
	}
	return binary.AppendUvarint([]byte{restVersion}, uint64(n)), nil //nolint:gosec // not negative
}

// RestoreRest puts it in again.
func (o *Operator) RestoreRest(group op.KeyGroup, data []byte) error {
	if len(data) > 0 && data[0] == passedVersion {
		passed, n := binary.Uvarint(data[1:])
		done, m := binary.Uvarint(data[1+max(n, 0):])
		if n > 0 && m > 0 && 1+n+m == len(data) {
			o.segments.skip[group], o.skip[group] = int64(passed), int(done) //nolint:gosec // fewer than there are rows
			return nil
		}
	}
	if len(data) > 0 && data[0] == restVersion {
		if n, size := binary.Uvarint(data[1:]); size > 0 && size == len(data)-1 {
			o.skip[group] = int(n) //nolint:gosec // fewer than there are rows
			return nil
		}
	}
	return &keyed.CorruptError{What: o.config.Name, Reason: "it is not known what was stored beside the rows"}
}

// Restored has nothing to make.
func (o *Operator) Restored() error { return nil }
