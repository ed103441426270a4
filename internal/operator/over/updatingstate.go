package over

import (
	"encoding/binary"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// stamps are the processing times at which rows last came for partitions: the last column of the state, if there is a time to live.
type stamps struct {
	at    int // the column; 0: there is none
	now   int64
	stamp *batch.Column
	cols  []*batch.Column
	// swept is when partitions were looked through last; patrol finds those that are away and over.
	swept  int64
	patrol keyed.Patrol
}

func (s *stamps) init(pool *batch.Pool, at int) {
	s.at, s.stamp = at, batch.NewColumn(pool, schema.Of(schema.Int64))
}

// columns returns those of in, and the time.
func (s *stamps) columns(in *batch.Batch) []*batch.Column {
	if s.stamp == nil {
		return in.Cols
	}
	s.stamp.Reset(in.Len)
	times := s.stamp.Int64s()
	for i := range times {
		times[i] = s.now
	}
	s.cols = append(append(s.cols[:0], in.Cols...), s.stamp)
	return s.cols
}

// sweeps is how often partitions are looked through during their time to live, and awaySweeps how often those that are away are.
const (
	sweeps     = 8
	awaySweeps = 2
)

// SetTime takes the processing time of the rows that come next.
func (u *Updating) SetTime(micros int64) { u.stamp.now = max(u.stamp.now, micros) }

// OnTime forgets the partitions whose time has come, having emitted what they changed: those in memory, and some that are away, which are forgotten as they come back.
func (u *Updating) OnTime(micros int64, out *op.Output) (more bool, err error) {
	u.SetTime(micros)
	s, ttl := &u.stamp, u.config.TTL
	switch {
	case s.patrol.Out():
		return u.wake()
	case ttl == 0 || u.table == nil || s.now-s.swept < ttl/sweeps:
		return false, nil
	case len(u.touched) > 0:
		_, err := u.OnFlush(out)
		return true, err
	}
	s.swept = s.now
	u.gone = u.gone[:0]
	for group := range keyed.Groups {
		for slot := range u.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err == nil && u.over(u.parts.At(slot).stamp) && !fault.Weak("ttl/sweep") {
				err = u.forget(slot)
			}
		}
	}
	if err == nil {
		err = u.e.rows.Delete(u.gone)
	}
	if err != nil || !u.e.rows.HasAway() {
		return false, err
	}
	s.patrol.Send(keyed.Groups * awaySweeps / sweeps)
	return u.wake()
}

// over reports whether a partition that no row has come for since a time was over when others were swept.
func (u *Updating) over(stamp int64) bool {
	return u.config.TTL > 0 && u.stamp.swept > 0 && stamp <= u.stamp.swept-u.config.TTL
}

// forget takes a partition out; its rows are gone.
func (u *Updating) forget(slot uint32) error {
	for id := u.lists.First(u.parts.At(slot).root); id != keyed.NoRow; id = u.lists.Next(id) {
		u.gone = append(u.gone, id)
		if answer := u.notes.At(id).answer; answer != keyed.NoRow {
			u.obsolete = append(u.obsolete, answer)
		}
	}
	return u.table.Delete(slot)
}

// wake has partitions come back for the next call that are away and over.
func (u *Updating) wake() (more bool, err error) {
	return u.stamp.patrol.Next(keyed.Together{Table: u.table, Rows: []*keyed.Rows{u.e.rows}}, func(_, value []byte) bool {
		stamp, n := binary.Varint(value)
		return n <= 0 || u.over(stamp)
	})
}

// Pauses reports that rows leave memory between two calls for a sweep, too.
func (u *Updating) Pauses() bool { return u.stamp.patrol.Out() }

// Snapshot returns the rows of a key group.
func (u *Updating) Snapshot(group op.KeyGroup) ([]byte, error) {
	if u.stamp.stamp != nil && u.table != nil {
		for slot := range u.table.Slots(uint8(group)) {
			part := u.parts.At(slot)
			for id := u.lists.First(part.root); id != keyed.NoRow; id = u.lists.Next(id) {
				cols, row := u.e.rows.Row(id)
				cols[u.stamp.at].Int64s()[row] = part.stamp
			}
		}
	}
	rows, err := u.e.rows.Snapshot(uint8(group))
	if rows == nil || err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, nil, rows), nil
}

// Restore puts the rows of a snapshot in, and computes their answers, which have been emitted.
func (u *Updating) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(u.config.Name, data, version, 2)
	if err != nil {
		return err
	}
	if parts[0] != nil {
		return &keyed.CorruptError{What: u.config.Name, Reason: "it was stored by an operator that answers at the end"}
	}
	if err := u.e.rows.Restore(uint8(group), parts[1]); err != nil {
		return err
	}
	ids := u.e.rows.AppendGroup(nil, uint8(group))
	for len(ids) > 0 {
		part := ids[:min(len(ids), batch.MaxRows)]
		ids = ids[len(part):]
		if err := u.relist(part); err != nil {
			return err
		}
	}
	for i := range u.touched {
		part := u.parts.At(u.touched[i].slot)
		n := u.lists.Len(part.root)
		u.addJob(part, 0, n, 0, n)
	}
	u.untouchFrom(0)
	u.changed = 0
	return u.answer()
}

// untouchFrom notes that nothing has changed, since what was emitted, of the partitions that are touched from a place on.
func (u *Updating) untouchFrom(first int) {
	for i := first; i < len(u.touched); i++ {
		t := &u.touched[i]
		u.parts.At(t.slot).touched = 0
		for id := t.dirty; id != keyed.NoRow; id = u.notes.At(id).dirty {
			u.notes.At(id).flags = 0
		}
	}
	u.touched = u.touched[:first]
}

// answer computes the answers of jobs, which have been emitted.
func (u *Updating) answer() error {
	held := max(cap(u.seen)+cap(u.jobs.targets), u.reserved)
	if err := u.e.memory.take(int64(held-u.reserved) * numberBytes); err != nil {
		return err
	}
	err := u.e.evaluate(&u.jobs, func(ids []uint32, columns []*batch.Column) error {
		return u.compare(ids, columns, false)
	})
	u.e.memory.release(int64(held) * numberBytes)
	u.jobs, u.seen, u.reserved = jobs{}, nil, 0
	return err
}

// relist puts restored rows in the lists of their partitions.
func (u *Updating) relist(ids []uint32) error {
	b := &batch.Batch{Cols: u.e.gather(ids), Len: len(ids)}
	if _, err := u.find(b, b.Len); err != nil {
		return err
	}
	u.prefixes = append(u.prefixes[:0], make([]keyed.Prefix, b.Len)...)
	u.order.Prefixes(b.Cols, nil, u.prefixes)
	if err := u.noteRows(ids); err != nil {
		return err
	}
	rows := make([]uint16, len(ids))
	for i, id := range ids {
		rows[i] = uint16(i) //nolint:gosec // a row number of a batch
		part := u.parts.At(u.slots[i])
		if u.stamp.stamp != nil {
			part.stamp = max(part.stamp, b.Cols[u.stamp.at].Int64s()[i])
		}
		if err := u.add(u.slots[i], part, id, i); err != nil {
			return err
		}
	}
	u.offsets.see(b.Cols, rows)
	return nil
}
