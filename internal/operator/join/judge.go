package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
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

// resolve gives what comes of the candidates, as far as there is room, and reports whether it is through with them.
func (j *Changing) resolve(out *op.Output) bool {
	w, t := &j.work, &j.tried
	if j.cfg.Kind == Inner && !w.takes {
		return j.resolvePairs(out)
	}
	for t.left() {
		if j.given.full() {
			return false
		}
		at := t.at
		p, id := int(t.positions[at]), t.ids[at]
		how := apart
		if w.flags[p]&whole != 0 {
			how = j.halves(p)
		}
		switch {
		case how == atOnce:
			if t.at += 2; id != keyed.NoRow {
				t.at += 2
			}
			j.resolveAtOnce(p, id, at, out)
		case id == keyed.NoRow:
			t.at++
			j.complete(p)
		case how == beside:
			t.at += 2
			j.resolveStored(p, p+1, id, j.matched(at, out), j.matched(at+1, out), out)
		case j.plan.preserves[1-w.input]:
			t.at++
			if truth := j.counted(at, out); w.flags[p]&takesBack != 0 {
				j.resolveStored(p, p, id, truth, isFalse, out)
			} else {
				j.resolveStored(p, p, id, isFalse, truth, out)
			}
		default:
			t.at++
			j.resolvePair(p, id, j.counted(at, out), out)
		}
	}
	return true
}

// resolvePairs gives the pairs of rows that come to be, where nobody asks how many there are.
func (j *Changing) resolvePairs(out *op.Output) bool {
	w, t, g := &j.work, &j.tried, &j.given
	for i := t.at; i < len(t.ids); i++ {
		if g.full() {
			t.at = i
			return false
		}
		p := t.positions[i]
		switch {
		case t.ids[i] == keyed.NoRow:
			if w.flags[p]&rejected != 0 {
				j.settle(int(p))
			}
		case t.truth[i] == isTrue && w.flags[p]&dropped == 0:
			w.flags[p] |= gave
			g.put(t.rows[i], t.ids[i], batch.Insert)
		case t.truth[i] == failed && w.flags[p]&dropped == 0:
			j.reject(int(p), j.res[w.input].err(i), out)
		}
	}
	t.at = len(t.ids)
	return true
}

// matched returns the truth of a candidate. A row for which its evaluation failed is rejected; one that takes back was never there then.
func (j *Changing) matched(at int, out *op.Output) uint8 {
	w, t := &j.work, &j.tried
	p := int(t.positions[at])
	switch {
	case w.flags[p]&dropped != 0:
		return isFalse
	case t.truth[at] != failed:
		return t.truth[at]
	}
	j.reject(p, j.res[w.input].err(at), out)
	return isFalse
}

// reject drops a row, after others of its candidates may have come out. One that takes back takes those back, and was not there otherwise.
func (j *Changing) reject(p int, err *sqlstate.Error, out *op.Output) {
	w := &j.work
	w.flags[p] |= dropped
	if w.flags[p]&takesBack == 0 {
		w.flags[p] |= rejected
		out.Counts.In++
		out.Reject(int(w.rows[p]), err)
	}
}

// counted is matched, and counts it for the row of the batch.
func (j *Changing) counted(at int, out *op.Output) uint8 {
	w := &j.work
	truth, p := j.matched(at, out), int(j.tried.positions[at])
	switch {
	case w.flags[p]&known != 0:
	case truth == isTrue:
		w.matches[p]++
	case truth == isUnknown:
		w.unknown[p]++
	}
	return truth
}

// resolvePair gives a row of the batch beside a stored row that does not ask for its matches.
func (j *Changing) resolvePair(p int, id uint32, truth uint8, out *op.Output) {
	w := &j.work
	switch {
	case truth != isTrue || j.plan.verdict:
	case j.cfg.Kind == Single && w.match[p] != keyed.NoRow:
		j.reject(p, errSecondRow(), out)
	case j.cfg.Kind == Single:
		w.match[p] = id
	default:
		w.flags[p] |= gave
		j.given.put(w.rows[p], id, change(w.flags[p]&takesBack == 0))
	}
}

// resolveStored gives what a stored row, which counts its matches, loses by the row at old, and gains by the one at fresh.
func (j *Changing) resolveStored(old, fresh int, id uint32, lost, gained uint8, out *op.Output) {
	w, g := &j.work, &j.given
	if j.cfg.Kind == Single && gained == isTrue && lost != isTrue && *j.stores[1-w.input].degrees.At(id) > 0 {
		j.reject(fresh, errSecondRow(), out)
		return
	}
	before, after, lost := j.recount(id, lost, gained)
	have := len(g.rows)
	switch {
	case j.plan.verdict:
		g.passes(j.cfg.Kind, j.cfg.NullAware, w.rows[fresh], id, before, after)
	case lost == isTrue && gained == isTrue:
		g.put(w.rows[old], id, batch.UpdateBefore)
		g.put(w.rows[fresh], id, batch.UpdateAfter)
	case lost == isTrue && after != isTrue:
		g.loses(w.rows[old], id)
	case lost == isTrue:
		g.put(w.rows[old], id, batch.Delete)
	case gained == isTrue && before != isTrue:
		g.gains(w.rows[fresh], id)
	case gained == isTrue:
		g.put(w.rows[fresh], id, batch.Insert)
	}
	if len(g.rows) > have {
		w.flags[old] |= gave
		w.flags[fresh] |= gave
	}
}

// recount changes the matches of a stored row, and returns its verdicts before and after. A match is lost only if it was counted.
func (j *Changing) recount(id uint32, lost, gained uint8) (before, after, taken uint8) {
	s := j.stores[1-j.work.input]
	matches, doubts := s.degrees.At(id), &j.certain
	if s.doubts != nil {
		doubts = s.doubts.At(id)
	}
	before = truthOf(*matches, *doubts)
	if lost == isTrue && *matches == 0 || lost == isUnknown && *doubts == 0 {
		lost = isFalse
	}
	*matches += of(gained, isTrue) - of(lost, isTrue)
	*doubts += of(gained, isUnknown) - of(lost, isUnknown)
	after = truthOf(*matches, *doubts)
	j.certain = 0
	return before, after, lost
}

// of is 1 where a truth is that one.
func of(truth, which uint8) uint32 {
	if truth == which {
		return 1
	}
	return 0
}

// resolveAtOnce gives what comes of an update whose halves have one candidate at most, id, of which the first stands at at.
func (j *Changing) resolveAtOnce(p int, id uint32, at int, out *op.Output) {
	w, g := &j.work, &j.given
	outer, counts := j.plan.preserves[w.input], j.plan.preserves[1-w.input]
	lost, gained := isFalse, isFalse
	var before, after uint8
	if id != keyed.NoRow {
		lost, gained = j.counted(at, out), j.counted(at+1, out)
		if counts {
			before, after, lost = j.recount(id, lost, gained)
		}
	}
	old, fresh := keyed.NoRow, keyed.NoRow // beside what they come out
	was, is := lost == isTrue, gained == isTrue
	if was {
		old = id
	}
	if is {
		fresh = id
	}
	if outer && !was && w.matches[p] == 0 && w.flags[p]&dropped == 0 {
		was = true
	}
	if outer && w.flags[p+1]&dropped == 0 {
		is = true
	}
	if counts && id != keyed.NoRow && before != isTrue && after == isTrue {
		g.putAlone(w.rows[p], id, batch.Delete)
	}
	switch {
	case was && is:
		g.put(w.rows[p], old, batch.UpdateBefore)
		g.put(w.rows[p+1], fresh, batch.UpdateAfter)
	case was:
		g.put(w.rows[p], old, batch.Delete)
	case is:
		g.put(w.rows[p+1], fresh, batch.Insert)
	}
	if counts && id != keyed.NoRow && before == isTrue && after != isTrue {
		g.putAlone(w.rows[p], id, batch.Insert)
	}
	if was {
		w.flags[p] |= gave
	}
	if is {
		w.flags[p+1] |= gave
	}
	j.settle(p + 1)
}

// complete is for a row all of whose candidates were looked at.
func (j *Changing) complete(p int) {
	w, g := &j.work, &j.given
	adds := w.flags[p]&takesBack == 0
	have := len(g.rows)
	switch {
	case w.flags[p]&dropped != 0 && !(j.plan.verdict && w.input == LeftInput):
	case j.plan.verdict && w.input == LeftInput:
		j.completeVerdict(p)
	case j.cfg.Kind == Single && w.input == LeftInput:
		if id := w.match[p]; id != keyed.NoRow || w.matches[p] == 0 {
			g.put(w.rows[p], id, change(adds))
		}
	case j.plan.preserves[w.input] && w.matches[p] == 0:
		g.put(w.rows[p], keyed.NoRow, change(adds))
	}
	if len(g.rows) > have {
		w.flags[p] |= gave
	}
	if adds {
		j.settle(p)
	}
}

// completeVerdict gives a left row of the batch, if it comes out; the first half of an update waits for the second.
func (j *Changing) completeVerdict(p int) {
	w, g := &j.work, &j.given
	truth := w.verdict(p)
	switch {
	case w.flags[p]&whole != 0:
	case p > 0 && w.flags[p-1]&whole != 0:
		have := len(g.rows)
		g.replace(&j.cfg, w.rows[p-1], w.rows[p], w.verdict(p-1), truth)
		if len(g.rows) > have {
			w.flags[p-1] |= gave
		}
	default:
		g.comeOrGo(&j.cfg, w.rows[p], w.flags[p]&takesBack == 0, truth)
	}
}

// verdict is that on the row at p.
func (w *work) verdict(p int) uint8 {
	if w.flags[p]&dropped != 0 {
		return absent
	}
	return truthOf(w.matches[p], w.unknown[p])
}

// settle notes how many matches the row at p, which has come to be, was found to have; a row that was rejected is not there after all.
func (j *Changing) settle(p int) {
	w, s := &j.work, j.stores[j.work.input]
	id := w.ids[p]
	switch {
	case id == keyed.NoRow || j.free[w.input]:
	case w.flags[p]&rejected != 0:
		j.undo(p)
	case s.degrees != nil:
		*s.degrees.At(id) = w.matches[p]
		if s.doubts != nil {
			*s.doubts.At(id) = w.unknown[p]
		}
	}
}

// undo takes the row at p out again.
func (j *Changing) undo(p int) {
	w := &j.work
	w.shrunk = true
	if j.there(p) {
		j.failure = j.detach(w.input, w.slots, p, w.ids[p])
	}
}
