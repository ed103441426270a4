package over

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Kept are the rows: lists and answers follow from them. Where partitions are forgotten after a time, these come first, with the time at which a row last came.
func (u *Updating) Kept() []keyed.Kept {
	if u.stamps() {
		return []keyed.Kept{u.owners, u.leaving}
	}
	if u.leaves() {
		return []keyed.Kept{u.leaving}
	}
	return []keyed.Kept{u.e.rows}
}

// stamps reports whether it is stored when a row last came for a partition.
func (u *Updating) stamps() bool { return u.stamp.stamp != nil && u.table != nil }

func (u *Updating) appendStamp(dst []byte, slot uint32) []byte {
	return binary.AppendVarint(dst, u.parts.At(slot).stamp)
}

func (u *Updating) restoreStamp(slot uint32, value []byte) error {
	stamp, n := binary.Varint(value)
	if n <= 0 || n != len(value) {
		return &keyed.CorruptError{What: u.config.Name, Reason: "it is not stored when a row last came for a partition"}
	}
	if err := u.parts.Grow(u.table.Limit()); err != nil {
		return op.OutOfMemory(u.config.Name, err)
	}
	*u.parts.At(slot) = listed{root: keyed.NoRow, stamp: stamp}
	return nil
}

// load puts rows that were put in in the lists of their partitions. Restored computes their answers.
func (u *Updating) load(ids []uint32) error {
	if u.loading {
		return u.link(ids)
	}
	u.loaded = true
	if u.leaves() {
		ids = u.leaving.Housed(ids)
	}
	if len(ids) == 0 {
		return nil
	}
	err := u.relist(ids)
	u.untouchFrom(0)
	u.changed = 0
	return err
}

// Rest returns nothing: the parts are all there is.
func (u *Updating) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (u *Updating) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored computes the answers, which have been emitted.
func (u *Updating) Restored() error {
	if u.leaves() {
		if err := u.leaving.MakeWhole(); err != nil {
			return err
		}
	}
	if !u.loaded {
		return nil
	}
	if u.table == nil {
		return u.answerFor(u.parts.At(0), true)
	}
	for g := range keyed.Groups {
		for slot := range u.table.Slots(uint8(g)) { //nolint:gosec // below Groups
			if err := u.answerFor(u.parts.At(slot), false); err != nil {
				return err
			}
		}
	}
	return u.answer()
}

// answerFor computes the answers of a partition, sooner or later: at once if there is enough to do, or if now says so.
func (u *Updating) answerFor(part *listed, now bool) error {
	n := u.lists.Len(part.root)
	u.addJob(part, 0, n, 0, n)
	if now || len(u.jobs.targets) >= batch.MaxRows {
		return u.answer()
	}
	return nil
}
