package timejoin

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
)

// late is rows of a slice that nobody has looked for yet: only when the times of rows of the other input come near theirs are they entered in the table of keys. Where one
// input always comes first, as a watermark lets it, its rows never are. One batch may have all of them entered: so what that takes is reserved before, as far as there is room, and state leaves memory,
// or is not put in, while there still is some for it.
type late struct {
	budget *limit.Budget
	ids    []uint32
	pieces []piece // of ids, in their order
	ahead  int64   // what is reserved for pieces
}

// piece is rows that came together, at most batch.MaxRows.
type piece struct {
	from, to int // in ids
	min, max int64
	ahead    int64 // what is reserved for them to be entered
	swept    uint8 // how often the rows were swept
	skip     bool  // they are not to be taken by the take that follows
}

// add adds rows with times from min to max, which take about so many bytes when they are entered. The error is a *limit.ExceededError.
func (l *late) add(ids []uint32, from, to, entered int64) error {
	if need := len(l.ids) + len(ids); need > cap(l.ids) {
		room := max(need, 2*cap(l.ids), 64)
		if err := l.budget.Reserve(int64(room-cap(l.ids)) * idBytes); err != nil {
			return err
		}
		grown := make([]uint32, len(l.ids), room)
		copy(grown, l.ids)
		l.ids = grown
	}
	if !l.budget.TryReserve(entered) {
		entered = 0
	}
	l.ahead += entered
	at := len(l.ids)
	l.ids = append(l.ids, ids...)
	if last := len(l.pieces) - 1; last >= 0 && l.pieces[last].swept == 0 && l.pieces[last].to == at && len(l.ids)-l.pieces[last].from <= batch.MaxRows {
		p := &l.pieces[last]
		p.to, p.min, p.max, p.ahead = len(l.ids), min(p.min, from), max(p.max, to), p.ahead+entered
		return nil
	}
	l.pieces = append(l.pieces, piece{from: at, to: len(l.ids), min: from, max: to, ahead: entered})
	return nil
}

// take takes out rows that may have times between two, nil if there are none, to be entered at once. Lent until the next call on l.
func (l *late) take(from, to int64) []uint32 {
	i := slices.IndexFunc(l.pieces, func(p piece) bool { return !p.skip && p.min <= to && p.max >= from })
	if i < 0 {
		for i := range l.pieces {
			l.pieces[i].skip = false
		}
		return nil
	}
	p := l.pieces[i]
	l.budget.Release(p.ahead)
	l.ahead -= p.ahead
	if l.pieces = slices.Delete(l.pieces, i, i+1); i == len(l.pieces) {
		l.ids = l.ids[:p.from]
	}
	return l.ids[p.from:p.to]
}

// free gives the memory back.
func (l *late) free() {
	l.budget.Release(int64(cap(l.ids))*idBytes + l.ahead)
	l.ids, l.pieces, l.ahead = nil, nil, 0
}
