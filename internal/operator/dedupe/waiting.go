package dedupe

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// waiting are the kept rows that are not final, in the order of their times.
type waiting struct {
	o      *Operator
	ranked *keyed.Ranked
	root   uint32
	time   int // the column
}

func (w *waiting) init(o *Operator) {
	w.o, w.root, w.time = o, keyed.NoRow, o.config.Order[0].Column
	byTime := keyed.NewOrder(o.config.Types, []keyed.Key{{Column: w.time}})
	w.ranked = keyed.NewRanked(o.rows, byTime, o.config.Name, o.budget)
}

// replace makes the kept row of a partition wait, and no longer was.
func (w *waiting) replace(l *leader, was uint32) error {
	if was != keyed.NoRow {
		w.root = w.ranked.Delete(w.root, was)
	}
	return w.add(l.row)
}

// free gives the memory back.
func (w *waiting) free() {
	w.ranked.Free()
	w.root = keyed.NoRow
}

func (w *waiting) add(row uint32) (err error) {
	w.root, err = w.ranked.Insert(w.root, row, w.ranked.PrefixOf(row))
	return err
}

// emitUntil emits the next rows whose time is below a limit, as many as a batch has room for; NULL is no time. What is emitted stays, as final.
func (w *waiting) emitUntil(limit int64, all bool, out *op.Output) error {
	b := &w.o.output
	b.begin()
	for b.room() > 0 {
		id := w.ranked.First(w.root)
		if id == keyed.NoRow {
			break
		}
		cols, row := w.o.rows.Row(id)
		if c := cols[w.time]; !all && (c.IsNull(row) || c.Int64s()[row] >= limit) {
			break
		}
		w.root = w.ranked.Delete(w.root, id)
		if err := w.o.rows.TouchOne(id); err != nil {
			return err
		}
		*w.o.rows.Mark(id) = final
		w.o.expiry.finish(cols, row)
		b.add(id, batch.Insert)
	}
	b.emit(w.o, out)
	return nil
}

func (w *waiting) emitAll(out *op.Output) error { return w.emitUntil(0, true, out) }

// OnWatermark emits the rows that have become final.
func (o *Operator) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	if !o.config.Final {
		return false, nil
	}
	limit := micros - o.config.Lag
	if limit > micros { // below all times
		limit = math.MinInt64
	}
	err = o.waiting.emitUntil(limit, false, out)
	return out.Ports[0] != nil, err
}
