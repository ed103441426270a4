package dedupe

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// pending are the rows of a batch that come before what is kept, and have no numbers yet.
type pending struct {
	rows      []uint16 // of the batch
	positions []uint16 // among the rows that count
	slots     []uint32
	was       []uint32 // the kept row that each replaces, keyed.NoRow if there is none
	beaten    []bool   // another row of the batch has replaced it
	any       bool     // one is beaten
}

// firstPending is the number of the first pending row in a leader; that of others is less.
const firstPending = keyed.NoRow - 1

func (p *pending) reset() {
	p.rows, p.positions, p.slots, p.was, p.beaten, p.any = p.rows[:0], p.positions[:0], p.slots[:0], p.was[:0], p.beaten[:0], false
}

// choose makes pending the rows of in that come before what is kept of their partitions. The error is SQLSTATE 53200.
func (o *Operator) choose(in *batch.Batch) error {
	p := &o.pending
	p.reset()
	for i, slot := range o.slots {
		row, l := in.Row(i), o.best.At(slot)
		was := l.row
		switch number := firstPending - l.row; {
		case l.row == keyed.NoRow:
		case number < batch.MaxRows:
			if !o.comesFirst(in, i, row, l, in.Cols, int(p.rows[number])) {
				continue
			}
			was = p.was[number]
			p.beaten[number], p.any = true, true
		default:
			if err := o.expiry.touch(o, l.row); err != nil {
				return err
			}
			if !o.beats(in, i, row, l) {
				continue
			}
		}
		l.row, l.prefix = firstPending-uint32(len(p.rows)), o.prefixes[i]
		p.rows, p.positions = append(p.rows, uint16(row)), append(p.positions, uint16(i)) //nolint:gosec // row numbers of a batch
		p.slots, p.was, p.beaten = append(p.slots, slot), append(p.was, was), append(p.beaten, false)
	}
	return nil
}

// beats reports whether a row of in comes before the kept row of a partition.
func (o *Operator) beats(in *batch.Batch, i, row int, l *leader) bool {
	if o.config.Final && *o.rows.Mark(l.row) == final {
		return false
	}
	if o.prefixes[i] != l.prefix {
		return o.prefixes[i].Less(l.prefix)
	}
	cols, other := o.rows.Row(l.row)
	return o.comesFirst(in, i, row, l, cols, other)
}

// comesFirst reports whether a row of in, the i-th that counts, comes before row other of cols, whose prefix l has.
func (o *Operator) comesFirst(in *batch.Batch, i, row int, l *leader, cols []*batch.Column, other int) bool {
	if o.prefixes[i] != l.prefix {
		return o.prefixes[i].Less(l.prefix)
	}
	if o.order.Exact() {
		return o.worst == 0
	}
	return o.order.Compare(in.Cols, row, cols, other) <= o.worst
}

// leave drops the rows that another one of the batch has replaced.
func (p *pending) leave(_ *Operator) {
	if !p.any {
		return
	}
	n := 0
	for i, beaten := range p.beaten {
		if !beaten {
			p.rows[n], p.positions[n], p.slots[n], p.was[n] = p.rows[i], p.positions[i], p.slots[i], p.was[i]
			n++
		}
	}
	p.rows, p.positions, p.slots, p.was = p.rows[:n], p.positions[:n], p.slots[:n], p.was[:n]
}
