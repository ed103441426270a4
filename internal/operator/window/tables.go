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

// Needs declares the groups of the rows that come, in all windows; everything for an event.
func (a *Aggregate) Needs(input int, in *batch.Batch, needs *op.Needs) {
	a.spare[0].Needs(input, in, needs)
}

// Resident reports whether all entries are in memory for good.
func (t *table) Resident() bool { return t.aggregate.spare[0].Tables()[t.number].Resident() }

// Load makes entries resident in every window.
func (t *table) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	for _, w := range t.aggregate.list {
		if err := w.of.Tables()[t.number].Load(hashes, groups); err != nil {
			return err
		}
	}
	return t.aggregate.spare[0].Tables()[t.number].Load(hashes, groups)
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
