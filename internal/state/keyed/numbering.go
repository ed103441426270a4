package keyed

import (
	"wire.example/wire/internal/foundation/limit"
)

// numbering has, by row, its number among all rows that ever were. Of a chunk whose rows came one after another, with none in between, it keeps that of the first row alone: so it is of most chunks,
// and memory that is not written need not be made zero either. Of the others, those that rows came to in the place of deleted ones above all, it keeps each.
type numbering struct {
	budget *limit.Budget
	chunks []numbered
	// rows is above all rows.
	rows  int
	bytes int64
}

// numbered are the numbers of the rows of a chunk: that of the first one, which those of the others follow, or each.
type numbered struct {
	first uint64
	each  []uint64
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
	first, each := n.chunks[chunk].first, n.chunks[chunk].each
	for i, id := range ids {
		last++
		row := id % chunkRows
		switch {
		case id>>chunkShift != chunk:
			return i
		case int(row) < len(each):
			each[row] = last
		case each != nil || first+uint64(row) != last:
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
	if c.each == nil && c.first+uint64(row) == number {
		return nil
	}
	if int(row) >= len(c.each) {
		if err := n.spread(chunk); err != nil {
			return err
		}
	}
	c.each[row] = number
	return nil
}

// spread has each row of a chunk have room for a number of its own.
func (n *numbering) spread(chunk int) error {
	c := &n.chunks[chunk]
	room := leastNumbers
	for room < min(chunkRows, n.rows-chunk<<chunkShift) {
		room *= 2
	}
	bytes := int64(room-len(c.each)) * wordBytes
	if err := n.budget.Reserve(bytes); err != nil {
		return err
	}
	n.bytes += bytes
	each := make([]uint64, room)
	if c.each == nil {
		for row := range each {
			each[row] = c.first + uint64(row) //nolint:gosec // not negative
		}
	}
	copy(each, c.each)
	c.each = each
	return nil
}

// of returns the number of a row.
func (n *numbering) of(id uint32) uint64 {
	c := &n.chunks[id>>chunkShift]
	if c.each == nil {
		return c.first + uint64(id%chunkRows)
	}
	return c.each[id%chunkRows]
}

// Free forgets all numbers, and gives their memory back.
func (n *numbering) Free() {
	n.budget.Release(n.bytes)
	n.chunks, n.rows, n.bytes = nil, 0, 0
}
