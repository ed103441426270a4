package sort

import (
	"slices"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Overflows says that rows leave memory in runs.
func (o *Timed) Overflows() bool { return true }

// left notes that all rows have left memory.
func (o *Timed) left() {
	o.lists.Free()
	o.root, o.fresh, o.due = keyed.NoRow, o.fresh[:0], o.due[:0]
}

// consume opens the merge that rows of the runs come from, and the list that they are to be in, while all rows in memory may still leave it.
func (o *Timed) consume() (*keyed.Merger, error) {
	merger, err := o.runs.Consume(0)
	if err != nil {
		return nil, err
	}
	o.due = slices.Grow(o.due, batch.MaxRows)
	return merger, o.reserve()
}

// chooseWithRuns takes the next rows of the runs that are due, as many as a batch has, and with them the rows in memory that come before the next one. It reports whether there is no memory for these, and all rows
// in memory leave it before the next call, those that were taken among them.
func (o *Timed) chooseWithRuns(merger *keyed.Merger, isDue func(cols []*batch.Column, row int) bool) (wanted bool, err error) {
	others := o.rows.Len() > 0
	if err := o.takeRuns(merger, isDue); err != nil {
		return false, err
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
	if err = o.reserve(); err == nil {
		err = o.order.Sort(o.rows, o.due)
	}
	if err != nil && others && o.runs.WantIf(err) {
		o.due, o.taking = o.due[:0], false
		return true, nil
	}
	return false, err
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
	o.due = o.due[:from+n]
	return o.rows.Append(o.read, nil, nil, o.due[from:])
}
