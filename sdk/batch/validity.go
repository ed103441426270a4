package batch

import "wire.example/wire/sdk/schema"

// Valid returns the validity bitmap, or nil when every row is valid. Read only.
func (c *Column) Valid() Bitmap { return c.valid }

// HasNulls reports whether the column has a validity bitmap; it may still mark every row valid.
func (c *Column) HasNulls() bool { return c.valid != nil }

// IsNull reports whether row i is NULL.
func (c *Column) IsNull(i int) bool { return c.valid != nil && !c.valid.Get(i) }

// MutableValid returns the validity bitmap for writing, all valid if there was none.
func (c *Column) MutableValid() Bitmap {
	if c.valid == nil {
		c.ensureValidMem(c.n)
		c.valid = c.validMem[:Words(c.n)]
		c.valid.Fill(c.n)
	}
	return c.valid
}

// SetNull makes row i NULL. Its value becomes undefined.
func (c *Column) SetNull(i int) { c.MutableValid().Clear(i) }

// PutNull is SetNull for columns whose rows are written in ascending order, each once: it also makes row i NULL in all members of a ROW, and leaves
// an ARRAY without elements there.
func (c *Column) PutNull(i int) {
	c.SetNull(i)
	switch c.typ.Kind {
	case schema.Array:
		offsets := c.Offsets()
		offsets[i+1] = offsets[i]
	case schema.Row:
		for _, kid := range c.kids {
			if kid != nil {
				kid.PutNull(i)
			}
		}
	default:
	}
}

// SetAllNull makes every row NULL. The values are zeroed, so that reading them is harmless.
func (c *Column) SetAllNull() {
	c.MutableValid().Zero(c.n)
	clear(c.data)
}

// CopyValid makes the validity of c that of src, which has as many rows.
func (c *Column) CopyValid(src *Column) {
	if src.valid == nil {
		c.valid = nil
		return
	}
	copy(c.MutableValid(), src.valid)
}

// AndValid makes NULL every row of c that is NULL in src, which has as many rows.
func (c *Column) AndValid(src *Column) {
	switch {
	case src.valid == nil:
	case c.valid == nil:
		c.CopyValid(src)
	default:
		for i, w := range src.valid {
			c.valid[i] &= w
		}
	}
}

// DropValid declares every row valid.
func (c *Column) DropValid() { c.valid = nil }

func (c *Column) ensureValidMem(n int) {
	if words := Words(n); cap(c.validMem) < words {
		c.pool.Put(c.validMem)
		c.validMem = c.pool.Get(words)
	}
	c.validMem = c.validMem[:cap(c.validMem)]
}

// growValid lengthens the bitmap from old to n rows, the new ones valid.
func (c *Column) growValid(old, n int) {
	if words := Words(n); cap(c.validMem) < words {
		grown := Bitmap(c.pool.Get(max(words, 2*cap(c.validMem))))
		copy(grown, c.valid)
		c.pool.Put(c.validMem)
		c.validMem = grown
	}
	c.validMem = c.validMem[:cap(c.validMem)]
	c.valid = c.validMem[:Words(n)]
	for i := old; i < n; i++ {
		c.valid.Set(i)
	}
}
