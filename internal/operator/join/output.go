package join

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// output makes the batches that a join emits.
type output struct {
	b          batch.Batch
	probe      []outColumn // columns of the probe side that are read: their places in the output, and in their input
	build      []outColumn
	mark       int // the place of the mark, or -1
	own        []*batch.Column
	gather     []*batch.Column // the build side's columns of the output, in that side's order
	cols       []*batch.Column
	originRows []uint16
	before     []int64
	ids        []uint32 // of the build rows, by physical row
}

func newOutput(c *Config, build int) *output {
	o := &output{mark: -1, own: make([]*batch.Column, c.outputs()), cols: make([]*batch.Column, c.outputs()), gather: make([]*batch.Column, len(c.types(build)))}
	for place := range o.own {
		if !c.needs(place) {
			continue
		}
		input, column := LeftInput, place
		if place >= len(c.Left) {
			input, column = RightInput, place-len(c.Left)
		}
		switch {
		case c.Kind == Mark && place == len(c.Left):
			o.mark = place
			o.own[place] = batch.NewColumn(c.Pool, schema.Of(schema.Bool))
			continue
		case input == build:
			o.build = append(o.build, outColumn{place, column})
		default:
			o.probe = append(o.probe, outColumn{place, column})
		}
		o.own[place] = batch.NewColumn(c.Pool, c.types(input)[column])
		if input == build {
			o.gather[column] = o.own[place]
		}
	}
	return o
}

// begin makes the batch one of n rows.
func (o *output) begin(n int, sel []uint16) {
	clear(o.cols)
	o.b = batch.Batch{Cols: o.cols, Len: n, Sel: sel}
}

// pairs makes a batch of rows of in beside stored rows, keyed.NoRow being NULLs.
func (o *output) pairs(in *batch.Batch, rows []uint16, store *keyed.Rows, ids []uint32) *batch.Batch {
	o.begin(len(ids), nil)
	for _, c := range o.probe {
		if from := in.Cols[c.column]; from != nil {
			o.own[c.place].Gather(from, rows)
			o.cols[c.place] = o.own[c.place]
		}
	}
	o.stored(store, ids)
	if o.b.Origin = in.Origin; in.Origin != nil {
		o.originRows = o.originRows[:0]
		for _, row := range rows {
			o.originRows = append(o.originRows, uint16(in.OriginRow(int(row)))) //nolint:gosec // a row number of a batch
		}
		o.b.OriginRows = o.originRows
	}
	if in.Before != nil {
		o.before = o.before[:0]
		for _, row := range rows {
			o.before = append(o.before, in.Before[row])
		}
		o.b.Before = o.before
	}
	return &o.b
}

// stored gathers the build side's columns.
func (o *output) stored(store *keyed.Rows, ids []uint32) {
	if len(o.build) == 0 {
		return
	}
	store.Gather(ids, o.gather)
	for _, c := range o.build {
		o.cols[c.place] = o.own[c.place]
	}
}

// selected makes a batch of the rows of in that sel names, sharing its columns.
func (o *output) selected(in *batch.Batch, sel []uint16) *batch.Batch {
	o.begin(in.Len, sel)
	for _, c := range o.probe {
		o.cols[c.place] = in.Cols[c.column]
	}
	o.b.Origin, o.b.OriginRows, o.b.Before = in.Origin, in.OriginRows, in.Before
	return &o.b
}

// alone makes a batch of stored rows, beside NULLs where there are columns of the other input.
func (o *output) alone(store *keyed.Rows, ids []uint32) *batch.Batch {
	o.begin(len(ids), nil)
	o.stored(store, ids)
	for _, c := range o.probe {
		own := o.own[c.place]
		own.Reset(len(ids))
		own.SetAllNull()
		o.cols[c.place] = own
	}
	return &o.b
}

// beginMark adds a column of marks to the batch; nil if it is not read.
func (o *output) beginMark() *batch.Column {
	if o.mark < 0 {
		return nil
	}
	c := o.own[o.mark]
	c.Reset(o.b.Len)
	o.cols[o.mark] = c
	return c
}

// setMark makes row of a column of marks a truth.
func setMark(c *batch.Column, row int, truth uint8) {
	switch {
	case c == nil:
	case truth == isUnknown:
		c.SetNull(row)
	default:
		c.Bits().Put(row, truth == isTrue)
	}
}

// beside adds the stored rows with ids, by position among the rows of the batch that count.
func (o *output) beside(store *keyed.Rows, ids []uint32) {
	if o.b.Sel == nil {
		o.stored(store, ids)
		return
	}
	o.ids = o.ids[:0]
	for range o.b.Len {
		o.ids = append(o.ids, keyed.NoRow)
	}
	for i, row := range o.b.Sel {
		o.ids[row] = ids[i]
	}
	o.stored(store, o.ids)
}
