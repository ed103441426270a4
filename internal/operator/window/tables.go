package window

import (
	"slices"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// table is one of the tables of all windows together.
type table struct {
	aggregate *Aggregate
	number    int
}

// Tables are those of a window, each with what all windows have of it.
func (a *Aggregate) Tables() []op.Table { return a.tables }

// Needs declares the groups of the rows that come; everything for an event, but for groups that may leave memory.
func (a *Aggregate) Needs(input int, in *batch.Batch, needs *op.Needs) {
	a.asked = in
	a.spare[0].Needs(input, in, needs)
	switch {
	case a.away == nil:
	case in == nil:
		a.away.needs(needs)
	default:
		a.dealAsked(in)
	}
}

// Resident reports whether all entries are in memory for good.
func (t *table) Resident() bool {
	for _, w := range t.aggregate.list {
		if !w.of.Tables()[t.number].Resident() {
			return false
		}
	}
	return t.aggregate.spare[0].Tables()[t.number].Resident()
}

// Load makes entries resident: of the rows at hand in their windows, else what is declared in every window.
func (t *table) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	a := t.aggregate
	if in := a.asked; in != nil && a.away != nil {
		if a.spare[0].HasValues(t.number) {
			return a.loadValues(in, t.number)
		}
		if len(hashes) > 0 && len(hashes)%in.Rows() == 0 {
			return a.loadRows(in.Rows(), t.number, hashes)
		}
	}
	for _, w := range a.list {
		if err := w.of.Tables()[t.number].Load(hashes, groups); err != nil {
			return err
		}
	}
	return a.spare[0].Tables()[t.number].Load(hashes, groups)
}

// dealAsked finds out which rows of in are of which windows that are there.
func (a *Aggregate) dealAsked(in *batch.Batch) {
	d := &a.sought
	for _, w := range a.list {
		w.of.rows = 0
	}
	d.of = d.of[:0]
	starts, ends := in.Cols[a.cfg.Start], in.Cols[a.cfg.End]
	from, to := starts.Int64s(), ends.Int64s()
	var w *dealt[*window]
	var at bounds
	for i := range in.Rows() {
		row := in.Row(i)
		if starts.IsNull(row) || ends.IsNull(row) {
			d.of = append(d.of, nil)
			continue
		}
		if b := (bounds{from[row], to[row]}); w == nil || b != at {
			at, w = b, a.index[b] // not find, which knows windows of the batch before that may be gone
		}
		if d.of = append(d.of, w); w != nil {
			w.of.rows++
		}
	}
	d.sort(a.list)
}

// sought are the rows of a batch that are asked for, those of one window behind those of the other: however many windows there are it is as large as batches are.
type sought struct {
	of     []*dealt[*window] // by row; nil: of none that is there
	rows   []uint16
	hashes []uint64 // of a window's rows
}

// sort puts the rows in the order of their windows.
func (d *sought) sort(windows []*dealt[*window]) {
	at := 0
	for _, w := range windows {
		w.of.to = at
		at += w.of.rows
	}
	d.rows = slices.Grow(d.rows[:0], at)[:at]
	for i, w := range d.of {
		if w != nil {
			d.rows[w.of.to] = uint16(i) //nolint:gosec // a row number of a batch
			w.of.to++
		}
	}
}

// rowsOf are those of a window.
func (d *sought) rowsOf(w *window) []uint16 { return d.rows[w.to-w.rows : w.to] }

// loadRows makes the groups of n rows, of which each has one hash for each grouping set, or what calls keep of these, resident in the windows of the rows.
func (a *Aggregate) loadRows(n, number int, hashes []uint64) error {
	for _, w := range a.list {
		of := a.sought.hashes[:0]
		for from := 0; from < len(hashes); from += n {
			for _, i := range a.sought.rowsOf(w.of) {
				of = append(of, hashes[from+int(i)])
			}
		}
		a.sought.hashes = of
		if err := w.of.Tables()[number].Load(of, [op.KeyGroups / 64]uint64{}); err != nil {
			return err
		}
	}
	return nil
}

// loadValues makes the values that rows may have had resident in their windows.
func (a *Aggregate) loadValues(in *batch.Batch, number int) error {
	sel := make([]uint16, 0, in.Rows())
	for _, w := range a.list {
		sel = sel[:0]
		for _, i := range a.sought.rowsOf(w.of) {
			sel = append(sel, uint16(in.Row(int(i)))) //nolint:gosec // a row number of a batch
		}
		a.away.view.View(in, sel)
		w.of.Ask(&a.away.view)
		err := w.of.Tables()[number].Load(nil, [op.KeyGroups / 64]uint64{})
		w.of.Ask(nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// LoadRange makes the groups with hashes from..to resident of the window that is being told of.
func (t *table) LoadRange(from, to uint64) error {
	return t.aggregate.away.loadRange(t.number, from, to)
}

// SetGuard makes a test's guard watch over the tables of all windows, those to come included.
func (t *table) SetGuard(g *keyed.Guard) {
	a := t.aggregate
	a.guards[t.number] = g
	for _, p := range a.spare {
		a.guard(p, t.number, g)
	}
	for _, w := range a.list {
		a.guard(w.of.Part, t.number, g)
	}
}

func (a *Aggregate) guard(p aggregate.Part, number int, g *keyed.Guard) {
	if t, ok := p.Tables()[number].(interface{ SetGuard(*keyed.Guard) }); ok && g != nil {
		t.SetGuard(g)
	}
}

// unguard has a part be watched no longer: rows come to it that are not those at hand.
func (a *Aggregate) unguard(p aggregate.Part) {
	for i, g := range a.guards {
		if t, ok := p.Tables()[i].(interface{ SetGuard(*keyed.Guard) }); ok && g != nil {
			t.SetGuard(nil)
		}
	}
}
