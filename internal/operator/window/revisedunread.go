package window

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// A restart need not read the cells of slices: what slices there are the checkpoint says, and keys are read when rows come for them, or when all groups are told of a window, as if they had left memory.

// revisedOutline is the version of what Outline returns: docs/format/manifest.md.
const revisedOutline = 1

// What Outline says beside the slices.
const (
	// outlineWaits: rows wait to be told of.
	outlineWaits = 1 << iota
	// outlineTold: it is known how far windows have closed, of all key groups that there is something of.
	outlineTold
	outlineMarks = outlineWaits | outlineTold
)

// Outline returns what is known of the cells, and the slices that there are; see keyed.Outlined.
func (p *revisedPart) Outline() (outline []byte, ok bool) {
	r := p.r
	if !r.Leaves() {
		return nil, false
	}
	marks := uint64(0)
	if len(r.waiting.list) > 0 || r.mustHear() {
		marks |= outlineWaits
	}
	if r.fired != math.MinInt64 && !r.stale && (r.away == nil || r.away.unaware.none()) {
		marks |= outlineTold
	}
	return appendOutline(binary.AppendUvarint([]byte{revisedOutline}, marks), r.list)
}

// PostponeSlices leaves cells in the store; see keyed.Outlined. All of a shard of which any are left count as if none were in memory.
func (p *revisedPart) PostponeSlices(from uint64, outlines [][]byte) (ok bool, err error) {
	r := p.r
	var all [][2]int64
	waits, told := false, true
	for _, outline := range outlines {
		marks, of, ok := readSlicedOutline(outline)
		if !ok || marks > outlineMarks || !r.Leaves() {
			return false, nil
		}
		waits, told, all = waits || marks&outlineWaits != 0, told && marks&outlineTold != 0, append(all, of...)
	}
	home := p.Home()
	var left groupSet
	for group := op.GroupOf(max(keyed.ShardFrom(from), home.From)); ; group++ {
		if left.add(uint8(group)); group == op.GroupOf(home.To) {
			break
		}
	}
	for _, ends := range all {
		at := r.known(ends[0], ends[1])
		p.Know(at.last)
		marks := groupSet(at.away)
		marks.addAll(left)
		at.away, at.unread = marks, true
		r.away.any = true
	}
	if r.away.told = told; waits {
		r.away.unheard.addAll(left)
	}
	return true, nil
}
