package keyed

import (
	"wire.example/wire/internal/foundation/limit"
)

// numbering has, by row, its number among all rows that ever were. Of a chunk whose rows came one after another, with none in between, it keeps that of the first row alone: so it is of most chunks,
// and memory that is not written need not be made zero either. Of the others, those that rows came to in the place of deleted ones above all, it keeps how much each is above the chunk's first.
type numbering struct {
	budget *limit.Budget
	chunks []numbered
	// rows is above all rows.
	rows  int
	bytes int64
}

// numbered are the numbers of the rows of a chunk: that of the first one, which those of the others follow, or of each how much it is above that, or, where one is too far from it, each.
type numbered struct {
	first uint64
	above []int32
	each  []uint64
}

// reaches reports whether a number is near enough to first.
func (c *numbered) reaches(number uint64) bool {
	above := int64(number - c.first)    //nolint:gosec // modulo 2^64
	return above == int64(int32(above)) //nolint:gosec // that is the question
}

// put gives a row a number, for which there is room.
func (c *numbered) put(row uint32, number uint64) {
	if c.each != nil {
		c.each[row] = number
	} else {
		c.above[row] = int32(number - c.first) //nolint:gosec // it reaches
	}
}

// of returns the number of a row.
func (c *numbered) of(row uint32) uint64 {
	switch {
	case c.each != nil:
		return c.each[row]
	case c.above != nil:
		return c.first + uint64(int64(c.above[row])) //nolint:gosec // modulo 2^64
	default:
		return c.first + uint64(row)
	}
}

// rows is how many rows have room for a number of their own.
func (c *numbered) rows() int { return max(len(c.above), len(c.each)) }

// bytes is the memory of numbers.
func (c *numbered) bytes() int64 {
	return int64(len(c.above))*numberBytes + int64(len(c.each))*wordBytes
}

// leastNumbers is how many rows of a chunk have room for a number of their own, at least.
const leastNumbers = 64

func newNumbering(budget *limit.Budget) *numbering { return &numbering{budget: budget} }

// grow says that there are the rows 0 to rows-1.
func (n *numbering) grow(rows int) { n.rows = rows }

// give gives rows the numbers that follow last. The error is a *limit.ExceededError.
func (n *numbering) give(ids []uint32, last uint64) error {
	for len(ids) > 0 {
		done := n.giveSome(ids, last)
		if done == 0 {
			if err := n.set(ids[0], last+1); err != nil {
				return err
			}
			done = 1
		}
		last += uint64(done) //nolint:gosec // not negative
		ids = ids[done:]
	}
	return nil
}

// giveSome is give for the first of ids, all of one chunk, of which nothing else has to be noted. It returns how many these are.
func (n *numbering) giveSome(ids []uint32, last uint64) int {
	chunk := ids[0] >> chunkShift
	if int(chunk) >= len(n.chunks) {
		return 0
	}
	c := &n.chunks[chunk]
	if c.each != nil || !c.reaches(last+uint64(len(ids))) {
		return 0
	}
	first, above := c.first, c.above
	for i, id := range ids {
		last++
		row := id % chunkRows
		switch {
		case id>>chunkShift != chunk:
			return i
		case int(row) < len(above):
			above[row] = int32(last - first) //nolint:gosec // the last one reaches, and the first is above what it gave before
		case above != nil || first+uint64(row) != last:
			return i
		}
	}
	return len(ids)
}

// set gives a row a number. The error is a *limit.ExceededError.
func (n *numbering) set(id uint32, number uint64) error {
	chunk, row := int(id>>chunkShift), id%chunkRows
	for len(n.chunks) <= chunk {
		n.chunks = append(n.chunks, numbered{first: number - uint64(row)})
	}
	c := &n.chunks[chunk]
	if c.rows() == 0 && c.of(row) == number {
		return nil
	}
	if far := c.each == nil && !c.reaches(number); far || int(row) >= c.rows() {
		if err := n.spread(chunk, far || c.each != nil); err != nil {
			return err
		}
	}
	c.put(row, number)
	return nil
}

// spread has each row of a chunk have room for a number of its own, however far from the first it is if far.
func (n *numbering) spread(chunk int, far bool) error {
	c := &n.chunks[chunk]
	room := leastNumbers
	for room < min(chunkRows, n.rows-chunk<<chunkShift) {
		room *= 2
	}
	bytes := int64(room) * numberBytes
	if far {
		bytes = int64(room) * wordBytes
	}
	bytes -= c.bytes()
	if err := n.budget.Reserve(bytes); err != nil {
		return err
	}
	n.bytes += bytes
	wide := numbered{first: c.first}
	if far {
		wide.each = make([]uint64, room)
	} else {
		wide.above = make([]int32, room)
	}
	rows := c.rows()
	if rows == 0 {
		rows = room
	}
	for row := range uint32(rows) { //nolint:gosec // no more than a chunk has
		wide.put(row, c.of(row))
	}
	*c = wide
	return nil
}

// of returns the number of a row.
func (n *numbering) of(id uint32) uint64 { return n.chunks[id>>chunkShift].of(id % chunkRows) }

// Free forgets all numbers, and gives their memory back.
func (n *numbering) Free() {
	n.budget.Release(n.bytes)
	n.chunks, n.rows, n.bytes = nil, 0, 0
}
