package aggregate

import (
	"encoding/binary"
	"math/bits"

	"wire.example/wire/sdk/sqlstate"
)

// Text and other values of any length lie in an arena, in blocks of a power of two bytes, so that cells have no pointers and what one slot gives back
// another can use.
const (
	minBlockBits = 4  // 16 bytes
	maxPageBits  = 18 // a page of 256 KiB; larger blocks have pages of their own
	minPageBits  = 10
	// maxBlock is the longest content of a block, in bytes: PostgreSQL's limit of a value.
	maxBlock = 1<<30 - 1
)

// block is a piece of an arena: bits bytes as a power of two, of which n are in use. The zero block is empty and has no memory.
type block struct {
	page, off uint32
	n         uint32
	bits      uint8
}

// arena lends blocks.
type arena struct {
	memory *account
	pages  [][]byte
	// shared is the number of the page that small blocks are cut from, once open; used is how much of it is taken.
	used, shared int
	open         bool
	// free heads the lists of idle blocks by size; each block's first 8 bytes lead to the next, as page number + 1 and offset.
	free [maxPageBits + 1]uint64
	// gaps are the numbers of pages that were given back.
	gaps []uint32
}

// bytes returns the content of b, lent until the next call that changes the arena.
func (a *arena) bytes(b *block) []byte {
	if b.n == 0 {
		return nil
	}
	return a.pages[b.page][b.off : b.off+b.n]
}

// set makes data the content of b.
func (a *arena) set(b *block, data []byte) error {
	b.n = 0
	return a.append(b, data)
}

// append puts data behind the content of b.
func (a *arena) append(b *block, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := a.reserve(b, len(data)); err != nil {
		return err
	}
	at := b.off + b.n
	copy(a.pages[b.page][at:], data)
	b.n += uint32(len(data)) //nolint:gosec // reserve has checked it
	return nil
}

// reserve makes room for n more bytes behind the content of b.
func (a *arena) reserve(b *block, n int) error {
	need := int(b.n) + n
	if need > maxBlock {
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "a value of an aggregate exceeds the maximum allowed length (1073741823 bytes)")
	}
	if b.bits != 0 && need <= 1<<b.bits {
		return nil
	}
	grown, err := a.take(max(minBlockBits, bits.Len(uint(need-1)))) //nolint:gosec // positive
	if err != nil {
		return err
	}
	copy(a.pages[grown.page][grown.off:], a.bytes(b))
	grown.n = b.n
	a.drop(b)
	*b = grown
	return nil
}

// take returns an empty block of 1<<size bytes.
func (a *arena) take(size int) (block, error) {
	if size > maxPageBits {
		page, err := a.newPage(size)
		return block{page: page, bits: uint8(size)}, err //nolint:gosec // at most 30
	}
	if head := a.free[size]; head != 0 {
		b := block{page: uint32(head>>32) - 1, off: uint32(head), bits: uint8(size)} //nolint:gosec // halves of a word
		a.free[size] = binary.LittleEndian.Uint64(a.pages[b.page][b.off:])
		return b, nil
	}
	if !a.open || a.used+1<<size > len(a.pages[a.shared]) {
		if err := a.sharedPage(size); err != nil {
			return block{}, err
		}
	}
	b := block{page: uint32(a.shared), off: uint32(a.used), bits: uint8(size)} //nolint:gosec // small
	a.used += 1 << size
	return b, nil
}

// sharedPage begins a page for blocks; pages double in size.
func (a *arena) sharedPage(size int) error {
	next := minPageBits
	if a.open {
		a.scrap()
		next = min(maxPageBits, bits.Len(uint(len(a.pages[a.shared])))) //nolint:gosec // a length
	}
	page, err := a.newPage(max(next, size))
	if err == nil {
		a.shared, a.used, a.open = int(page), 0, true
	}
	return err
}

// scrap makes idle blocks of what is left of the shared page.
func (a *arena) scrap() {
	end := len(a.pages[a.shared])
	for a.used+1<<minBlockBits <= end {
		size := min(bits.TrailingZeros(uint(a.used)|1<<maxPageBits), bits.Len(uint(end-a.used))-1) //nolint:gosec // offsets
		a.drop(&block{page: uint32(a.shared), off: uint32(a.used), bits: uint8(size)})             //nolint:gosec // small
		a.used += 1 << size
	}
}

// newPage makes a page of 1<<size bytes.
func (a *arena) newPage(size int) (uint32, error) {
	if err := a.memory.take(1 << size); err != nil {
		return 0, err
	}
	page := make([]byte, 1<<size)
	if k := len(a.gaps); k > 0 {
		n := a.gaps[k-1]
		a.gaps = a.gaps[:k-1]
		a.pages[n] = page
		return n, nil
	}
	a.pages = append(a.pages, page)
	return uint32(len(a.pages) - 1), nil //nolint:gosec // far below 2^32
}

// drop gives the memory of b back and makes it the zero block.
func (a *arena) drop(b *block) {
	switch {
	case b.bits == 0:
	case b.bits > maxPageBits:
		a.memory.give(1 << b.bits)
		a.pages[b.page] = nil
		a.gaps = append(a.gaps, b.page)
	default:
		binary.LittleEndian.PutUint64(a.pages[b.page][b.off:], a.free[b.bits])
		a.free[b.bits] = uint64(b.page+1)<<32 | uint64(b.off)
	}
	*b = block{}
}
