package keyed

import (
	"iter"
	"slices"
)

// listedBytes is what is reserved for a row whose group is known: the group, and the row's number in the list of its group.
const listedBytes = 1 + 2*numberBytes

// byGroup are the rows of each key group, in the order in which they came. The lists are made when somebody asks for them, and then only of the
// rows that came since.
type byGroup struct {
	known bool // there were rows with hashes, or some were deleted
	stale bool // rows were deleted, or put in their place, since the lists were made
	lists [Groups][]uint32
	chunk int // the rows before row at of this chunk are listed
	at    int
}

// group begins to note the groups of rows; those that are there are of group 0.
func (r *Rows) group() {
	if r.groups.known {
		return
	}
	r.groups.known = true
	for _, c := range r.chunks {
		c.groups = make([]uint8, c.n)
	}
}

// list returns the rows of a group, in a store that knows the groups of its rows.
func (r *Rows) list(group uint8) []uint32 {
	g := &r.groups
	if g.stale {
		for i := range g.lists {
			g.lists[i] = g.lists[i][:0]
		}
		g.stale, g.chunk, g.at = false, 0, 0
	}
	for g.chunk < len(r.chunks) {
		c := r.chunks[g.chunk]
		for ; g.at < c.n; g.at++ {
			number := c.groups[g.at]
			if c.holes.has(uint32(g.at)) {
				continue
			}
			g.lists[number] = append(g.lists[number], uint32(g.chunk)<<chunkShift|uint32(g.at))
		}
		if g.chunk == len(r.chunks)-1 {
			break // it may take more rows
		}
		g.chunk, g.at = g.chunk+1, 0
	}
	return g.lists[group]
}

// count returns the number of rows of a group.
func (r *Rows) count(group uint8) int {
	switch {
	case r.groups.known:
		return len(r.list(group))
	case group == 0:
		return r.len
	default:
		return 0
	}
}

// GroupOf returns the key group of a row.
func (r *Rows) GroupOf(id uint32) uint8 {
	if !r.groups.known {
		return 0
	}
	return r.chunks[id>>chunkShift].groups[id&(chunkRows-1)]
}

// Ordinal returns the number of a row within its group, from 0 in the order in which they came: what snapshots call it by.
func (r *Rows) Ordinal(id uint32) uint32 {
	if !r.groups.known {
		return r.chunks[id>>chunkShift].base + id&(chunkRows-1)
	}
	at, _ := slices.BinarySearch(r.list(r.GroupOf(id)), id)
	return uint32(at)
}

// At returns the number of the row of a group that has an ordinal, NoRow if there is none.
func (r *Rows) At(group uint8, ordinal uint32) uint32 {
	if uint64(ordinal) >= uint64(r.count(group)) {
		return NoRow
	}
	if r.groups.known {
		return r.groups.lists[group][ordinal]
	}
	lo, hi := 0, len(r.chunks) // the chunk is one of these
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; r.chunks[mid].base <= ordinal {
			lo = mid
		} else {
			hi = mid
		}
	}
	return uint32(lo)<<chunkShift | (ordinal - r.chunks[lo].base)
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

// scanGroup fills ids with the rows of a group from ordinal *at on, and moves it behind them.
func (r *Rows) scanGroup(group uint8, at *int, ids []uint32) int {
	if r.groups.known {
		n := copy(ids, r.list(group)[*at:])
		*at += n
		return n
	}
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

// ids goes through the rows of a group, in the order in which they came.
func (r *Rows) ids(group uint8) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		var step [256]uint32
		for at := 0; ; {
			n := r.scanGroup(group, &at, step[:])
			if n == 0 {
				return
			}
			for _, id := range step[:n] {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// AppendGroup appends the numbers of a group's rows to ids, in the order in which they came.
func (r *Rows) AppendGroup(ids []uint32, group uint8) []uint32 {
	return slices.AppendSeq(ids, r.ids(group))
}

// CountGroups returns how many rows each key group has.
func (r *Rows) CountGroups() (counts [Groups]int) {
	if !r.groups.known {
		counts[0] = r.len
		return counts
	}
	for _, c := range r.chunks {
		for row, g := range c.groups {
			if !c.holes.has(uint32(row)) { //nolint:gosec // a row of a chunk
				counts[g]++
			}
		}
	}
	return counts
}
