package aggregate

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Part is the aggregate of one of many windows: an Operator that its owner drives, who decides when it answers and when its state goes.
type Part struct {
	*Operator
}

// NewPart returns a part, which has Keys; its owner gives it the input of one window. With config.Changes it emits nothing before Announce and flushes only when it is told.
func NewPart(pool *batch.Pool, budget *limit.Budget, config Config) Part {
	p := Part{New(pool, budget, config)}
	p.owned = true
	if p.changes != nil {
		p.changes.patient = true
	}
	return p
}

// What a part takes beside what it reserves, about, in bytes: with the table of its groups, for answers that change, for each table of values that calls have seen, and for the rows of each call that keeps some. Most of that are
// places for each key group.
const (
	partBytes        = 16 << 10
	partChangesBytes = 4 << 10
	partSeenBytes    = 16 << 10
	partRowsBytes    = 10 << 10
	partRankedBytes  = 8 << 10
)

// Unreserved is about how many bytes the part takes beside what it reserves, as soon as it has a few groups: its owner reserves those if there are many parts.
func (p Part) Unreserved() int64 {
	n := int64(partBytes + partSeenBytes*len(p.seen))
	if p.changes != nil {
		n += partChangesBytes
	}
	for _, c := range p.calls {
		if c.ordered == nil {
			continue
		}
		if n += partRowsBytes; c.ordered.ranking != nil {
			n += partRankedBytes
		}
	}
	return n
}

// LetLeave lets groups leave memory, as those of an Operator may: a flush looks at those alone that have changed. It goes before Kept.
func (p Part) LetLeave() {
	if p.changes != nil {
		p.changes.leaving = true
	}
}

// HasValues reports whether the table with number i among Tables is of values that calls have seen: which of those rows need is only known when their groups are there, and so Ask goes before Load.
func (p Part) HasValues(i int) bool { return i > 0 && i <= len(p.seen) }

// Ask says which rows of the window the next Load of values is for, nil for none. They are lent until then.
func (p Part) Ask(in *batch.Batch) { p.asked.in = in }

// SomeAway reports whether some of the groups, or of the rows that calls keep, are in the store alone.
func (p Part) SomeAway() bool { return p.table.HasAway() || p.someRowsAway() }

// Tight reports whether little memory is left.
func (p Part) Tight() bool { return p.table.Tight() }

// RangeFrom returns the end of a range of hashes that begins with from, of about as many groups as should be in memory at once with the rows that calls keep of them.
func (p Part) RangeFrom(from uint64) (to uint64) {
	to = p.table.RangeFrom(from)
	for _, c := range p.calls {
		if c.ordered != nil {
			to = min(to, c.ordered.rows.RangeFrom(from))
		}
	}
	return to
}

// Hold lets the part take rows without noting what changes: nobody has been told of any group.
func (p Part) Hold() { p.changes.quiet = true }

// Announce ends Hold: the next flush tells of all groups.
func (p Part) Announce() error {
	p.changes.quiet = false
	for group := range op.KeyGroups {
		if _, err := p.AnnounceGroup(op.KeyGroup(group)); err != nil { //nolint:gosec // below 256
			return err
		}
	}
	return nil
}

// AnnounceGroup ends Hold and has the next flush tell of the groups in a key group; it returns how many those are.
func (p Part) AnnounceGroup(group op.KeyGroup) (int, error) {
	p.changes.quiet = false
	var slots []uint32
	for slot := range p.table.Slots(uint8(group)) {
		slots = append(slots, slot)
	}
	if len(slots) == 0 {
		return 0, nil
	}
	return len(slots), op.OutOfMemory(p.config.Name, p.changes.touch(slots))
}

// AnnounceRange has the next flush tell of the groups in memory with hashes from..to that nobody was told of. Hold is over.
func (p Part) AnnounceRange(from, to uint64) error {
	var slots []uint32
	for slot := range p.slotsIn(from, to) {
		if *p.changes.marks.At(slot)&(lasting|touched) == 0 {
			slots = append(slots, slot)
		}
	}
	if len(slots) == 0 {
		return nil
	}
	return op.OutOfMemory(p.config.Name, p.changes.touch(slots))
}

// Left is what is known of the groups that Restored had leave memory again, since what belongs to them was not restored.
func (p Part) Left() Passed { return p.passed }

// Told reports whether anybody was told of a group in a key group: of all those that there are, then, if it was restored from what a barrier stored.
func (p Part) Told(group op.KeyGroup) bool {
	for slot := range p.table.Slots(uint8(group)) {
		if *p.changes.marks.At(slot)&lasting != 0 {
			return true
		}
	}
	return false
}

// Release ends Hold, without telling of any group.
func (p Part) Release() { p.changes.quiet = false }

// Touched is how many groups the next flush looks at.
func (p Part) Touched() int {
	if p.changes == nil || p.changes.used == 0 {
		return 0
	}
	last := p.changes.used - 1
	return last*pieceGroups + len(p.changes.pieces[last].slots)
}

// Drop forgets everything and gives the memory back. The part is as new then.
func (p Part) Drop() {
	p.free()
	if p.changes != nil {
		c := p.changes
		c.quiet, c.flushing, c.used, c.next = false, false, 0, 0
	}
	p.walk = walk{memory: p.walk.memory[:0], slots: p.walk.slots[:0]}
	if p.numbers != nil {
		p.numbers.next = [keyed.Groups]int64{}
	}
	p.groupTable.giveBack()
	p.ranges, p.asked.in, p.passed = nil, nil, Passed{}
	p.ended, p.over, p.hasEmpty, p.started = false, false, false, false
}

// Same reports whether two values of one type look the same: 1.0 is not 1.00, but NaN is NaN.
func Same(a *batch.Column, i int, b *batch.Column, j int) bool { return sameValue(a, i, b, j) }

// GatherTwo makes out the rows of first and, numbered behind those, of second that picks names. Text of second may be put behind that of first.
func GatherTwo(out, first, second *batch.Column, picks []uint16) {
	gatherTwo(out, first, second, picks)
}

// MarkDiffering sets differs of the positions whose row in before, by images, does not look like the one that they have in after.
func MarkDiffering(before, after *batch.Column, images []int16, positions []uint16, differs []bool) {
	markDiffering(before, after, images, positions, differs)
}
