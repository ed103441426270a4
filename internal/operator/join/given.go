package join

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// given are the rows that a call of a Changing join emits: a row of the batch beside a stored row, either of which may be missing.
type given struct {
	rows  []uint16 // of the batch, physical
	ids   []uint32 // keyed.NoRow is no row
	kinds []batch.Change
	marks []uint8
	// alone are those without a row of the batch.
	alone []uint16
	// changed says that not all are inserts.
	changed bool
}

func newGiven() given {
	return given{
		rows: make([]uint16, 0, batch.MaxRows), ids: make([]uint32, 0, batch.MaxRows), kinds: make([]batch.Change, 0, batch.MaxRows),
		marks: make([]uint8, 0, batch.MaxRows), alone: make([]uint16, 0, batch.MaxRows),
	}
}

func (g *given) reset() {
	g.rows, g.ids, g.kinds, g.marks, g.alone, g.changed = g.rows[:0], g.ids[:0], g.kinds[:0], g.marks[:0], g.alone[:0], false
}

// roomAhead is how many rows may be put at once.
const roomAhead = 4

// full reports whether there is no room for what one candidate may give.
func (g *given) full() bool { return len(g.rows) > batch.MaxRows-roomAhead }

// put adds a row of the batch beside a stored row, or without one.
func (g *given) put(row uint16, id uint32, kind batch.Change) {
	g.rows, g.ids, g.kinds = append(g.rows, row), append(g.ids, id), append(g.kinds, kind)
	if kind != batch.Insert {
		g.changed = true
	}
}

// putAlone adds a stored row without one of the batch. row is any row of the batch, the one that the change comes of.
func (g *given) putAlone(row uint16, id uint32, kind batch.Change) {
	g.alone = append(g.alone, uint16(len(g.rows))) //nolint:gosec // at most batch.MaxRows
	g.put(row, id, kind)
}

// putMark adds a row with its mark.
func (g *given) putMark(row uint16, id uint32, kind batch.Change, truth uint8) {
	g.marks = append(g.marks, truth)
	g.put(row, id, kind)
}

// gains adds that a stored row that stood alone has its first match.
func (g *given) gains(row uint16, id uint32) {
	g.putAlone(row, id, batch.UpdateBefore)
	g.put(row, id, batch.UpdateAfter)
}

// loses adds that a stored row has lost its last match.
func (g *given) loses(row uint16, id uint32) {
	g.put(row, id, batch.UpdateBefore)
	g.putAlone(row, id, batch.UpdateAfter)
}

// passes adds what becomes of a left row, of the batch or stored, whose verdict was before and is after; absent is that of a row that is not there.
func (g *given) passes(kind Kind, nullAware bool, row uint16, id uint32, before, after uint8) {
	was, is := comesOut(kind, nullAware, before), comesOut(kind, nullAware, after)
	switch {
	case kind == Mark && was && is:
		if before != after {
			g.putMark(row, id, batch.UpdateBefore, before)
			g.putMark(row, id, batch.UpdateAfter, after)
		}
	case was && !is:
		g.putMark(row, id, batch.Delete, before)
	case is && !was:
		g.putMark(row, id, batch.Insert, after)
	}
}

// absent is the verdict on a row that is not there.
const absent uint8 = 4

// comesOut reports whether a left row comes out for which a match is this true.
func comesOut(kind Kind, nullAware bool, truth uint8) bool {
	switch {
	case truth == absent:
		return false
	case kind == Mark:
		return true
	case kind == Semi:
		return truth == isTrue
	default:
		return truth == isFalse || truth == isUnknown && !nullAware
	}
}

// change is the kind of a row that comes of one of that kind, without its other half.
func change(adds bool) batch.Change {
	if adds {
		return batch.Insert
	}
	return batch.Delete
}

// truthOf is the verdict on a row with so many matches.
func truthOf(matches, unknown uint32) uint8 {
	switch {
	case matches > 0:
		return isTrue
	case unknown > 0:
		return isUnknown
	default:
		return isFalse
	}
}

// givePairs goes through the rows of the batch and, for each, those of its key in the other input: all of them match.
func (j *Changing) givePairs() {
	w, g := &j.work, &j.given
	outer := j.plan.preserves[w.input]
	for ; w.at < w.n; w.step() {
		p := w.at
		if w.flags[p]&dropped != 0 {
			continue
		}
		row, adds := w.rows[p], w.flags[p]&takesBack == 0
		if !w.begun {
			if w.begun = true; w.first[p] == keyed.NoRow {
				if g.full() {
					w.begun = false
					return
				}
				if outer {
					w.flags[p] |= gave
					g.pairUp(w, p, keyed.NoRow, adds)
				}
				continue
			}
			w.next = w.first[p]
			w.flags[p] |= gave
		}
		for w.next != keyed.NoRow {
			if g.full() {
				return
			}
			id := w.next
			w.next = j.after(id, w.last[p])
			switch w.flips[p] {
			case 1:
				g.gains(row, id)
			case -1:
				g.loses(row, id)
			default:
				g.pairUp(w, p, id, adds)
			}
		}
	}
}

// pairUp adds a row of the batch beside a stored one, or both halves of an update beside it.
func (g *given) pairUp(w *work, p int, id uint32, adds bool) {
	if w.flags[p]&whole != 0 {
		w.flags[p+1] |= w.flags[p] & gave
		g.put(w.rows[p], id, batch.UpdateBefore)
		g.put(w.rows[p+1], id, batch.UpdateAfter)
		return
	}
	g.put(w.rows[p], id, change(adds))
}

// after returns the row behind id in the run of the other input that ends with last.
func (j *Changing) after(id, last uint32) uint32 {
	if id == last {
		return keyed.NoRow
	}
	return *j.stores[1-j.work.input].runs.next.At(id)
}

// giveLeft says of left rows whether they come out.
func (j *Changing) giveLeft() {
	w, g := &j.work, &j.given
	for ; w.at < w.n && !g.full(); w.step() {
		p := w.at
		if w.flags[p]&dropped != 0 {
			continue
		}
		have := len(g.rows)
		truth := truthOf(w.counts[p], 0)
		if w.flags[p]&whole == 0 {
			g.comeOrGo(&j.cfg, w.rows[p], w.flags[p]&takesBack == 0, truth)
		} else {
			g.replace(&j.cfg, w.rows[p], w.rows[p+1], truth, truthOf(w.counts[p+1], 0))
			if len(g.rows) > have {
				w.flags[p+1] |= gave
			}
		}
		if len(g.rows) > have {
			w.flags[p] |= gave
		}
	}
}

// comeOrGo adds a left row of the batch, if one with this verdict comes out.
func (g *given) comeOrGo(c *Config, row uint16, adds bool, truth uint8) {
	if comesOut(c.Kind, c.NullAware, truth) {
		g.putMark(row, keyed.NoRow, change(adds), truth)
	}
}

// replace adds that a left row of the batch takes the place of another.
func (g *given) replace(c *Config, old, fresh uint16, before, after uint8) {
	was, is := comesOut(c.Kind, c.NullAware, before), comesOut(c.Kind, c.NullAware, after)
	switch {
	case was && is:
		g.putMark(old, keyed.NoRow, batch.UpdateBefore, before)
		g.putMark(fresh, keyed.NoRow, batch.UpdateAfter, after)
	case was:
		g.putMark(old, keyed.NoRow, batch.Delete, before)
	case is:
		g.putMark(fresh, keyed.NoRow, batch.Insert, after)
	}
}

// giveFlips goes through the keys that right rows brought or took away, and the left rows that have them.
func (j *Changing) giveFlips() {
	w, g := &j.work, &j.given
	for ; w.at < w.n; w.step() {
		p := w.at
		if w.flips[p] == 0 {
			continue
		}
		before, after := isFalse, isTrue
		if w.flips[p] < 0 {
			before, after = isTrue, isFalse
		}
		if !w.begun {
			w.next, w.begun = w.first[p], true
		}
		for w.next != keyed.NoRow {
			if g.full() {
				return
			}
			id := w.next
			w.next = j.after(id, w.last[p])
			g.passes(j.cfg.Kind, j.cfg.NullAware, w.rows[p], id, before, after)
			w.flags[p] |= gave
		}
	}
}
