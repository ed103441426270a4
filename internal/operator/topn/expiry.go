package topn

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// sweeps is how often partitions are looked through during their time to live.
const sweeps = 8

// SetTime takes the processing time of the rows that come next.
func (o *Operator) SetTime(micros int64) { o.extra.now = max(o.extra.now, micros) }

// OnTime forgets the partitions whose time has come, having emitted what they changed.
func (o *Operator) OnTime(micros int64, out *op.Output) (more bool, err error) {
	o.SetTime(micros)
	now, ttl := o.extra.now, o.config.TTL
	if ttl == 0 || o.table == nil || now-o.swept < ttl/sweeps {
		return false, nil
	}
	if len(o.touched) > 0 {
		_, err := o.OnFlush(out)
		return true, err
	}
	o.swept = now
	o.gone = o.gone[:0]
	for group := range keyed.Groups {
		for slot := range o.table.Slots(uint8(group)) { //nolint:gosec // below 256
			part := o.parts.At(slot)
			if err != nil || part.stamp > now-ttl {
				continue
			}
			for id := o.lists.First(part.root); id != keyed.NoRow; id = o.lists.Next(id) {
				o.gone = append(o.gone, id)
			}
			err = o.table.Delete(slot)
		}
	}
	if err != nil {
		return false, err
	}
	return false, o.rows.Delete(o.gone)
}
