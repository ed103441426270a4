package join

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// maybe compares the keys of a left IN (right): where one of them is NULL, two rows may be equal.
type maybe struct {
	probe, build []int // columns
	orders       []*keyed.Order
	a, b         [1]*batch.Column
	// alone says that there is one such key and no other condition, so that a NULL decides without a look at the other row.
	alone bool
}

// newMaybe returns nil if it does not matter.
func newMaybe(c *Config, build int) *maybe {
	if !c.threeValued() {
		return nil
	}
	m := &maybe{}
	for _, k := range c.Keys {
		if k.Match == In {
			m.probe, m.build = append(m.probe, k.column(1-build)), append(m.build, k.column(build))
			m.orders = append(m.orders, keyed.NewOrder([]schema.Type{c.types(build)[k.column(build)]}, []keyed.Key{{}}))
		}
	}
	if len(m.orders) == 0 {
		return nil
	}
	m.alone = len(m.orders) == 1 && c.Residual == nil
	return m
}

// be reports whether a row and a stored row are equal but for NULLs, of which there is one at least.
func (m *maybe) be(in *batch.Batch, row int, store *keyed.Rows, id uint32) bool {
	cols, stored := store.Row(id)
	nulls := false
	for k, order := range m.orders {
		a, b := in.Cols[m.probe[k]], cols[m.build[k]]
		if a.IsNull(row) || b.IsNull(stored) {
			nulls = true
			continue
		}
		m.a[0], m.b[0] = a, b
		if order.Compare(m.a[:], row, m.b[:], stored) != 0 {
			return false
		}
	}
	return nulls
}

// What stored rows have already been marked for, in group.seen.
const (
	seenNulls = 1 << 0 // those with a NULL in a column compared by IN
	seenAll   = 1 << 1
)

// startMaybe returns where the stored rows begin that a row may be equal to.
func (p *prober) startMaybe(position int) uint32 {
	if p.settled(position) {
		return keyed.NoRow
	}
	g, begin := &p.side.whole, uint32(0)
	if p.side.dealt != nil {
		slot := p.groups[position]
		if slot == keyed.NoSlot {
			return keyed.NoRow
		}
		g = p.side.groups.At(slot)
		begin = g.head
	} else if p.side.empty() {
		return keyed.NoRow
	}
	null := hasNull(p.in.Cols, p.may.probe, p.in.Row(position))
	switch {
	case !null && g.nulls == 0:
		return keyed.NoRow
	case !p.may.alone:
		return begin
	case p.role == verdictRole:
		p.truth[position] = isUnknown
		return keyed.NoRow
	case g.seen&seenAll != 0, !null && g.seen&seenNulls != 0:
		return keyed.NoRow
	case null:
		g.seen |= seenNulls | seenAll
	default:
		g.seen |= seenNulls
	}
	return begin
}
