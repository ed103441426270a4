package over

import (
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Rows of an Updating leave memory with all others of their partition when nothing of it is left to flush, and come back so: a partition that is in the table has all its rows in memory, and one that is not has none there.
// The answers of what comes back are computed anew: they were emitted.

// leaves reports whether rows may leave memory: nothing but their partition finds them, and time, where they are.
func (u *Updating) leaves() bool { return u.table != nil }

// Leaves reports whether rows may leave memory.
func (u *Updating) Leaves() bool { return u.leaves() }

// Advice says what to do about rows of one partition, all of which stay in memory: a change may alter what is said of any row behind it.
func (u *Updating) Advice() string {
	if u.table != nil {
		return ""
	}
	return "A change may alter the answers of all rows behind it, and so all rows stay in memory: with PARTITION BY partitions leave it, and so do rows where an ORDER BY with LIMIT asks for the first ones, or where answers come once, when the input ends."
}

// updatingTable is the rows as one of an operator's tables: the partitions of what is loaded are as if they had never left.
type updatingTable struct {
	*keyed.Rows
	u *Updating
}

// Load makes rows resident.
func (t *updatingTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	return t.u.bringBack(func() error { return t.Rows.Load(hashes, groups) })
}

// bringBack has load put rows in: their partitions are as if they had never left.
func (u *Updating) bringBack(load func() error) error {
	u.back, u.loading = u.back[:0], true
	err := load()
	u.loading = false
	if err != nil {
		return err
	}
	u.gone = u.gone[:0]
	slices.Sort(u.back) // those of a large partition came in pieces
	for _, slot := range slices.Compact(u.back) {
		part := u.parts.At(slot)
		if u.over(part.stamp) && !fault.Weak("ttl/back") {
			err = u.forget(slot)
		} else {
			err = u.answerFor(part, false)
		}
		if err != nil {
			return err
		}
	}
	if err := u.answer(); err != nil {
		return err
	}
	return u.e.rows.Delete(u.gone)
}

// link puts rows that have come back in their lists.
func (u *Updating) link(ids []uint32) error {
	touched, changed := len(u.touched), u.changed
	for len(ids) > 0 {
		part := ids[:min(len(ids), batch.MaxRows)]
		ids = ids[len(part):]
		if err := u.relist(part); err != nil {
			return err
		}
	}
	for i := touched; i < len(u.touched); i++ {
		u.back = append(u.back, u.touched[i].slot)
	}
	u.untouchFrom(touched)
	u.changed = changed
	return nil
}

// updatingRows are the rows as a part that may leave memory.
type updatingRows struct {
	*keyed.Listed
	u *Updating
}

// newUpdatingRows returns the rows as such a part.
func (u *Updating) newUpdatingRows() *updatingRows {
	return &updatingRows{u: u, Listed: keyed.NewListed(keyed.ListedConfig{
		Rows: u.e.rows, Table: u.table, Lists: u.lists, Let: u.let, Owned: u.stamps(),
		Root: func(slot uint32) (uint32, bool) {
			part := u.parts.At(slot)
			return part.root, part.touched == 0
		},
		Free: func() {
			u.lists.Free()
			u.parts.Free()
			u.notes.Free()
			u.answers.Free()
			u.obsolete = u.obsolete[:0]
		},
	})}
}

// ReadOn reads unread rows; see keyed.Postponable.
func (r *updatingRows) ReadOn(most int, pass bool) (more bool, err error) {
	err = r.u.bringBack(func() (err error) {
		more, err = r.Listed.ReadOn(most, pass)
		return err
	})
	return more, err
}

// let notes that nobody has the answers of rows any more. Rows that were restored just now have none yet.
func (u *Updating) let(ids []uint32) {
	for _, id := range ids {
		if answer := u.notes.At(id).answer; answer != keyed.NoRow {
			u.obsolete = append(u.obsolete, answer)
		}
	}
}

// Pass leaves rows in the store; see keyed.Evictable. How far functions look at offsets of theirs is known.
func (r *updatingRows) Pass(e *keyed.Entries) error {
	if r.u.offsets.any() {
		err := r.DecodeEach(e, func(cols []*batch.Column, n int) error {
			rows := make([]uint16, n)
			for i := range rows {
				rows[i] = uint16(i) //nolint:gosec // a row number of a batch
			}
			r.u.offsets.see(cols, rows)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return r.Listed.Pass(e)
}
