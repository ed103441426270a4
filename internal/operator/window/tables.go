package window

import (
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
	if in == nil && a.away != nil {
		a.away.walk.needs(needs)
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
	if in := a.asked; in != nil && len(hashes) > 0 && len(hashes) == in.Rows() && a.away != nil {
		return a.loadRows(in, hashes)
	}
	for _, w := range a.list {
		if err := w.of.Tables()[t.number].Load(hashes, groups); err != nil {
			return err
		}
	}
	return a.spare[0].Tables()[t.number].Load(hashes, groups)
}

// loadRows makes the groups of rows, of which each has one hash, resident in the windows of these.
func (a *Aggregate) loadRows(in *batch.Batch, hashes []uint64) error {
	starts, ends := in.Cols[a.cfg.Start], in.Cols[a.cfg.End]
	from, to := starts.Int64s(), ends.Int64s()
	var w *dealt[*window]
	var at bounds
	for i, hash := range hashes {
		row := in.Row(i)
		if b := (bounds{from[row], to[row]}); i == 0 || b != at {
			at, w = b, a.find(b)
		}
		if w != nil && !starts.IsNull(row) && !ends.IsNull(row) {
			w.of.hashes = append(w.of.hashes, hash)
		}
	}
	for _, w := range a.list {
		err := w.of.Tables()[0].Load(w.of.hashes, [op.KeyGroups / 64]uint64{})
		if w.of.hashes = w.of.hashes[:0]; err != nil {
			return err
		}
	}
	return nil
}

// LoadRange makes the groups with hashes from..to resident of the window that is being told of.
func (t *table) LoadRange(from, to uint64) error { return t.aggregate.away.load(from, to) }

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
