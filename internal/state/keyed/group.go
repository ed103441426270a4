package keyed

import "math/bits"

// NoSlot is what a lookup answers where there is no key.
const NoSlot = ^uint32(0)

const (
	groupShift = 56 // the key group is the top 8 bits of a hash
	tagShift   = 24 // the tag is the 32 bits below
	// minIndex is how many places the index of a group has at first.
	minIndex = 16
	// minBlock and maxBlock bound how many slots a group takes at once.
	minBlock = 8
	maxBlock = 1024
)

// group is the part of a table that holds one key group: an index of open addressing, and its slots in the order of insertion.
//
// An entry of the index is tag<<32 | slot+1, 0 where there is none. Its home is at the top bits of the tag, so that an index grows
// without looking at the keys. Probing is linear.
type group struct {
	index []uint64
	shift uint8 // 32 less the bits of the index
	live  int
	// order are the slots in the order of insertion, deleted ones included until there are too many.
	order []uint32
	dead  int
	// free are slots that may be used again; next to end are slots that were never used.
	free      []uint32
	next, end uint32
}

func tagOf(hash uint64) uint32 { return uint32(hash >> tagShift) }

func entryOf(tag, slot uint32) uint64 { return uint64(tag)<<32 | uint64(slot+1) }

func slotOf(entry uint64) uint32 { return uint32(entry) - 1 }

// full reports whether the index must grow before another key is put in: beyond 11/16.
func (g *group) full() bool { return (g.live+1)*16 > len(g.index)*11 }

// put enters a key that is not in the index yet; there is room.
func (g *group) put(tag, slot uint32) {
	mask := uint32(len(g.index) - 1)
	pos := tag >> g.shift
	for g.index[pos] != 0 {
		pos = (pos + 1) & mask
	}
	g.index[pos] = entryOf(tag, slot)
}

// rebuild moves the entries into index, whose length is a power of two.
func (g *group) rebuild(index []uint64) {
	old := g.index
	g.index = index
	g.shift = uint8(32 - bits.TrailingZeros(uint(len(index))))
	for _, e := range old {
		if e != 0 {
			g.put(uint32(e>>32), slotOf(e))
		}
	}
}

// remove takes the entry of slot out, and moves back those behind it that probing would no longer find.
func (g *group) remove(tag, slot uint32) {
	mask := uint32(len(g.index) - 1)
	pos := tag >> g.shift
	for want := entryOf(tag, slot); g.index[pos] != want; {
		pos = (pos + 1) & mask
	}
	for hole := pos; ; {
		pos = (pos + 1) & mask
		e := g.index[pos]
		if e == 0 {
			g.index[hole] = 0
			return
		}
		home := uint32(e>>32) >> g.shift
		if (pos-home)&mask >= (pos-hole)&mask {
			g.index[hole], hole = e, pos
		}
	}
}
