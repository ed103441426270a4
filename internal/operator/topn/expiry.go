package topn

import (
	"encoding/binary"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// sweeps is how often partitions are looked through during their time to live, and awaySweeps how often those that are away are.
const (
	sweeps     = 8
	awaySweeps = 2
)

// SetTime takes the processing time of the rows that come next.
func (o *Operator) SetTime(micros int64) { o.extra.now = max(o.extra.now, micros) }

// OnTime forgets the partitions whose time has come, having emitted what they changed: those in memory, and some that are away, which are forgotten as they come back.
func (o *Operator) OnTime(micros int64, out *op.Output) (more bool, err error) {
	o.SetTime(micros)
	now, ttl := o.extra.now, o.config.TTL
	switch {
	case o.patrol.Out():
		return o.wake()
	case ttl == 0 || o.table == nil || now-o.swept < ttl/sweeps:
		return false, nil
	case len(o.touched) > 0:
		_, err := o.OnFlush(out)
		return true, err
	}
	o.swept = now
	o.gone = o.gone[:0]
	for group := range keyed.Groups {
		for slot := range o.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err == nil && o.over(o.parts.At(slot).stamp) && !fault.Weak("ttl/sweep") {
				err = o.forget(slot)
			}
		}
	}
	if err == nil {
		err = o.rows.Delete(o.gone)
	}
	if err != nil || !o.rows.HasAway() {
		return false, err
	}
	o.patrol.Send(keyed.Groups * awaySweeps / sweeps)
	return o.wake()
}

// over reports whether a partition that no row has come for since a time was over when others were swept.
func (o *Operator) over(stamp int64) bool {
	return o.config.TTL > 0 && o.swept > 0 && stamp <= o.swept-o.config.TTL
}

// forget takes a partition out; its rows are gone.
func (o *Operator) forget(slot uint32) error {
	for id := o.lists.First(o.parts.At(slot).root); id != keyed.NoRow; id = o.lists.Next(id) {
		o.gone = append(o.gone, id)
	}
	return o.table.Delete(slot)
}

// wake has partitions come back for the next call that are away and over.
func (o *Operator) wake() (more bool, err error) {
	return o.patrol.Next(keyed.Together{Table: o.table, Rows: []*keyed.Rows{o.rows}}, func(_, value []byte) bool {
		stamp, n := binary.Varint(value)
		return n <= 0 || o.over(stamp)
	})
}

// Pauses reports that rows leave memory between two calls for a sweep, too.
func (o *Operator) Pauses() bool { return o.patrol.Out() }
