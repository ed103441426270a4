package batch

import (
	"math"

	"wire.example/wire/sdk/schema"
)

// Append puts copies of the rows of src that rows names, nil meaning all, behind those that c has. Both have one type, and members of a ROW that
// the first src does not have are dropped. Text is copied too, so that c needs nothing of src afterwards.
func (c *Column) Append(src *Column, rows []uint16) { appendRows(c, src, rows) }

func appendRows[R index](c, src *Column, rows []R) {
	at := c.n
	if rows == nil {
		c.Resize(at + src.n)
	} else {
		c.Resize(at + len(rows))
	}
	place(c, src, rows, at, nil)
}

// around are the columns that a column of members lies in, the next one first. Where one of them is NULL the member's value is undefined, and may not be followed.
type around struct {
	column *Column
	next   *around
}

// null reports whether a row is NULL in one of the columns.
func (a *around) null(row int) bool {
	for ; a != nil; a = a.next {
		if a.column.IsNull(row) {
			return true
		}
	}
	return false
}

// members is what is around the members of c, which lies in a.
func (a *around) members(c *Column) *around {
	if c.valid == nil {
		return a
	}
	return &around{column: c, next: a}
}

// place makes the rows of c from at on those of src, which lies in outer, that rows names. They are there already, with undefined values.
func place[R index](c, src *Column, rows []R, at int, outer *around) {
	if src.valid != nil {
		placeValid(c, src, rows, at)
	}
	switch c.typ.Kind {
	case schema.Null:
	case schema.Bool:
		from, to := src.Bits(), c.Bits()
		for i := at; i < c.n; i++ {
			to.Put(i, from.Get(pick(rows, i-at)))
		}
	case schema.Text, schema.Bytes, schema.JSONB:
		placeText(c, src, rows, at, outer)
	case schema.Array:
		placeArrays(c, src, rows, at, outer)
	case schema.Row:
		placeMembers(c, src, rows, at, outer)
	default:
		placeFixed(c, src, rows, at)
	}
}

// pick returns number i of rows, or i if rows are all.
func pick[R index](rows []R, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

func placeValid[R index](c, src *Column, rows []R, at int) {
	valid := c.MutableValid()
	for i := at; i < c.n; i++ {
		valid.Put(i, src.valid.Get(pick(rows, i-at)))
	}
}

// placeFixed copies value memory by its width, whatever the values mean.
func placeFixed[R index](c, src *Column, rows []R, at int) {
	switch c.typ.Kind.Width() {
	case 2:
		placeValues[int16](c, src, rows, at)
	case 4:
		placeValues[int32](c, src, rows, at)
	case 8:
		placeValues[int64](c, src, rows, at)
	case 16:
		placeValues[UUID](c, src, rows, at)
	}
	if c.typ.Kind == schema.Numeric {
		placeScales(c, src, rows, at)
	}
}

func placeValues[T Fixed, R index](c, src *Column, rows []R, at int) {
	from, to := Values[T](src), Values[T](c)[at:]
	if rows == nil {
		copy(to, from)
		return
	}
	to = to[:len(rows)]
	for i, row := range rows {
		to[i] = from[row]
	}
}

func placeScales[R index](c, src *Column, rows []R, at int) {
	switch {
	case len(src.scales) == 0 && at == 0:
		c.SetScale(src.scale)
	case len(src.scales) != 0 || len(c.scales) != 0 || src.scale != c.scale:
		scales := c.MutableScales()
		for i := at; i < c.n; i++ {
			scales[i] = src.ScaleAt(pick(rows, i-at))
		}
	}
}

func placeText[R index](c, src *Column, rows []R, at int, outer *around) {
	from, to := src.Views(), c.Views()[at:]
	for i := range to {
		row := pick(rows, i)
		v := from[row]
		if v.Len > InlineLen {
			v = c.placeLong(src, row, v, outer)
		}
		to[i] = v
	}
}

// placeLong copies what v, row of src, points to, and returns the view of the copy. That of a NULL means nothing.
func (c *Column) placeLong(src *Column, row int, v View, outer *around) View {
	if src.IsNull(row) || outer.null(row) {
		return View{}
	}
	b := src.bufs[v.Buf].Data[v.Off : v.Off+v.Len]
	own := c.own
	if c.ownIndex < 0 || cap(own.Data)-len(own.Data) < len(b) {
		own = c.OwnBuffer(len(b))
	}
	v.Buf, v.Off = uint32(c.ownIndex), uint32(len(own.Data)) //nolint:gosec // numbers of buffers are small, and text of a batch is below 4 GiB
	own.Data = append(own.Data, b...)
	return v
}

// placeArrays copies offsets, and then the elements that they name; those of a NULL are none.
func placeArrays[R index](c, src *Column, rows []R, at int, outer *around) {
	from, to := src.Offsets(), c.Offsets()
	kid := c.kids[0]
	kid.Resize(int(to[at]))
	var elements []int32
	for i := at; i < c.n; i++ {
		if row := pick(rows, i-at); !src.IsNull(row) && !outer.null(row) {
			for e := from[row]; e < from[row+1]; e++ {
				elements = append(elements, e)
			}
		}
		to[i+1] = to[at] + int32(len(elements)) //nolint:gosec // offsets are 32 bits wide
	}
	if len(elements) > 0 {
		appendRows(kid, src.kids[0], elements)
	}
}

func placeMembers[R index](c, src *Column, rows []R, at int, outer *around) {
	outer = outer.members(src)
	for k, kid := range c.kids {
		switch {
		case kid == nil:
		case src.kids[k] != nil:
			place(kid, src.kids[k], rows, at, outer)
		case at == 0:
			kid.Release()
			c.kids[k] = nil
		}
	}
}

// Size returns the bytes that the values of the column take: less than Memory by what is kept for more.
func (c *Column) Size() int64 {
	n := int64(len(c.data)+len(c.valid))*8 + int64(len(c.scales))*2
	if c.ownIndex >= 0 {
		n += int64(len(c.own.Data))
	}
	for _, k := range c.kids {
		if k != nil {
			n += k.Size()
		}
	}
	return n
}

// Memory returns the bytes that the column holds for itself: values, validity, and text of its own; not what it borrows.
func (c *Column) Memory() int64 {
	n := int64(cap(c.data)+cap(c.validMem))*8 + int64(cap(c.scales))*2
	if c.own != nil {
		n += int64(cap(c.own.Data))
	}
	for _, k := range c.kids {
		if k != nil {
			n += k.Memory()
		}
	}
	return n
}

// Appender is a batch that grows by copies of rows of others. It is owned by one goroutine at a time, and may be handed to another.
type Appender struct {
	pool   *Pool
	batch  Batch
	kinds  []Change // memory kept for batch.Kinds
	before []int64  // memory kept for batch.Before
}

// NewAppender returns an empty appender. Its columns, made for the first rows, take their memory from pool.
func NewAppender(pool *Pool) *Appender { return &Appender{pool: pool} }

// Batch returns what was appended, lent until the next call of another method.
func (a *Appender) Batch() *Batch { return &a.batch }

// Rows returns how many rows were appended since the last Reset.
func (a *Appender) Rows() int { return a.batch.Len }

// Fits reports whether n rows of src can be appended: there is room below MaxRows, and the columns are those of the rows before.
func (a *Appender) Fits(src *Batch, n int) bool {
	switch {
	case a.batch.Len == 0:
		return n <= MaxRows
	case a.batch.Len+n > MaxRows || len(src.Cols) != len(a.batch.Cols):
		return false
	}
	for i, c := range src.Cols {
		if own := a.batch.Cols[i]; (c == nil) != (own == nil) || c != nil && c.Kind() != own.Kind() {
			return false
		}
	}
	return true
}

// Append copies the rows of src that rows names by their physical numbers, nil meaning all of them, whatever src selects. They must fit. The
// rows' origin is not kept.
func (a *Appender) Append(src *Batch, rows []uint16) {
	n := src.Len
	if rows != nil {
		n = len(rows)
	}
	if a.batch.Len == 0 {
		a.shape(src)
	}
	for i, c := range a.batch.Cols {
		if c != nil {
			c.Append(src.Cols[i], rows)
		}
	}
	a.appendKinds(src, rows, n)
	a.appendBefore(src, rows, n)
	a.batch.Len += n
}

// shape makes the columns those of src, keeping what can be kept.
func (a *Appender) shape(src *Batch) {
	for len(a.batch.Cols) > len(src.Cols) {
		last := len(a.batch.Cols) - 1
		a.replace(last, nil)
		a.batch.Cols = a.batch.Cols[:last]
	}
	for i, c := range src.Cols {
		if i == len(a.batch.Cols) {
			a.batch.Cols = append(a.batch.Cols, nil)
		}
		if own := a.batch.Cols[i]; own == nil || c == nil || !own.typ.Equal(c.typ) {
			a.replace(i, c)
		}
	}
}

// replace makes column i an empty one like c.
func (a *Appender) replace(i int, c *Column) {
	if own := a.batch.Cols[i]; own != nil {
		own.Release()
	}
	a.batch.Cols[i] = nil
	if c != nil {
		a.batch.Cols[i] = NewColumn(a.pool, c.typ)
	}
}

func (a *Appender) appendKinds(src *Batch, rows []uint16, n int) {
	if src.Kinds == nil && a.batch.Kinds == nil {
		return
	}
	kinds := a.batch.Kinds
	if kinds == nil {
		kinds = a.kinds[:0]
		for range a.batch.Len {
			kinds = append(kinds, Insert)
		}
	}
	for i := range n {
		kind := Insert
		if src.Kinds != nil {
			kind = src.Kinds[pick(rows, i)]
		}
		kinds = append(kinds, kind)
	}
	a.batch.Kinds, a.kinds = kinds, kinds
}

// appendBefore appends what was known of the rows' splits; of rows that are never late, that there was no watermark.
func (a *Appender) appendBefore(src *Batch, rows []uint16, n int) {
	if src.Before == nil && a.batch.Before == nil {
		return
	}
	before := a.batch.Before
	if before == nil {
		before = a.before[:0]
		for range a.batch.Len {
			before = append(before, math.MinInt64)
		}
	}
	switch {
	case src.Before == nil:
		for range n {
			before = append(before, math.MinInt64)
		}
	case rows == nil:
		before = append(before, src.Before[:n]...)
	default:
		for _, row := range rows {
			before = append(before, src.Before[row])
		}
	}
	a.batch.Before, a.before = before, before
}

// Size returns the bytes that the rows take.
func (a *Appender) Size() int64 {
	n := int64(len(a.batch.Kinds)) + int64(len(a.batch.Before))*8
	for _, c := range a.batch.Cols {
		if c != nil {
			n += c.Size()
		}
	}
	return n
}

// Memory returns the bytes that the appender holds, emptied or not.
func (a *Appender) Memory() int64 {
	n := int64(cap(a.kinds)) + int64(cap(a.before))*8
	for _, c := range a.batch.Cols {
		if c != nil {
			n += c.Memory()
		}
	}
	return n
}

// Reset forgets the rows and keeps the memory.
func (a *Appender) Reset() {
	for _, c := range a.batch.Cols {
		if c != nil {
			c.Reset(0)
		}
	}
	a.batch.Len = 0
	a.batch.Kinds, a.batch.Before = nil, nil
}

// Release gives the memory back to the pool. The appender is empty then, and can be used again.
func (a *Appender) Release() {
	for i := range a.batch.Cols {
		a.replace(i, nil)
	}
	a.batch, a.kinds, a.before = Batch{}, nil, nil
}
