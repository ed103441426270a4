package unnest

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Unnest is the operator.
type Unnest struct {
	pool   *batch.Pool
	array  int
	append bool
	out    batch.Batch
	own    []*batch.Column
	// parents and elements are, for each emitted row, the row of the input and the element of its array.
	parents  []uint16
	elements []int32
	origin   []uint16
	kinds    []batch.Change
	// at and element are where the next call goes on: the row among those that count, and the element within it.
	at, element int
}

// New returns an unnest of the ARRAY column numbered array. The elements replace that column or, if appended, stand in a column of their
// own after all others.
func New(pool *batch.Pool, array int, appended bool) *Unnest {
	return &Unnest{
		pool: pool, array: array, append: appended,
		parents: make([]uint16, 0, batch.MaxRows), elements: make([]int32, 0, batch.MaxRows),
	}
}

// Apply emits the next rows of in.
func (u *Unnest) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	array := in.Cols[u.array]
	u.parents, u.elements = u.parents[:0], u.elements[:0]
	for u.at < in.Rows() && len(u.elements) < batch.MaxRows {
		u.take(in.Row(u.at), array, out)
	}
	if len(u.elements) > 0 {
		u.build(in, array)
		out.Emit(0, &u.out)
	}
	if more = u.at < in.Rows(); !more {
		u.at = 0
	}
	return more, nil
}

// take adds elements of row until it or the batch has no more.
func (u *Unnest) take(row int, array *batch.Column, out *op.Output) {
	from, to := int32(0), int32(0)
	if !array.IsNull(row) {
		from, to = array.Offsets()[row], array.Offsets()[row+1]
	}
	if u.element == 0 {
		out.Counts.In++
		if from == to {
			out.Counts.Filtered++
		} else {
			out.Counts.Forwarded++
		}
	}
	for e := from + int32(u.element); e < to; e++ { //nolint:gosec // within the array
		if len(u.elements) == batch.MaxRows {
			u.element = int(e - from)
			return
		}
		u.parents = append(u.parents, uint16(row)) //nolint:gosec // a row number of a batch
		u.elements = append(u.elements, e)
	}
	u.at, u.element = u.at+1, 0
}

// build makes the output batch of parents and elements.
func (u *Unnest) build(in *batch.Batch, array *batch.Column) {
	u.out.Cols = u.out.Cols[:0]
	for i, c := range in.Cols {
		switch {
		case i == u.array && !u.append:
			u.out.Cols = append(u.out.Cols, u.elementColumn(len(in.Cols), array))
		case c == nil:
			u.out.Cols = append(u.out.Cols, nil)
		default:
			own := u.column(i, c.Type())
			own.Gather(c, u.parents)
			u.out.Cols = append(u.out.Cols, own)
		}
	}
	if u.append {
		u.out.Cols = append(u.out.Cols, u.elementColumn(len(in.Cols), array))
	}
	u.out.Len, u.out.Sel = len(u.elements), nil
	u.carry(in)
}

// carry copies what is known of the parents: kinds of change, and where they came from.
func (u *Unnest) carry(in *batch.Batch) {
	u.out.Kinds, u.out.Origin, u.out.OriginRows = nil, in.Origin, nil
	if in.Kinds != nil {
		u.kinds = u.kinds[:0]
		for _, row := range u.parents {
			u.kinds = append(u.kinds, in.Kinds[row])
		}
		u.out.Kinds = u.kinds
	}
	if in.Origin != nil {
		u.origin = u.origin[:0]
		for _, row := range u.parents {
			u.origin = append(u.origin, uint16(in.OriginRow(int(row)))) //nolint:gosec // a row number of a batch
		}
		u.out.OriginRows = u.origin
	}
}

func (u *Unnest) elementColumn(slot int, array *batch.Column) *batch.Column {
	own := u.column(slot, *array.Type().Elem)
	own.GatherElements(array.Child(0), u.elements)
	return own
}

// column returns the operator's own column of a slot.
func (u *Unnest) column(slot int, typ schema.Type) *batch.Column {
	for len(u.own) <= slot {
		u.own = append(u.own, nil)
	}
	if u.own[slot] == nil {
		u.own[slot] = batch.NewColumn(u.pool, typ)
	}
	return u.own[slot]
}
