package aggregate

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// What is known of a group's answer.
const (
	// shown: a row with the answer was emitted and not taken back.
	shown = 1 << iota
	// failing: the answer could not be given when it was asked for last, and that was said.
	failing
	// touched: the group is among those that the next flush looks at. Not part of snapshots.
	touched
	// lasting are the marks that snapshots keep.
	lasting = shown | failing
)

const (
	// pieceGroups is how many groups a piece has: as many as give a full batch when each changes.
	pieceGroups = batch.MaxRows / 2
	// mostTouched is how many groups may be touched before the operator flushes by itself.
	mostTouched = 8 * pieceGroups
)

// changes remembers which groups were touched since the last flush and what their answers were before, and makes changes of that.
type changes struct {
	groups *groups
	// upsert: nobody needs the answers as they were. images: they are remembered, since somebody does, or for what is stored.
	upsert, images bool
	// quiet: groups are not noted as touched. patient: the owner says when to flush. leaving: groups leave memory nevertheless. See Part.
	quiet, patient, leaving bool
	marks                   *keyed.Slab[uint8]
	// places are, where groups may wait across barriers, their places in pieces while they are touched.
	places *keyed.Slab[uint32]
	pieces []*piece
	// used is how many pieces have groups; next is the one that is emitted next, while flushing.
	used, next int
	flushing   bool
	held       int64 // bytes reserved for before-images
	after      []*batch.Column
	failed     failures
	out        changeRows
	fresh      []uint32
	known      []uint32
}

// piece is groups in the order in which they were touched, with the answers of those that had one.
type piece struct {
	slots []uint32
	// before are rows of cols, noImage for groups that had no answer.
	before []int16
	cols   []*batch.Column
	images int
}

const noImage = -1

func newChanges(g *groups) *changes {
	c := &changes{groups: g, upsert: g.config.Upsert, images: !g.config.Upsert || g.config.Waits}
	c.after = c.columns()
	c.out.init(g, c.columns())
	return c
}

// columns makes a column for each call.
func (c *changes) columns() []*batch.Column {
	types := c.groups.answers()
	cols := make([]*batch.Column, len(types))
	for i, t := range types {
		cols[i] = batch.NewColumn(c.groups.pool, t)
	}
	return cols
}

// touch notes that rows of slots (nil: slot 0) will change, and remembers the answers of groups that were not touched since the last flush.
func (c *changes) touch(slots []uint32) error {
	if c.quiet {
		return nil
	}
	if slots == nil {
		slots = []uint32{0}
	}
	c.fresh = c.fresh[:0]
	marks := c.marks
	for _, slot := range slots {
		if m := marks.At(slot); *m&touched == 0 {
			*m |= touched
			c.fresh = append(c.fresh, slot)
		}
	}
	for rest := c.fresh; len(rest) > 0; {
		p := c.open()
		n := min(len(rest), pieceGroups-len(p.slots))
		if err := c.remember(p, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// open returns the piece that takes the next groups.
func (c *changes) open() *piece {
	if c.used > 0 {
		if p := c.pieces[c.used-1]; len(p.slots) < pieceGroups {
			return p
		}
	}
	if c.used == len(c.pieces) {
		p := &piece{}
		if c.images {
			p.cols = c.columns()
		}
		c.pieces = append(c.pieces, p)
	}
	c.used++
	p := c.pieces[c.used-1]
	p.slots, p.before, p.images = p.slots[:0], p.before[:0], 0
	return p
}

// remember puts groups into a piece.
func (c *changes) remember(p *piece, slots []uint32) error {
	for i, slot := range slots {
		c.note(slot, len(p.slots)+i)
	}
	p.slots = append(p.slots, slots...)
	c.known = c.known[:0]
	for _, slot := range slots {
		image := int16(noImage)
		if *c.marks.At(slot)&shown != 0 {
			image = int16(p.images + len(c.known)) //nolint:gosec // below pieceGroups
			c.known = append(c.known, slot)
		}
		p.before = append(p.before, image)
	}
	if !c.images || len(c.known) == 0 {
		return nil
	}
	bytes := int64(0)
	for i, call := range c.groups.calls {
		col := p.cols[i]
		bytes -= col.Footprint()
		if p.images == 0 {
			c.failed.begin(len(c.known))
			if err := call.result(c.known, col, &c.failed); err != nil {
				return err
			}
		} else {
			c.failed.begin(len(c.known))
			if err := call.result(c.known, c.after[i], &c.failed); err != nil {
				return err
			}
			col.Append(c.after[i], nil)
		}
		bytes += col.Footprint()
	}
	p.images += len(c.known)
	return c.hold(bytes)
}

// hold reserves what before-images have grown by.
func (c *changes) hold(bytes int64) error {
	if bytes < 0 {
		c.groups.budget.Release(-bytes)
	} else if err := c.groups.budget.Reserve(bytes); err != nil {
		return err
	}
	c.held += bytes
	return nil
}

// full reports whether so many groups were touched that they should be emitted.
func (c *changes) full() bool {
	return !c.patient && c.used*pieceGroups >= mostTouched && len(c.pieces[c.used-1].slots) == pieceGroups
}

// flush emits what has changed, a piece at a time.
func (c *changes) flush(out *op.Output) (more bool, err error) {
	if !c.flushing {
		c.flushing, c.next = true, 0
	}
	for c.next < c.used {
		p := c.pieces[c.next]
		c.next++
		emitted, err := c.emit(p, out)
		if err != nil {
			return false, err
		}
		if emitted && c.next < c.used {
			return true, nil
		}
	}
	c.flushing, c.used = false, 0
	return false, nil
}

// emit emits the changes of a piece, and reports whether there were any.
func (c *changes) emit(p *piece, out *op.Output) (bool, error) {
	g := c.groups
	c.failed.begin(len(p.slots))
	for i, call := range g.calls {
		if err := call.result(p.slots, c.after[i], &c.failed); err != nil {
			return false, err
		}
	}
	c.out.begin(p, c.after, c.upsert)
	if g.table != nil {
		if err := g.table.Touch(p.slots); err != nil {
			return false, err
		}
	}
	for i, slot := range p.slots {
		m := c.marks.At(slot)
		was := *m
		switch {
		case g.empty(slot):
			if was&shown != 0 {
				c.out.remove(i)
			}
			c.out.gone = append(c.out.gone, slot)
		case c.failed.any && c.failed.first[i] != nil:
			*m = failing
			if was&shown != 0 {
				c.out.remove(i)
			}
			if was&failing == 0 {
				out.Rejects = append(out.Rejects, op.Reject{Row: op.NoRow, Err: c.failed.first[i]})
			}
		case was&shown == 0:
			*m = shown
			c.out.insert(i)
		default:
			*m = shown
			c.out.update(i)
		}
	}
	c.out.build()
	for _, slot := range c.out.gone {
		if err := g.remove(slot); err != nil {
			return false, err
		}
	}
	if c.out.out.Len == 0 {
		return false, nil
	}
	out.Emit(0, &c.out.out)
	return true, nil
}

// free gives all memory back.
func (c *changes) free() {
	for _, p := range c.pieces {
		for _, col := range p.cols {
			col.Release()
		}
	}
	c.groups.budget.Release(c.held)
	c.pieces, c.used, c.held = nil, 0, 0
}
