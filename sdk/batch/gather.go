package batch

import "wire.example/wire/sdk/schema"

// index is a row number: 16 bits within a batch, 32 among the elements of its arrays.
type index interface{ uint16 | int32 }

// Gather makes c the values of src at rows, in their order; rows may repeat. c is reset first and has src's type. Long text is not copied:
// c borrows the buffers of src until its next Reset.
func (c *Column) Gather(src *Column, rows []uint16) { gatherInto(c, src, rows, nil) }

// GatherElements is Gather for the child of an array column, whose elements may be more than a batch has rows.
func (c *Column) GatherElements(src *Column, elements []int32) { gatherInto(c, src, elements, nil) }

func gatherInto[R index](c, src *Column, rows []R, outer *around) {
	c.Reset(len(rows))
	if src.valid != nil {
		valid := c.MutableValid()
		for i, row := range rows {
			valid.Put(i, src.valid.Get(int(row)))
		}
	}
	switch c.typ.Kind {
	case schema.Bool:
		from, to := src.Bits(), c.Bits()
		for i, row := range rows {
			to.Put(i, from.Get(int(row)))
		}
	case schema.Array:
		gatherArrays(c, src, rows, outer)
	case schema.Row:
		gatherMembers(c, src, rows, outer.members(src))
	default:
		gatherFixed(c, src, rows)
	}
}

// gatherFixed copies value memory by its width, whatever the values mean.
func gatherFixed[R index](c, src *Column, rows []R) {
	switch c.typ.Kind.Width() {
	case 2:
		gatherValues[int16](c, src, rows)
	case 4:
		gatherValues[int32](c, src, rows)
	case 8:
		gatherValues[int64](c, src, rows)
	case 16:
		if c.typ.Kind.IsVariable() {
			c.ShareBuffers(src)
		}
		gatherValues[UUID](c, src, rows)
	}
	if c.scale = src.scale; len(src.scales) > 0 {
		for _, row := range rows {
			c.scales = append(c.scales, src.scales[row])
		}
	}
}

func gatherValues[T Fixed, R index](c, src *Column, rows []R) {
	from, to := Values[T](src), Values[T](c)
	for i, row := range rows {
		to[i] = from[row]
	}
}

// gatherArrays copies the offsets, and then the elements that they name; those of a NULL are none.
func gatherArrays[R index](c, src *Column, rows []R, outer *around) {
	from, to := src.Offsets(), c.Offsets()
	var elements []int32
	for i, row := range rows {
		to[i] = int32(len(elements)) //nolint:gosec // offsets are 32 bits wide
		if src.IsNull(int(row)) || outer.null(int(row)) {
			continue
		}
		for e := from[row]; e < from[row+1]; e++ {
			elements = append(elements, e)
		}
	}
	to[len(rows)] = int32(len(elements)) //nolint:gosec // offsets are 32 bits wide
	gatherInto(c.kids[0], src.kids[0], elements, nil)
}

// gatherMembers drops the members of c that src does not have: they are not read in this pipeline.
func gatherMembers[R index](c, src *Column, rows []R, outer *around) {
	for k, kid := range src.kids {
		switch {
		case c.kids[k] == nil:
		case kid == nil:
			c.kids[k].Release()
			c.kids[k] = nil
		default:
			gatherInto(c.kids[k], kid, rows, outer)
		}
	}
}
