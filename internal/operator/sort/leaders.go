package sort

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// leaders know of each partition the last of its first rows, so that what comes behind it is not kept. They follow from the rows, and are no state.
type leaders struct {
	o       *Operator
	table   *keyed.Table
	columns []*batch.Column // of the partition
	// last is the number of that row, keyed.NoRow where there are fewer rows, or where nobody has looked since there are as many.
	last *keyed.Slab[uint32]
	// single says that a partition keeps one row: last is always right then, and a row that it replaces is dead.
	single bool
	// stale says that rows were restored of which table knows nothing.
	stale bool

	slots   []uint32
	hashes  []uint64 // of kept
	kept    []uint16
	keeper  []uint32 // the slots of kept
	beaten  []bool   // of kept
	run     int64    // of rows of one slot that note has seen
	running uint32   // that slot
}

// pendingRow is the number of row 0 of those of the batch at hand that are kept, and have no number yet; that of others is less.
const pendingRow = keyed.NoRow - 1

func newLeaders(o *Operator) *leaders {
	types := make([]schema.Type, len(o.config.Partition))
	for i, column := range o.config.Partition {
		types[i] = o.config.Types[column]
	}
	return &leaders{
		o: o, table: keyed.NewTable(o.pool, types, o.config.Name, o.budget), last: keyed.NewSlab[uint32](o.budget),
		single: o.first == 1 && !o.config.WithTies, columns: make([]*batch.Column, len(types)),
	}
}

func (l *leaders) free() {
	l.table.Free()
	l.last.Free()
}

// find sets slots to those of the rows of b, and hashes them.
func (l *leaders) find(b *batch.Batch) (hashes []uint64, err error) {
	hashes = l.o.hasher.Hash(b)
	for i, column := range l.o.config.Partition {
		l.columns[i] = b.Cols[column]
	}
	l.slots = slices.Grow(l.slots[:0], len(hashes))[:len(hashes)]
	fresh, err := l.table.Upsert(hashes, l.columns, b.Sel, l.slots)
	if err != nil {
		return nil, err
	}
	if err := l.last.Grow(l.table.Limit()); err != nil {
		return nil, op.OutOfMemory(l.o.config.Name, err)
	}
	for _, i := range fresh {
		*l.last.At(l.slots[i]) = keyed.NoRow
	}
	return hashes, nil
}

// apply keeps the rows of in that may be among the first of their partitions.
func (l *leaders) apply(in *batch.Batch, out *op.Output) error {
	if l.stale {
		if err := l.o.cut(out); err != nil && !l.o.runs.WantIf(err) { // what leaders do not know is not dropped yet
			return err
		}
		l.stale = false
	}
	hashes, err := l.find(in)
	if err != nil {
		return err
	}
	l.choose(in, hashes)
	l.leave()
	n := len(l.kept)
	out.Counts.Held += int64(n)
	out.Counts.Filtered += int64(in.Rows() - n)
	if n > 0 {
		o := l.o
		o.numbers = slices.Grow(o.numbers[:0], n)[:n]
		if err := o.rows.Append(in.Cols, l.hashes, l.kept, o.numbers); err != nil {
			return err
		}
		for i, slot := range l.keeper {
			if l.single {
				*l.last.At(slot) = o.numbers[i]
			}
		}
	}
	return l.o.tidy(out)
}

// choose sets kept to the rows that come before the last of their partition's first.
func (l *leaders) choose(in *batch.Batch, hashes []uint64) {
	l.kept, l.keeper, l.hashes, l.beaten = l.kept[:0], l.keeper[:0], l.hashes[:0], l.beaten[:0]
	worst := 0
	if l.o.config.WithTies {
		worst = 1
	}
	for i, hash := range hashes {
		row, slot := in.Row(i), l.slots[i]
		last := l.last.At(slot)
		pending := pendingRow - *last
		switch {
		case *last == keyed.NoRow:
		case pending < batch.MaxRows:
			if l.o.ties.Compare(in.Cols, row, in.Cols, int(l.kept[pending])) >= worst {
				continue
			}
			l.beaten[pending] = true
		default:
			if cols, other := l.o.rows.Row(*last); l.o.ties.Compare(in.Cols, row, cols, other) >= worst {
				continue
			}
		}
		if l.single {
			*last = pendingRow - uint32(len(l.kept)) //nolint:gosec // rows of a batch
		}
		l.kept, l.keeper = append(l.kept, uint16(row)), append(l.keeper, slot) //nolint:gosec // a row number of a batch
		l.hashes, l.beaten = append(l.hashes, hash), append(l.beaten, false)
	}
}

// leave drops those of kept that another one of them has replaced.
func (l *leaders) leave() {
	n := 0
	for i, beaten := range l.beaten {
		if !beaten {
			l.kept[n], l.keeper[n], l.hashes[n] = l.kept[i], l.keeper[i], l.hashes[i]
			n++
		}
	}
	l.kept, l.keeper, l.hashes = l.kept[:n], l.keeper[:n], l.hashes[:n]
}

// begin begins the notes of rows that have new numbers.
func (l *leaders) begin() { l.run, l.running = 0, keyed.NoSlot }

// note takes rows that are all that is left of their partitions, one partition after the other, and their numbers.
func (l *leaders) note(_ int, rows *batch.Batch, numbers []uint32) error {
	if _, err := l.find(rows); err != nil {
		return err
	}
	for i, slot := range l.slots {
		if slot != l.running {
			l.run, l.running = 0, slot
		}
		if l.run++; l.run == l.o.first {
			*l.last.At(slot) = numbers[i]
		}
	}
	return nil
}
