package window

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// A restart need not read entries of slices: what slices there are the checkpoint says, and windows read what they need when they are answered, page by page, as if it had left memory. How many entries there are is known
// once the first page was read.

// slicedOutline is the version of what Outline returns: docs/format/manifest.md.
const slicedOutline = 1

// Outline returns the generation of entries, and the slices that there are; see keyed.Outlined.
func (p *slicedPart) Outline() (outline []byte, ok bool) {
	s := p.s
	if s.whole {
		return nil, false
	}
	return appendOutline(binary.AppendUvarint([]byte{slicedOutline}, uint64(s.round)), s.list)
}

// appendOutline appends the slices of a list to an outline, unless that would be too long.
func appendOutline(outline []byte, list []*slice) ([]byte, bool) {
	before := int64(0)
	for _, of := range list {
		if of == nil {
			continue
		}
		outline = binary.AppendVarint(binary.AppendVarint(outline, of.first-before), of.last-of.first)
		if before = of.first; len(outline) > keyed.MostOutline {
			return nil, false
		}
	}
	return outline, true
}

// PostponeSlices leaves entries in the store; see keyed.Outlined. All of a shard of which any are left count as if none were in memory: what is there is found again when it is read.
func (p *slicedPart) PostponeSlices(from uint64, outlines [][]byte) (ok bool, err error) {
	s := p.s
	var all [][2]int64
	round := s.round
	for _, outline := range outlines {
		read, of, ok := readSlicedOutline(outline)
		if !ok {
			return false, nil
		}
		round, all = max(round, read+1), append(all, of...)
	}
	s.round = round
	home := p.Home()
	first := op.GroupOf(max(keyed.ShardFrom(from), home.From))
	for _, ends := range all {
		of := s.openSlice(ends[0], ends[1])
		p.Know(of.last)
		for group := first; ; group++ {
			of.away[group>>6] |= 1 << (group & 63)
			if group == op.GroupOf(home.To) {
				break
			}
		}
		of.unread = true
		s.away.any, s.away.paged = true, true
	}
	return true, nil
}

// readSlicedOutline reads what Outline returned: a number, and the ends of slices.
func readSlicedOutline(outline []byte) (number uint32, all [][2]int64, ok bool) {
	if len(outline) == 0 || outline[0] != slicedOutline {
		return 0, nil, false
	}
	outline = outline[1:]
	v, n := binary.Uvarint(outline)
	if n <= 0 || v > 1<<32-2 {
		return 0, nil, false
	}
	before := int64(0)
	for outline = outline[n:]; len(outline) > 0; {
		first, n := binary.Varint(outline)
		if n <= 0 {
			return 0, nil, false
		}
		last, m := binary.Varint(outline[n:])
		if m <= 0 {
			return 0, nil, false
		}
		outline = outline[n+m:]
		before += first
		all = append(all, [2]int64{before, before + last})
	}
	return uint32(v), all, true
}

// measure notes about how many entries slices have that share their end and were not read before, of which n were read of the key groups of a mask.
func measure(of []*slice, mask [op.KeyGroups / 64]uint64, n int) {
	for _, in := range of {
		if !in.unread {
			continue
		}
		in.unread = false
		in.out = n * countGroups(in.away) / (countGroups(mask) * len(of))
	}
}

// countGroups is how many key groups are in a mask.
func countGroups(mask [op.KeyGroups / 64]uint64) (n int) {
	for _, word := range mask {
		n += bits.OnesCount64(word)
	}
	return n
}

// relist makes the lists of the slices' entries anew, so that windows are answered from them again: nothing is away, and there is memory.
func (s *Sliced) relist() {
	for _, of := range s.list {
		if of != nil {
			of.entries = none
		}
	}
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			r := s.runs.At(key)
			s.enlistChain(r.oldest, r.count)
			s.enlistChain(r.odd, none)
			s.enlistChain(r.open, none)
		}
	}
	s.away.paged = false
}

// enlistChain puts the entries of a chain, at most so many, in the lists of their slices: those of one slice in the order in which they are in the chain.
func (s *Sliced) enlistChain(id, most uint32) {
	chain := s.emit.chain[:0]
	for ; id != none && uint32(len(chain)) < most; id = s.entries.At(id).next { //nolint:gosec // fewer than there are entries
		chain = append(chain, id)
	}
	s.emit.chain = chain
	for _, id := range slices.Backward(chain) {
		e := s.entries.At(id)
		of := s.list[e.slice]
		e.peer, of.entries = of.entries, id
	}
}
