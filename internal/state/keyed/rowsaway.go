package keyed

import (
	"encoding/binary"

	"wire.example/wire/internal/state/store"
)

// MayLeave reports whether rows may leave memory: Extras say so.
func (r *Rows) MayLeave() bool { return r.extras.Has != nil || r.extras.Ranged }

// Attach lets rows leave memory; see Evictable. Extras.Has must say which hashes have rows in memory.
func (r *Rows) Attach(reader store.Reader, low int64) {
	r.away = &away{reader: reader, budget: r.budget, low: low, label: r.label, ranged: r.extras.Ranged}
	r.kept.ranged = r.extras.Ranged
}

// Room is how many rows can be put in before memory grows; see Evictable.
func (r *Rows) Room() int {
	room := 0
	for _, number := range r.reusable {
		room += r.chunks[number].holes.count
	}
	if last := len(r.chunks) - 1; last >= 0 {
		room += chunkRows - r.chunks[last].n
	}
	return room
}

// Spill writes what changed in the epoch under way; see Evictable.
func (r *Rows) Spill(into *store.Changes, most int64) (more bool) {
	if r.kept.spill(into, most, r.GroupOf) {
		return true
	}
	r.away.spilled()
	return false
}

// Pass leaves rows in the store; see Evictable.
func (r *Rows) Pass(e *Entries) error {
	r.kept.used = r.kept.used || e.Len() > 0
	for i, hash := range e.Hashes {
		if len(e.Keys[i]) < wordBytes {
			return &CorruptError{What: r.name, Reason: "a row without a number"}
		}
		r.kept.last = max(r.kept.last, binary.BigEndian.Uint64(e.Keys[i]))
		if err := r.away.add(hash); err != nil {
			return outOfMemory(r.name, err)
		}
	}
	return nil
}

// Clean reports whether the store has a row as it is; see Evictable.
func (r *Rows) Clean(id uint32, settled bool) bool {
	return r.kept.clean(id, settled) && !r.away.isLoose() && !r.away.isBuried(r.HashOf(id))
}

// HashOf returns the hash that a row was appended with, of rows whose changes are noted.
func (r *Rows) HashOf(id uint32) uint64 { return r.kept.hashes.of(id) }

// Expel takes rows out of memory, which are Clean. All rows of a hash must leave together. The error is SQLSTATE 53200.
func (r *Rows) Expel(ids []uint32) error {
	for _, id := range ids {
		if err := r.away.add(r.HashOf(id)); err != nil {
			return outOfMemory(r.name, err)
		}
		r.kept.reset(id)
	}
	return r.drop(ids)
}

func (r *Rows) loadAway(hashes []uint64, groups [Groups / 64]uint64) error {
	if r.away == nil {
		return nil
	}
	err := r.away.load(r.kept.home, r.slice, hashes, groups, r.extras.Has, r.Admit)
	if r.came != nil {
		r.came()
	}
	return err
}
