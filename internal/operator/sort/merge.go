package sort

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// merging is the end of an operator of which rows have left memory: its runs are merged, one key group after the other.
type merging struct {
	merger *keyed.Merger // of group; nil: none yet, or no more
	group  int
	// passed are how many rows of each group the merge has passed, wherever they went; skip are those that it had passed before the operator was restored.
	passed, skip [op.KeyGroups]int64
	// number counts the rows of the partition at hand, of which head is the first; edge is the last of its first rows.
	number     int64
	head, edge []*batch.Column
	filtered   int64 // rows that were passed over in this call
}

// newRuns returns the runs of the operator's rows.
func (o *Operator) newRuns() *keyed.Runs {
	config := keyed.RunsConfig{Name: o.config.Name, Pool: o.pool, Budget: o.budget, Rows: o.rows, Types: o.config.Types, Order: o.order, Left: o.left, Stay: o.stay}
	if o.first >= 0 {
		config.Cut = func(ids []uint32) []uint32 {
			n := len(ids)
			ids = o.choose(ids, 0, o.first)
			o.dropped += int64(n - len(ids))
			return ids
		}
	}
	return keyed.NewRuns(config)
}

// stay reports whether rows must stay in memory: those that are being emitted must, since what was emitted would come again; and those that a snapshot has chosen where an offset left others out, since it would leave out
// the first of the runs again. A limit takes all of them.
func (o *Operator) stay() bool { return o.ended || o.chosen && o.config.Offset > 0 }

// left notes that all rows have left memory.
func (o *Operator) left() {
	o.last = keyed.NoRow
	o.settleCut()
	if o.leaders != nil {
		o.leaders.free()
		o.leaders = newLeaders(o)
	}
}

// account counts the rows that were dropped while rows left memory.
func (o *Operator) account(out *op.Output) {
	out.Counts.Held -= o.dropped
	out.Counts.Filtered += o.dropped
	o.dropped = 0
}

// mergeSome emits the next rows of the runs.
func (o *Operator) mergeSome(out *op.Output) (more bool, err error) {
	m := &o.merging
	if m.edge == nil {
		m.head, m.edge = o.newColumns(), o.newColumns()
		for _, c := range append(m.head, m.edge...) {
			c.Reset(1)
		}
	}
	for {
		if m.merger == nil {
			for m.group < op.KeyGroups && o.runs.Len(uint8(m.group)) == 0 {
				m.group++
			}
			if m.group == op.KeyGroups {
				o.runs.Free()
				return false, nil
			}
			if m.merger, err = o.runs.Merge(uint8(m.group)); err != nil { //nolint:gosec // below KeyGroups
				return false, err
			}
			m.number = 0
		}
		o.makeColumns()
		m.filtered = 0
		n, done, err := m.merger.Next(o.columns, batch.MaxRows, o.judge)
		if err != nil {
			return false, err
		}
		if done {
			m.merger.Close()
			m.merger = nil
			m.pass(o.runs.Len(uint8(m.group)) - m.passed[m.group]) //nolint:gosec // below KeyGroups
			m.group++
		}
		out.Counts.Held -= m.filtered + int64(n)
		out.Counts.Filtered += m.filtered
		out.Counts.Forwarded += int64(n)
		if n > 0 {
			o.out = batch.Batch{Cols: o.columns, Len: n}
			out.Emit(0, &o.out)
			return true, nil
		}
	}
}

// pass counts rows that go nowhere.
func (m *merging) pass(rows int64) {
	from := m.passed[m.group]
	m.passed[m.group] += rows
	m.filtered += max(m.passed[m.group]-max(from, m.skip[m.group]), 0)
}

// judge says what becomes of the next row of the merge: what choose would.
func (o *Operator) judge(cols []*batch.Column, row int) keyed.Verdict {
	m := &o.merging
	if o.hasher != nil {
		if m.number > 0 && o.partition.Compare(m.head, 0, cols, row) != 0 {
			m.number = 0
		}
		if m.number == 0 {
			o.copyKeys(m.head, cols, row)
		}
	}
	switch o.verdict(cols, row) {
	case keyed.Leave:
		return keyed.Leave
	case keyed.Skip:
		m.pass(1)
		return keyed.Skip
	default:
	}
	if m.passed[m.group]++; m.passed[m.group] <= m.skip[m.group] {
		return keyed.Skip
	}
	return keyed.Take
}

// verdict counts a row and says what becomes of it.
func (o *Operator) verdict(cols []*batch.Column, row int) keyed.Verdict {
	m := &o.merging
	from, to := o.config.Offset, o.first
	number := m.number
	if number == to && o.config.WithTies && from < to && o.ties.Compare(m.edge, 0, cols, row) == 0 {
		return keyed.Take // it counts as the row before
	}
	m.number++
	switch {
	case to >= 0 && number >= to && o.hasher == nil:
		return keyed.Leave
	case to >= 0 && number >= to || number < from:
		return keyed.Skip
	case m.number == to && o.config.WithTies:
		o.copyKeys(m.edge, cols, row)
	}
	return keyed.Take
}

// copyKeys makes the one row of to that of cols, as far as partition and keys look at it.
func (o *Operator) copyKeys(to, cols []*batch.Column, row int) {
	for _, k := range o.keyColumns {
		to[k].Reset(1)
		to[k].CopyRow(0, cols[k], row)
	}
}

// newColumns returns a column for each of the input's.
func (o *Operator) newColumns() []*batch.Column {
	cols := make([]*batch.Column, len(o.config.Types))
	for i, typ := range o.config.Types {
		cols[i] = batch.NewColumn(o.pool, typ)
	}
	return cols
}
