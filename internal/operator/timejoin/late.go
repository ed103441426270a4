package timejoin

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
)

// late is rows of a slice that nobody has looked for yet: only when the times of rows of the other input come near theirs are they entered in the table of keys. Where one
// input always comes first, as a watermark lets it, its rows never are.
type late struct {
	budget *limit.Budget
	ids    []uint32
	pieces []piece // of ids, in their order
}

// piece is rows that came together, at most batch.MaxRows.
type piece struct {
	from, to int // in ids
	min, max int64
	swept    uint8 // how often the rows were swept
	skip     bool  // they are not to be taken by the take that follows
}

// add adds rows with times from min to max. The error is a *limit.ExceededError.
func (l *late) add(ids []uint32, from, to int64) error {
	if need := len(l.ids) + len(ids); need > cap(l.ids) {
		room := max(need, 2*cap(l.ids), 64)
		if err := l.budget.Reserve(int64(room-cap(l.ids)) * idBytes); err != nil {
			return err
		}
		grown := make([]uint32, len(l.ids), room)
		copy(grown, l.ids)
		l.ids = grown
	}
	at := len(l.ids)
	l.ids = append(l.ids, ids...)
	if last := len(l.pieces) - 1; last >= 0 && l.pieces[last].swept == 0 && l.pieces[last].to == at && len(l.ids)-l.pieces[last].from <= batch.MaxRows {
		p := &l.pieces[last]
		p.to, p.min, p.max = len(l.ids), min(p.min, from), max(p.max, to)
		return nil
	}
	l.pieces = append(l.pieces, piece{from: at, to: len(l.ids), min: from, max: to})
	return nil
}

// take takes out rows that may have times between two, nil if there are none. Lent until the next call on l.
func (l *late) take(from, to int64) []uint32 {
	i := slices.IndexFunc(l.pieces, func(p piece) bool { return !p.skip && p.min <= to && p.max >= from })
	if i < 0 {
		for i := range l.pieces {
			l.pieces[i].skip = false
		}
		return nil
	}
	p := l.pieces[i]
	if l.pieces = slices.Delete(l.pieces, i, i+1); i == len(l.pieces) {
		l.ids = l.ids[:p.from]
	}
	return l.ids[p.from:p.to]
}

// free gives the memory back.
func (l *late) free() {
	l.budget.Release(int64(cap(l.ids)) * idBytes)
	l.ids, l.pieces = nil, nil
}
