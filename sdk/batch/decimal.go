package batch

import "wire.example/wire/sdk/numeric"

// Scale returns the scale that all rows of a NUMERIC column share. It is meaningful only while Scales is empty.
func (c *Column) Scale() int16 { return c.scale }

// Scales returns the scale of each row of a NUMERIC column, or an empty slice when all share Scale. A negative scale marks NaN or an
// infinity, as in numeric.Decimal.
func (c *Column) Scales() []int16 { return c.scales }

// SetScale makes every row share scale, which is 0 to 38.
func (c *Column) SetScale(scale int16) { c.scale, c.scales = scale, c.scales[:0] }

// MutableScales returns a scale for each row, for writing; they start as the shared one.
func (c *Column) MutableScales() []int16 {
	if len(c.scales) != c.n {
		c.scales = c.scales[:0]
		for range c.n {
			c.scales = append(c.scales, c.scale)
		}
	}
	return c.scales
}

// ScaleAt returns the scale of row i.
func (c *Column) ScaleAt(i int) int16 {
	if len(c.scales) != 0 {
		return c.scales[i]
	}
	return c.scale
}

// Decimal returns row i of a NUMERIC column.
func (c *Column) Decimal(i int) numeric.Decimal {
	return numeric.Decimal{Coef: c.Coefs()[i], Scale: c.ScaleAt(i)}
}

// SetDecimal stores d as row i, giving the column a scale for each row if d's is not the shared one.
func (c *Column) SetDecimal(i int, d numeric.Decimal) {
	c.Coefs()[i] = d.Coef
	if len(c.scales) == 0 && d.Scale == c.scale {
		return
	}
	c.MutableScales()[i] = d.Scale
}
