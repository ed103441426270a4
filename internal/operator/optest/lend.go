package optest

import (
	"math/rand/v2"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// lender makes the batches that are lent to an operator.
type lender struct {
	pool *batch.Pool
}

// lend returns the rows from lo to hi of all, in memory of its own. Unless plain, rows that do not count may stand between them.
func (l *lender) lend(all *batch.Batch, lo, hi int, e event, plain bool) *batch.Batch {
	random := rand.New(rand.NewPCG(e.seed, 1))
	var rows []int
	b := &batch.Batch{}
	junk := !plain && random.IntN(2) == 0
	if junk {
		b.Sel = []uint16{}
	}
	for row := lo; row < hi; row++ {
		for junk && random.IntN(3) == 0 && len(rows)+hi-row < batch.MaxRows {
			rows = append(rows, random.IntN(all.Len))
		}
		if junk {
			b.Sel = append(b.Sel, uint16(len(rows)))
		}
		rows = append(rows, row)
	}
	b.Len = len(rows)
	for _, c := range all.Cols {
		b.Cols = append(b.Cols, l.copyOf(c, rows))
	}
	if all.Kinds != nil {
		for _, row := range rows {
			b.Kinds = append(b.Kinds, all.Kinds[row])
		}
	}
	if all.Before != nil {
		for _, row := range rows {
			b.Before = append(b.Before, all.Before[row])
		}
	}
	return b
}

func (l *lender) copyOf(c *batch.Column, rows []int) *batch.Column {
	if c == nil {
		return nil
	}
	out := batch.NewColumn(l.pool, c.Type())
	out.Reset(len(rows))
	for i, row := range rows {
		out.CopyRow(i, c, row)
	}
	return out
}

// takeBack overwrites what was lent, so that whoever kept a reference reads garbage, and gives the memory back.
func (l *lender) takeBack(b *batch.Batch) {
	fill(b.Kinds, garbage)
	fill(b.Before, garbage)
	for _, c := range b.Cols {
		if c != nil {
			scribble(c)
			c.Release()
		}
	}
}

const garbage = 0xde

// scribble overwrites the values of c, and the text that they name.
func scribble(c *batch.Column) {
	switch kind := c.Kind(); {
	case kind == schema.Null:
	case kind == schema.Bool:
		for i := range c.Len() {
			c.Bits().Put(i, !c.Bits().Get(i))
		}
	case kind == schema.Array:
		scribble(c.Child(0))
	case kind == schema.Row:
		for i := range c.Type().Fields {
			if kid := c.Child(i); kid != nil {
				scribble(kid)
			}
		}
	case kind.Width() == 2:
		fill(c.Int16s(), -garbage)
	case kind.Width() == 4:
		fill(batch.Values[int32](c), -garbage)
	case kind.Width() == 8:
		fill(batch.Values[int64](c), -garbage)
	case kind.Width() == 16:
		fill(batch.Values[batch.UUID](c), batch.UUID{garbage, garbage, garbage, garbage, garbage})
	}
	if own := c.Own(); own != nil {
		fill(own.Data, garbage)
	}
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}
