package keyed

import (
	"slices"
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

// Rows keeps whole rows of a schema under row numbers, in chunks of columns, in the order in which they come. It knows the key group of each and
// goes through the rows of one group in that order. A row number is good until the row is deleted or the store freed; numbers grow as rows come, until
// rows are deleted.
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
	groups byGroup
	len    int
	bytes  int64
	shared []*batch.Column // for each column of text: a column without rows that has the buffers of all chunks
	where  places
	guard  *Guard
	came   func()   // is called when a Load is over; nil: nothing is
	all    []uint16 // the numbers from 0 on
	long   bool     // a column may have long text
	plain  bool     // of all columns: see isPlain
	// reusable are the chunks of which enough rows were deleted; spots are those of them that rows are being put in.
	reusable []uint32
	spots    []uint16

	extras Extras
	slice  int64
	label  []byte
	kept   *keptRows // nil: changes are not noted
	away   *away     // nil: all rows are in memory
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

// chunk is up to chunkRows rows.
type chunk struct {
	base   uint32 // rows that came before
	n      int
	text   int             // bytes of long text
	cols   []*batch.Column // nil: nothing reads the column
	groups []uint8         // key groups; nil while all rows of the store are of group 0
	links  []uint32
	marks  []uint8
	bytes  int64
	holes  holes
}

// NewRows returns an empty store of rows with columns of types, and links links each. name is the operator's, for errors.
func NewRows(pool *batch.Pool, types []schema.Type, links int, name string, budget *limit.Budget) *Rows {
	r := &Rows{name: name, types: types, pool: pool, budget: budget, links: links}
	r.where = places{
		values: make([][]unsafe.Pointer, len(types)), valid: make([][]unsafe.Pointer, len(types)),
		nullable: make([]bool, len(types)), scaled: make([]bool, len(types)),
	}
	r.shared, r.plain = make([]*batch.Column, len(types)), true
	for i, t := range types {
		if t.Kind.IsVariable() {
			r.shared[i] = batch.NewColumn(pool, t)
		}
		r.plain = r.plain && isPlain(t.Kind)
		r.long = r.long || t.Kind.IsVariable() || t.Kind.IsNested()
	}
	return r
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.len }

// Limit returns a number above every row number in use: what slabs beside the rows must have room for.
func (r *Rows) Limit() int { return len(r.chunks) << chunkShift }

// bound is the least such number: what is noted of each row need not have room for the rows that the last chunk has not yet. There may be very many stores of few rows.
func (r *Rows) bound() int {
	last := len(r.chunks) - 1
	if last < 0 {
		return 0
	}
	return last<<chunkShift + r.chunks[last].n
}

// Bytes returns the memory in use, as reserved.
func (r *Rows) Bytes() int64 { return r.bytes }

// Append keeps the rows of cols that rows names (nil: the first len(ids)) and sets ids to their numbers. hashes say which key group each
// belongs to; nil means group 0. A nil column is one that nothing reads; so it must be in every call. The error is SQLSTATE 53200; rows of the
// call may have been kept.
func (r *Rows) Append(cols []*batch.Column, hashes []uint64, rows []uint16, ids []uint32) error {
	if r.guard != nil {
		if err := r.guardAppend(hashes); err != nil {
			return err
		}
	}
	if rows == nil {
		rows = r.allRows(len(ids))
	}
	if hashes != nil {
		r.group()
	}
	for done := 0; done < len(rows); {
		if len(r.reusable) > 0 {
			var part []uint64
			if hashes != nil {
				part = hashes[done:]
			}
			n, err := r.refill(cols, part, rows[done:], ids[done:])
			if err != nil {
				return err
			}
			done += n
			continue
		}
		number, err := r.open(cols)
		if err != nil {
			return err
		}
		c := r.chunks[number]
		to := done + r.fitting(c, cols, rows[done:])
		first := number<<chunkShift | uint32(c.n)
		for i := done; i < to; i++ {
			ids[i] = first + uint32(i-done)
			if hashes != nil {
				c.groups = append(c.groups, uint8(hashes[i]>>groupShift))
			} else if r.groups.known {
				c.groups = append(c.groups, 0)
			}
		}
		if err := r.fill(c, number, cols, rows[done:to]); err != nil {
			return err
		}
		done = to
	}
	if r.kept != nil {
		if err := r.kept.enter(r.bound(), ids[:len(rows)], hashes); err != nil {
			return outOfMemory(r.name, err)
		}
	}
	return nil
}

// guardAppend asks the guard for the groups that rows are appended to.
func (r *Rows) guardAppend(hashes []uint64) error {
	if hashes == nil {
		return r.guard.group(0)
	}
	return r.guard.keys(hashes)
}

// allRows returns the numbers from 0 to n-1.
func (r *Rows) allRows(n int) []uint16 {
	r.all = slices.Grow(r.all, max(0, n-len(r.all)))
	for len(r.all) < n {
		r.all = append(r.all, uint16(len(r.all)))
	}
	return r.all[:n]
}

// open returns the number of the chunk that takes the next row.
func (r *Rows) open(cols []*batch.Column) (uint32, error) {
	base := uint32(0)
	if last := len(r.chunks) - 1; last >= 0 {
		c := r.chunks[last]
		if c.n < chunkRows && c.text < chunkText {
			return uint32(last), nil
		}
		base = c.base + uint32(c.n)
	}
	if len(r.chunks) >= maxChunks {
		return 0, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s keeps more rows than it can number", r.name)
	}
	c := &chunk{base: base, cols: make([]*batch.Column, len(r.types))}
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
	r.chunks = append(r.chunks, c)
	r.where.links, r.where.marks = append(r.where.links, nil), append(r.where.marks, nil)
	for i := range r.where.values {
		r.where.values[i], r.where.valid[i] = append(r.where.values[i], nil), append(r.where.valid[i], nil)
	}
	return uint32(len(r.chunks) - 1), nil
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
	if !r.long {
		return n
	}
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

// fill appends rows to c and reserves what c has grown by.
func (r *Rows) fill(c *chunk, number uint32, cols []*batch.Column, rows []uint16) error {
	r.spareText(c, cols, rows)
	for i, col := range c.cols {
		if col != nil {
			appendRows(col, cols[i], rows)
		}
	}
	for range len(rows) * r.links {
		c.links = append(c.links, NoRow)
	}
	c.marks = append(c.marks, make([]uint8, len(rows))...)
	c.n += len(rows)
	r.len += len(rows)
	return r.settle(c, number)
}

// Where text of a chunk would grow by more than one part in littleShare of what is left of the budget, it grows by what it needs and by littleText.
const (
	littleShare = 16
	littleText  = 64 << 10
	mostLittle  = 8 << 20 // chunks have less text, as a rule
)

// spareText makes room for the text of rows, if that would take much of what is left of the budget.
func (r *Rows) spareText(c *chunk, cols []*batch.Column, rows []uint16) {
	little := r.budget.Available() / littleShare
	if !r.long || little > mostLittle {
		return
	}
	for i, col := range c.cols {
		if col == nil || cols[i] == nil || !col.Kind().IsVariable() {
			continue
		}
		if own := col.OwnBuffer(0); int64(cap(own.Data)) > little {
			if need := cols[i].TextBytes(rows); cap(own.Data)-len(own.Data) < need {
				own.GrowLittle(need + littleText)
			}
		}
	}
}

// settle notes where the memory of a chunk is now, and reserves what it has grown by.
func (r *Rows) settle(c *chunk, number uint32) error {
	r.where.note(c, number)
	bytes := int64(len(c.holes.dead)) * wordBytes
	for _, col := range c.cols {
		if col != nil {
			bytes += col.Footprint()
		}
	}
	bytes += int64(cap(c.links))*numberBytes + int64(cap(c.marks)) + int64(len(c.groups))*listedBytes
	if added := bytes - c.bytes; added < 0 {
		r.budget.Release(-added)
	} else if err := r.budget.Reserve(added); err != nil {
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

// Free drops all rows and gives the memory back. The store may be used again. What Gather lent is void.
func (r *Rows) Free() {
	if r.kept != nil {
		r.kept.clear()
		r.kept.hashes.free()
		r.kept.numbers.Free()
	}
	if r.away != nil {
		r.away.forget()
	}
	r.release()
}

// release gives the memory of all rows back.
func (r *Rows) release() {
	for _, c := range r.chunks {
		c.release()
	}
	for _, s := range r.shared {
		if s != nil {
			s.Reset(0)
		}
	}
	r.budget.Release(r.bytes)
	r.chunks, r.groups, r.len, r.bytes, r.reusable = nil, byGroup{}, 0, 0, nil
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

// Fresh returns an empty store of the same kind, for Take.
func (r *Rows) Fresh() *Rows {
	fresh := NewRows(r.pool, r.types, r.links, r.name, r.budget)
	if k := r.kept; k != nil {
		fresh.SetExtras(k.extras)
		fresh.SetSlice(r.slice, r.label)
		fresh.Keep(k.home)
	}
	return fresh
}

// Take drops all rows and makes those of from, which Fresh returned, its own, under the numbers that they have there; from is empty then, and done with. What Gather lent is void.
func (r *Rows) Take(from *Rows) {
	r.Free()
	if r.kept != nil {
		r.kept.take(from.kept)
	}
	r.chunks, from.chunks = from.chunks, nil
	r.groups, from.groups = from.groups, byGroup{}
	r.len, from.len = from.len, 0
	r.bytes, from.bytes = from.bytes, 0
	r.reusable, from.reusable = from.reusable, nil
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
