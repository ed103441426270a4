package keyed

import "wire.example/wire/internal/state/store"

// markLead is the room for a row's mark before its values.
const markLead = 1

// writePlain is writeEntries for rows of plain columns, which are encoded column by column: so that reading one value does not wait for the one before. What follows each other in ids is of one chunk, as a rule.
func (r *Rows) writePlain(into *store.Changes, ids []uint32) {
	k := r.kept
	k.plain.plain, k.plain.lead = true, markLead
	for len(ids) > 0 {
		chunk := ids[0] >> chunkShift
		k.rows = k.rows[:0]
		for _, id := range ids {
			if id>>chunkShift != chunk {
				break
			}
			k.rows = append(k.rows, uint16(id&(chunkRows-1))) //nolint:gosec // below chunkRows
		}
		k.plain.encodePlain(r.chunks[chunk].cols, k.rows, len(k.rows))
		for i, id := range ids[:len(k.rows)] {
			value := k.plain.both(i)
			value[0] = *r.Mark(id)
			if k.extras.Append != nil {
				k.value = k.extras.Append(append(k.value[:0], value...), id)
				value = k.value
			}
			into.Put(k.home.Space, k.slice, *k.hashes.At(id), k.keyOf(id), value)
		}
		ids = ids[len(k.rows):]
	}
}
