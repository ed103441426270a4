package keyed

import (
	"encoding/binary"
	"slices"

	"wire.example/wire/internal/state/store"
)

// plainRows is the memory of writePlain.
type plainRows struct {
	encodedRows
	rows []uint16 // of one chunk
	into [][]byte // where their values go
}

// rowsAtOnce is how many rows are written side by side: what they are written to stays within the processor's nearest cache.
const rowsAtOnce = 64

// keyBytes is the length of a row's number.
const keyBytes = 8

// writePlain is writeEntries for rows of plain columns. They are encoded column by column, so that reading one value does not wait for the one before, and where they stay. What follows each other in ids is of one chunk, as a rule.
func (r *Rows) writePlain(into *store.Changes, ids []uint32) {
	p := &r.kept.plain
	for len(ids) > 0 {
		number := ids[0] >> chunkShift
		p.rows = p.rows[:0]
		for _, id := range ids[:min(len(ids), rowsAtOnce)] {
			if id>>chunkShift != number {
				break
			}
			p.rows = append(p.rows, uint16(id&(chunkRows-1))) //nolint:gosec // below chunkRows
		}
		some := ids[:len(p.rows)]
		ids = ids[len(some):]
		cols := r.chunks[number].cols
		p.at = zeroed(p.at, len(some))
		for _, c := range cols {
			p.addLengths(c, p.rows)
		}
		if r.kept.extras.Append != nil || slices.Max(p.at) >= store.MaxValue {
			r.writeEach(into, some)
			continue
		}
		r.makeRooms(into, some)
		for _, c := range cols {
			for i, at := range p.at {
				p.at[i] = putExact(p.into[i], at, c, int(p.rows[i]))
			}
		}
		clear(p.into) // the memory is not its own
	}
}

// makeRooms puts entries of rows in whose values are to be written from their marks on; how long they are stands where they are to go on.
func (r *Rows) makeRooms(into *store.Changes, ids []uint32) {
	k := r.kept
	p := &k.plain
	p.into = p.into[:0]
	into.Expect(len(ids))
	for i, id := range ids {
		key, value := into.PutRoom(k.home.Space, k.slice, *k.hashes.At(id), keyBytes+len(k.label), 1+p.at[i])
		binary.BigEndian.PutUint64(key, *k.numbers.At(id))
		copy(key[keyBytes:], k.label)
		value[0] = *r.Mark(id)
		p.into, p.at[i] = append(p.into, value), 1
	}
}
