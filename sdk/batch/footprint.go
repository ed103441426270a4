package batch

// Footprint returns the bytes of memory that c and its children hold, borrowed buffers left aside.
func (c *Column) Footprint() int64 {
	total := int64(cap(c.data)+cap(c.validMem)) * 8
	total += int64(cap(c.scales)) * 2
	if c.own != nil {
		total += int64(cap(c.own.Data))
	}
	for _, k := range c.kids {
		if k != nil {
			total += k.Footprint()
		}
	}
	return total
}

// Own returns the buffer that text of the column's own lies in, or nil; its number in views is 0 if the column borrowed no other.
func (c *Column) Own() *Buffer { return c.own }
