package over

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// A restore may leave rows and partitions in the store where memory is short. Rows that wait must not stay there, since time finds them, nor what is kept of their partitions.

// pass leaves rows in the store, but for those that wait.
func (t *Timed) pass(e *keyed.Entries) error {
	var waits, others keyed.Entries
	for i, value := range e.Values {
		to := &others
		if len(value) > 0 && value[0] == 0 { // its mark
			to = &waits
		}
		to.Slices, to.Hashes = append(to.Slices, e.Slices[i]), append(to.Hashes, e.Hashes[i])
		to.Keys, to.Values = append(to.Keys, e.Keys[i]), append(to.Values, value)
	}
	if waits.Len() > 0 {
		if err := t.e.rows.Admit(&waits); err != nil {
			return err
		}
	}
	if err := t.seePassed(&others); err != nil {
		return err
	}
	return t.e.rows.Pass(&others)
}

// seePassed looks at what functions see of rows that stay in the store.
func (t *Timed) seePassed(e *keyed.Entries) error {
	return t.e.rows.DecodeEach(e, func(cols []*batch.Column, n int) error {
		return t.sight.see(cols, &batch.Batch{Cols: cols, Len: n})
	})
}

// makeWhole has partitions leave memory of which some of what is kept was restored and some was not, and puts the hashes of those that have rows which wait to wanted.
func (t *Timed) makeWhole(wanted *keyed.List[uint64]) error {
	if !t.leaves() || !t.table.HasAway() && !t.e.rows.HasAway() {
		return nil
	}
	for g, rows := range t.e.rows.CountGroups() {
		if err := t.makeGroupWhole(uint8(g), rows, wanted); err != nil { //nolint:gosec // below 256
			return err
		}
	}
	return nil
}

// brokenBytes is about what is noted of a partition, or a row, while partitions of a key group are made whole.
const brokenBytes = 40

func (t *Timed) makeGroupWhole(group uint8, n int, wanted *keyed.List[uint64]) error {
	rows := t.e.rows
	noted := int64(t.table.CountGroup(group)+n) * brokenBytes
	if err := t.budget.Reserve(noted); err != nil {
		return err
	}
	defer t.budget.Release(noted)
	broken := map[uint64]bool{} // true: a row waits
	var slots, gone []uint32
	for slot := range t.table.Slots(group) {
		if hash := t.table.HashOf(slot); rows.MayBeAway(hash) {
			broken[hash] = false
			slots = append(slots, slot)
		}
	}
	ids := rows.AppendGroup(nil, group)
	for _, id := range ids {
		hash := rows.HashOf(id)
		if rows.MayBeAway(hash) || t.stored() && !t.table.HasHash(hash) {
			broken[hash] = broken[hash] || *rows.Mark(id) == 0
			gone = append(gone, id)
		}
	}
	for hash, waits := range broken {
		if !waits {
			continue
		}
		if err := wanted.Append(hash); err != nil {
			return err
		}
	}
	for _, slot := range slots {
		t.forget(slot)
	}
	if err := t.table.Expel(slots); err != nil {
		return err
	}
	return rows.Expel(gone)
}

// fetch loads partitions.
func (t *Timed) fetch(hashes []uint64) error {
	if len(hashes) == 0 {
		return nil
	}
	for _, table := range t.Tables() {
		if err := table.Load(hashes, [op.KeyGroups / 64]uint64{}); err != nil {
			return err
		}
	}
	return nil
}
