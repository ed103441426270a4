package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

const (
	// sweepTimes is how often late rows are swept before they are entered: once more costs as much as that saves.
	sweepTimes = 3
	// sweepRows is how many late rows there must be for each row that looks for them, and sweepMin at least.
	sweepRows = 8
	sweepMin  = 1024
)

// noPosition is that of no row of a batch.
const noPosition = ^uint16(0)

// sweep goes through late rows of a slice for a few rows that look for them: those are put in a table, and the many late ones looked up in it.
type sweep struct {
	rows, least int          // sweepRows and sweepMin
	table       *keyed.Table // of the keys of the batch at work
	built       bool
	// heads are the positions of the last row of each key, by slot; next that of the one before, by position.
	heads, next []uint16

	pieces []piece // which are to be swept
	from   int     // in the ids of late rows: what comes next of the first piece
	ids    []uint32
	slots  []uint32
	at     int
	begun  bool
	other  uint16 // the position that comes next for the row at
}

func newSweep(c *IntervalConfig, input int, k *keys) *sweep {
	return &sweep{
		rows: sweepRows, least: sweepMin, table: keyed.NewTable(c.Pool, k.types(c.types(input)), c.title(sortInterval), c.Budget),
		next: make([]uint16, batch.MaxRows), slots: make([]uint32, batch.MaxRows),
	}
}

// choose takes the pieces of late rows that are worth it, of those with times between two that n rows look for.
func (w *sweep) choose(l *late, n int, from, to int64) {
	w.pieces, w.ids, w.at = w.pieces[:0], nil, 0
	rows := 0
	for _, p := range l.pieces {
		if p.min <= to && p.max >= from && p.swept < sweepTimes {
			rows += p.to - p.from
		}
	}
	if rows < max(w.least, w.rows*n) {
		return
	}
	for i := range l.pieces {
		if p := &l.pieces[i]; p.min <= to && p.max >= from && p.swept < sweepTimes {
			p.swept++
			p.skip = true
			w.pieces = append(w.pieces, *p)
		}
	}
	w.from = w.pieces[0].from
}

// more reports whether late rows are to be swept.
func (w *sweep) more() bool { return len(w.pieces) > 0 || w.at < len(w.ids) }

// build puts the rows of b, with keys k and hashes, in the table.
func (w *sweep) build(b *batch.Batch, k *keys, hashes []uint64) error {
	if w.built {
		return nil
	}
	w.built = true
	slots := w.slots[:len(hashes)]
	fresh, err := w.table.Upsert(hashes, k.of(b), b.Sel, slots)
	if err != nil {
		return err
	}
	for len(w.heads) < w.table.Limit() {
		w.heads = append(w.heads, noPosition)
	}
	for _, i := range fresh {
		w.heads[slots[i]] = noPosition
	}
	for i, slot := range slots {
		w.next[i], w.heads[slot] = w.heads[slot], uint16(i) //nolint:gosec // a position in a batch
	}
	return nil
}

// load looks the next late rows of a slice up.
func (w *sweep) load(s *store, p *slice) error {
	first := &w.pieces[0]
	n := min(first.to-w.from, batch.MaxRows)
	w.ids, w.at, w.begun = p.late.ids[:first.to][w.from:w.from+n], 0, false
	if w.from += n; w.from == first.to {
		if w.pieces = w.pieces[1:]; len(w.pieces) > 0 {
			w.from = w.pieces[0].from
		}
	}
	p.rows.Gather(w.ids, s.own)
	b := batch.Batch{Cols: s.own, Len: n}
	return w.table.Find(s.keys.hash(&b), s.keys.of(&b), nil, w.slots[:n])
}

// end forgets the batch at work.
func (w *sweep) end() {
	if w.built {
		w.table.Free()
		w.built = false
	}
}

// collectSwept fills tried with candidates among late rows, room at most.
func (p *prober) collectSwept(s *slice, room int) error {
	t, w := &p.tried, p.sweep
	marks := !p.cfg.pairs() && !p.verdict()
	for w.more() {
		if w.at == len(w.ids) {
			if len(t.ids) > 0 {
				return nil
			}
			if err := w.load(p.other, s); err != nil {
				return op.OutOfMemory(p.other.name, err)
			}
		}
		for ; w.at < len(w.ids); w.at, w.begun = w.at+1, false {
			id := w.ids[w.at]
			if !w.begun {
				slot := w.slots[w.at]
				if slot == keyed.NoSlot || marks && *s.rows.Mark(id) == settled {
					continue
				}
				w.begun, w.other = true, w.heads[slot]
			}
			if p.collectOf(id, room) {
				return nil
			}
		}
	}
	return nil
}

// collectOf adds candidates with a late row, and reports whether there is no room for all of them.
func (p *prober) collectOf(id uint32, room int) (full bool) {
	t, w := &p.tried, p.sweep
	for verdict := p.verdict(); w.other != noPosition; w.other = w.next[w.other] {
		if len(t.ids) == room {
			return true
		}
		if !verdict || !p.matched[w.other] {
			row := uint16(p.able.Row(int(w.other))) //nolint:gosec // a row number of a batch
			t.positions, t.rows, t.ids = append(t.positions, w.other), append(t.rows, row), append(t.ids, id)
		}
	}
	return false
}
