package keyed

import (
	"unsafe"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// NoRow is the number of no row: the end of a chain, and in Gather a row of NULLs.
const NoRow = ^uint32(0)

const (
	chunkShift = 12
	// chunkRows is how many rows a chunk takes at most: what a row number has room for.
	chunkRows = 1 << chunkShift
	// chunkText is how many bytes of long text close a chunk: offsets within it are 32 bits wide.
	chunkText = 64 << 20
	maxChunks = 1<<(32-chunkShift) - 1
)

// Rows keeps whole rows of a schema under row numbers. Rows of one key group lie together, in chunks of columns, in the order in which they came.
// A row number is good until the store, or its group, is freed.
//
// Beside its values a row has links, 32-bit words that hold row numbers, NoRow at first, and a mark, a byte that is 0 at first. They are the
// operator's: a chain of the rows of a key, a flag for rows that found a partner. Snapshots keep them.
type Rows struct {
	name   string
	types  []schema.Type
	pool   *batch.Pool
	budget *limit.Budget
	links  int
	chunks []*chunk
	groups [Groups][]uint32 // chunks of a group
	len    int
	bytes  int64
	shared []*batch.Column // for each column of text: a column without rows that has the buffers of all chunks
	where  places
	parts  dealer
	guard  *Guard
}

// places are the addresses of the memory of all chunks, by chunk, so that a row is found without looking at its chunk.
type places struct {
	values   [][]unsafe.Pointer // by column; nil for nested ones, and where a chunk has not the column
	valid    [][]unsafe.Pointer // by column: bitmaps, nil where a chunk has no NULLs
	nullable []bool             // by column: a chunk has NULLs, or not the column
	scaled   []bool             // by column: a NUMERIC of a chunk has another scale than its type
	links    []unsafe.Pointer
	marks    []unsafe.Pointer
}

// chunk is up to chunkRows rows of one group.
type chunk struct {
	group uint8
	base  uint32 // rows of the group that came before
	n     int
	text  int
	cols  []*batch.Column // nil: nothing reads the column
	links []uint32
	marks []uint8
	bytes int64
}

// NewRows returns an empty store of rows with columns of types, and links links each. name is the operator's, for errors.
func NewRows(pool *batch.Pool, types []schema.Type, links int, name string, budget *limit.Budget) *Rows {
	r := &Rows{name: name, types: types, pool: pool, budget: budget, links: links}
	r.where = places{
		values: make([][]unsafe.Pointer, len(types)), valid: make([][]unsafe.Pointer, len(types)),
		nullable: make([]bool, len(types)), scaled: make([]bool, len(types)),
	}
	r.shared = make([]*batch.Column, len(types))
	for i, t := range types {
		if t.Kind.IsVariable() {
			r.shared[i] = batch.NewColumn(pool, t)
		}
	}
	return r
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.len }

// Bytes returns the memory in use, as reserved.
func (r *Rows) Bytes() int64 { return r.bytes }

// Append keeps the rows of cols that rows names (nil: the first len(ids)) and sets ids to their numbers. hashes say which key group each
// belongs to; nil means group 0. A nil column is one that nothing reads; so it must be in every call. The error is SQLSTATE 53200; rows of the
// call may have been kept.
func (r *Rows) Append(cols []*batch.Column, hashes []uint64, rows []uint16, ids []uint32) error {
	if rows == nil {
		rows = r.parts.all(len(ids))
	}
	if hashes == nil {
		if r.guard != nil {
			if err := r.guard.group(0); err != nil {
				return err
			}
		}
		return r.appendTo(0, cols, rows, ids, nil)
	}
	if r.guard != nil {
		if err := r.guard.keys(hashes); err != nil {
			return err
		}
	}
	r.parts.deal(hashes)
	for _, g := range r.parts.present {
		positions := r.parts.of(g)
		picked := r.parts.pick(rows, positions)
		if err := r.appendTo(g, cols, picked, ids, positions); err != nil {
			return err
		}
	}
	return nil
}

// appendTo appends rows to a group. The number of rows[i] goes to ids[positions[i]], or to ids[i].
func (r *Rows) appendTo(group uint8, cols []*batch.Column, rows []uint16, ids []uint32, positions []uint16) error {
	for done := 0; done < len(rows); {
		number, err := r.open(group, cols)
		if err != nil {
			return err
		}
		c := r.chunks[number]
		take := r.fitting(c, cols, rows[done:])
		if err := r.fill(c, number, cols, rows[done:done+take]); err != nil {
			return err
		}
		for i := range take {
			at := done + i
			if positions != nil {
				at = int(positions[at])
			}
			ids[at] = number<<chunkShift | uint32(c.n-take+i)
		}
		done += take
	}
	return nil
}

// open returns the number of the group's chunk that takes the next row.
func (r *Rows) open(group uint8, cols []*batch.Column) (uint32, error) {
	list := r.groups[group]
	base := uint32(0)
	if last := len(list) - 1; last >= 0 {
		c := r.chunks[list[last]]
		if c.n < chunkRows && c.text < chunkText {
			return list[last], nil
		}
		base = c.base + uint32(c.n)
	}
	if len(r.chunks) >= maxChunks {
		return 0, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s keeps more rows than it can number", r.name)
	}
	c := &chunk{group: group, base: base, cols: make([]*batch.Column, len(r.types))}
	for i, t := range r.types {
		if cols[i] == nil {
			continue
		}
		c.cols[i] = batch.NewColumn(r.pool, t)
		c.cols[i].Reset(0)
		prune(c.cols[i], cols[i])
		if r.shared[i] != nil {
			r.shared[i].AddBuffer(c.cols[i].OwnBuffer(0))
		}
	}
	number := uint32(len(r.chunks))
	r.chunks = append(r.chunks, c)
	r.where.links, r.where.marks = append(r.where.links, nil), append(r.where.marks, nil)
	for i := range r.where.values {
		r.where.values[i], r.where.valid[i] = append(r.where.values[i], nil), append(r.where.valid[i], nil)
	}
	r.groups[group] = append(list, number)
	return number, nil
}

// prune drops the members of rows that src does not have: nothing reads them.
func prune(c, src *batch.Column) {
	switch c.Kind() {
	case schema.Array:
		prune(c.Child(0), src.Child(0))
	case schema.Row:
		for i := range c.Type().Fields {
			switch kid := src.Child(i); {
			case c.Child(i) == nil:
			case kid == nil:
				c.Child(i).Release()
				c.SetChild(i, nil)
			default:
				prune(c.Child(i), kid)
			}
		}
	default:
	}
}

// fitting returns how many of rows go into c, one at least, and counts their text.
func (r *Rows) fitting(c *chunk, cols []*batch.Column, rows []uint16) int {
	n := min(len(rows), chunkRows-c.n)
	text := textBytes(cols, rows[:n])
	if c.text+text > chunkText {
		n = 0
		for text = 0; n < len(rows) && (n == 0 || c.text+text < chunkText); n++ {
			text += textBytes(cols, rows[n:n+1])
		}
	}
	c.text += text
	return n
}

// textBytes returns the bytes that rows take outside views.
func textBytes(cols []*batch.Column, rows []uint16) int {
	total := 0
	for _, c := range cols {
		if c == nil {
			continue
		}
		switch kind := c.Kind(); {
		case kind.IsVariable():
			total += c.TextBytes(rows)
		case kind.IsNested():
			for _, row := range rows {
				total += nestedBytes(c, int(row))
			}
		default:
		}
	}
	return total
}

func nestedBytes(c *batch.Column, row int) int {
	if c == nil || c.IsNull(row) {
		return 0
	}
	total := 0
	switch kind := c.Kind(); {
	case kind.IsVariable():
		total = int(c.Views()[row].Len)
	case kind == schema.Array:
		for e := c.Offsets()[row]; e < c.Offsets()[row+1]; e++ {
			total += 4 + nestedBytes(c.Child(0), int(e))
		}
	case kind == schema.Row:
		for i := range c.Type().Fields {
			total += nestedBytes(c.Child(i), row)
		}
	default:
	}
	return total
}

// fill appends rows to c and reserves what c has grown by.
func (r *Rows) fill(c *chunk, number uint32, cols []*batch.Column, rows []uint16) error {
	bytes := int64(0)
	for i, col := range c.cols {
		if col == nil {
			continue
		}
		appendRows(col, cols[i], rows)
		bytes += col.Footprint()
	}
	for range len(rows) * r.links {
		c.links = append(c.links, NoRow)
	}
	c.marks = append(c.marks, make([]uint8, len(rows))...)
	r.where.note(c, number)
	c.n += len(rows)
	r.len += len(rows)
	bytes += int64(cap(c.links))*numberBytes + int64(cap(c.marks))
	if err := r.budget.Reserve(bytes - c.bytes); err != nil {
		return outOfMemory(r.name, err)
	}
	r.bytes += bytes - c.bytes
	c.bytes = bytes
	return nil
}

// note notes where the memory of a chunk is.
func (p *places) note(c *chunk, number uint32) {
	p.links[number] = unsafe.Pointer(unsafe.SliceData(c.links))
	p.marks[number] = unsafe.Pointer(unsafe.SliceData(c.marks))
	for i, col := range c.cols {
		if col == nil {
			p.nullable[i] = true
			continue
		}
		if valid := col.Valid(); valid != nil {
			p.nullable[i] = true
			p.valid[i][number] = unsafe.Pointer(unsafe.SliceData(valid))
		}
		p.values[i][number] = valuesOf(col)
		if len(col.Scales()) > 0 || col.Scale() != col.Type().Scale {
			p.scaled[i] = true
		}
	}
}

// valuesOf returns the address of the values of a column that has some.
func valuesOf(c *batch.Column) unsafe.Pointer {
	if c.Kind() == schema.Bool {
		return unsafe.Pointer(unsafe.SliceData(c.Bits()))
	}
	switch c.Kind().Width() {
	case 2:
		return unsafe.Pointer(unsafe.SliceData(c.Int16s()))
	case 4:
		return unsafe.Pointer(unsafe.SliceData(batch.Values[int32](c)))
	case 8:
		return unsafe.Pointer(unsafe.SliceData(batch.Values[int64](c)))
	case 16:
		return unsafe.Pointer(unsafe.SliceData(c.UUIDs()))
	default:
		return nil
	}
}

// Link returns link k of a row, good until the next Append to its group.
func (r *Rows) Link(id uint32, k int) *uint32 {
	if invariant.Enabled {
		invariant.Check(k < r.links && int(id&(chunkRows-1)) < r.chunks[id>>chunkShift].n, "link %d of row %d of %d", k, id, r.len)
	}
	return (*uint32)(unsafe.Add(r.where.links[id>>chunkShift], (int(id&(chunkRows-1))*r.links+k)*numberBytes))
}

// Mark returns the mark of a row, good until the next Append to its group.
func (r *Rows) Mark(id uint32) *uint8 {
	if invariant.Enabled {
		invariant.Check(int(id&(chunkRows-1)) < r.chunks[id>>chunkShift].n, "mark of row %d of %d", id, r.len)
	}
	return (*uint8)(unsafe.Add(r.where.marks[id>>chunkShift], id&(chunkRows-1)))
}

// Row returns the columns and the row in them of a row number, to look at: good until the next Append or Free.
func (r *Rows) Row(id uint32) (cols []*batch.Column, row int) {
	return r.chunks[id>>chunkShift].cols, int(id & (chunkRows - 1))
}

// GroupOf returns the key group of a row.
func (r *Rows) GroupOf(id uint32) uint8 { return r.chunks[id>>chunkShift].group }

// Ordinal returns the number of a row within its group, from 0 in the order in which they came: what snapshots call it by.
func (r *Rows) Ordinal(id uint32) uint32 {
	return r.chunks[id>>chunkShift].base + id&(chunkRows-1)
}

// At returns the number of the row of a group that has an ordinal, NoRow if there is none.
func (r *Rows) At(group uint8, ordinal uint32) uint32 {
	list := r.groups[group]
	lo, hi := 0, len(list)
	for lo < hi {
		if mid := (lo + hi) / 2; r.chunks[list[mid]].base <= ordinal {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return NoRow
	}
	c := r.chunks[list[lo-1]]
	if ordinal-c.base >= uint32(c.n) {
		return NoRow
	}
	return list[lo-1]<<chunkShift | (ordinal - c.base)
}

// Scan fills ids with the next rows, by key group and in each in the order in which they came, and returns how many; 0 is the end. Nothing may be
// appended or freed between the calls of one walk.
func (r *Rows) Scan(c *Cursor, ids []uint32) int {
	n := 0
	for c.Group < Groups {
		n += r.scanGroup(uint8(c.Group), &c.at, ids[n:])
		if n == len(ids) {
			return n
		}
		c.Group, c.at = c.Group+1, 0
	}
	return n
}

// scanGroup fills ids with the rows of a group from ordinal *at on.
func (r *Rows) scanGroup(group uint8, at *int, ids []uint32) int {
	n := 0
	for n < len(ids) {
		id := r.At(group, uint32(*at))
		if id == NoRow {
			return n
		}
		c := r.chunks[id>>chunkShift]
		for left := c.n - int(id&(chunkRows-1)); left > 0 && n < len(ids); left-- {
			ids[n] = id
			n, id, *at = n+1, id+1, *at+1
		}
	}
	return n
}

// AppendGroup appends the numbers of a group's rows to ids, in the order in which they came.
func (r *Rows) AppendGroup(ids []uint32, group uint8) []uint32 {
	for _, number := range r.groups[group] {
		for i := range r.chunks[number].n {
			ids = append(ids, number<<chunkShift|uint32(i))
		}
	}
	return ids
}

// Free drops all rows and gives the memory back. The store may be used again. What Gather lent is void.
func (r *Rows) Free() {
	for _, c := range r.chunks {
		c.release()
	}
	for _, s := range r.shared {
		if s != nil {
			s.Reset(0)
		}
	}
	r.budget.Release(r.bytes)
	r.chunks, r.groups, r.len, r.bytes = nil, [Groups][]uint32{}, 0, 0
	r.where.forget()
}

// forget forgets all chunks.
func (p *places) forget() {
	p.links, p.marks = nil, nil
	clear(p.values)
	clear(p.valid)
	clear(p.nullable)
	clear(p.scaled)
}

// Take drops all rows and makes those of from, a store of the same types and budget, its own, under the numbers that they have there; from is
// empty then. What Gather lent is void.
func (r *Rows) Take(from *Rows) {
	r.Free()
	r.chunks, from.chunks = from.chunks, nil
	r.groups, from.groups = from.groups, r.groups
	r.len, from.len = from.len, 0
	r.bytes, from.bytes = from.bytes, 0
	r.shared, from.shared = from.shared, r.shared
	r.where, from.where = from.where, r.where
}

func (c *chunk) release() {
	for _, col := range c.cols {
		if col != nil {
			col.Release()
		}
	}
}
