package batch

import "wire.example/wire/sdk/schema"

// CopyRow makes row i of c what row j of src is, NULL included; both have one type. Long text is copied. Rows of an ARRAY column are stored
// in ascending order, each once; those that are left out hold nothing sensible.
func (c *Column) CopyRow(i int, src *Column, j int) {
	if src.IsNull(j) {
		c.PutNull(i)
		return
	}
	switch c.typ.Kind {
	case schema.Bool:
		c.Bits().Put(i, src.Bits().Get(j))
	case schema.Numeric:
		c.SetDecimal(i, src.Decimal(j))
	case schema.Row:
		for k, kid := range c.kids {
			if kid != nil && src.kids[k] != nil {
				kid.CopyRow(i, src.kids[k], j)
			}
		}
	case schema.Array:
		c.copyElements(i, src, j)
	case schema.Text, schema.Bytes, schema.JSONB:
		c.SetBytes(i, src.Bytes(j))
	default:
		c.copyFixed(i, src, j)
	}
}

// copyFixed copies value memory by its width, whatever the value means.
func (c *Column) copyFixed(i int, src *Column, j int) {
	switch c.typ.Kind.Width() {
	case 2:
		c.Int16s()[i] = src.Int16s()[j]
	case 4:
		c.Int32s()[i] = src.Int32s()[j]
	case 8:
		c.Int64s()[i] = src.Int64s()[j]
	case 16:
		c.UUIDs()[i] = src.UUIDs()[j]
	}
}

// copyElements appends the elements of row j of src to c's child.
func (c *Column) copyElements(i int, src *Column, j int) {
	from, to := int(src.Offsets()[j]), int(src.Offsets()[j+1])
	elements := c.kids[0]
	at := elements.Len()
	elements.Resize(at + to - from)
	for k := from; k < to; k++ {
		elements.CopyRow(at+k-from, src.kids[0], k)
	}
	offsets := c.Offsets()
	offsets[i], offsets[i+1] = int32(at), int32(elements.Len()) //nolint:gosec // offsets are 32 bits wide
}
