package topn

import (
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Rows leave memory with all others of their partition, and come back so: a partition that is in the table has all its rows in memory, and one that is not has none there. What has left was flushed,
// and so the first rows of a partition that comes back are those that were emitted.

// leaves reports whether rows may leave memory: nothing but their partition finds them, and time, where they are.
func (o *Operator) leaves() bool { return o.table != nil }

// Leaves reports whether rows may leave memory.
func (o *Operator) Leaves() bool { return o.leaves() }

// Advice says what to do about rows that stand in the order in which they came: one that is taken back could not be told from others that are not in memory.
func (o *Operator) Advice() string {
	if c := &o.config; o.table != nil || !c.Changes || !c.Arrival {
		return ""
	}
	return "Rows that may be taken back stay in memory where LIMIT has no ORDER BY: with one they leave it."
}

// rowsTable is the rows as one of an operator's tables: the partitions of what is loaded are as if they had never left.
type rowsTable struct {
	*keyed.Rows
	o *Operator
}

// Load makes rows resident.
func (t *rowsTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	return t.o.bringBack(func() error { return t.Rows.Load(hashes, groups) })
}

// bringBack has load put rows in: their partitions are as if they had never left.
func (o *Operator) bringBack(load func() error) error {
	o.back, o.loading = o.back[:0], true
	err := load()
	o.loading = false
	if err != nil {
		return err
	}
	o.gone = o.gone[:0]
	slices.Sort(o.back) // those of a large partition came in pieces
	for _, slot := range slices.Compact(o.back) {
		part := o.parts.At(slot)
		if !o.over(part.stamp) || fault.Weak("ttl/back") {
			o.emitted(part)
		} else if err := o.forget(slot); err != nil {
			return err
		}
	}
	return o.rows.Delete(o.gone)
}

// link puts rows that have come back in their lists.
func (o *Operator) link(ids []uint32) error {
	touched, changed := len(o.touched), o.changed
	if err := o.restoreAll(ids); err != nil {
		return err
	}
	for _, t := range o.touched[touched:] {
		o.parts.At(t.slot).touched = 0
		o.back = append(o.back, t.slot)
	}
	o.touched, o.changed = o.touched[:touched], changed
	return nil
}

// leavingRows are the rows as a part that may leave memory.
type leavingRows struct {
	*keyed.Listed
	o *Operator
}

// newLeavingRows returns the rows as such a part. A partition of which something is left to flush stays.
func (o *Operator) newLeavingRows() *leavingRows {
	return &leavingRows{o: o, Listed: keyed.NewListed(keyed.ListedConfig{
		Rows: o.rows, Table: o.table, Lists: o.lists, Owned: o.stamps(),
		Root: func(slot uint32) (uint32, bool) {
			part := o.parts.At(slot)
			return part.root, part.touched == 0
		},
		Free: func() {
			o.lists.Free()
			o.parts.Free()
			o.notes.Free()
			if o.twins != nil {
				o.twins.lists.Free()
			}
		},
	})}
}

// ReadOn reads unread rows; see keyed.Postponable.
func (r *leavingRows) ReadOn(most int, pass bool) (more bool, err error) {
	err = r.o.bringBack(func() (err error) {
		more, err = r.Listed.ReadOn(most, pass)
		return err
	})
	return more, err
}

// Highest is the highest number of a row, or of an arrival; see keyed.Numbered.
func (r *leavingRows) Highest() uint64 { return max(r.Listed.Highest(), uint64(r.o.extra.next)) } //nolint:gosec // not negative

// Above has later rows get higher numbers, and arrive behind those before; see keyed.Numbered.
func (r *leavingRows) Above(highest uint64) {
	r.Listed.Above(highest)
	r.o.extra.next = max(r.o.extra.next, int64(highest)) //nolint:gosec // as far as Highest
}

// Pass leaves rows in the store; see keyed.Evictable. Those that come later have arrived behind them.
func (r *leavingRows) Pass(e *keyed.Entries) error {
	if extra := &r.o.extra; extra.arrival >= 0 {
		err := r.DecodeEach(e, func(cols []*batch.Column, n int) error {
			for _, number := range cols[extra.arrival].Int64s()[:n] {
				extra.next = max(extra.next, number+1)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return r.Listed.Pass(e)
}
