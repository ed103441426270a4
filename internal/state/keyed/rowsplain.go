package keyed

import (
	"encoding/binary"
	"slices"

	"wire.example/wire/internal/state/store"
)

// plainRows is the memory of writePlain.
type plainRows struct {
	encodedRows
	rows   []uint16 // of one chunk
	hashes []uint64 // theirs
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
		r.makeRooms(into, number, some)
		for _, c := range cols {
			p.addValues(c, p.rows)
		}
		clear(p.into) // the memory is not its own
	}
}

// makeRooms puts entries of rows of a chunk in, whose values are to be written from their marks on; how long they are stands where they are to go on.
func (r *Rows) makeRooms(into *store.Changes, number uint32, ids []uint32) {
	k := r.kept
	p := &k.plain
	marks := r.chunks[number].marks
	p.hashes, p.into = k.hashes.some(p.hashes, number, p.rows), slices.Grow(p.into[:0], len(ids))[:len(ids)]
	for i := range p.at {
		p.at[i]++ // the mark
	}
	key := keyBytes + len(k.label)
	into.PutRooms(k.home.Space, k.slice, p.hashes, key, p.at, p.into)
	if into.Logged() == 0 {
		fetch(p.into) // else they follow each other, which the processor sees
	}
	for i, row := range p.rows {
		room := p.into[i]
		binary.BigEndian.PutUint64(room, k.numbers.of(ids[i]))
		if len(k.label) > 0 {
			copy(room[keyBytes:], k.label)
		}
		room[key] = marks[row]
		p.at[i] = key + 1
	}
}

// fetchedBytes is how much of a room fetch fetches at most: of 64 rooms a processor has no more at hand.
const fetchedBytes = 1 << 10

// fetch writes to each line of the memory of rooms, which nobody has touched for a while, so that the lines come together and not one after another as values are written. No room is empty.
func fetch(rooms [][]byte) {
	const line = 64
	for _, room := range rooms {
		room = room[:min(len(room), fetchedBytes)]
		for at := 0; at < len(room); at += line {
			room[at] = 0
		}
		room[len(room)-1] = 0
	}
}
