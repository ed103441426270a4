package dedupe

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// expiry forgets partitions that no row has come for. The time of the last touch is the last column of the rows.
type expiry struct {
	ttl   int64 // 0: never
	now   int64
	swept int64 // when it was looked last
	stamp *batch.Column
	cols  []*batch.Column
}

// sweeps is how often partitions are looked through during their time to live.
const sweeps = 8

func (e *expiry) init(pool *batch.Pool, ttl int64) {
	e.ttl, e.stamp = ttl, batch.NewColumn(pool, schema.Of(schema.Int64))
}

// stamped returns the columns of in, and the time.
func (e *expiry) stamped(in *batch.Batch) []*batch.Column {
	if e.ttl == 0 {
		return in.Cols
	}
	e.stamp.Reset(in.Len)
	times := e.stamp.Int64s()
	for i := range times {
		times[i] = e.now
	}
	e.cols = append(append(e.cols[:0], in.Cols...), e.stamp)
	return e.cols
}

// touch notes that a row came for the partition of a kept row.
func (e *expiry) touch(o *Operator, id uint32) error {
	if e.ttl == 0 {
		return nil
	}
	cols, row := o.rows.Row(id)
	last := &cols[len(cols)-1].Int64s()[row]
	if *last == e.now {
		return nil
	}
	if err := o.rows.TouchOne(id); err != nil {
		return err
	}
	*last = e.now
	return nil
}

// expired reports whether the partition of a kept row has lived long enough: not before its row was emitted.
func (e *expiry) expired(o *Operator, id uint32) bool {
	cols, row := o.rows.Row(id)
	if o.config.Final && *o.rows.Mark(id) != final {
		return false
	}
	return cols[len(cols)-1].Int64s()[row] <= e.now-e.ttl
}

// SetTime takes the processing time of the rows that come next.
func (o *Operator) SetTime(micros int64) { o.expiry.now = max(o.expiry.now, micros) }

// OnTime forgets the partitions whose time has come, having emitted what they changed.
func (o *Operator) OnTime(micros int64, out *op.Output) (more bool, err error) {
	o.SetTime(micros)
	e := &o.expiry
	if e.ttl == 0 || e.now-e.swept < e.ttl/sweeps {
		return false, nil
	}
	if len(o.touched) > 0 {
		return true, o.flush(out)
	}
	e.swept = e.now
	o.gone = o.gone[:0]
	if o.table == nil {
		if o.best.Len() > 0 {
			err = o.forget(0)
		}
	} else {
		for group := range keyed.Groups {
			for slot := range o.table.Slots(uint8(group)) { //nolint:gosec // below 256
				if err == nil {
					err = o.forget(slot)
				}
			}
		}
	}
	if err != nil {
		return false, err
	}
	return false, o.rows.Delete(o.gone)
}

// forget forgets a partition if its time has come.
func (o *Operator) forget(slot uint32) error {
	l := o.best.At(slot)
	if l.row == keyed.NoRow || !o.expiry.expired(o, l.row) {
		return nil
	}
	o.gone = append(o.gone, l.row)
	l.row = keyed.NoRow
	if o.table == nil {
		return nil
	}
	return o.table.Delete(slot)
}
