package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// candidates are rows of the batch beside stored rows that they may match. Behind those of a row stands keyed.NoRow.
type candidates struct {
	positions []uint16
	rows      []uint16
	ids       []uint32
	loose     []bool   // those whose keys may be equal at best
	real      []uint16 // those with a stored row
	truth     []uint8
	at        int // the one that is to be resolved next
}

func newCandidates() candidates {
	return candidates{
		positions: make([]uint16, 0, batch.MaxRows), rows: make([]uint16, 0, batch.MaxRows), ids: make([]uint32, 0, batch.MaxRows),
		loose: make([]bool, 0, batch.MaxRows), real: make([]uint16, 0, batch.MaxRows), truth: make([]uint8, 0, batch.MaxRows),
	}
}

func (t *candidates) reset() {
	t.positions, t.rows, t.ids, t.loose, t.real, t.at = t.positions[:0], t.rows[:0], t.ids[:0], t.loose[:0], t.real[:0], 0
}

// left reports whether some are not resolved.
func (t *candidates) left() bool { return t.at < len(t.ids) }

func (t *candidates) add(w *work, p int, id uint32) {
	if id != keyed.NoRow {
		t.real = append(t.real, uint16(len(t.ids))) //nolint:gosec // at most batch.MaxRows
	}
	t.loose = append(t.loose, w.sweep != byKey)
	t.positions, t.rows, t.ids = append(t.positions, uint16(p)), append(t.rows, w.rows[p]), append(t.ids, id) //nolint:gosec // a position in a batch
}

// full reports whether there is no room for the candidates of one more stored row, and the ends of two rows.
func (t *candidates) full() bool { return len(t.ids) > batch.MaxRows-roomAhead }

// judge collects candidates, finds out which of them match, and gives what comes of that, until a call has given enough.
func (j *Changing) judge(out *op.Output) {
	for chunk := 0; chunk < chunksPerCall; chunk++ {
		if !j.tried.left() {
			if j.work.at >= j.work.n {
				return
			}
			j.tried.reset()
			j.collect()
			j.evaluate()
			if j.failure = j.touchMatches(); j.failure != nil {
				return
			}
		}
		if !j.resolve(out) {
			return
		}
	}
}

// halves is how the two halves of an update are looked at.
type halves uint8

const (
	// apart: one after the other, as rows that have nothing to do with each other.
	apart halves = iota
	// beside: both beside each stored row. Where stored rows come out according to their matches, they do not lose their last one for a moment.
	beside
	// atOnce: together with the one candidate that they have at most.
	atOnce
)

// halves says how the row at p and the one behind it are looked at.
func (j *Changing) halves(p int) halves {
	w := &j.work
	own, other := j.plan.preserves[w.input], j.plan.preserves[1-w.input]
	switch {
	case w.flags[p]&whole == 0 || w.slots[p] != w.slots[p+1]:
		return apart
	case other && !own:
		return beside
	case w.counts[p] <= 1 && !j.plan.verdict:
		return atOnce
	default:
		return apart
	}
}

// sweep is the candidates that come next.
type sweep uint8

const (
	byKey     sweep = iota // rows whose keys are equal
	byNulls                // rows with a NULL that is compared by IN
	byCertain              // rows without one: for a row that has one
)

// collect fills tried with candidates.
func (j *Changing) collect() {
	w, t := &j.work, &j.tried
	for w.at < w.n && !t.full() {
		p := w.at
		if w.flags[p]&dropped != 0 {
			w.at, w.begun = p+1, false
			continue
		}
		how := j.halves(p)
		if !w.begun {
			w.next, w.begun, w.sweep = w.first[p], true, byKey
		}
		for j.turn(p) && !t.full() {
			id := w.next
			if w.sweep == byKey {
				w.next = j.after(id, w.last[p])
			} else {
				w.next = *j.stores[1-w.input].groups.next.At(id)
				if !j.kin.may[w.input].be(w.in, int(w.rows[p]), j.stores[1-w.input].rows, id) {
					continue
				}
			}
			if t.add(w, p, id); how != apart {
				t.add(w, p+1, id)
			}
		}
		if w.next != keyed.NoRow || t.full() && how != atOnce {
			return
		}
		if t.add(w, p, keyed.NoRow); how != apart {
			t.add(w, p+1, keyed.NoRow)
			w.at++
		}
		w.at, w.begun = w.at+1, false
	}
}

// turn goes on to the next sweep for the row at p, if one is over, and reports whether there are candidates.
func (j *Changing) turn(p int) bool {
	w := &j.work
	for w.next == keyed.NoRow && j.kin != nil && w.sweep < byCertain && j.kin.slots[p] != keyed.NoSlot {
		f := &j.kin.lists.At(j.kin.slots[p])[1-w.input]
		if w.sweep++; w.sweep == byNulls {
			w.next = f.nulls.head
		} else if j.kin.nulls[p] {
			w.next = f.certain.head
		}
	}
	return w.next != keyed.NoRow
}

// evaluate sets the truth of all candidates.
func (j *Changing) evaluate() {
	w, t := &j.work, &j.tried
	res := j.res[w.input]
	t.truth = t.truth[:0]
	if res == nil || len(t.real) == 0 {
		for range t.ids {
			t.truth = append(t.truth, isTrue)
		}
	} else {
		sel := t.real
		if len(sel) == len(t.ids) {
			sel = nil
		}
		t.truth = append(t.truth, res.eval(w.in, t.rows, j.stores[1-w.input].rows, t.ids, sel)...)
	}
	for i, loose := range t.loose {
		if loose && t.truth[i] == isTrue {
			t.truth[i] = isUnknown
		}
	}
}
