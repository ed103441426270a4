package sort

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// timedRuns are the rows of a Timed that have left memory.
type timedRuns struct {
	*keyed.Runs
	o *Timed
}

// Tight reports whether rows should leave memory; see keyed.Spiller. Those that are being emitted stay.
func (r *timedRuns) Tight() bool { return len(r.o.due) == 0 && r.Runs.Tight() }

// Overflows says that rows leave memory in runs.
func (o *Timed) Overflows() bool { return true }

// left notes that all rows have left memory.
func (o *Timed) left() {
	o.lists.Free()
	o.root, o.fresh, o.due = keyed.NoRow, o.fresh[:0], o.due[:0]
}

// chooseWithRuns takes the next rows of the runs that are due, as many as a batch has, and with them the rows in memory that come before the next one.
func (o *Timed) chooseWithRuns(isDue func(cols []*batch.Column, row int) bool) error {
	merger, err := o.runs.Consume(0)
	if err != nil {
		return err
	}
	if err := o.takeRuns(merger, isDue); err != nil {
		return err
	}
	cols, row, left := merger.Head()
	o.taking = left && isDue(cols, row)
	for id := o.lists.First(o.root); id != keyed.NoRow && isDue(o.rows.Row(id)); id = o.lists.First(o.root) {
		if left {
			if mine, at := o.rows.Row(id); o.order.Compare(mine, at, cols, row) > 0 {
				break
			}
		}
		o.root = o.lists.Delete(o.root, id)
		o.due = append(o.due, id)
	}
	if !left {
		o.runs.Stop()
	}
	if err := o.reserve(); err != nil {
		return err
	}
	return o.order.Sort(o.rows, o.due)
}

// takeRuns makes the next rows of the runs that are due rows in memory.
func (o *Timed) takeRuns(merger *keyed.Merger, isDue func(cols []*batch.Column, row int) bool) error {
	if cols, row, ok := merger.Head(); !ok || !isDue(cols, row) {
		return nil
	}
	if o.read == nil {
		o.read = o.newColumns()
	}
	n, _, err := merger.Next(o.read, batch.MaxRows, func(cols []*batch.Column, row int) keyed.Verdict {
		if isDue(cols, row) {
			return keyed.Take
		}
		return keyed.Pause
	})
	if err != nil {
		return err
	}
	from := len(o.due)
	o.due = append(o.due, make([]uint32, n)...)
	return o.rows.Append(o.read, nil, nil, o.due[from:])
}
