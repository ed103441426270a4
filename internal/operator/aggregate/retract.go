package aggregate

import (
	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// halves is a selection taken apart: the rows that come to be, and those that are taken back.
type halves struct {
	plus, minus picked
	done        bool
	at          [2][]uint16
}

// parted returns the halves of s, whose memory they are.
func (s *selection) parted() *halves {
	h := s.halves
	if h.done {
		return h
	}
	h.at[0], h.at[1] = h.at[0][:0], h.at[1][:0]
	for i, minus := range s.minus {
		k := 0
		if minus {
			k = 1
		}
		h.at[k] = append(h.at[k], uint16(i)) //nolint:gosec // a row number of a batch
	}
	whole := *s
	whole.minus = nil
	h.plus.pick(&whole, h.at[0])
	h.minus.pick(&whole, h.at[1])
	h.done = true
	return h
}

// counted are the rows of each group, where rows may be taken back.
type counted struct {
	// always are the slots of groups that are there without rows.
	always []uint32
	minus  []bool
	// unmatched is how many rows of the batch were taken back that are not known, by the first set.
	unmatched int
	kept      []uint16
	picked    picked
	view      batch.Batch
	// reduced: filters have looked at less than the batch.
	reduced bool
}

// signs says which rows of in are taken back: nil if none is.
func (g *groups) signs(in *batch.Batch) []bool {
	if !op.Retracted(in) {
		return nil
	}
	c := &g.counted
	c.minus = c.minus[:0]
	for i := range in.Rows() {
		c.minus = append(c.minus, !op.Adds(in.Kinds[in.Row(i)]))
	}
	return c.minus
}

// count counts the rows of g.all, which are those of in, in their groups, and leaves out of it what is taken back and not known.
func (g *groups) count(in *batch.Batch, minus []bool, first bool) {
	if g.config.Merge {
		g.countPartials(in)
		return
	}
	g.all.minus = minus
	rows := g.rows
	if minus == nil {
		for i := range g.all.n {
			*rows.At(g.all.slot(i))++
		}
		return
	}
	c := &g.counted
	c.kept = c.kept[:0]
	for i, taken := range minus {
		n := rows.At(g.all.slot(i))
		switch {
		case !taken:
			*n++
		case *n > 0 || g.partial || fault.Weak("changes/known"):
			*n--
		default:
			continue
		}
		c.kept = append(c.kept, uint16(i)) //nolint:gosec // a row number of a batch
	}
	g.all.halves.done = false
	if len(c.kept) == g.all.n {
		return
	}
	if first {
		c.unmatched = g.all.n - len(c.kept)
	}
	halves := g.all.halves
	c.picked.pick(&g.all, c.kept)
	g.all = c.picked.selection
	g.all.halves = halves
	c.view.View(in, g.all.rows)
	for _, f := range g.filters {
		f.find(&c.view)
	}
	c.reduced = true
}

// countPartials counts the rows that partial answers are of.
func (g *groups) countPartials(in *batch.Batch) {
	numbers := in.Cols[g.config.RowsColumn].Int64s()
	for i := range g.all.n {
		n := g.rows.At(g.all.slot(i))
		if *n += numbers[in.Row(i)]; *n < 0 && !fault.Weak("changes/known") {
			*n = 0
		}
	}
}

// empty reports whether a group is no more.
func (g *groups) empty(slot uint32) bool {
	return g.rows != nil && *g.rows.At(slot) == 0 && !g.lasting(slot)
}

// remove takes a group out.
func (g *groups) remove(slot uint32) error {
	if err := g.table.TouchOne(slot); err != nil {
		return err
	}
	if err := g.forget(slot); err != nil {
		return err
	}
	return g.table.Delete(slot)
}

// apply adds rows to a state, or takes them back.
func (c *call) apply(rows *selection) error {
	if rows.minus == nil {
		given := rows.rowsOf(c.args)
		return c.state.Add(&given)
	}
	h := rows.parted()
	if h.plus.n > 0 {
		given := h.plus.selection.rowsOf(c.args)
		if err := c.state.Add(&given); err != nil {
			return err
		}
	}
	if h.minus.n > 0 {
		given := h.minus.selection.rowsOf(c.args)
		return c.state.(aggregate.Retracter).Retract(&given)
	}
	return nil
}

// counting is the call that counts values exactly in the place of one that estimates how many there are, which cannot take any back.
func counting(c *Call) *Call {
	exact := *c
	for _, f := range aggregate.Standard().Lookup("count") {
		if !f.Star {
			exact.Function, exact.Distinct = f, true
		}
	}
	return &exact
}
