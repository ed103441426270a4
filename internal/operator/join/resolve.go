package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

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
