package join

import (
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// keep stores the rows that come to be and forgets those that are taken back.
func (j *Changing) keep(dealt []uint64, out *op.Output) error {
	w := &j.work
	s := j.stores[w.input]
	if j.plan.stores[w.input] {
		if err := j.store(dealt); err != nil {
			return err
		}
	}
	if err := j.touchNumbers(); err != nil {
		return err
	}
	if s.hashes != nil {
		s.images = s.hasher.Hash(w.in)
	}
	flips := !j.plan.judged && j.plan.preserves[1-w.input]
	if w.in.Kinds == nil && j.plan.stores[w.input] && !flips && s.simple() && j.kin == nil {
		j.linkAll()
		return nil
	}
	came, went := false, false
	for p, slot := range w.slots[:w.n] {
		if w.flags[p]&dropped != 0 || !j.findable(w.slots, p) {
			continue
		}
		r := &j.nowhere
		if slot != keyed.NoSlot {
			r = &j.runs.At(slot)[w.input]
		}
		before := r.count
		if flips && r.before == untouched {
			if r.before = someBefore; before == 0 {
				r.before = noneBefore
			}
		}
		if err := j.keepOne(p, r, out); err != nil {
			return err
		}
		came, went = came || before == 0, went || r.count == 0
	}
	if flips {
		j.findFlips(came, went)
	}
	return s.flush()
}

// linkAll links the rows that were stored, of which nothing else has to be noted.
func (j *Changing) linkAll() {
	w, l := &j.work, &j.stores[j.work.input].runs
	for p, id := range w.ids[:w.n] {
		if id != keyed.NoRow {
			l.push(&j.runs.At(w.slots[p])[w.input], id)
			w.flags[p] |= folded
		}
	}
}

// keepOne stores or forgets the row at p, whose run is r.
func (j *Changing) keepOne(p int, r *run, out *op.Output) error {
	w := &j.work
	s := j.stores[w.input]
	id := w.ids[p]
	switch {
	case w.flags[p]&takesBack != 0:
		return j.forget(p, r)
	case !j.plan.stores[w.input]:
		r.count++
	case id == keyed.NoRow: // it is done with
		return nil
	case j.cfg.Kind == Single && !j.plan.judged && w.input == RightInput && r.count > 0 && w.counts[p] > 0:
		s.dead = append(s.dead, id)
		w.ids[p] = keyed.NoRow
		j.refuse(p, out)
		return nil
	default:
		s.register(id, j.now)
		if err := j.attach(w.input, w.slots, p, id); err != nil {
			return err
		}
		if w.takes {
			*s.rows.Mark(id) = inBatch
		}
	}
	w.flags[p] |= folded
	return nil
}

// findFlips finds the rows with which keys came or went, if any did: those that came with the first row that has them, those that went with the last.
func (j *Changing) findFlips(came, went bool) {
	w := &j.work
	for p := 0; came && p < w.n; p++ {
		if r := j.flipping(p, noneBefore); r != nil && r.count > 0 && w.flags[p]&takesBack == 0 {
			w.flips[p], r.before = 1, untouched
		}
	}
	for p := w.n - 1; went && p >= 0; p-- {
		if r := j.flipping(p, someBefore); r != nil && r.count == 0 && w.flags[p]&takesBack != 0 {
			w.flips[p], r.before = -1, untouched
		}
	}
	for _, slot := range w.slots[:w.n] {
		if slot != keyed.NoSlot {
			j.runs.At(slot)[w.input].before = untouched
		}
	}
}

// flipping returns the run of the row at p if it was so before the batch, and the row can be what changed that.
func (j *Changing) flipping(p int, before uint8) *run {
	w := &j.work
	if w.slots[p] == keyed.NoSlot || w.flags[p]&(dropped|whole) != 0 || p > 0 && w.flags[p-1]&whole != 0 {
		return nil
	}
	if r := &j.runs.At(w.slots[p])[w.input]; r.before == before {
		return r
	}
	return nil
}

// store puts the rows that come to be into the store.
func (j *Changing) store(dealt []uint64) error {
	w := &j.work
	s := j.stores[w.input]
	all := w.in.Kinds == nil && !j.plan.final[w.input]
	for p := 0; all && p < w.n; p++ {
		all = j.findable(w.slots, p) && w.flags[p]&dropped == 0
	}
	if all {
		return s.add(w.in.Cols, dealt, w.in.Sel, w.ids[:w.n])
	}
	w.sel, w.hashes = w.sel[:0], w.hashes[:0]
	for p, f := range w.flags[:w.n] {
		if f&(takesBack|dropped) == 0 && j.findable(w.slots, p) && !(j.plan.final[w.input] && w.counts[p] > 0) {
			w.sel, w.hashes = append(w.sel, w.rows[p]), append(w.hashes, dealt[p])
		}
	}
	ids := w.fresh[:len(w.sel)]
	if err := s.add(w.in.Cols, w.hashes, w.sel, ids); err != nil {
		return err
	}
	for p, f := range w.flags[:w.n] {
		if len(ids) > 0 && f&(takesBack|dropped) == 0 && j.findable(w.slots, p) && !(j.plan.final[w.input] && w.counts[p] > 0) {
			w.ids[p], ids = ids[0], ids[1:]
		}
	}
	w.shrunk = true // keys may have come for nothing
	return nil
}

// forget takes out what the row at p takes back.
func (j *Changing) forget(p int, r *run) error {
	w := &j.work
	s := j.stores[w.input]
	w.shrunk = true
	if !j.plan.stores[w.input] {
		if r.count == 0 && !fault.Weak("changes/known") {
			j.ignore(p)
			return nil
		}
		w.flags[p] |= folded
		r.count--
		return nil
	}
	id := j.find(p)
	if id == keyed.NoRow {
		j.ignore(p)
		return nil
	}
	w.flags[p] |= folded
	if w.takes && *s.rows.Mark(id) == inBatch {
		w.cancel(p, id)
	}
	if s.degrees != nil {
		if d := *s.degrees.At(id); d != unsettled {
			w.matches[p] = d
			w.flags[p] |= known
			if s.doubts != nil {
				w.unknown[p] = *s.doubts.At(id)
			}
		}
	}
	return j.detach(w.input, w.slots, p, id)
}

// inBatch is the mark of a stored row that came with the batch at work.
const inBatch = 1

// cancel drops the row at p, and the one of the batch that it takes back, stored as id: nothing comes of either.
func (w *work) cancel(p int, id uint32) {
	q := p - 1
	for w.ids[q] != id {
		q--
	}
	w.ids[q] = keyed.NoRow
	w.flags[q] |= dropped
	if q > 0 {
		w.flags[q-1] &^= whole
	}
	w.flags[p] = w.flags[p]&^whole | dropped
}

// ignore drops a row that takes back what is not there.
func (j *Changing) ignore(p int) {
	j.work.flags[p] = j.work.flags[p]&^whole | dropped
	j.ignored++
}
