package aggregate

import (
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/internal/state/keyed"
)

const (
	// waits: what follows says of a group that it has changed since others were told of it. Only in what is stored.
	waits = 1 << 2
	// imaged: the row that others know of it is stored, too. Only in what is stored.
	imaged = 1 << 3
	// stored are the marks that there may be.
	stored = lasting | waits | imaged
)

// appendMarks appends what others know of a group: its marks and, where it waits for its owner to tell of it, the row that was emitted last.
func (c *changes) appendMarks(dst []byte, slot uint32) []byte {
	marks := *c.marks.At(slot)
	if c.places == nil || marks&touched == 0 {
		return append(dst, marks&lasting)
	}
	place := *c.places.At(slot)
	p := c.pieces[place/pieceGroups]
	image := p.before[place%pieceGroups]
	if image == noImage {
		return append(dst, marks&lasting|waits)
	}
	return keyed.AppendRow(append(dst, marks&lasting|waits|imaged), p.cols, int(image))
}

// restoreMarks reads what appendMarks wrote at the beginning of value, and returns the rest.
func (c *changes) restoreMarks(slot uint32, value []byte) (rest []byte, err error) {
	if len(value) == 0 || value[0]&^stored != 0 || value[0]&(waits|imaged) == imaged {
		return nil, c.groups.corrupt("its marks do not exist")
	}
	marks := value[0]
	value = value[1:]
	*c.marks.At(slot) = marks & lasting
	if marks&waits == 0 {
		return value, nil
	}
	if marks&imaged != 0 {
		for _, col := range c.after {
			col.Reset(1)
		}
		if value, err = keyed.ReadRow("a group of "+c.groups.config.Name, value, c.after, 0); err != nil {
			return nil, err
		}
	}
	return value, c.wait(slot, marks&imaged != 0)
}

// wait notes that a group that was restored has changed since others were told of it; known: the row that they know is in after.
func (c *changes) wait(slot uint32, known bool) error {
	p := c.open()
	*c.marks.At(slot) |= touched
	c.note(slot, len(p.slots))
	p.slots = append(p.slots, slot)
	if !known || !c.images {
		p.before = append(p.before, noImage)
		return nil
	}
	p.before = append(p.before, int16(p.images)) //nolint:gosec // below pieceGroups
	bytes := int64(0)
	for i, col := range p.cols {
		bytes -= col.Footprint()
		if p.images == 0 {
			col.Reset(0)
		}
		col.Append(c.after[i], nil)
		bytes += col.Footprint()
	}
	p.images++
	return c.hold(bytes)
}

// record makes what lies in the record of the groups.
func (c *changes) record() {
	c.marks = memory.Field[uint8](c.groups.record)
	if c.groups.config.Waits {
		c.places = memory.Field[uint32](c.groups.record)
	}
}

// grow makes slots 0 to n-1 usable.
func (c *changes) grow(n int) error {
	if c.places != nil {
		if err := c.places.Grow(n); err != nil {
			return err
		}
	}
	return c.marks.Grow(n)
}

// note notes where in the last piece a group is, if somebody will ask.
func (c *changes) note(slot uint32, at int) {
	if c.places != nil {
		*c.places.At(slot) = uint32((c.used-1)*pieceGroups + at) //nolint:gosec // fewer than slots
	}
}

// corrupt says what is wrong with a stored group.
func (g *groups) corrupt(reason string) error {
	return &keyed.CorruptError{What: "a group of " + g.config.Name, Reason: reason}
}
