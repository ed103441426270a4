package jsonfmt

import (
	"math/bits"
	"unsafe"
)

// An index has one bit a byte of text, set where the byte can end a run of plain text: a quote, a backslash, a control character, or a
// byte beyond ASCII. It may have more bits set, since whoever finds one looks at the byte; a bit that is missing would be a mistake.
// It is made a stretch at a time, just ahead of the rows, so that text and index are still in the first-level cache when they are read.
const (
	stretch  = 8 << 10 // bytes of text indexed at once; a multiple of 64
	lookout  = 2 << 10 // how far the index must reach beyond the start of a row before the row is read
	tailStop = ^uint64(0)
)

// indexer writes the index of words*64 bytes from p on.
type indexer func(p unsafe.Pointer, out *uint64, words int)

// indexWords is the indexer in plain Go: eight words of text give eight words of marks, which are laid over each other, so that bit j of
// byte k belongs to byte k of word j, and then turned.
func indexWords(p unsafe.Pointer, out *uint64, words int) {
	for k := range words {
		t := unsafe.Add(p, 64*k)
		x := special(load(t, 0))>>7 | special(load(t, 8))>>6 | special(load(t, 16))>>5 | special(load(t, 24))>>4 |
			special(load(t, 32))>>3 | special(load(t, 40))>>2 | special(load(t, 48))>>1 | special(load(t, 56))
		*(*uint64)(unsafe.Add(unsafe.Pointer(out), 8*k)) = turn(x)
	}
}

// turn swaps bit j of byte k with bit k of byte j (Warren, "Hacker's Delight", 7-3).
func turn(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}

// beginIndex makes an empty index for the block: all bits are set, so that a search stops at once where nothing has been indexed, and
// lateStop sees to it.
func (d *decoder) beginIndex() {
	// One word for the text's last bytes, and two that a load may touch.
	need := len(d.data)>>6 + 3
	if cap(d.index) < need {
		d.index = make([]uint64, max(need, 2*cap(d.index)))
	}
	d.index = d.index[:need]
	d.stops, d.indexed = unsafe.Pointer(unsafe.SliceData(d.index)), 0
	d.index[0] = tailStop
	for n := 1; n < need; n *= 2 {
		copy(d.index[n:], d.index[:n])
	}
}

// extendIndex indexes the next stretch of the block.
func (d *decoder) extendIndex() {
	words := (min(len(d.data)-d.indexed, stretch) + 63) >> 6
	if words > 0 {
		d.indexer(unsafe.Add(d.p, d.indexed), &d.index[d.indexed>>6], words)
		d.indexed += words << 6
	}
}

// stopAt returns the first byte from i on whose bit is set. It may lie at the end of what is indexed.
func (d *decoder) stopAt(i int) int {
	x := *(*uint64)(unsafe.Add(d.stops, i>>3)) >> (uint(i) & 7)
	if x != 0 {
		return i + bits.TrailingZeros64(x)
	}
	return d.farStop(i)
}

// farStop is stopAt where the next bits, at least 57, are not set.
func (d *decoder) farStop(i int) int {
	for i = i&^7 + 64; ; i += 64 {
		if x := *(*uint64)(unsafe.Add(d.stops, i>>3)); x != 0 {
			return i + bits.TrailingZeros64(x)
		}
	}
}

// stringEnd returns the end of the string whose first byte is i: its closing quote, or -1 if a control character comes before. escaped and
// wide tell whether it holds backslashes or bytes beyond ASCII.
func (d *decoder) stringEnd(i int) (end int, escaped, wide bool) {
	if end = d.stopAt(i); at(d.p, end) == '"' {
		return end, false, false
	}
	return stringEnd(d.p, d.lateStop(i))
}

// lateStop is stopAt where that may have come to the end of what was indexed: it indexes more.
func (d *decoder) lateStop(i int) int {
	end := d.stopAt(i)
	for end >= d.indexed && d.indexed < len(d.data) {
		d.extendIndex()
		end = d.stopAt(i)
	}
	return end
}
