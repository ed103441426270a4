package keyed

import (
	"math/bits"
	"unsafe"

	"wire.example/wire/internal/foundation/memory"
)

// NoSlot is what a lookup answers where there is no key.
const NoSlot = ^uint32(0)

const (
	groupShift = 56 // the key group is the top 8 bits of a hash
	tagShift   = 24 // the tag is the 32 bits below
	tagBits    = 32
	// minIndex is how many places the index of a group has at first.
	minIndex = 16
	// minBlock and maxBlock bound how many slots a group takes at once.
	minBlock = 8
	maxBlock = 1024
)

// group is the part of a table that holds one key group: its slots in the order of insertion. Its index is a head.
type group struct {
	live int
	// order are the slots in the order of insertion, deleted ones included until there are too many.
	order []uint32
	dead  int
	// free are slots that may be used again; next to end are slots that were never used.
	free      []uint32
	next, end uint32
}

// head is the index of a key group: open addressing with linear probing, in one piece of less than memory.BlockLen places, or in blocks of as
// many. A place holds tag<<32 | slot+1, or 0. Its home is at the top bits of a product of the tag, so that an index grows without looking at keys: of the tag itself it would crowd where keys come in the order of their
// hashes, as what is stored does.
type head struct {
	blocks unsafe.Pointer // to the first of the pointers to the pieces
	shift  uint8          // tagBits less the bits of the number of places
}

// nowhere is the index of groups without keys: a place that holds nothing. Nobody writes there.
type nowhere struct {
	places [1]uint64
	blocks [1]unsafe.Pointer
}

func (n *nowhere) head() head {
	n.blocks[0] = unsafe.Pointer(&n.places)
	return head{blocks: unsafe.Pointer(&n.blocks), shift: tagBits}
}

func tagOf(hash uint64) uint32 { return uint32(hash >> tagShift) }

func entryOf(tag, slot uint32) uint64 { return uint64(tag)<<tagBits | uint64(slot+1) }

func slotOf(entry uint64) uint32 { return uint32(entry) - 1 }

// size is the number of places.
func (h *head) size() int { return 1 << (tagBits - h.shift) }

// home is where probing for a tag begins.
func (h *head) home(tag uint32) uint32 { return uint32(uint64(tag*mixTag) >> h.shift) }

// mixTag spreads tags that are near each other: 2^32 over the golden ratio.
const mixTag = 0x9e3779b9

// place returns a place.
func (h *head) place(at uint32) *uint64 {
	block := *(*unsafe.Pointer)(unsafe.Add(h.blocks, uintptr(at/memory.BlockLen)*unsafe.Sizeof(h.blocks)))
	return (*uint64)(unsafe.Add(block, uintptr(at%memory.BlockLen)*wordBytes))
}

// next is the place after at.
func (h *head) next(at uint32) uint32 { return (at + 1) & uint32(h.size()-1) }

// full reports whether the index must grow before another key is put to those that are there: beyond 11/16.
func (h *head) full(live int) bool { return (live+1)*16 > h.size()*11 }

// room is how many keys can be put to those that are there before the index must grow.
func (h *head) room(live int) int { return max(h.size()*11/16-live, 0) }

// put enters a key that is not there yet; there is room.
func (h *head) put(entry uint64) {
	at := h.home(uint32(entry >> tagBits))
	for *h.place(at) != 0 {
		at = h.next(at)
	}
	*h.place(at) = entry
}

// remove takes an entry out, and moves back those behind it that probing would no longer find.
func (h *head) remove(entry uint64) {
	at := h.home(uint32(entry >> tagBits))
	for *h.place(at) != entry {
		at = h.next(at)
	}
	mask := uint32(h.size() - 1)
	for hole := at; ; {
		at = h.next(at)
		e := *h.place(at)
		if e == 0 {
			*h.place(hole) = 0
			return
		}
		if home := h.home(uint32(e >> tagBits)); (at-home)&mask >= (at-hole)&mask {
			*h.place(hole) = e
			hole = at
		}
	}
}

// find returns the first slot from place at on that has a tag, and the place behind it; or NoSlot and the place where it would be put.
func (h *head) find(tag, at uint32) (slot, next uint32) {
	for {
		e := *h.place(at)
		switch {
		case e == 0:
			return NoSlot, at
		case e>>tagBits == uint64(tag):
			return slotOf(e), h.next(at)
		}
		at = h.next(at)
	}
}

// grow doubles the index of a group, or makes it.
func (t *Table) grow(number uint64) error {
	return t.reindex(number, max(minIndex, 2*t.heads[number].size()))
}

// reindex makes the index of a group one of so many places, which its keys fit into.
func (t *Table) reindex(number uint64, places int) error {
	old := t.heads[number]
	grown := head{shift: uint8(tagBits - bits.TrailingZeros(uint(places)))}
	var blocks []unsafe.Pointer
	if places < memory.BlockLen {
		if err := t.reserve(int64(places) * wordBytes); err != nil {
			return err
		}
		blocks = []unsafe.Pointer{unsafe.Pointer(unsafe.SliceData(make([]uint64, places)))}
	}
	for len(blocks)*memory.BlockLen < places && places >= memory.BlockLen {
		block, err := t.blocks.Get()
		if err != nil {
			for _, b := range blocks {
				t.blocks.Put((*[memory.BlockLen]uint64)(b))
			}
			return err
		}
		blocks = append(blocks, unsafe.Pointer(block))
	}
	grown.blocks = unsafe.Pointer(unsafe.SliceData(blocks))
	for at := range uint32(old.size()) {
		if e := *old.place(at); e != 0 {
			grown.put(e)
		}
	}
	t.heads[number] = grown
	t.dropIndex(old)
	return nil
}

// dropIndex gives the memory of an index back.
func (t *Table) dropIndex(h head) {
	switch places := h.size(); {
	case places < minIndex:
	case places < memory.BlockLen:
		t.unreserve(int64(places) * wordBytes)
	default:
		for at := uint32(0); at < uint32(places); at += memory.BlockLen {
			t.blocks.Put((*[memory.BlockLen]uint64)(unsafe.Pointer(h.place(at))))
		}
	}
}

func (t *Table) reserve(bytes int64) error {
	if err := t.budget.Reserve(bytes); err != nil {
		return err
	}
	t.bytes += bytes
	return nil
}

func (t *Table) unreserve(bytes int64) {
	t.budget.Release(bytes)
	t.bytes -= bytes
}
