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
	// touched are slots, or stored rows, of which something is about to change.
	touched []uint32
}

func newWork() work {
	const n = batch.MaxRows
	return work{
		rows: make([]uint16, n), flags: make([]uint8, n), slots: make([]uint32, n), ids: make([]uint32, n),
		first: make([]uint32, n), last: make([]uint32, n), counts: make([]uint32, n), flips: make([]int8, n),
		matches: make([]uint32, n), unknown: make([]uint32, n), match: make([]uint32, n), found: make([]uint32, n), hashes: make([]uint64, 0, n),
		sel: make([]uint16, 0, n), fresh: make([]uint32, n), touched: make([]uint32, 0, n),
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
