package keyed

import "wire.example/wire/sdk/batch"

// dealer sorts the rows of a call by key group.
type dealer struct {
	present   []uint8 // groups that have rows, in the order in which they come first
	counts    [Groups]uint16
	starts    [Groups]uint16
	positions []uint16
	picked    []uint16
	numbers   []uint16
}

// all returns the numbers from 0 to n-1.
func (d *dealer) all(n int) []uint16 {
	for len(d.numbers) < n {
		d.numbers = append(d.numbers, uint16(len(d.numbers)))
	}
	return d.numbers[:n]
}

// deal sorts the positions of hashes by group.
func (d *dealer) deal(hashes []uint64) {
	for _, g := range d.present {
		d.counts[g] = 0
	}
	d.present = d.present[:0]
	for _, h := range hashes {
		g := uint8(h >> groupShift)
		if d.counts[g] == 0 {
			d.present = append(d.present, g)
		}
		d.counts[g]++
	}
	at := uint16(0)
	for _, g := range d.present {
		d.starts[g] = at
		at += d.counts[g]
	}
	if cap(d.positions) < len(hashes) {
		d.positions = make([]uint16, max(len(hashes), batch.MaxRows))
		d.picked = make([]uint16, len(d.positions))
	}
	d.positions = d.positions[:len(hashes)]
	for i, h := range hashes {
		g := uint8(h >> groupShift)
		d.positions[d.starts[g]] = uint16(i)
		d.starts[g]++
	}
}

// of returns the positions of a group's rows, ascending.
func (d *dealer) of(group uint8) []uint16 {
	end := d.starts[group]
	return d.positions[end-d.counts[group] : end]
}

// pick returns the rows at positions, lent until the next pick.
func (d *dealer) pick(rows, positions []uint16) []uint16 {
	picked := d.picked[:len(positions)]
	for i, p := range positions {
		picked[i] = rows[p]
	}
	return picked
}
