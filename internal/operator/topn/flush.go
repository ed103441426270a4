package topn

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// flushing is a flush that goes on.
type flushing struct {
	next int // the partition that is next
	// The difference of one partition: rows to be taken back with the ranks that they were emitted with, rows to be given, and rows whose rank has changed.
	before, after []ranked
	moved         []moved
	// Or, by place: what was emitted and what is to be, from the first place on that may differ.
	was, is []uint32
}

// ranked is a row and its rank.
type ranked struct{ id, rank uint32 }

type moved struct{ id, from, to uint32 }

// OnFlush emits what has changed since the last flush.
func (o *Operator) OnFlush(out *op.Output) (more bool, err error) {
	f, b := &o.flushing, &o.output
	if f.next == 0 && b.waiting() == 0 {
		if err := o.makeFull(); err != nil {
			return false, err
		}
	}
	for ; f.next < len(o.touched) && b.waiting() < batch.MaxRows; f.next++ {
		t := &o.touched[f.next]
		part := o.parts.At(t.slot)
		part.touched = 0
		o.difference(part, t)
		if err := o.forgetGone(part, t); err != nil {
			return false, err
		}
	}
	if err := o.reserve(); err != nil {
		return false, err
	}
	b.emit(o, out)
	if f.next == len(o.touched) && b.waiting() == 0 {
		o.touched, o.changed, f.next = o.touched[:0], 0, 0
		return false, nil
	}
	return true, nil
}

// forgetGone deletes the rows that have been taken back, and the partition if it has no others. What they were is there until the next row comes.
func (o *Operator) forgetGone(part *partitionState, t *touch) error {
	o.gone = o.gone[:0]
	for id := t.gone; id != keyed.NoRow; id = o.notes.At(id).next {
		o.gone = append(o.gone, id)
	}
	if err := o.rows.Delete(o.gone); err != nil {
		return err
	}
	if part.root == keyed.NoRow && o.table != nil {
		return o.table.Delete(t.slot)
	}
	return nil
}

// difference finds what is to be emitted of a partition.
func (o *Operator) difference(part *partitionState, t *touch) {
	w := newWalk(o, part, t)
	if o.config.RankColumn && o.config.Function == RowNumber {
		o.byPlace(&w, t)
	} else {
		o.byRow(&w, t)
	}
	part.emitted = uint32(w.emitted) //nolint:gosec // fewer rows than numbers
}

// byPlace compares the rows of each place: those that had it and have it are the halves of an update.
func (o *Operator) byPlace(w *walk, t *touch) {
	f := &o.flushing
	f.was, f.is = f.was[:0], f.is[:0]
	first := uint32(w.emitted) //nolint:gosec // places before are as they were
	for id := t.gone; id != keyed.NoRow; id = o.notes.At(id).next {
		f.put(o.notes.At(id).place-first, id)
	}
	for w.next() {
		n := o.notes.At(w.id)
		if n.place != keyed.NoRow {
			f.put(n.place-first, w.id)
			n.place = keyed.NoRow
		}
		if w.inside {
			n.place = first + uint32(len(f.is)) //nolint:gosec // fewer rows than numbers
			f.is = append(f.is, w.id)
		}
	}
	b, rank := &o.output, o.config.Offset+int64(first)
	for i := range max(len(f.was), len(f.is)) {
		rank++
		switch {
		case i >= len(f.is):
			b.add(f.was[i], batch.Delete, rank)
		case i >= len(f.was):
			b.add(f.is[i], batch.Insert, rank)
		case f.was[i] != f.is[i] && !o.isTwin(f.was[i], f.is[i]):
			b.add(f.was[i], batch.UpdateBefore, rank)
			b.add(f.is[i], batch.UpdateAfter, rank)
		}
	}
}

// put notes which row had a place.
func (f *flushing) put(place, id uint32) {
	for len(f.was) <= int(place) {
		f.was = append(f.was, keyed.NoRow)
	}
	f.was[place] = id
}

// isTwin reports whether two rows are equal in everything.
func (o *Operator) isTwin(a, b uint32) bool {
	return !o.config.Arrival && o.order.CompareIDs(o.rows, a, b) == 0
}

// byRow finds the rows that are among the first and were not emitted, those of which it is the other way, and those whose rank is another.
func (o *Operator) byRow(w *walk, t *touch) {
	f := &o.flushing
	f.before, f.after, f.moved = f.before[:0], f.after[:0], f.moved[:0]
	for id := t.gone; id != keyed.NoRow; id = o.notes.At(id).next {
		f.before = append(f.before, ranked{id, o.notes.At(id).place})
	}
	for w.next() {
		n := o.notes.At(w.id)
		rank := uint32(0)
		if o.config.RankColumn {
			rank = w.rank
		}
		switch was := n.place != keyed.NoRow; {
		case w.inside && !was:
			f.after = append(f.after, ranked{w.id, rank})
		case !w.inside && was:
			f.before = append(f.before, ranked{w.id, n.place})
		case w.inside && n.place != rank:
			f.moved = append(f.moved, moved{w.id, n.place, rank})
		}
		if n.place = keyed.NoRow; w.inside {
			n.place = rank
		}
	}
	o.cancel()
	b := &o.output
	for _, m := range f.moved {
		b.add(m.id, batch.UpdateBefore, int64(m.from))
		b.add(m.id, batch.UpdateAfter, int64(m.to))
	}
	if o.single && len(f.before) == 1 && len(f.after) == 1 {
		b.add(f.before[0].id, batch.UpdateBefore, int64(f.before[0].rank))
		b.add(f.after[0].id, batch.UpdateAfter, int64(f.after[0].rank))
		return
	}
	for _, r := range f.before {
		b.add(r.id, batch.Delete, int64(r.rank))
	}
	for _, r := range f.after {
		b.add(r.id, batch.Insert, int64(r.rank))
	}
}

// cancel drops the rows that are to be taken back and given again as they were.
func (o *Operator) cancel() {
	f := &o.flushing
	if len(f.before) == 0 || len(f.after) == 0 || o.config.Arrival {
		return
	}
	if len(f.before) > 1 {
		slices.SortFunc(f.before, func(a, b ranked) int { return o.order.CompareIDs(o.rows, a.id, b.id) })
	}
	before, after := f.before, f.after
	f.before, f.after = f.before[:0], f.after[:0]
	for len(before) > 0 && len(after) > 0 {
		switch c := o.order.CompareIDs(o.rows, before[0].id, after[0].id); {
		case c < 0:
			f.before, before = append(f.before, before[0]), before[1:]
		case c > 0:
			f.after, after = append(f.after, after[0]), after[1:]
		case before[0].rank != after[0].rank: // and so it is with the others that are equal
			f.before, before = append(f.before, before[0]), before[1:]
			f.after, after = append(f.after, after[0]), after[1:]
		default:
			before, after = before[1:], after[1:]
		}
	}
	f.before, f.after = append(f.before, before...), append(f.after, after...)
}

// reserve reserves what a flush takes: more than a little only where very many rows are the first.
func (o *Operator) reserve() error {
	f, b := &o.flushing, &o.output
	bytes := int64(cap(f.before)+cap(f.after))*8 + int64(cap(f.moved))*12 + int64(cap(f.was)+cap(f.is)+cap(b.ids))*4 + int64(cap(b.kinds)) + int64(cap(b.ranks))*8
	added := bytes - o.held
	if added <= 0 {
		return nil
	}
	if err := o.budget.Reserve(added); err != nil {
		return op.OutOfMemory(o.config.Name, err)
	}
	o.held = bytes
	return nil
}
