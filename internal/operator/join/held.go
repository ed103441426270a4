package join

import (
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// held is rows that came too early. If they are dated, batch.Before is their last column.
type held struct {
	dated bool
	rows  *keyed.Rows
	keys  *keyColumns
	deal  *keyed.Hasher // of the columns that the rows are dealt by, if those are not the keys'
	keep  []bool
	cols  []*batch.Column // of a batch, those that are kept
	own   []*batch.Column // those that were kept
	b     batch.Batch
	ids   []uint32
	next  keyed.Cursor
}

func newHeld(c *Config, input int) *held {
	types := c.types(input)
	stored := heldTypes(c, c.Dated)
	h := &held{
		dated: c.Dated, rows: keyed.NewRows(c.Pool, stored, 0, c.title(), c.Budget), keys: newKeyColumns(c, input), keep: c.stored(input),
		cols: make([]*batch.Column, len(stored)), own: make([]*batch.Column, len(stored)), ids: make([]uint32, batch.MaxRows),
	}
	for _, column := range h.keys.columns {
		h.keep[column] = true
	}
	if c.Broadcast && len(c.Deal) > 0 {
		h.deal = keyed.NewHasher(c.Deal)
	}
	h.b.Cols = make([]*batch.Column, len(types))
	for i, typ := range types {
		if h.keep[i] {
			h.own[i] = batch.NewColumn(c.Pool, typ)
		}
	}
	if h.dated {
		before := batch.NewColumn(c.Pool, schema.Of(schema.Int64))
		h.cols[len(types)], h.own[len(types)] = before, batch.NewColumn(c.Pool, schema.Of(schema.Int64))
	}
	return h
}

// heldTypes are the types of the rows that are held, dated or not.
func heldTypes(c *Config, dated bool) []schema.Type {
	types := c.types(c.probe())
	if dated {
		types = append(slices.Clone(types), schema.Of(schema.Int64))
	}
	return types
}

// add holds the rows of in that count.
func (h *held) add(in *batch.Batch, out *op.Output) error {
	rows := in.Rows()
	if rows == 0 {
		return nil
	}
	out.Counts.In += int64(rows)
	out.Counts.Held += int64(rows)
	for i := range h.keep {
		if h.keep[i] {
			h.cols[i] = in.Cols[i]
		}
	}
	if h.dated {
		h.date(in)
	}
	return h.rows.Append(h.cols, h.hash(in), in.Sel, h.ids[:rows])
}

// date makes what the split of each row of in had reached the last column; rows that operators made are never late.
func (h *held) date(in *batch.Batch) {
	c := h.cols[len(h.keep)]
	c.Reset(in.Len)
	if n := copy(c.Int64s(), in.Before); n < in.Len {
		never(c.Int64s()[n:])
	}
}

// never says of rows that their split had reached nothing.
func never(before []int64) {
	for i := range before {
		before[i] = math.MinInt64
	}
}

// hash returns the hashes that say which key groups the rows of in belong to.
func (h *held) hash(in *batch.Batch) []uint64 {
	if h.deal != nil {
		return h.deal.Hash(in)
	}
	_, dealt := h.keys.hash(in)
	return dealt
}

// release hands the rows to p, a batch at a time, and answers more until there are none left.
func (h *held) release(p *prober, out *op.Output) (more bool, err error) {
	if p.in == nil {
		n := h.rows.Scan(&h.next, h.ids)
		if n == 0 {
			return false, nil
		}
		h.rows.Gather(h.ids[:n], h.own)
		h.b.Len = n
		copy(h.b.Cols, h.own)
		if h.dated {
			h.b.Before = h.own[len(h.keep)].Int64s()[:n]
		}
	}
	_, err = p.run(&h.b, true, out)
	return true, err
}

// show makes rows that were read the batch at hand.
func (h *held) show(cols []*batch.Column, n int) {
	h.b.Len = n
	for i, kept := range h.keep {
		if h.b.Cols[i] = nil; kept {
			h.b.Cols[i] = cols[i]
		}
	}
	if h.dated {
		h.b.Before = cols[len(h.keep)].Int64s()[:n]
	}
}

// free drops the rows.
func (h *held) free() {
	h.rows.Free()
	h.next = keyed.Cursor{}
}

// restoreOther puts rows of a key group in that were held without their dates where they are kept with them, or with them where they are not: the plan has
// changed. Rows without dates are never late.
func (h *held) restoreOther(c *Config, number uint8, data []byte) error {
	other := keyed.NewRows(c.Pool, heldTypes(c, !h.dated), 0, c.title(), c.Budget)
	defer other.Free()
	if err := other.Restore(number, data); err != nil {
		return err
	}
	width := len(h.keep)
	cols := append([]*batch.Column(nil), h.own[:width]...)
	if !h.dated {
		cols = append(cols, nil)
	}
	var at keyed.Cursor
	for n := other.Scan(&at, h.ids); n > 0; n = other.Scan(&at, h.ids) {
		other.Gather(h.ids[:n], cols)
		h.b.Len = n
		copy(h.b.Cols, h.own[:width])
		copy(h.cols, h.own[:width])
		if h.dated {
			before := h.cols[width]
			before.Reset(n)
			never(before.Int64s())
		}
		if err := h.rows.Append(h.cols, h.hash(&h.b), nil, h.ids[:n]); err != nil {
			return err
		}
	}
	return nil
}
