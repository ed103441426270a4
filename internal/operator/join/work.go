package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// What is known of a row of the batch at work.
const (
	takesBack uint8 = 1 << iota
	// whole: with the next row it is an update that is given as one.
	whole
	// dropped: nothing comes of it.
	dropped
	// rejected: it was reported.
	rejected
	// gave: something came of it.
	gave
	// folded: it is in the state, or was taken out of it.
	folded
	// known: its degrees are those that its stored row had.
	known
)

// work is the batch of an input at work, by position among its rows that count.
type work struct {
	in    *batch.Batch
	input int
	n     int
	rows  []uint16 // physical
	flags []uint8
	slots []uint32 // of their keys; keyed.NoSlot is none
	ids   []uint32 // of their stored rows; keyed.NoRow is none
	// first and last are where the rows of the same key in the other input begin and end, and counts how many they are.
	first, last, counts []uint32
	// flips are 1 where the key came with the row, -1 where it went, so that rows of the other input have a match, or none any more.
	flips []int8
	// matches and unknown are how many candidates were found to match, or may do so.
	matches, unknown []uint32
	// match is the match of a left row of a scalar subquery.
	match []uint32
	// shrunk: a key may have no rows any more.
	shrunk bool
	// takes: a row takes another one back.
	takes bool

	at    int // the row that comes next
	begun bool
	next  uint32 // its next candidate
	sweep sweep

	some   subset
	found  []uint32
	hashes []uint64
	sel    []uint16
	fresh  []uint32
}

func newWork() work {
	const n = batch.MaxRows
	return work{
		rows: make([]uint16, n), flags: make([]uint8, n), slots: make([]uint32, n), ids: make([]uint32, n),
		first: make([]uint32, n), last: make([]uint32, n), counts: make([]uint32, n), flips: make([]int8, n),
		matches: make([]uint32, n), unknown: make([]uint32, n), match: make([]uint32, n), found: make([]uint32, n), hashes: make([]uint64, 0, n),
		sel: make([]uint16, 0, n), fresh: make([]uint32, n),
	}
}

// step goes on to the row after the one at work.
func (w *work) step() {
	if w.flags[w.at]&whole != 0 {
		w.at++
	}
	w.at, w.begun = w.at+1, false
}

// take makes in the batch at work.
func (w *work) take(input int, in *batch.Batch) {
	w.in, w.input, w.n = in, input, in.Rows()
	w.at, w.begun, w.shrunk, w.takes = 0, false, false, false
	clear(w.flags[:w.n])
	clear(w.flips[:w.n])
	clear(w.matches[:w.n])
	clear(w.unknown[:w.n])
	if in.Sel != nil {
		copy(w.rows, in.Sel)
	} else {
		for i := range w.rows[:w.n] {
			w.rows[i] = uint16(i) //nolint:gosec // at most batch.MaxRows
		}
	}
	for i := range w.ids[:w.n] {
		w.ids[i], w.match[i] = keyed.NoRow, keyed.NoRow
	}
	if in.Kinds == nil {
		return
	}
	for p, row := range w.rows[:w.n] {
		switch kind := in.Kinds[row]; {
		case kind == batch.UpdateBefore && p+1 < w.n && in.Kinds[w.rows[p+1]] == batch.UpdateAfter:
			w.flags[p], w.takes = takesBack|whole, true
		case !op.Adds(kind):
			w.flags[p], w.takes = takesBack, true
		}
	}
}

// begin looks the rows of a batch up, and stores or forgets them.
func (j *Changing) begin(input int, in *batch.Batch, out *op.Output) error {
	w := &j.work
	w.take(input, in)
	dealt, err := j.locate()
	if err != nil {
		return op.OutOfMemory(j.cfg.title(), err)
	}
	if in.Kinds != nil {
		j.joinHalves()
	}
	if j.cfg.Kind == Single && !j.plan.judged && input == LeftInput {
		j.rejectSeconds(out)
	}
	if j.free[input] {
		return nil
	}
	return op.OutOfMemory(j.cfg.title(), j.keep(dealt, out))
}

// locate finds the keys of all rows, and what the other input has of them. Keys that are to be stored are put in.
func (j *Changing) locate() (dealt []uint64, err error) {
	w := &j.work
	if dealt, err = j.place(w.input, w.in, w.slots[:w.n], !j.free[w.input]); err != nil {
		return nil, err
	}
	other := 1 - w.input
	for p, slot := range w.slots[:w.n] {
		r := noRun()
		if slot != keyed.NoSlot {
			r = j.runs.At(slot)[other]
		}
		w.first[p], w.last[p], w.counts[p] = r.head, r.tail, r.count
	}
	return dealt, nil
}

// joinHalves finds the updates that can be given as one, and drops those that change nothing that is read.
func (j *Changing) joinHalves() {
	w := &j.work
	s := j.stores[w.input]
	for p := range w.n {
		if w.flags[p]&whole == 0 {
			continue
		}
		old, fresh := int(w.rows[p]), int(w.rows[p+1])
		switch {
		case s.ttl == 0 && s.order.Compare(w.in.Cols, old, w.in.Cols, fresh) == 0:
			w.flags[p], w.flags[p+1] = dropped|takesBack, dropped
		case j.plan.verdict && w.input == LeftInput:
		case w.slots[p] != w.slots[p+1] || j.kin != nil && w.slots[p] == keyed.NoSlot:
			w.flags[p] &^= whole
		}
	}
}

// rejectSeconds rejects left rows that have more than one match.
func (j *Changing) rejectSeconds(out *op.Output) {
	w := &j.work
	for p, n := range w.counts[:w.n] {
		if n > 1 {
			j.refuse(p, out)
		}
	}
}

// refuse rejects a row that would be, or have, a second match; that it is taken back is dropped, since it was never there.
func (j *Changing) refuse(p int, out *op.Output) {
	w := &j.work
	if w.flags[p]&(dropped|rejected) != 0 {
		return
	}
	if w.flags[p]&takesBack != 0 {
		w.flags[p] = w.flags[p]&^whole | dropped
		return
	}
	w.flags[p] |= dropped | rejected
	if p > 0 {
		w.flags[p-1] &^= whole
	}
	out.Counts.In++
	out.Reject(int(w.rows[p]), errSecondRow())
}

// keep stores the rows that come to be and forgets those that are taken back.
func (j *Changing) keep(dealt []uint64, out *op.Output) error {
	w := &j.work
	s := j.stores[w.input]
	if j.plan.stores[w.input] {
		if err := j.store(dealt); err != nil {
			return err
		}
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
		if r.count == 0 {
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
