package normalize

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// OnFlush emits what has become of the keys that were touched since the flush before.
func (o *Operator) OnFlush(out *op.Output) (more bool, err error) {
	o.outIDs, o.out.Kinds, o.dead = o.outIDs[:0], o.out.Kinds[:0], o.dead[:0]
	for o.flushed < len(o.touched) && len(o.outIDs)+2 <= batch.MaxRows {
		slot := o.touched[o.flushed]
		o.flushed++
		e := o.entries.At(slot)
		o.emit(e)
		if e.gone {
			o.dead = append(o.dead, e.before)
		}
		e.touched, e.gone, e.differs, e.before = false, false, false, keyed.NoRow
		if e.head == keyed.NoRow {
			if err := o.table.Delete(slot); err != nil {
				return false, err
			}
		}
	}
	more = o.flushed < len(o.touched)
	if !more {
		o.touched, o.flushed = o.touched[:0], 0
	}
	if len(o.outIDs) > 0 {
		o.rows.Gather(o.outIDs, o.out.Cols)
		o.out.Len = len(o.outIDs)
		out.Emit(0, &o.out)
	}
	return more, o.rows.Delete(o.dead) // what was gathered stays until rows are kept again
}

// emit adds to the output what has become of a key.
func (o *Operator) emit(e *entry) {
	was, is := e.before, e.head
	if was == is && !e.gone {
		return
	}
	switch {
	case is == keyed.NoRow:
		o.put(was, batch.Delete)
	case was != keyed.NoRow && !e.differs && o.same(was, is): // it changed, and changed back
	case o.cfg.Upserts:
		o.put(is, batch.UpdateAfter)
	case was == keyed.NoRow:
		o.put(is, batch.Insert)
	default:
		o.put(was, batch.UpdateBefore)
		o.put(is, batch.UpdateAfter)
	}
}

func (o *Operator) put(id uint32, kind batch.Change) {
	o.outIDs, o.out.Kinds = append(o.outIDs, id), append(o.out.Kinds, kind)
}

// same reports whether two rows that are kept are written alike.
func (o *Operator) same(a, b uint32) bool {
	cols, row := o.rows.Row(a)
	return o.isSame(cols, row, b)
}
