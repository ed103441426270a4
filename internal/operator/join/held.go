package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// held is rows that came too early.
type held struct {
	rows *keyed.Rows
	keys *keyColumns
	deal *keyed.Hasher // of the columns that the rows are dealt by, if those are not the keys'
	keep []bool
	cols []*batch.Column // of a batch, those that are kept
	own  []*batch.Column // of b
	b    batch.Batch
	ids  []uint32
	next keyed.Cursor
}

func newHeld(c *Config, input int) *held {
	types := c.types(input)
	h := &held{
		rows: keyed.NewRows(c.Pool, types, 0, c.title(), c.Budget), keys: newKeyColumns(c, input), keep: c.stored(input),
		cols: make([]*batch.Column, len(types)), own: make([]*batch.Column, len(types)), ids: make([]uint32, batch.MaxRows),
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
	return h
}

// add holds the rows of in that count.
func (h *held) add(in *batch.Batch, out *op.Output) error {
	rows := in.Rows()
	if rows == 0 {
		return nil
	}
	out.Counts.In += int64(rows)
	out.Counts.Held += int64(rows)
	for i := range h.cols {
		if h.keep[i] {
			h.cols[i] = in.Cols[i]
		}
	}
	return h.rows.Append(h.cols, h.hash(in), in.Sel, h.ids[:rows])
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
	}
	_, err = p.run(&h.b, true, out)
	return true, err
}

// free drops the rows.
func (h *held) free() {
	h.rows.Free()
	h.next = keyed.Cursor{}
}
