package keyed

import (
	"math/bits"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

const (
	// reuseAt is how many rows of a chunk must be deleted before their numbers are given to others: so many that filling them is still work by column.
	reuseAt = chunkRows / 8
	// wasteAtLeast is how many bytes of long text must be dead before a chunk's text is moved together.
	wasteAtLeast = 16 << 10
)

// holes are the deleted rows of a chunk.
type holes struct {
	dead   []uint64 // a bit for each row; nil while none is deleted
	count  int
	waste  int  // bytes of their long text
	queued bool // in Rows.reusable
}

func (h *holes) has(row uint32) bool { return len(h.dead) > 0 && h.dead[row/64]>>(row%64)&1 != 0 }

// Delete takes rows out. Their numbers are given to other rows by a later Append, sooner or later; from then on numbers do not grow as rows come, and a walk
// goes by numbers. What they were is still there until then: what Gather lent stays good until the next Append. The error is SQLSTATE 53200.
func (r *Rows) Delete(ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	if r.guard != nil {
		r.guardRows(ids)
	}
	if r.kept != nil {
		if r.away != nil {
			for _, id := range ids {
				if r.kept.known(id) {
					r.away.bury(r.HashOf(id))
				}
			}
		}
		r.kept.leave(ids)
	}
	return r.drop(ids)
}

// drop is Delete of rows of which nothing need be noted.
func (r *Rows) drop(ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	r.group()
	r.groups.stale = true
	for _, id := range ids {
		number, row := id>>chunkShift, id&(chunkRows-1)
		c := r.chunks[number]
		if c.holes.dead == nil {
			const bytes = chunkRows / 8
			if err := r.budget.Reserve(bytes); err != nil {
				return outOfMemory(r.name, err)
			}
			r.bytes, c.bytes = r.bytes+bytes, c.bytes+bytes
			c.holes.dead = make([]uint64, chunkRows/64)
		}
		if invariant.Enabled {
			invariant.Check(!c.holes.has(row) && int(row) < c.n, "row %d is deleted, and not there", id)
		}
		c.holes.dead[row/64] |= 1 << (row % 64)
		c.holes.count++
		one := [1]uint16{uint16(row)}
		if r.long {
			c.holes.waste += textBytes(c.cols, one[:])
		}
		if c.holes.count >= reuseAt && !c.holes.queued {
			c.holes.queued = true
			r.reusable = append(r.reusable, number)
		}
	}
	r.len -= len(ids)
	return nil
}

// refill puts rows in the place of deleted ones of one chunk, and returns how many; none if that chunk has no room for their text.
func (r *Rows) refill(cols []*batch.Column, hashes []uint64, rows []uint16, ids []uint32) (int, error) {
	last := len(r.reusable) - 1
	number := r.reusable[last]
	c := r.chunks[number]
	waste := c.text / 2
	if r.away.tight() {
		waste = c.text / 8
	}
	if c.holes.waste > waste && c.holes.waste > wasteAtLeast {
		c.compact()
	}
	r.spots = c.holes.take(r.spots[:0], len(rows))
	rows = rows[:len(r.spots)]
	text := 0
	if r.long {
		text = textBytes(cols, rows)
	}
	if c.text+text > chunkText {
		c.holes.giveBack(r.spots)
		r.reusable, c.holes.queued = r.reusable[:last], false
		return 0, nil
	}
	c.text += text
	if c.holes.count == 0 {
		r.reusable, c.holes.queued = r.reusable[:last], false
	}
	r.groups.stale = true
	r.spareText(c, cols, rows)
	for i, spot := range r.spots {
		ids[i] = number<<chunkShift | uint32(spot)
		c.marks[spot], c.groups[spot] = 0, 0
		if hashes != nil {
			c.groups[spot] = uint8(hashes[i] >> groupShift)
		}
		for k := range r.links {
			c.links[int(spot)*r.links+k] = NoRow
		}
	}
	for i, col := range c.cols {
		switch {
		case col == nil:
		case col.Kind().IsNested():
			c.cols[i] = r.rebuilt(c, col, cols[i], rows)
		default:
			putRows(col, cols[i], r.spots, rows)
		}
	}
	r.len += len(rows)
	return len(rows), r.settle(c, number)
}

// take takes up to n deleted rows out of h.
func (h *holes) take(to []uint16, n int) []uint16 {
	for w, word := range h.dead {
		for word != 0 && len(to) < n {
			to = append(to, uint16(w*64+bits.TrailingZeros64(word)))
			word &= word - 1
		}
		h.dead[w] = word
		if len(to) == n {
			break
		}
	}
	h.count -= len(to)
	return to
}

func (h *holes) giveBack(rows []uint16) {
	for _, row := range rows {
		h.dead[row/64] |= 1 << (row % 64)
	}
	h.count += len(rows)
}

// compact moves the text of a chunk together, without that of deleted rows.
func (c *chunk) compact() {
	var moved []byte
	for _, col := range c.cols {
		if col == nil || !col.Kind().IsVariable() {
			continue
		}
		moved = moved[:0]
		views := col.Views()
		for row := range views {
			v := &views[row]
			if v.Len <= batch.InlineLen || col.IsNull(row) {
				continue
			}
			if c.holes.has(uint32(row)) {
				*v = batch.View{}
				continue
			}
			text := col.Bytes(row)
			v.Off = uint32(len(moved))
			moved = append(moved, text...)
		}
		if own := col.Own(); own != nil {
			own.Data = append(own.Data[:0], moved...)
		}
	}
	c.text -= c.holes.waste
	c.holes.waste = 0
}

// rebuilt returns a nested column of a chunk with rows of src where r.spots says, and without what deleted rows had.
func (r *Rows) rebuilt(c *chunk, old, src *batch.Column, rows []uint16) *batch.Column {
	made := batch.NewColumn(r.pool, old.Type())
	made.Reset(0)
	prune(made, old)
	var one [1]uint16
	next := 0
	for row := range c.n {
		switch {
		case next < len(r.spots) && int(r.spots[next]) == row:
			one[0] = rows[next]
			appendRows(made, src, one[:])
			next++
		case c.holes.has(uint32(row)):
			appendRows[uint16](made, nil, one[:])
		default:
			one[0] = uint16(row)
			appendRows(made, old, one[:])
		}
	}
	old.Release()
	return made
}

// putRows makes the rows at of dst those of src that rows names, where neither is nested. Long text is copied into dst's own buffer.
func putRows(dst, src *batch.Column, at, rows []uint16) {
	if src == nil || src.Kind() == schema.Null {
		for _, to := range at {
			dst.SetNull(int(to))
		}
		return
	}
	if src.HasNulls() || dst.HasNulls() {
		valid := dst.MutableValid()
		for i, row := range rows {
			valid.Put(int(at[i]), !src.IsNull(int(row)))
		}
	}
	switch kind := src.Kind(); {
	case kind == schema.Bool:
		from, to := src.Bits(), dst.Bits()
		for i, row := range rows {
			to.Put(int(at[i]), from.Get(int(row)))
		}
	case kind.IsVariable():
		putText(dst, src, at, rows)
	case kind == schema.Numeric:
		putScales(dst, src, at, rows)
		putValues[batch.UUID](dst, src, at, rows)
	case kind.Width() == 2:
		putValues[int16](dst, src, at, rows)
	case kind.Width() == 4:
		putValues[int32](dst, src, at, rows)
	case kind.Width() == 8:
		putValues[int64](dst, src, at, rows)
	default:
		putValues[batch.UUID](dst, src, at, rows)
	}
}

func putValues[T batch.Fixed](dst, src *batch.Column, at, rows []uint16) {
	from, to := batch.Values[T](src), batch.Values[T](dst)
	at = at[:len(rows)]
	for i, row := range rows {
		to[at[i]] = from[row]
	}
}

func putScales(dst, src *batch.Column, at, rows []uint16) {
	if len(src.Scales()) == 0 && len(dst.Scales()) == 0 && src.Scale() == dst.Scale() {
		return
	}
	scales := dst.MutableScales()
	for i, row := range rows {
		scales[at[i]] = src.ScaleAt(int(row))
	}
}

func putText(dst, src *batch.Column, at, rows []uint16) {
	from := src.Views()
	for i, row := range rows {
		switch v := &from[row]; {
		case src.IsNull(int(row)):
			dst.Views()[at[i]] = batch.View{}
		case v.Len <= batch.InlineLen:
			dst.Views()[at[i]] = *v
		default:
			dst.SetBytes(int(at[i]), src.Bytes(int(row)))
		}
	}
}
