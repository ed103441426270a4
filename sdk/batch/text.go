package batch

import "unsafe"

// Bytes returns row i of a TEXT, BYTEA or JSONB column. The slice is lent with the column.
func (c *Column) Bytes(i int) []byte {
	v := (*View)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(c.data)), uintptr(i)*16))
	if v.Len <= InlineLen {
		return v.inline()
	}
	return c.bufs[v.Buf].Data[v.Off : v.Off+v.Len]
}

// SetBytes stores a copy of b as row i.
func (c *Column) SetBytes(i int, b []byte) {
	if len(b) <= InlineLen {
		c.Views()[i] = InlineView(b)
		return
	}
	own := c.OwnBuffer(len(b))
	off := len(own.Data)
	own.Data = append(own.Data, b...)
	c.Views()[i] = MakeView(own.Data, uint32(c.ownIndex), off, len(b))
}

// OwnBuffer returns the column's own buffer with room for at least room more bytes, so that text can be appended to Data in place and then
// named by SetOwn. The pointer is good until the next call on c.
func (c *Column) OwnBuffer(room int) *Buffer {
	if c.own == nil {
		c.own = c.pool.NewBuffer(max(room, 512))
	}
	if c.ownIndex < 0 {
		c.ownIndex = len(c.bufs)
		c.bufs = append(c.bufs, c.own)
	}
	c.own.Grow(room)
	return c.own
}

// SetOwn makes row i the bytes of the own buffer from off to its end, which the caller just appended.
func (c *Column) SetOwn(i, off int) {
	c.Views()[i] = MakeView(c.own.Data, uint32(c.ownIndex), off, len(c.own.Data)-off)
}

// OwnNumber returns the number by which views name the own buffer, which OwnBuffer was asked for.
func (c *Column) OwnNumber() uint32 {
	return uint32(c.ownIndex) //nolint:gosec // the number of a buffer
}

// AddBuffer makes b a buffer that views of c may point into and returns its number. c borrows b until Reset or Release.
func (c *Column) AddBuffer(b *Buffer) uint32 {
	c.bufs = append(c.bufs, b)
	return uint32(len(c.bufs) - 1)
}

// ShareBuffers makes views of src meaningful in c, which must have no buffers yet: the same numbers then name the same buffers. Borrowed
// until Reset or Release.
func (c *Column) ShareBuffers(src *Column) {
	if len(c.bufs) != 0 {
		panic("batch: ShareBuffers into a column that has buffers")
	}
	c.bufs = append(c.bufs, src.bufs...)
}

// AddBuffers makes src's buffers ones that views of c may point into, behind those that c has, and returns how many those were: a long view
// of src with that added to its Buf is a view of c. Borrowed until Reset or Release.
func (c *Column) AddBuffers(src *Column) uint32 {
	c.bufs = append(c.bufs, src.bufs...)
	return uint32(len(c.bufs) - len(src.bufs))
}

// SetSub makes row i of c the bytes from lo to hi of row j of src, without copying long text. c must share src's buffers.
func (c *Column) SetSub(i int, src *Column, j, lo, hi int) {
	v := &src.Views()[j]
	if v.Len <= InlineLen {
		c.Views()[i] = InlineView(v.inline()[lo:hi])
		return
	}
	c.Views()[i] = MakeView(src.bufs[v.Buf].Data, v.Buf, int(v.Off)+lo, hi-lo)
}

// dropBuffers forgets the borrowed buffers and empties the own one.
func (c *Column) dropBuffers() {
	clear(c.bufs)
	c.bufs = c.bufs[:0]
	if c.ownIndex >= 0 {
		c.ownIndex = -1
		c.own.Reset()
	}
}

// TextBytes returns the bytes that the rows in sel (nil: all) take outside their views.
func (c *Column) TextBytes(sel []uint16) int {
	total := 0
	views := c.Views()
	if sel == nil {
		for i := range views {
			if views[i].Len > InlineLen && !c.IsNull(i) {
				total += int(views[i].Len)
			}
		}
		return total
	}
	for _, i := range sel {
		if views[i].Len > InlineLen && !c.IsNull(int(i)) {
			total += int(views[i].Len)
		}
	}
	return total
}
