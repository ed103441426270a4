package setreturning

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// copyRows copies n rows of src from row from on to dst from row at on.
func copyRows(dst *batch.Column, at int, src *batch.Column, from, n int) {
	kind := src.Kind()
	if src.HasNulls() || kind.IsNested() || kind.IsVariable() || kind == schema.Bool || kind == schema.Numeric || kind == schema.Null {
		for i := range n {
			copyRow(dst, at+i, src, from+i)
		}
		return
	}
	switch kind.Width() {
	case 2:
		copy(dst.Int16s()[at:at+n], src.Int16s()[from:])
	case 4:
		copy(dst.Int32s()[at:at+n], src.Int32s()[from:])
	case 8:
		copy(dst.Int64s()[at:at+n], src.Int64s()[from:])
	default:
		copy(dst.UUIDs()[at:at+n], src.UUIDs()[from:])
	}
}

// copyRow is batch.Column.CopyRow that leaves the offsets of a NULL array in order.
func copyRow(dst *batch.Column, i int, src *batch.Column, j int) {
	if src.IsNull(j) {
		dst.PutNull(i)
		return
	}
	dst.CopyRow(i, src, j)
}

// Cut takes back what was written to rows from and up to to of c, the last that were written: they are as if they had never been.
func Cut(c *batch.Column, from, to int) {
	if c.HasNulls() {
		valid := c.MutableValid()
		for i := from; i < to; i++ {
			valid.Set(i)
		}
	}
	switch c.Kind() {
	case schema.Array:
		offsets, child := c.Offsets(), c.Child(0)
		clear(offsets[from+1 : to+1])
		keep := int(offsets[from])
		Cut(child, keep, child.Len())
		child.Resize(keep)
	case schema.Row:
		for k := range c.Type().Fields {
			if member := c.Child(k); member != nil {
				Cut(member, from, to)
			}
		}
	default:
	}
}
