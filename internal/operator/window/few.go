package window

import (
	"math"
	"slices"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// few are windows that have few rows so far: a part of its own would be far more than those are. Their rows wait, and are aggregated when the windows close, many windows at once, by a part
// whose groups are by the bounds, too. A window gets a part of its own when it has many rows, and at a barrier, since the rows that wait are not stored. Rows that are taken back do not wait,
// and none do where answers change.
type few struct {
	aggregate *Aggregate
	rows      *keyed.Rows
	// all stands for those windows where rows are dealt to windows.
	all *dealt[*window]
	// index are the places in list by the bounds of windows; free are places that no window has.
	index map[bounds]uint32
	list  []fewRows
	free  []uint32
	bytes int64 // reserved for those
	dues  dues
	// due are the windows that close, from next on. part aggregates the rows of some; telling: it was told of.
	due     []fewDue
	next    int
	part    aggregate.Part
	telling bool

	cols        []*batch.Column // those that are read, else nil
	in, out     batch.Batch
	ids, owners []uint32
	sel, order  []uint16
	hidden      *op.Output // rows that waited were counted when they came
}

// fewRows are the rows of a window, in the order in which they came.
type fewRows struct {
	bounds
	first, last, n uint32
	came           uint32 // of the batch that comes
	part           *dealt[*window]
}

// fewDue is a window that closes.
type fewDue struct {
	bounds
	id uint32
}

const (
	// mostFew is how many rows of a window wait, fewTight how many where memory is short: groups leave it, rows that wait do not.
	mostFew  = 256
	fewTight = 16
	// fewBytes is about what is kept for a window beside its rows, but for the time at which it is due.
	fewBytes = 128
)

// newFew returns nil where windows have parts of their own from the beginning.
func newFew(a *Aggregate) *few {
	if a.inner.Changes || a.cfg.Retracts || a.cfg.Sets != nil {
		return nil
	}
	f := &few{
		aggregate: a, rows: keyed.NewRows(a.pool, a.cfg.Types, 1, a.cfg.Name, a.budget), index: map[bounds]uint32{}, dues: dues{budget: a.budget},
		all: &dealt[*window]{bounds: bounds{math.MaxInt64, math.MinInt64}}, hidden: op.NewOutput(1), ids: make([]uint32, batch.MaxRows), cols: make([]*batch.Column, len(a.cfg.Types)),
	}
	f.in.Cols = make([]*batch.Column, len(a.cfg.Types))
	for _, column := range a.cfg.reads() {
		if f.in.Cols[column] == nil {
			f.in.Cols[column] = batch.NewColumn(a.pool, a.cfg.Types[column])
		}
	}
	for _, t := range a.cfg.Output() {
		f.out.Cols = append(f.out.Cols, batch.NewColumn(a.pool, t))
	}
	config := a.inner
	if !a.cfg.keyed() {
		config.Keys = slices.Concat(config.Keys, []int{a.cfg.Start, a.cfg.End})
	}
	config.Partition = nil
	f.part = aggregate.NewPart(a.pool, a.budget, config)
	return f
}

// reads are the columns that are read; some may be there twice.
func (c *Config) reads() []int {
	columns := slices.Concat(c.Keys, []int{c.Start, c.End})
	for i := range c.Calls {
		call := &c.Calls[i]
		if columns = append(columns, call.Args...); c.Merge {
			continue
		}
		if call.Filter != aggregate.NoColumn {
			columns = append(columns, call.Filter)
		}
		for _, k := range call.OrderBy {
			columns = append(columns, k.Column)
		}
	}
	return columns
}

// waits reports whether the rows of a window that is new may wait: where a call is NULL that was not there when it began, its part says so.
func (f *few) waits(b bounds) bool {
	if f == nil {
		return false
	}
	for i := range f.aggregate.cfg.Since {
		if f.aggregate.cfg.hides(i, b.start) {
			return false
		}
	}
	return true
}

// take keeps the rows that were dealt to windows that have few, and gives those windows parts that have many by now.
func (f *few) take(in *batch.Batch, out *op.Output) error {
	if f == nil || len(f.all.sel) == 0 {
		return nil
	}
	a := f.aggregate
	starts, ends := in.Cols[a.cfg.Start].Int64s(), in.Cols[a.cfg.End].Int64s()
	if err := f.count(starts, ends); err != nil {
		return err
	}
	most := f.most()
	f.sel, f.owners = f.sel[:0], f.owners[:0]
	for i, row := range f.all.sel {
		id := f.ids[i]
		r := &f.list[id]
		if r.n+r.came <= most {
			f.sel, f.owners = append(f.sel, row), append(f.owners, id)
			continue
		}
		if r.part == nil {
			if err := f.settle(id); err != nil {
				return err
			}
			r.part.sel = r.part.sel[:0]
			a.given = append(a.given, r.part)
		}
		r.part.sel = append(r.part.sel, row)
	}
	for _, id := range f.ids[:len(f.all.sel)] {
		if r := &f.list[id]; r.part != nil {
			f.forget(id)
		} else {
			r.came = 0
		}
	}
	return f.keep(in, out)
}

// most is how many rows of a window wait now.
func (f *few) most() uint32 {
	if v := f.aggregate.away; v != nil && v.parts[0].reader != nil && f.aggregate.budget.Available() < 2*v.parts[0].low {
		return fewTight
	}
	return mostFew
}

// count finds the places of the windows that rows were dealt to, and how many rows come to each.
func (f *few) count(starts, ends []int64) error {
	id, known := uint32(0), false
	for i, row := range f.all.sel {
		b := bounds{starts[row], ends[row]}
		if !known || f.list[id].bounds != b {
			if id, known = f.index[b]; !known {
				var err error
				if id, err = f.add(b); err != nil {
					return err
				}
				known = true
			}
		}
		f.list[id].came++
		f.ids[i] = id
	}
	return nil
}

// add adds a window.
func (f *few) add(b bounds) (id uint32, err error) {
	if last := len(f.free) - 1; last >= 0 {
		id, f.free = f.free[last], f.free[:last]
	} else {
		if err := f.aggregate.budget.Reserve(fewBytes); err != nil {
			return 0, err
		}
		f.bytes += fewBytes
		id = uint32(len(f.list)) //nolint:gosec // each has 128 bytes
		f.list = append(f.list, fewRows{})
	}
	f.list[id], f.index[b] = fewRows{bounds: b}, id
	return id, f.dues.push(due{b.end, id})
}

// forget makes the place of a window free, whose rows do not wait any longer.
func (f *few) forget(id uint32) {
	delete(f.index, f.list[id].bounds)
	f.list[id] = fewRows{bounds: f.all.bounds}
	f.free = append(f.free, id)
}

// keep keeps the rows of sel, which belong to owners.
func (f *few) keep(in *batch.Batch, out *op.Output) error {
	n := len(f.sel)
	if n == 0 {
		return nil
	}
	for i, c := range f.in.Cols {
		if f.cols[i] = nil; c != nil {
			f.cols[i] = in.Cols[i]
		}
	}
	if err := f.rows.Append(f.cols, nil, f.sel, f.ids[:n]); err != nil {
		return err
	}
	for i, id := range f.ids[:n] {
		r := &f.list[f.owners[i]]
		if r.n == 0 {
			r.first = id
		} else {
			*f.rows.Link(r.last, 0) = id
		}
		r.last = id
		r.n++
	}
	out.Counts.In += int64(n)
	out.Counts.Absorbed += int64(n)
	return nil
}

// appendIDs appends the rows of a window.
func (f *few) appendIDs(ids []uint32, id uint32) []uint32 {
	r := &f.list[id]
	for n, row := uint32(0), r.first; n < r.n; n, row = n+1, *f.rows.Link(row, 0) {
		ids = append(ids, row)
	}
	return ids
}

// give gives a part rows that have waited, at most a batch, and forgets them.
func (f *few) give(part aggregate.Part, ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	f.rows.Gather(ids, f.in.Cols)
	f.in.Len = len(ids)
	if _, err := part.Apply(&f.in, f.hidden); err != nil {
		return err
	}
	return f.rows.Delete(ids)
}

// settle gives a window a part of its own, with the rows that have waited.
func (f *few) settle(id uint32) error {
	a := f.aggregate
	w := a.reopen(f.list[id].bounds)
	f.list[id].part = w
	f.list[id].came += f.list[id].n // none of the others waits, either
	a.unguard(w.of.Part)
	err := f.give(w.of.Part, f.appendIDs(nil, id))
	f.list[id].n = 0
	for i, g := range a.guards {
		a.guard(w.of.Part, i, g)
	}
	return err
}

// settleAll gives all windows parts of their own.
func (f *few) settleAll() error {
	if f == nil {
		return nil
	}
	for id := range f.list {
		if r := &f.list[id]; r.n > 0 {
			if err := f.settle(uint32(id)); err != nil { //nolint:gosec // as add has it
				return err
			}
			f.forget(uint32(id)) //nolint:gosec // as add has it
		}
	}
	f.tidy()
	return nil
}

// tidy gives the memory back if no rows wait.
func (f *few) tidy() {
	if len(f.index) > 0 || f.telling || len(f.list) == 0 {
		return
	}
	f.rows.Free()
	f.dues.free()
	f.aggregate.budget.Release(f.bytes)
	f.index, f.list, f.free, f.due, f.next, f.bytes = map[bounds]uint32{}, nil, nil, nil, 0, 0
}
