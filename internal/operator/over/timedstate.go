package over

import (
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// timedVersion is that of the layout of a Timed's state: docs/format/state.md.
const timedVersion = 1

// SetTime takes the processing time of the rows that come next.
func (t *Timed) SetTime(micros int64) { t.stamp.now = max(t.stamp.now, micros) }

// OnTime forgets the partitions whose time has come and of which all rows are answered: those in memory, and some that are away, which are forgotten as they come back.
func (t *Timed) OnTime(micros int64, _ *op.Output) (more bool, err error) {
	t.SetTime(micros)
	s, ttl := &t.stamp, t.config.TTL
	switch {
	case s.patrol.Out():
		return t.wake()
	case ttl == 0 || t.table == nil || s.now-s.swept < ttl/sweeps:
		return false, nil
	}
	s.swept = s.now
	t.gone = t.gone[:0]
	for group := range keyed.Groups {
		for slot := range t.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err == nil && !fault.Weak("ttl/sweep") {
				err = t.expire(slot)
			}
		}
	}
	if err == nil {
		err = t.e.rows.Delete(t.gone)
	}
	if err != nil || !t.table.HasAway() && !t.e.rows.HasAway() {
		return false, err
	}
	s.patrol.Send(keyed.Groups * awaySweeps / sweeps)
	return t.wake()
}

// wake has partitions come back for the next call that are away and over.
func (t *Timed) wake() (more bool, err error) {
	return t.stamp.patrol.Next(keyed.Together{Table: t.table, Rows: []*keyed.Rows{t.e.rows}}, func(_, value []byte) bool {
		var stamp int64
		for range 3 { // the third of the numbers that appendState writes
			v, n := binary.Varint(value)
			if n <= 0 {
				return true
			}
			stamp, value = v, value[n:]
		}
		return t.over(stamp)
	})
}

// over reports whether a partition that no row has come for since a time was over when others were swept, if all of its rows were answered then.
func (t *Timed) over(stamp int64) bool {
	return t.config.TTL > 0 && t.stamp.swept > 0 && stamp <= t.stamp.swept-t.config.TTL
}

// expire forgets a partition that is over, unless some rows have not been answered.
func (t *Timed) expire(slot uint32) error {
	part := t.parts.At(slot)
	if !t.over(part.stamp) || !t.idle(slot) {
		return nil
	}
	apart := t.apart(part)
	t.gone = append(t.gone, t.queues[slot].rows()...)
	t.room -= t.queues[slot].pop(len(t.queues[slot].rows()))
	if apart > 0 {
		t.gone = append(t.gone, part.head)
	}
	return t.table.Delete(slot)
}

// expireBack forgets the partitions that have come back although they were over.
func (t *Timed) expireBack() error {
	if t.config.TTL == 0 || t.stamp.swept == 0 || t.away.departing || fault.Weak("ttl/back") {
		return nil
	}
	t.gone = t.gone[:0]
	var slots []uint32
	for _, hash := range t.away.missing {
		slots = t.table.AppendHash(slots, hash)
	}
	for _, slot := range slots {
		if err := t.expire(slot); err != nil {
			return err
		}
	}
	return t.e.rows.Delete(t.gone)
}

// appendState appends what is kept of a partition beside its rows.
func (t *Timed) appendState(dst []byte, slot uint32) []byte {
	c := t.e.counts.At(slot)
	dst = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(dst, c.rows), c.groups), t.parts.At(slot).stamp)
	for _, r := range t.running {
		dst = r.appendState(slot, dst)
	}
	return dst
}

// restoreState makes what appendState wrote that of a partition.
func (t *Timed) restoreState(slot uint32, src []byte) error {
	var numbers [3]int64
	for i := range numbers {
		v, n := binary.Varint(src)
		if n <= 0 {
			return &keyed.CorruptError{What: t.config.Name, Reason: "three numbers are expected"}
		}
		numbers[i], src = v, src[n:]
	}
	*t.e.counts.At(slot) = count{rows: numbers[0], groups: numbers[1]}
	t.parts.At(slot).stamp = numbers[2]
	var err error
	for _, r := range t.running {
		if src, err = r.restoreState(slot, src); err != nil {
			return err
		}
	}
	if len(src) > 0 {
		return &keyed.CorruptError{What: t.config.Name, Reason: "the state of a partition is too long"}
	}
	return nil
}

// Snapshot returns the rows of a key group and what is kept of its partitions.
func (t *Timed) Snapshot(group op.KeyGroup) ([]byte, error) {
	rows, err := t.e.rows.Snapshot(uint8(group))
	if err != nil {
		return nil, err
	}
	var partitions, whole []byte
	switch {
	case t.table != nil:
		partitions, err = t.table.Snapshot(uint8(group), t.appendState)
	case group == 0 && t.parts.Len() > 0:
		whole = t.appendState(nil, 0)
	}
	if err != nil || rows == nil && partitions == nil && whole == nil {
		return nil, err
	}
	return keyed.AppendParts(nil, timedVersion, rows, partitions, whole), nil
}

// Restore puts the rows and partitions of a snapshot in.
func (t *Timed) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(t.config.Name, data, timedVersion, 3)
	if err != nil {
		return err
	}
	if parts[1] != nil && t.table != nil {
		err = t.table.Restore(uint8(group), parts[1], t.restorePartition)
	}
	if parts[2] != nil && t.table == nil && err == nil {
		if err = t.begin(1, []uint32{0}); err == nil {
			err = t.restoreState(0, parts[2])
		}
	}
	if err != nil || parts[0] == nil {
		return err
	}
	if err := t.e.rows.Restore(uint8(group), parts[0]); err != nil {
		return err
	}
	return t.requeueGroup(uint8(group))
}

// restorePartition makes what appendState wrote that of a partition that begins.
func (t *Timed) restorePartition(slot uint32, src []byte) error {
	if err := t.begin(t.table.Limit(), []uint32{slot}); err != nil {
		return err
	}
	return t.restoreState(slot, src)
}

// requeueGroup puts the rows of a key group, which were restored, where they were.
func (t *Timed) requeueGroup(group uint8) error {
	return t.requeueAll(t.e.rows.AppendGroup(nil, group))
}

// requeueAll puts all rows of some partitions where they were.
func (t *Timed) requeueAll(ids []uint32) error {
	if err := t.order.Sort(t.e.rows, ids); err != nil {
		return err
	}
	for part := range slices.Chunk(ids, batch.MaxRows) {
		if err := t.requeue(part); err != nil {
			return err
		}
	}
	return t.reserve()
}

// requeue puts restored rows, which are in order, where they were.
func (t *Timed) requeue(ids []uint32) error {
	b := &batch.Batch{Cols: t.e.gather(ids), Len: len(ids)}
	if err := t.sight.see(b.Cols, b); err != nil {
		return err
	}
	if _, err := t.find(b, b.Len); err != nil {
		return err
	}
	now := t.stamp.now
	t.stamp.now = math.MinInt64
	if err := t.noteRows(ids); err != nil {
		return err
	}
	t.stamp.now = now
	for _, id := range ids {
		slot, mark := *t.slotOf.At(id), *t.e.rows.Mark(id)
		part := t.parts.At(slot)
		if mark&headOfAll != 0 {
			part.head = id
		}
		switch {
		case mark&answered != 0:
			t.room += t.queues[slot].push(id)
			part.answered++
		case mark == 0:
			t.fresh = append(t.fresh, id)
		}
	}
	return nil
}
