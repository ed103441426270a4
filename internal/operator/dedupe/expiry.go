package dedupe

import (
	"encoding/binary"

	"wire.example/wire/internal/foundation/fault"
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
	// stale are partitions that have come back although their time is over; patrol finds those that are away.
	stale  []uint32
	patrol keyed.Patrol
}

// sweeps is how often partitions are looked through during their time to live, and awaySweeps how often those that are away are.
const (
	sweeps     = 8
	awaySweeps = 2
)

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
	if id == keyed.NoRow || o.waits(id) {
		return false
	}
	cols, row := o.rows.Row(id)
	return cols[len(cols)-1].Int64s()[row] <= e.now-e.ttl
}

// over reports whether the partition of a kept row was over when others were swept.
func (e *expiry) over(o *Operator, id uint32) bool {
	if e.ttl == 0 || e.swept == 0 || o.waits(id) {
		return false
	}
	cols, row := o.rows.Row(id)
	return cols[len(cols)-1].Int64s()[row] <= e.swept-e.ttl
}

// finish has a row that was final late be over with the next sweep at the earliest, since it was not with the last one.
func (e *expiry) finish(cols []*batch.Column, row int) {
	if e.ttl > 0 && e.swept > 0 {
		last := &cols[len(cols)-1].Int64s()[row]
		*last = max(*last, e.swept-e.ttl+1)
	}
}

// overEntry is over for a row that is away. The time stands at its end.
func (e *expiry) overEntry(_, value []byte) bool {
	return len(value) >= 8 && int64(binary.LittleEndian.Uint64(value[len(value)-8:])) <= e.swept-e.ttl //nolint:gosec // the bits of it
}

// SetTime takes the processing time of the rows that come next.
func (o *Operator) SetTime(micros int64) { o.expiry.now = max(o.expiry.now, micros) }

// OnTime forgets the partitions whose time has come, having emitted what they changed: those in memory, and some that are away.
func (o *Operator) OnTime(micros int64, out *op.Output) (more bool, err error) {
	o.SetTime(micros)
	e := &o.expiry
	if e.patrol.Out() {
		return o.wake()
	}
	if e.ttl == 0 || e.now-e.swept < e.ttl/sweeps {
		return false, nil
	}
	if len(o.touched) > 0 {
		return true, o.flush(out)
	}
	e.swept = e.now
	if err := o.sweep(); err != nil {
		return false, err
	}
	if o.leaves() && o.rows.HasAway() {
		e.patrol.Send(keyed.Groups * awaySweeps / sweeps)
	}
	return o.wake()
}

// sweep forgets the partitions in memory whose time has come.
func (o *Operator) sweep() (err error) {
	if fault.Weak("ttl/sweep") {
		return nil
	}
	o.gone = o.gone[:0]
	if o.table == nil {
		if o.best.Len() > 0 && o.expiry.expired(o, o.best.At(0).row) {
			err = o.forget(0)
		}
	} else {
		for group := range keyed.Groups {
			for slot := range o.table.Slots(uint8(group)) { //nolint:gosec // below 256
				if err == nil && o.expiry.expired(o, o.best.At(slot).row) {
					err = o.forget(slot)
				}
			}
		}
	}
	if err != nil {
		return err
	}
	return o.rows.Delete(o.gone)
}

// wake finds partitions that are away and whose time is over: they are forgotten when they come back, for the next call. It answers more until those of all key groups are that are due.
func (o *Operator) wake() (more bool, err error) {
	return o.expiry.patrol.Next(o.rows, o.expiry.overEntry)
}

// Pauses reports that rows leave memory between two calls for a sweep, too.
func (o *Operator) Pauses() bool { return o.expiry.patrol.Out() }

// forgetStale forgets partitions that have come back although they were over.
func (o *Operator) forgetStale() error {
	o.gone = o.gone[:0]
	for _, slot := range o.expiry.stale {
		if err := o.forget(slot); err != nil {
			return err
		}
	}
	o.expiry.stale = o.expiry.stale[:0]
	return o.rows.Delete(o.gone)
}

// forget forgets a partition.
func (o *Operator) forget(slot uint32) error {
	l := o.best.At(slot)
	if l.row == keyed.NoRow {
		return nil
	}
	o.gone = append(o.gone, l.row)
	l.row = keyed.NoRow
	if o.table == nil {
		return nil
	}
	return o.table.Delete(slot)
}
