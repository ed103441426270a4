package window

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// close takes the windows that close by now.
func (f *few) close() {
	if f == nil {
		return
	}
	f.due, f.next = f.due[:0], 0
	for len(f.dues.list) > 0 {
		t := f.dues.list[0]
		if !f.aggregate.closes(bounds{end: t.micros}) {
			break
		}
		f.dues.pop(t.micros)
		if r := &f.list[t.id]; r.n > 0 && r.end == t.micros {
			f.due = append(f.due, fewDue{r.bounds, t.id})
		}
	}
	slices.SortFunc(f.due, func(a, b fewDue) int { return a.compare(b.bounds) })
	f.due = slices.Compact(f.due) // a place may have been another window's before, with the same end
}

// tell goes on to answer the windows that close, those before one that has a part of its own; before nil all. Nothing is emitted at the end.
func (f *few) tell(before *dealt[*window], out *op.Output) error {
	if f == nil {
		return nil
	}
	if f.telling {
		f.telling = false
		f.part.Drop()
	}
	ids := f.ids[:0]
	for ; f.next < len(f.due); f.next++ {
		d := f.due[f.next]
		if before != nil && d.compare(before.bounds) > 0 || len(ids)+int(f.list[d.id].n) > batch.MaxRows {
			break
		}
		ids = f.appendIDs(ids, d.id)
		f.forget(d.id)
	}
	if len(ids) == 0 {
		f.tidy()
		return nil
	}
	f.telling = true
	if err := f.give(f.part, ids); err != nil {
		return err
	}
	if _, err := f.part.OnEnd(out); err != nil { // no more than a batch
		return err
	}
	if emitted := out.Ports[0]; emitted != nil {
		out.Ports[0] = f.sorted(emitted)
	}
	return nil
}

// sorted returns answers in the order of their windows.
func (f *few) sorted(in *batch.Batch) *batch.Batch {
	k := len(f.aggregate.cfg.Keys)
	starts, ends := in.Cols[k].Int64s(), in.Cols[k+1].Int64s()
	f.order = f.order[:0]
	for i := range in.Rows() {
		f.order = append(f.order, uint16(in.Row(i))) //nolint:gosec // a row number of a batch
	}
	compare := func(a, b uint16) int { return cmp.Or(cmp.Compare(ends[a], ends[b]), cmp.Compare(starts[a], starts[b])) }
	if slices.IsSortedFunc(f.order, compare) {
		return in
	}
	slices.SortStableFunc(f.order, compare)
	for i, c := range in.Cols {
		f.out.Cols[i].Gather(c, f.order)
	}
	f.out.Len = len(f.order)
	return &f.out
}

// OnBarrier gives all windows parts, since rows that wait are not stored.
func (a *Aggregate) OnBarrier(int64, *op.Output) (more bool, err error) {
	return false, op.OutOfMemory(a.cfg.Name, a.few.settleAll())
}
