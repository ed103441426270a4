package aggregate

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
	"wire.example/wire/sdk/batch"
)

// expiry forgets groups that no row has come for in a while. A group that has expired is forgotten at the latest when the next row comes for it, so that it does not
// show when it was swept.
type expiry struct {
	timer.Sweep
	// last is when a row came for a group last, 0 for before first.
	last *keyed.Slab[int64]
	// orphans are how many groups were forgotten, by key group, of which values may be left among those seen.
	orphans [keyed.Groups]int
	gone    []uint32
	// live are the numbers of groups, in order, while the values of a key group are swept.
	live *keyed.List[int64]
	// phase is what a sweep of a key group does next: from sweepSeen on, of one kind of values after the other. swept: those in memory are done.
	phase  int
	swept  bool
	waking keyed.Waking
	slots  []uint32
}

// Phases of a sweep of a key group.
const (
	sweepMemory = iota
	sweepAway
	sweepSeen
)

// expired reports whether the group in slot is.
func (e *expiry) expired(slot uint32) bool {
	return e.Expired(*e.last.At(slot))
}

// renew notes that rows came for slots, of which those at fresh positions are new, and makes those that had expired new.
func (g *groups) renew(slots []uint32, fresh []uint16, hashes []uint64) error {
	e := g.expiry
	for _, i := range fresh {
		*e.last.At(slots[i]) = e.Now()
	}
	for i, slot := range slots {
		if e.expired(slot) && !g.lasting(slot) && !fault.Weak("ttl/read") {
			if err := g.forget(slot); err != nil {
				return err
			}
			if g.numbers != nil {
				g.numbers.name([]uint16{uint16(i)}, slots, hashes) //nolint:gosec // a row number of a batch
			}
		}
		if now := e.Now(); now > 0 {
			*e.last.At(slot) = now
		}
	}
	return nil
}

// lasting reports whether a group is there without rows.
func (g *groups) lasting(slot uint32) bool {
	return g.table == nil || slices.Contains(g.counted.always, slot)
}

// forget makes a slot that of a group that never was.
func (g *groups) forget(slot uint32) error {
	if g.expiry != nil && len(g.seen) > 0 {
		g.expiry.orphans[g.table.GroupOf(slot)]++
	}
	return g.clear(slot)
}

// clear forgets what is known of the group in slot, whose values among those seen may be asked for again.
func (g *groups) clear(slot uint32) error {
	if g.changes != nil {
		*g.changes.marks.At(slot) = 0
	}
	if g.rows != nil {
		*g.rows.At(slot) = 0
	}
	for _, c := range g.calls {
		if err := c.drop(slot); err != nil {
			return err
		}
	}
	return nil
}

// OnTime forgets groups that have expired. What has changed before is emitted first.
func (o *Operator) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if o.expiry == nil {
		return false, nil
	}
	more, err = o.expiry.Run(micros, func() (bool, error) { return o.OnFlush(out) }, o.sweep)
	return more, op.OutOfMemory(o.config.Name, err)
}

// Pauses reports that groups which may leave memory do so between two calls of a sweep, too: many come back to be forgotten.
func (o *Operator) Pauses() bool { return o.expiry != nil && o.expiry.Running() && o.Leaves() }

// sweep forgets the groups of a key group that have expired, those in memory and those that are away, and then the values that groups have left behind. It returns how much it looked at, and whether it
// waits for what is away.
func (o *Operator) sweep(group uint8) (n int, waits bool, err error) {
	e := o.expiry
	if o.table == nil {
		return 0, false, nil
	}
	if err := o.findLasting(); err != nil {
		return 0, false, err
	}
	if e.phase == sweepMemory {
		e.phase = sweepAway
		if n, err = o.sweepSlots(o.table.Slots(group)); err != nil {
			return n, false, err
		}
	}
	if e.phase == sweepAway {
		for _, hash := range e.waking.Take() {
			e.slots = o.table.AppendHash(e.slots[:0], hash)
			if _, err := o.sweepSlots(slices.Values(e.slots)); err != nil {
				return n, false, err
			}
		}
		if waits, err = e.waking.Next(group, o.together(), o.expiredEntry); waits || err != nil {
			return n, waits, err
		}
		e.phase = sweepMemory
		if e.orphans[group] == 0 && !slices.ContainsFunc(o.seen, func(s *seen) bool { return s.table.Renews(group) }) {
			return n, false, nil
		}
		e.orphans[group] = 0
		if err := o.findLive(group); err != nil {
			return n, false, err
		}
		e.phase = sweepSeen
	}
	for ; e.phase-sweepSeen < len(o.seen); e.phase++ {
		swept, waits, err := o.seen[e.phase-sweepSeen].sweep(group, e)
		if n += swept; waits || err != nil {
			return n, waits, err
		}
	}
	e.live.Free()
	e.phase = sweepMemory
	return n, false, nil
}

// together are the groups, and the rows that leave memory with them.
func (o *Operator) together() keyed.Together {
	t := keyed.Together{Table: o.table}
	for _, ordered := range o.groupPart.ordered {
		t.Rows = append(t.Rows, ordered.rows)
	}
	return t
}

// sweepSlots forgets those of some groups that have expired, and returns how many it looked at.
func (o *Operator) sweepSlots(slots iter.Seq[uint32]) (n int, err error) {
	e := o.expiry
	e.gone = e.gone[:0]
	for slot := range slots {
		if n++; e.expired(slot) && !o.lasting(slot) {
			e.gone = append(e.gone, slot)
		}
	}
	for _, slot := range e.gone {
		if err := o.remove(slot); err != nil {
			return n, err
		}
	}
	return n, nil
}

// expiredEntry reports whether a group that is away has expired, or may have.
func (o *Operator) expiredEntry(_, value []byte) bool {
	_, last, ok := o.headOf(value)
	return !ok || o.expiry.Expired(last)
}

// headOf returns the number of a stored group, 0 if they have none, and when a row came for it last. It is not ok where that does not say so by itself.
func (o *Operator) headOf(value []byte) (number, last int64, ok bool) {
	if len(value) == 0 || value[0]&^lasting != 0 {
		return 0, 0, false
	}
	value = value[1:]
	counts := []*int64{}
	var rows int64
	if o.rows != nil {
		counts = append(counts, &rows)
	}
	if o.numbers != nil {
		counts = append(counts, &number)
	}
	for _, to := range append(counts, &last) {
		v, n := binary.Uvarint(value)
		if n <= 0 || v > math.MaxInt64 {
			return 0, 0, false
		}
		*to, value = int64(v), value[n:]
	}
	return number, last, true
}

// findLive finds the numbers of the groups that there are in a key group, those that are away included.
func (o *Operator) findLive(group uint8) error {
	e := o.expiry
	e.live.Free()
	for slot := range o.table.Slots(group) {
		if err := e.live.Append(*o.numbers.of.At(slot)); err != nil {
			return op.OutOfMemory(o.config.Name, err)
		}
	}
	var full error
	_, err := o.table.ReadAway(group, 0, func(_ uint64, _, value []byte) bool {
		number, _, _ := o.headOf(value)
		full = e.live.Append(number)
		return full == nil
	})
	slices.Sort(e.live.Items())
	return errors.Join(err, op.OutOfMemory(o.config.Name, full))
}

// sweep forgets the values of a key group whose groups are none of the live ones, and returns how many it looked at in memory, and whether it waits for some that are away.
func (s *seen) sweep(group uint8, e *expiry) (n int, waits bool, err error) {
	if !e.swept {
		e.swept = true
		if n, err = s.sweepSlots(s.table.Slots(group), e.live.Items()); err != nil {
			return n, false, err
		}
	}
	for _, hash := range e.waking.Take() {
		e.slots = s.table.AppendHash(e.slots[:0], hash)
		if _, err := s.sweepSlots(slices.Values(e.slots), e.live.Items()); err != nil {
			return n, false, err
		}
	}
	number := []*batch.Column{batch.NewColumn(s.groups.pool, s.types[0])}
	defer number[0].Release()
	var bad error
	waits, err = e.waking.Next(group, s.table, func(key, _ []byte) bool {
		number[0].Reset(1)
		if _, err := keyed.ReadRow("a value of "+s.groups.config.Name, key, number, 0); err != nil {
			bad = err
			return false
		}
		_, live := slices.BinarySearch(e.live.Items(), number[0].Int64s()[0])
		return !live
	})
	e.swept = waits
	return n, waits, errors.Join(err, bad)
}

// sweepSlots forgets those of some values whose groups are none of the live ones, and returns how many it looked at.
func (s *seen) sweepSlots(slots iter.Seq[uint32], live []int64) (n int, err error) {
	cols := make([]*batch.Column, 0, len(s.types))
	for _, t := range s.types {
		cols = append(cols, batch.NewColumn(s.groups.pool, t))
	}
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	all := slices.Collect(slots)
	for slots := range slices.Chunk(all, batch.MaxRows) {
		s.table.GatherKeys(slots, cols)
		for i, number := range cols[0].Int64s() {
			if _, is := slices.BinarySearch(live, number); is {
				continue
			}
			if err := s.table.Delete(slots[i]); err != nil {
				return len(all), err
			}
		}
	}
	return len(all), nil
}
