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
	// keep says which columns of the input are passed on; nil means all.
	keep []bool
	// nested are the passed columns in which a row may hold many values.
	nested []int
	out    batch.Batch
	repeat batch.Repeater
	// parents and elements are, for each emitted row, the row of the input and the element of its array.
	parents  []uint16
	elements []int32
	// at and element are where the next call goes on: the row among those that count, and the element within it.
	at, element int
}

// New returns an unnest of the ARRAY column numbered array. The elements replace that column or, if appended, stand in a column of their
// own after all others. Columns of the input that keep says nothing reads are not passed on; nil keeps all.
func New(pool *batch.Pool, array int, appended bool, keep []bool) *Unnest {
	return &Unnest{
		pool: pool, array: array, append: appended, keep: keep,
		parents: make([]uint16, 0, batch.MaxRows), elements: make([]int32, 0, batch.MaxRows),
	}
}

// maxValues is how many values of arrays the rows of one batch may repeat of their parents, beyond those of its first row.
const maxValues = 1 << 18

// passes reports whether column i of the input is passed on.
func (u *Unnest) passes(i int, c *batch.Column) bool {
	return c != nil && (len(u.keep) == 0 || u.keep[i]) && (i != u.array || u.append)
}

// weight is how many values below arrays each row made of row repeats.
func (u *Unnest) weight(in *batch.Batch, row int) int {
	n := 0
	for _, i := range u.nested {
		n += in.Cols[i].Nested(row, row+1)
	}
	return n
}

// Apply emits the next rows of in.
func (u *Unnest) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	array := in.Cols[u.array]
	u.parents, u.elements, u.nested = u.parents[:0], u.elements[:0], u.nested[:0]
	for i, c := range in.Cols {
		if u.passes(i, c) && (c.Kind() == schema.Array || c.Kind() == schema.Row) {
			u.nested = append(u.nested, i)
		}
	}
	u.fill(in, array, out)
	if len(u.elements) > 0 {
		u.build(in, array)
		out.Emit(0, &u.out)
	}
	if more = u.at < in.Rows(); !more {
		u.at = 0
	}
	return more, nil
}

// fill takes elements until the batch is full or in is done.
func (u *Unnest) fill(in *batch.Batch, array *batch.Column, out *op.Output) {
	room := maxValues
	for u.at < in.Rows() && len(u.elements) < batch.MaxRows {
		row := in.Row(u.at)
		before, most := len(u.elements), batch.MaxRows
		weight := u.weight(in, row)
		if weight > 0 {
			most = min(most, max(before+room/weight, 1))
		}
		if most <= before {
			return
		}
		u.take(row, array, out, most)
		room -= weight * (len(u.elements) - before)
	}
}

// take adds elements of row until it has no more or there are most.
func (u *Unnest) take(row int, array *batch.Column, out *op.Output, most int) {
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
		if len(u.elements) == most {
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
		case !u.passes(i, c):
			u.out.Cols = append(u.out.Cols, nil)
		default:
			own := u.repeat.Column(u.pool, i, c.Type())
			own.Gather(c, u.parents)
			u.out.Cols = append(u.out.Cols, own)
		}
	}
	if u.append {
		u.out.Cols = append(u.out.Cols, u.elementColumn(len(in.Cols), array))
	}
	u.repeat.Carry(&u.out, in, u.parents)
}

func (u *Unnest) elementColumn(slot int, array *batch.Column) *batch.Column {
	own := u.repeat.Column(u.pool, slot, *array.Type().Elem)
	own.GatherElements(array.Child(0), u.elements)
	return own
}
