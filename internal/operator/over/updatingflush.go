package over

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// emission makes batches of rows that are to be emitted.
type emission struct {
	rows, answers []uint32
	kinds         []batch.Change
	next          int // the first that was not emitted yet
	reserved      int // rows that memory is reserved for
	columns       []*batch.Column
	answered      []*batch.Column
	batch         batch.Batch
}

func (e *emission) waiting() int { return len(e.rows) - e.next }

func (e *emission) add(row, answer uint32, kind batch.Change) {
	e.rows, e.answers, e.kinds = append(e.rows, row), append(e.answers, answer), append(e.kinds, kind)
}

// emit emits a batch of what was added.
func (e *emission) emit(u *Updating, out *op.Output) {
	n := min(e.waiting(), batch.MaxRows)
	if n == 0 {
		return
	}
	from := e.next
	if e.kinds[from+n-1] == batch.UpdateBefore {
		n--
	}
	if e.columns == nil {
		e.columns = make([]*batch.Column, len(u.e.config.Types))
		for i, typ := range u.config.Types {
			if len(u.e.absent) == 0 || !u.e.absent[i] {
				e.columns[i] = batch.NewColumn(u.e.pool, typ)
			}
		}
		for i := range u.config.Calls {
			e.answered = append(e.answered, batch.NewColumn(u.e.pool, u.config.Calls[i].Result))
		}
	}
	u.e.rows.Gather(e.rows[from:from+n], e.columns)
	u.answers.Gather(e.answers[from:from+n], e.answered)
	e.batch.Cols = append(append(e.batch.Cols[:0], e.columns[:len(u.config.Types)]...), e.answered...)
	e.batch.Len = n
	e.batch.Kinds = append(e.batch.Kinds[:0], e.kinds[from:from+n]...)
	if e.next += n; e.next == len(e.rows) {
		e.rows, e.answers, e.kinds, e.next = e.rows[:0], e.answers[:0], e.kinds[:0], 0
	}
	out.Emit(0, &e.batch)
}

// OnFlush emits what has changed since the last flush.
func (u *Updating) OnFlush(out *op.Output) (more bool, err error) {
	e := &u.emission
	if e.waiting() == 0 { // nothing that was emitted is lent any more
		if err := u.answers.Delete(u.obsolete); err != nil {
			return false, err
		}
		u.obsolete = u.obsolete[:0]
	}
	if e.waiting() < batch.MaxRows && u.next < len(u.touched) {
		if err := u.recompute(); err != nil {
			return false, err
		}
	}
	e.emit(u, out)
	if u.next == len(u.touched) && e.waiting() == 0 {
		u.touched, u.changed, u.next = u.touched[:0], 0, 0
		return false, nil
	}
	return true, nil
}

// recompute takes the next touched partitions, until there is enough to do for a batch.
func (u *Updating) recompute() error {
	u.jobs.reset()
	u.seen = u.seen[:0]
	u.gone = u.gone[:0]
	for ; u.next < len(u.touched) && len(u.jobs.targets)+len(u.gone) < batch.MaxRows; u.next++ {
		t := &u.touched[u.next]
		part := u.parts.At(t.slot)
		part.touched = 0
		u.plan(part, t)
		for id := t.dirty; id != keyed.NoRow; id = u.notes.At(id).dirty {
			u.notes.At(id).flags &^= isDirty
		}
		for id := t.gone; id != keyed.NoRow; id = u.notes.At(id).gone {
			u.gone = append(u.gone, id)
			if answer := u.notes.At(id).answer; answer != keyed.NoRow {
				u.emission.add(id, answer, batch.Delete)
				u.obsolete = append(u.obsolete, answer)
			}
		}
		if part.root == keyed.NoRow && u.table != nil {
			if err := u.table.Delete(t.slot); err != nil {
				return err
			}
		}
	}
	if added := cap(u.seen) + cap(u.jobs.targets) - u.reserved; added > 0 { // of the most that they ever took
		if err := u.e.memory.take(int64(added) * numberBytes); err != nil {
			return err
		}
		u.reserved += added
	}
	if err := u.e.rows.Delete(u.gone); err != nil { // what they were is there until the next row comes
		return err
	}
	err := u.e.evaluate(&u.jobs, func(ids []uint32, columns []*batch.Column) error {
		return u.compare(ids, columns, true)
	})
	if err != nil {
		return err
	}
	return u.emission.reserve(u)
}

// emissionBytes is what a row that is to be emitted takes: two numbers and a kind.
const emissionBytes = 2*numberBytes + 1

// reserve reserves the lists, which are long only where many answers of one partition have changed.
func (e *emission) reserve(u *Updating) error {
	added := cap(e.rows) - e.reserved
	if added <= 0 {
		return nil
	}
	e.reserved += added
	return u.e.memory.take(int64(added) * emissionBytes)
}

// compare keeps the answers for rows that differ from those they had, and has them emitted if emit says so.
func (u *Updating) compare(ids []uint32, columns []*batch.Column, emit bool) error {
	u.differ = u.differ[:0]
	for i, id := range ids {
		if was := u.notes.At(id).answer; was != keyed.NoRow {
			if cols, row := u.answers.Row(was); sameRow(cols, row, columns, i) {
				continue
			}
		}
		u.differ = append(u.differ, uint16(i)) //nolint:gosec // a row number of a batch
	}
	if len(u.differ) == 0 {
		return nil
	}
	u.numbers = append(u.numbers[:0], make([]uint32, len(u.differ))...)
	if err := u.answers.Append(columns, nil, u.differ, u.numbers); err != nil {
		return err
	}
	for k, i := range u.differ {
		id := ids[i]
		n := u.notes.At(id)
		was := n.answer
		n.answer = u.numbers[k]
		switch {
		case !emit:
		case was == keyed.NoRow:
			u.emission.add(id, n.answer, batch.Insert)
		default:
			u.emission.add(id, was, batch.UpdateBefore)
			u.emission.add(id, n.answer, batch.UpdateAfter)
			u.obsolete = append(u.obsolete, was)
		}
	}
	return nil
}
