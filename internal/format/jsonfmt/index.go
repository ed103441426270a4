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

// movemask collects the high bits of the eight bytes of a word that has no others, times it, in the top byte.
const movemask = 0x0002040810204081

// indexWords is the indexer in plain Go.
func indexWords(p unsafe.Pointer, out *uint64, words int) {
	for k := range words {
		text := unsafe.Add(p, 64*k)
		word := uint64(0)
		for j := 56; j >= 0; j -= 8 {
			word = word<<8 | special(load(text, j))*movemask>>56
		}
		*(*uint64)(unsafe.Add(unsafe.Pointer(out), 8*k)) = word
	}
}

// beginIndex makes an empty index for the block.
func (d *decoder) beginIndex() {
	// One word for the text's last bytes, one to stop at, and one that a load may touch.
	if need := len(d.data)>>6 + 3; cap(d.index) < need {
		d.index = make([]uint64, max(need, 2*cap(d.index)))
	}
	d.index = d.index[:cap(d.index)]
	d.stops = unsafe.Pointer(unsafe.SliceData(d.index))
	d.indexed = 0
	d.index[0], d.index[1] = tailStop, tailStop
}

// extendIndex indexes the next stretch of the block. Behind it stand bits that stop every search.
func (d *decoder) extendIndex() {
	from := d.indexed >> 6
	words := (min(len(d.data)-d.indexed, stretch) + 63) >> 6
	if words <= 0 {
		return
	}
	d.indexer(unsafe.Add(d.p, d.indexed), &d.index[from], words)
	d.indexed += words << 6
	d.index[from+words], d.index[from+words+1] = tailStop, tailStop
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
