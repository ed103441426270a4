package over

import (
	"sort"

	"wire.example/wire/sdk/batch"
)

// partition is the partition at hand: rows from start to end of the operator's.
type partition struct {
	start, end int
	ids        []uint32
	// skip is how many of its first rows were emitted before.
	skip int
	// slot and head are, for functions that keep something of the partition from one job to the next, where that is and the first row that there was; fresh is the position of the first row
	// that they have not seen.
	slot, head uint32
	fresh      int
	// groups are the positions of the first rows of groups of peers, in order; found if the operator wants them.
	groups []uint32
}

// findPeers finds the groups of rows that are equal in the order.
func (p *partition) findPeers(o *Operator) error {
	p.groups = p.groups[:0]
	ids, first := p.ids, 0
	if len(o.config.Order) == 0 {
		ids = ids[:1]
	}
	if o.counts != nil && !o.allPeers { // nobody asks for the groups before
		first = p.fresh
	}
	for i := first; i < len(ids); i++ {
		id := ids[i]
		if i > first && o.peers.CompareIDs(o.rows, ids[i-1], id) == 0 {
			continue
		}
		before := cap(p.groups)
		p.groups = append(p.groups, uint32(i)) //nolint:gosec // fewer rows than numbers
		if err := o.memory.grown(p.groups, before); err != nil {
			return err
		}
	}
	return nil
}

// groupEnd is the position behind the last row of a group.
func (p *partition) groupEnd(group int) int {
	if group+1 < len(p.groups) {
		return int(p.groups[group+1])
	}
	return len(p.ids)
}

// piece are the rows of the partition at hand from position from up to, not including, to; at is where they begin in the batch.
type piece struct {
	from, to, at int
	// group, first and last are, for each of them, the number of its group of peers, and the positions of the first row of the group and of that behind
	// its last; if the operator wants them.
	group, first, last [batch.MaxRows]int
}

func (p *piece) len() int { return p.to - p.from }

// peersOf fills in the groups of p.
func (p *partition) peersOf(to *piece) {
	g := sort.Search(len(p.groups), func(g int) bool { return int(p.groups[g]) > to.from }) - 1
	first, last := int(p.groups[g]), p.groupEnd(g)
	for i := range to.len() {
		if to.from+i == last {
			g++
			first, last = last, p.groupEnd(g)
		}
		to.group[i], to.first[i], to.last[i] = g, first, last
	}
}
