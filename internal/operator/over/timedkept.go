package over

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// timedRest is the version of what belongs to no part of a Timed: docs/format/entries.md.
const timedRest = 1

// Kept are the partitions, if something is kept of them beside their rows, and the rows.
func (t *Timed) Kept() []keyed.Kept {
	switch {
	case t.leaves() && t.stored():
		return []keyed.Kept{&partitionPart{Table: t.table, t: t}, &besideRows{Rows: t.e.rows, t: t}}
	case t.leaves():
		return []keyed.Kept{&aloneRows{Rows: t.e.rows, t: t}}
	}
	return []keyed.Kept{t.e.rows}
}

// Rest returns what is kept of all rows where there are no partitions.
func (t *Timed) Rest(group op.KeyGroup) ([]byte, error) {
	if t.table != nil || !t.keeps || group != 0 || t.parts.Len() == 0 {
		return nil, nil
	}
	return t.appendState([]byte{timedRest}, 0), nil
}

// RestoreRest puts it in again.
func (t *Timed) RestoreRest(group op.KeyGroup, data []byte) error {
	if t.table != nil || group != 0 || len(data) == 0 || data[0] != timedRest {
		return &keyed.CorruptError{What: t.config.Name, Reason: "it is not known what was stored beside the rows"}
	}
	if err := t.begin(1, []uint32{0}); err != nil {
		return err
	}
	return t.restoreState(0, data[1:])
}

// Restored puts the rows where they were.
func (t *Timed) Restored() error {
	wanted := keyed.NewList[uint64](t.budget)
	defer wanted.Free()
	if err := t.makeWhole(wanted); err != nil {
		return op.OutOfMemory(t.config.Name, err)
	}
	for g := 0; t.loaded && g < keyed.Groups; g++ {
		if err := t.requeueGroup(uint8(g)); err != nil { //nolint:gosec // below Groups
			return err
		}
	}
	return t.fetch(wanted.Items())
}

// touchPartitions notes that what is kept of the partitions changes of which rows are answered.
func (t *Timed) touchPartitions() error {
	if t.table == nil || !t.table.Noting() {
		return nil
	}
	t.touched = t.touched[:0]
	for i := range t.jobs.list {
		t.touched = append(t.touched, t.jobs.list[i].slot)
	}
	return t.table.Touch(t.touched)
}
